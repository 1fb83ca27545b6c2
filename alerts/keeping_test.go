package alerts

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// decide submits drafts of an administrator and has another one approve them.
func (w *world) decide(id string, by, other ledger.By, drafts ...ledger.Draft) {
	w.Helper()
	for i := range drafts {
		drafts[i].By = by
	}
	if _, err := w.ledger.Submit(w.Context(), testBook, id, ledger.SubmissionMade{Submission: id, Title: "授权", Form: ledger.RoleForm}, drafts); err != nil {
		w.Fatalf("submit %s: %v", id, err)
	}
	sub, err := w.ledger.Submission(w.Context(), testBook, id)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.ledger.Approve(w.Context(), testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", other); err != nil {
		w.Fatalf("approve %s: %v", id, err)
	}
}

func (w *world) listed(id, place, name, content string) ledger.Draft {
	return w.draft("list-"+id, &ledger.ProjectListed{Project: id, Name: name, Content: content, Type: "construction", Place: place, PlaceName: "某乡", Unit: "某乡政府"}, maker)
}

// wantCase holds the one case of a rule to subject and value.
func (w *world) wantCase(code, value string, subject ...string) {
	w.Helper()
	c := w.find(code)
	if diff := cmp.Diff(append(subject, value), append(slices.Clone(c.Subject), c.Value)); diff != "" {
		w.Errorf("%s: subject and value (-want +got):\n%s", code, diff)
	}
}

// TestRulesOfHowTheBookIsKept finds on a real ledger what was recorded late, at night in
// bulk, by a role just given or past a white list just set, and what names tell.
func TestRulesOfHowTheBookIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2020-03-18T12:00:00")
	w.funded()

	w.settle("free", w.draft("line", &ledger.ExemptionSet{Code: "P13", Fact: "payment.id", Text: "Z2", From: "2020-01-01", To: "2020-12-31", Basis: "县办〔2020〕9号"}, maker))
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	w.post(w.draft("z2", w.request("Z2", 10000), maker))

	sec1, sec2 := ledger.By{Role: ledger.SecurityAdmin, Unit: "411025-CZ", User: "sec1"}, ledger.By{Role: ledger.SecurityAdmin, Unit: "411025-CZ", User: "sec2"}
	grant := func(id, person string, role ledger.Role) ledger.Draft {
		return w.draft("grant-"+id, &ledger.RoleGranted{Grant: id, Person: person, Role: role, Unit: "411025-CZ"}, sec1)
	}
	w.decide("first", sec1, sec2, grant("G1", "sec1", ledger.SecurityAdmin), grant("G2", "sec2", ledger.SecurityAdmin), grant("G3", "u0", ledger.Maker))
	w.decide("later", sec1, sec2, grant("G4", "u9", ledger.Maker))
	village := w.listed("P2", "411025103206", "文化广场建设项目", "甲村至小李庄村道路硬化")
	village.By.User = "u9"
	w.post(village, w.listed("P3", "411025103206", "文化广场 建设项目", "广场"))
	w.settle("names", w.draft("name", &ledger.PlaceNamed{Basis: "县民政局名录", Name: "小李庄村", Place: "411025104207"}, maker))

	w.now = time.Date(2020, 3, 18, 13, 0, 0, 0, time.UTC) // nine in the evening in Shanghai
	var sheet []ledger.Draft
	for i := range 101 {
		sheet = append(sheet, w.listed(fmt.Sprintf("N%d", i), fmt.Sprintf("411025103%03d", 300+i), fmt.Sprintf("项目%d", i), "内容"))
	}
	if _, err := w.ledger.Submit(t.Context(), testBook, "night", ledger.SubmissionMade{Submission: "night", Title: "导入", Form: "library", File: paper}, sheet); err != nil {
		t.Fatal(err)
	}

	w.at("2020-03-19T07:00:00")
	w.wantCase("L13", "101", "u0", "2020-03-18")
	w.wantCase("L15", "0", "P13", "县办〔2020〕9号")
	w.wantCase("L16", "G4", "u9", "maker")

	w.at("2020-03-23T07:00:00")
	w.wantCase("J04", "100%", "P2", "P3")
	w.wantCase("J05", "小李庄村", "P2")

	w.at("2020-03-25T12:00:00") // five working days after the entries' day
	w.post(w.listed("P4", "411025103207", "饮水工程", "管网"))
	w.at("2020-03-26T12:00:00")
	w.post(w.listed("P5", "411025103208", "照明工程", "路灯"))
	w.run()
	w.wantCase("L05", "2020-03-26", "411025-CZ")
	w.replays()
}

// TestNamesAreAsAlikeInSQL: sweeps find names as alike as formulas do.
func TestNamesAreAsAlikeInSQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	letters := []rune("文化广场建设（一）12AbＡ　 村")
	r := rand.New(rand.NewPCG(1, 2))
	name := func() string {
		out := make([]rune, r.IntN(8))
		for i := range out {
			out[i] = letters[r.IntN(len(letters))]
		}
		return string(out)
	}
	for range 300 {
		a, b := name(), name()
		var common, whole int64
		err := w.db.Pool.QueryRow(t.Context(), `
			select count(*) filter (where n = 2), count(*)
			from (select part, count(*) as n from (select unnest(rules_v1.trigrams($1)) as part union all select unnest(rules_v1.trigrams($2))) p group by part) u`, a, b).Scan(&common, &whole)
		if err != nil {
			t.Fatal(err)
		}
		got := "0.0000"
		if whole > 0 {
			got = fmt.Sprintf("%d.%04d", common/whole, common*10000/whole%10000)
		}
		if want, err := formula.ParseDecimal(got); err != nil || formula.Similarity(a, b).Cmp(want) != 0 {
			t.Fatalf("%q and %q: %s in SQL, %s in formulas, %v", a, b, got, formula.Similarity(a, b), err)
		}
	}
}

// TestAlikeNamesAreAllFound: J04 compares only names that share a rare part, and misses
// none for it.
func TestAlikeNamesAreAllFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := rand.New(rand.NewPCG(3, 4))
	letters := []rune("道路硬化村组")
	names := make([]string, 200)
	drafts := make([]ledger.Draft, len(names))
	for i := range names {
		name := make([]rune, 6+r.IntN(14))
		for n := range name {
			name[n] = letters[r.IntN(len(letters))]
		}
		if i > 0 && r.IntN(3) > 0 { // a name before, changed a little
			name = []rune(names[r.IntN(i)])
			name[r.IntN(len(name))] = letters[r.IntN(len(letters))]
			name = append(name, letters[:r.IntN(2)]...)
		}
		names[i] = string(name)
		drafts[i] = w.listed(fmt.Sprintf("A%03d", i), "411025103206", names[i], "内容")
	}
	w.post(drafts...)
	line, err := formula.ParseDecimal("0.85")
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for i := range names {
		for j := range i {
			if formula.Similarity(names[i], names[j]).Cmp(line) >= 0 {
				want = append(want, []string{fmt.Sprintf("A%03d", j), fmt.Sprintf("A%03d", i)})
			}
		}
	}
	rules, err := w.engine.inForce(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	found, err := w.engine.sweepAsOf(t.Context(), rules.rules["J04"], testBook, "2020-03-23", 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, f := range found.Findings {
		got = append(got, f.Subject)
	}
	slices.SortFunc(want, slices.Compare)
	slices.SortFunc(got, slices.Compare)
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 20 {
		t.Errorf("%d pairs are alike (-want +got):\n%s", len(want), diff)
	}
}
