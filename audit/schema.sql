-- Everything that guards the log, one line each. Names of superusers differ from
-- place to place and are written "superuser". What an owner may do with what it
-- owns is left out: version 17 has a right more than 16.
with
  who as (
    select oid, case when rolsuper then 'superuser' else rolname end as name from pg_catalog.pg_roles
  ),
  space as (
    select oid, nspname, nspowner, nspacl from pg_catalog.pg_namespace where nspname in ('log', 'seal')
  ),
  relation as (
    select c.oid, s.nspname || '.' || c.relname as name, c.relkind, c.relowner, c.relpersistence, c.relrowsecurity,
           c.relforcerowsecurity, c.relacl, c.relispartition
    from pg_catalog.pg_class c join space s on s.oid = c.relnamespace
  ),
  line (text) as (
    select 'schema ' || nspname || ' of ' || who.name from space join who on who.oid = nspowner
    union all
    select 'relation ' || r.name || ' ' || r.relkind::text || ' of ' || who.name || ' ' || r.relpersistence::text
           || case when r.relrowsecurity then ' row security' else '' end || case when r.relispartition then ' partition' else '' end
    from relation r join who on who.oid = r.relowner
    union all
    select 'column ' || r.name || '.' || a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
           || case when a.attnotnull then ' not null' else '' end
           -- an instant is printed by the session's time zone
           || coalesce(case when a.atttypid = 'timestamptz'::pg_catalog.regtype then ' default' else ' default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) end, '')
    from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
    where r.relkind in ('r', 'p', 'v', 'm', 'f')
    union all
    select 'child ' || i.inhrelid::pg_catalog.regclass::text || ' of ' || r.name
    from pg_catalog.pg_inherits i join relation r on r.oid = i.inhparent
    union all
    select 'trigger on ' || r.name || ': ' || case when t.tgisinternal then 'of ' || coalesce(k.conname, '') || ' ' || t.tgfoid::pg_catalog.regproc::text
           else pg_catalog.pg_get_triggerdef(t.oid) end || ' [' || t.tgenabled::text || ']'
    from pg_catalog.pg_trigger t join relation r on r.oid = t.tgrelid left join pg_catalog.pg_constraint k on k.oid = t.tgconstraint
    union all
    select 'event trigger ' || e.evtname || ' on ' || e.evtevent || ' ' || e.evtfoid::pg_catalog.regproc::text || ' [' || e.evtenabled::text || '] of ' || who.name
           || coalesce(' ' || e.evttags::text, '')
    from pg_catalog.pg_event_trigger e join who on who.oid = e.evtowner
    union all
    select 'rule on ' || r.name || ': ' || pg_catalog.pg_get_ruledef(w.oid) || ' [' || w.ev_enabled::text || ']'
    from pg_catalog.pg_rewrite w join relation r on r.oid = w.ev_class
    union all
    select 'policy on ' || r.name || ': ' || p.polname || ' ' || p.polcmd::text || coalesce(' using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid), '')
           || coalesce(' check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '')
    from pg_catalog.pg_policy p join relation r on r.oid = p.polrelid
    union all
    select 'constraint on ' || r.name || ': ' || k.conname || ' ' || pg_catalog.pg_get_constraintdef(k.oid) || case when k.convalidated then '' else ' not validated' end
    from pg_catalog.pg_constraint k join relation r on r.oid = k.conrelid
    where k.contype <> 'n' -- since version 18; see the columns
    union all
    select 'index on ' || r.name || ': ' || pg_catalog.pg_get_indexdef(i.indexrelid) || case when i.indisvalid and i.indisready then '' else ' invalid' end
    from pg_catalog.pg_index i join relation r on r.oid = i.indrelid
    union all
    select 'function ' || p.oid::pg_catalog.regprocedure::text || ' of ' || who.name || ' in ' || l.lanname || ' source ' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p.prosrc, 'UTF8')), 'hex')
           || coalesce(' with ' || p.proconfig::text, '') || case when p.prosecdef then ' security definer' else '' end
    from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace join who on who.oid = p.proowner join pg_catalog.pg_language l on l.oid = p.prolang
    union all
    select 'right on schema ' || s.nspname || ': ' || a.privilege_type || ' to ' || coalesce(who.name, 'public')
    from space s, pg_catalog.aclexplode(s.nspacl) a left join who on who.oid = a.grantee
    where a.grantee <> s.nspowner
    union all
    select 'right on ' || r.name || ': ' || a.privilege_type || ' to ' || coalesce(who.name, 'public') || case when a.is_grantable then ' grantable' else '' end
    from relation r, pg_catalog.aclexplode(r.relacl) a left join who on who.oid = a.grantee
    where a.grantee <> r.relowner
    union all
    select 'right on ' || r.name || '.' || c.attname || ': ' || a.privilege_type || ' to ' || coalesce(who.name, 'public') || case when a.is_grantable then ' grantable' else '' end
    from relation r join pg_catalog.pg_attribute c on c.attrelid = r.oid, pg_catalog.aclexplode(c.attacl) a left join who on who.oid = a.grantee
    where a.grantee <> r.relowner
    union all
    select 'right on function ' || p.oid::pg_catalog.regprocedure::text || ': ' || a.privilege_type || ' to ' || coalesce(who.name, 'public')
    from pg_catalog.pg_proc p join space s on s.oid = p.pronamespace,
         pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a left join who on who.oid = a.grantee
    where a.grantee <> p.proowner
    union all
    select 'right on database: ' || a.privilege_type || ' to ' || coalesce(who.name, 'public')
    from pg_catalog.pg_database d, pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a left join who on who.oid = a.grantee
    where d.datname = pg_catalog.current_database() and a.grantee <> d.datdba
    union all
    select 'default right of ' || who.name || coalesce(' in ' || n.nspname, '') || ' on ' || d.defaclobjtype::text || ': '
           || coalesce((select pg_catalog.string_agg(a.privilege_type || ' to ' || coalesce(g.name, 'public'), ', ' order by a.privilege_type)
                        from pg_catalog.aclexplode(d.defaclacl) a left join who g on g.oid = a.grantee where a.grantee <> d.defaclrole), 'none')
    from pg_catalog.pg_default_acl d join who on who.oid = d.defaclrole left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
    union all
    select 'role ' || rolname || case when rolcanlogin and rolname = 'yilu_owner' then ' can log in' else '' end
           || case when rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication then ' is powerful' else '' end
    from pg_catalog.pg_roles where rolname in ('yilu_owner', 'yilu_service', 'yilu_signer')
    union all
    select 'member of ' || g.rolname || ': ' || coalesce(who.name, '?')
    from pg_catalog.pg_auth_members m join pg_catalog.pg_roles g on g.oid = m.roleid left join who on who.oid = m.member
    where g.rolname in ('yilu_owner', 'yilu_service', 'yilu_signer')
      -- roles are of the whole cluster; another county's people cannot come in here
      and pg_catalog.has_database_privilege(m.member, pg_catalog.current_database(), 'connect')
    union all
    select 'yilu role in ' || g.rolname || ': ' || r.rolname
    from pg_catalog.pg_auth_members m join pg_catalog.pg_roles r on r.oid = m.member join pg_catalog.pg_roles g on g.oid = m.roleid
    where r.rolname in ('yilu_owner', 'yilu_service', 'yilu_signer')
  )
select replace(text, e'\n', '\n') as text from line order by text collate "C"
