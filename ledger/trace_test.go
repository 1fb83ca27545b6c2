package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBalancesAsOf asks for one account after each entry and on each day.
func TestBalancesAsOf(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	ctx := t.Context()
	funded(t, l) // entries 0 to 4, in effect at 4
	late := draft("adj", &FundAdjusted{Fund: "F1", Document: "文", Amount: 500}, maker)
	late.On = "2020-03-20"
	early := draft("adj2", &FundAdjusted{Fund: "F1", Document: "文", Amount: 30}, maker)
	early.On = "2020-03-01"
	settle(t, l, "S2", late, early) // 5, 6, 7; in effect at 8
	hand := func(as As) Amount {
		t.Helper()
		rows, _, err := l.Balances(ctx, testBook, "hand/F1", as, Page{})
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			return -1
		}
		return rows[0].Balance
	}
	for seq, want := range map[Seq]Amount{-1: -1, 0: -1, 3: -1, 4: 40000, 7: 40000, 8: 40530, 1000: 40530} {
		if got := hand(As{Seq: seq, Given: true}); got != want {
			t.Errorf("after entry %d: %s, want %s", seq, got, want)
		}
	}
	for day, want := range map[Date]Amount{"2020-02-29": -1, "2020-03-01": 30, "2020-03-17": 30, "2020-03-18": 40030, "2020-03-19": 40030, "2020-03-20": 40530, "2199-12-31": 40530} {
		if got := hand(As{Day: day}); got != want {
			t.Errorf("on %s: %s, want %s", day, got, want)
		}
	}
	if got := hand(As{}); got != 40530 {
		t.Errorf("now: %s", got)
	}
}

// TestTraces goes from the document to the payees and back, and adds up.
func TestTraces(t *testing.T) {
	t.Parallel()
	l := county(t)
	ctx := t.Context()
	document, err := l.TraceFund(ctx, testBook, "豫财农〔2019〕1号")
	if err != nil {
		t.Fatal(err)
	}
	if len(document.Funds) != 2 || len(document.Quotas) != 12 || len(document.Shares) != 12 {
		t.Errorf("the document has %d funds, %d projects, %d shares", len(document.Funds), len(document.Quotas), len(document.Shares))
	}
	var all, fromPayees Amount
	seen := map[string]bool{}
	for _, id := range []string{"F1", "F2"} {
		tr, err := l.TraceFund(ctx, testBook, id)
		if err != nil || len(tr.Funds) != 1 {
			t.Fatal(tr, err)
		}
		var paid, allocated Amount
		for _, s := range tr.Shares {
			paid += s.Paid
			seen[s.Payee] = true
			if s.Fund != id || s.Document != "豫财农〔2019〕1号" {
				t.Errorf("%s: share %+v", id, s)
			}
		}
		for _, q := range tr.Quotas {
			allocated += q.Allocated - q.Paid
		}
		if f := tr.Funds[0]; paid != f.Paid {
			t.Errorf("%s: shares add up to %s, the fund paid %s", id, paid, f.Paid)
		} else if unit := map[string]Amount{"F1": 7000}[id]; allocated+unit != f.Allocated {
			t.Errorf("%s: projects hold %s and units %s, the fund says %s", id, allocated, unit, f.Allocated)
		}
		all += paid
	}
	for payee := range seen {
		back, err := l.TracePayee(ctx, testBook, payee)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range back {
			fromPayees += s.Paid
		}
	}
	s, err := l.Summary(ctx, testBook)
	if err != nil {
		t.Fatal(err)
	}
	if all != fromPayees || all != s.Paid || all != 7800 {
		t.Errorf("forward %s, back %s, summary %s", all, fromPayees, s.Paid)
	}
	project, err := l.TraceProject(ctx, testBook, "P03")
	if err != nil {
		t.Fatal(err)
	}
	want := []Share{{Document: "豫财农〔2019〕1号", Fund: "F2", FundName: "配套", Level: "county", Project: "P03", ProjectName: "道路3%硬化_'3", Place: "411025104205",
		Payee: "91410000000000003X", PayeeName: "公司3", Payments: 1, Paid: 300}}
	if diff := cmp.Diff(want, project); diff != "" {
		t.Error("project (-want +got):\n" + diff)
	}
	for name, list := range map[string]func() ([]Share, error){
		"project": func() ([]Share, error) { return l.TraceProject(ctx, testBook, "' or true --") },
		"payee":   func() ([]Share, error) { return l.TracePayee(ctx, testBook, "%") },
	} {
		if got, err := list(); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// TestFlowsAddUp: bands of a fund add up to what its projects got.
func TestFlowsAddUp(t *testing.T) {
	t.Parallel()
	l := county(t)
	ctx := t.Context()
	g := batch("g1", "G1", 7)
	g[0].Body.(*GrantRequested).Project, g[0].Body.(*GrantRequested).Fund = "P02", "F1"
	r := mustPost(t, l, g...)
	paid(t, l, "G1", encodeHash(r[0].Hash[:]))
	b := request("Z99", 40)
	b.Project, b.Payee = "P02", Party{}
	d := draft("z99", b, maker)
	d.Sealed = map[string]string{fieldName: "张三", fieldIDNumber: citizen(1)}
	r = mustPost(t, l, d)
	paid(t, l, "Z99", encodeHash(r[0].Hash[:]))
	flows, err := l.Flows(ctx, testBook)
	if err != nil {
		t.Fatal(err)
	}
	sums, classes := map[string]Amount{}, map[string]Amount{}
	for _, f := range flows {
		sums[f.Fund] += f.Amount
		classes[f.Class] += f.Amount
		if f.Amount <= 0 || f.Level != map[string]string{"F1": "central", "F2": "county"}[f.Fund] || len(f.Township) != 9 {
			t.Errorf("band %+v", f)
		}
	}
	if diff := cmp.Diff(map[string]Amount{"F1": 30000, "F2": 30000}, sums); diff != "" {
		t.Error("funds (-want +got):\n" + diff)
	}
	if diff := cmp.Diff(map[string]Amount{"firm": 7800, "household": 700, "person": 40, "": 60000 - 8540}, classes); diff != "" {
		t.Error("classes (-want +got):\n" + diff)
	}
}

// TestTracePerson: by the number in any spelling, and by nothing else.
func TestTracePerson(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	b := request("Z1", 40)
	b.Payee = Party{}
	d := draft("z1", b, maker)
	d.Sealed = map[string]string{fieldName: "王五", fieldIDNumber: "11010519491231002X"}
	r := mustPost(t, l, d)
	if got, err := l.TracePerson(ctx, testBook, "11010519491231002X"); err != nil || len(got) != 0 {
		t.Errorf("before it is paid: %+v %v", got, err)
	}
	paid(t, l, "Z1", encodeHash(r[0].Hash[:]))
	for _, number := range []string{"11010519491231002X", "11010519491231002x"} {
		got, err := l.TracePerson(ctx, testBook, number)
		if err != nil || len(got) != 1 || got[0].Payment != "Z1" || got[0].Paid != 40 || got[0].Line != 0 || got[0].Document != "豫财农〔2019〕1号" {
			t.Errorf("%s: %+v %v", number, got, err)
		}
	}
	if got, err := l.TracePerson(ctx, testBook, anID); err != nil || len(got) != 0 {
		t.Errorf("another person: %+v %v", got, err)
	}
	if _, err := l.TracePerson(ctx, testBook, "110105194912310021"); err == nil {
		t.Error("a number with a wrong digit is asked for")
	}
}
