-- Warnings. What the ledger keeps of them stands in proj and can be rebuilt; the
-- cases, timers and cursors stand in alert.

-- +goose Up
set local role yilu_owner;

create table proj.rulebook (
  book text not null, rulebook text not null, rules bytea not null, seq bigint not null,
  constraint rulebook_pkey primary key (book, rulebook)
);
comment on table proj.rulebook is '规则与参数: what is in force, as JSON; changed by rule.activated and parameter.set only.';

create table proj.verdict (
  book text not null, at_seq bigint not null, entry_seq bigint not null, note bytea not null,
  constraint verdict_pkey primary key (book, at_seq, entry_seq)
);
comment on table proj.verdict is 'What the rules said of an entry when it took effect (at_seq): hits and what could not be judged.';

alter table proj.project add column exempted_seq bigint not null default -1;
comment on column proj.project.exempted_seq is 'The entry by which the project need not be tendered, -1 for none.';
alter table proj.contract add column increases bigint not null default 0;
comment on column proj.contract.increases is 'Sum of the amendments that added to the contract.';
alter table proj.payment add column invoice text not null default '';
comment on column proj.payment.invoice is 'Code and number of the invoice that is paid, empty for none.';
alter table proj.payment add column invoice_total bigint not null default 0;
comment on column proj.payment.invoice_total is 'Total of that invoice with tax, as the payment states it.';
-- What is paid to a payee is found by either of these too; one index less to write.
drop index proj.payment_payee;
create index payment_twin on proj.payment (payee, amount, book, requested_seq);
create index payment_day on proj.payment (payee, on_day, book);
create index payment_invoice on proj.payment (invoice, book) where invoice <> '';

grant select, insert, update on proj.rulebook, proj.verdict to yilu_service;

create schema alert;
comment on schema alert is 'Warnings and their cases, as their entries say; the cursor and timers of the engine.';

create table alert.cursor (
  book text not null, pos bigint not null,
  constraint cursor_pkey primary key (book),
  constraint cursor_from check (pos >= -1)
);
comment on table alert.cursor is 'The last entry whose verdict the engine has turned into warnings. It moves in their transaction.';

create table alert.current (
  book text not null, alert text not null, code text not null, version bigint not null,
  level text not null, handling text not null, origin text not null, outcome text not null, reason text not null, state text not null,
  episode bigint not null, count bigint not null, fingerprint text not null, subject text[] not null, region text not null,
  entry_seq bigint not null, at_seq bigint not null, raised_seq bigint not null, last_seq bigint not null, raised_at timestamptz not null,
  step bigint not null, unit text not null, due date, silenced_until date,
  makers text[] not null, rectifier text not null, dismisser text not null, shadow boolean not null, suppressed text not null,
  sentence_zh text not null, sentence_en text not null, value text not null, limit_value text not null,
  violation text not null, to_return bigint not null, to_adjust bigint not null, to_other bigint not null, returned bigint not null, adjusted bigint not null,
  constraint current_pkey primary key (book, alert),
  constraint current_state check (state in ('open', 'verifying', 'dismissing', 'dismissed', 'rectifying', 'review', 'closed', 'recorded')),
  constraint current_step check (step >= 1),
  constraint current_others check (dismisser = '' or state <> 'dismissed' or dismisser <> all (makers))
) with (fillfactor = 70);
comment on table alert.current is '预警: each case as its entries have left it; step is the version that two reviewers cannot both act on.';
-- One open case for a matter: another hit repeats it.
create unique index current_matter on alert.current (fingerprint, book) where state not in ('dismissed', 'closed');
create index current_list on alert.current (book, raised_seq) where raised_seq >= 0;
create index current_due on alert.current (due, book) where due is not null;

create table alert.event (
  book text not null, seq bigint not null, alert text not null, kind text not null, at timestamptz not null, by_user text not null, unit text not null,
  constraint event_pkey primary key (book, seq)
);
comment on table alert.event is 'The feed: every entry about a warning, in their order.';
create index event_alert on alert.event (alert, book, seq);

create table alert.timer (
  book text not null, code text not null, match text not null, opened_seq bigint not null,
  due date not null, finding bytea not null, region text not null, makers text[] not null, state text not null,
  constraint timer_pkey primary key (book, code, match, opened_seq),
  constraint timer_state check (state in ('running', 'met', 'fired'))
);
comment on table alert.timer is 'A deadline that began to run with an entry, until it is met or fires.';
create index timer_due on alert.timer (due, book) where state = 'running';

create table alert.job_run (
  book text not null, job text not null, slot timestamptz not null, upto bigint not null, at timestamptz not null, outcome text not null, skipped bigint not null,
  constraint job_run_pkey primary key (book, job, slot)
);
comment on table alert.job_run is 'Slots of scheduled jobs that were run, each in the transaction of its result.';

create table alert.tally (
  book text not null, month text not null, code text not null, state text not null, count bigint not null,
  constraint tally_pkey primary key (book, month, code, state)
) with (fillfactor = 50);
comment on table alert.tally is 'How often each rule was judged, hit or could not be judged, by month of the entry.';

grant usage on schema alert to yilu_service;
grant select, insert, update on all tables in schema alert to yilu_service;

reset role;
