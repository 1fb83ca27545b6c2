package demo

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/alerts/rules"
	"yilu/audit"
	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/migrations/pgtest"
	"yilu/publicity"
	"yilu/publicity/photo"
	councils "yilu/publicity/workday"
)

func newLedger(t testing.TB) (*ledger.Ledger, *pgtest.DB) {
	t.Helper()
	db := pgtest.New(t)
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now, Judge: known().Judge()})
	t.Cleanup(l.Close)
	return l, db
}

// known are the rules that the demonstration is judged by, all of them in force as
// their files propose.
var known = sync.OnceValue(func() *alerts.Rules {
	r, err := alerts.LoadRules(rules.Files, councils.StateCouncil())
	if err != nil {
		panic(err)
	}
	return r
})

func load(t testing.TB, l *ledger.Ledger, files *document.Store) {
	t.Helper()
	begun, n := time.Now(), 0
	if err := Load(t.Context(), l, Options{Rules: known().Activations(), Files: files, Tried: tried(l), Progress: func(done, _ int) { n = done }}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries in %.1f s", n, time.Since(begun).Seconds())
}

// TestLoad loads the demonstration once and holds everything it promises.
func TestLoad(t *testing.T) {
	t.Parallel()
	l, db := newLedger(t)
	files, err := document.Open(t.TempDir(), db.Pool, l.Sealer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	load(t, l, files)
	entries := allEntries(t, l)
	t.Run("one photograph is public", func(t *testing.T) { checkPhotograph(t, l, files) })
	t.Run("the equation holds for each fund and in all", func(t *testing.T) { checkFunds(t, l) })
	t.Run("the seed's figures", func(t *testing.T) { checkFigures(t, l, entries) })
	t.Run("each household was sealed once", func(t *testing.T) { checkHouseholds(t, l) })
	t.Run("every state is reached", func(t *testing.T) { checkStates(t, l) })
	t.Run("traces add up", func(t *testing.T) { checkTraces(t, l) })
	t.Run("the lists find whom they should", func(t *testing.T) { checkListed(t, l, entries) })
	t.Run("published procurement is valid and reads back", func(t *testing.T) { checkProcurement(t, l) })
	t.Run("the first rules are seen at work", func(t *testing.T) { checkFlagged(t, l, entries) })
	t.Run("mistakes stay visible", func(t *testing.T) { checkMistakes(t, entries) })
	t.Run("what is not published was meant so", func(t *testing.T) { checkPublished(t, l, db.Owner) })
	t.Run("loading again does nothing", func(t *testing.T) {
		if err := Load(t.Context(), l, Options{Rules: known().Activations(), Tried: tried(l)}); err != nil {
			t.Fatal(err)
		}
		if h, err := l.Head(t.Context(), Book); err != nil || h.Size != int64(len(entries)) {
			t.Errorf("%d entries after loading again, %v; want %d", h.Size, err, len(entries))
		}
	})
	t.Run("the open cases are those that README explains", func(t *testing.T) { checkCases(t, l, db.Owner) })
	t.Run("cut off and resumed is the same", func(t *testing.T) { checkResumed(t, l, entries) })
	t.Run("replaying gives the same", func(t *testing.T) {
		if r, err := ledger.Rebuild(t.Context(), db.Owner, Book, ledger.Replay{Judge: known().Judge(), Sealer: l.Sealer}); err != nil {
			t.Errorf("rebuild: %+v %v", r, err)
		}
		if err := audit.VerifyBook(t.Context(), db.Owner, string(Book), nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("an altered entry is found and can be put back", func(t *testing.T) { checkAltered(t, db.Owner) })
}

// checkAltered alters an entry, which the check names while the guards see nothing.
func checkAltered(t *testing.T, owner *pgxpool.Pool) {
	alter := func() Altered {
		t.Helper()
		a, err := Alter(t.Context(), owner, known().Activations())
		if err != nil || a.Was == a.Is {
			t.Fatal(a, err)
		}
		return a
	}
	a := alter()
	found, ok := errors.AsType[*audit.Tampered](audit.VerifyBook(t.Context(), owner, string(Book), nil))
	if !ok || found.Seq != uint64(a.Seq) {
		t.Errorf("altered %+v, found %v", a, found)
	}
	if differences, err := audit.CheckSchema(t.Context(), owner); err != nil || len(differences) > 0 {
		t.Errorf("the guards are not as they were: %v %v", differences, err)
	}
	if back := alter(); back.Seq != a.Seq || back.Is != a.Was {
		t.Errorf("%+v after %+v", back, a)
	}
	if err := audit.VerifyBook(t.Context(), owner, string(Book), nil); err != nil {
		t.Error(err)
	}
}

// checkPhotograph wants one public picture, of a posting, with its photograph and its bytes.
func checkPhotograph(t *testing.T, l *ledger.Ledger, files *document.Store) {
	proofs, err := l.NoticeProofs(t.Context(), Book, photographed)
	if err != nil || len(proofs) != 2 {
		t.Fatal(proofs, err)
	}
	shown, err := l.PhotosOf(t.Context(), Book, []ledger.Seq{proofs[0].Seq, proofs[1].Seq})
	if err != nil || len(shown) != 1 || !shown[0].Public() || !strings.Contains(shown[0].Caption, "演示") {
		t.Fatal(shown, err)
	}
	for hash, public := range map[string]bool{shown[0].Original: false, shown[0].Picture: true} {
		f, err := files.Find(t.Context(), Book, hash, "")
		if err != nil {
			t.Fatal(err)
		}
		file, err := files.Content(f)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil || public && !photo.IsPublic(content) || !public && f.Size <= shown[0].Size {
			t.Error(f.Name, f.Size, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}

// checkPublished counts what is missing and late, which is what notices.go says.
func checkPublished(t *testing.T, l *ledger.Ledger, owner *pgxpool.Pool) {
	d := &publicity.Duties{Ledger: l, Pool: l.Pool, Calendar: councils.StateCouncil()}
	const today = ledger.Date("2021-06-30")
	missing, _, err := d.Obligations(t.Context(), Book, publicity.Filter{}, true, today, ledger.Page{Limit: ledger.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, o := range missing {
		name := o.Stage + " " + o.Level + " " + o.Project
		if strings.HasPrefix(o.Project, "KU2021") {
			name = o.Stage + " of next year"
		}
		got[name]++
	}
	want := map[string]int{
		"P3 village " + neverPosted: 1, "P7 county " + neverAnnounced: 1, "P6 village ": 1, "P4 unit " + takenDown: 1,
		"P3 county QT2020-05": 1, "P3 township QT2020-05": 1, "P2 of next year": 12,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("missing (-want +got):\n" + diff)
	}
	all, err := d.Coverage(t.Context(), Book, publicity.ByCounty, publicity.Filter{}, today)
	if err != nil || len(all) != 1 || all[0].Met < 1300 || all[0].Late() < 30 || all[0].Missing != 18 {
		t.Error(all, err)
	}
	objections, _, err := l.Objections(t.Context(), Book, "", ledger.Page{})
	if err != nil || len(objections) != 2 {
		t.Error(objections, err)
	}
	if _, err := d.Rebuild(t.Context(), owner, Book, false); err != nil {
		t.Error("followed anew:", err)
	}
}

// checkResumed loads another book, cut off again and again: it is the same as
// the one that was loaded in one go, but for instants and seals.
func checkResumed(t *testing.T, whole *ledger.Ledger, entries []*ledger.Entry) {
	parts, _ := newLedger(t)
	for _, most := range []int{1, 700, 9_000, 18_000} {
		ctx, cancel := context.WithCancel(t.Context())
		err := Load(ctx, parts, Options{Rules: known().Activations(), Tried: tried(parts), Progress: func(done, _ int) {
			if done >= most {
				cancel()
			}
		}})
		cancel()
		if err == nil {
			t.Fatalf("was not cut off at %d entries", most)
		}
	}
	load(t, parts, nil)
	if diff := cmp.Diff(lines(entries), lines(allEntries(t, parts))); diff != "" {
		t.Error("entries (-whole +resumed):\n" + diff)
	}
	want, err := whole.Funds(t.Context(), Book)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parts.Funds(t.Context(), Book)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("funds (-whole +resumed): %v\n%s", err, diff)
	}
}

func TestForeignBookIsLeftAlone(t *testing.T) {
	t.Parallel()
	l, db := newLedger(t)
	if err := l.CreateBook(t.Context(), Book); err != nil {
		t.Fatal(err)
	}
	_, err := l.Post(t.Context(), Book, ledger.Draft{
		ID: "ours", Kind: "project.listed", On: "2020-01-02", By: officer("411025103"), Corrects: ledger.None,
		Body: &ledger.ProjectListed{Project: "P1", Name: "道路", Content: "硬化道路", Type: "construction", Place: "411025103200", PlaceName: "某村", Unit: "颍阳镇人民政府"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := Load(t.Context(), l, Options{Rules: known().Activations()}); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v, want ErrForeign", err)
	}
	if _, err := Alter(t.Context(), db.Owner, known().Activations()); !errors.Is(err, ErrForeign) {
		t.Errorf("altering: got %v, want ErrForeign", err)
	}
	if h, err := l.Head(t.Context(), Book); err != nil || h.Size != 1 {
		t.Errorf("%d entries, %v; want the one that was there", h.Size, err)
	}
}

func TestNumbersAreValidAndDifferent(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := 1; n <= households+20; n++ {
		id := IDNumber(n)
		if !ledger.ValidIDNumber(id) || seen[id] {
			t.Fatalf("ID number %d is not valid or was used", n)
		}
		if order := id[14:17]; order < "996" {
			t.Fatalf("ID number %d has the order code %s, which somebody may have", n, order)
		}
		seen[id] = true
	}
	for _, f := range slices.Concat(builders, dealers, auditors, advisers, []firm{school, lender}) {
		if !ledger.ValidUSCC(f.Code) || seen[f.Code] {
			t.Errorf("credit code %s is not valid or was used", f.Code)
		}
		seen[f.Code] = true
	}
}

func allEntries(t testing.TB, l *ledger.Ledger) []*ledger.Entry {
	t.Helper()
	var all []*ledger.Entry
	for {
		es, err := l.Entries(t.Context(), Book, ledger.Seq(len(all)), 5000)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, es...); len(es) < 5000 {
			return all
		}
	}
}

// lines says what stands in entries: ids, kinds and days of all; hashes of those
// that neither are sealed nor sign off what is.
func lines(entries []*ledger.Entry) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		hash := hex.EncodeToString(e.Hash[:8])
		switch e.Body.(type) {
		case *ledger.SubmissionMade, *ledger.SubmissionApproved, *ledger.GrantRequested, *ledger.PaymentApproved, *ledger.RegisterLoaded:
			hash = ""
		}
		if len(e.Commitments) > 0 {
			hash = ""
		}
		out[i] = fmt.Sprintf("%d %s %s %s %d %s", e.Seq, e.ID, e.Kind, e.On, e.Corrects, hash)
	}
	return out
}

func checkFunds(t *testing.T, l *ledger.Ledger) {
	funds, err := l.Funds(t.Context(), Book)
	if err != nil || len(funds) != 5 {
		t.Fatalf("%d funds, %v", len(funds), err)
	}
	want := map[string]ledger.Amount{}
	for _, f := range fundLines {
		want[f.id] = f.amount
	}
	var sum [5]ledger.Amount
	for _, f := range funds {
		t.Log(f.Fund, f.Received.Comma(), f.InHand.Comma(), f.Allocated.Comma(), f.Paid.Comma(), f.Returned.Comma())
		if f.Received != want[f.Fund] || f.Received != f.InHand+f.Allocated+f.Paid+f.Returned {
			t.Errorf("fund %s: %+v", f.Fund, f)
		}
		for i, a := range []ledger.Amount{f.Received, f.InHand, f.Allocated, f.Paid, f.Returned} {
			sum[i] += a
		}
	}
	if sum[0].String() != "105490000.00" || slices.Min(sum[:]) <= 0 {
		t.Errorf("received, in hand, allocated, paid, returned: %v", sum)
	}
	if paid := sum[3].Percent(sum[0]); paid < "75" || paid > "95" {
		t.Errorf("%s of the money is paid", paid)
	}
}

func checkFigures(t *testing.T, l *ledger.Ledger, entries []*ledger.Entry) {
	towns, villages, works := map[string]bool{}, map[string]bool{}, 0
	for _, p := range allProjects(t, l) {
		if !strings.HasPrefix(p.Project, "GC2020-") || p.State == ledger.StateWithdrawn {
			continue
		}
		works++
		towns[p.Place[:9]] = true
		if !strings.HasSuffix(p.Place, "000") {
			villages[p.Place] = true
		}
		tenders, err := l.Tenders(t.Context(), Book, p.Project)
		if err != nil || len(tenders) == 0 || tenders[len(tenders)-1].State != ledger.StateAwarded {
			t.Errorf("%s: tenders %+v %v", p.Project, tenders, err)
		}
		if p.State != ledger.StateAccepted || p.Start != "2020-03-31" || p.Finish != "2020-06-30" {
			t.Errorf("%s: %s, %s to %s", p.Project, p.State, p.Start, p.Finish)
		}
	}
	if works != 56 || len(towns) != 16 || len(villages) != poorVillages {
		t.Errorf("%d works projects in %d townships and %d villages", works, len(towns), len(villages))
	}
	for _, e := range entries {
		if _, ok := e.Body.(*ledger.WorksStarted); ok && strings.HasPrefix(e.ID, idPrefix+"GC") && e.On > "2020-03-31" {
			t.Errorf("%s started on %s", e.ID, e.On)
		}
		if _, now := e.Body.(*ledger.AlertRaised); now { // of what was tried: it is kept on the day it is loaded
			continue
		}
		if e.On < "2020-01-02" || e.On > "2020-12-25" || !isWorkday(e.On) {
			t.Errorf("%s stands on %s", e.ID, e.On)
		}
	}
}

func allProjects(t *testing.T, l *ledger.Ledger) []ledger.Project {
	t.Helper()
	var all []ledger.Project
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		ps, next, err := l.Projects(t.Context(), Book, ledger.ProjectFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, ps...); next == "" {
			return all
		}
		page.After = next
	}
}

func allPayments(t *testing.T, l *ledger.Ledger) []ledger.Payment {
	t.Helper()
	var all []ledger.Payment
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		ps, next, err := l.Payments(t.Context(), Book, ledger.PaymentFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, ps...); next == "" {
			return all
		}
		page.After = next
	}
}

// checkHouseholds counts persons by their tokens: the ID numbers are sealed.
func checkHouseholds(t *testing.T, l *ledger.Ledger) {
	persons := map[string]bool{}
	returned := 0
	for _, p := range allPayments(t, l) {
		if p.Lines == 0 {
			continue
		}
		for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
			ls, next, err := l.Lines(t.Context(), Book, p.Payment, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range ls {
				persons[line.Person] = true
				if line.Returned > 0 {
					returned++
				}
			}
			if page.After = next; next == "" {
				break
			}
		}
	}
	if len(persons) != households || returned != 20 {
		t.Errorf("%d households, %d returned lines; want %d and 20", len(persons), returned, households)
	}
	back, err := l.TracePerson(t.Context(), Book, IDNumber(1))
	if err != nil || len(back) == 0 {
		t.Errorf("household 1 got %+v, %v", back, err)
	}
}

func checkStates(t *testing.T, l *ledger.Ledger) {
	seen := map[string]map[string]int{"project": {}, "tender": {}, "payment": {}, "submission": {}}
	for _, p := range allProjects(t, l) {
		seen["project"][p.State]++
		tenders, err := l.Tenders(t.Context(), Book, p.Project)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tenders {
			seen["tender"][x.State]++
		}
	}
	for _, p := range allPayments(t, l) {
		seen["payment"][p.State]++
	}
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		ss, next, err := l.Submissions(t.Context(), Book, "", page)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range ss {
			seen["submission"][s.State]++
		}
		if page.After = next; next == "" {
			break
		}
	}
	t.Log(seen)
	for thing, states := range map[string]string{
		"project": "listed approved started completed accepted cancelled withdrawn", "tender": "announced opened candidates awarded failed withdrawn",
		"payment": "requested approved rejected paid withdrawn", "submission": "open approved rejected",
	} {
		for state := range strings.FieldsSeq(states) {
			if seen[thing][state] == 0 {
				t.Errorf("no %s is %s", thing, state)
			}
		}
	}
}

func checkTraces(t *testing.T, l *ledger.Ledger) {
	for _, f := range fundLines {
		tr, err := l.TraceFund(t.Context(), Book, f.document)
		if err != nil || len(tr.Funds) != 1 {
			t.Fatalf("trace %s: %+v %v", f.document, tr.Funds, err)
		}
		var paid, held ledger.Amount
		for _, s := range tr.Shares {
			paid += s.Paid
		}
		for _, q := range tr.Quotas {
			held += q.Allocated - q.Paid
		}
		units, _, err := l.Balances(t.Context(), Book, "unit/"+lendingUnit+"/"+f.id, ledger.As{}, ledger.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range units {
			held += u.Balance
		}
		if paid != tr.Funds[0].Paid || held != tr.Funds[0].Allocated {
			t.Errorf("fund %s: payees got %s of %s, projects and units hold %s of %s", f.id, paid, tr.Funds[0].Paid, held, tr.Funds[0].Allocated)
		}
	}
}

// findings are all that the rules said of the year.
func findings(t *testing.T, l *ledger.Ledger) (all []alerts.Finding) {
	t.Helper()
	verdicts, err := ledger.ReadVerdicts(t.Context(), l.Pool, Book, ledger.None, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range verdicts.Notes {
		var note alerts.Note
		if err := json.Unmarshal(n.Note, &note); err != nil {
			t.Fatal(err)
		}
		all = append(all, note.Findings...)
	}
	return all
}

// checkListed counts what the rules on comparison lists said of the year: one hit of
// each, and nothing that could not be judged.
func checkListed(t *testing.T, l *ledger.Ledger, entries []*ledger.Entry) {
	got := map[string]int{}
	for _, f := range findings(t, l) {
		if f.Code[0] == 'E' && f.Due == "" || f.Code == "W10" {
			got[f.Code+" "+string(f.State)+f.Reason]++
		}
	}
	if diff := cmp.Diff(map[string]int{"E01 flag": 1, "E02 flag": 1, "E06 flag": 1, "W10 flag": 1}, got); diff != "" {
		t.Errorf("said of those on lists (-want +got):\n%s", diff)
	}
	lists := map[string]int{}
	for _, e := range entries {
		if b, ok := e.Body.(*ledger.RegisterLoaded); ok {
			lists[b.List]++
		}
	}
	if diff := cmp.Diff(map[string]int{ledger.ListPoor: 1, ledger.ListPayroll: 1, ledger.ListCadres: 1, ledger.ListDeceased: 2, ledger.ListDebarred: 1, ledger.ListFirms: 1, ledger.ListPersons: 1, ledger.ListAccounts: 1, ledger.ListMeasures: 1, ledger.ListEntitled: 1}, lists); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	cards := 0
	err := l.Pool.QueryRow(t.Context(), `
		select count(distinct m.who) from proj.register_member m join proj.grant_line g on g.book = m.book and g.account = m.who
		where m.book = $1 and m.serial >= 200 and m.who <> ''`, Book).Scan(&cards)
	if err != nil || cards != cardsAtOnce {
		t.Errorf("%d of the cards opened at once get grants, want %d: %v", cards, cardsAtOnce, err)
	}
}

// tried keeps what was refused, as a server does.
func tried(l *ledger.Ledger) func(context.Context, *ledger.Refused, ...ledger.Draft) error {
	engine := &alerts.Engine{Ledger: l, Pool: l.Pool, Rules: known()}
	return func(ctx context.Context, refused *ledger.Refused, drafts ...ledger.Draft) error {
		return engine.Attempt(ctx, Book, refused, drafts...)
	}
}

// checkFlagged wants a warning of each rule that flagged.go names.
func checkFlagged(t *testing.T, l *ledger.Ledger, entries []*ledger.Entry) {
	got := map[string]int{}
	for _, f := range findings(t, l) {
		if slices.Contains(strings.Fields("B01 B03 B12 B20 C04 D04 D10 J01 J09 P05 P09 P24 T01"), f.Code) && f.State == rule.Flag {
			got[f.Code]++
		}
	}
	for _, e := range entries {
		if b, ok := e.Body.(*ledger.AlertRaised); ok && b.Origin == "attempt" {
			got["tried "+b.Code]++
		}
	}
	want := map[string]int{
		"B01": 1, "B03": 1, "B12": 1, "B20": 1, "C04": 1, "D04": 1, "D10": 1, "J01": 1, "J09": 1, "P05": 1, "P09": 1, "P24": 1, "T01": 1,
		"tried A01": 1, "tried E03": 1, "tried L09": 1, "tried P01": 1, "tried P02": 1, "tried P03": 1, "tried P12": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("flagged and tried (-want +got):\n%s", diff)
	}
}

// checkCases has an engine judge what was loaded, and wants the open cases that README
// explains, none that a rule of ours raised by its own fault, and none twice.
func checkCases(t *testing.T, l *ledger.Ledger, owner *pgxpool.Pool) {
	ctx := t.Context()
	engine := &alerts.Engine{Ledger: l, Pool: l.Pool, Rules: known(), Calendar: councils.StateCouncil()}
	if err := Sweep(ctx, engine); err != nil {
		t.Fatal(err)
	}
	checkIntruderKilled(t, owner, engine)
	if err := Intrude(ctx, owner, engine); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func(context.Context, ledger.Book) (bool, error){engine.Step, engine.Fire} {
		for more := true; more; {
			var err error
			if more, err = do(ctx, Book); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := map[string]int{
		"A01": 1, "A02": 5, "A03": 5, "A05": 5, "A12": 1, "B01": 1, "B03": 1, "B06": 4, "B07": 14, "B12": 1, "B20": 1, "C03": 1, "C04": 1, "C12": 1,
		"D01": 5, "D02": 1, "D04": 1, "D06": 1, "D08": 2, "D09": 1, "D10": 1, "D13": 1, "E01": 1, "E02": 1, "E03": 1, "E06": 1, "E10": 1, "E12": 1,
		"H08": 2, "H11": 1, "J01": 1, "J07": 1, "J09": 1, "L01": 1, "L09": 1, "L19": 2, "P01": 57, "P02": 1, "P03": 1, "P04": 4, "P05": 1, "P07": 5, "P08": 5,
		"P09": 1, "P12": 1, "P13": 1, "P24": 1, "P27": 1, "P32": 1, "Q12": 10, "T01": 1, "T02": 1, "T07": 1, "T08": 7, "T15": 1,
		"V02": 1, "V07": 1, "V09": 1, "V13": 1, "W10": 1,
	}
	got, total := map[string]int{}, 0
	rows, err := l.Pool.Query(ctx, `select case reason when 'error' then code || ' error' else code end, count(*)::integer from alert.current where book = $1 and (state = 'open' or reason = 'error') group by 1`, Book)
	if err != nil {
		t.Fatal(err)
	}
	var code string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&code, &n}, func() error {
		got[code], total = n, total+n
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("open cases (-want +got):\n%s", diff)
	}
	readme, err := os.ReadFile("../../../README.md")
	if told := fmt.Sprintf("the demonstration's %d open cases", total); err != nil || !strings.Contains(string(readme), told) {
		t.Errorf("README does not tell of %s: %v", told, err)
	}
	head, err := l.Head(ctx, Book)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Sweep(ctx, engine), Intrude(ctx, owner, engine)); err != nil {
		t.Fatal(err)
	}
	if again, err := l.Head(ctx, Book); err != nil || again.Size != head.Size {
		t.Errorf("%d entries after sweeping again, %v; want %d", again.Size, err, head.Size)
	}
}

// checkIntruderKilled ends the intruder's connection while the entry is altered: nothing
// is left of it, neither an altered byte nor a warning.
func checkIntruderKilled(t *testing.T, owner *pgxpool.Pool, engine *alerts.Engine) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- Intrude(t.Context(), owner, engine) }()
	for killed := int64(0); killed == 0; {
		tag, err := owner.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_locks where relation = 'log.entry'::regclass and mode = 'ShareRowExclusiveLock' and granted`)
		if err != nil {
			t.Fatal(err)
		}
		if killed = tag.RowsAffected(); killed == 0 && len(ended) > 0 {
			t.Fatal("it ended before it could be killed: ", <-ended)
		}
	}
	if err := <-ended; err == nil {
		t.Error("it was killed and says nothing")
	}
	if err := audit.VerifyBook(t.Context(), owner, string(Book), nil); err != nil {
		t.Error(err)
	}
	if differences, err := audit.CheckSchema(t.Context(), owner); err != nil || len(differences) > 0 {
		t.Errorf("the guards are not as they were: %v %v", differences, err)
	}
	if n, err := alerts.Count(t.Context(), engine.Pool, Book, alerts.Filter{Code: "L01"}); err != nil || n != 0 {
		t.Errorf("%d warnings of L01, %v; want none", n, err)
	}
}

// checkMistakes counts what was taken back and put right.
func checkMistakes(t *testing.T, entries []*ledger.Entry) {
	got := map[string]int{}
	for _, e := range entries {
		switch {
		case e.Kind == "entry.reversed":
			got["reversed "+string(entries[e.Corrects].Kind)]++
		case e.Corrects != ledger.None:
			got["corrected "+string(entries[e.Corrects].Kind)]++
		case strings.HasSuffix(string(e.Kind), ".rejected") || strings.HasSuffix(string(e.Kind), "failed") || e.Kind == "payment.returned" || e.Kind == "project.cancelled" || e.Kind == "period.closed":
			got[string(e.Kind)]++
		}
	}
	want := map[string]int{
		"submission.rejected": 1, "payment.rejected": 3, "tender.failed": 1, "acceptance.failed": 1, "payment.returned": 20, "project.cancelled": 1, "period.closed": 1,
		"reversed project.listed": 1, "reversed fund.allocated": 1, "corrected fund.allocated": 1, "reversed tender.announced": 2, "reversed project.approved": 1, "reversed contract.amended": 1,
		"reversed contract.signed": 1, "corrected contract.signed": 1, "reversed payment.requested": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("mistakes (-want +got):\n" + diff)
	}
}
