// Package rowset sends many rows of one table to PostgreSQL as a single
// parameter, an array of the table's own row type:
//
//	insert into proj.fund (…) select … from unnest($1::proj.fund[])
//
// One array of rows costs half of what an array for each column does (14 µs
// against 25 for a payment's twenty columns), and shares the round trip of the
// statements around it, which COPY would not.
package rowset

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Table is how a Go struct stands in a table whose first column is book. Its
// other columns are the struct's fields, named by their db tags, in the same
// order. Fields are strings, int64, bool or []byte by kind; a string goes to a
// column of type date as YYYY-MM-DD or, when empty, NULL; nil bytes are NULL.
type Table[R any] struct {
	Name    string
	Columns []string
	// Insert takes a row set as its only parameter.
	Insert string
}

// Of describes the table of a struct.
func Of[R any](name string) *Table[R] {
	t := &Table[R]{Name: name}
	for f := range reflect.TypeFor[R]().Fields() {
		t.Columns = append(t.Columns, f.Tag.Get("db"))
	}
	list := strings.Join(t.Columns, ", ")
	t.Insert = "insert into " + name + " (book, " + list + ") select book, " + list + " from unnest($1::" + name + "[])"
	return t
}

// Set is the parameter that holds rows of a book.
func (t *Table[R]) Set(book string, rows []*R) any {
	return set{t.Name, t.Columns, book, len(rows), func(n int) reflect.Value { return reflect.ValueOf(rows[n]).Elem() }}
}

// set is rows of one table on their way.
type set struct {
	table   string
	columns []string
	book    string
	rows    int
	value   func(n int) reflect.Value
}

// Learn tells a connection the row types of our tables, once in its life; only
// then does it take row sets. The server numbers its types, so it is asked.
func Learn(ctx context.Context, conn *pgx.Conn) error {
	types := conn.TypeMap()
	if _, known := types.TypeForName("log.entry[]"); known {
		return nil
	}
	rows, err := conn.Query(ctx, `
		select c.relnamespace::regnamespace || '.' || c.relname, t.oid, t.typarray,
			array_agg(a.attname::text order by a.attnum), array_agg(a.atttypid order by a.attnum)
		from pg_type t
		join pg_class c on c.oid = t.typrelid and c.relkind = 'r'
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('log', 'seal', 'proj')
		group by c.oid, t.oid`)
	if err != nil {
		return fmt.Errorf("learn row types: %w", err)
	}
	var name string
	var array uint32
	var c codec
	_, err = pgx.ForEachRow(rows, []any{&name, &c.row, &array, &c.columns, &c.types}, func() error {
		learned := c
		types.RegisterType(&pgtype.Type{Name: name + "[]", OID: array, Codec: &learned})
		c = codec{}
		return nil
	})
	if err != nil {
		return fmt.Errorf("learn row types: %w", err)
	}
	return nil
}
