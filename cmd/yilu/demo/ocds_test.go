package demo

import (
	"bytes"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"yilu/ledger"
	read "yilu/ledger/ocds"
	"yilu/publicity/ocds"
)

// schemas are those of the standard, which stand with the package that follows them.
type schemas struct{}

func (schemas) Load(url string) (any, error) {
	f, err := os.Open(path.Join("../../../publicity/ocds/testdata/schema", strings.TrimSuffix(path.Base(url), "#")))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return jsonschema.UnmarshalJSON(f)
}

// checkProcurement publishes the county's procurement, holds it to the official
// schema, reads it as anybody would, and compares what was read with the book.
func checkProcurement(t *testing.T, l *ledger.Ledger) {
	p := &ocds.Publisher{Book: Book, Prefix: ocds.DefaultPrefix, Name: "襄城县", Payer: "襄城县国库"}
	var raw bytes.Buffer
	if err := l.Snapshot(t.Context(), Book, func(at *ledger.Ledger, head ledger.Head) error {
		return p.Write(t.Context(), &raw, at, head, ocds.Records, "")
	}); err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(schemas{})
	c.DefaultDraft(jsonschema.Draft4)
	c.AssertFormat()
	schema, err := c.Compile("https://standard.open-contracting.org/schema/1__1__5/record-package-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%.2000s", err)
	}
	tenders, bids, contracts, want := bookProcurement(t, l)
	got := map[string]ledger.Amount{}
	n := map[string]int{}
	g, err := read.Gather(t.Context(), "records.json", &raw, read.Options{Currency: "CNY", Temp: t.TempDir(), Report: func(read.Report) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	for process, err := range g.Processes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range process.Bodies {
			switch b := b.(type) {
			case *ledger.ProcessTender:
				n["tenders"]++
				if _, ok := tenders[strings.TrimPrefix(process.ID, p.Prefix+"-"+string(Book)+"-")]; ok {
					got["estimates"] += b.Amount
				}
			case *ledger.ProcessBid:
				n["bids"]++
				got["bids"] += b.Amount
			case *ledger.ProcessContract:
				n["contracts"]++
				if b.Status != "cancelled" {
					got["contracts"] += b.Amount
				}
			case *ledger.ProcessTransaction:
				got["paid"] += b.Amount
			}
		}
	}
	if n["bids"] != bids || n["contracts"] != contracts || n["tenders"] < len(tenders) {
		t.Errorf("read %v, the book has %d tenders, %d bids, %d contracts", n, len(tenders), bids, contracts)
	}
	for name, a := range want {
		if got[name] != a {
			t.Errorf("%s: read %s, the book says %s", name, got[name], a)
		}
	}
}

// bookProcurement is what the book has of tenders, bids and contracts.
func bookProcurement(t *testing.T, l *ledger.Ledger) (tenders map[string]bool, bids, contracts int, sums map[string]ledger.Amount) {
	t.Helper()
	tenders, sums = map[string]bool{}, map[string]ledger.Amount{}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for after := ""; ; {
		rows, next, err := l.TenderLines(t.Context(), Book, ledger.TenderFilter{}, ledger.Page{After: after, Limit: ledger.MaxPage})
		must(err)
		for _, r := range rows {
			tenders[r.Tender.Tender] = true
			sums["estimates"] += r.Estimate
			offers, err := l.Bids(t.Context(), Book, r.Tender.Tender)
			must(err)
			bids += len(offers)
			for _, b := range offers {
				sums["bids"] += b.Amount
			}
		}
		if after = next; next == "" {
			break
		}
	}
	for after := ""; ; {
		rows, next, err := l.ContractLines(t.Context(), Book, ledger.TenderFilter{}, ledger.Page{After: after, Limit: ledger.MaxPage})
		must(err)
		for _, r := range rows {
			contracts++
			sums["contracts"] += r.Amount
			sums["paid"] += r.Paid
		}
		if after = next; next == "" {
			return tenders, bids, contracts, sums
		}
	}
}
