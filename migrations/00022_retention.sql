-- How long what is beside the log is kept: sessions, log-in attempts, the trail of
-- accounts, drafts of closed accounts, and documents that no entry names.
--
-- 网络安全法 art. 21 (3) asks for network logs of at least six months, GB/T 22239-2019
-- 8.1.4.3 for audit records that are protected from deletion. So the database itself
-- refuses to give up a line younger than 184 days, whoever asks: six months are never longer.

-- +goose Up
set local role yilu_owner;

-- +goose StatementBegin
create function account.keep_half_a_year() returns trigger language plpgsql as $$
begin
  if coalesce(to_jsonb(old) ->> 'at', to_jsonb(old) ->> 'begun_at')::timestamptz > now() - interval '184 days'
    and coalesce(to_jsonb(old) ->> 'state', '') <> 'held' then
    raise exception 'a line of %.% is younger than half a year', tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return old;
end $$;
-- +goose StatementEnd
comment on function account.keep_half_a_year() is
  'Refuses the deletion of sessions, tries and lines of the trail younger than half a year. Tries that were not even looked at (held) say nothing that the failures before them do not.';

create trigger session_kept before delete on account.session for each row execute function account.keep_half_a_year();
create trigger attempt_kept before delete on account.attempt for each row execute function account.keep_half_a_year();
create trigger event_kept before delete on account.event for each row execute function account.keep_half_a_year();

alter table account.attempt drop constraint attempt_state;
alter table account.attempt add constraint attempt_state check (state in ('open', 'failed', 'good', 'held', 'past'));
comment on column account.attempt.state is
  'open while it is looked at; failed, good; held: it came too soon and was not looked at; past: failed, and the right password came after it.';

grant delete on account.session, account.event to yilu_service;

-- Deleted in the order of their time.
create index session_begun on account.session (book, begun_at);
create index event_at on account.event (book, at);

alter table files.stored add column removed_at timestamptz;
comment on column files.stored.removed_at is
  'Since when it is offered to nobody: no entry and no draft names it. Its row goes some days later, its bytes after it; handed in again, or named meanwhile, it is back. Null for all others.';

create table files.named (
  book text not null,
  sha256 bytea not null,
  constraint named_pkey primary key (book, sha256)
);
comment on table files.named is
  'Every file that an entry of the book names, whether it is kept here or not: follows the log behind a cursor, and can be emptied with it at any time. INSERT only.';

create table files.named_cursor (
  book text not null,
  next_seq bigint not null,
  constraint named_cursor_pkey primary key (book),
  constraint named_cursor_from check (next_seq >= 0)
);
comment on table files.named_cursor is 'The next entry that files.named has not taken in. Whoever takes in more locks its row.';

grant update (removed_at, stored_at), delete on files.stored to yilu_service;
grant select, insert on files.named to yilu_service;
grant select, insert, update on files.named_cursor to yilu_service;

reset role;
