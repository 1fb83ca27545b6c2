-- What a project and a tender were before: so that a wrong fact about them (a
-- winner, an acceptance, a cancellation) can be taken back.

-- +goose Up
set local role yilu_owner;

alter table proj.project add column trail text not null default '';
comment on column proj.project.trail is
  'The steps that changed the state, oldest first, each as SEQ:STATE with the entry and the state before it.';
alter table proj.tender add column trail text not null default '';
comment on column proj.tender.trail is
  'As project.trail.';

reset role;
