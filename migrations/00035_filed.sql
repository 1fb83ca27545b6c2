-- The number of a paper is read of filings alone: a condition on it was looked at before the
-- kind of the entry, and "item" of a household grant is a name, which is no number. V10 could
-- not be judged in any county that pays grants.

-- +goose Up
set local role yilu_owner;

create or replace view rules_v1.filing as
  select e.book, e.project, case when e.kind = 'document.filed' then (convert_from(l.leaf, 'UTF8')::json -> 'body' ->> 'item')::integer end as item,
         e.at_seq, e.entry_seq, e.on_day
  from proj.event e
  join log.entry l on l.book = e.book and l.seq = e.entry_seq
  where e.kind = 'document.filed' and not exists (select from proj.reversal r where r.book = e.book and r.target = e.entry_seq);

create or replace view rules_v1.waiver as
  select e.book, e.project, case when e.kind = 'document.waived' then (convert_from(l.leaf, 'UTF8')::json -> 'body' ->> 'item')::integer end as item,
         e.at_seq, e.entry_seq, e.on_day
  from proj.event e
  join log.entry l on l.book = e.book and l.seq = e.entry_seq
  where e.kind = 'document.waived' and not exists (select from proj.reversal r where r.book = e.book and r.target = e.entry_seq);

reset role;
