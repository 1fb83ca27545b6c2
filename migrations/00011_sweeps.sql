-- What sweeps may read: views over the projections and the log, for a role that can
-- read them and nothing else.
--
-- The views are an interface of reviewed rule files (kind: sweep), so they are named
-- by version: a column is added, never changed or taken away; what must change becomes
-- rules_v2. Money is numeric yuan with two decimals, the unit of parameters and
-- sentences; numeric is exact, no float comes near it. Nothing here names a private
-- person: a payee or a household is a code or a keyed token.
--
-- A query asks for a book, a day (:as_of) and the last entry to be looked at (:upto).
-- Where a row says which entry made it, "seq <= :upto" gives the state of then; where
-- only the state of now is kept, the view's comment says so.

-- +goose Up

-- yilu_rule_ro is what the server becomes while it runs a sweep.
-- +goose StatementBegin
do $$
begin
  perform pg_advisory_xact_lock(hashtext('yilu.roles'));
  if not exists (select from pg_roles where rolname = 'yilu_rule_ro') then
    begin
      create role yilu_rule_ro nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not exists (select from pg_auth_members where roleid = 'yilu_rule_ro'::regrole and member = 'yilu_service'::regrole) then
    begin
      grant yilu_rule_ro to yilu_service;
    exception when unique_violation then null;
    end;
  end if;
end
$$;
-- +goose StatementEnd

set local role yilu_owner;

create schema rules_v1;
comment on schema rules_v1 is 'What sweeps may read, first version. Money is numeric yuan; no personal values.';

create view rules_v1.fund as
  select book, fund, document, level, case when year ~ '^[0-9]{4}$' then year::integer end as fiscal_year, function_code, principle, issued,
         received * 0.01 as received, in_hand * 0.01 as in_hand, allocated * 0.01 as allocated, paid * 0.01 as paid, returned * 0.01 as returned, seq
  from proj.fund;
comment on view rules_v1.fund is '指标: one line of a fund document. Sums are as of now; for those of an earlier entry add up leg.';
comment on column rules_v1.fund.book is 'The county''s division code.';
comment on column rules_v1.fund.fund is 'Id of the fund line.';
comment on column rules_v1.fund.document is 'The document it came by.';
comment on column rules_v1.fund.level is 'central, province, city, county or other.';
comment on column rules_v1.fund.fiscal_year is 'Year of the budget; null if it is not a year.';
comment on column rules_v1.fund.function_code is 'Budget line (功能科目).';
comment on column rules_v1.fund.principle is 'Principle of its use, as the document has it.';
comment on column rules_v1.fund.issued is 'Day of the document.';
comment on column rules_v1.fund.received is 'Received with adjustments, yuan, now.';
comment on column rules_v1.fund.in_hand is 'Not allocated yet, yuan, now.';
comment on column rules_v1.fund.allocated is 'Held by projects and units unpaid, yuan, now.';
comment on column rules_v1.fund.paid is 'Paid, yuan, now.';
comment on column rules_v1.fund.returned is 'Returned to its source, yuan, now.';
comment on column rules_v1.fund.seq is 'The entry by which it came.';

create view rules_v1.project as
  select p.book, p.project, p.state, p.type, p.subtype, p.place, p.unit, p.document, p.start_day, p.finish_day, p.beneficiaries,
         p.listed_seq, p.approved_seq, p.exempted_seq,
         t.budget * 0.01 as budget, t.allocated * 0.01 as allocated, t.requested * 0.01 as requested, t.paid * 0.01 as paid, t.contracts * 0.01 as contracts
  from proj.project p left join proj.project_total t on t.book = p.book and t.project = p.project;
comment on view rules_v1.project is '项目: state and sums as of now; the entries say since when it is there.';
comment on column rules_v1.project.book is 'The county''s division code.';
comment on column rules_v1.project.project is 'Id of the project.';
comment on column rules_v1.project.state is 'listed, approved, started, completed, accepted, cancelled or withdrawn, now.';
comment on column rules_v1.project.type is 'Project type of the library.';
comment on column rules_v1.project.subtype is 'Finer type, free.';
comment on column rules_v1.project.place is 'Division code of the place.';
comment on column rules_v1.project.unit is 'The unit that carries it out.';
comment on column rules_v1.project.document is 'Document of its approval.';
comment on column rules_v1.project.start_day is 'Planned start.';
comment on column rules_v1.project.finish_day is 'Planned end.';
comment on column rules_v1.project.beneficiaries is 'Households or people that benefit, as planned.';
comment on column rules_v1.project.listed_seq is 'The entry that took it into the library, -1 for none.';
comment on column rules_v1.project.approved_seq is 'The entry that approved it, -1 for none.';
comment on column rules_v1.project.exempted_seq is 'The entry by which it need not be tendered, -1 for none.';
comment on column rules_v1.project.budget is 'Approved, yuan, now.';
comment on column rules_v1.project.allocated is 'Allocated net of recalls, yuan, now.';
comment on column rules_v1.project.requested is 'Asked for and not paid yet, yuan, now.';
comment on column rules_v1.project.paid is 'Paid net of returns, yuan, now.';
comment on column rules_v1.project.contracts is 'Sum of contracts with amendments, yuan, now.';

create view rules_v1.quota as
  select book, project, fund, budget * 0.01 as budget, allocated * 0.01 as allocated, requested * 0.01 as requested, paid * 0.01 as paid
  from proj.quota;
comment on view rules_v1.quota is '项目指标: one fund''s money in one project, as of now; for an earlier entry add up leg.';
comment on column rules_v1.quota.book is 'The county''s division code.';
comment on column rules_v1.quota.project is 'Id of the project.';
comment on column rules_v1.quota.fund is 'Id of the fund line.';
comment on column rules_v1.quota.budget is 'Approved from this fund, yuan, now.';
comment on column rules_v1.quota.allocated is 'Allocated net of recalls, yuan, now.';
comment on column rules_v1.quota.requested is 'Asked for and not paid yet, yuan, now.';
comment on column rules_v1.quota.paid is 'Paid net of returns, yuan, now.';

create view rules_v1.leg as
  select book, account, split_part(account, '/', 1) as holder,
         case when account like 'project/%' then split_part(account, '/', 2) end as project,
         case when account like 'unit/%' then split_part(account, '/', 2) end as unit,
         case when account like 'payee/%' then split_part(account, '/', 2) end as payee,
         fund, at_seq, entry_seq, on_day, amount * 0.01 as amount
  from proj.leg;
comment on view rules_v1.leg is 'One side of one movement of a fund''s money: with at_seq <= :upto the sum of amount is the balance of then, whatever came later.';
comment on column rules_v1.leg.book is 'The county''s division code.';
comment on column rules_v1.leg.account is 'source/F, hand/F, unit/U/F, project/P/F or payee/K.';
comment on column rules_v1.leg.holder is 'source, hand, unit, project or payee.';
comment on column rules_v1.leg.project is 'Id of the project that holds it, else null.';
comment on column rules_v1.leg.unit is 'The unit that holds it, else null.';
comment on column rules_v1.leg.payee is 'Whoever got it, a code or a keyed token, else null.';
comment on column rules_v1.leg.fund is 'Id of the fund line whose money it is.';
comment on column rules_v1.leg.at_seq is 'The entry by which it took effect.';
comment on column rules_v1.leg.entry_seq is 'The entry it stands in.';
comment on column rules_v1.leg.on_day is 'Business day.';
comment on column rules_v1.leg.amount is 'Change of the account, yuan.';

create view rules_v1.tender as
  select t.book, t.tender, t.project, p.unit, p.place, t.state, t.method, t.category, t.estimate * 0.01 as estimate, t.winner, t.price * 0.01 as price,
         t.seq, t.awarded_seq, a.on_day as announced_on, w.on_day as awarded_on, p.exempted_seq
  from proj.tender t
  left join proj.project p on p.book = t.book and p.project = t.project
  left join proj.event a on a.book = t.book and a.project = t.project and a.at_seq = t.seq and a.entry_seq = t.seq
  left join proj.event w on w.book = t.book and w.project = t.project and w.at_seq = t.awarded_seq and w.entry_seq = t.awarded_seq;
comment on view rules_v1.tender is '招标: one lot. State and result as of now; seq and awarded_seq say since when.';
comment on column rules_v1.tender.book is 'The county''s division code.';
comment on column rules_v1.tender.tender is 'Id of the lot.';
comment on column rules_v1.tender.project is 'Id of its project.';
comment on column rules_v1.tender.unit is 'The unit of the project.';
comment on column rules_v1.tender.place is 'Division code of the project.';
comment on column rules_v1.tender.state is 'announced, opened, candidates, awarded, failed or withdrawn, now.';
comment on column rules_v1.tender.method is 'open, invited, negotiation, consultation, inquiry, single, self_built or direct.';
comment on column rules_v1.tender.category is 'works, goods or services.';
comment on column rules_v1.tender.estimate is 'Estimate, yuan.';
comment on column rules_v1.tender.winner is 'Code of the winner, empty for none, now.';
comment on column rules_v1.tender.price is 'Price of the award, yuan, now.';
comment on column rules_v1.tender.seq is 'The entry that announced it.';
comment on column rules_v1.tender.awarded_seq is 'The entry that awarded it, -1 for none.';
comment on column rules_v1.tender.announced_on is 'Business day of the announcement.';
comment on column rules_v1.tender.awarded_on is 'Business day of the award.';
comment on column rules_v1.tender.exempted_seq is 'The entry by which the project need not be tendered, -1 for none.';

create view rules_v1.bid as
  select book, tender, bidder, amount * 0.01 as amount, case when at <> '' then at::timestamptz end as at, seq, withdrawn
  from proj.bid;
comment on view rules_v1.bid is '投标: one bidder''s bid. Withdrawn as of now.';
comment on column rules_v1.bid.book is 'The county''s division code.';
comment on column rules_v1.bid.tender is 'Id of the lot.';
comment on column rules_v1.bid.bidder is 'Code of the bidder.';
comment on column rules_v1.bid.amount is 'Its price, yuan.';
comment on column rules_v1.bid.at is 'When it was handed in.';
comment on column rules_v1.bid.seq is 'Its entry.';
comment on column rules_v1.bid.withdrawn is 'Whether it was taken back, now.';

create view rules_v1.contract as
  select k.book, k.contract, k.project, p.unit, p.place, k.tender, coalesce(t.method, 'direct') as method, t.category, k.supplier, k.on_day,
         k.signed * 0.01 as signed, k.amount * 0.01 as amount, k.increases * 0.01 as increases, k.settled * 0.01 as settled,
         k.requested * 0.01 as requested, k.paid * 0.01 as paid, k.seq, k.withdrawn
  from proj.contract k
  left join proj.project p on p.book = k.book and p.project = k.project
  left join proj.tender t on t.book = k.book and t.tender = k.tender and k.tender <> '';
comment on view rules_v1.contract is '合同: amounts as signed, and as of now.';
comment on column rules_v1.contract.book is 'The county''s division code.';
comment on column rules_v1.contract.contract is 'Id of the contract.';
comment on column rules_v1.contract.project is 'Id of its project.';
comment on column rules_v1.contract.unit is 'The unit of the project.';
comment on column rules_v1.contract.place is 'Division code of the project.';
comment on column rules_v1.contract.tender is 'Id of its lot, empty for none.';
comment on column rules_v1.contract.method is 'Method of its lot, direct without one.';
comment on column rules_v1.contract.category is 'Category of its lot, null without one.';
comment on column rules_v1.contract.supplier is 'Code of the supplier.';
comment on column rules_v1.contract.on_day is 'Day of signature.';
comment on column rules_v1.contract.signed is 'First amount, yuan.';
comment on column rules_v1.contract.amount is 'With amendments, yuan, now.';
comment on column rules_v1.contract.increases is 'Sum of amendments that added, yuan, now.';
comment on column rules_v1.contract.settled is 'Audited price or 0, yuan, now.';
comment on column rules_v1.contract.requested is 'Asked for and not paid yet, yuan, now.';
comment on column rules_v1.contract.paid is 'Paid, yuan, now.';
comment on column rules_v1.contract.seq is 'The entry that signed it.';
comment on column rules_v1.contract.withdrawn is 'Whether it was taken back, now.';

create view rules_v1.payment as
  select z.book, z.payment, z.state, z.project, p.unit, p.place, z.fund, z.contract, z.payee, z.payee like 'p-%' as person, z.stage, z.lines,
         z.amount * 0.01 as amount, z.returned * 0.01 as returned, z.on_day, z.paid_on, z.invoice, z.invoice_total * 0.01 as invoice_total,
         z.state not in ('rejected', 'withdrawn') as effective, z.requested_seq, z.approved_seq, z.paid_seq
  from proj.payment z
  left join proj.project p on p.book = z.book and p.project = z.project;
comment on view rules_v1.payment is '支付: one payment or one batch of household grants. State and returns as of now; the entries say since when it was asked for, approved and paid.';
comment on column rules_v1.payment.book is 'The county''s division code.';
comment on column rules_v1.payment.payment is 'Id of the payment.';
comment on column rules_v1.payment.state is 'requested, approved, rejected, paid or withdrawn, now.';
comment on column rules_v1.payment.project is 'Id of its project.';
comment on column rules_v1.payment.unit is 'The unit of the project.';
comment on column rules_v1.payment.place is 'Division code of the project.';
comment on column rules_v1.payment.fund is 'Id of the fund line.';
comment on column rules_v1.payment.contract is 'Id of the contract, empty for none.';
comment on column rules_v1.payment.payee is 'A firm''s code, or a keyed token.';
comment on column rules_v1.payment.person is 'Whether the payee is a private person.';
comment on column rules_v1.payment.stage is 'advance, progress, final, retention, whole or other.';
comment on column rules_v1.payment.lines is 'Household lines of a batch, 0 for a single payment.';
comment on column rules_v1.payment.amount is 'Amount, yuan.';
comment on column rules_v1.payment.returned is 'Returned by the bank, yuan, now.';
comment on column rules_v1.payment.on_day is 'Business day of the request.';
comment on column rules_v1.payment.paid_on is 'Business day of the payment, null before.';
comment on column rules_v1.payment.invoice is 'Code and number of the invoice, empty for none.';
comment on column rules_v1.payment.invoice_total is 'Total of the invoice, yuan.';
comment on column rules_v1.payment.effective is 'Whether it counts: neither rejected nor taken back, now.';
comment on column rules_v1.payment.requested_seq is 'The entry that asked for it.';
comment on column rules_v1.payment.approved_seq is 'The entry that approved it, -1 for none.';
comment on column rules_v1.payment.paid_seq is 'The entry that paid it, -1 for none.';

create view rules_v1.payee as
  select book, payee, payee like 'p-%' as person, payments, requested * 0.01 as requested, paid * 0.01 as paid, first_seq
  from proj.payee;
comment on view rules_v1.payee is '收款人: sums as of now, without names.';
comment on column rules_v1.payee.book is 'The county''s division code.';
comment on column rules_v1.payee.payee is 'A firm''s code, or a keyed token.';
comment on column rules_v1.payee.person is 'Whether it is a private person.';
comment on column rules_v1.payee.payments is 'How many payments were asked for, whatever became of them, now.';
comment on column rules_v1.payee.requested is 'Asked for and not taken back, yuan, now.';
comment on column rules_v1.payee.paid is 'Paid net of returns, yuan, now.';
comment on column rules_v1.payee.first_seq is 'The entry that first named it.';

create view rules_v1.grant_line as
  select book, payment, line, place, amount * 0.01 as amount, returned * 0.01 as returned, person, seq
  from proj.grant_line;
comment on view rules_v1.grant_line is '到户补助明细: one household''s line. Returns as of now.';
comment on column rules_v1.grant_line.book is 'The county''s division code.';
comment on column rules_v1.grant_line.payment is 'Id of the batch.';
comment on column rules_v1.grant_line.line is 'Number of the line.';
comment on column rules_v1.grant_line.place is 'Division code of the household.';
comment on column rules_v1.grant_line.amount is 'Amount, yuan.';
comment on column rules_v1.grant_line.returned is 'Returned by the bank, yuan, now.';
comment on column rules_v1.grant_line.person is 'Keyed token of the household, empty once erased.';
comment on column rules_v1.grant_line.seq is 'Its entry.';

create view rules_v1.project_event as
  select book, project, at_seq, entry_seq, kind, on_day, amount * 0.01 as amount
  from proj.event;
comment on view rules_v1.project_event is 'Timeline of a project but for its payments; what was reversed later stands in reversal.';
comment on column rules_v1.project_event.book is 'The county''s division code.';
comment on column rules_v1.project_event.project is 'Id of the project.';
comment on column rules_v1.project_event.at_seq is 'The entry by which it took effect.';
comment on column rules_v1.project_event.entry_seq is 'The entry it stands in.';
comment on column rules_v1.project_event.kind is 'Kind of the entry, such as works.started.';
comment on column rules_v1.project_event.on_day is 'Business day.';
comment on column rules_v1.project_event.amount is 'Its amount, yuan, 0 for none.';

create view rules_v1.entry as
  select e.book, e.seq, l.leaf ->> 'kind' as kind, (l.leaf ->> 'on')::date as on_day, (l.leaf ->> 'at')::timestamptz as at,
         l.leaf -> 'by' ->> 'user' as by_user, l.leaf -> 'by' ->> 'unit' as by_unit
  from log.entry e cross join lateral (select convert_from(e.leaf, 'UTF8')::json as leaf offset 0) l;
comment on view rules_v1.entry is 'The heads of entries, read from their bytes: ask for few, by seq.';
comment on column rules_v1.entry.book is 'The county''s division code.';
comment on column rules_v1.entry.seq is 'Number of the entry.';
comment on column rules_v1.entry.kind is 'Kind, such as payment.requested.';
comment on column rules_v1.entry.on_day is 'Business day.';
comment on column rules_v1.entry.at is 'When it was recorded.';
comment on column rules_v1.entry.by_user is 'Account of the officer who posted it.';
comment on column rules_v1.entry.by_unit is 'The unit acted for.';

create view rules_v1.reversal as
  select r.book, r.target, r.by_seq, e.on_day, e.at, e.by_user, e.by_unit
  from proj.reversal r
  join log.entry on entry.book = r.book and entry.seq = r.by_seq
  cross join lateral (
    select (j.leaf ->> 'on')::date as on_day, (j.leaf ->> 'at')::timestamptz as at, j.leaf -> 'by' ->> 'user' as by_user, j.leaf -> 'by' ->> 'unit' as by_unit
    from (select convert_from(entry.leaf, 'UTF8')::json as leaf offset 0) j) e;
comment on view rules_v1.reversal is '红字冲销: which entry took back which, and who made it.';
comment on column rules_v1.reversal.book is 'The county''s division code.';
comment on column rules_v1.reversal.target is 'The entry taken back.';
comment on column rules_v1.reversal.by_seq is 'The entry that takes it back.';
comment on column rules_v1.reversal.on_day is 'Business day of that.';
comment on column rules_v1.reversal.at is 'When that was recorded.';
comment on column rules_v1.reversal.by_user is 'Account of the officer who posted that.';
comment on column rules_v1.reversal.by_unit is 'The unit acted for.';

create view rules_v1.unjudged as
  select v.book, v.at_seq, v.entry_seq, f.finding ->> 'code' as code, f.finding ->> 'reason' as reason
  from proj.verdict v
  cross join lateral json_array_elements(coalesce(convert_from(v.note, 'UTF8')::json -> 'findings', '[]'::json)) as f(finding)
  where f.finding ->> 'state' = 'not_evaluable';
comment on view rules_v1.unjudged is 'What event rules could not judge, and why. Hits are not shown: no rule builds on what another says of people.';
comment on column rules_v1.unjudged.book is 'The county''s division code.';
comment on column rules_v1.unjudged.at_seq is 'The entry by which the judged one took effect.';
comment on column rules_v1.unjudged.entry_seq is 'The entry that was judged.';
comment on column rules_v1.unjudged.code is 'Code of the rule.';
comment on column rules_v1.unjudged.reason is 'What it lacked, such as field:contract.amount.';

-- The log keeps instants in its leaves, in order: halving finds one in twenty reads.
-- +goose StatementBegin
create function rules_v1.last_seq(in_book text, until timestamptz) returns bigint
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
  low bigint := -1;
  high bigint;
  middle bigint;
  recorded timestamptz;
begin
  select size into high from only log.head where book = in_book;
  high := coalesce(high, 0);
  while high - low > 1 loop
    middle := (low + high) / 2;
    select (convert_from(leaf, 'UTF8')::json ->> 'at')::timestamptz into recorded
    from only log.entry where book = in_book and seq = middle;
    if recorded <= until then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return low;
end
$$;
-- +goose StatementEnd
comment on function rules_v1.last_seq(text, timestamptz) is 'The last entry recorded at or before an instant, -1 for none.';

-- Quantiles as the handbook has them: Hyndman and Fan, type 8, in exact numbers. (The
-- percentile_cont of SQL is type 7 and a float.) Both are written over a denominator of
-- 3, so that the median of three is the second and not nearly the second.
create function rules_v1.quantile(numbers numeric[], tau numeric) returns numeric
language sql immutable set search_path = pg_catalog as $$
  with sorted as (select array_agg(x order by x) as a, count(*)::numeric as n from unnest(numbers) as x where x is not null),
       placed as (select a, n, greatest(1, least(n, ((3 * n + 1) * tau + 1) / 3)) as h from sorted)
  select a[floor(h)::integer] + (h - floor(h)) * (a[least(n, floor(h) + 1)::integer] - a[floor(h)::integer]) from placed
$$;
comment on function rules_v1.quantile(numeric[], numeric) is 'The tau-quantile of some numbers, Hyndman and Fan type 8; null for none.';

grant usage on schema rules_v1 to yilu_rule_ro, yilu_service;
grant select on all tables in schema rules_v1 to yilu_rule_ro;
grant execute on function rules_v1.last_seq(text, timestamptz), rules_v1.quantile(numeric[], numeric) to yilu_rule_ro, yilu_service;

reset role;
