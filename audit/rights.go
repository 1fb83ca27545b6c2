package audit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ExcessRights names what the login of q may do and the server must not be able to:
// changing or removing what is in the log, by a right on a table, as its owner, or as
// one whom no right binds. Nothing means that it can only read and append.
func ExcessRights(ctx context.Context, q Querier) ([]string, error) {
	rows, err := q.Query(ctx, `
		select may from (
			select verb || ' on ' || name as may
			from unnest(array['log.entry', 'log.head', 'log.checkpoint', 'log.cosignature']) as t (name),
				unnest(array['update', 'delete', 'truncate']) as v (verb)
			where pg_catalog.has_table_privilege(name, verb)
			union all
			select 'update of column on ' || name from unnest(array['log.entry', 'log.checkpoint', 'log.cosignature']) as t (name)
			where pg_catalog.has_any_column_privilege(name, 'update') and not pg_catalog.has_table_privilege(name, 'update')
			union all
			select 'is a member of yilu_owner' where pg_catalog.pg_has_role('yilu_owner', 'member')
			union all
			select unnest(array_remove(array[case when rolsuper then 'is a superuser' end, case when rolcreaterole then 'creates roles' end,
				case when rolbypassrls then 'bypasses row security' end, case when rolreplication then 'replicates' end], null))
			from pg_catalog.pg_roles where rolname = current_user
		) as r order by may`)
	if err != nil {
		return nil, fmt.Errorf("read rights: %w", err)
	}
	may, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read rights: %w", err)
	}
	return may, nil
}
