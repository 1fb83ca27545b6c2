-- Statistics before the first sweep: a county that was loaded a moment ago, or rebuilt, is
-- planned for as if it were empty until autovacuum comes by, and a join of two lists of
-- households then takes minutes.

-- +goose Up
set local role yilu_owner;

-- +goose StatementBegin
create function proj.measure_new() returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
  fresh regclass;
begin
  for fresh in
    select oid from pg_class where relnamespace = 'proj'::regnamespace and relkind = 'r' and reltuples < 0 and pg_relation_size(oid) > 0
  loop
    execute format('analyze %s', fresh);
  end loop;
end
$$;
-- +goose StatementEnd
comment on function proj.measure_new is 'Gives the planner statistics of the tables that have rows and none yet.';
revoke all on function proj.measure_new from public;
grant execute on function proj.measure_new to yilu_service;

reset role;
