package ledger

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// rowSet is many rows of one table on their way to PostgreSQL as a single
// parameter, an array of the table's own row type:
//
//	insert into proj.fund (…) select … from unnest($1::proj.fund[])
//
// One array of rows costs half of what an array for each column does, and needs
// no round trip of its own as COPY would.
type rowSet struct {
	schema *schema
	book   Book
	rows   int
	// value returns the nth row's struct.
	value func(n int) reflect.Value
}

// rowSetOf sends rows of type R.
func rowSetOf[R any](s *schema, book Book, rows []*R) rowSet {
	return rowSet{s, book, len(rows), func(n int) reflect.Value { return reflect.ValueOf(rows[n]).Elem() }}
}

// learnRowTypes tells a connection the row types of the projections, once. They
// are the server's to number, so they are asked for.
func learnRowTypes(ctx context.Context, conn *pgx.Conn) error {
	types := conn.TypeMap()
	if _, known := types.TypeForName(rowTypeName("proj.fund")); known {
		return nil
	}
	rows, err := conn.Query(ctx, `
		select 'proj.' || t.typname, t.oid, t.typarray, array_agg(a.attname::text order by a.attnum), array_agg(a.atttypid order by a.attnum)
		from pg_type t
		join pg_class c on c.oid = t.typrelid and c.relkind = 'r'
		join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		where t.typnamespace = 'proj'::regnamespace
		group by t.oid`)
	if err != nil {
		return fmt.Errorf("learn row types: %w", err)
	}
	var name string
	var c rowSetCodec
	var array uint32
	_, err = pgx.ForEachRow(rows, []any{&name, &c.row, &array, &c.names, &c.types}, func() error {
		learned := c
		types.RegisterType(&pgtype.Type{Name: rowTypeName(name), OID: array, Codec: &learned})
		c = rowSetCodec{}
		return nil
	})
	if err != nil {
		return fmt.Errorf("learn row types: %w", err)
	}
	return nil
}

func rowTypeName(table string) string { return table + "[]" }

// rowSetCodec writes row sets of one table in PostgreSQL's binary form: the
// header of an array with one dimension, then each row as a record, every value
// of it with its type and length.
type rowSetCodec struct {
	row   uint32
	names []string
	types []uint32
}

// Encode appends a row set to buf.
func (c *rowSetCodec) Encode(value any, buf []byte) ([]byte, error) {
	set := value.(rowSet)
	if !slices.Equal(c.names[1:], set.schema.columns) {
		return nil, fmt.Errorf("columns of %s are %v, the program has %v", set.schema.name, c.names[1:], set.schema.columns)
	}
	buf = slices.Grow(buf, set.rows*(16*len(c.types)+128))
	for _, n := range []uint32{1, 0, c.row, uint32(set.rows), 1} {
		buf = binary.BigEndian.AppendUint32(buf, n)
	}
	for n := range set.rows {
		at := len(buf)
		buf = append(buf, 0, 0, 0, 0) // the row's length, known at its end
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(c.types)))
		buf = binary.BigEndian.AppendUint32(buf, c.types[0])
		buf = appendText(buf, string(set.book))
		row := set.value(n)
		for i, put := range set.schema.put {
			buf = binary.BigEndian.AppendUint32(buf, c.types[i+1])
			buf = put(buf, row.Field(i))
		}
		binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
	}
	return buf, nil
}

// putter appends one value with its length.
type putter func(buf []byte, v reflect.Value) []byte

// putterOf chooses how a field is sent. Days are columns of type date, NULL when
// there is none; all else maps by its Go kind.
func putterOf(t reflect.Type) putter {
	switch {
	case t == reflect.TypeFor[Date]():
		return func(buf []byte, v reflect.Value) []byte { return appendDate(buf, Date(v.String())) }
	case t.Kind() == reflect.Int64:
		return func(buf []byte, v reflect.Value) []byte {
			return binary.BigEndian.AppendUint64(append(buf, 0, 0, 0, 8), uint64(v.Int()))
		}
	case t.Kind() == reflect.Bool:
		return func(buf []byte, v reflect.Value) []byte {
			if v.Bool() {
				return append(buf, 0, 0, 0, 1, 1)
			}
			return append(buf, 0, 0, 0, 1, 0)
		}
	case t.Kind() == reflect.Slice:
		return func(buf []byte, v reflect.Value) []byte { return appendText(buf, v.Bytes()) }
	}
	return func(buf []byte, v reflect.Value) []byte { return appendText(buf, v.String()) }
}

func appendText[T string | []byte](buf []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint32(buf, uint32(len(s))), s...)
}

// postgresEpoch is day 0 of PostgreSQL's dates, 2000-01-01, in days since 1970.
const postgresEpoch = 10957

func appendDate(buf []byte, d Date) []byte {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil { // "" is no day, and no other text gets into a row
		return append(buf, 0xff, 0xff, 0xff, 0xff)
	}
	return binary.BigEndian.AppendUint32(append(buf, 0, 0, 0, 4), uint32(int32(t.Unix()/(24*60*60)-postgresEpoch)))
}

// FormatSupported says that row sets are binary only.
func (c *rowSetCodec) FormatSupported(format int16) bool { return format == pgtype.BinaryFormatCode }

// PreferredFormat is binary.
func (c *rowSetCodec) PreferredFormat() int16 { return pgtype.BinaryFormatCode }

// PlanEncode is the codec itself, for row sets.
func (c *rowSetCodec) PlanEncode(_ *pgtype.Map, _ uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(rowSet); !ok || format != pgtype.BinaryFormatCode {
		return nil
	}
	return c
}

// Row sets are never read.
var errRowSetRead = errors.New("a row set is not read")

// PlanScan is none.
func (c *rowSetCodec) PlanScan(*pgtype.Map, uint32, int16, any) pgtype.ScanPlan { return nil }

// DecodeDatabaseSQLValue is refused.
func (c *rowSetCodec) DecodeDatabaseSQLValue(*pgtype.Map, uint32, int16, []byte) (driver.Value, error) {
	return nil, errRowSetRead
}

// DecodeValue is refused.
func (c *rowSetCodec) DecodeValue(*pgtype.Map, uint32, int16, []byte) (any, error) {
	return nil, errRowSetRead
}
