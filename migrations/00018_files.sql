-- What officers hand in as documents: contracts, invoices, photographs, minutes.
--
-- The bytes stand in a folder beside the database, each file under the hash of its
-- content; here is who handed it in and what was found in it. Entries name files by
-- their hash, whether or not they are kept here.

-- +goose Up
set local role yilu_owner;

create schema files;
comment on schema files is
  'Documents that officers handed in. Nothing of the log depends on it: an entry holds the hash of a file, never the file.';

create table files.stored (
  book      text        not null,
  sha256    bytea       not null,
  unit      text        not null,
  user_id   text        not null,
  name      text        not null,
  kind      text        not null,
  size      bigint      not null,
  sm3       bytea       not null,
  readable  boolean     not null,
  found     text[]      not null,
  stored_at timestamptz not null,
  constraint stored_pkey primary key (book, sha256, unit),
  constraint stored_sha256 check (octet_length(sha256) = 32),
  constraint stored_sm3 check (octet_length(sm3) = 32),
  constraint stored_name check (name <> '' and char_length(name) <= 200),
  constraint stored_kind check (kind in ('pdf', 'jpg', 'png', 'xlsx', 'docx', 'ofd', 'txt', 'csv')),
  constraint stored_size check (size > 0)
);
comment on table files.stored is
  'One file that one unit handed in, by the hash of its content. A file that two units hand in has two rows and one place on the disk. INSERT only.';
comment on column files.stored.name is 'Its title as filed, without personal numbers: it stands in public entries.';
comment on column files.stored.readable is 'Whether its text could be searched for personal numbers; a scan or photograph cannot.';
comment on column files.stored.found is 'Kinds of personal numbers that its text holds.';

-- The list of a unit, newest first.
create index stored_at on files.stored (book, stored_at desc, sha256);

grant usage on schema files to yilu_service;
grant select, insert on files.stored to yilu_service;

reset role;
