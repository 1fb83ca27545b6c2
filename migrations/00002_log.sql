-- The log of each book and the private fields behind its commitments.
--
-- The guards here are a speed bump and an alarm, not the proof: a superuser can
-- take them off. What he changed then shows against the hashes (VerifyBook) and
-- against checkpoints kept elsewhere.
--
-- Costs stand beside each guard, measured on 2 shared cores with PostgreSQL 15
-- and leaves of 450 bytes, ±25 %. All in all, lock to durable commit: a group of
-- one entry 1.4 ms, of them 0.25 the triggers; a group of 1,000 entries 24 ms, of
-- them 3 the triggers and 5 the CHECKs. Inserting from arrays and COPY cost the
-- same here, and only the former shares the round trip of the other writes.

-- +goose Up
set local role yilu_owner;

create table log.head (
  book    text        not null primary key,
  size    bigint      not null default 0,
  edge    bytea       not null default '',
  last_at timestamptz not null default 'epoch',
  constraint head_book_length check (length(book) between 1 and 32),
  constraint head_size_not_negative check (size >= 0),
  constraint head_edge_fits_size check (octet_length(edge) = 32 * bit_count(size::bit(64)))
) with (fillfactor = 50);

comment on table log.head is
  'One row per book: the append lock, and the state of its tree. The only rows of the log ever updated, and only forward; half of each page is left free so that every update stays in its page.';
comment on column log.head.edge is
  'Roots of the perfect subtrees of size, largest first, 32 bytes each; the next entry and the root need nothing else.';
comment on column log.head.last_at is
  'Instant of the last entry; no later entry is recorded before it.';

create table log.entry (
  book      text   not null,
  seq       bigint not null,
  id        text   not null,
  leaf      bytea  not null,
  leaf_hash bytea  not null,
  nodes     bytea  not null,
  constraint entry_pkey primary key (book, seq),
  constraint entry_id_once unique (id, book),
  constraint entry_seq_not_negative check (seq >= 0),
  constraint entry_id_length check (octet_length(id) between 1 and 200),
  constraint entry_leaf_length check (octet_length(leaf) between 1 and 65535),
  -- 3 µs a row; no trigger setting silences it.
  constraint entry_leaf_hash check (leaf_hash = sha256('\x00'::bytea || leaf)),
  -- seq xor (seq + 1) has one 1-bit more than seq has trailing ones.
  constraint entry_nodes_length check (
    octet_length(nodes) = 32 * (bit_count((seq # (seq + 1))::bit(64)) - 1))
);

-- Leaves are short and full of digests. Those below 2 kB are not compressed
-- anyway; for the rest compressing would hold the append lock longer.
alter table log.entry alter column leaf set storage external;

comment on table log.entry is
  'The log: rows are inserted, never changed, never removed. leaf is the entry''s exact bytes, hashed as stored.';
comment on column log.entry.id is
  'The id the client gave, as in the leaf: the same act sent twice is entered once.';
comment on column log.entry.nodes is
  'The interior hashes this leaf completes, bottom up, 32 bytes for each trailing 1-bit of seq. The hash of level l, number n stands at entry (n+1)*2^l-1, offset 32*(l-1). A cache: recomputed and compared by verification.';

create table seal.private_field (
  book      text   not null,
  seq       bigint not null,
  name      text   not null,
  value_enc bytea  not null,
  salt      bytea  not null,
  person    bytea,
  constraint private_field_pkey primary key (book, seq, name),
  constraint private_field_name check (name ~ '^[a-z0-9_]+$'),
  constraint private_field_value_length check (octet_length(value_enc) between 29 and 65535),
  constraint private_field_salt_length check (octet_length(salt) = 32),
  constraint private_field_person_length check (octet_length(person) = 16)
);

create index private_field_person on seal.private_field (person, book, seq)
  where person is not null;

comment on table seal.private_field is
  'The values behind the commitments in the leaves, encrypted, with their salts: the one table rows may be deleted from. Deleting is erasure; proofs stay valid.';
comment on column seal.private_field.person is
  'Keyed hash of the ID number, to find one person''s entries; tells nothing without the key, which is not in the database.';

-- No change and no removal, for anyone, not even under
-- session_replication_role = replica.
-- +goose StatementBegin
create function log.refuse() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  raise exception '% on log.% is refused: the log is append-only', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
-- +goose StatementEnd

create trigger entry_unchanged before update or delete on log.entry
  for each row execute function log.refuse();
create trigger entry_not_truncated before truncate on log.entry
  for each statement execute function log.refuse();
create trigger head_not_deleted before delete on log.head
  for each row execute function log.refuse();
create trigger head_not_truncated before truncate on log.head
  for each statement execute function log.refuse();
alter table log.entry enable always trigger entry_unchanged;
alter table log.entry enable always trigger entry_not_truncated;
alter table log.head enable always trigger head_not_deleted;
alter table log.head enable always trigger head_not_truncated;

-- A head begins empty and only grows.
-- +goose StatementBegin
create function log.head_forward() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  if tg_op = 'INSERT' then
    if new.size <> 0 then
      raise exception 'head of book % must begin at size 0', new.book
        using errcode = 'check_violation';
    end if;
  elsif new.book <> old.book or new.size <= old.size or new.last_at < old.last_at then
    raise exception 'head of book % only moves forward', old.book
      using errcode = 'check_violation';
  end if;
  return new;
end
$$;
-- +goose StatementEnd

create trigger head_forward before insert or update on log.head
  for each row execute function log.head_forward();
alter table log.head enable always trigger head_forward;

-- New rows follow one another, join the last entry and lie below the head,
-- which is why the head is updated first. Once per statement: 0.1 ms for one
-- row, 3 ms for 1,000, nearly all of it keeping the rows to be counted. The two
-- lookups are by primary key.
-- +goose StatementBegin
create function log.entry_joined() returns trigger
language plpgsql set search_path = pg_catalog as $$
declare
  b record;
begin
  for b in
    select book, count(*) as rows, min(seq) as first, max(seq) as last
    from added group by book
  loop
    if b.last - b.first + 1 <> b.rows then
      raise exception 'entries of book % have a gap between % and %', b.book, b.first, b.last
        using errcode = 'check_violation';
    end if;
    if b.first > 0 and not exists (
      select from only log.entry where book = b.book and seq = b.first - 1)
    then
      raise exception 'entry % of book % does not join the last one', b.first, b.book
        using errcode = 'check_violation';
    end if;
    if not exists (
      select from only log.head where book = b.book and size > b.last)
    then
      raise exception 'entry % of book % lies beyond the head', b.last, b.book
        using errcode = 'check_violation';
    end if;
  end loop;
  return null;
end
$$;
-- +goose StatementEnd

create trigger entry_joined after insert on log.entry
  referencing new table as added
  for each statement execute function log.entry_joined();
alter table log.entry enable always trigger entry_joined;

-- At commit the last entry the head counts is there and none lies beyond it.
-- The head is read anew: several appends in one transaction queue this check
-- once each, and only the last state counts. Two lookups by primary key, below
-- 0.1 ms.
-- +goose StatementBegin
create function log.head_covered() returns trigger
language plpgsql set search_path = pg_catalog as $$
declare
  counted bigint;
  last bigint;
begin
  select size into counted from only log.head where book = new.book;
  select seq into last from only log.entry where book = new.book order by seq desc limit 1;
  if counted <> coalesce(last, -1) + 1 then
    raise exception 'head of book % counts % entries, the last one is %', new.book, counted, last
      using errcode = 'check_violation';
  end if;
  return null;
end
$$;
-- +goose StatementEnd

create constraint trigger head_covered after insert or update on log.head
  deferrable initially deferred
  for each row execute function log.head_covered();
alter table log.head enable always trigger head_covered;

grant select, insert, update (size, edge, last_at) on log.head to yilu_service;
grant select, insert on log.entry to yilu_service;
-- Erasure belongs to the server: it deletes and enters seal.erased in one
-- transaction. There is no UPDATE: a value is never exchanged.
grant select, insert, delete on seal.private_field to yilu_service;

reset role;
