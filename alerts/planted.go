package alerts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/alerts/rule"
	"yilu/alerts/rule/gate"
)

// PlantedSweeps runs the tests of sweeps in a database: the rows that a test gives
// stand in for the views, as expressions of the query, so that nothing is written and
// no right is needed but the sweep's own.
func PlantedSweeps(ctx context.Context, pool *pgxpool.Pool) gate.Sweeps {
	return func(r *rule.Compiled, a rule.Act, p gate.Planted) (results []rule.Result, err error) {
		if len(p.Given) > 0 {
			return nil, gate.ErrNotRun
		}
		q, state, reason := r.Query(a, p.Upto)
		switch state {
		case rule.NotApplicable:
			return nil, nil
		case rule.NotEvaluable:
			return []rule.Result{{Code: r.Code, Version: r.Version, State: state, Reason: reason}}, nil
		}
		err = readViews(ctx, pool, func(tx pgx.Tx) error {
			if err := plant(ctx, tx, &q, a.Book, p.Rows); err != nil {
				return err
			}
			results, err = judgeRows(ctx, tx, r, a, q)
			return err
		})
		return results, err
	}
}

// judgeRows runs a query and turns its rows into verdicts.
func judgeRows(ctx context.Context, tx pgx.Tx, r *rule.Compiled, a rule.Act, q rule.Query) ([]rule.Result, error) {
	rows, err := readRows(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	results := make([]rule.Result, len(rows))
	for i, row := range rows {
		if results[i], err = r.Found(a, row); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// views are the columns of the views that a query names, with their types.
func views(ctx context.Context, tx pgx.Tx, sql string) (map[string]map[string]string, error) {
	rows, err := tx.Query(ctx, `
		select c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
		from pg_catalog.pg_class c
		join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0
		where c.relnamespace = 'rules_v1'::regnamespace and c.relkind = 'v'`)
	if err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	all := map[string]map[string]string{}
	var view, column, of string
	if _, err := pgx.ForEachRow(rows, []any{&view, &column, &of}, func() error {
		if all[view] == nil {
			all[view] = map[string]string{}
		}
		all[view][column] = of
		return nil
	}); err != nil {
		return nil, fmt.Errorf("list views: %w", err)
	}
	named := map[string]map[string]string{}
	for _, found := range source.FindAllStringSubmatch(sql, -1) {
		if view := strings.ToLower(found[1]); all[view] != nil {
			named[view] = all[view]
		}
	}
	return named, nil
}

// source is what a query reads from.
var source = regexp.MustCompile(`(?i)(?:from|join)\s+(\w+)`)

// plant puts rows before a query as expressions with the names of the views.
func plant(ctx context.Context, tx pgx.Tx, q *rule.Query, book string, planted []map[string]string) error {
	named, err := views(ctx, tx, q.SQL)
	if err != nil {
		return err
	}
	var with []string
	for _, view := range slices.Sorted(maps.Keys(named)) {
		nothing := map[string]any{"book": book}
		for column, of := range named[view] {
			switch {
			case column == "book":
			case column == "effective":
				nothing[column] = true
			case of == "boolean":
				nothing[column] = false
			case of == "text":
				nothing[column] = ""
			case of == "bigint" || of == "integer" || of == "numeric":
				nothing[column] = 0
			}
		}
		rows := []map[string]string{}
		for _, row := range planted {
			if row[""] != view {
				continue
			}
			one := maps.Clone(row)
			delete(one, "")
			for column := range one {
				if named[view][column] == "" {
					return fmt.Errorf("view %s has no column %s", view, column)
				}
			}
			rows = append(rows, one)
		}
		base, errBase := json.Marshal(nothing)
		list, errList := json.Marshal(rows)
		if err := errors.Join(errBase, errList); err != nil {
			return fmt.Errorf("plant rows of %s: %w", view, err)
		}
		columns := strings.Join(slices.Sorted(maps.Keys(named[view])), ", ")
		first, second := "$"+strconv.Itoa(len(q.Args)+1), "$"+strconv.Itoa(len(q.Args)+2)
		with = append(with, view+" as materialized (select "+columns+" from json_populate_recordset(json_populate_record(null::rules_v1."+view+", "+first+"::json), "+second+"::json))")
		q.Args = append(q.Args, string(base), string(list))
	}
	for _, row := range planted {
		if named[row[""]] == nil {
			return fmt.Errorf("the sweep reads no view %s", row[""])
		}
	}
	head := "with " + strings.Join(with, ", ")
	if rest, ok := strings.CutPrefix(strings.TrimSpace(q.SQL), "with "); ok {
		q.SQL = head + ", " + rest
	} else {
		q.SQL = head + " " + q.SQL
	}
	return nil
}
