-- Roles and schemas: who may touch what, before there is anything to touch.
--
-- yilu_owner    owns every schema and table and cannot log in, so that no
--               connection of ours may alter or drop what it uses.
-- yilu_service  is the server's login. It owns nothing; each later migration
--               grants it exactly the verbs it needs on each table.
--
-- Roles belong to the whole cluster, schemas to one database. Two databases of
-- one cluster may be migrated at the same moment, and advisory locks do not
-- reach from one database to the other, so a role that appears while we create
-- it is not an error.

-- +goose Up

-- +goose StatementBegin
do $$
declare
  me text := current_user;
begin
  perform pg_advisory_xact_lock(hashtext('yilu.roles'));

  if not exists (select from pg_roles where rolname = 'yilu_owner') then
    begin
      create role yilu_owner nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not exists (select from pg_roles where rolname = 'yilu_service') then
    begin
      create role yilu_service login;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;

  -- A superuser may act as yilu_owner anyway and stays out of its members.
  -- Anyone else needs membership with SET, which from PostgreSQL 16 on a
  -- CREATEROLE user no longer has in the roles it created; a plain GRANT gives
  -- it on every version.
  if not (select rolsuper from pg_roles where rolname = me) then
    begin
      execute format('grant yilu_owner to %I', me);
    exception when unique_violation then null;
    end;
  end if;
end
$$;
-- +goose StatementEnd

-- Nothing for PUBLIC: no connecting, no temporary tables, no lookups in public.
-- +goose StatementBegin
do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to yilu_service', current_database());
  execute format('grant create on database %I to yilu_owner', current_database());
end
$$;
-- +goose StatementEnd
revoke all on schema public from public;

alter default privileges for role yilu_owner revoke all on functions from public;
alter default privileges for role yilu_owner revoke all on types from public;

create schema log authorization yilu_owner;
comment on schema log is
  'The append-only log: heads, entries, hashes, checkpoints. Rows are inserted and never changed or removed.';

create schema proj authorization yilu_owner;
comment on schema proj is
  'Projections: everything that can be dropped and computed again from schema log with the same result.';

create schema seal authorization yilu_owner;
comment on schema seal is
  'Private fields behind the commitments of the log: the only rows that may ever be erased.';

-- Per-table rights are granted where each table is created.
grant usage on schema log, proj, seal to yilu_service;

-- The version table: the server reads it to refuse a schema it does not know,
-- and a migration that runs as yilu_owner has to record itself in it.
grant usage on schema public to yilu_owner, yilu_service;
grant select on public.goose_db_version to yilu_owner, yilu_service;
grant insert on public.goose_db_version to yilu_owner;
