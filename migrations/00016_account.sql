-- Who people are: accounts, their passwords and second factors, their sessions, and what
-- they failed at. What an account may do is not here: roles are entries, and proj.role is
-- what these say.

-- +goose Up
set local role yilu_owner;

create schema account;
comment on schema account is
  'Accounts of people and how they log in. Nothing of it is in the log; what a person may do is in the log alone (role.granted, role.revoked).';

create table account.person (
  book text not null,
  id text not null,
  duty text not null,
  name text not null,
  unit text not null,
  demo boolean not null,
  password text not null default '',
  password_at timestamptz,
  secret bytea,
  step bigint not null default 0,
  code_hash bytea,
  code_until timestamptz,
  reset_by text,
  reset_at timestamptz,
  disabled_at timestamptz,
  created_at timestamptz not null,
  constraint person_pkey primary key (book, id),
  constraint person_duty unique (book, id, duty),
  constraint person_one_duty check (duty in ('business', 'system', 'security', 'audit')),
  constraint person_id check (id ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$'),
  constraint person_names check (name <> '' and length(name) <= 40 and unit ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$'),
  constraint person_password check ((password = '') = (password_at is null)),
  constraint person_code check ((code_hash is null) = (code_until is null) and octet_length(code_hash) = 32),
  constraint person_reset check ((reset_by is null) = (reset_at is null) and reset_by <> id)
);
create unique index person_any_case on account.person (book, lower(id));
comment on table account.person is
  '账号: one person in one book, by the name that entries hold. The duty (三员分立) is for good: who changes it gets another account.';
comment on column account.person.demo is 'Made for a demonstration: outside of one it opens nothing.';
comment on column account.person.password is 'argon2id with its parameters and salt, empty until it is set.';
comment on column account.person.secret is 'The secret of the second factor, encrypted under the sealing secret; null until it is enrolled.';
comment on column account.person.step is 'The last 30-second step whose code was used: each works once.';
comment on column account.person.code_hash is 'SHA-256 of the one-time code for a first or new password.';
comment on column account.person.reset_by is 'Who asked that the account be reset; another administrator releases it.';

create table account.former_password (
  book text not null,
  person text not null,
  set_at timestamptz not null,
  password text not null,
  constraint former_password_pkey primary key (book, person, set_at),
  constraint former_password_person foreign key (book, person) references account.person (book, id)
);
comment on table account.former_password is 'The last passwords of a person, which are not taken again.';

create table account.session (
  hash bytea not null,
  id text not null,
  book text not null,
  person text not null,
  duty text not null,
  role text not null default '',
  grant_id text not null default '',
  form text not null,
  agent text not null,
  pending bytea,
  begun_at timestamptz not null,
  used_at timestamptz not null,
  proved_at timestamptz,
  ended_at timestamptz,
  constraint session_pkey primary key (hash),
  constraint session_id unique (id),
  constraint session_hash check (octet_length(hash) = 32),
  constraint session_person foreign key (book, person, duty) references account.person (book, id, duty),
  constraint session_role check (case duty
    when 'business' then role in ('', 'maker', 'checker', 'payer', 'project', 'auditor', 'publicity', 'leader')
    else role in ('', duty) end),
  constraint session_grant check ((role = '') = (grant_id = '')),
  constraint session_times check (used_at >= begun_at and proved_at >= begun_at)
);
comment on table account.session is
  'A browser that is logged in, by the SHA-256 of its cookie. It acts in one role at a time, and never in one of another duty.';
comment on column account.session.pending is 'A second factor that is being enrolled, encrypted.';
comment on column account.session.proved_at is 'When a code of the second factor was last given, null if none was.';
create index session_of_person on account.session (book, person, begun_at);

create table account.attempt (
  id bigint generated always as identity,
  book text not null,
  person bytea not null,
  network text not null,
  at timestamptz not null,
  state text not null,
  constraint attempt_pkey primary key (id),
  constraint attempt_state check (state in ('open', 'failed', 'good', 'held')),
  constraint attempt_person check (octet_length(person) = 32)
);
comment on table account.attempt is
  'Log-ins that were tried, by a keyed hash of the name that was typed and by network (/24, /56): enough to slow down who guesses, and no list of names.';
create index attempt_person_at on account.attempt (book, person, at);
create index attempt_network_at on account.attempt (book, network, at);
create index attempt_at on account.attempt (at);

create table account.event (
  id bigint generated always as identity,
  book text not null,
  at timestamptz not null,
  who text not null,
  what text not null,
  about text not null,
  constraint event_pkey primary key (id)
);
comment on table account.event is '账号日志: who did what to which account. INSERT only: the audit administrator reads it.';
create index event_book on account.event (book, id);
create index event_about on account.event (book, about, id);

-- The duty of an account, its name in entries and whether it is a demonstration's are
-- nobody's to change.
grant usage on schema account to yilu_service;
grant select, insert on account.person, account.session, account.attempt, account.former_password, account.event to yilu_service;
grant update (name, unit, password, password_at, secret, step, code_hash, code_until, reset_by, reset_at, disabled_at) on account.person to yilu_service;
grant update (role, grant_id, pending, used_at, proved_at, ended_at) on account.session to yilu_service;
grant update (state) on account.attempt to yilu_service;
grant delete on account.attempt, account.former_password to yilu_service;

-- Roles as the log says them.
create table proj.holder (
  book text not null, person text not null, duty text not null, at_seq bigint not null,
  constraint holder_pkey primary key (book, person),
  constraint holder_duty unique (book, person, duty)
);
comment on table proj.holder is '任职人员: the one duty of everybody who was ever given a role (三员分立).';

create table proj.role (
  book text not null, grant_id text not null, person text not null, duty text not null, role text not null, unit text not null, area text not null,
  until_day date, seq bigint not null, at_seq bigint not null, revoked_seq bigint not null,
  constraint role_pkey primary key (book, grant_id),
  constraint role_holder foreign key (book, person, duty) references proj.holder (book, person, duty),
  constraint role_fits check (case duty
    when 'business' then role in ('maker', 'checker', 'payer', 'project', 'auditor', 'publicity', 'leader')
    else role = duty end)
);
comment on table proj.role is '授权: each role that was given to somebody, until when, and whether it was taken back (-1 for no).';
create index role_person on proj.role (person, book);
create index role_role on proj.role (role, book);

grant select, insert, update on proj.holder, proj.role to yilu_service;

-- Machine tokens get an area, and publicity officers may have one.
alter table web.token add column area text not null default '';
alter table web.token drop constraint token_role;
alter table web.token add constraint token_role check (role in ('maker', 'checker', 'payer', 'project', 'auditor', 'publicity'));
alter table web.token add constraint token_area check (area = '' or area ~ '^[0-9]{9}([0-9]{3})?$' and starts_with(area, book));
comment on column web.token.area is 'Division code of the township or village it is held to, empty for the county.';

reset role;
