-- One table of who entered what: web.entered, the list of one's own, becomes part of
-- web.act, who did what. What both have followed is carried over; the rest is followed.
-- And sessions say whether the office's own provider of sign-on opened them.

-- +goose Up
set local role yilu_owner;

create table web.acts (
  book text not null, seq bigint not null, at timestamptz not null, on_day date not null,
  by_user text not null, unit text not null, role text not null, kind text not null, id text not null,
  amount bigint, words text not null,
  constraint act_words check (length(words) <= 2000)
);

-- What citizens sent was in web.act alone.
insert into web.acts (book, seq, at, on_day, by_user, unit, role, kind, id, amount, words)
select a.book, a.seq, a.at, a.on_day, a.by_user, a.unit, a.role, a.kind, a.id, e.amount, coalesce(e.words, '')
from web.act a
join web.entered_cursor c on c.book = a.book and a.seq <= c.pos
left join web.entered e on e.book = a.book and e.seq = a.seq;

update web.act_cursor a
set next_seq = least(a.next_seq, coalesce((select c.pos + 1 from web.entered_cursor c where c.book = a.book), 0));

drop table web.act, web.entered, web.entered_cursor;
alter table web.acts rename to act;
alter table web.act add constraint act_pkey primary key (book, seq);
comment on table web.act is
  '谁做了什么: the entries that people made, by the log, for the trail and for the list of one''s own. Lines of batches and lists stand with their header, and what the engine entered with its rules; neither is here.';
comment on column web.act.amount is 'The amount that the body states, in fen; null without one, and of what the public sent.';
comment on column web.act.words is 'The ids and texts of the public body, by which an entry is found; empty of what the public sent.';
create index act_user on web.act (by_user, book, seq);
create index act_unit on web.act (unit, book, seq);
create index act_kind on web.act (kind, book, seq);
grant select, insert on web.act to yilu_service;

alter table account.session add column signed_on boolean not null default false;
comment on column account.session.signed_on is 'The office''s provider of sign-on said who it is, and no password did.';

reset role;
