-- The names of lots, and the failures of lots, for sweeps.

-- +goose Up
set local role yilu_owner;

create or replace view rules_v1.tender as
  select t.book, t.tender, t.project, p.unit, p.place, t.state, t.method, t.category, t.estimate * 0.01 as estimate, t.winner, t.price * 0.01 as price,
         t.seq, t.awarded_seq, a.on_day as announced_on, w.on_day as awarded_on, p.exempted_seq, t.name
  from proj.tender t
  left join proj.project p on p.book = t.book and p.project = t.project
  left join proj.event a on a.book = t.book and a.project = t.project and a.at_seq = t.seq and a.entry_seq = t.seq
  left join proj.event w on w.book = t.book and w.project = t.project and w.at_seq = t.awarded_seq and w.entry_seq = t.awarded_seq;
comment on column rules_v1.tender.name is 'What the lot is called.';

create view rules_v1.failure as
  select e.book, convert_from(l.leaf, 'UTF8')::json -> 'body' ->> 'tender' as tender, e.at_seq, e.entry_seq, e.on_day
  from proj.event e
  join log.entry l on l.book = e.book and l.seq = e.entry_seq
  where e.kind = 'tender.failed' and not exists (select from proj.reversal r where r.book = e.book and r.target = e.entry_seq);
comment on view rules_v1.failure is '流标、废标: the end of a lot without a winner; those taken back since are left out.';
comment on column rules_v1.failure.book is 'The county''s division code.';
comment on column rules_v1.failure.tender is 'Id of the lot.';
comment on column rules_v1.failure.at_seq is 'The entry by which it took effect.';
comment on column rules_v1.failure.entry_seq is 'The entry it stands in.';
comment on column rules_v1.failure.on_day is 'Business day.';
grant select on rules_v1.failure to yilu_rule_ro;

reset role;
