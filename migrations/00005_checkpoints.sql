-- What was signed, and who has cosigned it.
--
-- A row here is worth its signatures and nothing more: whoever can insert can
-- at worst make the signer halt, never make it sign. What must not be lost is
-- the signer's state file; these tables are its publication.

-- +goose Up

-- yilu_signer is for a signer that runs as a process of its own. It cannot log
-- in until an operator gives it a password, and it needs no other rights.
-- +goose StatementBegin
do $$
begin
  perform pg_advisory_xact_lock(hashtext('yilu.roles'));
  if not exists (select from pg_roles where rolname = 'yilu_signer') then
    begin
      create role yilu_signer nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  execute format('grant connect on database %I to yilu_signer', current_database());
end
$$;
-- +goose StatementEnd

-- It asks, like the server, whether the schema is one it knows.
grant usage on schema public to yilu_signer;
grant select on public.goose_db_version to yilu_signer;

set local role yilu_owner;

create table log.checkpoint (
  book text        not null,
  size bigint      not null,
  note text        not null,
  at   timestamptz not null,
  constraint checkpoint_pkey primary key (book, size),
  constraint checkpoint_size_positive check (size > 0),
  constraint checkpoint_note_length check (octet_length(note) between 1 and 10240),
  constraint checkpoint_note_size check (split_part(note, E'\n', 2) = size::text)
);
comment on table log.checkpoint is
  'The notes the signer has signed, as signed: one for a size, ever larger. INSERT only.';
comment on column log.checkpoint.at is
  'When it was signed, by the signer''s clock. Witnesses say their own times.';

create table log.cosignature (
  book    text   not null,
  size    bigint not null,
  witness text   not null,
  line    text   not null,
  constraint cosignature_pkey primary key (book, size, witness),
  constraint cosignature_checkpoint foreign key (book, size) references log.checkpoint (book, size),
  constraint cosignature_line check (line like E'\u2014 %' and octet_length(line) <= 2048 and position(E'\n' in line) = 0)
);
comment on table log.cosignature is
  'Signature lines of witnesses under a checkpoint, as they sent them, verified before they were stored. INSERT only.';

create trigger checkpoint_unchanged before update or delete on log.checkpoint
  for each row execute function log.refuse();
create trigger checkpoint_not_truncated before truncate on log.checkpoint
  for each statement execute function log.refuse();
create trigger cosignature_unchanged before update or delete on log.cosignature
  for each row execute function log.refuse();
create trigger cosignature_not_truncated before truncate on log.cosignature
  for each statement execute function log.refuse();
alter table log.checkpoint enable always trigger checkpoint_unchanged;
alter table log.checkpoint enable always trigger checkpoint_not_truncated;
alter table log.cosignature enable always trigger cosignature_unchanged;
alter table log.cosignature enable always trigger cosignature_not_truncated;

-- Never a second text for a size (the key), never a smaller size, and nothing
-- beyond the entries.
-- +goose StatementBegin
create function log.checkpoint_forward() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  if exists (select from only log.checkpoint where book = new.book and size > new.size) then
    raise exception 'checkpoint % of book % is smaller than the last one', new.size, new.book
      using errcode = 'check_violation';
  end if;
  if not exists (select from only log.head where book = new.book and size >= new.size) then
    raise exception 'checkpoint % of book % lies beyond the head', new.size, new.book
      using errcode = 'check_violation';
  end if;
  return new;
end
$$;
-- +goose StatementEnd

create trigger checkpoint_forward before insert on log.checkpoint
  for each row execute function log.checkpoint_forward();
alter table log.checkpoint enable always trigger checkpoint_forward;

-- The server signs too, unless yilu signer does; and it shows what was signed.
grant select, insert on log.checkpoint, log.cosignature to yilu_service, yilu_signer;
grant usage on schema log to yilu_signer;
grant select on log.head, log.entry to yilu_signer;

reset role;
