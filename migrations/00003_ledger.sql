-- The projections of package ledger: what the entries say so far. Every table
-- here can be dropped and rebuilt from log.entry with an identical result
-- (yilu rebuild). Amounts are 分 (bigint). Each key begins with book.
--
-- No second index begins with book unless it is partial: while statistics are
-- young the planner thinks "book = $1" finds one row, takes any index that
-- begins with book for a look-up by key, reads the whole book, and a prepared
-- statement keeps that plan. A partial index is taken only by queries that
-- repeat its condition.

-- +goose Up
set local role yilu_owner;

create table proj.fund (
  book text not null, fund text not null, document text not null, name text not null, level text not null,
  year text not null, function_code text not null, principle text not null, issued date,
  received bigint not null, in_hand bigint not null, allocated bigint not null, paid bigint not null, returned bigint not null,
  seq bigint not null,
  constraint fund_pkey primary key (book, fund),
  constraint fund_not_negative check (in_hand >= 0 and allocated >= 0 and paid >= 0 and returned >= 0),
  constraint fund_every_fen check (received = in_hand + allocated + paid + returned)
);
comment on table proj.fund is '指标: one line of a fund document and where its money is; received = in hand + allocated unpaid + paid + returned to its source.';
create index fund_document on proj.fund (document, book);

create table proj.project (
  book text not null, project text not null, state text not null, name text not null, type text not null, subtype text not null,
  place text not null, place_name text not null, content text not null, unit text not null, responsible text not null,
  document text not null, start_day date, finish_day date, targets text not null, linkage text not null, beneficiaries bigint not null,
  listed_seq bigint not null, approved_seq bigint not null,
  constraint project_pkey primary key (book, project)
) with (fillfactor = 80);
comment on table proj.project is '项目: what a project is and its state.';

create table proj.project_total (
  book text not null, project text not null,
  budget bigint not null, allocated bigint not null, requested bigint not null, paid bigint not null, contracts bigint not null,
  constraint project_total_pkey primary key (book, project),
  constraint project_total_money check (allocated >= 0 and requested >= 0 and paid >= 0 and requested + paid <= allocated)
) with (fillfactor = 50);
comment on table proj.project_total is '项目资金: totals of a project, apart from its words since every payment changes them.';
create index project_place on proj.project (book, place, project) where place <> '';

create table proj.quota (
  book text not null, quota text not null, project text not null, fund text not null,
  budget bigint not null, allocated bigint not null, requested bigint not null, paid bigint not null,
  constraint quota_pkey primary key (book, quota),
  constraint quota_money check (allocated >= 0 and requested >= 0 and paid >= 0 and requested + paid <= allocated)
) with (fillfactor = 50);
comment on table proj.quota is '项目指标: one fund''s money in one project; requested and paid never exceed allocated.';
create index quota_project on proj.quota (project, book);
create index quota_fund on proj.quota (fund, book);

create table proj.account (
  book text not null, account text collate "C" not null, balance bigint not null,
  constraint account_pkey primary key (book, account),
  constraint account_not_negative check (balance >= 0 or account like 'source/%')
) with (fillfactor = 50);
comment on table proj.account is 'Balance of each account now; only a source is negative. Names sort by bytes, so that a prefix is a range.';

create table proj.leg (
  book text not null, account text collate "C" not null, at_seq bigint not null, entry_seq bigint not null,
  fund text not null, on_day date not null, amount bigint not null, balance bigint not null,
  constraint leg_pkey primary key (book, account, at_seq, entry_seq)
);
comment on table proj.leg is 'One side of one movement, with the account''s balance after it: the balance as of any seq is one lookup.';

create table proj.turnover (
  book text not null, account text collate "C" not null, on_day date not null, amount bigint not null,
  constraint turnover_pkey primary key (book, account, on_day)
) with (fillfactor = 50);
comment on table proj.turnover is 'Net change of an account on a business day: the balance as of a day is a sum over days.';

create table proj.tender (
  book text not null, tender text not null, project text not null, state text not null, name text not null, method text not null,
  category text not null, estimate bigint not null, bids bigint not null, winner text not null, winner_name text not null,
  price bigint not null, seq bigint not null, awarded_seq bigint not null,
  constraint tender_pkey primary key (book, tender)
);
comment on table proj.tender is '招标: one lot and its result.';
create index tender_project on proj.tender (project, book);

create table proj.bid (
  book text not null, bid text not null, tender text not null, bidder text not null, name text not null,
  amount bigint not null, at text not null, seq bigint not null, withdrawn boolean not null,
  constraint bid_pkey primary key (book, bid)
);
comment on table proj.bid is '投标: one bidder''s bid in a tender.';
create index bid_tender on proj.bid (tender, book);

create table proj.contract (
  book text not null, contract text not null, project text not null, tender text not null, name text not null,
  supplier text not null, supplier_name text not null, on_day date,
  signed bigint not null, amount bigint not null, settled bigint not null, requested bigint not null, paid bigint not null,
  seq bigint not null, withdrawn boolean not null,
  constraint contract_pkey primary key (book, contract),
  constraint contract_money check (requested >= 0 and paid >= 0 and requested + paid <= case when settled <> 0 then settled else amount end)
) with (fillfactor = 50);
comment on table proj.contract is '合同: paid and requested never exceed the amount with amendments, or the settled price.';
create index contract_project on proj.contract (project, book);
create index contract_supplier on proj.contract (supplier, book);

create table proj.payment (
  book text not null, payment text not null, state text not null, project text not null, fund text not null, contract text not null,
  payee text not null, payee_name text not null, purpose text not null, stage text not null, lines bigint not null,
  amount bigint not null, returned bigint not null, on_day date, paid_on date, requested_by text not null, hash bytea not null,
  requested_seq bigint not null, approved_seq bigint not null, paid_seq bigint not null,
  constraint payment_pkey primary key (book, payment),
  constraint payment_returned check (returned between 0 and amount)
) with (fillfactor = 80);
comment on table proj.payment is '支付: one payment or one batch of household grants.';
create index payment_project on proj.payment (project, book, requested_seq);
create index payment_payee on proj.payment (payee, book, requested_seq);
create index payment_seq on proj.payment (book, requested_seq) where requested_seq >= 0;

create table proj.payee (
  book text not null, payee text not null, name text not null, payments bigint not null,
  requested bigint not null, paid bigint not null, first_seq bigint not null,
  constraint payee_pkey primary key (book, payee)
) with (fillfactor = 50);
comment on table proj.payee is '收款人: a firm by its code, a private person by a keyed token, a grant batch on its way to its households.';

create table proj.grant_line (
  book text not null, line_key text not null, payment text not null, line bigint not null, place text not null,
  amount bigint not null, returned bigint not null, person text not null, seq bigint not null,
  constraint grant_line_pkey primary key (book, line_key),
  constraint grant_line_returned check (returned between 0 and amount)
);
comment on table proj.grant_line is '到户补助明细: one household''s line without personal values; person is a keyed token.';
create index grant_line_payment on proj.grant_line (payment, book, line);
create index grant_line_person on proj.grant_line (person, book) where person <> '';

create table proj.submission (
  book text not null, submission text not null, state text not null, maker text not null, decider text not null, title text not null,
  form text not null, file text not null, content_hash text not null, on_day date,
  seq bigint not null, first_seq bigint not null, last_seq bigint not null, decided_seq bigint not null,
  constraint submission_pkey primary key (book, submission),
  constraint submission_second_person check (decider <> maker or state <> 'approved')
);
comment on table proj.submission is '提交: entries first_seq to last_seq, which take effect when a second person approves them.';
create unique index submission_last on proj.submission (book, last_seq) where last_seq >= 0;
create index submission_file on proj.submission (file, book) where file <> '';

create table proj.reversal (
  book text not null, target_key text not null, target bigint not null, by_seq bigint not null,
  constraint reversal_pkey primary key (book, target_key),
  constraint reversal_later check (by_seq > target)
);
comment on table proj.reversal is '红字冲销: which entry took back the effect of which; once.';

create table proj.period (
  book text not null, closed_key text not null, period text not null, seq bigint not null,
  constraint period_pkey primary key (book, closed_key)
);
comment on table proj.period is '结账: the last closed month of the book.';

create table proj.event (
  book text not null, project text not null, at_seq bigint not null, entry_seq bigint not null,
  kind text not null, on_day date not null, amount bigint not null,
  constraint event_pkey primary key (book, project, at_seq, entry_seq)
);
comment on table proj.event is 'Timeline of a project, except its payments.';

grant select, insert, update on all tables in schema proj to yilu_service;

reset role;
