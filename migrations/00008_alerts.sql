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
create index payment_twin on proj.payment (payee, amount, book, requested_seq);
create index payment_invoice on proj.payment (invoice, book) where invoice <> '';

grant select, insert, update on proj.rulebook, proj.verdict to yilu_service;

reset role;
