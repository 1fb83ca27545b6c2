-- Inputs of rules that the ledger did not keep: whose account is named and since when,
-- the phone of a household, the address of a firm.

-- +goose Up
set local role yilu_owner;

alter table proj.payee add column account text not null default '', add column account_on date;
comment on column proj.payee.account is
  'Keyed token of the account that was named last, empty without one or once erased. Payees from before it was kept get it by yilu rebuild --replace.';
comment on column proj.payee.account_on is 'The day since which it is another than before, null for the first.';

alter table proj.grant_line add column phone text not null default '';
comment on column proj.grant_line.phone is 'Keyed token of the phone number, empty without one or once erased.';

alter table proj.register_member add column address text not null default '';
comment on column proj.register_member.address is 'Address of a registered firm, empty if not stated.';
comment on column proj.register_member.household is 'Number of the household, or code of the firm that the person belongs to.';
comment on column proj.register_member.from_day is 'Day of death, first day of a ban, or day of a firm''s registration.';

create or replace view rules_v1.payee as
  select book, payee, payee like 'p-%' as person, payments, requested * 0.01 as requested, paid * 0.01 as paid, first_seq, account
  from proj.payee;
comment on column rules_v1.payee.account is 'Keyed token of the account that was named last, empty without one or once erased, now.';

create or replace view rules_v1.grant_line as
  select book, payment, line, place, amount * 0.01 as amount, returned * 0.01 as returned, person, seq, account, phone
  from proj.grant_line;
comment on column rules_v1.grant_line.phone is 'Keyed token of the phone, empty without one or once erased.';

create or replace view rules_v1.register_member as
  select book, register, line, who, household, place, from_day, to_day, seq, address
  from proj.register_member;
comment on column rules_v1.register_member.household is 'Number of the household, or code of a person''s firm; empty if the list has none.';
comment on column rules_v1.register_member.from_day is 'Day of death, first day of a ban, or day of a firm''s registration.';
comment on column rules_v1.register_member.to_day is 'Last day of a ban or registration, null for none.';
comment on column rules_v1.register_member.address is 'Address of a firm, empty if not stated.';
comment on column rules_v1.register.list is 'poor, payroll, cadres, deceased, debarred, firms or firm_persons.';

reset role;
