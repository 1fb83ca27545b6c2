-- What package web keeps: the tokens of programs that write. Persons and their
-- sessions come with log-ins.

-- +goose Up
set local role yilu_owner;

create schema web;
comment on schema web is
  'What speaks HTTP keeps here: who may write. Nothing of it is in the log, and nothing of the log depends on it.';

create table web.token (
  hash bytea not null,
  id text not null,
  book text not null,
  user_id text not null,
  unit text not null,
  role text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  constraint token_pkey primary key (hash),
  constraint token_id unique (id),
  constraint token_hash check (octet_length(hash) = 32),
  constraint token_role check (role in ('maker', 'checker', 'payer', 'project', 'auditor')),
  constraint token_names check (user_id <> '' and unit <> '' and book ~ '^[0-9]{6}$'),
  constraint token_ends check (expires_at > created_at)
);
comment on table web.token is
  'Machine tokens by the SHA-256 of their secret, which is stored nowhere: one user, unit and role in one book, until a day. A used up token stays as a trace.';

-- The server only looks tokens up. Making and revoking them is the operator's,
-- with the owner's rights, so that a server taken over cannot make itself one.
grant usage on schema web to yilu_service;
grant select on web.token to yilu_service;

reset role;
