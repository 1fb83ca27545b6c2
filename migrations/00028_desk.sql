-- A session keeps, sealed, what the office's provider of sign-on wants to see when the
-- session there is to end.

-- +goose Up
set local role yilu_owner;

alter table account.session add column hint bytea;
comment on column account.session.hint is 'The token of the provider of sign-on, encrypted; null once the session has ended, and without one.';
grant update (hint) on account.session to yilu_service;

-- What auditors sort their list by: the amount of the entry that a warning is about.
alter table alert.current add column amount bigint not null default 0;
comment on column alert.current.amount is 'The amount of the entry that it is about, or of its payment, in fen; 0 for none.';

-- Amounts of an entry and of a payment never change, so that a rebuild finds the same.
-- +goose StatementBegin
create function alert.at_stake(in_book text, in_entry bigint) returns bigint
language plpgsql stable set search_path = pg_catalog as $$
declare
  body json;
  stated text;
  found bigint;
begin
  if in_entry < 0 then
    return 0;
  end if;
  select convert_from(e.leaf, 'UTF8')::json -> 'body' into body from only log.entry e where e.book = in_book and e.seq = in_entry;
  stated := body ->> 'amount';
  if stated ~ '^-?[0-9]{1,15}\.[0-9]{2}$' then
    return abs(replace(stated, '.', '')::bigint);
  end if;
  if body ->> 'payment' is not null then
    select p.amount into found from proj.payment p where p.book = in_book and p.payment = body ->> 'payment';
  end if;
  return coalesce(found, 0);
end
$$;
-- +goose StatementEnd
comment on function alert.at_stake(text, bigint) is 'The amount of an entry, or of its payment, in fen; 0 where there is none.';
revoke execute on function alert.at_stake(text, bigint) from public;
grant execute on function alert.at_stake(text, bigint) to yilu_service;

update alert.current c set amount = alert.at_stake(c.book, c.entry_seq) where c.entry_seq >= 0;

-- What a project was before each of its changes, so that the last one can be reversed.
create table proj.project_changes (
  book text not null, project text not null, trail text not null,
  constraint project_changes_pkey primary key (book, project)
);
comment on table proj.project_changes is '项目变更: the changes of a project that stand, oldest first, each with what it was before. Those from before this table are not in it until the projections are rebuilt.';
grant select, insert, update on proj.project_changes to yilu_service;

reset role;
