-- What projects and places are called, sheets, roles, white lists and the roles in which
-- entries were made, for sweeps over names and over how the book is kept.

-- +goose Up
set local role yilu_owner;

create or replace view rules_v1.project as
  select p.book, p.project, p.state, p.type, p.subtype, p.place, p.unit, p.document, p.start_day, p.finish_day, p.beneficiaries,
         p.listed_seq, p.approved_seq, p.exempted_seq,
         t.budget * 0.01 as budget, t.allocated * 0.01 as allocated, t.requested * 0.01 as requested, t.paid * 0.01 as paid, t.contracts * 0.01 as contracts,
         p.name, p.place_name, p.content
  from proj.project p left join proj.project_total t on t.book = p.book and t.project = p.project;
comment on column rules_v1.project.name is 'What the project is called, now.';
comment on column rules_v1.project.place_name is 'What its entry calls the place, now.';
comment on column rules_v1.project.content is 'What is to be done (建设内容), now.';

create view rules_v1.place as
  select book, place, name, seq, at_seq
  from proj.place;
comment on view rules_v1.place is '区划名称: what places are called, as of now; a place that nobody has named is not there.';
comment on column rules_v1.place.book is 'The county''s division code.';
comment on column rules_v1.place.place is 'Division code; a township''s ends in 000.';
comment on column rules_v1.place.name is 'Its name, now.';
comment on column rules_v1.place.seq is 'The entry that named it.';
comment on column rules_v1.place.at_seq is 'The entry by which the name took effect.';

create or replace view rules_v1.entry as
  select e.book, e.seq, l.leaf ->> 'kind' as kind, (l.leaf ->> 'on')::date as on_day, (l.leaf ->> 'at')::timestamptz as at,
         l.leaf -> 'by' ->> 'user' as by_user, l.leaf -> 'by' ->> 'unit' as by_unit, l.leaf -> 'by' ->> 'role' as by_role
  from log.entry e cross join lateral (select convert_from(e.leaf, 'UTF8')::json as leaf offset 0) l;
comment on column rules_v1.entry.by_role is 'The role acted in.';

create view rules_v1.sheet as
  select book, submission, form, maker, seq, first_seq, last_seq
  from proj.submission
  where file <> '';
comment on view rules_v1.sheet is '导入的表: a submission whose entries came in a file, whatever became of it.';
comment on column rules_v1.sheet.book is 'The county''s division code.';
comment on column rules_v1.sheet.submission is 'Id of the submission.';
comment on column rules_v1.sheet.form is 'The sheet''s form, such as payment.';
comment on column rules_v1.sheet.maker is 'Account of who handed it in.';
comment on column rules_v1.sheet.seq is 'Its entry.';
comment on column rules_v1.sheet.first_seq is 'The first entry that came in it.';
comment on column rules_v1.sheet.last_seq is 'The last one.';

create view rules_v1.role as
  select book, grant_id, person, role, unit, area, seq, at_seq, revoked_seq
  from proj.role;
comment on view rules_v1.role is '授权: one role that an account was given. Taken back as of now.';
comment on column rules_v1.role.book is 'The county''s division code.';
comment on column rules_v1.role.grant_id is 'Id of the grant.';
comment on column rules_v1.role.person is 'The account.';
comment on column rules_v1.role.role is 'The role, such as maker.';
comment on column rules_v1.role.unit is 'The unit acted for.';
comment on column rules_v1.role.area is 'Division code that it is held to, empty for the county.';
comment on column rules_v1.role.seq is 'Its entry.';
comment on column rules_v1.role.at_seq is 'The entry by which it took effect.';
comment on column rules_v1.role.revoked_seq is 'The entry that took it back, -1 for none, now.';

create view rules_v1.exemption as
  select r.book, c.change -> 'exemption' ->> 'code' as code, c.change -> 'exemption' ->> 'fact' as fact, c.change -> 'exemption' ->> 'text' as text,
         c.change -> 'exemption' ->> 'basis' as basis, (c.change ->> 'entry')::bigint as seq, (c.change ->> 'seq')::bigint as at_seq
  from proj.rulebook r
  cross join lateral json_array_elements(convert_from(r.rules, 'UTF8')::json) as c(change)
  where r.rulebook = 'history' and c.change -> 'exemption' is not null;
comment on view rules_v1.exemption is '白名单: what was put on the white list of a rule.';
comment on column rules_v1.exemption.book is 'The county''s division code.';
comment on column rules_v1.exemption.code is 'Code of the rule.';
comment on column rules_v1.exemption.fact is 'The input that has the text, such as project.id.';
comment on column rules_v1.exemption.text is 'A project''s id, a firm''s code, or a word.';
comment on column rules_v1.exemption.basis is 'The document that says so.';
comment on column rules_v1.exemption.seq is 'Its entry.';
comment on column rules_v1.exemption.at_seq is 'The entry by which it took effect.';

create view rules_v1.freed as
  select v.book, v.at_seq, v.entry_seq, f.finding ->> 'code' as code, f.finding ->> 'suppressed_by' as basis
  from proj.verdict v
  cross join lateral json_array_elements(coalesce(convert_from(v.note, 'UTF8')::json -> 'findings', '[]'::json)) as f(finding)
  where f.finding ->> 'state' = 'flag' and f.finding ->> 'suppressed_by' <> '';
comment on view rules_v1.freed is 'Entries that the white list of a rule let pass. Of a hit only that is shown: no rule builds on what another says of people.';
comment on column rules_v1.freed.book is 'The county''s division code.';
comment on column rules_v1.freed.at_seq is 'The entry by which the judged one took effect.';
comment on column rules_v1.freed.entry_seq is 'The entry that was judged.';
comment on column rules_v1.freed.code is 'Code of the rule.';
comment on column rules_v1.freed.basis is 'The basis of the line of the white list.';

-- What names have in common, as alerts/formula compares them: NFKC, small letters, no
-- blanks, padded as pg_trgm pads a word. That extension may be missing on a rented
-- PostgreSQL, and it leaves out what it takes for punctuation.
create function rules_v1.trigrams(name text) returns text[]
language sql immutable strict parallel safe set search_path = pg_catalog as $$
  select array(
    select distinct substr(p.padded, i, 3)
    from (select '  ' || n.normal || ' ' as padded from (select regexp_replace(lower(normalize(name, NFKC) collate "C"), '\s', '', 'g') as normal) n where n.normal <> '') p
    cross join generate_series(1, length(p.padded) - 2) as i)
$$;
comment on function rules_v1.trigrams(text) is 'The runs of three characters of a name, each once; of an empty one none.';

grant select on rules_v1.place, rules_v1.sheet, rules_v1.role, rules_v1.exemption, rules_v1.freed to yilu_rule_ro;
grant execute on function rules_v1.trigrams(text) to yilu_rule_ro, yilu_service;

reset role;
