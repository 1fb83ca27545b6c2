package ledger

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"unsafe"
)

// TestFoldHoldsEqualTextsOnce: a fold keeps a row for each payment, and millions of them
// name the same payee and purpose.
func TestFoldHoldsEqualTextsOnce(t *testing.T) {
	f := NewFold("411025", nil)
	f.s.judging = true
	f.s.projects.add("P1", ProjectFacts{Project: "P1", State: StateApproved})
	f.s.quotas.add(quotaKey("P1", "F1"), Quota{Quota: quotaKey("P1", "F1"), Project: "P1", Fund: "F1", Allocated: 1000})
	rows := make([]*Payment, 2)
	for i := range rows {
		e := &Entry{Seq: Seq(i)}
		e.On, e.By = Date([]byte("2020-03-18")), By{User: string([]byte("zhang"))}
		id := strconv.Itoa(i)
		f.s.request(e, Payment{Payment: id, Project: string([]byte("P1")), Fund: string([]byte("F1")), Payee: "S1", PayeeName: string([]byte("某建筑公司")), Purpose: string([]byte("进度款")), Amount: 1})
		rows[i] = f.s.payment(id)
	}
	for _, text := range []func(*Payment) string{
		func(p *Payment) string { return p.Project }, func(p *Payment) string { return p.Fund }, func(p *Payment) string { return p.PayeeName },
		func(p *Payment) string { return p.Purpose }, func(p *Payment) string { return p.RequestedBy }, func(p *Payment) string { return string(p.On) },
	} {
		if a, b := text(rows[0]), text(rows[1]); a != b || unsafe.StringData(a) != unsafe.StringData(b) {
			t.Errorf("%q and %q are two texts", a, b)
		}
	}
}

// TestFoldFindsTheLatestPayments: of many payments to a payee the latest are looked at,
// and one that is undone is none of them.
func TestFoldFindsTheLatestPayments(t *testing.T) {
	f := NewFold("411025", nil)
	s := f.s
	add := func(i int) { s.addPayment(s.twins, "S1/1", &Payment{Payment: strconv.Itoa(i)}) }
	for i := range 5*mostFound + 7 {
		mark := len(s.undo)
		add(-1)
		s.undoTo(mark)
		add(i)
	}
	want := 4*mostFound + 7
	for p := range f.View().Twins("S1", 1) {
		if p.Payment != strconv.Itoa(want) {
			t.Fatalf("payment %s, want %d", p.Payment, want)
		}
		want++
	}
	if want != 5*mostFound+7 {
		t.Errorf("the last one is %d", want-1)
	}
}

// TestPastEntriesAreReadAgain: a fold keeps the latest entries, and any other is read again
// in any order, also when it keeps too few blocks to have them all.
func TestPastEntriesAreReadAgain(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	for n := range 3 {
		var drafts []Draft
		for i := range pastBlock {
			drafts = append(drafts, draft(fmt.Sprintf("past-%d-%d", n, i), request(fmt.Sprintf("PAST-%d-%d", n, i), 1), maker))
		}
		mustPost(t, l, drafts...)
	}
	head, err := l.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	want, err := l.Entries(t.Context(), testBook, 0, int(head.Size))
	if err != nil || len(want) != int(head.Size) {
		t.Fatalf("%d of %d entries, %v", len(want), head.Size, err)
	}
	past := l.fetchPast(t.Context(), testBook, 2)
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		q := Seq(r.IntN(len(want)))
		if got := past(q); got == nil || got.Seq != q || got.ID != want[q].ID {
			t.Fatalf("entry %d: %+v, want %s", q, got, want[q].ID)
		}
	}
	if got := past(Seq(head.Size)); got != nil {
		t.Errorf("beyond the end is %+v", got)
	}
}
