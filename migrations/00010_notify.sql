-- What is still to be told, to whom, and what became of it.
--
-- A row is inserted in the transaction that raised the warning, so neither is
-- there without the other. A worker claims rows in a short transaction that
-- moves due_at behind a lease, sends without a transaction, and settles in a
-- second one. If it dies in between, the row becomes due again by itself: it is
-- sent at least once, and each sending carries the same id.

-- +goose Up
set local role yilu_owner;

create schema notify;
comment on schema notify is
  'Notifications on their way out. Nothing of it is in the log; a warning stands whether or not anyone could be told.';

create table notify.outbox (
  book    text        not null,
  id      text        not null,
  alert   text        not null,
  version bigint      not null,
  event   text        not null,
  channel text        not null,
  level   smallint    not null,
  seq     bigint      not null,
  message text        not null,
  at      timestamptz not null,
  state   text        not null default 'waiting',
  due_at  timestamptz not null,
  tries   smallint    not null default 0,
  claim   integer     not null default 0,
  outcome text        not null default '',
  reason  text        not null default '',
  sent_at timestamptz,
  constraint outbox_pkey primary key (book, id),
  constraint outbox_once unique (book, alert, version, event, channel),
  constraint outbox_id check (id ~ '^[0-9a-f]{32}$'),
  constraint outbox_event check (event in ('raised', 'level_raised', 'due_soon', 'overdue', 'reopened')),
  constraint outbox_level check (level between 0 and 3),
  constraint outbox_state check (state in ('waiting', 'sent', 'failed')),
  constraint outbox_sent check ((state = 'sent') = (sent_at is not null)),
  constraint outbox_tries check (tries between 0 and 12 and claim >= tries),
  constraint outbox_outcome check (outcome in ('', 'sending', 'sent', 'refused', 'unreachable', 'throttled', 'interrupted', 'lost', 'requeued')),
  constraint outbox_message check (octet_length(message) between 2 and 8192)
);
comment on table notify.outbox is
  'One message for one channel. The key of what is told is outbox_once: told twice, it is one row.';
comment on column notify.outbox.id is
  'The delivery id that receivers see: 16 bytes of a hash of outbox_once, the same at each try.';
comment on column notify.outbox.level is '0 red, 1 orange, 2 yellow, 3 blue: the order of sending.';
comment on column notify.outbox.due_at is 'Not before: the back-off, or while a worker has the row, the end of its lease.';
comment on column notify.outbox.claim is 'How often a worker has taken the row. It settles only what it claimed last.';

-- What workers and the health page ask for; what was sent is not in it.
create index outbox_open on notify.outbox (channel, level, at) where state <> 'sent';

create table notify.attempt (
  book    text        not null,
  id      text        not null,
  claim   integer     not null,
  at      timestamptz not null,
  outcome text        not null,
  reason  text        not null,
  constraint attempt_pkey primary key (book, id, claim),
  constraint attempt_outbox foreign key (book, id) references notify.outbox (book, id)
);
comment on table notify.attempt is
  'What became of each sending and why, and who queued what had failed once more. INSERT only.';

create table notify.channel (
  name          text        not null,
  free_at       timestamptz not null default '1970-01-01Z',
  paused_until  timestamptz not null default '1970-01-01Z',
  failing_since timestamptz,
  reason        text        not null default '',
  constraint channel_pkey primary key (name)
);
comment on table notify.channel is
  'The pace of each channel, shared by all processes: a robot''s limit is the robot''s, whoever sends and for whichever book.';
comment on column notify.channel.free_at is
  'When the token bucket will be full again; before that, each token missing is one interval.';

grant usage on schema notify to yilu_service;
grant select, insert, update on notify.outbox, notify.channel to yilu_service;
grant select, insert on notify.attempt to yilu_service;

reset role;
