-- Papers that do not apply to a project, and the accounts that a bank opened, for sweeps.

-- +goose Up
set local role yilu_owner;

create view rules_v1.waiver as
  select e.book, e.project, (convert_from(l.leaf, 'UTF8')::json -> 'body' ->> 'item')::integer as item, e.at_seq, e.entry_seq, e.on_day
  from proj.event e
  join log.entry l on l.book = e.book and l.seq = e.entry_seq
  where e.kind = 'document.waived' and not exists (select from proj.reversal r where r.book = e.book and r.target = e.entry_seq);
comment on view rules_v1.waiver is '不适用: a paper of the list that a project need not have; those taken back since are left out.';
comment on column rules_v1.waiver.book is 'The county''s division code.';
comment on column rules_v1.waiver.project is 'Id of the project.';
comment on column rules_v1.waiver.item is 'Number in the list of one file a project (一项一档).';
comment on column rules_v1.waiver.at_seq is 'The entry by which it took effect.';
comment on column rules_v1.waiver.entry_seq is 'The entry it stands in.';
comment on column rules_v1.waiver.on_day is 'Business day.';
grant select on rules_v1.waiver to yilu_rule_ro;

alter table proj.register_member add column branch text not null default '', add column serial bigint not null default 0;
comment on column proj.register_member.who is 'Keyed token of the person or account, empty once erased, or code of the firm.';
comment on column proj.register_member.from_day is 'Day of death, first day of a ban, day of a firm''s registration, or day on which an account was opened.';
comment on column proj.register_member.branch is 'The bank''s branch that opened an account, else empty.';
comment on column proj.register_member.serial is 'Number of an account among those that the branch opened, else 0.';

create or replace view rules_v1.register_member as
  select book, register, line, who, household, place, from_day, to_day, seq, address, branch, serial
  from proj.register_member;
comment on column rules_v1.register_member.who is 'Keyed token of a person or account, credit code of a firm, empty once erased.';
comment on column rules_v1.register_member.from_day is 'Day of death, first day of a ban, day of a firm''s registration, or day on which an account was opened.';
comment on column rules_v1.register_member.branch is 'The bank''s branch that opened an account, else empty.';
comment on column rules_v1.register_member.serial is 'Number of an account among those that the branch opened, else 0.';
comment on column rules_v1.register.list is 'poor, payroll, cadres, deceased, debarred, firms, firm_persons or accounts.';

reset role;
