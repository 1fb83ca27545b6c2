-- 两个一律: notices, their proofs and objections as the entries leave them (schema
-- proj), and what must be published by when (schema publicity). All of it follows
-- from the log and can be made again.

-- +goose Up
set local role yilu_owner;

create table proj.notice (
  book text not null, notice text not null, state text not null, stage text not null, level text not null, channel text not null,
  place text not null, period text not null, title text not null, issuer text not null, starts date, ends date, ended date,
  total bigint not null, code text not null, copied boolean not null, hung bigint not null, hung_end bigint not null,
  objections bigint not null, open_objections bigint not null, versions bigint not null,
  posted_seq bigint not null, current_seq bigint not null, on_day date,
  constraint notice_pkey primary key (book, notice),
  constraint notice_objections check (open_objections between 0 and objections)
) with (fillfactor = 80);
comment on table proj.notice is '公告、公示: each notice as its last version and its period stand.';
create index notice_posted on proj.notice (book, posted_seq) where posted_seq >= 0;

create table proj.notice_version (
  book text not null, version_key text not null, notice text not null, version bigint not null, code text not null, seq bigint not null, on_day date,
  constraint notice_version_pkey primary key (book, version_key)
);
comment on table proj.notice_version is '公示版本: which entry holds which version; a poster is found by its check code.';
create index notice_version_code on proj.notice_version (code, book);
create index notice_version_notice on proj.notice_version (notice, book);

create table proj.notice_project (
  book text not null, notice_project text not null, notice text not null, project text not null, seq bigint not null,
  constraint notice_project_pkey primary key (book, notice_project)
);
comment on table proj.notice_project is '公示所涉项目: which notices are about a project.';
create index notice_project_project on proj.notice_project (project, book);

create table proj.notice_proof (
  book text not null, proof text not null, notice text not null, board text not null, at_end boolean not null, hanger text not null,
  photo text not null, place text not null, position text not null, on_day date, seq bigint not null,
  constraint notice_proof_pkey primary key (book, proof)
);
comment on table proj.notice_proof is '张贴存证: photographs by their hash, with board, place, day and who put it up.';
create index notice_proof_notice on proj.notice_proof (notice, book);
create index notice_proof_photo on proj.notice_proof (photo, book);

create table proj.objection (
  book text not null, objection text not null, state text not null, code_hash text not null, notice text not null, project text not null,
  topic text not null, track text not null, outcome text not null, on_day date, seq bigint not null, answered_seq bigint not null,
  constraint objection_pkey primary key (book, objection)
);
comment on table proj.objection is '群众反映: state and answer of each objection; what was written is sealed.';
create index objection_code on proj.objection (code_hash, book);
create index objection_notice on proj.objection (notice, book) where notice <> '';
create index objection_seq on proj.objection (book, seq) where seq >= 0;

grant select, insert, update on proj.notice, proj.notice_version, proj.notice_project, proj.notice_proof, proj.objection to yilu_service;

create schema publicity;
comment on schema publicity is 'What must be published (package publicity): follows the log behind a cursor, and can be made again.';

create table publicity.cursor (
  book text not null, next_seq bigint not null, covered_until bigint not null,
  constraint cursor_pkey primary key (book)
);
comment on table publicity.cursor is 'The next entry to look at; entries up to covered_until wait for a second person.';

create table publicity.project (
  book text not null, project text not null, place text not null, place_name text not null,
  constraint project_pkey primary key (book, project)
);
comment on table publicity.project is 'Where a project lies, as its entries have said so far.';

create table publicity.term (
  book text not null, seq bigint not null, stage text not null, level text not null, region text not null, days bigint not null, unit text not null,
  minimum bigint not null, mode text not null, from_day date not null, to_day date, basis text not null,
  constraint term_pkey primary key (book, seq)
);
comment on table publicity.term is '公开时限规定: local terms, by the entries notice.required that took effect.';

create table publicity.obligation (
  book text not null, obligation text not null, stage text not null, level text not null, place text not null, project text not null,
  entry_seq bigint not null, target_seq bigint not null, on_day date not null, due date, minimum bigint not null, mode text not null, amount bigint not null,
  notice text not null, met_seq bigint, met_on date, ended_seq bigint, ended_how text not null, ended_why text not null,
  constraint obligation_pkey primary key (book, obligation),
  constraint obligation_met check ((met_seq is null) = (met_on is null)),
  constraint obligation_ended check ((ended_seq is null) = (ended_how = ''))
) with (fillfactor = 80);
comment on table publicity.obligation is '公开义务: what must be published of an entry, by whom and when, and the notice that met it. ended_how is waived or reversed.';
create index obligation_target on publicity.obligation (target_seq, book);
create index obligation_entry on publicity.obligation (entry_seq, book);
create index obligation_notice on publicity.obligation (notice, book) where notice <> '';
create index obligation_project on publicity.obligation (project, book) where project <> '';

grant usage on schema publicity to yilu_service;
grant select, insert, update on all tables in schema publicity to yilu_service;

create view rules_v1.notice as
  select book, notice, state, stage, level, channel, place, period, starts, ends, ended, total * 0.01 as total, copied, hung, hung_end, objections, open_objections,
         versions, on_day, posted_seq, current_seq
  from proj.notice;
comment on view rules_v1.notice is '公告、公示: as of now.';
comment on column rules_v1.notice.book is 'The county''s division code.';
comment on column rules_v1.notice.notice is 'Id of the notice.';
comment on column rules_v1.notice.state is 'posted, ended or withdrawn, now.';
comment on column rules_v1.notice.stage is 'P0 to P11.';
comment on column rules_v1.notice.level is 'county, township, village or unit: who publishes.';
comment on column rules_v1.notice.channel is 'portal, board, site or platform.';
comment on column rules_v1.notice.place is 'Division code of the place.';
comment on column rules_v1.notice.period is 'What a statement is of, such as 2020-Q1; empty for none.';
comment on column rules_v1.notice.starts is 'First day.';
comment on column rules_v1.notice.ends is 'Last day, null for what stays, now.';
comment on column rules_v1.notice.ended is 'Day on which it was taken down, null before.';
comment on column rules_v1.notice.total is 'Sum announced, yuan.';
comment on column rules_v1.notice.copied is 'Whether it records what was published elsewhere.';
comment on column rules_v1.notice.hung is 'Proofs of its hanging, but for those of its last day.';
comment on column rules_v1.notice.hung_end is 'Proofs of its last day.';
comment on column rules_v1.notice.objections is 'Objections to it, now.';
comment on column rules_v1.notice.open_objections is 'Objections without an answer, now.';
comment on column rules_v1.notice.versions is 'How many versions it has had.';
comment on column rules_v1.notice.on_day is 'Business day of its posting.';
comment on column rules_v1.notice.posted_seq is 'The entry that posted it.';
comment on column rules_v1.notice.current_seq is 'The entry of its last version.';

create view rules_v1.obligation as
  select book, obligation, stage, level, place, project, entry_seq, target_seq, on_day, due, amount * 0.01 as amount, notice, coalesce(met_seq, -1) as met_seq, met_on,
         coalesce(ended_seq, -1) as ended_seq, ended_how
  from publicity.obligation;
comment on view rules_v1.obligation is '公开义务: what must be published; where met_on is there compare met_seq, where ended_how is, ended_seq with :upto.';
comment on column rules_v1.obligation.book is 'The county''s division code.';
comment on column rules_v1.obligation.obligation is 'Id: stage, level and entry, or stage, level, place and period.';
comment on column rules_v1.obligation.stage is 'P0 to P11.';
comment on column rules_v1.obligation.level is 'county, township, village or unit: who must publish.';
comment on column rules_v1.obligation.place is 'Division code of the place.';
comment on column rules_v1.obligation.project is 'Id of the project, empty for none.';
comment on column rules_v1.obligation.entry_seq is 'The entry from which it arises.';
comment on column rules_v1.obligation.target_seq is 'The entry that the notice has to name.';
comment on column rules_v1.obligation.on_day is 'Day of the act.';
comment on column rules_v1.obligation.due is 'Last day, null where the calendar of the year is not known.';
comment on column rules_v1.obligation.amount is 'Sum to be announced, yuan, 0 for none.';
comment on column rules_v1.obligation.notice is 'Id of the notice that met it, empty for none.';
comment on column rules_v1.obligation.met_seq is 'Its entry, -1 for none.';
comment on column rules_v1.obligation.met_on is 'First day of that notice, null for none.';
comment on column rules_v1.obligation.ended_seq is 'The entry by which it no longer has to be met, -1 for none.';
comment on column rules_v1.obligation.ended_how is 'waived or reversed, empty for neither.';

grant select on rules_v1.notice, rules_v1.obligation to yilu_rule_ro;

reset role;
