package ledger

import (
	"iter"
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
	// payments stand in the place of keys in a whole state, where rows stay what they are:
	// of payments there are many, and they are looked up at each of them.
	payments map[string][]*Payment
	want     map[string]struct{}
	// whole are the keys whose rows have all been read: nothing is left to ask for.
	whole map[string]struct{}
}

// mostFound bounds the answers that are read for one key; the last ones are kept.
const mostFound = 200

func newLookup(s *state, sql string) *lookup {
	return &lookup{s: s, sql: sql, keys: map[string][]string{}, payments: map[string][]*Payment{}, want: map[string]struct{}{}, whole: map[string]struct{}{}}
}

// The look-ups. Each key is looked up by itself, and the book is written such that no
// index serves it, see schema: with young statistics any other index would do, one
// for the order of rows above all.
const (
	findBids     = `select bid as key, seq + 0 as place from proj.bid where tender = w.wanted and book || '' = $1`
	findTwins    = `select payment as key, requested_seq + 0 as place from proj.payment where payee = split_part(w.wanted, '/', 1) and amount = split_part(w.wanted, '/', 2)::bigint and book || '' = $1`
	findInvoiced = `select payment as key, requested_seq + 0 as place from proj.payment where invoice = w.wanted and invoice <> '' and book || '' = $1`
	findReceipts = `select fund as key, seq + 0 as place from proj.fund where document = w.wanted and book || '' = $1`
	findTenders  = `select tender as key, seq + 0 as place from proj.tender where project = w.wanted and book || '' = $1`
	findEvents   = `select entry_seq::text as key, at_seq + 0 as place from proj.event where book = $1 and project = split_part(w.wanted, '/', 1) and kind = split_part(w.wanted, '/', 2)`
	findPaidOn   = `select payment as key, requested_seq + 0 as place from proj.payment where payee = split_part(w.wanted, '/', 1) and on_day = split_part(w.wanted, '/', 2)::date and book || '' = $1`
	findRecords  = `select record as key, seq + 0 as place from proj.record where process = w.wanted and book || '' = $1`
	findLoads    = `select register as key, at_seq + 0 as place from proj.register where list = split_part(w.wanted, '/', 1) and region = split_part(w.wanted, '/', 2) and book || '' = $1`
	findMembers  = `select member as key, seq + 0 as place from proj.register_member where who = split_part(w.wanted, '/', 2) and who <> '' and register = split_part(w.wanted, '/', 1) and book || '' = $1`
	findHomes    = `select member as key, seq + 0 as place from proj.register_member where household = substr(w.wanted, strpos(w.wanted, '/') + 1) and household <> '' and register = split_part(w.wanted, '/', 1) and book || '' = $1`
	findGrants   = `select line_key as key, seq + 0 as place from proj.grant_line where person = w.wanted and person <> '' and book || '' = $1`
	findNotices  = `select notice_project as key, seq + 0 as place from proj.notice_project where project = w.wanted and book || '' = $1`
	findRolesOf  = `select grant_id as key, at_seq + 0 as place from proj.role where person = w.wanted and book || '' = $1`
	findRolesAs  = `select grant_id as key, at_seq + 0 as place from proj.role where role = w.wanted and book || '' = $1`
	findPhotos   = `select proof as key, seq + 0 as place from proj.notice_proof where photo = w.wanted and book || '' = $1`
)

// get returns the keys that belong to one.
func (t *lookup) get(key string) []string {
	found, known := t.keys[key]
	if !known && !t.s.whole {
		t.want[key] = struct{}{}
		t.s.asked++
		if t.s.judging {
			panic(missing{})
		}
	}
	return found[max(0, len(found)-mostFound):]
}

// rowsOf are the rows of a table that belong to a key, in their order, as copies.
func rowsOf[R row](l *lookup, key string, t *table[R]) iter.Seq[R] {
	return func(yield func(R) bool) {
		for _, k := range l.get(key) {
			if r := t.get(k); r != nil && !yield(*r) {
				return
			}
		}
		if l.s.judging {
			l.whole[key] = struct{}{}
		}
	}
}

// paymentsOf are the payments that belong to a key, in their order, as they stand in the
// book: not to be changed.
func (s *state) paymentsOf(l *lookup, key string) iter.Seq[*Payment] {
	return func(yield func(*Payment) bool) {
		if s.whole {
			found := l.payments[key]
			for _, p := range found[max(0, len(found)-mostFound):] {
				if !yield(p) {
					return
				}
			}
			return
		}
		for _, k := range l.get(key) {
			if p := s.payments.get(k); p != nil && !yield(p) {
				return
			}
		}
		if s.judging {
			l.whole[key] = struct{}{}
		}
	}
}

// addPayment notes a new payment that stands in the book.
func (s *state) addPayment(l *lookup, key string, p *Payment) {
	if !s.whole {
		l.add(key, p.Payment)
		return
	}
	found := l.payments[key]
	s.undo = append(s.undo, func() { l.payments[key] = found })
	l.payments[key] = append(lastFound(found), p)
}

// lastFound is what is kept of the rows of a key before another one: get looks at the
// last ones only.
func lastFound[E any](found []E) []E {
	if len(found) >= 2*mostFound {
		return slices.Clone(found[mostFound:])
	}
	return found
}

// isWhole says, before judging, that nothing of a key is left to be loaded.
func (t *lookup) isWhole(key string) bool {
	_, whole := t.whole[key]
	return whole && !t.s.judging
}

// add notes a new row, if anybody has asked for its like.
func (t *lookup) add(key, row string) {
	found, known := t.keys[key]
	if !known && !t.s.whole {
		return
	}
	t.s.undo = append(t.s.undo, func() { t.keys[key] = found })
	t.keys[key] = append(lastFound(found), row)
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
		cross join lateral (`+t.sql+` order by place desc limit $3) v
		order by v.place`, book, wanted, mostFound).Query(func(rows pgx.Rows) error {
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
