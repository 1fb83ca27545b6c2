package proof

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

func TestGoldenLeaf(t *testing.T) {
	l, err := ParseLeaf([]byte(goldenLeaf))
	if err != nil {
		t.Fatal(err)
	}
	if h := LeafHash([]byte(goldenLeaf)); hex.EncodeToString(h[:]) != "db20be88bbcb12bbcc19685494765d34119837cde0f61b5404f3c30a87393d1f" || len(goldenLeaf) != 356 {
		t.Errorf("hash %x of %d bytes", h, len(goldenLeaf))
	}
	want := Act{
		Book: "411025", ID: "PAY-1", Kind: "payment.paid", On: "2020-03-18", By: By{"payer", "411025-CZ", "u17"},
		Body: []byte(`{"amount":"1234.56","fund":"F1","project":"P1"}`), Sealed: map[string]Commitment{"payee_name": Commit("payee_name", "张三", Salt(goldenSeed()))},
	}
	if diff := cmp.Diff(want, l.Act); diff != "" {
		t.Errorf("act differs:\n%s", diff)
	}
	if got := l.Sealed["payee_name"].String(); got != "VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg=" {
		t.Errorf("commitment %s", got)
	}
	if l.At.Format(InstantLayout) != "2020-03-18T01:00:00.000000Z" || l.Seq != 0 || l.Sig != nil {
		t.Errorf("%+v", l)
	}
	for _, tc := range []struct {
		name, value string
		salt        Salt
		want        error
	}{
		{"payee_name", "张三", Salt(goldenSeed()), nil},
		{"payee_name", "张四", Salt(goldenSeed()), ErrNotDisclosed},
		{"payee_name", "张三", Salt{}, ErrNotDisclosed},
		{"id_number", "张三", Salt(goldenSeed()), ErrNotDisclosed},
	} {
		if err := l.VerifyCommitment(tc.name, tc.value, tc.salt); !errors.Is(err, tc.want) {
			t.Errorf("%s %s: %v", tc.name, tc.value, err)
		}
	}
}

// Whatever bit of a leaf is flipped, either the leaf is refused or what differs
// is its instant or number, which the tree's hash and the place in it hold.
func TestEveryByteOfALeafCounts(t *testing.T) {
	want, err := CutLeaf([]byte(goldenLeaf))
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(goldenLeaf) {
		for bit := range 8 {
			flipped := []byte(goldenLeaf)
			flipped[i] ^= 1 << bit
			if l, err := CutLeaf(flipped); err == nil && bytes.Equal(l.At, want.At) && l.Seq == want.Seq {
				t.Errorf("byte %d: %s was accepted", i, flipped)
			}
		}
	}
}

func TestCutLeafSaysWhatIsWrong(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`{"at"`, ` {"at"`, `byte 0: want {"at":`},
		{`"v":"1"`, `"v":"2"`, `want ,"v":"1"}`},
		{`"v":"1"}`, `"v":"1"}x`, "bytes after the leaf"},
		{`"1234.56"`, `1234.56`, "a number; it is written as a string"},
		{`"1234.56"`, `null`, "want a string, true"},
		{`"amount"`, `"Amount"`, "byte 45"},
		{`"fund"`, `"a"`, "the key a does not come after amount"},
		{`"P1"`, `"P\/1"`, "an escape other than"},
		{`"P1"`, `"P\u0031"`, "an escape other than"},
		{`"P1"`, "\"P\t1\"", "a control character"},
		{`"P1"`, "\"P\xff1\"", "not valid UTF-8"},
		{`"P1"`, "\"Pe\u03011\"", "NFC"},
		{`"P1"`, "\"P\u00851\"", "a control character"},
		{`{"amount"`, `{"a":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `,"amount"`, "sm3"},
		{`{"amount"`, `{"a":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `,"amount"`, "deeper than 16"},
		{`.000000Z`, `,000000Z`, "at:"},
		{`T01:00`, `T24:00`, "at:"},
		{`"on":"2020-03-18"`, `"on":"2021-02-29"`, "on:"},
		{`"seq":"0"`, `"seq":"00"`, "seq:"},
		{`"seq":"0"`, `"seq":"9223372036854775808"`, "seq:"},
		{`"id":"PAY-1"`, `"id":""`, "id: want 1 to 200 bytes"},
		{`"id":"PAY-1"`, `"id":"` + strings.Repeat("x", 201) + `"`, "id: want 1 to 200 bytes"},
		{`"id":`, `"corrects":"","id":`, "corrects:"},
		{`"sm3"`, `"sig":"","sm3"`, "sig:"},
		{`"payee_name":"VDX`, `"payee_name":"VD`, "sealed payee_name:"},
		{`"sealed":{"payee_name":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg="}`, `"sealed":{}`, "sealed: empty"},
		{`1234.56`, `1234.57`, "sm3 is not the digest"},
	} {
		leaf := strings.Replace(goldenLeaf, tc.old, tc.new, 1)
		if _, err := CutLeaf([]byte(leaf)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s for %s: %v, want %q", tc.new, tc.old, err, tc.want)
		}
	}
	if _, err := CutLeaf(make([]byte, MaxEntry+1)); err == nil {
		t.Error("a leaf that is too long was accepted")
	}
}

func TestMembersAndElements(t *testing.T) {
	var got []string
	for name, value := range Members([]byte(`{"a":"x","b":[{"c":"1"},"\"y"],"c":{"d":true}}`)) {
		got = append(got, string(name)+"="+string(value))
		if string(name) != "b" {
			continue
		}
		for e := range Elements(value) {
			text, ok := Unquote(e)
			got = append(got, string(e))
			if ok {
				got = append(got, text)
			}
		}
	}
	want := []string{`a="x"`, `b=[{"c":"1"},"\"y"]`, `{"c":"1"}`, `"\"y"`, `"y`, `c={"d":true}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range Members([]byte(`{}`)) {
		t.Error("a member of nothing")
	}
	for range Elements([]byte(`[]`)) {
		t.Error("an element of nothing")
	}
}

// The short way for Chinese text must agree with Unicode's tables.
func FuzzTextFault(f *testing.F) {
	for _, s := range []string{"", "a", "张三", "《襄城县》（2020）", "e\u0301", "か\u3099", "\u302a", "Å", "\xe4\xb8", "\xe4\xb8\xad\x00", "！～", "\u0085", "\xef\xbc\x80", "\ufeff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		good := utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) && norm.NFC.IsNormalString(s)
		if why := TextFault(s); (why == "") != good {
			t.Errorf("%q: %q", s, why)
		}
	})
}

func FuzzCutLeaf(f *testing.F) {
	f.Add([]byte(goldenLeaf))
	f.Add([]byte(strings.Replace(goldenLeaf, `"id"`, `"corrects":"3","id"`, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		cut, cutErr := CutLeaf(b)
		l, err := ParseLeaf(b)
		if (cutErr == nil) != (err == nil) {
			t.Fatalf("cut: %v, parsed: %v", cutErr, err)
		}
		if err == nil && (l.Seq != cut.Seq || l.At.Format(InstantLayout) != string(cut.At)) {
			t.Fatalf("%+v, %+v", l, cut)
		}
		if err == nil {
			if path, reason := l.Fault(); reason != "" {
				t.Fatalf("accepted, though at %s %s", path, reason)
			}
		}
	})
}

func BenchmarkCutLeaf(b *testing.B) {
	leaf := []byte(goldenLeaf)
	b.SetBytes(int64(len(leaf)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := CutLeaf(leaf); err != nil {
			b.Fatal(err)
		}
	}
}
