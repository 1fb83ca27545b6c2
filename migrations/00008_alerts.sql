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

grant select, insert, update on proj.rulebook, proj.verdict to yilu_service;

reset role;
