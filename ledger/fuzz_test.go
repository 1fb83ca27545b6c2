package ledger

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"yilu/audit"
)

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"0", "0.00", "-0.00", "1234.56", "-1234.5", "01", "1e3", "9999999999999999.99", "１", "+1", "1.", ".5", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAmount(s)
		if err != nil {
			return
		}
		if written := a.String(); written != s && written != s+".00" {
			t.Errorf("%q is read as %s", s, written)
		}
		if again, err := ParseAmount(a.String()); err != nil || again != a {
			t.Errorf("%s is read again as %s, %v", a, again, err)
		}
		if plain, err := ParseAmount(strings.ReplaceAll(a.Comma(), ",", "")); err != nil || plain != a {
			t.Errorf("%s in a table is %s: %v", a, a.Comma(), err)
		}
	})
}

func FuzzParseWan(f *testing.F) {
	for _, s := range []string{"0", "1286.35", "0.000001", "0.0000001", "-3", "1e2", "1E-6", "NaN", "Infinity", "1e400", "00.10", "+1", "0x1p3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseWan(s)
		if err != nil {
			return
		}
		if a > MaxAmount || a < -MaxAmount {
			t.Errorf("%q is read as %s", s, a)
		}
		if again, err := ParseWan(a.Wan()); err != nil || again != a {
			t.Errorf("%s is %s 万元, read as %s, %v", a, a.Wan(), again, err)
		}
		exact, ok := new(big.Rat).SetString(s)
		if len(s) < 60 && (!ok || exact.Mul(exact, big.NewRat(1_000_000, 1)).Cmp(big.NewRat(int64(a), 1)) != 0) {
			t.Errorf("%q is read as %s", s, a)
		}
	})
}

func FuzzParseUpper(f *testing.F) {
	f.Add("人民币壹仟肆佰零玖元伍角整", int64(140950))
	f.Add("负壹拾万零壹元正", int64(-10_000_001))
	f.Add("玖亿亿亿亿元", int64(MaxAmount))
	f.Add("拾圆", int64(0))
	f.Add("壹贰叁元", int64(100_000_000_000_01))
	f.Fuzz(func(t *testing.T, s string, n int64) {
		if a := Amount(n % int64(MaxAmount+1)); true {
			if back, err := ParseUpper(a.Upper()); err != nil || back != a {
				t.Errorf("%s is %s, read as %s, %v", a, a.Upper(), back, err)
			}
		}
		a, err := ParseUpper(s)
		if err != nil {
			return
		}
		if back, err := ParseUpper(a.Upper()); err != nil || back != a || a > MaxAmount || a < -MaxAmount {
			t.Errorf("%q is read as %s, written %s, read as %s, %v", s, a, a.Upper(), back, err)
		}
	})
}

func FuzzDecodeBody(f *testing.F) {
	for kind, d := range samples() {
		raw, err := EncodeBody(d.Body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(kind), raw)
	}
	f.Add("tender.opened", []byte(`{"at":"9999-12-31T23:59:59-23:00","tender":"T1"}`))
	f.Add("period.closed", []byte(`{"period":null}`))
	f.Add("fund.received", []byte(`{}`))
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		b, err := DecodeBody(Kind(kind), raw)
		if err != nil {
			if _, ok := errors.AsType[*Invalid](err); !ok {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		once, err := EncodeBody(b)
		if err != nil {
			t.Fatalf("%s cannot be written: %v", raw, err)
		}
		c := &checker{}
		if b.check(c); len(c.problems) > 0 {
			return // a day that is missing is written as "", which is no day
		}
		again, err := DecodeBody(Kind(kind), once)
		if err != nil {
			t.Fatalf("%s is written as %s, which cannot be read: %v", raw, once, err)
		}
		twice, err := EncodeBody(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s is written as %s and then as %s, %v", raw, once, twice, err)
		}
		if canonical, err := audit.Canonical(once); err == nil {
			other, err := audit.Canonical(twice)
			if err != nil || !bytes.Equal(canonical, other) {
				t.Errorf("canonical %s and %s, %v", canonical, other, err)
			}
		}
	})
}

// encodeEntry writes an entry's leaf anew.
func encodeEntry(e *Entry) ([]byte, error) {
	act, err := prepareAct(e.Book, e.Draft, e.Commitments)
	if err != nil {
		return nil, err
	}
	return act.Leaf(e.At, uint64(e.Seq)), nil
}

// FuzzDecodeEntry reads any bytes as a leaf. What could be posted is written again
// as it was, or stands still after one writing: a leaf of our own form is the
// same, one that says "100" for "100.00" or carries a signature is not ours.
func FuzzDecodeEntry(f *testing.F) {
	for _, d := range samples() {
		act, err := prepareAct(testBook, d, map[string]audit.Commitment{"note": {1}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(act.Leaf(time.Date(2020, 3, 18, 1, 2, 3, 4000, time.UTC), 41))
	}
	f.Fuzz(func(t *testing.T, leaf []byte) {
		e, err := DecodeEntry(leaf)
		if err != nil {
			return
		}
		c := &checker{}
		if e.Body.check(c); len(c.problems) > 0 {
			return // no such leaf is ever posted
		}
		once, err := encodeEntry(e)
		if err != nil {
			t.Fatalf("%s cannot be written: %v", leaf, err)
		}
		l, err := audit.ParseLeaf(leaf)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := EncodeBody(e.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := audit.Canonical(raw)
		if err != nil {
			t.Fatal(err)
		}
		if ours := len(l.Sig) == 0 && bytes.Equal(body, l.Body); ours && !bytes.Equal(once, leaf) {
			t.Fatalf("%s is written as %s", leaf, once)
		}
		again, err := DecodeEntry(once)
		if err != nil {
			t.Fatalf("%s is written as %s, which cannot be read: %v", leaf, once, err)
		}
		if twice, err := encodeEntry(again); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s is written as %s and then as %s, %v", leaf, once, twice, err)
		}
	})
}

// FuzzEntryRoundTrip makes drafts as a client sends them. What passes the checks
// is read from its leaf as it was, and written again to the same bytes.
func FuzzEntryRoundTrip(f *testing.F) {
	for kind, d := range samples() {
		raw, err := EncodeBody(d.Body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(kind), raw, d.ID, d.By.Unit, d.By.User, int64(d.Corrects), uint64(41), int64(1584493323000004))
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte, id, unit, user string, corrects int64, seq uint64, at int64) {
		b, err := DecodeBody(Kind(kind), raw)
		if err != nil {
			return
		}
		spec, _ := SpecOf(Kind(kind))
		d := Draft{ID: id, Kind: Kind(kind), On: "2020-03-18", By: By{spec.Roles[0], unit, user}, Corrects: Seq(corrects), Body: b}
		if len(checkDraft(d)) > 0 {
			return
		}
		act, err := prepareAct(testBook, d, nil)
		if _, bad := errors.AsType[*audit.Malformed](err); bad {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		when := time.UnixMicro(at % (1 << 51)).UTC() // to the year 2041
		leaf := act.Leaf(when, seq>>1)
		e, err := DecodeEntry(leaf)
		if err != nil {
			t.Fatalf("%s cannot be read: %v", leaf, err)
		}
		if e.ID != id || e.By != d.By || e.Corrects != d.Corrects || e.Hash != act.Hash {
			t.Errorf("%+v is read as %+v", d, e)
		}
		if again, err := encodeEntry(e); err != nil || !bytes.Equal(again, leaf) {
			t.Errorf("%s is written again as %s, %v", leaf, again, err)
		}
	})
}
