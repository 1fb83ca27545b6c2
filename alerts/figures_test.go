package alerts

import (
	"testing"
	"time"

	"yilu/ledger"
)

// TestFigures counts what waits for the engine, the open cases by level and the
// deadlines that have passed, and nothing that is ended.
func TestFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.run()
	figures := func() (f Figures, byLevel map[string]LevelFigures) {
		t.Helper()
		f, err := w.engine.Figures(t.Context(), testBook)
		if err != nil {
			t.Fatal(err)
		}
		byLevel = map[string]LevelFigures{}
		for _, l := range f.Cases {
			byLevel[l.Level] = l
		}
		if len(byLevel) != len(ledger.AlertLevels) {
			t.Errorf("levels %+v", f.Cases)
		}
		return f, byLevel
	}
	before, cases := figures()
	if before.Lag != 0 || cases["red"].Oldest != 0 {
		t.Errorf("before: %+v", before)
	}
	orange := cases["orange"].Open

	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	w.post(w.draft("why", &ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: "z2", Ground: "agreed", File: paper}, maker),
		w.draft("z2", w.request("Z2", 10000), maker))
	if f, _ := figures(); f.Lag != 3 {
		t.Errorf("3 entries wait, told are %d", f.Lag)
	}
	w.run()
	f, cases := figures()
	// The warnings were entered in March 2020 by the test's clock.
	if f.Lag != 0 || cases["orange"].Open != orange+1 || cases["orange"].Oldest < 365*24*time.Hour {
		t.Errorf("after: %+v", f)
	}
	if f.Overdue != 0 {
		t.Errorf("%d deadlines are overdue in March", f.Overdue)
	}
	w.now = w.now.AddDate(2, 0, 0)
	if f, _ := figures(); f.Overdue == 0 {
		t.Error("two years later no deadline is overdue")
	}
	if _, err := w.db.Owner.Exec(t.Context(), `update alert.current set state = 'closed' where level = 'orange'`); err != nil {
		t.Fatal(err)
	}
	if _, cases := figures(); cases["orange"].Open != 0 || cases["orange"].Oldest != 0 {
		t.Errorf("closed cases are counted: %+v", cases)
	}
}
