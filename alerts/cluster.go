package alerts

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Cluster counts the warnings about one project, payee or household.
type Cluster struct {
	// Key is the project's id or the payee's key, which may be that of a private person.
	Key string `db:"key"`
	// Active counts those that are not yet ended, All every one.
	Active int64 `db:"active"`
	All    int64 `db:"all_of"`
	// Red counts the active ones of the highest level.
	Red int64 `db:"red"`
	// Example is the newest of them: it stands for a person whom no address may name.
	Example string `db:"example"`
}

// mostClusters is how many are shown, those with the most first.
const mostClusters = 50

// clusters are the ways of putting warnings together besides by their rule. Lines of
// grants are found by the entry that a warning is about.
var clusters = map[string]struct{ key, from, where string }{
	"project": {"c.project", "", " and c.project <> ''"},
	"payee":   {"c.payee", "", " and c.payee <> '' and c.payee not like 'g-%'"},
	"household": {"coalesce(l.person, c.payee)",
		" left join rules_v1.grant_line l on l.book = c.book and l.payment = c.subject[1] and l.seq = c.entry_seq and c.payee like 'g-%'",
		" and (coalesce(l.person, '') <> '' or c.payee like 'p-%')"},
}

// Ways lists the ways in which Clusters can put warnings together.
func Ways() []string { return []string{"project", "payee", "household"} }

// Clusters counts the warnings of a filter by project, payee or household, whichever is
// asked for: those with the most active ones first.
func Clusters(ctx context.Context, q querier, book ledger.Book, f Filter, by string) ([]Cluster, error) {
	way, ok := clusters[by]
	if !ok {
		return nil, fmt.Errorf("put warnings together by %q: %w", by, ledger.ErrNotFound)
	}
	condition, args := f.condition(book)
	args = append(args, mostClusters)
	sql := `
		select key, count(*) filter (where active) as active, count(*) as all_of, count(*) filter (where active and level = 'red') as red,
			(array_agg(alert order by raised_seq desc))[1] as example
		from (
			select ` + way.key + ` as key, c.alert, c.level, c.raised_seq, c.state not in ('dismissed', 'closed', 'recorded') as active
			from alert.current c` + way.from + condition + way.where + `
		) one
		group by key order by active desc, all_of desc, key limit $` + fmt.Sprint(len(args))
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("count warnings by %s: %w", by, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Cluster])
	if err != nil {
		return nil, fmt.Errorf("count warnings by %s: %w", by, err)
	}
	return list, nil
}

// PersonOf is the key of the private person that a warning is about: of a line of a
// grant, or of a payment to one; "" for none.
func PersonOf(ctx context.Context, q querier, book ledger.Book, alert string) (string, error) {
	rows, err := q.Query(ctx, `
		select coalesce(l.person, case when c.payee like 'p-%' then c.payee else '' end)
		from alert.current c
		left join rules_v1.grant_line l on l.book = c.book and l.payment = c.subject[1] and l.seq = c.entry_seq
		where c.book = $1 and c.alert = $2`, book, alert)
	if err != nil {
		return "", fmt.Errorf("find person of warning %s: %w", alert, err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", fmt.Errorf("find person of warning %s: %w", alert, err)
	}
	return slices.Max(append(keys, "")), nil
}
