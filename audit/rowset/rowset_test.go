package rowset

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yilu/migrations/pgtest"
)

// turnover, bid and field are rows of three real tables: every kind of column.
type (
	turnover struct {
		Account string `db:"account"`
		On      string `db:"on_day"`
		Amount  int64  `db:"amount"`
	}
	bid struct {
		Bid       string `db:"bid"`
		Tender    string `db:"tender"`
		Bidder    string `db:"bidder"`
		Name      string `db:"name"`
		Amount    int64  `db:"amount"`
		At        string `db:"at"`
		Seq       int64  `db:"seq"`
		Withdrawn bool   `db:"withdrawn"`
	}
	field struct {
		Seq    int64  `db:"seq"`
		Name   string `db:"name"`
		Value  []byte `db:"value_enc"`
		Salt   []byte `db:"salt"`
		Person []byte `db:"person"`
	}
)

// store sends rows and reads back what the query finds.
func store[R any](t *testing.T, name string, rows []*R, query string) []R {
	t.Helper()
	var got []R
	err := pgx.BeginFunc(t.Context(), pgtest.New(t).Pool, func(tx pgx.Tx) error {
		table := Of[R](name)
		if err := Learn(t.Context(), tx.Conn()); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), table.Insert, table.Set("411025", rows)); err != nil {
			return err
		}
		found, err := tx.Query(t.Context(), query)
		if err != nil {
			return err
		}
		got, err = pgx.CollectRows(found, pgx.RowToStructByName[R])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEveryKindOfColumnComesBack(t *testing.T) {
	t.Parallel()
	want := []turnover{{"a", "1949-10-01", -1 << 63}, {"b", "2000-01-01", 0}, {"c", "2020-02-29", 1<<63 - 1}}
	got := store(t, "proj.turnover", pointers(want), `select account, on_day::text, amount from proj.turnover order by account`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	bids := []bid{{"1", "T", "K", `某"建筑,工程\公司{}`, 1, "", 2, true}, {"2", "T", "", "", 0, "", 3, false}}
	if diff := cmp.Diff(bids, store(t, "proj.bid", pointers(bids), `select bid, tender, bidder, name, amount, at, seq, withdrawn from proj.bid order by bid`)); diff != "" {
		t.Error(diff)
	}
	long := make([]byte, 60_000)
	fields := []field{{0, "a", long, make([]byte, 32), nil}, {0, "b", long[:29], make([]byte, 32), make([]byte, 16)}}
	if diff := cmp.Diff(fields, store(t, "seal.private_field", pointers(fields), `select seq, name, value_enc, salt, person from seal.private_field order by name`)); diff != "" {
		t.Error(diff)
	}
	if got := store(t, "proj.turnover", []*turnover{}, `select account, on_day::text, amount from proj.turnover`); len(got) != 0 {
		t.Errorf("no rows became %d", len(got))
	}
}

// A day that is none is NULL, which proj.fund.issued allows and this table
// refuses; a text that is no day never reaches the server.
func TestDays(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	table := Of[turnover]("proj.turnover")
	for day, want := range map[string]string{"": "null value", "2020-02-30": "want YYYY-MM-DD", "昨天": "want YYYY-MM-DD"} {
		err := send(t.Context(), db, table, &turnover{"a", day, 1})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("day %q: %v, want %q", day, err, want)
		}
	}
}

// A struct that does not fit its table is found before anything is sent into
// the wrong column.
func TestColumnsMustAgree(t *testing.T) {
	t.Parallel()
	type swapped struct {
		Account string `db:"account"`
		Amount  int64  `db:"amount"`
		On      string `db:"on_day"`
	}
	err := send(t.Context(), pgtest.New(t), Of[swapped]("proj.turnover"), &swapped{"a", 1, "2020-01-01"})
	if err == nil || !strings.Contains(err.Error(), "columns of proj.turnover are") {
		t.Errorf("swapped columns: %v", err)
	}
}

func send[R any](ctx context.Context, db *pgtest.DB, table *Table[R], row *R) error {
	return pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
		if err := Learn(ctx, tx.Conn()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, table.Insert, table.Set("411025", []*R{row}))
		return err
	})
}

func pointers[R any](rows []R) []*R {
	out := make([]*R, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	return out
}
