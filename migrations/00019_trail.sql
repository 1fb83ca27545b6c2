-- What auditors look for: which project and payee a warning is about, other payments
-- to one account, and who did what.

-- +goose Up
set local role yilu_owner;

alter table alert.current
  add column project text not null default '',
  add column payee text not null default '';
comment on column alert.current.project is 'The project that the entry it is about belongs to, empty for none.';
comment on column alert.current.payee is 'Whom that entry pays, as projections name payees; empty for none.';

-- Projects and payees of an entry never change, so that a rebuild finds the same.
-- +goose StatementBegin
create function alert.concern(in_book text, in_entry bigint, out project text, out payee text)
language plpgsql stable set search_path = pg_catalog as $$
declare
  body json;
  of_payment text;
begin
  project := '';
  payee := '';
  if in_entry < 0 then
    return;
  end if;
  select convert_from(e.leaf, 'UTF8')::json -> 'body' into body from only log.entry e where e.book = in_book and e.seq = in_entry;
  project := coalesce(body ->> 'project', '');
  of_payment := body ->> 'payment';
  if of_payment is not null then
    select p.project, p.payee into project, payee from proj.payment p where p.book = in_book and p.payment = of_payment;
  elsif project = '' and body ->> 'contract' is not null then
    select c.project into project from proj.contract c where c.book = in_book and c.contract = body ->> 'contract';
  elsif project = '' and body ->> 'tender' is not null then
    select t.project into project from proj.tender t where t.book = in_book and t.tender = body ->> 'tender';
  elsif project = '' and body ->> 'objection' is not null then
    select o.project into project from proj.objection o where o.book = in_book and o.objection = body ->> 'objection';
  end if;
  project := coalesce(project, '');
  payee := coalesce(payee, '');
end
$$;
-- +goose StatementEnd
comment on function alert.concern(text, bigint) is 'The project and payee of an entry, both empty where there are none.';
revoke execute on function alert.concern(text, bigint) from public;
grant execute on function alert.concern(text, bigint) to yilu_service;

update alert.current c set project = k.project, payee = k.payee
from alert.current o cross join lateral alert.concern(o.book, o.entry_seq) k
where o.book = c.book and o.alert = c.alert and (k.project <> '' or k.payee <> '');

create index current_project on alert.current (project, book) where project <> '';
create index current_payee on alert.current (payee, book) where payee <> '';
create index current_entry on alert.current (entry_seq, book) where entry_seq >= 0;
create index event_decided on alert.event (book, kind, at) where kind in ('alert.dismissed', 'alert.confirmed', 'alert.closed', 'alert.seconded');

-- The one place of these projections that auditors ask and officers do not.
create index grant_line_account on proj.grant_line (account, book) where account <> '';
create index objection_project on proj.objection (project, book) where project <> '';
grant select on rules_v1.grant_line to yilu_service;

create table web.act (
  book text not null, seq bigint not null, at timestamptz not null, on_day date not null,
  by_user text not null, unit text not null, role text not null, kind text not null, id text not null,
  constraint act_pkey primary key (book, seq)
);
comment on table web.act is
  '谁做了什么: the entries that people made, by the log. Lines of batches and lists stand with their header, and what the engine entered with its rules; neither is here.';
create index act_user on web.act (by_user, book, seq);
create index act_unit on web.act (unit, book, seq);
create index act_kind on web.act (kind, book, seq);
create table web.act_cursor (
  book text not null, next_seq bigint not null,
  constraint act_cursor_pkey primary key (book),
  constraint act_cursor_from check (next_seq >= 0)
);
comment on table web.act_cursor is 'How far the log was followed for web.act. It moves in the transaction of the rows.';

grant select, insert on web.act to yilu_service;
grant select, insert, update on web.act_cursor to yilu_service;

reset role;
