package ledger

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
	"yilu/audit/proof"
)

// TestFaultsInBothLanguages: what the log says of a text is said in Chinese too.
func TestFaultsInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a\x00", "e\u0301", "\xff"} {
		reason := proof.TextFault(s)
		if got := faultOf(&audit.Malformed{Path: "/body/purpose", Reason: reason}); reason == "" || got.En != reason || strings.Contains(got.Zh, reason) {
			t.Errorf("%q: %+v", s, got)
		}
	}
	if got := faultOf(&audit.Malformed{Reason: "70000 bytes, more than an entry may have"}); !strings.Contains(got.Zh, "字节") {
		t.Errorf("too long: %+v", got)
	}
}

// The vectors of domain §5; GB 11643 prints the first two.
func TestValidIDNumber(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"11010519491231002X": true, "11010519491231002x": true, "440524188001010014": true, "440308199901101512": true,
		"411025199001010012": true, "41102519720229004X": true, "830000199001010012": true,
		"110105194912310021": false, "411025199002300011": false,
		// An all-digit credit code whose digit fits: its birth date is no day.
		"114110250056890110": false,
		"":                   false, "41102519900101001": false, "4110251990010100122": false, "41102519900101001Ｘ": false,
		"4110251990O1010012": false, "X11025199001010012": false, "000000190001010009": false, "991025199001010015": false, "411025179901010012": false,
	} {
		if got := ValidIDNumber(s); got != want {
			t.Errorf("%s is valid: %v, want %v", s, got, want)
		}
	}
}

func TestValidUSCC(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"91350100M000100Y43": true, "91120222MA06DG3067": true, "11100000000013338W": true,
		"N2411025MF1234567T": true, "93411025MA4AB12C7F": true, "114110250056890110": true,
		"91350100M000100Y44": false, "91350100M000100Y4": false, "91350100m000100y43": false, "9135O100M000100Y43": false, "": false,
	} {
		if got := ValidUSCC(s); got != want {
			t.Errorf("%s is valid: %v, want %v", s, got, want)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"a": true, "F1": true, "XC2020-001.b_2": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "-a": false, ".a": false, "_a": false, "a/b": false, "a b": false, "资金": false, "a~b": false, "a%": false, "a\x00": false,
	} {
		if got := validID(s); got != want {
			t.Errorf("%q is an id: %v, want %v", s, got, want)
		}
	}
}

// TestChecker holds the checks that many kinds share, each by one value that is
// fine and one that is not.
func TestChecker(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(c *checker)
		// want is the English reason, "" for none.
		want string
	}{
		{"text", func(c *checker) { c.text("f", "道路", 2) }, ""},
		{"text blank", func(c *checker) { c.text("f", " \u3000", 2) }, "is required"},
		{"text long", func(c *checker) { c.text("f", "道路长", 2) }, "at most 2 characters, has 3"},
		{"text personal", func(c *checker) { c.text("f", "13800138000", 20) }, "public text must not hold a mobile number; use a sealed field"},
		{"text turned", func(c *checker) { c.text("f", "道路\u202e001", 20) }, "must not hold control characters that turn the direction of text"},
		{"text isolated", func(c *checker) { c.text("f", "道路\u2066001", 20) }, "must not hold control characters that turn the direction of text"},
		{"sealed turned", func(c *checker) { c.sealed("note", "道路\u202e001") }, "must not hold control characters"},
		{"optional", func(c *checker) { c.optional("f", "", 2) }, ""},
		{"id empty", func(c *checker) { c.id("f", "") }, "is required, in letters, digits, dots, hyphens or underscores"},
		{"optional id", func(c *checker) { c.optionalID("f", "") }, ""},
		{"positive", func(c *checker) { c.positive("f", MaxAmount) }, ""},
		{"positive zero", func(c *checker) { c.positive("f", 0) }, "want an amount above zero, such as 1234.56"},
		{"positive huge", func(c *checker) { c.positive("f", MaxAmount+1) }, "at most 100,000,000,000.00 yuan in one entry"},
		{"nonzero", func(c *checker) { c.nonZero("f", -MaxAmount) }, ""},
		{"nonzero zero", func(c *checker) { c.nonZero("f", 0) }, "want an amount other than zero"},
		{"nonzero huge", func(c *checker) { c.nonZero("f", -MaxAmount-1) }, "at most 100,000,000,000.00 yuan in one entry"},
		{"not negative", func(c *checker) { c.notNegative("f", 0) }, ""},
		{"negative", func(c *checker) { c.notNegative("f", -1) }, "must not be negative"},
		{"not negative huge", func(c *checker) { c.notNegative("f", MaxAmount+1) }, "at most 100,000,000,000.00 yuan in one entry"},
		{"day", func(c *checker) { c.day("f", "2020-02-29") }, ""},
		{"day empty", func(c *checker) { c.day("f", "") }, "is required, such as 2020-03-18"},
		{"day unreal", func(c *checker) { c.day("f", "2019-02-29") }, "want a day of the calendar such as 2020-03-18"},
		{"order", func(c *checker) { c.order("2020-03-01", "2020-03-01", "f") }, ""},
		{"order open", func(c *checker) { c.order("", "2020-03-01", "f") }, ""},
		{"order wrong", func(c *checker) { c.order("2020-03-02", "2020-03-01", "f") }, "must not be before 2020-03-02"},
		{"optional day", func(c *checker) { c.optionalDay("f", "") }, ""},
		{"optional day unreal", func(c *checker) { c.optionalDay("f", "2020-3-1") }, "want a day of the calendar such as 2020-03-18"},
		{"one of", func(c *checker) { c.oneOf("f", "city", Levels) }, ""},
		{"one of none", func(c *checker) { c.oneOf("f", "", Levels) }, "want one of central, city, county, other, province"},
		{"count", func(c *checker) { c.count("f", 1_000_000_000) }, ""},
		{"count negative", func(c *checker) { c.count("f", -1) }, "want a whole number from 0"},
		{"place", func(c *checker) { c.place("f", aVillage) }, ""},
		{"place short", func(c *checker) { c.place("f", "411025103") }, "want a 12-digit division code"},
		{"function", func(c *checker) { c.function("f", "21305"); c.function("f", "213"); c.function("f", "") }, ""},
		{"function wrong", func(c *checker) { c.function("f", "213059") }, "want a function code of 3, 5 or 7 digits, such as 2130599"},
		{"hash", func(c *checker) { c.hash("f", zeroHash) }, ""},
		{"hash short", func(c *checker) { c.hash("f", "AAAA") }, "want base64 of a SHA-256, 44 characters"},
		{"hash loose", func(c *checker) { c.hash("f", zeroHash[:42]+"B=") }, "want base64 of a SHA-256, 44 characters"},
		{"year", func(c *checker) { c.year("f", "2020") }, ""},
		{"year short", func(c *checker) { c.year("f", "20") }, "want a year of four digits"},
		{"files", func(c *checker) { c.files("f", []File{paper}) }, ""},
		{"files many", func(c *checker) { c.files("f", make([]File, 0)); c.files("f", manyFiles(31)) }, "at most 30 files"},
		{"party", func(c *checker) { c.party("f", builder); c.party("f", Party{Name: "村委会"}) }, ""},
		{"party old code", func(c *checker) { c.party("f", Party{Name: "农业农村局", Code: "00552012-3"}) }, ""},
		{"party nameless", func(c *checker) { c.party("f", Party{Code: "91350100M000100Y43"}) }, "is required"},
		{"party early code", func(c *checker) { c.party("f", Party{Name: "合作社", Code: "91350100M000100Y44"}) }, ""},
		{"party small letters", func(c *checker) { c.party("f", Party{Name: "公司", Code: "91350100m000100y43"}) }, "want the code in capital letters and digits"},
		{"party as a batch", func(c *checker) { c.party("f", Party{Name: "公司", Code: "g-G1"}) }, "want the code in capital letters and digits"},
		{"party as a person", func(c *checker) { c.party("f", Party{Name: "公司", Code: "p-00"}) }, "want the code in capital letters and digits"},
		{"party with a citizen's number", func(c *checker) { c.party("f", Party{Name: "某户", Code: anID}) }, "public text must not hold a citizen's ID number; use a sealed field"},
		{"party with a digits-only code", func(c *checker) { c.party("f", Party{Name: "某局", Code: "114110250056890110"}) }, ""},
		{"instant", func(c *checker) { c.instant("f", "2020-03-18T04:00:00.000000Z") }, ""},
		{"instant empty", func(c *checker) { c.instant("f", "") }, "is required, with an offset, such as 2020-03-18T09:00:00+08:00"},
		{"instant loose", func(c *checker) { c.instant("f", "2020-03-18T04:00:00Z") }, "is required, with an offset, such as 2020-03-18T09:00:00+08:00"},
	} {
		k := &checker{}
		c.do(k)
		var got string
		if len(k.problems) > 0 {
			got = k.problems[0].En
		}
		if diff := cmp.Diff(c.want, got); diff != "" || len(k.problems) > 1 {
			t.Errorf("%s: %v", c.name, k.problems)
		}
		for _, p := range k.problems {
			if p.Zh == "" || p.Field == "" || p.Rule == "" {
				t.Errorf("%s: %+v", c.name, p)
			}
		}
	}
}

func manyFiles(n int) []File {
	fs := make([]File, n)
	for i := range fs {
		fs[i] = paper
	}
	return fs
}

// TestDraftChecks holds what every kind has in common; each case spoils a good
// draft and names the field that is wrong.
func TestDraftChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(d *Draft)
		want  string
	}{
		"nothing":              {func(d *Draft) {}, ""},
		"no id":                {func(d *Draft) { d.ID = "" }, "id"},
		"no day":               {func(d *Draft) { d.On = "" }, "on"},
		"no such day":          {func(d *Draft) { d.On = "2020-02-30" }, "on"},
		"no kind":              {func(d *Draft) { d.Kind = "fund.stolen" }, "kind"},
		"no user":              {func(d *Draft) { d.By.User = "" }, "by.user"},
		"unit with blank":      {func(d *Draft) { d.By.Unit = "财政局" }, "by.unit"},
		"no such entry":        {func(d *Draft) { d.Corrects = -2 }, "corrects"},
		"no body":              {func(d *Draft) { d.Body = nil }, "body"},
		"body of another kind": {func(d *Draft) { d.Body = &PaymentPaid{Payment: "Z1"} }, "body"},
	} {
		d := samples()["fund.received"]
		c.spoil(&d)
		var got string
		for _, p := range Check(d) {
			got += p.Field
		}
		if got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
		if ps := checkDraft(d); len(ps) > 0 != (c.want != "") {
			t.Errorf("%s: %v", name, ps)
		}
	}
}

func TestCheckDoesNotMissTheHashOfAHeader(t *testing.T) {
	t.Parallel()
	d := samples()["grant.requested"]
	d.Body.(*GrantRequested).LinesHash = ""
	if ps := Check(d); len(ps) > 0 {
		t.Error(ps)
	}
	if d.Body.(*GrantRequested).LinesHash != "" {
		t.Error("Check changed the draft")
	}
}

func TestDecodeBodyIsStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind      Kind
		raw       string
		field, en string
	}{
		{"payment.paid", `{"payment":"Z1"}`, "", ""},
		{"payment.lost", `{}`, "kind", "there is no kind"},
		{"payment.paid", `{"payment":"Z1","payment":"Z2"}`, "body.payment", "duplicate"},
		{"payment.paid", `{"payment":"Z1","sum":"1.00"}`, "body.sum", "unknown"},
		{"payment.paid", `{"payment":null}`, "body", "null is not accepted"},
		{"payment.paid", `{"payment":"null"}`, "", ""},
		{"payment.paid", `{"payment":1}`, "body.payment", ""},
		{"payment.paid", `{"payment":"Z1"}{}`, "body", "not the JSON"},
		{"payment.paid", ``, "body", "not the JSON"},
		{"payment.paid", `[]`, "body", ""},
		{"payment.paid", "{\"payment\":\"\xff\"}", "body.payment", "UTF-8"},
		{"fund.adjusted", `{"amount":"1.5"}`, "body.amount", "no or two decimals"},
		{"fund.adjusted", `{"amount":1.50}`, "body.amount", ""},
		{"fund.received", `{"issued":"2020-02-30"}`, "body.issued", "want a day"},
		{"grant.line", `{"line":"01"}`, "body.line", "whole number"},
		{"grant.line", `{"line":1}`, "body.line", ""},
		{"tender.opened", `{"at":"2020-03-18T09:00:00"}`, "body.at", "offset"},
		{"project.approved", `{"budget":[{"fund":"F1","amount":"x"}]}`, "body.budget.0.amount", "no or two decimals"},
	} {
		_, err := DecodeBody(c.kind, []byte(c.raw))
		var field, en string
		if bad, ok := err.(*Invalid); ok {
			field, en = bad.Problems[0].Field, bad.Problems[0].En
			if bad.Problems[0].Zh == "" {
				t.Errorf("%s: no reason in Chinese", c.raw)
			}
		}
		if field != c.field || !strings.Contains(en, c.en) {
			t.Errorf("%s %s: %q %q, want %q %q", c.kind, c.raw, field, en, c.field, c.en)
		}
	}
}
