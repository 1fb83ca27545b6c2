-- Measures for households and who is entitled by a policy, for sweeps.

-- +goose Up
set local role yilu_owner;

comment on column proj.register_member.class is 'Class of the household, or the measure or policy that the line is of; empty if the list has none and once erased.';
comment on column proj.register_member.from_day is
  'Day of death, first day of a ban, a measure or an entitlement, day of a firm''s registration, or day on which an account was opened.';
comment on column proj.register_member.to_day is 'Last day of a ban, a registration, a measure or an entitlement, null for none.';

create or replace view rules_v1.register_member as
  select book, register, line, who, household, place, from_day, to_day, seq, address, branch, serial, class
  from proj.register_member;
comment on column rules_v1.register_member.class is 'Class of the household, or the measure or policy that the line is of; empty if the list has none and once erased.';
comment on column rules_v1.register_member.from_day is
  'Day of death, first day of a ban, a measure or an entitlement, day of a firm''s registration, or day on which an account was opened.';
comment on column rules_v1.register_member.to_day is 'Last day of a ban, a registration, a measure or an entitlement, null for none.';
comment on column rules_v1.register.list is 'poor, payroll, cadres, deceased, debarred, firms, firm_persons, accounts, measures or entitled.';

reset role;
