package ledger

import (
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// lookup answers which rows have some attribute: the keys of a table's rows by
// another key, in the order in which they came. An attribute that is looked up
// never changes, so the answers only grow; what has become of a row stands in its
// table.
type lookup struct {
	s    *state
	sql  string
	keys map[string][]string
	want map[string]struct{}
}

// mostFound bounds the answers that are read for one key; the last ones are kept.
const mostFound = 200

func newLookup(s *state, sql string) *lookup {
	return &lookup{s: s, sql: sql, keys: map[string][]string{}, want: map[string]struct{}{}}
}

// The look-ups. Each key is looked up by itself, see schema.
const (
	findBids     = `select bid as key, seq from proj.bid where book = $1 and tender = w.wanted`
	findTwins    = `select payment as key, requested_seq as seq from proj.payment where book = $1 and payee = split_part(w.wanted, '/', 1) and amount = split_part(w.wanted, '/', 2)::bigint`
	findInvoiced = `select payment as key, requested_seq as seq from proj.payment where book = $1 and invoice = w.wanted and invoice <> ''`
	findReceipts = `select fund as key, seq from proj.fund where book = $1 and document = w.wanted`
	findTenders  = `select tender as key, seq from proj.tender where book = $1 and project = w.wanted`
	findEvents   = `select entry_seq::text as key, at_seq as seq from proj.event where book = $1 and project = split_part(w.wanted, '/', 1) and kind = split_part(w.wanted, '/', 2)`
	findPaidOn   = `select payment as key, requested_seq as seq from proj.payment where book = $1 and payee = split_part(w.wanted, '/', 1) and on_day = split_part(w.wanted, '/', 2)::date`
	findGrants   = `select line_key as key, seq from proj.grant_line where book = $1 and person = w.wanted and person <> ''`
)

// get returns the keys that belong to one.
func (t *lookup) get(key string) []string {
	found, known := t.keys[key]
	if !known {
		t.want[key] = struct{}{}
		if t.s.judging {
			panic(missing{})
		}
	}
	return found
}

// add notes a new row, if anybody has asked for its like.
func (t *lookup) add(key, row string) {
	found, known := t.keys[key]
	if !known {
		return
	}
	t.keys[key] = append(slices.Clip(found), row)
	t.s.undo = append(t.s.undo, func() { t.keys[key] = found })
}

// wantsLookups says whether a look-up was asked for a key that it does not know.
func (s *state) wantsLookups() bool {
	return slices.ContainsFunc(s.lookups, func(t *lookup) bool { return len(t.want) > 0 })
}

func (t *lookup) queueLoad(b *pgx.Batch, book Book) (keep func()) {
	if len(t.want) == 0 {
		return nil
	}
	wanted := slices.Collect(maps.Keys(t.want))
	clear(t.want)
	got := make(map[string][]string, len(wanted))
	b.Queue(`
		select w.wanted, v.key
		from unnest($2::text[]) as w(wanted)
		cross join lateral (`+t.sql+` order by seq desc limit $3) v
		order by v.seq`, book, wanted, mostFound).Query(func(rows pgx.Rows) error {
		var key, row string
		_, err := pgx.ForEachRow(rows, []any{&key, &row}, func() error {
			got[key] = append(got[key], row)
			return nil
		})
		return err
	})
	return func() {
		for _, key := range wanted {
			t.keys[key] = got[key]
		}
	}
}

func (t *lookup) size() int {
	n := len(t.keys)
	for _, rows := range t.keys {
		n += len(rows)
	}
	return n
}
