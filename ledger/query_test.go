package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// county is a book with a bit of everything: funds F1 (central) and F2 (county)
// of one document, projects P01 to P12 in two townships, each with one paid and
// one open payment, tenders, contracts, grants and submissions.
func county(t *testing.T) *Ledger {
	t.Helper()
	l, _ := testLedger(t)
	drafts := []Draft{
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Amount: 1000000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("f2", &FundReceived{Fund: "F2", Document: "豫财农〔2019〕1号", Name: "配套", Level: "county", Amount: 1000000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("u1", &FundAllocated{Fund: "F1", Unit: "U1", Document: "襄财〔2020〕1号", Amount: 7000}, maker),
	}
	for i := 1; i <= 12; i++ {
		id, fund := fmt.Sprintf("P%02d", i), fmt.Sprintf("F%d", 1+i%2)
		b := approvedProject(id, fund, 10000)
		b.Place = fmt.Sprintf("4110251%02d205", 3+i%2)
		b.Name = fmt.Sprintf("道路%d%%硬化_'%d", i, i)
		b.Type = []string{"construction", "industry"}[i%2]
		drafts = append(drafts, draft(id, b, maker), draft(id+"a", &FundAllocated{Fund: fund, Project: id, Document: "襄财〔2020〕1号", Amount: 5000}, maker))
		for n, a := range []Amount{Amount(100 * i), 50} {
			r := request(fmt.Sprintf("Z%02d%d", i, n), a)
			r.Project, r.Fund, r.Payee = id, fund, Party{Name: fmt.Sprintf("公司%d", i%5), Code: fmt.Sprintf("9141000000000000%dX", i%5)}
			drafts = append(drafts, draft(r.Payment, r, maker))
		}
	}
	settle(t, l, "S1", drafts...)
	for i := 1; i <= 12; i++ {
		mustPost(t, l, draft(fmt.Sprintf("Z%02d-paid", i), &PaymentPaid{Payment: fmt.Sprintf("Z%02d0", i)}, payer))
	}
	return l
}

// pages reads a list to its end by its cursors, limit rows at a time.
func pages[R any](t *testing.T, limit int, list func(ctx context.Context, p Page) ([]R, string, error)) []R {
	t.Helper()
	var all []R
	p := Page{Limit: limit}
	for range 100 {
		rows, next, err := list(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) > limit {
			t.Fatalf("a page of %d holds %d", limit, len(rows))
		}
		all = append(all, rows...)
		if next == "" {
			return all
		}
		p.After = next
	}
	t.Fatal("the pages do not end")
	return nil
}

// sameOnPages wants a list to hold each row once, in one order, however it is cut.
func sameOnPages[R any](t *testing.T, name string, want int, list func(ctx context.Context, p Page) ([]R, string, error)) []R {
	t.Helper()
	whole := pages(t, MaxPage, list)
	if len(whole) != want {
		t.Errorf("%s: %d rows, want %d", name, len(whole), want)
	}
	for _, limit := range []int{1, 2, 5, want} {
		if diff := cmp.Diff(whole, pages(t, max(limit, 1), list)); diff != "" {
			t.Errorf("%s by %d (-whole +pages):\n%s", name, limit, diff)
		}
	}
	return whole
}

func TestPagesHoldEachRowOnce(t *testing.T) {
	t.Parallel()
	l := county(t)
	mustPost(t, l, func() []Draft {
		d := batch("g1", "G1", 7)
		d[0].Body.(*GrantRequested).Project, d[0].Body.(*GrantRequested).Fund = "P02", "F1"
		return d
	}()...)
	for i := range 4 {
		if _, err := l.Submit(t.Context(), testBook, fmt.Sprintf("s%d", i), SubmissionMade{Submission: fmt.Sprintf("W%d", i), Title: "待批"}, []Draft{draft(fmt.Sprintf("w%d", i), &DocumentFiled{Project: "P01", File: paper}, maker)}); err != nil {
			t.Fatal(err)
		}
	}
	projects := sameOnPages(t, "projects", 12, func(ctx context.Context, p Page) ([]Project, string, error) {
		return l.Projects(ctx, testBook, ProjectFilter{}, p)
	})
	if !slices.IsSortedFunc(projects, func(a, b Project) int {
		return slices.Compare([]string{a.Place, a.Project}, []string{b.Place, b.Project})
	}) {
		t.Error("projects are not by place and number")
	}
	payments := sameOnPages(t, "payments", 25, func(ctx context.Context, p Page) ([]Payment, string, error) {
		return l.Payments(ctx, testBook, PaymentFilter{}, p)
	})
	if !slices.IsSortedFunc(payments, func(a, b Payment) int { return int(b.Requested - a.Requested) }) {
		t.Error("payments are not the newest first")
	}
	payees := sameOnPages(t, "payees", 6, func(ctx context.Context, p Page) ([]Payee, string, error) { return l.Payees(ctx, testBook, p) })
	if !slices.IsSortedFunc(payees, func(a, b Payee) int { return int(b.Paid - a.Paid) }) {
		t.Error("payees are not by what they got")
	}
	sameOnPages(t, "lines", 7, func(ctx context.Context, p Page) ([]Line, string, error) { return l.Lines(ctx, testBook, "G1", p) })
	sameOnPages(t, "submissions", 5, func(ctx context.Context, p Page) ([]Submission, string, error) {
		return l.Submissions(ctx, testBook, "", p)
	})
	sameOnPages(t, "open submissions", 4, func(ctx context.Context, p Page) ([]Submission, string, error) {
		return l.Submissions(ctx, testBook, StateOpen, p)
	})
	for name, as := range map[string]As{"now": {}, "after an entry": {Seq: 1 << 40, Given: true}, "at the end of a day": {Day: "2020-12-31"}} {
		sameOnPages(t, "balances "+name, 2+2+1+12+5, func(ctx context.Context, p Page) ([]Account, string, error) {
			return l.Balances(ctx, testBook, "", as, p)
		})
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	l := county(t)
	ctx := t.Context()
	for _, c := range []struct {
		name   string
		filter ProjectFilter
		want   int
	}{
		{"all", ProjectFilter{}, 12},
		{"the county", ProjectFilter{Place: "411025"}, 12},
		{"a township", ProjectFilter{Place: "411025103"}, 6},
		{"a village", ProjectFilter{Place: "411025104205"}, 6},
		{"another county", ProjectFilter{Place: "411024"}, 0},
		{"a type", ProjectFilter{Type: "industry"}, 6},
		{"a state", ProjectFilter{State: StateApproved}, 12},
		{"a state that none has", ProjectFilter{State: StateAccepted}, 0},
		{"a fund", ProjectFilter{Fund: "F2"}, 6},
		{"a fund of another type's", ProjectFilter{Fund: "F2", Type: "construction"}, 0},
		{"a word of the name", ProjectFilter{Text: "道路12"}, 1},
		{"a word of the content", ProjectFilter{Text: "1公里"}, 12},
		{"a word of the place", ProjectFilter{Text: "颍阳镇"}, 12},
		{"a percent sign is a percent sign", ProjectFilter{Text: "1%"}, 2}, // 1 and 11
		{"an underline is an underline", ProjectFilter{Text: "化_'"}, 12},
		{"not any character", ProjectFilter{Text: "道_"}, 0},
		{"a quote", ProjectFilter{Text: "'3"}, 1},
		{"an injection", ProjectFilter{Text: "' or 1=1 --"}, 0},
		{"an injection into the fund", ProjectFilter{Fund: "F1' or '1'='1"}, 0},
		{"a backslash", ProjectFilter{Text: `\`}, 0},
		{"wildcards in the place", ProjectFilter{Place: "41%"}, 0},
		{"a word in the place", ProjectFilter{Place: "颍阳"}, 0},
	} {
		rows, next, err := l.Projects(ctx, testBook, c.filter, Page{})
		if err != nil || len(rows) != c.want || next != "" {
			t.Errorf("%s: %d projects, %q, %v; want %d", c.name, len(rows), next, err, c.want)
		}
	}
	for _, c := range []struct {
		name   string
		filter PaymentFilter
		want   int
	}{
		{"all", PaymentFilter{}, 24},
		{"a project", PaymentFilter{Project: "P03"}, 2},
		{"a fund", PaymentFilter{Fund: "F1"}, 12},
		{"a payee", PaymentFilter{Payee: "91410000000000001X"}, 6},
		{"a state", PaymentFilter{State: StatePaid}, 12},
		{"no such contract", PaymentFilter{Contract: "K1"}, 0},
		{"all at once", PaymentFilter{Project: "P01", Fund: "F2", Payee: "91410000000000001X", State: StateApproved}, 1},
		{"an injection", PaymentFilter{Project: "' or true --"}, 0},
		{"a wildcard", PaymentFilter{Project: "P%"}, 0},
	} {
		rows, _, err := l.Payments(ctx, testBook, c.filter, Page{})
		if err != nil || len(rows) != c.want {
			t.Errorf("payments of %s: %d, %v; want %d", c.name, len(rows), err, c.want)
		}
	}
	for _, c := range []struct {
		prefix string
		want   int
	}{{"hand/", 2}, {"project/P01/", 1}, {"project/P", 12}, {"unit/U1/F1", 1}, {"", 22}, {"%", 0}, {"project/P__/", 0}, {"'", 0}, {`\`, 0}} {
		rows, _, err := l.Balances(ctx, testBook, c.prefix, As{}, Page{})
		if err != nil || len(rows) != c.want {
			t.Errorf("balances of %q: %d, %v; want %d", c.prefix, len(rows), err, c.want)
		}
	}
}

// TestRareAmongMany: what few payments have is found without going through all of them,
// also where most payees and projects have many.
func TestRareAmongMany(t *testing.T) {
	t.Parallel()
	_, db := testLedger(t)
	ctx := t.Context()
	for _, sql := range []string{
		`insert into proj.payment select $1, 'Z'||g, 'paid', 'P'||g%40, 'F'||g%20, '', 'n-'||g%50, '', '', '', 0, 100, 0, '2020-03-18', null, 'u1', '\x00', g, -1, -1 from generate_series(1, 50000) g where $1 <> ''`,
		`insert into proj.payment select $1, 'R'||g, 'rejected', 'rare', 'rare', 'rare', 'rare', '', '', '', 0, 100, 0, '2020-03-18', null, 'u2', '\x00', g, -1, -1 from generate_series(1, 3) g where $1 <> ''`,
		`insert into proj.quota select $1, 'P'||g||'/F'||g%20, 'P'||g, 'F'||g%20, 0, 0, 0, 0 from generate_series(0, 39) g where $1 <> ''`,
		`insert into proj.quota select $1, 'rare/rare', 'rare', 'rare', 0, 0, 0, 0 where $1 <> ''`,
	} {
		if _, err := db.Owner.Exec(ctx, sql, testBook); err != nil {
			t.Fatal(err)
		}
	}
	// Of 50 payees the planner knows one as it knows 100 of 10,000 in a real book.
	for _, sql := range []string{`alter table proj.payment alter payee set statistics 1, alter project set statistics 1, alter fund set statistics 1`, `analyze proj.payment`, `analyze proj.quota`} {
		if _, err := db.Owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range map[string]PaymentFilter{
		"project": {Project: "rare"}, "payee": {Payee: "rare"}, "contract": {Contract: "rare"}, "fund": {Fund: "rare"}, "state": {State: StateRejected},
		"rejected of a maker": {State: StateRejected, Maker: "u1"}, "paid of a payee": {Payee: "rare", State: StatePaid},
	} {
		sql, args := f.query(testBook, Page{})
		var plan []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		if err := db.Owner.QueryRow(ctx, "explain (analyze, buffers, format json) "+sql, args...).Scan(&plan); err != nil {
			t.Fatal(err)
		}
		if n := plan[0].Plan.Hit + plan[0].Plan.Read; n > 300 {
			t.Errorf("%s: %d pages of the database are read", name, n)
		}
	}
}

// TestHostileCursors: a cursor that we did not give is no error of the server's.
func TestHostileCursors(t *testing.T) {
	t.Parallel()
	l := county(t)
	ctx := t.Context()
	for _, after := range []string{"x", "~", "'; drop table proj.fund --", "%", "-1", "99999999999999999999", "1~2~3", "411025103205~P01~", "\\"} {
		p := Page{After: after, Limit: 3}
		for name, err := range map[string]error{
			"projects":    second3(l.Projects(ctx, testBook, ProjectFilter{}, p)),
			"payments":    second3(l.Payments(ctx, testBook, PaymentFilter{}, p)),
			"payees":      second3(l.Payees(ctx, testBook, p)),
			"lines":       second3(l.Lines(ctx, testBook, "G1", p)),
			"submissions": second3(l.Submissions(ctx, testBook, "", p)),
			"balances":    second3(l.Balances(ctx, testBook, "", As{}, p)),
		} {
			if err != nil {
				t.Errorf("%s after %q: %v", name, after, err)
			}
		}
	}
	for limit, want := range map[int]int{0: 12, -1: 12, 1: 1, 100000: 12} {
		rows, _, err := l.Projects(ctx, testBook, ProjectFilter{}, Page{Limit: limit})
		if err != nil || len(rows) != want {
			t.Errorf("limit %d: %d rows, %v", limit, len(rows), err)
		}
	}
}

func second3[R any](_ []R, _ string, err error) error { return err }

// TestNoneIsNoEntry: a project whose approval was taken back, and that was in no library,
// names no entry, and whoever asks for it gets the others.
func TestNoneIsNoEntry(t *testing.T) {
	t.Parallel()
	l := county(t)
	found, err := l.EntriesAt(t.Context(), testBook, []Seq{None, 0, None, 1})
	if err != nil || len(found) != 2 || found[0] == nil || found[1] == nil {
		t.Errorf("%d entries, %v", len(found), err)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	ctx := t.Context()
	for name, err := range map[string]error{
		"fund":               tail(l.Fund(ctx, testBook, "F404")),
		"project":            tail(l.Project(ctx, testBook, "P404")),
		"payment":            tail(l.Payment(ctx, testBook, "Z404")),
		"contract":           tail(l.Contract(ctx, testBook, "K404")),
		"payee":              tail(l.Payee(ctx, testBook, "n-404")),
		"submission":         tail(l.Submission(ctx, testBook, "S404")),
		"file":               tail(l.SubmissionByFile(ctx, testBook, zeroHash)),
		"no file":            tail(l.SubmissionByFile(ctx, testBook, "")),
		"entry":              tail(l.Entry(ctx, testBook, 0)),
		"entry before all":   tail(l.Entry(ctx, testBook, -1)),
		"leaf":               tail(l.Leaf(ctx, testBook, 0)),
		"leaf before all":    tail(l.Leaf(ctx, testBook, -1)),
		"id":                 tail(l.Outcome(ctx, testBook, "e404")),
		"id of no book":      tail(l.Outcome(ctx, "999999", "e404")),
		"head of no book":    tail(l.Head(ctx, "999999")),
		"trace":              tail(l.TraceFund(ctx, testBook, "豫财农〔2019〕404号")),
		"post to no book":    tail(l.Post(ctx, "999999", draft("d", &DocumentFiled{Project: "P1", File: paper}, maker))),
		"project in another": tail(l.Project(ctx, "411024", "P1")),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.CreateBook(ctx, "襄城"); err == nil {
		t.Error("a book needs a code")
	}
	if err := l.CreateBook(ctx, testBook); err != nil {
		t.Errorf("a book that exists: %v", err)
	}
	if s, err := l.Summary(ctx, testBook); err != nil || s != (Summary{}) {
		t.Errorf("an empty book adds up to %+v, %v", s, err)
	}
}

func tail[R any](_ R, err error) error { return err }

func TestEntriesAreRead(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	r := mustPost(t, l, batch("g1", "G1", 1)...)
	es, err := l.Entries(ctx, testBook, 0, 100)
	if err != nil || len(es) != 7 {
		t.Fatal(len(es), err)
	}
	for i, e := range es {
		if e.Seq != Seq(i) || e.Book != testBook || e.At.IsZero() || i > 0 && e.At.Before(es[i-1].At) {
			t.Errorf("entry %d is %+v", i, e)
		}
	}
	line := es[6]
	if line.Hash != r[1].Hash || line.LeafHash != r[1].LeafHash || len(line.Commitments) != 2 || len(line.Sealed) != 0 {
		t.Errorf("line %+v", line)
	}
	for _, c := range []struct {
		from  Seq
		limit int
		want  int
	}{{5, 100, 2}, {7, 1, 0}, {0, 0, 0}, {-1, 5, 0}, {0, 3, 3}} {
		if got, err := l.Entries(ctx, testBook, c.from, c.limit); err != nil || len(got) != c.want {
			t.Errorf("from %d, %d: %d entries, %v", c.from, c.limit, len(got), err)
		}
	}
	ids, err := l.FindIDs(ctx, testBook, []string{"f1", "a1", "nothing", "' or true --"})
	if diff := cmp.Diff(map[string]Seq{"f1": 1, "a1": 3}, ids); diff != "" || err != nil {
		t.Errorf("ids %v (-want +got):\n%s", err, diff)
	}
	if books, err := l.Books(ctx); err != nil || !slices.Equal(books, []Book{testBook}) {
		t.Errorf("books %v %v", books, err)
	}
	if funds, err := l.Funds(ctx, testBook); err != nil || len(funds) != 1 || funds[0].Fund != "F1" {
		t.Errorf("funds %+v %v", funds, err)
	}
	if e, err := l.Entry(ctx, testBook, 3); err != nil || e.ID != "a1" {
		t.Errorf("entry %+v %v", e, err)
	}
	if leaf, err := l.Leaf(ctx, testBook, 3); err != nil {
		t.Error(err)
	} else if e, err := DecodeEntry(leaf); err != nil || e.ID != "a1" {
		t.Errorf("leaf %+v %v", e, err)
	}
	if head, err := l.Head(ctx, testBook); err != nil || head.Size != 7 || head.At == "" {
		t.Errorf("%+v %v", head, err)
	}
}

// TestTimelineMarksReversals: both the entry and who took it back stay visible.
func TestTimelineMarksReversals(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	filed := mustPost(t, l, draft("d1", &DocumentFiled{Project: "P1", File: paper}, maker), draft("d2", &DocumentFiled{Project: "P1", File: paper}, maker))
	if err := reverse(t, l, "x", filed[0].Seq); err != nil {
		t.Fatal(err)
	}
	events, err := l.Timeline(ctx, testBook, "P1")
	if err != nil {
		t.Fatal(err)
	}
	x, err := l.FindIDs(ctx, testBook, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	want := []TimelineEvent{
		{Event{Project: "P1", At: 4, Entry: 2, Kind: "project.approved", On: "2020-03-18", Amount: 80000}, None},
		{Event{Project: "P1", At: 5, Entry: 5, Kind: "document.filed", On: "2020-03-18"}, x["x"]},
		{Event{Project: "P1", At: 6, Entry: 6, Kind: "document.filed", On: "2020-03-18"}, None},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error("timeline (-want +got):\n" + diff)
	}
}

func TestDivisions(t *testing.T) {
	t.Parallel()
	// 2 街道, 9 镇, 5 乡: the vector of domain §5.
	ts := Townships(testBook)
	if len(ts) != 16 || ts[0].Name != "城关街道" || ts[15].Name != "双庙乡" {
		t.Errorf("townships %+v", ts)
	}
	for code, want := range map[string]string{"411025": "襄城县", "411025103": "颍阳镇", "411025103205": "颍阳镇", "411025999": "411025999", "": ""} {
		if got := DivisionOf(code).Name; got != want {
			t.Errorf("%s is %s, want %s", code, got, want)
		}
	}
}
