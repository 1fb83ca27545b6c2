-- No DDL by anyone but a superuser: a speed bump and an alarm, not the proof.
--
-- A guard that looks at what was changed has holes: of CREATE RULE, TRIGGER,
-- POLICY and GRANT an event trigger is not told the schema; a table that
-- INHERITS from log.entry lies elsewhere, and ALTER TABLE SET SCHEMA and ALTER
-- SCHEMA RENAME leave no name to match. So every DDL command is refused, whatever
-- it is about, by who has logged in: session_user, which SET ROLE leaves alone and
-- only a superuser can set. It also holds against yilu_owner, should the role ever
-- get a member.
--
-- The guard at the end of a command and the one at drops do the same: they are
-- the second net if one is taken away. No event trigger sees REASSIGN OWNED (which
-- only changes owners), roles, databases or event triggers; nor is a superuser
-- stopped. What he does shows in the fingerprint of the schema (audit.CheckSchema).
--
-- Event triggers need a superuser to make them. On a rented PostgreSQL, where the
-- migrating user is none, they are left out: the fingerprint says so.

-- +goose Up

-- Its owner is who migrates, not yilu_owner, who could otherwise exchange it.
-- +goose StatementBegin
create function log.refuse_ddl() returns event_trigger
language plpgsql set search_path = pg_catalog as $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = session_user and rolsuper) then
    raise exception '% is refused: only migrations change the schema', tg_tag
      using errcode = 'insufficient_privilege';
  end if;
end
$$;
-- +goose StatementEnd
revoke all on function log.refuse_ddl() from public;

-- +goose StatementBegin
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = session_user and rolsuper) then
    raise notice 'not a superuser: the guards against DDL are left out';
    return;
  end if;
  create event trigger yilu_ddl_start on ddl_command_start execute function log.refuse_ddl();
  create event trigger yilu_ddl_end on ddl_command_end execute function log.refuse_ddl();
  create event trigger yilu_ddl_drop on sql_drop execute function log.refuse_ddl();
  alter event trigger yilu_ddl_start enable always;
  alter event trigger yilu_ddl_end enable always;
  alter event trigger yilu_ddl_drop enable always;
end
$$;
-- +goose StatementEnd
