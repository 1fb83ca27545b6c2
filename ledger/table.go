package ledger

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
)

// row is one row of a projection, keyed by one text column beside the book.
type row interface{ key() string }

// schema is how a row type stands in its table: names and SQL, made once from
// the struct's db tags. The first field is the key.
//
// The load looks each key up by itself (limit 1 keeps it so): "key = any($2)" is planned as a reading
// of the whole book while the table's statistics are young, and a prepared
// statement keeps that plan.
type schema struct {
	read, load, insert, upsert string
	fields                     int
}

// schemaOf derives the SQL of a projection table. Dates are columns of type
// date, NULL when empty; all else maps by its Go kind.
func schemaOf[R row](name string) schema {
	t := reflect.TypeFor[R]()
	var cols, reads, args, puts, sets []string
	for i := range t.NumField() {
		f := t.Field(i)
		col := f.Tag.Get("db")
		if col == "-" {
			continue
		}
		kind, read, put := "text[]", col, "v."+col
		switch {
		case f.Type == reflect.TypeFor[Date]():
			read, put = "coalesce("+col+"::text, '')", "nullif(v."+col+", '')::date"
		case f.Type.Kind() == reflect.Int64:
			kind = "bigint[]"
		case f.Type.Kind() == reflect.Bool:
			kind = "boolean[]"
		case f.Type.Kind() == reflect.Slice:
			kind = "bytea[]"
		}
		cols, reads, puts = append(cols, col), append(reads, read), append(puts, put)
		args = append(args, fmt.Sprintf("$%d::%s", len(args)+2, kind))
		if i > 0 {
			sets = append(sets, col+" = excluded."+col)
		}
	}
	list := strings.Join(cols, ", ")
	insert := "insert into " + name + " (book, " + list + ") select $1, " + strings.Join(puts, ", ") +
		" from unnest(" + strings.Join(args, ", ") + ") as v(" + list + ")"
	read := "select " + strings.Join(reads, ", ") + " from " + name
	return schema{
		fields: len(cols),
		read:   read,
		load: "select " + strings.Join(reads, ", ") + " from unnest($2::text[]) as w(wanted) cross join lateral (select " + list +
			" from " + name + " where book = $1 and " + cols[0] + " = w.wanted limit 1) as v",
		insert: insert,
		upsert: insert + " on conflict (book, " + cols[0] + ") do update set " + strings.Join(sets, ", "),
	}
}

// table holds the rows of one projection that a group reads or changes. A key
// with a nil row is known to be absent; a key not in rows has not been asked.
type table[R row] struct {
	s    *state
	sql  schema
	rows map[string]*R
	want map[string]struct{}
	// added and dirty are the keys to write: new rows, which need no look for a
	// conflict, and changed ones.
	added, dirty map[string]struct{}
}

func newTable[R row](s *state, sql schema) *table[R] {
	return &table[R]{s: s, sql: sql, rows: map[string]*R{}, want: map[string]struct{}{}, added: map[string]struct{}{}, dirty: map[string]struct{}{}}
}

// missing unwinds judging when a row is needed that was not loaded: the group
// loads it and judges again from the start.
type missing struct{}

// get returns the row or nil. Before judging it only notes what to load.
func (t *table[R]) get(key string) *R {
	r, known := t.rows[key]
	if !known {
		t.want[key] = struct{}{}
		if t.s.judging {
			panic(missing{})
		}
	}
	return r
}

// edit returns the row to be changed in place and remembers how to undo that.
func (t *table[R]) edit(key string) *R {
	r := t.get(key)
	old := *r
	t.s.undo = append(t.s.undo, func() { *r = old })
	if _, isNew := t.added[key]; !isNew {
		t.dirty[key] = struct{}{}
	}
	return r
}

// add puts a new row where there is none, or where what is being judged will be
// refused. Undoing brings back whatever was known of the key: a refused entry
// must not make a row unknown that another one wrote.
func (t *table[R]) add(key string, v R) {
	old, known := t.rows[key]
	_, wasAdded := t.added[key]
	t.rows[key] = &v
	t.added[key] = struct{}{}
	t.s.undo = append(t.s.undo, func() {
		if t.rows[key] = old; !known {
			delete(t.rows, key)
		}
		if !wasAdded {
			delete(t.added, key)
		}
	})
}

// queueLoad asks for every wanted row in the batch and reports how many.
func (t *table[R]) queueLoad(b *pgx.Batch, book Book) int {
	if len(t.want) == 0 {
		return 0
	}
	keys := make([]string, 0, len(t.want))
	for k := range t.want {
		keys = append(keys, k)
	}
	b.Queue(t.sql.load, book, keys).Query(func(rows pgx.Rows) error {
		got, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[R])
		if err != nil {
			return err
		}
		for k := range t.want {
			t.rows[k] = nil
		}
		for _, r := range got {
			t.rows[(*r).key()] = r
		}
		clear(t.want)
		return nil
	})
	return len(keys)
}

// queueSave writes the new rows in one statement and the changed ones in
// another.
func (t *table[R]) queueSave(b *pgx.Batch, book Book) {
	t.queueWrite(b, book, t.sql.insert, t.added)
	t.queueWrite(b, book, t.sql.upsert, t.dirty)
}

func (t *table[R]) queueWrite(b *pgx.Batch, book Book, sql string, keys map[string]struct{}) {
	rows := make([]*R, 0, len(keys))
	for k := range keys {
		if r := t.rows[k]; r != nil { // else it was undone
			rows = append(rows, r)
		}
	}
	clear(keys)
	if len(rows) > 0 {
		b.Queue(sql, append([]any{book}, columns(rows, t.sql.fields)...)...)
	}
}

func (t *table[R]) size() int { return len(t.rows) }

// columns turns rows into one slice per field, as unnest takes them.
func columns[R any](rows []*R, fields int) []any {
	cols := make([]any, fields)
	t := reflect.TypeFor[R]()
	for i := range fields {
		switch t.Field(i).Type.Kind() {
		case reflect.String:
			col := make([]string, len(rows))
			for n, r := range rows {
				col[n] = reflect.ValueOf(r).Elem().Field(i).String()
			}
			cols[i] = col
		case reflect.Int64:
			col := make([]int64, len(rows))
			for n, r := range rows {
				col[n] = reflect.ValueOf(r).Elem().Field(i).Int()
			}
			cols[i] = col
		case reflect.Bool:
			col := make([]bool, len(rows))
			for n, r := range rows {
				col[n] = reflect.ValueOf(r).Elem().Field(i).Bool()
			}
			cols[i] = col
		default:
			col := make([][]byte, len(rows))
			for n, r := range rows {
				col[n] = reflect.ValueOf(r).Elem().Field(i).Bytes()
			}
			cols[i] = col
		}
	}
	return cols
}

// querier is what reading needs: a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}
