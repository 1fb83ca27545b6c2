package alerts

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"yilu/alerts/rule"
	"yilu/alerts/rules"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// newerFiles are the rules of a later program, which has another version of one rule
// and none of those before.
func newerFiles(t *testing.T, code, old, new string) *Rules {
	t.Helper()
	folder := fstest.MapFS{}
	names, err := fs.Glob(rules.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data := read(t, name)
		if name == code+".yaml" {
			if !bytes.Contains(data, []byte(old)) {
				t.Fatalf("%s has no %q", name, old)
			}
			data = bytes.Replace(bytes.Replace(data, []byte("version: 1"), []byte("version: 2"), 1), []byte(old), []byte(new), 1)
		}
		folder[name] = &fstest.MapFile{Data: data}
	}
	known, err := LoadRules(folder, workday.StateCouncil())
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// twin posts a second payment that P13 holds, explained for a version of it.
func (w *world) twin(id string, version ledger.Count) error {
	z := w.draft(id, w.request(strings.ToUpper(id), 10000), maker)
	_, err := w.ledger.Post(w.Context(), testBook, w.draft(id+"-why", &ledger.AlertAcknowledged{Code: "P13", Version: version, Of: id, Ground: "agreed", File: paper}, maker), z)
	return err
}

// TestOldFilesJudgeTheirTime: a program that has only version 2 of a rule judges by
// version 1 until version 2 is in force, judges the past by it again, and back-tests it.
func TestOldFilesJudgeTheirTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	if err := w.twin("z2", 1); err != nil {
		t.Fatal(err)
	}
	w.ledger.Close()
	newer := newerFiles(t, "P13", "twin.invoiced > param.most ||", "twin.invoiced > param.most &&")
	w.start(newer)
	if err := w.twin("z3", 1); err != nil {
		t.Fatal("by version 1, whose file is in the log alone: ", err)
	}
	var v2 *ledger.RuleActivated
	for _, a := range newer.Activations() {
		if a.Code == "P13" {
			v2 = a
		}
	}
	w.settle("v2", w.draft("p13-2", v2, maker))
	w.post(w.draft("z4", w.request("Z4", 10000), maker)) // version 2 holds it no longer
	w.run()
	page, err := List(t.Context(), w.db.Pool, testBook, Filter{Code: "P13"}, -1, 10)
	if err != nil || len(page) == 0 {
		t.Fatal(page, err)
	}
	raised, err := w.ledger.Entry(t.Context(), testBook, page[0].Raised)
	if err != nil {
		t.Fatal(err)
	}
	if b := raised.Body.(*ledger.AlertRaised); b.Version != 1 || b.RuleHash != encodeHash(must(newer.File(t.Context(), w.ledger, testBook, "P13", 1)).Hash) {
		t.Errorf("raised by %s of %s", ledger.Version(b.Code, b.Version), b.RuleHash)
	}
	head, err := w.ledger.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	differ, err := w.engine.rejudge(t.Context(), testBook, ledger.None, ledger.Seq(head.Size-1), nil)
	if err != nil || len(differ) > 0 {
		t.Errorf("judged otherwise now: %v %v", differ, err)
	}
	old, err := newer.File(t.Context(), w.ledger, testBook, "P13", 1)
	if err != nil || old.Version != 1 {
		t.Fatalf("version 1: %+v %v", old, err)
	}
	report, err := (&BackTest{Rules: []*rule.Rule{old}, From: "2020-01-01", To: "2020-12-31", Live: true}).Run(t.Context(), w.engine, testBook)
	if err != nil || report.Rules[0].Version != 1 || report.Rules[0].Hits < 2 {
		t.Errorf("%+v %v", report, err)
	}
	if _, err := newer.File(t.Context(), w.ledger, testBook, "P13", 9); err == nil {
		t.Error("a version that never was")
	}
}

// TestNightlyReplay finds a stored verdict that was changed, and says it once.
func TestNightlyReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2020-03-18T12:00:00")
	w.funded()
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	if err := w.twin("z2", 1); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.at("2020-03-19T03:00:00")
	if got := w.slots("replay"); len(got) != 2 || !strings.HasPrefix(got[1], "03-19T02:20 0 of ") {
		t.Fatalf("an honest day: %q", got)
	}
	w.now = time.Date(2020, 3, 19, 4, 0, 0, 0, time.UTC)
	if err := w.twin("z3", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Owner.Exec(t.Context(), `
		update proj.verdict set note = convert_to(replace(convert_from(note, 'UTF8'), '"code":"P13"', '"code":"P14"'), 'UTF8')
		where at_seq = (select max(at_seq) from proj.verdict where convert_from(note, 'UTF8') like '%"code":"P13"%')`); err != nil {
		t.Fatal(err)
	}
	w.at("2020-03-20T03:00:00")
	w.at("2020-03-20T03:00:00")
	if got := w.slots("replay"); len(got) != 3 || !strings.HasPrefix(got[2], "03-20T02:20 1 of ") {
		t.Errorf("a changed verdict: %q", got)
	}
	page, err := List(t.Context(), w.db.Pool, testBook, Filter{Code: "L20"}, -1, 10)
	if err != nil || len(page) != 1 || page[0].Level != "red" || page[0].State != Open || !strings.Contains(page[0].Zh, "2020-03-19 有 1 条") {
		t.Errorf("%+v %v", page, err)
	}
}
