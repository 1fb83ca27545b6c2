package ledger

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// TestSnapshotIsOneState: what is posted meanwhile is not seen, by one connection
// or by several questions; and a snapshot cannot post.
func TestSnapshotIsOneState(t *testing.T) {
	t.Parallel()
	l := county(t)
	ctx := t.Context()
	err := l.Snapshot(ctx, testBook, func(at *Ledger, head Head) error {
		before, err := at.Funds(ctx, testBook)
		if err != nil {
			return err
		}
		settle(t, l, "later", draft("f3", &FundReceived{Fund: "F3", Document: "豫财农〔2019〕2号", Name: "追加", Level: "central", Amount: 5, Issued: "2020-01-07", Year: "2020"}, maker))
		after, err := at.Funds(ctx, testBook)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("the snapshot moved:\n%s", diff)
		}
		if again, err := at.Head(ctx, testBook); err != nil || again != head {
			t.Errorf("head %+v %v, was %+v", again, err, head)
		}
		if now, err := l.Head(ctx, testBook); err != nil || now.Size <= head.Size {
			t.Errorf("the book has not moved: %+v %v", now, err)
		}
		if _, err := at.Post(ctx, testBook, draft("x", &ProjectListed{}, maker)); err == nil {
			t.Error("a snapshot has posted")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if funds, err := l.Funds(ctx, testBook); err != nil || len(funds) != 3 {
		t.Errorf("%d funds after it: %v", len(funds), err)
	}
}

// TestAllocationsAreTheFunds: whatever the size of pages, each allocation is there
// once, and those of a fund add up to what it gave.
func TestAllocationsAreTheFunds(t *testing.T) {
	t.Parallel()
	l := county(t)
	all := pages(t, 5, func(ctx context.Context, p Page) ([]Allocation, string, error) {
		return l.Allocations(ctx, testBook, "", "", p)
	})
	if len(all) != 13 || all[0].Unit != "U1" || all[0].Project != "" {
		t.Fatalf("%d allocations, first %+v", len(all), all[0])
	}
	sums := map[string]Amount{}
	for _, a := range all {
		sums[a.Fund] += a.Allocated
	}
	funds, err := l.Funds(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range funds {
		if sums[f.Fund] != f.Allocated+f.Paid {
			t.Errorf("%s: allocations add up to %s, want %s", f.Fund, sums[f.Fund], f.Allocated+f.Paid)
		}
	}
	some, _, err := l.Allocations(t.Context(), testBook, "F1", "411025103", Page{})
	if err != nil || len(some) == 0 || slices.ContainsFunc(some, func(a Allocation) bool { return a.Fund != "F1" || a.Place[:9] != "411025103" }) {
		t.Errorf("filtered: %+v %v", some, err)
	}
}

// TestNewsIsNewestFirst, in a place and its villages only.
func TestNewsIsNewestFirst(t *testing.T) {
	t.Parallel()
	l := county(t)
	payments, projects, err := l.NewsIn(t.Context(), testBook, "411025103")
	if err != nil {
		t.Fatal(err)
	}
	if len(payments) != 12 || len(projects) != 6 {
		t.Fatalf("%d payments, %d projects", len(payments), len(projects))
	}
	if !slices.IsSortedFunc(payments, func(a, b Payment) int { return int(b.Requested - a.Requested) }) {
		t.Error("payments are not newest first")
	}
	for _, p := range projects {
		if p.Place[:9] != "411025103" || p.Budget == 0 {
			t.Errorf("%+v", p)
		}
	}
}

// TestFreezeIsOneState: however many read at once, and whatever fails among them,
// all see the book as it was.
func TestFreezeIsOneState(t *testing.T) {
	t.Parallel()
	l := county(t)
	ctx := t.Context()
	was, err := l.Head(ctx, testBook)
	if err != nil {
		t.Fatal(err)
	}
	err = l.Freeze(ctx, testBook, 2, func(frozen *Ledger) error {
		settle(t, l, "later", draft("f3", &FundReceived{Fund: "F3", Document: "豫财农〔2019〕2号", Name: "追加", Level: "central", Amount: 5, Issued: "2020-01-07", Year: "2020"}, maker))
		if head, err := frozen.Head(ctx, testBook); err != nil || head != was {
			t.Errorf("head %+v %v, was %+v", head, err, was)
		}
		var all errgroup.Group
		for n := range 20 {
			all.Go(func() error {
				return frozen.Snapshot(ctx, testBook, func(at *Ledger, head Head) error {
					if n%5 == 0 { // what fails must not spoil the transaction for others
						var x int
						return at.Read.QueryRow(ctx, `select 1/0`).Scan(&x)
					}
					funds, err := at.Funds(ctx, testBook)
					if len(funds) != 2 || head != was {
						t.Errorf("%d funds at %+v", len(funds), head)
					}
					return err
				})
			})
		}
		_ = all.Wait() // some fail on purpose
		return frozen.Snapshot(ctx, "411024", func(*Ledger, Head) error { return nil })
	})
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("another book: %v", err)
	}
	if funds, err := l.Funds(ctx, testBook); err != nil || len(funds) != 3 {
		t.Errorf("%d funds after it: %v", len(funds), err)
	}
}
