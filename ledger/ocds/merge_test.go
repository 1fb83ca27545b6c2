package ocds

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// merging reads releases of one process o and returns its bodies.
func merging(t *testing.T, releases ...string) (*Process, []string) {
	t.Helper()
	ps, said := read(t, "["+strings.Join(releases, ",")+"]", Options{})
	if len(ps) != 1 {
		t.Fatalf("%d processes, %q", len(ps), said)
	}
	return ps[0], said
}

func TestMerge(t *testing.T) {
	t.Parallel()
	p, said := merging(t,
		`{"ocid":"o","id":"2","date":"2020-01-02T00:00:00Z","tender":{"title":"New","status":"complete","tenderers":[{"name":"B"}]},
		 "awards":[{"id":"a","status":"active"},{"id":"b","title":"second"}]}`,
		`{"ocid":"o","id":"1","date":"2020-01-01T00:00:00Z","tender":{"title":"Old","description":"kept","status":"active","tenderers":[{"name":"A"}]},
		 "awards":[{"id":"a","status":"pending","title":"first","value":{"amount":5,"currency":"CNY"}}]}`)
	tender := p.Bodies[0].(*ledger.ProcessTender)
	if tender.Name != "New" || tender.Description != "kept" || tender.Status != "complete" || p.Released != "2020-01-02T00:00:00Z" || p.Whole {
		t.Errorf("%+v", tender)
	}
	if bid := p.Bodies[1].(*ledger.ProcessBid); bid.Bidders[0].Name != "B" || len(p.Bodies) != 4 {
		t.Errorf("a list without ids is not replaced: %+v", bid)
	}
	a, b := p.Bodies[2].(*ledger.ProcessAward), p.Bodies[3].(*ledger.ProcessAward)
	if a.Status != "active" || a.Name != "first" || a.Amount != 500 || b.Name != "second" {
		t.Errorf("%+v, %+v, %q", a, b, said)
	}
}

// TestNullTakesAway: a later null takes back what was told, wherever it stands; an earlier
// one, or one where nothing was told, says nothing.
func TestNullTakesAway(t *testing.T) {
	t.Parallel()
	p, said := merging(t,
		`{"ocid":"o","id":"1","date":"2020-01-01T00:00:00Z","tender":{"title":"Road","description":"long","status":null},"buyer":{"name":"B"},
		 "awards":[{"id":"a","title":"first","value":{"amount":5,"currency":"CNY"}},{"id":"b","title":"second"}],"contracts":[{"id":"c","title":"gone"}]}`,
		`{"ocid":"o","id":"2","date":"2020-01-02T00:00:00Z","language":null,"tender":{"description":null,"status":"complete","title":"Road"},
		 "awards":[{"id":"a","value":null}],"contracts":null,"planning":null}`)
	tender, award := p.Bodies[0].(*ledger.ProcessTender), p.Bodies[1].(*ledger.ProcessAward)
	if tender.Description != "" || tender.Status != "complete" || tender.Buyer.Name != "B" || award.Name != "first" || award.Amount != 0 || len(p.Bodies) != 3 {
		t.Errorf("%+v, %+v, %d", tender, award, len(p.Bodies))
	}
	want := []string{"o null_removed awards[a]/value: {…} →", "o null_removed contracts: [1] →", "o null_removed tender/description: long →"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

// TestMergeByInstant: the later release is the one that came later, not the one
// whose date is the later text.
func TestMergeByInstant(t *testing.T) {
	t.Parallel()
	p, _ := merging(t, `{"ocid":"o","date":"2020-01-02T01:00:00+08:00","tender":{"title":"first"}}`, `{"ocid":"o","date":"2020-01-01T20:00:00Z","tender":{"title":"second"}}`)
	if got := p.Bodies[0].(*ledger.ProcessTender).Name; got != "second" {
		t.Error(got)
	}
}

// TestCompiledReleases: what is in a compiled release needs no merging, what is
// newer is merged onto it.
func TestCompiledReleases(t *testing.T) {
	t.Parallel()
	record := func(rest string) string {
		return `{"ocid":"o","releases":[{"ocid":"o","id":"1","date":"2020-01-01T00:00:00Z","tender":{"title":"one","description":"gone"}}` + rest + `],
		"compiledRelease":{"ocid":"o","date":"2020-01-02T00:00:00Z","tag":["compiled"],"tender":{"title":"two"}}}`
	}
	p, _ := merging(t, record(""))
	if b := p.Bodies[0].(*ledger.ProcessTender); b.Name != "two" || b.Description != "" || !p.Whole {
		t.Errorf("%+v, whole %v", b, p.Whole)
	}
	p, _ = merging(t, record(`,{"ocid":"o","id":"3","date":"2020-01-03T00:00:00Z","tender":{"description":"three"}}`))
	if b := p.Bodies[0].(*ledger.ProcessTender); b.Name != "two" || b.Description != "three" || b.Released != "2020-01-03T00:00:00Z" {
		t.Errorf("%+v", b)
	}
	p, _ = merging(t, record(""), strings.ReplaceAll(strings.Replace(record(""), "2020-01-02", "2020-01-05", 1), "two", "five"))
	if b := p.Bodies[0].(*ledger.ProcessTender); b.Name != "five" {
		t.Errorf("%+v", b)
	}
}

// TestValuesOfContracts keeps what a contract was worth before: rules need it,
// and the merged value is the last.
func TestValuesOfContracts(t *testing.T) {
	t.Parallel()
	contract := func(day, amount string) string {
		return `{"ocid":"o","date":"2020-01-` + day + `T00:00:00Z","tender":{},"contracts":[{"id":"c","extendsContractID":"x","value":{"amount":` + amount + `,"currency":"CNY"}}]}`
	}
	p, _ := merging(t, contract("03", "120"), contract("01", "100"), contract("02", "100"))
	b := p.Bodies[1].(*ledger.ProcessContract)
	want := []ledger.ProcessValue{{Amount: 10000, Released: "2020-01-01T00:00:00Z"}, {Amount: 12000, Released: "2020-01-03T00:00:00Z"}}
	if diff := cmp.Diff(want, b.Values); diff != "" || b.Amount != 12000 {
		t.Error(b.Amount, diff)
	}
}

// TestLots makes an entry of each lot, with what it has of its own.
func TestLots(t *testing.T) {
	t.Parallel()
	p, said := merging(t, `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"title":"Roads","value":{"amount":9,"currency":"CNY"},"procurementMethod":"open",
		"lots":[{"id":"L1","title":"North","value":{"amount":4,"currency":"CNY"}},{"id":"L2","items":["2"],"status":"cancelled"}],
		"items":[{"id":"1","description":"gravel","relatedLot":"L1"},{"id":"2","description":"tar"},{"id":"3","description":"nobody's"}]}}`)
	a, b := p.Bodies[0].(*ledger.ProcessTender), p.Bodies[1].(*ledger.ProcessTender)
	if a.Object != "L1" || a.Name != "North" || a.Amount != 400 || a.Items[0].Name != "gravel" || a.Method != "open" {
		t.Errorf("%+v", a)
	}
	if b.Object != "L2" || b.Name != "Roads" || b.Amount != 0 || b.Items[0].Name != "tar" || b.Status != "cancelled" || len(said) != 1 || said[0] != "o item_no_lot tender/items: 1 →" {
		t.Errorf("%+v %q", b, said)
	}
}

// TestPersons: what is known of natural persons in several countries.
func TestPersons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scheme, id, name string
		person           bool
	}{
		{"UA-EDR", "12345678", "ТОВ Альфа", false}, {"UA-EDR", "1234567890", "Іваненко І. І.", true}, {"UA-IPN", "1234567890", "x", true},
		{"PY-RUC", "80023118-0", "INFOCENTER S.A", false}, {"Registro Único de Contribuyente emitido por", "1234567-8", "x", true},
		{"Registro Único de Contribuyentes", "80002612-8", "RIEDER", false},
		{"BR-CNPJ", "12345678000195", "x", false}, {"BR-CPF", "12345678909", "x", true}, {"CO-CC", "1", "x", true}, {"GB-COH", "0123", "ИП", false},
		{"", "411025199001010012", "x", true}, {"", "", "ИП Иванов", true}, {"", "", "Persona Física: X", true}, {"SE-ID", "5560000000", "AB", false},
	} {
		if got := isPerson(map[string]any{}, c.scheme, c.id, c.name); got != c.person {
			t.Errorf("%s %s %s: %v", c.scheme, c.id, c.name, got)
		}
	}
	for _, word := range []string{"individual", "Natural Person", "natural_person", "Physical person", "自然人"} {
		if !isPerson(map[string]any{"details": map[string]any{"entityType": word}}, "", "", "x") {
			t.Error(word)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ask a.b+c@d-e.example.org now": "ask ▮▮▮ now", "Tel: 020 7946 0018": "▮▮▮", "phone no. +1 (555) 010-9999, room 12": "phone no. ▮▮▮, room 12",
		"电话：0374-3561234": "▮▮▮", "Hotel 1234567": "Hotel 1234567", "value 12345678.90": "value 12345678.90", "2020-03-18T09:00:00+02:00": "2020-03-18T09:00:00+02:00",
		"号码 138 0013 8000": "号码 ▮▮▮", "身份证411025199001010012": "身份证▮▮▮", "LP-40001-16-126500": "LP-40001-16-126500",
	} {
		if got, masked := mask(text); got != want || masked != (text != want) || ledger.HoldsPersonalNumber(got) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestEntriesFitALeaf: whatever there is of everything, an entry fits.
func TestEntriesFitALeaf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("界", 600)
	list := func(n int, one string) string {
		var out []string
		for i := range n {
			out = append(out, strings.ReplaceAll(one, "#", fmt.Sprint(i)))
		}
		return "[" + strings.Join(out, ",") + "]"
	}
	parties, ids := list(500, `{"id":"#`+long[:150]+`","name":"#`+long+`"}`), list(500, `"#`+long[:150]+`"`)
	docs, changes := list(500, `{"documentType":"#`+long[:150]+`"}`), list(500, `{"date":"2020-01-01","rationale":"#`+long+`"}`)
	content := `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"title":"` + long + `","description":"` + long + long + `","eligibilityCriteria":"` + long + long + long + `",
		"documents":` + docs + `,"amendments":` + changes + `,"items":` + list(500, `{"id":"#","description":"`+long+`","quantity":1,"unit":{"name":"`+long+`"},"classification":{"scheme":"S","id":"`+long[:150]+`"}}`) + `},
		"bids":{"details":[{"id":"b","tenderers":` + parties + `,"documents":` + docs + `,"relatedLots":` + ids + `}]},
		"awards":[{"id":"a","title":"` + long + `","suppliers":` + parties + `,"relatedBids":` + ids + `,"relatedLots":` + ids + `}],
		"contracts":[{"id":"c","title":"` + long + `","suppliers":` + parties + `,"awardIDs":` + ids + `,"amendments":` + changes + `}]}`
	ps, said := read(t, content, Options{})
	for _, line := range strings.Split(strings.TrimSpace(entries(t, ps)), "\n") {
		if len(line) > 60_000 || len(line) < 20_000 {
			t.Errorf("%d bytes: %.40s", len(line), line)
		}
	}
	if cut := strings.Count(strings.Join(said, "\n"), "list_cut"); cut != 12 {
		t.Errorf("%d lists are cut", cut)
	}
	s := newShelf(t)
	if sum := s.must(content); sum.Refused > 0 {
		t.Errorf("%+v", sum)
	}
}
