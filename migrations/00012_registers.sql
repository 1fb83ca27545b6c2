-- Comparison registers: lists of persons and firms that payments and awards are held
-- against, and the token of a household's account.

-- +goose Up
set local role yilu_owner;

create table proj.register (
  book text not null, register text not null, list text not null, region text not null, source text not null,
  stated_on date, from_day date, to_day date, members bigint not null, seq bigint not null, at_seq bigint not null, withdrawn boolean not null,
  constraint register_pkey primary key (book, register),
  constraint register_days check (from_day <= to_day),
  constraint register_members check (members >= 0)
);
comment on table proj.register is '比对名单: one load of a list for a region. Of one list and region that with the latest from_day holds.';
comment on column proj.register.stated_on is 'The day whose state the list tells.';
create index register_list on proj.register (list, region, book);

create table proj.register_member (
  book text not null, member text not null, register text not null, line bigint not null, who text not null, household text not null,
  class text not null, place text not null, from_day date, to_day date, seq bigint not null,
  constraint register_member_pkey primary key (book, member)
);
comment on table proj.register_member is
  '名单成员: one person (a keyed token) or firm (its code) of a load, without names. The values were sealed, and go when they are erased.';
comment on column proj.register_member.who is 'Keyed token of the person, empty once erased; credit code of a firm.';
comment on column proj.register_member.from_day is 'Day of death, or first day of a ban.';
create index register_member_who on proj.register_member (who, register, book) where who <> '';
create index register_member_household on proj.register_member (household, register, book) where household <> '';

grant select, insert, update on proj.register, proj.register_member to yilu_service;

alter table proj.grant_line add column account text not null default '';
comment on column proj.grant_line.account is
  'Keyed token of the account number, empty without one or once erased. Lines from before it was kept get it by yilu rebuild --replace.';

create or replace view rules_v1.grant_line as
  select book, payment, line, place, amount * 0.01 as amount, returned * 0.01 as returned, person, seq, account
  from proj.grant_line;
comment on column rules_v1.grant_line.account is 'Keyed token of the account, empty without one or once erased.';

create view rules_v1.batch as
  select p.book, p.payment, p.state, p.project, p.fund, p.purpose as item, p.lines, p.amount * 0.01 as amount, p.returned * 0.01 as returned,
         p.on_day, p.requested_seq, p.approved_seq, p.paid_seq
  from proj.payment p where p.lines > 0;
comment on view rules_v1.batch is '到户补助批次: a batch of household grants. State and returns as of now; requested_seq and paid_seq say since when.';
comment on column rules_v1.batch.book is 'The county''s division code.';
comment on column rules_v1.batch.payment is 'Id of the batch.';
comment on column rules_v1.batch.state is 'requested, approved, rejected, paid or withdrawn, now.';
comment on column rules_v1.batch.project is 'Id of its project.';
comment on column rules_v1.batch.fund is 'Id of the fund line.';
comment on column rules_v1.batch.item is 'What is granted.';
comment on column rules_v1.batch.lines is 'How many lines it has.';
comment on column rules_v1.batch.amount is 'Sum, yuan.';
comment on column rules_v1.batch.returned is 'Returned by the bank, yuan, now.';
comment on column rules_v1.batch.on_day is 'Day of the request.';
comment on column rules_v1.batch.requested_seq is 'The entry that asked for it.';
comment on column rules_v1.batch.approved_seq is 'The entry that approved it, -1 for none, now.';
comment on column rules_v1.batch.paid_seq is 'The entry that says it was paid, -1 for none, now.';

create view rules_v1.register as
  select book, register, list, region, source, stated_on, from_day, to_day, members, seq, at_seq, withdrawn
  from proj.register;
comment on view rules_v1.register is '比对名单: one load of a list for a region. Withdrawn as of now.';
comment on column rules_v1.register.book is 'The county''s division code.';
comment on column rules_v1.register.register is 'Id of the load.';
comment on column rules_v1.register.list is 'poor, payroll, cadres, deceased or debarred.';
comment on column rules_v1.register.region is 'Division code of what it covers.';
comment on column rules_v1.register.source is 'The office it comes from.';
comment on column rules_v1.register.stated_on is 'The day whose state it tells.';
comment on column rules_v1.register.from_day is 'First day of acts that are held against it.';
comment on column rules_v1.register.to_day is 'Last day, after which it is out of date.';
comment on column rules_v1.register.members is 'How many members it has.';
comment on column rules_v1.register.seq is 'Its entry.';
comment on column rules_v1.register.at_seq is 'The entry by which it took effect.';
comment on column rules_v1.register.withdrawn is 'Whether it was reversed, now.';

create view rules_v1.register_member as
  select book, register, line, who, household, place, from_day, to_day, seq
  from proj.register_member;
comment on view rules_v1.register_member is '名单成员: one person or firm of a load, without names. Erased values are empty.';
comment on column rules_v1.register_member.book is 'The county''s division code.';
comment on column rules_v1.register_member.register is 'Id of the load.';
comment on column rules_v1.register_member.line is 'Number of the line.';
comment on column rules_v1.register_member.who is 'Keyed token of a person, credit code of a firm, empty once erased.';
comment on column rules_v1.register_member.household is 'Number of the household, empty if the list has none.';
comment on column rules_v1.register_member.place is 'Division code of the village, empty if not stated.';
comment on column rules_v1.register_member.from_day is 'Day of death, or first day of a ban.';
comment on column rules_v1.register_member.to_day is 'Last day of a ban, null for one without an end.';
comment on column rules_v1.register_member.seq is 'Its entry.';

grant select on all tables in schema rules_v1 to yilu_rule_ro;

reset role;
