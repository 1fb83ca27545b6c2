package rowset

import (
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// codec writes sets of one table in PostgreSQL's binary form: the header of an
// array with one dimension, then each row as a record, every value of it with
// its type and length.
type codec struct {
	row     uint32 // the row type
	columns []string
	types   []uint32
}

// Encode appends a set to buf.
func (c *codec) Encode(value any, buf []byte) ([]byte, error) {
	s := value.(set)
	if !slices.Equal(c.columns[1:], s.columns) {
		return nil, fmt.Errorf("columns of %s are %v, the program has %v", s.table, c.columns[1:], s.columns)
	}
	buf = slices.Grow(buf, 20+s.rows*(16*len(c.types)+256))
	for _, n := range []uint32{1, 0, c.row, uint32(s.rows), 1} {
		buf = binary.BigEndian.AppendUint32(buf, n)
	}
	for n := range s.rows {
		at := len(buf)
		buf = append(buf, 0, 0, 0, 0) // the row's length, known at its end
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(c.types)))
		buf = appendBytes(binary.BigEndian.AppendUint32(buf, c.types[0]), s.book)
		row := s.value(n)
		for i, oid := range c.types[1:] {
			var err error
			if buf, err = appendValue(binary.BigEndian.AppendUint32(buf, oid), oid, row.Field(i)); err != nil {
				return nil, fmt.Errorf("%s.%s: %w", s.table, s.columns[i], err)
			}
		}
		binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
	}
	return buf, nil
}

// appendValue appends a value with its length.
func appendValue(buf []byte, oid uint32, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.String:
		if oid == pgtype.DateOID {
			return appendDay(buf, v.String())
		}
		return appendBytes(buf, v.String()), nil
	case reflect.Int64:
		return binary.BigEndian.AppendUint64(append(buf, 0, 0, 0, 8), uint64(v.Int())), nil
	case reflect.Bool:
		if v.Bool() {
			return append(buf, 0, 0, 0, 1, 1), nil
		}
		return append(buf, 0, 0, 0, 1, 0), nil
	case reflect.Slice:
		if v.IsNil() {
			return append(buf, null...), nil
		}
		return appendBytes(buf, v.Bytes()), nil
	}
	return nil, fmt.Errorf("no form for a %s", v.Type())
}

var null = []byte{0xff, 0xff, 0xff, 0xff}

func appendBytes[T string | []byte](buf []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint32(buf, uint32(len(s))), s...)
}

// firstDay is day 0 of PostgreSQL's dates, 2000-01-01, in days since 1970.
const firstDay = 10957

func appendDay(buf []byte, day string) ([]byte, error) {
	if day == "" {
		return append(buf, null...), nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, fmt.Errorf("day %q: want YYYY-MM-DD", day)
	}
	return binary.BigEndian.AppendUint32(append(buf, 0, 0, 0, 4), uint32(int32(t.Unix()/(24*60*60)-firstDay))), nil
}

// FormatSupported says that sets are binary only.
func (c *codec) FormatSupported(format int16) bool { return format == pgtype.BinaryFormatCode }

// PreferredFormat is binary.
func (c *codec) PreferredFormat() int16 { return pgtype.BinaryFormatCode }

// PlanEncode is the codec itself, for sets.
func (c *codec) PlanEncode(_ *pgtype.Map, _ uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(set); !ok || format != pgtype.BinaryFormatCode {
		return nil
	}
	return c
}

var errRead = errors.New("row sets are sent, never read")

// PlanScan is none: row sets are sent, never read.
func (c *codec) PlanScan(*pgtype.Map, uint32, int16, any) pgtype.ScanPlan { return nil }

// DecodeDatabaseSQLValue is refused.
func (c *codec) DecodeDatabaseSQLValue(*pgtype.Map, uint32, int16, []byte) (driver.Value, error) {
	return nil, errRead
}

// DecodeValue is refused.
func (c *codec) DecodeValue(*pgtype.Map, uint32, int16, []byte) (any, error) { return nil, errRead }
