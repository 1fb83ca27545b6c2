package ocds

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// read reads a file from memory, and returns its processes and every finding as
// "process code path: found → made".
func read(t testing.TB, content string, o Options) ([]*Process, []string) {
	t.Helper()
	ps, said, err := tryRead(t, content, o)
	if err != nil {
		t.Fatalf("%v\n%.300s", err, content)
	}
	return ps, said
}

func tryRead(t testing.TB, content string, o Options) (ps []*Process, said []string, err error) {
	t.Helper()
	if o.Currency == "" {
		o.Currency = "CNY"
	}
	o.Temp = t.TempDir()
	o.Report = func(r Report) error {
		said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s %s: %s → %s", r.Process, r.Code, r.Path, r.Found, r.Made)))
		if _, ok := Codes[r.Code]; !ok {
			t.Errorf("finding %s has no text", r.Code)
		}
		return nil
	}
	g, err := Gather(t.Context(), "test.json", strings.NewReader(content), o)
	if err != nil {
		return nil, said, err
	}
	for p, err := range g.Processes(t.Context()) {
		if err != nil {
			return ps, said, err
		}
		ps = append(ps, p)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(o.Temp); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
	return ps, said, nil
}

// entries are bodies as text, one a line, to compare.
func entries(t testing.TB, ps []*Process) string {
	t.Helper()
	var out strings.Builder
	for _, p := range ps {
		for _, b := range p.Bodies {
			r := ledger.RecordedOf(b)
			r.Version = 1
			if problems := ledger.Check(ledger.Draft{ID: "x", Kind: kindOf(b), On: day(b, "2020-01-01"), By: maker, Corrects: ledger.None, Body: b}); len(problems) > 0 {
				t.Errorf("%s %s would be refused: %v", p.ID, kindOf(b), problems)
			}
			raw, err := ledger.EncodeBody(b)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s %s\n", kindOf(b), raw)
		}
	}
	return out.String()
}

var maker = ledger.By{Role: ledger.Maker, Unit: "411025-SJ", User: "u1"}

// clean is a process without a fault, as one release.
const clean = `{"ocid":"ocds-abc-1","id":"r1","date":"2020-03-01T00:00:00Z","tag":["tender"],"initiationType":"tender",
"parties":[{"id":"B","name":"Buyer","roles":["buyer"]},{"id":"S1","name":"Alpha","identifier":{"scheme":"GB-COH","id":"01"}},{"id":"S2","name":"Beta"}],
"buyer":{"id":"B","name":"Buyer"},
"tender":{"id":"t","title":"Road","status":"complete","procurementMethod":"open","mainProcurementCategory":"works","value":{"amount":1000,"currency":"CNY"},
 "tenderPeriod":{"startDate":"2020-02-01T00:00:00Z","endDate":"2020-02-20T09:00:00Z"},"items":[{"id":"1","description":"road","quantity":2,"unit":{"name":"km"},"classification":{"scheme":"CPV","id":"45233"}}]},
"bids":{"details":[{"id":"b1","date":"2020-02-19T09:00:00Z","status":"valid","tenderers":[{"id":"S1","name":"Alpha"}],"value":{"amount":900.5,"currency":"CNY"}},
 {"id":"b2","date":"2020-02-18T09:00:00Z","status":"disqualified","tenderers":[{"id":"S2","name":"Beta"}],"value":{"amount":950,"currency":"CNY"}}]},
"awards":[{"id":"a1","date":"2020-02-25T00:00:00Z","status":"active","suppliers":[{"id":"S1","name":"Alpha"}],"value":{"amount":900.5,"currency":"CNY"},"relatedBids":["b1"]}],
"contracts":[{"id":"c1","awardID":"a1","status":"active","dateSigned":"2020-02-28T00:00:00Z","value":{"amount":900.5,"currency":"CNY"},"period":{"startDate":"2020-03-01T00:00:00Z","endDate":"2020-09-01T00:00:00Z"},
 "implementation":{"transactions":[{"id":"t1","date":"2020-04-01T00:00:00Z","value":{"amount":100,"currency":"CNY"},"payer":{"id":"B","name":"Buyer"},"payee":{"id":"S1","name":"Alpha"}}]}}]}`

func TestCleanProcess(t *testing.T) {
	t.Parallel()
	ps, said := read(t, clean, Options{})
	if len(said) > 0 {
		t.Errorf("findings: %q", said)
	}
	head := func(object string) ledger.Recorded {
		return ledger.Recorded{Currency: "CNY", Object: object, Process: "ocds-abc-1", Released: "2020-03-01T00:00:00Z"}
	}
	alpha, beta, buyer := ledger.Participant{Code: "GB-COH:01", Name: "Alpha"}, ledger.Participant{Code: "S2", Name: "Beta"}, ledger.Participant{Code: "B", Name: "Buyer"}
	want := []ledger.Body{
		&ledger.ProcessTender{Recorded: head(""), Amount: 100000, Buyer: buyer, Category: "works", Deadline: "2020-02-20T09:00:00Z", Opens: "2020-02-01T00:00:00Z", Method: "open", Name: "Road", Status: "complete",
			Items: []ledger.ProcessItem{{Class: "CPV:45233", Name: "road", Quantity: "2", Unit: "km"}}},
		&ledger.ProcessBid{Recorded: head("b1"), Amount: 90050, At: "2020-02-19T09:00:00Z", Bidders: []ledger.Participant{alpha}, Status: "valid"},
		&ledger.ProcessBid{Recorded: head("b2"), Amount: 95000, At: "2020-02-18T09:00:00Z", Bidders: []ledger.Participant{beta}, Status: "disqualified"},
		&ledger.ProcessAward{Recorded: head("a1"), Amount: 90050, At: "2020-02-25T00:00:00Z", Bids: []string{"b1"}, Status: "active", Suppliers: []ledger.Participant{alpha}},
		&ledger.ProcessContract{Recorded: head("c1"), Amount: 90050, Awards: []string{"a1"}, Signed: "2020-02-28T00:00:00Z", Start: "2020-03-01T00:00:00Z", Finish: "2020-09-01T00:00:00Z", Status: "active"},
		&ledger.ProcessTransaction{Recorded: head("c1/t1"), Amount: 10000, At: "2020-04-01T00:00:00Z", Of: "c1", Payer: buyer, Payee: alpha},
	}
	if diff := cmp.Diff(want, ps[0].Bodies); diff != "" {
		t.Error("(-want +got):\n" + diff)
	}
	for i, on := range []ledger.Date{"2020-02-01", "2020-02-19", "2020-02-18", "2020-02-25", "2020-02-28", "2020-04-01"} {
		if got := day(ps[0].Bodies[i], "2000-01-01"); got != on {
			t.Errorf("body %d is of %s, want %s", i, got, on)
		}
	}
	entries(t, ps) // and the ledger takes them
}

// oneLine is a text as one line of JSON lines.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "") }

// TestShapesOfFiles reads the same release in everything that may hold one.
func TestShapesOfFiles(t *testing.T) {
	t.Parallel()
	ps, _ := read(t, clean, Options{})
	want := entries(t, ps)
	pack := `{"uri":"https://x","publisher":{"name":"P"},"license":"CC0","releases":[` + clean + `],"version":"1.1"}`
	for name, content := range map[string]string{
		"array":                "[" + clean + "]",
		"array of packages":    "[" + pack + "]",
		"package":              pack,
		"late metadata":        `{"releases":[` + clean + `],"publisher":{"name":"P"}}`,
		"record package":       `{"records":[{"ocid":"ocds-abc-1","compiledRelease":` + clean + `}]}`,
		"record, releases":     `{"records":[{"ocid":"ocds-abc-1","releases":[` + strings.Replace(clean, `"ocid":"ocds-abc-1",`, "", 1) + `]}]}`,
		"record, both":         `{"ocid":"ocds-abc-1","releases":[{"ocid":"ocds-abc-1","date":"2019-01-01T00:00:00Z","id":"r0","tender":{"title":"Old"}}],"compiledRelease":` + clean + `}`,
		"lines":                oneLine(clean) + "\n\n" + oneLine(clean) + "\n",
		"no last newline":      "\n" + oneLine(clean) + "\n" + oneLine(clean),
		"line of packages":     oneLine(pack) + "\r\n" + oneLine(pack) + "\r\n",
		"pretty, several":      strings.ReplaceAll(clean, ",", ",\n") + strings.ReplaceAll(clean, ",", ",\n"),
		"UTF-8 mark":           "\ufeff" + clean,
		"UTF-16":               utf16Of(clean, binary.LittleEndian),
		"UTF-16 big":           utf16Of(clean, binary.BigEndian),
		"UTF-16, unmarked":     strings.TrimPrefix(utf16Of(clean, binary.LittleEndian), "\xff\xfe"),
		"UTF-16 big, unmarked": strings.TrimPrefix(utf16Of(clean, binary.BigEndian), "\xfe\xff"),
		"UTF-32":               utf32Of(clean, binary.LittleEndian),
		"UTF-32 big":           utf32Of(clean, binary.BigEndian),
		"UTF-32, unmarked":     strings.TrimPrefix(utf32Of(clean, binary.LittleEndian), "\xff\xfe\x00\x00"),
		"UTF-32 big, unmarked": strings.TrimPrefix(utf32Of(clean, binary.BigEndian), "\x00\x00\xfe\xff"),
		"gzip of UTF-32":       gzipped(t, utf32Of(clean, binary.BigEndian)),
		"gzip of UTF-16":       gzipped(t, utf16Of(clean, binary.LittleEndian)),
		"gzip":                 gzipped(t, clean),
		"gzip in two":          gzipped(t, "["+clean+",") + gzipped(t, clean+"]"),
		"null members":         `{"extensions":null,"releases":[` + clean + `]}`,
	} {
		ps, said := read(t, content, Options{})
		if diff := cmp.Diff(want, entries(t, ps)); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%q", name, diff, said)
		}
		for _, s := range said {
			if !strings.Contains(s, "release_twice") {
				t.Errorf("%s: %s", name, s)
			}
		}
	}
}

func utf32Of(s string, order binary.AppendByteOrder) string {
	var out []byte
	for _, r := range "\ufeff" + s {
		out = order.AppendUint32(out, uint32(r))
	}
	return string(out)
}

func utf16Of(s string, order binary.AppendByteOrder) string {
	out := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(s))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	content := `{"publisher":{"name":"P"},"license":"CC0","releases":[]}` + "\n" + `{"publisher":{"name":"Q"},"releases":[` + oneLine(clean) + `]}` + "\n"
	g, err := Gather(t.Context(), "/a/b/x.json", strings.NewReader(content), Options{Report: func(Report) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	if g.File.Name != "x.json" || g.File.Size != ledger.Count(len(content)) || len(g.File.SHA256) != 44 || g.Releases != 1 {
		t.Errorf("%+v, %d releases", g.File, g.Releases)
	}
	if diff := cmp.Diff([][]string{{"P", "Q"}, {"CC0"}}, [][]string{g.Publishers, g.Licences}); diff != "" {
		t.Error(diff)
	}
}

// TestBrokenFiles: nothing is taken of a file whose end is not there.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	packed := gzipped(t, strings.Repeat(clean+"\n", 50))
	for name, content := range map[string]string{
		"cut":        "[" + clean + "," + clean[:500],
		"cut gzip":   packed[:len(packed)-20],
		"bad gzip":   packed[:100] + "xxxx" + packed[104:],
		"no json":    "ocid,title\n1,2\n",
		"html":       "<html><body>Error</body></html>",
		"commas":     "[" + clean + ",,]",
		"big":        `{"ocid":"x","tender":{"title":"` + strings.Repeat("x", maxRelease+1<<21) + `"}}`,
		"after it":   clean + "]",
		"big string": `["` + strings.Repeat("x", maxRelease+1<<21),
	} {
		_, _, err := tryRead(t, content, Options{})
		if broken, ok := errors.AsType[*Broken](err); !ok || broken.Offset < 0 || broken.Offset > int64(len(content))+1000 && !strings.Contains(name, "gzip") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, empty := range []string{"", " \n", "[]", `{"releases":[]}`, `{"records":[]}`} {
		if ps, said := read(t, empty, Options{}); len(ps)+len(said) > 0 {
			t.Errorf("%q: %d processes, %q", empty, len(ps), said)
		}
	}
}

// TestOrderDoesNotMatter: shuffled releases and lists make the same entries and
// findings.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	lines := excerpt(t)
	lines = append(lines, oneLine(clean), `{"ocid":"ocds-abc-1","id":"r2","date":"2020-03-05T00:00:00+01:00","contracts":[{"id":"c1","value":{"amount":950,"currency":"CNY"}}]}`,
		`{"ocid":"ocds-abc-1","id":"r3","date":"2020-03-04T23:30:00Z","contracts":[{"id":"c1","value":{"amount":999,"currency":"CNY"}}]}`)
	ps, said := read(t, strings.Join(lines, "\n")+"\n", Options{Currency: "PYG"})
	want := entries(t, ps)
	slices.Sort(said)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		ps, again := read(t, strings.Join(lines, "\n")+"\n", Options{Currency: "PYG"})
		slices.Sort(again)
		if diff := cmp.Diff(want, entries(t, ps)) + cmp.Diff(said, again); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// excerpt is what real publishers wrote, a release a line.
func excerpt(t testing.TB) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/excerpt.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

func TestExcerptOfRealPublishers(t *testing.T) {
	t.Parallel()
	ps, said := read(t, strings.Join(excerpt(t), "\n"), Options{Currency: "PYG"})
	got := entries(t, ps) + strings.Join(said, "\n") + "\n"
	const name = "testdata/excerpt.golden"
	if os.Getenv("YILU_GOLDEN") == "write" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error("(-want +got):\n" + diff)
	}
	for _, personal := range []string{"@example.org", "595 21", "someone"} {
		if strings.Contains(got, personal) {
			t.Errorf("%q got into an entry or finding", personal)
		}
	}
}

// TestFilesBesideUs reads what real files there are where this repository is
// worked on.
func TestFilesBesideUs(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("../../../../shared/data/ocds/releases/*")
	if more, _ := filepath.Glob("../../../shared/data/ocds/releases/*"); err == nil {
		names = append(names, more...)
	}
	if len(names) == 0 {
		t.Skip("no files")
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, currency := range []string{"PYG", "GBP", "AUD"} {
			ps, said := read(t, string(raw), Options{Currency: currency})
			if n := bytes.Count(raw, []byte("\n")); len(ps) == 0 || len(ps) > n {
				t.Errorf("%s: %d processes of %d lines", name, len(ps), n)
			}
			entries(t, ps)
			for _, s := range said {
				if email.MatchString(s) {
					t.Errorf("%s: an address in a finding", name)
				}
			}
		}
	}
}

func TestCodesHaveTexts(t *testing.T) {
	t.Parallel()
	for _, code := range slices.Sorted(maps.Keys(Codes)) {
		if text := Codes[code]; text.Zh == "" || text.En == "" || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("%s: %+v", code, text)
		}
	}
}
