package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gowebpki/jcs"

	"yilu/audit/proof"
)

// The golden vector of the audit-log handbook, §2.
const (
	goldenCommitment = "VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg="
	goldenLeaf       = `{"at":"2020-03-18T01:00:00.000000Z","body":{"amount":"1234.56","fund":"F1","project":"P1"},"book":"411025","by":{"role":"payer","unit":"411025-CZ","user":"u17"},"id":"PAY-1","kind":"payment.paid","on":"2020-03-18","sealed":{"payee_name":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg="},"seq":"0","sm3":"0EYgioqY+EC/sumEiVZfzT2yL+hoAfuo/Jwg29LJORE=","v":"1"}`
	goldenLeafHash   = "db20be88bbcb12bbcc19685494765d34119837cde0f61b5404f3c30a87393d1f"
	goldenRoot       = "4dEcg6gZ4pbODD6/2gidGYkqj2LrO0WyHlxuCDFeaFI="
)

var goldenAt = time.Date(2020, 3, 18, 1, 0, 0, 0, time.UTC)

// goldenSalt is 00 01 … 1f.
func goldenSalt() (s Salt) {
	for i := range s {
		s[i] = byte(i)
	}
	return s
}

// goldenAct is the act of the vector, its body in another order and spelling.
func goldenAct() Act {
	return Act{
		Book: "411025", ID: "PAY-1", Kind: "payment.paid", On: "2020-03-18",
		By:     By{Role: "payer", Unit: "411025-CZ", User: "u17"},
		Body:   []byte(` { "project":"P1", "fund" : "\u00461", "amount":"1234.56" } `),
		Sealed: map[string]Commitment{"payee_name": Commit("payee_name", "张三", goldenSalt())},
	}
}

// prepare is Prepare for acts that are known to be good.
func prepare(t testing.TB, a Act) *Prepared {
	t.Helper()
	p, err := Prepare(a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGoldenVector(t *testing.T) {
	if got := Commit("payee_name", "张三", goldenSalt()).String(); got != goldenCommitment {
		t.Errorf("commitment %s, want %s", got, goldenCommitment)
	}
	h := Head{Book: "411025"}
	row := h.Append(prepare(t, goldenAct()), goldenAt)
	if string(row.Leaf) != goldenLeaf {
		t.Errorf("leaf:\n%s\nwant\n%s", row.Leaf, goldenLeaf)
	}
	if len(row.Leaf) != 356 {
		t.Errorf("leaf of %d bytes, want 356", len(row.Leaf))
	}
	if got := hex.EncodeToString(row.LeafHash[:]); got != goldenLeafHash {
		t.Errorf("leaf hash %s, want %s", got, goldenLeafHash)
	}
	h.appendLeaf([]byte("a"))
	h.appendLeaf([]byte("b"))
	root := h.Root()
	if got := base64.StdEncoding.EncodeToString(root[:]); got != goldenRoot {
		t.Errorf("root %s, want %s", got, goldenRoot)
	}
}

func TestPrepareRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, proof.MaxDepth) + `{}` + strings.Repeat(`}`, proof.MaxDepth)
	for _, tc := range []struct {
		change func(*Act)
		path   string
		reason string
	}{
		{func(a *Act) { a.Body = []byte(`{"n":1}`) }, "/body/n", "a number"},
		{func(a *Act) { a.Body = []byte(`{"n":9007199254740993}`) }, "/body/n", "a number"},
		{func(a *Act) { a.Body = []byte(`{"l":["x",null]}`) }, "/body/l/1", "null"},
		{func(a *Act) { a.Body = []byte(`{"l":[{"A":"x"}]}`) }, "/body/l/0/A", "a key"},
		{func(a *Act) { a.Body = []byte(`{"":"x"}`) }, "/body/", "a key"},
		{func(a *Act) { a.Body = []byte(`{"金额":"x"}`) }, "/body/金额", "a key"},
		{func(a *Act) { a.Body = []byte(`{"a":"x","a":"x"}`) }, "/body/a", "duplicate"},
		{func(a *Act) { a.Body = []byte(`{"a":"x","\u0061":"x"}`) }, "/body/a", "duplicate"},
		{func(a *Act) { a.Body = []byte(`{"a":"e\u0301"}`) }, "/body/a", "NFC"},
		{func(a *Act) { a.Body = []byte(`{"a":"x\ny"}`) }, "/body/a", "control"},
		{func(a *Act) { a.Body = []byte(`{"a":"x\u007f"}`) }, "/body/a", "control"},
		{func(a *Act) { a.Body = []byte(`{"a":"x\u0085"}`) }, "/body/a", "control"},
		{func(a *Act) { a.Body = []byte("{\"a\":\"x\ty\"}") }, "/body/a", "invalid character"},
		{func(a *Act) { a.Body = []byte("{\"a\":\"\xff\"}") }, "/body/a", "UTF-8"},
		{func(a *Act) { a.Body = []byte(`{"a":"\ud800"}`) }, "/body/a", "surrogate"},
		{func(a *Act) { a.Body = []byte(`{"a":"x"} {}`) }, "/body", "more than one"},
		{func(a *Act) { a.Body = []byte(`{"a":"x"`) }, "/body", "EOF"},
		{func(a *Act) { a.Body = nil }, "/body", "too early"},
		{func(a *Act) { a.Body = []byte(`["x"]`) }, "/body", "not an object"},
		{func(a *Act) { a.Body = []byte(deep) }, "/body" + strings.Repeat("/a", proof.MaxDepth), "deeper"},
		{func(a *Act) { a.Body = []byte(`{"a":"` + strings.Repeat("x", proof.MaxEntry) + `"}`) }, "", "bytes"},
		{func(a *Act) { a.Book = "" }, "/book", "missing"},
		{func(a *Act) { a.ID = strings.Repeat("x", 201) }, "/id", "longer"},
		{func(a *Act) { a.Kind = "a\x00b" }, "/kind", "control"},
		{func(a *Act) { a.By.User = "\xff" }, "/by/user", "UTF-8"},
		{func(a *Act) { a.On = "2020-02-30" }, "/on", "not a day"},
		{func(a *Act) { a.On = "2020-2-3" }, "/on", "not a day"},
		{func(a *Act) { a.Corrects = "07" }, "/corrects", "not the number"},
		{func(a *Act) { a.Corrects = "-1" }, "/corrects", "not the number"},
		{func(a *Act) { a.Corrects = "9223372036854775808" }, "/corrects", "not the number"},
		{func(a *Act) { a.Sealed = map[string]Commitment{"Name": {}} }, "/sealed", "a key"},
	} {
		a := goldenAct()
		tc.change(&a)
		_, err := Prepare(a)
		var bad *Malformed
		if !errors.As(err, &bad) {
			t.Errorf("want refusal %q at %s, got %v", tc.reason, tc.path, err)
			continue
		}
		if !strings.HasPrefix(bad.Path, tc.path) || !strings.Contains(bad.Reason, tc.reason) {
			t.Errorf("refused at %q for %q, want %q, %q", bad.Path, bad.Reason, tc.path, tc.reason)
		}
	}
}

// An act as long as Prepare allows still fits with every addition.
func TestLongestLeaf(t *testing.T) {
	a := goldenAct()
	a.Body = []byte(`{"a":""}`)
	room := proof.MaxAct - len(prepare(t, a).Bytes)
	a.Body = []byte(`{"a":"` + strings.Repeat("x", room) + `"}`)
	p := prepare(t, a)
	p.Sig = make([]byte, proof.MaxSig)
	if got := len(p.Leaf(goldenAt, 1<<64-1)); got != proof.MaxEntry {
		t.Errorf("longest leaf has %d bytes, want %d", got, proof.MaxEntry)
	}
	a.Body = []byte(`{"a":"` + strings.Repeat("x", room+1) + `"}`)
	if _, err := Prepare(a); err == nil {
		t.Error("one byte more was accepted")
	}
}

// texts are the strings random acts are made of.
var texts = []string{"", "x", "1234.56", "张三", `quote " and \ and /`, "é", "𠮷", "\u2028", "<&>", "a b"}

// randomValue returns a random JSON value without numbers and null.
func randomValue(r *rand.Rand, depth int) any {
	n := r.IntN(5)
	switch {
	case depth > 3 || n < 2:
		return texts[r.IntN(len(texts))]
	case n == 2:
		return r.IntN(2) == 0
	case n == 3:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = randomValue(r, depth+1)
		}
		return list
	}
	object := map[string]any{}
	for range r.IntN(6) {
		object[fmt.Sprintf("k%d_%d", r.IntN(3), r.IntN(100))] = randomValue(r, depth+1)
	}
	return object
}

// spell writes a value as JSON with random blanks and in random key order.
func spell(r *rand.Rand, v any) string {
	blank := []string{"", " ", "\n\t"}[r.IntN(3)]
	var parts []string
	switch v := v.(type) {
	case string:
		if r.IntN(3) > 0 {
			return string(appendText(nil, v))
		}
		var b strings.Builder
		for _, c := range v {
			if c < 0x10000 {
				fmt.Fprintf(&b, `\u%04X`, c)
			} else {
				b.WriteRune(c)
			}
		}
		return `"` + b.String() + `"`
	case bool:
		return fmt.Sprint(v)
	case []any:
		for _, e := range v {
			parts = append(parts, spell(r, e))
		}
		return "[" + blank + strings.Join(parts, blank+",") + blank + "]"
	case map[string]any:
		for k, e := range v { // in Go's random order
			parts = append(parts, `"`+k+`"`+blank+":"+blank+spell(r, e))
		}
		return blank + "{" + strings.Join(parts, ","+blank) + blank + "}"
	}
	panic("unreachable")
}

// The splice must be what a full canonicalisation by another implementation
// makes of the same members.
func TestLeafEqualsJCS(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a := goldenAct()
		a.ID = fmt.Sprint("ID-", texts[1+r.IntN(len(texts)-1)])
		a.Sealed = nil
		for range r.IntN(3) {
			if a.Sealed == nil {
				a.Sealed = map[string]Commitment{}
			}
			a.Sealed[fmt.Sprint("f", r.IntN(20))] = Commitment{byte(r.IntN(256))}
		}
		if r.IntN(2) == 0 {
			a.Corrects = fmt.Sprint(r.IntN(100))
		}
		body := map[string]any{"z": randomValue(r, 0), "a_1": randomValue(r, 0), "_": randomValue(r, 0)}
		a.Body = []byte(spell(r, body))
		p := prepare(t, a)
		if r.IntN(2) == 0 {
			p.Sig = []byte("signature")
		}
		at, seq := goldenAt.Add(time.Duration(r.Int64N(1e15))), uint64(100+r.IntN(1000))
		leaf := p.Leaf(at, seq)
		for _, b := range [][]byte{leaf, p.Bytes, p.Act.Body} {
			want, err := jcs.Transform(b)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b, want) {
				t.Fatalf("ours\n%s\nJCS\n%s", b, want)
			}
		}
		if want, err := jcs.Transform(a.Body); err != nil || !bytes.Equal(p.Act.Body, want) {
			t.Fatalf("body %s\nJCS  %s (%v)", p.Act.Body, want, err)
		}
		if !p.Same(leaf) {
			t.Fatalf("a leaf is not the same as its act: %s", leaf)
		}
		l, err := ParseLeaf(leaf)
		if err != nil {
			t.Fatal(err)
		}
		want := Leaf{Act: p.Act, At: at.Truncate(time.Microsecond), Seq: seq, Sig: p.Sig, SM3: p.SM3, Hash: p.Hash, V: "1"}
		if len(l.Sig) == 0 {
			l.Sig = nil
		}
		if diff := cmp.Diff(want, l); diff != "" {
			t.Fatalf("parsed leaf differs:\n%s", diff)
		}
	}
}

func TestSameTellsActsApart(t *testing.T) {
	p := prepare(t, goldenAct())
	other := goldenAct()
	other.On = "2020-03-19"
	if prepare(t, other).Same(p.Leaf(goldenAt, 0)) {
		t.Error("another day, yet the same")
	}
	if p.Same(nil) || p.Same([]byte(goldenLeaf)[:100]) {
		t.Error("a cut leaf is the same")
	}
}

// A single value is canonical too; what it may not hold is refused alike.
func TestCanonicalSingleValues(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`"a\u002fb\/c"`, `"a/b/c"`},
		{` true `, `true`},
		{`[ ]`, `[]`},
		{`{ }`, `{}`},
		{`[{"b":false,"a":["\""]}]`, `[{"a":["\""],"b":false}]`},
		{`{"b_":"1","b":"2","b0":"3"}`, `{"b":"2","b0":"3","b_":"1"}`},
		{`1`, `malformed entry: a number; write it as a string`},
		{`[null]`, `malformed entry at /0: null; leave the member out`},
		// The rest of these texts is the JSON library's.
		{`["a"`, `malformed entry: `},
		{`["a" "b"]`, `malformed entry: `},
		{`["a",]`, `malformed entry`},
		{`{"a" "b"}`, `malformed entry at /a: `},
		{`{"a":"b",}`, `malformed entry: `},
	} {
		got, err := Canonical([]byte(tc.in))
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != tc.want && (err == nil || !strings.HasPrefix(string(got), tc.want)) {
			t.Errorf("%s: got %s, want %s", tc.in, got, tc.want)
		}
	}
}

// The caller's body is left alone, and an error in one act does not show in
// the next, though they share buffers.
func TestPrepareSharesNothing(t *testing.T) {
	a := goldenAct()
	given := bytes.Clone(a.Body)
	first := prepare(t, a)
	kept := bytes.Clone(first.Bytes)
	broken := goldenAct()
	broken.Body = []byte(`{"z":"x","y":{"b":"x","a":1}}`)
	if _, err := Prepare(broken); err == nil {
		t.Fatal("accepted a number")
	}
	if again := prepare(t, goldenAct()); !bytes.Equal(again.Bytes, kept) {
		t.Errorf("prepared again: %s", again.Bytes)
	}
	if !bytes.Equal(a.Body, given) || !bytes.Equal(first.Bytes, kept) {
		t.Error("bytes changed under their owner")
	}
}

func TestParseLeafRefuses(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(goldenLeaf, old) {
			t.Fatalf("the golden leaf has no %s", old)
		}
		return strings.Replace(goldenLeaf, old, new, 1)
	}
	for _, leaf := range []string{
		"",
		"a",
		goldenLeaf + " ",
		goldenLeaf[:len(goldenLeaf)-1],
		replace(`"v":"1"`, `"v":"2"`),
		replace(`,"v":"1"`, ``),
		replace(`"v":"1"`, `"v":"1","w":"x"`),
		replace(`"seq":"0"`, `"seq":"00"`),
		replace(`"seq":"0"`, `"seq":0`),
		replace(`.000000Z`, `.000Z`),
		replace(`.000000Z`, `.000000+00:00`),
		replace(`"at":"2020-03-18T01:00:00.000000Z",`, ``),
		replace(`1234.56`, `1234.57`),       // sm3 no longer fits
		replace(`"sm3":"0E`, `"sm3":"1E`),   // another sm3
		replace(`"sm3":"0E`, `"sm3":"\n0E`), // base64 skips newlines
		replace(`"amount"`, ` "amount"`),
		replace(`"P1"`, `"\u00501"`),
		replace(`"sealed":{"payee_name":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg="}`, `"sealed":{}`),
		replace(`"kind"`, `"corrects":"","kind"`),
		replace(`"payee_name":"VD`, `"payee_name":"`),
		replace(`"payee_name":"`, `"payee_name":"!`),
		replace(`"sm3"`, `"sig":"!","sm3"`),
		replace(`"sm3":"0E`, `"sm3":"`),
		replace(`"on":"2020-03-18"`, `"on":"2020-03-32"`),
		replace(`"sm3"`, `"sig":"","sm3"`),
		replace(`"sm3"`, `"sig":"`+strings.Repeat("AAAA", 25)+`","sm3"`),
		replace(`"id":"PAY-1"`, `"id":"PAY-1","id":"PAY-1"`),
	} {
		if _, err := ParseLeaf([]byte(leaf)); err == nil {
			t.Errorf("accepted %s", leaf)
		}
	}
	if _, err := ParseLeaf(make([]byte, proof.MaxEntry+1)); err == nil {
		t.Error("accepted a leaf that is too long")
	}
}

// The order of members and the choice of escapes must not matter, and what is
// canonical stays as it is.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, `"x"`, `true`, `{"b":"\u5f20","a":[false,{"c":"\"\\"}]}`, `{"a":1}`, `null`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		first, err := Canonical(v)
		if err != nil {
			var bad *Malformed
			if !errors.As(err, &bad) {
				t.Fatalf("error of another type: %v", err)
			}
			return
		}
		second, err := Canonical(first)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%q, then %q (%v)", first, second, err)
		}
		// JCS itself takes objects and arrays only.
		if first[0] != '{' && first[0] != '[' {
			return
		}
		want, err := jcs.Transform(v)
		if err != nil || !bytes.Equal(first, want) {
			t.Fatalf("ours %q, JCS %q (%v)", first, want, err)
		}
	})
}

// Whatever parses must be exactly what would be written.
func FuzzParseLeaf(f *testing.F) {
	f.Add([]byte(goldenLeaf))
	f.Add(prepareSigned().Leaf(goldenAt, 7))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseLeaf(b)
		if err != nil {
			return
		}
		p := prepare(t, l.Act)
		p.Sig = l.Sig
		if got := p.Leaf(l.At, l.Seq); !bytes.Equal(got, b) {
			t.Fatalf("parsed\n%q\nwritten\n%q", b, got)
		}
		if p.Hash != l.Hash || p.SM3 != l.SM3 {
			t.Fatal("digests differ")
		}
	})
}

// prepareSigned is an act with all optional members.
func prepareSigned() *Prepared {
	a := goldenAct()
	a.Corrects = "3"
	p, err := Prepare(a)
	if err != nil {
		panic(err)
	}
	p.Sig = []byte("signature")
	return p
}

func BenchmarkPrepare(b *testing.B) {
	a := goldenAct()
	for b.Loop() {
		if _, err := Prepare(a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLeaf(b *testing.B) {
	for b.Loop() {
		if _, err := ParseLeaf([]byte(goldenLeaf)); err != nil {
			b.Fatal(err)
		}
	}
}

// One op is a group of a thousand entries, hashed at a size where the edge
// is long.
func BenchmarkAppend1000(b *testing.B) {
	p := prepare(b, goldenAct())
	start := Head{Book: "411025", Size: 1<<20 - 1, Edge: make(proof.Edge, 20)}
	for b.Loop() {
		h := start
		for range 1000 {
			h.Append(p, goldenAt)
		}
	}
}
