package migrations_test

import (
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"yilu/migrations"
	"yilu/migrations/pgtest"
)

// TestActsAreCarriedOver: what both tables of who entered what had followed stays, what
// only one had is followed anew, and a book that only one knew begins anew.
func TestActsAreCarriedOver(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	upTo(t, db.OwnerURL, 22)
	_, err := db.Owner.Exec(t.Context(), `
		insert into web.act (book, seq, at, on_day, by_user, unit, role, kind, id)
		select b, n, '2020-06-30T01:00:00Z', '2020-06-29', 'u' || n, 'CZ', case n when 1 then 'public' else 'maker' end, 'k', 'id' || n
		from unnest(array['411025', '411026', '411027']) b, generate_series(0, 4) n where b <> '411027' or n < 2;
		insert into web.act_cursor (book, next_seq) values ('411025', 5), ('411026', 5), ('411027', 2);
		insert into web.entered (book, seq, user_id, unit, kind, on_day, amount, words)
		select b, n, 'u' || n, 'CZ', 'k', '2020-06-29', n * 100, 'word' || n
		from unnest(array['411025', '411027']) b, generate_series(0, 3) n where n <> 1;
		insert into web.entered_cursor (book, pos) values ('411025', 3), ('411027', 3)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), db.OwnerURL); err != nil {
		t.Fatal(err)
	}
	var got []string
	err = db.Pool.QueryRow(t.Context(), `
		select array_agg(concat_ws(' ', book, seq, role, coalesce(amount, -1), words, id) order by book, seq) from web.act`).Scan(&got)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"411025 0 maker 0 word0 id0", "411025 1 public -1  id1", "411025 2 maker 200 word2 id2", "411025 3 maker 300 word3 id3",
		"411027 0 maker 0 word0 id0", "411027 1 public -1  id1",
	}
	if !slices.Equal(want, got) {
		t.Errorf("rows: %q, want %q", got, want)
	}
	rows, err := db.Pool.Query(t.Context(), `select book || ' ' || next_seq from web.act_cursor order by book`)
	if err != nil {
		t.Fatal(err)
	}
	cursors, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if want := []string{"411025 4", "411026 0", "411027 2"}; err != nil || !slices.Equal(want, cursors) {
		t.Errorf("cursors: %v %q, want %q", err, cursors, want)
	}
}

// upTo brings an empty database to an older version, as a program of then did.
func upTo(t *testing.T, ownerURL string, version int64) {
	t.Helper()
	config, err := pgx.ParseConfig(ownerURL)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, stdlib.OpenDB(*config), os.DirFS("."), goose.WithTableName("public.goose_db_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if err := provider.Close(); err != nil {
		t.Fatal(err)
	}
}
