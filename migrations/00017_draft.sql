-- The desk of officers: forms that are not submitted yet, what a maker was shown
-- before submitting, named filters, and who entered what. Nothing of it is in the
-- log, and nothing of the log depends on it.

-- +goose Up
set local role yilu_owner;

create table web.draft (
  book text not null,
  user_id text not null,
  draft text not null,
  version bigint not null,
  form bytea not null,
  changed_at timestamptz not null,
  constraint draft_pkey primary key (book, user_id, draft),
  constraint draft_version check (version >= 1),
  constraint draft_size check (octet_length(form) between 29 and 200000)
);
comment on table web.draft is
  '草稿: a form as it was last typed, for its user alone. All of it is encrypted under the sealing secret, since people type names and numbers; a version that was not seen is not overwritten.';

create table web.precheck (
  book text not null,
  submission text not null,
  size bigint not null,
  digest bytea not null,
  findings text not null,
  constraint precheck_pkey primary key (book, submission),
  constraint precheck_digest check (octet_length(digest) = 32),
  constraint precheck_size check (octet_length(findings) <= 500000)
);
comment on table web.precheck is
  '预检: what the rules said of a submission when its maker submitted it on a page, stored in the transaction of the submission, so that the approver sees the same. Codes and sentences only.';

create table web.saved_filter (
  book text not null,
  user_id text not null,
  name text not null,
  query text not null,
  constraint saved_filter_pkey primary key (book, user_id, name),
  constraint saved_filter_lengths check (length(name) between 1 and 40 and length(query) <= 1000)
);
comment on table web.saved_filter is 'Filters of the list of entries that a user has given a name.';

create table web.entered (
  book text not null,
  seq bigint not null,
  user_id text not null,
  unit text not null,
  kind text not null,
  on_day date not null,
  amount bigint,
  words text not null,
  constraint entered_pkey primary key (book, seq),
  constraint entered_words check (length(words) <= 2000)
);
comment on table web.entered is
  'Who entered what, for the list of one''s own: follows the log behind a cursor, and can be emptied at any time. Lines of batches stand under their header, and what the service itself enters is left out. words are the ids and texts of the public body.';
create index entered_user on web.entered (book, user_id, seq desc);
create index entered_unit on web.entered (book, unit, seq desc);

create table web.entered_cursor (
  book text not null,
  pos bigint not null,
  constraint entered_cursor_pkey primary key (book),
  constraint entered_cursor_from check (pos >= -1)
);
comment on table web.entered_cursor is 'The last entry that web.entered has taken in. Whoever takes in more locks its row.';

grant select, insert, update, delete on web.draft, web.saved_filter to yilu_service;
grant select, insert on web.precheck, web.entered to yilu_service;
grant select, insert, update on web.entered_cursor to yilu_service;

-- What waits for somebody is a small part of all payments; the rest is in neither index.
create index payment_waiting on proj.payment (book, state, requested_seq) where state in ('requested', 'approved');
create index submission_maker on proj.submission (book, maker, seq desc);

reset role;
