package alerts

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yilu/alerts/notify"
	"yilu/ledger"
)

// tellsOf gives the engine a channel to which all is told.
func (w *world) tellsOf() {
	w.Helper()
	address := filepath.Join(w.TempDir(), "url")
	if err := os.WriteFile(address, []byte("https://127.0.0.1:1/hook"), 0o600); err != nil {
		w.Fatal(err)
	}
	n, err := notify.New(w.db.Pool, notify.Config{List: "https://example.org/alerts", Channels: []notify.Channel{{
		Name: "hook", Kind: notify.Webhook, URL: notify.Secret{File: address}, Secrets: []notify.Secret{{File: address}}, Routes: []notify.Route{{}},
	}}}, w.ledger.Now, nil)
	if err != nil {
		w.Fatal(err)
	}
	w.engine.Notify, w.engine.Link = n, func(a string) string { return "https://example.org/alerts/" + a }
}

// told lists what is told, as "EVENT CODE".
func (w *world) told() []string {
	w.Helper()
	rows, err := w.db.Pool.Query(w.Context(), `select event || ' ' || (message::json ->> 'code') from notify.outbox order by at, id`)
	if err != nil {
		w.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// TestReminders: a step is remembered a working day before its last, a deadline as its
// rule says, each once.
func TestReminders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tellsOf()
	w.funded()
	w.at("2020-03-18T12:00:00")
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	if err := w.twin("z2", 1); err != nil {
		t.Fatal(err)
	}
	w.run()
	first := w.told()
	if !slices.Contains(first, "raised P13") {
		t.Fatalf("told: %v", first)
	}
	w.at("2020-03-23T09:00:00") // the step of P13 is due on the 25th
	if got := w.told(); slices.Contains(got, "due_soon P13") {
		t.Errorf("too early: %v", got)
	}
	w.at("2020-03-24T09:00:00")
	w.at("2020-03-24T10:00:00")
	if got := w.told(); !slices.Contains(got, "due_soon P13") || len(got) != len(first)+1 {
		t.Errorf("a day before: %v", got)
	}
	if w.engine.before("2020-06-01", "14d") != "2020-05-18" || w.engine.before("2020-05-06", "1wd") != "2020-04-30" {
		t.Errorf("%s %s", w.engine.before("2020-06-01", "14d"), w.engine.before("2020-05-06", "1wd"))
	}
	w.at("2020-05-17T09:00:00") // J06 is due on 1 June, and reminds 14 days before
	if got := w.told(); slices.Contains(got, "due_soon J06") {
		t.Errorf("too early: %v", got)
	}
	w.at("2020-05-18T09:00:00")
	w.at("2020-05-19T09:00:00")
	n := 0
	for _, x := range w.told() {
		if x == "due_soon J06" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("J06 was remembered %d times: %v", n, w.told())
	}
}

// TestSilenceEndsOnce: cases whose silence has ended come back in one message.
func TestSilenceEndsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tellsOf()
	w.funded()
	w.at("2020-03-18T12:00:00")
	w.post(w.draft("z1", w.request("Z1", 10000), maker), w.draft("z5", w.request("Z5", 20000), maker))
	for _, id := range []string{"z2", "z3"} {
		if err := w.twin(id, 1); err != nil {
			t.Fatal(err)
		}
	}
	w.run()
	page, err := List(t.Context(), w.db.Pool, testBook, Filter{Code: "P13"}, -1, 10)
	if err != nil || len(page) < 2 {
		t.Fatal(page, err)
	}
	for _, c := range page {
		silence := w.draft("quiet-"+c.Alert, &ledger.AlertSilenced{Step: ledger.Step{Alert: c.Alert, Seen: ledger.Count(c.Step)}, Ground: "season", Until: "2020-03-26"}, maker)
		silence.By = ledger.By{Role: ledger.Auditor, Unit: "411025-SJ", User: "auditor"}
		if _, err := w.engine.Take(t.Context(), testBook, silence); err != nil {
			t.Fatal(err)
		}
	}
	w.at("2020-03-27T07:00:00") // after their last day, before the morning's slot
	w.run()
	if got := w.told(); slices.Contains(got, "overdue P13") || slices.Contains(got, "reopened L18") {
		t.Errorf("too early, or one by one: %v", got)
	}
	w.at("2020-03-27T09:00:00")
	w.at("2020-03-28T09:00:00")
	n := 0
	for _, x := range w.told() {
		if x == "reopened L18" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("told %d times: %v", n, w.told())
	}
}

// TestStormIsToldOnce: nobody is told of each warning of a storm.
func TestStormIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tellsOf()
	w.set("L18", "storm", "", "5")
	w.busy()
	w.run()
	got := slices.DeleteFunc(w.told(), func(x string) bool { return x != "raised P13" })
	if len(got) != 1 {
		t.Errorf("told %d times", len(got))
	}
}

// TestHitsAreAShareOfWhatWasJudged: the entries of the kinds of each rule are counted
// with the day.
func TestHitsAreAShareOfWhatWasJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2020-03-18T12:00:00")
	w.busy()
	w.run()
	w.at("2020-03-19T01:00:00")
	tallies, err := Tallies(t.Context(), w.db.Pool, testBook)
	if err != nil {
		t.Fatal(err)
	}
	var judged, of int64
	for _, x := range tallies {
		if x.Code == "P13" && x.State == "judged" {
			judged = x.Count
		}
		if x.Code == "W11" && x.State == "judged" {
			of = x.Count
		}
	}
	if diff := cmp.Diff([]int64{30, 0}, []int64{judged, of}); diff != "" {
		t.Error(diff)
	}
	if _, err := w.engine.Rebuild(t.Context(), w.db.Owner, testBook, false); err != nil {
		t.Error(err)
	}
}
