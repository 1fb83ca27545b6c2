package alerts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// register is a load of a list for the county; each person is what it seals.
func (w *world) register(id, list string, from, to ledger.Date, persons ...map[string]string) []ledger.Draft {
	drafts := []ledger.Draft{w.draft(id, &ledger.RegisterLoaded{Register: id, List: list, Region: "411025", Source: "县公安局", Stated: "2020-03-17", From: from, To: to, Lines: ledger.Count(len(persons))}, maker)}
	for i, p := range persons {
		d := w.draft(fmt.Sprint(id, "-", i), &ledger.RegisterPerson{Register: id, Line: ledger.Count(i + 1), Place: p["place"]}, maker)
		d.Sealed = map[string]string{"name": "某人", "household": "H1", "class": "脱贫户"}
		for field, value := range p {
			if field != "place" {
				d.Sealed[field] = value
			}
		}
		drafts = append(drafts, d)
	}
	return drafts
}

func (w *world) debarred(id string, from, to ledger.Date, bans ...*ledger.RegisterSupplier) []ledger.Draft {
	drafts := []ledger.Draft{w.draft(id, &ledger.RegisterLoaded{Register: id, List: ledger.ListDebarred, Region: "411025", Source: "省财政厅", Stated: "2020-03-17", From: from, To: to, Lines: ledger.Count(len(bans))}, maker)}
	for i, b := range bans {
		b.Register, b.Line = id, ledger.Count(i+1)
		drafts = append(drafts, w.draft(fmt.Sprint(id, "-", i), b, maker))
	}
	return drafts
}

func ban(p ledger.Party, from, to ledger.Date) *ledger.RegisterSupplier {
	return &ledger.RegisterSupplier{Supplier: p, Basis: "财采罚〔2020〕5号", From: from, To: to}
}

func person(id string, more ...string) map[string]string {
	p := map[string]string{"id_number": id}
	for i := 0; i < len(more); i += 2 {
		p[more[i]] = more[i+1]
	}
	return p
}

const (
	zhang = "411025199001010012"
	li    = "11010519491231002X"
	wang  = "440524188001010014"
)

// TestPayingADeadVillager: the pre-check tells the officer, the post is held until it
// is explained with a file, and then the warning is in the auditors' feed. Arrears for
// the time before the death are clear.
func TestPayingADeadVillager(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.tells("no list is loaded", "E02?, -E03", w.grants("G0", "公益岗", "2020-02", zhang)...)
	w.settle("dead", w.register("DEAD", ledger.ListDeceased, "2020-03-01", "2020-04-30", person(zhang, "died_on", "2020-02-29"))...)
	w.tells("arrears for the month of the death", "-E02", w.grants("G1", "产业奖补", "2020-02", zhang)...)
	w.tells("the living", "-E02", w.grants("G2", "产业奖补", "2020-03", li)...)

	batch := w.grants("G3", "产业奖补", "2020-03", zhang)
	size := func() int64 {
		h, err := w.ledger.Head(w.Context(), testBook)
		if err != nil {
			t.Fatal(err)
		}
		return h.Size
	}
	before := size()
	p, err := Check(w.Context(), w.ledger, testBook, batch...)
	if err != nil {
		t.Fatal(err)
	}
	found := slices.IndexFunc(p.Findings, func(c Checked) bool { return c.Code == "E02" })
	if p.Accepted || found < 0 || size() != before {
		t.Fatalf("pre-check: %+v", p)
	}
	f := p.Findings[found]
	if f.Index != 1 || f.Needs != "acknowledgement" || f.Value != "2020-02-29" || f.Limit != "2020-03-01" || f.Level != "red" || strings.Join(f.Subject, " ") != "G3 1" {
		t.Errorf("pre-check: %+v", f)
	}
	if s := f.Sentence.Zh + f.Sentence.En; strings.Contains(s, "2020-02-29") || !strings.Contains(s, "请核实") || !strings.Contains(s, "please verify") {
		t.Errorf("the sentence, which goes to chats: %s", s)
	}
	w.tells("it is held", "E02 acknowledgement", batch...)
	w.tells("by a quarter that began before the death", "-E02", w.grants("G4", "务工补贴", "2020-Q1", zhang)...)
	w.tells("by a month after it, in a sheet's submission", "E02 acknowledgement", w.grants("G5", "务工补贴", "2020-04", zhang)...)
	w.tells("explained with a file", "E02", append([]ledger.Draft{w.ack("E02", "G3-0")}, batch...)...)
	w.run()
	if cases := w.cases(); !slices.Contains(cases, "E02 open 1") {
		t.Errorf("cases %v", cases)
	}
	pay := w.toPerson("Z1", "30305")
	w.tells("a single payment to the dead", "E02 acknowledgement", append([]ledger.Draft{w.ack("P25", "Z1"), w.ack("P30", "Z1")}, pay)...)
	w.tells("a firm is nobody's name", "-E02", w.draft("Z2", w.request("Z2", 130), maker))

	// The next load does not have him any more: what was judged stays, the dead do not.
	w.settle("dead2", w.register("DEAD2", ledger.ListDeceased, "2020-03-18", "2020-03-31", person(wang, "died_on", "2020-01-05"))...)
	w.tells("by the newer list", "-E02", w.grants("G6", "一次性补助", "2020-05", zhang)...)
	w.tells("no period: the day of the request", "E02 acknowledgement", w.grants("G7", "一次性补助", "", wang)...)
	w.reach("2020-04-01")
	late := w.grants("G8", "产业奖补", "2020-04", zhang)
	dead := w.grants("G9", "产业奖补", "2020-04", wang)
	for i := range late {
		late[i].On, dead[i].On = "2020-04-01", "2020-04-01"
	}
	w.tells("the list is out of date: who is not on it may be dead", "E02?", late...)
	w.tells("and who is on it is so", "E02 acknowledgement", dead...)
	back := ledger.Draft{ID: "rv", Kind: "entry.reversed", On: "2020-03-18", By: maker, Corrects: w.seqOf("DEAD2"), Body: &ledger.EntryReversed{Reason: "other"}}
	w.settle("undo", back)
	w.tells("the load taken back, the one before holds", "E02 acknowledgement", w.grants("GA", "一次性补助", "2020-05", zhang)...)
	w.replays()
}

// TestFlowOfRegisters: who is on no list, on a list of the budget, in another township,
// too old; and what cannot be said without a list.
func TestFlowOfRegisters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.tells("no lists", "E01?, E06?, E16?", w.grants("G0", "脱贫户补助", "2020-01", zhang)...)
	w.settle("poor", w.register("POOR", ledger.ListPoor, "2020-03-01", "2020-04-30", person(zhang, "place", "411025103201"), person(li, "place", "411025104201"))...)
	w.tells("on the list, in the township", "-E01, -E16", w.grants("G1", "脱贫户补助", "2020-02", zhang)...)
	w.tells("in another township", "E16, -E01", w.grants("G2", "脱贫户补助", "2020-02", li)...)
	w.tells("on no list", "E01 acknowledgement", w.grants("G3", "脱贫户补助", "2020-02", wang)...)
	w.tells("a grant for everybody", "-E01", w.grants("G4", "一次性补助", "2020-02", wang)...)
	w.settle("payroll", w.register("PAY", ledger.ListPayroll, "2020-03-01", "2020-04-30", person(zhang))...)
	w.tells("on the payroll, though no cadres are known", "E06", w.grants("G5", "脱贫户补助", "2020-03", zhang)...)
	w.tells("not on it, and no cadres are known", "E06?", w.grants("G6", "一次性补助", "2020-03", li)...)
	w.settle("cadres", w.register("CAD", ledger.ListCadres, "2020-03-01", "2020-04-30", person(li))...)
	w.tells("a cadre", "E06", w.grants("G7", "一次性补助", "2020-04", li)...)
	w.tells("neither", "-E06", w.grants("G8", "一次性补助", "2020-04", wang)...)
	w.tells("what everybody may get", "-E06", w.grants("G9", "耕地地力保护补贴", "2020-04", li)...)
	w.reach("2020-05-01")
	stale := w.grants("GA", "脱贫户补助", "2020-05", zhang)
	for i := range stale {
		stale[i].On = "2020-05-01"
	}
	w.tells("all are out of date", "E01?, E06?, E16?", stale...)
	w.settle("caps", w.draft("cap", &ledger.ParameterSet{Code: "E09", Name: "cap", Value: "150.00", Region: "411025", From: "2020-01-01", Basis: "襄扶〔2020〕9号"}, maker),
		w.draft("types", &ledger.ParameterSet{Code: "E09", Name: "types", Value: "construction", Region: "411025", From: "2020-01-01", Basis: "襄扶〔2020〕9号"}, maker))
	w.tells("the first of the household", "-E09", w.grants("GC", "奖补", "2020-01", zhang)...)
	w.tells("another item", "-E09", w.grants("GD", "救助", "2020-01", li)...)
	w.tells("by another member", "E09 acknowledgement", w.grants("GE", "奖 补", "2020-02", li)...)
	w.tells("another household", "-E09", w.grants("GF", "奖补", "2020-02", wang)...)
	w.post(w.draft("noC", &ledger.PaymentRejected{Payment: "GC", Reason: "incomplete"}, checker))
	w.tells("the first was rejected", "-E09", w.grants("GE", "奖补", "2020-02", li)...)
	w.tells("not work", "-E17", w.grants("GB", "一次性补助", "2020-06", wang)...)
	w.replays()
}

// TestSweepsOfHouseholds: measures and entitlements from the lists themselves, grants to
// anybody of the household, taken back too; a household's number is nowhere in what is said.
func TestSweepsOfHouseholds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	swept := func(what string, want ...string) {
		t.Helper()
		var got []string
		err := w.engine.SweepAll(w.Context(), testBook, "2020-03-20", func(s Swept) {
			for _, f := range s.Findings {
				if s.Code != "H08" && s.Code != "H11" {
					continue
				}
				got = append(got, strings.TrimSpace(fmt.Sprint(s.Code, " ", f.Reason, strings.Join(f.Subject, "/"), " ", f.Value)))
				if said := fmt.Sprint(f); strings.Contains(said, "户77") || strings.Contains(said, zhang) || strings.Contains(said, li) {
					t.Errorf("%s: %s", what, said)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	home := func(id string, more ...string) map[string]string {
		return person(id, append(more, "household", "户77", "place", "411025103205")...)
	}
	swept("no lists", "H08 register:poorregister:poor", "H11 register:entitledregister:entitled")
	w.settle("poor", w.register("POOR", ledger.ListPoor, "2020-03-01", "2020-12-31", home(zhang, "class", "监测户"), home(li, "class", "监测户"), person(wang))...)
	farm, post := home(zhang, "class", "产业帮扶", "first_on", "2020-01-01"), home(li, "class", "公益岗位", "first_on", "2020-03-20")
	ended := home(zhang, "class", "危房改造", "first_on", "2019-01-01", "last_on", "2020-03-19")
	w.settle("measures", w.register("MS", ledger.ListMeasures, "2020-03-01", "2020-12-31", farm, post, ended)...)
	w.settle("entitled", w.register("YX", ledger.ListEntitled, "2020-03-01", "2020-12-31", person(li, "class", "雨露计划", "first_on", "2019-02-18"), person(wang, "class", "雨露计划", "first_on", "2019-02-17"))...)
	village, line := "H08 411025103205 2.00", "H08 POOR/1 2"
	swept("nobody got the grant", village, line, "H11 grants:雨露计划grants:雨露计划")
	w.post(w.grants("YL1", "雨露计划补助", "2020-Q1", wang)...)
	swept("another got it", village, line, "H11 YX/1 31")
	w.post(w.grants("YL2", "雨露计划补助", "2020-Q1", zhang)...)
	swept("the household got it", village, line)
	w.reverse("back", "YL2")
	swept("it was taken back", village, line, "H11 YX/1 31")
	w.settle("measures2", w.register("MS2", ledger.ListMeasures, "2020-03-02", "2020-12-31", farm, post, home(zhang, "class", "医保资助", "first_on", "2020-01-01"))...)
	swept("the next list has a third measure", "H11 YX/1 31")
}
