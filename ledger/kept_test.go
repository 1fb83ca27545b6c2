package ledger

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"
)

// TestOnceAsksOnce: of a frozen book a question is asked once however many want to know,
// unless it failed or was forgotten; of a book that goes on always.
func TestOnceAsksOnce(t *testing.T) {
	t.Parallel()
	asked := atomic.Int64{}
	ask := func() (int64, error) { return asked.Add(1), nil }
	still := &Ledger{kept: &kept{answers: map[string]any{}}}
	var all errgroup.Group
	for range 50 {
		all.Go(func() error {
			if n, err := Once(still, "q", ask); n != 1 || err != nil {
				return fmt.Errorf("%d %w", n, err)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
	broken := errors.New("broken")
	if _, err := Once(still, "other", func() (int64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if n, err := Once(still, "other", ask); n != 2 || err != nil {
		t.Error("a failure was kept", n, err)
	}
	for i := range mostKept {
		if n, err := Once(still, fmt.Sprint(i), ask); n != int64(i)+3 || err != nil {
			t.Error(n, err)
		}
	}
	if n, err := Once(still, "q", ask); n != mostKept+3 || err != nil {
		t.Error("more was kept than allowed", n, err)
	}
	if len(still.kept.answers) > mostKept || len(still.kept.order) > mostKept {
		t.Errorf("%d answers kept", len(still.kept.answers))
	}
	for i := range 2 {
		if n, err := Once(&Ledger{}, "q", ask); n != int64(mostKept+4+i) || err != nil {
			t.Error("a book that goes on was not asked", n, err)
		}
	}
}
