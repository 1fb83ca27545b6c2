package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
)

func encodeHash(h []byte) string { return base64.StdEncoding.EncodeToString(h) }

// one reads the row with a key, or ErrNotFound.
func one[R row](ctx context.Context, q querier, sql schema[R], what string, book Book, key string) (R, error) {
	var zero R
	rows, err := q.Query(ctx, sql.find, book, key)
	if err != nil {
		return zero, fmt.Errorf("read %s: %w", what, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[R])
	if errors.Is(err, pgx.ErrNoRows) {
		return zero, fmt.Errorf("%s %s: %w", what, key, ErrNotFound)
	}
	if err != nil {
		return zero, fmt.Errorf("read %s: %w", what, err)
	}
	return r, nil
}

// Fund returns one fund line, or ErrNotFound.
func (l *Ledger) Fund(ctx context.Context, book Book, id string) (Fund, error) {
	return one[Fund](ctx, l.Read, fundSchema, "fund", book, id)
}

// Project returns one project, or ErrNotFound.
func (l *Ledger) Project(ctx context.Context, book Book, id string) (Project, error) {
	p, err := one[ProjectFacts](ctx, l.Read, projectSchema, "project", book, id)
	if err != nil {
		return Project{}, err
	}
	total, err := one[Total](ctx, l.Read, totalSchema, "total of project", book, id)
	if errors.Is(err, ErrNotFound) {
		err = nil // it has no money yet
	}
	return Project{p, total}, err
}

// withTotals joins projects with their money.
func (l *Ledger) withTotals(ctx context.Context, book Book, ps []ProjectFacts) ([]Project, error) {
	ids := make([]string, len(ps))
	for i, p := range ps {
		ids[i] = p.Project
	}
	totals, err := collect[Total](ctx, l.Read, "totals", totalSchema.load, book, ids)
	if err != nil {
		return nil, err
	}
	of := make(map[string]Total, len(totals))
	for _, t := range totals {
		of[t.Of] = t
	}
	out := make([]Project, len(ps))
	for i, p := range ps {
		out[i] = Project{p, of[p.Project]}
	}
	return out, nil
}

// Payment returns one payment or grant batch, or ErrNotFound.
func (l *Ledger) Payment(ctx context.Context, book Book, id string) (Payment, error) {
	return one[Payment](ctx, l.Read, paymentSchema, "payment", book, id)
}

// Contract returns one contract, or ErrNotFound.
func (l *Ledger) Contract(ctx context.Context, book Book, id string) (Contract, error) {
	return one[Contract](ctx, l.Read, contractSchema, "contract", book, id)
}

// Tender returns one lot, or ErrNotFound.
func (l *Ledger) Tender(ctx context.Context, book Book, id string) (Tender, error) {
	return one[Tender](ctx, l.Read, tenderSchema, "tender", book, id)
}

// Payee returns one payee by its key, or ErrNotFound.
func (l *Ledger) Payee(ctx context.Context, book Book, key string) (Payee, error) {
	return one[Payee](ctx, l.Read, payeeSchema, "payee", book, key)
}

// Submission returns one submission, or ErrNotFound.
func (l *Ledger) Submission(ctx context.Context, book Book, id string) (Submission, error) {
	return one[Submission](ctx, l.Read, submissionSchema, "submission", book, id)
}

// MaxPage is the most rows one page holds.
const MaxPage = 500

// Page asks for a part of a list: what follows the cursor of the page before.
type Page struct {
	// After is the cursor that the page before gave; "" begins.
	After string
	// Limit is at most MaxPage; zero means 50.
	Limit int
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return 50
	}
	return min(p.Limit, MaxPage)
}

// before is the cursor of lists that are ordered by seq, newest first.
func (p Page) before() Seq {
	n, err := strconv.ParseInt(p.After, 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return Seq(n)
}

// collect runs a query and returns its rows.
func collect[R any](ctx context.Context, q querier, what, sql string, args ...any) ([]R, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[R])
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, err)
	}
	return out, nil
}

// paged cuts a list read with one row too many and gives the next cursor.
func paged[R any](rows []R, limit int, cursor func(R) string) ([]R, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, cursor(rows[limit-1])
}

// Funds lists the fund lines of a book by document and level, all of them: a
// county has tens a year.
func (l *Ledger) Funds(ctx context.Context, book Book) ([]Fund, error) {
	return collect[Fund](ctx, l.Read, "funds", fundSchema.read+` where book = $1 order by year desc, document, level, fund`, book)
}

// ProjectFilter narrows a list of projects; empty fields do not.
type ProjectFilter struct {
	// Place is a division code or the beginning of one.
	Place string
	Type  string
	State string
	Fund  string
	// Text is looked for in name, content and place name.
	Text string
}

// Projects lists projects by place and id.
func (l *Ledger) Projects(ctx context.Context, book Book, f ProjectFilter, p Page) ([]Project, string, error) {
	place, id, _ := strings.Cut(p.After, "~")
	rows, err := collect[ProjectFacts](ctx, l.Read, "projects", projectSchema.read+`
		where book = $1 and (place, project) > ($2, $3) and place <> '' and starts_with(place, $4)
		and ($5 = '' or type = $5) and ($6 = '' or state = $6)
		and ($7 = '' or project in (select q.project from proj.quota q where q.book = $1 and q.fund = $7))
		and ($8 = '' or strpos(name, $8) > 0 or strpos(content, $8) > 0 or strpos(place_name, $8) > 0)
		order by place, project limit $9`,
		book, place, id, f.Place, f.Type, f.State, f.Fund, f.Text, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r ProjectFacts) string { return r.Place + "~" + r.Project })
	projects, err := l.withTotals(ctx, book, rows)
	return projects, next, err
}

// Quotas lists the money of a project by fund.
func (l *Ledger) Quotas(ctx context.Context, book Book, project string) ([]Quota, error) {
	return collect[Quota](ctx, l.Read, "quotas", quotaSchema.read+` where book = $1 and project = $2 order by fund`, book, project)
}

// Contracts lists the contracts of a project.
func (l *Ledger) Contracts(ctx context.Context, book Book, project string) ([]Contract, error) {
	return collect[Contract](ctx, l.Read, "contracts", contractSchema.read+` where book = $1 and project = $2 order by seq`, book, project)
}

// Tenders lists the tenders of a project.
func (l *Ledger) Tenders(ctx context.Context, book Book, project string) ([]Tender, error) {
	return collect[Tender](ctx, l.Read, "tenders", tenderSchema.read+` where book = $1 and project = $2 order by seq`, book, project)
}

// Bids lists the bids of a tender, lowest first.
func (l *Ledger) Bids(ctx context.Context, book Book, tender string) ([]Bid, error) {
	return collect[Bid](ctx, l.Read, "bids", bidSchema.read+` where book = $1 and tender = $2 order by amount, bidder`, book, tender)
}

// PaymentFilter narrows a list of payments; empty fields do not. Maker asked for them.
type PaymentFilter struct{ Project, Fund, Payee, Contract, State, Maker string }

// Payments lists payments and grant batches, newest first.
func (l *Ledger) Payments(ctx context.Context, book Book, f PaymentFilter, p Page) ([]Payment, string, error) {
	sql, args := f.query(book, p)
	rows, err := collect[Payment](ctx, l.Read, "payments", sql, args...)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Payment) string { return seqKey(r.Requested) })
	return rows, next, nil
}

// query asks for one more than a page. What is rare must not be looked for among all
// payments of a book: the planner, which takes every payee for a common one, would go
// through payment_seq to its end. "requested_seq > -1" keeps it from that index, whose
// condition it does not imply, where a better one is at hand.
func (f PaymentFilter) query(book Book, p Page) (sql string, args []any) {
	args = []any{book, p.before(), p.limit() + 1}
	among, from := "requested_seq >= 0", ""
	if f.Project != "" || f.Payee != "" || f.Contract != "" || f.Fund != "" {
		among = "requested_seq > -1"
	}
	// Each condition stands only when it is asked for: "$4 = '' or project = $4"
	// would keep the planner from the project's index.
	where := " where book = $1 and requested_seq < $2 and " + among
	for _, c := range []struct{ column, value string }{
		{"project", f.Project}, {"payee", f.Payee}, {"fund", f.Fund}, {"contract", f.Contract}, {"state", f.State}, {"requested_by", f.Maker},
	} {
		if c.value == "" {
			continue
		}
		args = append(args, c.value)
		n := "$" + strconv.Itoa(len(args))
		where += " and " + c.column + " = " + n
		switch {
		case c.column == "contract" && f.Project == "":
			where += " and project = (select k.project from proj.contract k where k.book = $1 and k.contract = " + n + ")"
		case c.column == "fund" && f.Project+f.Payee+f.Contract == "":
			from = "(select q.project from proj.quota q where q.book = $1 and q.fund = " + n + ") q"
			where += " and project = q.project"
		}
	}
	const order = " order by requested_seq desc limit $3"
	if from != "" { // the newest of each project that the fund pays for, and of these the newest
		where = " where book = $1 and payment = any(array(select p.payment from " + from +
			" cross join lateral (select payment, requested_seq from proj.payment" + where + order + ") p" + order + "))"
	}
	return paymentSchema.read + where + order, args
}

// Lines lists the household lines of a grant batch, without personal values.
func (l *Ledger) Lines(ctx context.Context, book Book, payment string, p Page) ([]Line, string, error) {
	after, _ := strconv.ParseInt(p.After, 10, 64)
	rows, err := collect[Line](ctx, l.Read, "lines", lineSchema.read+` where book = $1 and payment = $2 and line > $3 order by line limit $4`,
		book, payment, after, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Line) string { return strconv.FormatInt(r.Line, 10) })
	return rows, next, nil
}

// PlaceSum is what a grant batch brought to one place.
type PlaceSum struct {
	Place      string `json:"place"`
	Households int64  `json:"households"`
	Amount     Amount `json:"amount"`
	Returned   Amount `json:"returned"`
}

// LinesByPlace sums a grant batch by village: what may be shown on a portal.
func (l *Ledger) LinesByPlace(ctx context.Context, book Book, payment string) ([]PlaceSum, error) {
	return collect[PlaceSum](ctx, l.Read, "lines by place", `
		select place, count(*), sum(amount)::bigint, sum(returned)::bigint from proj.grant_line
		where book = $1 and payment = $2 group by place order by place`, book, payment)
}

// Payees lists payees by the money they got, most first; private persons are left
// out: they are nobody's business. A grant batch is one line for its households.
func (l *Ledger) Payees(ctx context.Context, book Book, p Page) ([]Payee, string, error) {
	paid, key := Amount(math.MaxInt64), ""
	if a, b, ok := strings.Cut(p.After, "~"); ok {
		n, _ := strconv.ParseInt(a, 10, 64)
		paid, key = Amount(n), b
	}
	rows, err := collect[Payee](ctx, l.Read, "payees", payeeSchema.read+`
		where book = $1 and (paid < $2 or paid = $2 and payee > $3) and payee not like 'p-%'
		order by paid desc, payee limit $4`, book, paid, key, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Payee) string { return strconv.FormatInt(int64(r.Paid), 10) + "~" + r.Payee })
	return rows, next, nil
}

// TimelineEvent is a line of a project's timeline and who took it back.
type TimelineEvent struct {
	Event
	ReversedBy Seq `json:"reversed_by"`
}

// Timeline lists what happened to a project but for its payments, in order.
func (l *Ledger) Timeline(ctx context.Context, book Book, project string) ([]TimelineEvent, error) {
	return collect[TimelineEvent](ctx, l.Read, "timeline", `
		select e.project, e.at_seq, e.entry_seq, e.kind, e.on_day::text, e.amount, coalesce(r.by_seq, -1)
		from proj.event e left join proj.reversal r on r.book = e.book and r.target_key = e.entry_seq::text
		where e.book = $1 and e.project = $2 order by e.on_day, e.at_seq, e.entry_seq limit 1000`, book, project)
}

// FiledLast are the entries that filed documents of a project and were not taken back, the
// last first, at most so many.
func (l *Ledger) FiledLast(ctx context.Context, book Book, project string, limit int) ([]*Entry, error) {
	rows, err := l.Read.Query(ctx, `
		select e.entry_seq from proj.event e
		where e.book = $1 and e.project = $2 and e.kind = 'document.filed'
			and not exists (select from proj.reversal r where r.book = e.book and r.target_key = e.entry_seq::text)
		order by e.at_seq desc, e.entry_seq desc limit $3`, book, project, limit)
	if err != nil {
		return nil, fmt.Errorf("read documents of project %s: %w", project, err)
	}
	seqs, err := pgx.CollectRows(rows, pgx.RowTo[Seq])
	if err != nil {
		return nil, fmt.Errorf("read documents of project %s: %w", project, err)
	}
	found, err := l.EntriesAt(ctx, book, seqs)
	entries := make([]*Entry, 0, len(seqs))
	for _, seq := range seqs {
		if e := found[seq]; e != nil {
			entries = append(entries, e)
		}
	}
	return entries, err
}

// Submissions lists submissions, newest first, in a state or in any ("").
func (l *Ledger) Submissions(ctx context.Context, book Book, state string, p Page) ([]Submission, string, error) {
	rows, err := collect[Submission](ctx, l.Read, "submissions", submissionSchema.read+`
		where book = $1 and seq < $2 and ($3 = '' or state = $3) order by seq desc limit $4`, book, p.before(), state, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Submission) string { return seqKey(r.Seq) })
	return rows, next, nil
}

// Imports lists the submissions that came from files, newest first.
func (l *Ledger) Imports(ctx context.Context, book Book, p Page) ([]Submission, string, error) {
	rows, err := collect[Submission](ctx, l.Read, "imports", submissionSchema.read+`
		where book = $1 and seq < $2 and file <> '' order by seq desc limit $3`, book, p.before(), p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Submission) string { return seqKey(r.Seq) })
	return rows, next, nil
}

// SubmissionByFile returns the newest submission, not rejected, that came from a
// file with this base64 SHA-256, or ErrNotFound.
func (l *Ledger) SubmissionByFile(ctx context.Context, book Book, sha256 string) (Submission, error) {
	rows, err := collect[Submission](ctx, l.Read, "submissions", submissionSchema.read+`
		where book = $1 and file = $2 and file <> '' and state <> 'rejected' order by seq desc limit 1`, book, sha256)
	if err != nil {
		return Submission{}, err
	}
	if len(rows) == 0 {
		return Submission{}, fmt.Errorf("submission of file %s: %w", sha256, ErrNotFound)
	}
	return rows[0], nil
}

// FindIDs says which of some entry ids are in the book, and where.
func (l *Ledger) FindIDs(ctx context.Context, book Book, ids []string) (map[string]Seq, error) {
	found, err := audit.FindIDs(ctx, l.Read, string(book), ids)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Seq, len(found))
	for id, row := range found {
		out[id] = Seq(row.Seq)
	}
	return out, nil
}

// Entries reads entries from a seq on, in order, at most limit of them.
func (l *Ledger) Entries(ctx context.Context, book Book, from Seq, limit int) ([]*Entry, error) {
	if from < 0 || limit <= 0 {
		return nil, nil
	}
	var out []*Entry
	for row, err := range audit.ReadLeaves(ctx, l.Read, string(book), uint64(from), uint64(limit)) {
		if err != nil {
			return nil, err
		}
		e, err := DecodeEntry(row.Leaf)
		if err != nil {
			return nil, err
		}
		e.LeafHash = row.LeafHash
		out = append(out, e)
	}
	return out, nil
}

// Entry reads one entry, or ErrNotFound.
func (l *Ledger) Entry(ctx context.Context, book Book, seq Seq) (*Entry, error) {
	row, err := l.leafRow(ctx, book, seq)
	if err != nil {
		return nil, err
	}
	e, err := DecodeEntry(row.Leaf)
	if err != nil {
		return nil, err
	}
	e.LeafHash = row.LeafHash
	return e, nil
}

// leafRow reads one entry as it is stored, or ErrNotFound.
func (l *Ledger) leafRow(ctx context.Context, book Book, seq Seq) (audit.Row, error) {
	row, err := audit.ReadLeaf(ctx, l.Read, string(book), uint64(max(seq, 0)))
	if errors.Is(err, pgx.ErrNoRows) || seq < 0 {
		return audit.Row{}, fmt.Errorf("entry %d: %w", seq, ErrNotFound)
	}
	return row, err
}

// Leaf reads the exact bytes of one entry, or ErrNotFound.
func (l *Ledger) Leaf(ctx context.Context, book Book, seq Seq) ([]byte, error) {
	row, err := l.leafRow(ctx, book, seq)
	return row.Leaf, err
}

// Outcome answers what became of an id: its receipt, or ErrNotFound. What this
// process has under way for the book comes before, also between two tries; so
// does whoever holds the book's lock. Another process may still be about to post
// what its caller was cut off from: to be sure, post the same id again.
//
// Found is as durable as posted: the answer passes a commit of its own.
func (l *Ledger) Outcome(ctx context.Context, book Book, id string) (Receipt, error) {
	// An empty unit is answered after all that wait.
	if _, err := l.post(ctx, book, &unit{done: make(chan struct{})}); err != nil && !l.isClosed() {
		return Receipt{}, err
	}
	tx, err := l.Read.Begin(ctx)
	if err != nil {
		return Receipt{}, fmt.Errorf("outcome of %s: %w", id, err)
	}
	defer rollback(ctx, tx)
	if _, err := audit.Lock(ctx, tx, string(book)); errors.Is(err, audit.ErrNoBook) {
		return Receipt{}, fmt.Errorf("book %s: %w", book, ErrNotFound)
	} else if err != nil {
		return Receipt{}, err
	}
	found, err := audit.FindIDs(ctx, tx, string(book), []string{id})
	if err != nil {
		return Receipt{}, err
	}
	row, ok := found[id]
	if !ok {
		return Receipt{}, fmt.Errorf("id %s: %w", id, ErrNotFound)
	}
	if err := l.commit(ctx, tx); err != nil {
		return Receipt{}, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return receiptOf(row)
}

// EntriesAt returns the entries with some numbers, by number, in one round trip. None is
// the number of no entry.
func (l *Ledger) EntriesAt(ctx context.Context, book Book, seqs []Seq) (map[Seq]*Entry, error) {
	out := make(map[Seq]*Entry, len(seqs))
	numbers := make([]uint64, 0, len(seqs))
	for _, q := range seqs {
		if q != None {
			numbers = append(numbers, uint64(q))
		}
	}
	b := &pgx.Batch{}
	audit.QueueRows(b, string(book), numbers, func(r audit.Row) error {
		e, err := DecodeEntry(r.Leaf)
		if err == nil {
			e.LeafHash = r.LeafHash
			out[e.Seq] = e
		}
		return err
	})
	if err := l.Read.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	return out, nil
}
