-- Warnings in depth: what ends a deadline, what it is computed from, storms and
-- back-fill.

-- +goose Up
set local role yilu_owner;

alter table alert.timer
  alter column due drop not null,
  add column entry_seq bigint not null default -1,
  add column project text not null default '',
  add column closed_entry bigint not null default -1,
  add column reminded text not null default '',
  add column origin text not null default 'live',
  drop constraint timer_state,
  add constraint timer_state check (state in ('running', 'waiting', 'met', 'ended', 'fired')),
  add constraint timer_due check (due is not null or state in ('waiting', 'met', 'ended'));
comment on table alert.timer is
  'A deadline that began to run with an entry: running, waiting for the calendar of a year to be known, met, ended because its project was cancelled or its entry reversed, or fired.';
comment on column alert.timer.entry_seq is 'The entry that began it, opened_seq the one by which that took effect.';
comment on column alert.timer.closed_entry is 'The entry that met or ended it, -1 for none: if that is reversed it runs again.';
comment on column alert.timer.reminded is 'The last reminder that was sent before it is due, such as 14d.';
comment on column alert.timer.origin is 'live, or backfill for one that was found later.';
create index timer_project on alert.timer (project, book) where state in ('running', 'waiting') and project <> '';
create index timer_entry on alert.timer (entry_seq, book);
create index timer_closed on alert.timer (closed_entry, book) where closed_entry >= 0;
create index timer_waiting on alert.timer (book) where state = 'waiting';

alter table alert.current add column parent text not null default '';
comment on column alert.current.parent is 'The warning that tells of this one together with others of its rule (a storm), empty for none.';

alter table proj.submission add column after_fact boolean not null default false;
comment on column proj.submission.after_fact is '补录: what its entries tell had happened before they were recorded.';

create table alert.backfill (
  book text not null, code text not null, version bigint not null, file_hash text not null, from_day date not null, to_day date not null,
  until bigint not null, pos bigint not null, found bigint not null, at timestamptz not null,
  constraint backfill_pkey primary key (book, code, version, file_hash, from_day, to_day),
  constraint backfill_from check (pos >= -1 and pos <= until)
);
comment on table alert.backfill is
  '补评: how far the past was judged by a rule that came or was mended later. pos moves in the transaction of the warnings, until is the last entry to be judged.';

grant select, insert, update on alert.backfill to yilu_service;

create view rules_v1.filing as
  select e.book, e.project, (convert_from(l.leaf, 'UTF8')::json -> 'body' ->> 'item')::integer as item, e.at_seq, e.entry_seq, e.on_day
  from proj.event e
  join log.entry l on l.book = e.book and l.seq = e.entry_seq
  where e.kind = 'document.filed' and not exists (select from proj.reversal r where r.book = e.book and r.target = e.entry_seq);
comment on view rules_v1.filing is '归档: a paper of a project and its item of the list; those taken back since are left out.';
comment on column rules_v1.filing.book is 'The county''s division code.';
comment on column rules_v1.filing.project is 'Id of the project.';
comment on column rules_v1.filing.item is 'Number in the list of one file a project (一项一档), 0 outside of it.';
comment on column rules_v1.filing.at_seq is 'The entry by which it took effect.';
comment on column rules_v1.filing.entry_seq is 'The entry it stands in.';
comment on column rules_v1.filing.on_day is 'Business day.';
grant select on rules_v1.filing to yilu_rule_ro;

reset role;
