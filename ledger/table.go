package ledger

import (
	"context"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/audit/rowset"
)

// row is one row of a projection, keyed by one text column beside the book.
type row interface{ key() string }

// schema is how a row type stands in its table: names and SQL, made once from
// the struct's db tags. The first field is the key.
//
// The load looks each key up by itself (limit 1 keeps it so): "key = any($2)" is planned as a reading
// of the whole book while the table's statistics are young, and a prepared
// statement keeps that plan. For an array PostgreSQL plans each time anew, though, which
// costs more than reading a row: whoever asks for one key has find.
type schema[R any] struct {
	*rowset.Table[R]
	read, find, load, upsert string
}

// schemaOf derives the SQL of a projection table.
func schemaOf[R any](name string) schema[R] {
	s := schema[R]{Table: rowset.Of[R](name)}
	reads := make([]string, len(s.Columns))
	sets := make([]string, len(s.Columns))
	for i, col := range s.Columns {
		reads[i], sets[i] = col, col+" = excluded."+col
		if reflect.TypeFor[R]().Field(i).Type == reflect.TypeFor[Date]() {
			reads[i] = "coalesce(" + col + "::text, '')"
		}
	}
	key := s.Columns[0]
	s.read = "select " + strings.Join(reads, ", ") + " from " + name
	s.find = s.read + " where book = $1 and " + key + " = $2"
	s.load = "select " + strings.Join(reads, ", ") + " from unnest($2::text[]) as w(wanted) cross join lateral (select " + strings.Join(s.Columns, ", ") +
		" from " + name + " where book = $1 and " + key + " = w.wanted limit 1) as v"
	s.upsert = s.Insert + " on conflict (book, " + key + ") do update set " + strings.Join(sets[1:], ", ")
	return s
}

// table holds the rows of one projection that a group reads or changes. A key
// with a nil row is known to be absent; a key not in rows has not been asked.
type table[R row] struct {
	s    *state
	sql  schema[R]
	rows map[string]*R
	want map[string]struct{}
	// added and dirty are the keys to write: new rows, which need no look for a
	// conflict, and changed ones.
	added, dirty map[string]struct{}
}

func newTable[R row](s *state, sql schema[R]) *table[R] {
	return &table[R]{s: s, sql: sql, rows: map[string]*R{}, want: map[string]struct{}{}, added: map[string]struct{}{}, dirty: map[string]struct{}{}}
}

// missing unwinds judging when a row is needed that was not loaded: the group
// loads it and judges again from the start.
type missing struct{}

// get returns the row or nil. Before judging it only notes what to load.
func (t *table[R]) get(key string) *R {
	r, known := t.rows[key]
	if !known && !t.s.whole {
		t.want[key] = struct{}{}
		t.s.asked++
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
func (t *table[R]) add(key string, v R) *R {
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
	return &v
}

// queueLoad asks for every wanted row in the batch. Once the batch has been
// read, the function it returns puts the rows into the table; it is nil when
// nothing is wanted.
func (t *table[R]) queueLoad(b *pgx.Batch, book Book) (keep func()) {
	if len(t.want) == 0 {
		return nil
	}
	keys := make([]string, 0, len(t.want))
	for k := range t.want {
		keys = append(keys, k)
	}
	clear(t.want)
	var got []*R
	b.Queue(t.sql.load, book, keys).Query(func(rows pgx.Rows) (err error) {
		got, err = pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[R])
		return err
	})
	return func() {
		for _, k := range keys {
			t.rows[k] = nil
		}
		for _, r := range got {
			t.rows[(*r).key()] = r
		}
	}
}

// save writes the new rows and the changed ones.
func (t *table[R]) save(ctx context.Context, w *writer) error {
	if err := writeRows(ctx, w, t.sql.Table, t.sql.Insert, t.take(t.added)); err != nil {
		return err
	}
	return writeRows(ctx, w, t.sql.Table, t.sql.upsert, t.take(t.dirty))
}

// take empties a set of keys and returns their rows.
func (t *table[R]) take(keys map[string]struct{}) []*R {
	rows := make([]*R, 0, len(keys))
	for k := range keys {
		if r := t.rows[k]; r != nil { // else it was undone
			rows = append(rows, r)
		}
	}
	clear(keys)
	return rows
}

func (t *table[R]) settle() {
	clear(t.added)
	clear(t.dirty)
}

func (t *table[R]) size() int { return len(t.rows) }

// querier is what reading needs: a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}
