package ledger

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestDaysThatHaveNotCome(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	// Ten minutes to midnight in Shanghai.
	l.Now = func() time.Time { return time.Date(2026, 3, 2, 15, 50, 0, 0, time.UTC) }
	listed := samples()["project.listed"].Body.(*ProjectListed)
	on := func(id string, day Date, body Body) Draft {
		d := draft(id, body, maker)
		d.On = day
		return d
	}
	refuses(t, l, refusal{"tomorrow", []Draft{on("", "2026-03-03", listed)}, []string{"0 on future"}})
	if _, err := l.Post(t.Context(), testBook, on("today", "2026-03-02", listed)); err != nil {
		t.Errorf("today: %v", err)
	}
	record := on("published", "2027-01-01", samples()["process.tender"].Body)
	record.By = samples()["process.tender"].By
	if _, err := l.Post(t.Context(), testBook, record); err != nil {
		t.Errorf("what others published says what it says: %v", err)
	}
}

// TestClockGoesBack: a clock that is wrong keeps nobody from posting, entries keep their
// order, and who runs the server is told.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	var log bytes.Buffer
	l.Log = slog.New(slog.NewTextHandler(&log, nil))
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	l.Now = func() time.Time { return now }
	post := func(id string) Receipt {
		t.Helper()
		listed := *samples()["project.listed"].Body.(*ProjectListed)
		listed.Project = id
		d := draft(id, &listed, maker)
		d.On = "2026-03-02"
		r, err := l.Post(t.Context(), testBook, d)
		if err != nil {
			t.Fatal(err)
		}
		return r[0]
	}
	first := post("P1")
	now = now.Add(-clockBack)
	post("P2")
	if log.Len() > 0 {
		t.Errorf("a second is nothing: %s", &log)
	}
	now = now.AddDate(0, 0, -3)
	if r := post("P3"); !r.At.Equal(first.At) {
		t.Errorf("recorded at %s, want the last entry's %s", r.At, first.At)
	}
	post("P4")
	if told := `msg="clock is behind the last entry" book=411025 behind=72h0m1s`; strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), told) {
		t.Errorf("log: %s", &log)
	}
	if _, err := Rebuild(t.Context(), db.Owner, testBook, Replay{Sealer: l.Sealer}); err != nil {
		t.Error(err)
	}
}
