package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func hashOfText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// TestRuleFilesAreThoseOfTheirHash: what is put in force can be read by everyone.
func TestRuleFilesAreThoseOfTheirHash(t *testing.T) {
	t.Parallel()
	text := "code: P01\n"
	for name, c := range map[string]struct {
		text, state string
		bad         bool
	}{
		"as hashed": {text, "active", false}, "one byte changed": {"code: P02\n", "active", true}, "none": {"", "shadow", true}, "none of a retired one": {"", "retired", false},
		"a control character": {"code:\tP01\n", "active", true}, "too long": {strings.Repeat("x", maxRuleFile+1), "active", true},
		"a citizen's number": {"code: P01 # 11010519491231002X\n", "active", true},
	} {
		hash := hashOfText(text)
		if c.bad && c.text != "" && name != "one byte changed" {
			hash = hashOfText(c.text)
		}
		d := draft("R1", &RuleActivated{Code: "P01", FileHash: hash, FileLines: linesOf(c.text), State: c.state, TestHash: zeroHash, Version: 1}, maker)
		if ps := checkDraft(d); (len(ps) > 0) != c.bad {
			t.Errorf("%s: %v", name, ps)
		}
	}
}

// TestRulesKeepTheirHistory: the last of each is in force, every change is kept, and
// what was only submitted is neither.
func TestRulesKeepTheirHistory(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	rule := func(state string, version Count) *RuleActivated {
		text := fmt.Sprintf("code: P01\nversion: %d\n", version)
		return &RuleActivated{Code: "P01", FileHash: hashOfText(text), FileLines: linesOf(text), State: state, TestHash: zeroHash, Version: version}
	}
	settle := func(id string, approve bool, bodies ...Body) {
		var ds []Draft
		for i, b := range bodies {
			ds = append(ds, draft(id+string(rune('a'+i)), b, maker))
		}
		if _, err := l.Submit(t.Context(), testBook, id, SubmissionMade{Submission: id, Title: "规则"}, ds); err != nil {
			t.Fatal(err)
		}
		if !approve {
			return
		}
		sub, err := l.Submission(t.Context(), testBook, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Approve(t.Context(), testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", second); err != nil {
			t.Fatal(err)
		}
	}
	settle("S1", true, rule("shadow", 1), &ParameterSet{Code: "P01", Name: "p", Value: "0.20", Basis: "县财政局规定", From: "2020-01-01", Region: "411025"})
	settle("S2", true, rule("active", 2))
	settle("S3", false, rule("retired", 2))
	rules, changes, err := l.RulesOf(t.Context(), testBook)
	if err != nil || len(rules.Rules) != 1 || rules.Rules[0].State != "active" || len(rules.Parameters) != 1 {
		t.Fatalf("in force: %+v %v", rules, err)
	}
	if len(changes) != 3 || changes[0].Rule.State != "shadow" || changes[1].Parameter.Value != "0.20" || changes[2].Rule.Version != 2 || changes[2].Code() != "P01" || changes[2].Seq <= changes[2].Entry {
		t.Errorf("history: %+v", changes)
	}
	for version := Count(1); version <= 2; version++ { // those of old versions too
		want := rule("active", version)
		text, err := l.RuleFile(t.Context(), testBook, want.FileHash)
		if err != nil || string(text) != want.text() {
			t.Errorf("file of version %d: %q %v", version, text, err)
		}
	}
	if rules.Rules[0].FileLines != nil || changes[2].Rule.FileLines != nil {
		t.Error("the text of files is read with every entry")
	}
	if r, err := Rebuild(t.Context(), db.Owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

// TestInRegion: zeros stand for levels that a code does not name, and for nothing else.
func TestInRegion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		place, region string
		want          bool
	}{
		{"411025103205", "", true}, {"411025103205", "000000", true}, {"411025103205", "41", true}, {"411025103205", "410000", true},
		{"411025103205", "4110", true}, {"411025103205", "411000", true}, {"411025103205", "411000000000", true},
		{"411125103205", "411000", false}, {"411125103205", "4110", false}, {"411025103205", "411100", false},
		{"411025103205", "411025", true}, {"411020103205", "411025", false}, {"411020103205", "411020", true}, {"411025103205", "411020", false},
		{"411025100205", "411025100", true}, {"411025103205", "411025100", false}, {"411025103205", "411025100000", false}, {"411025100205", "411025100000", true},
		{"411025103205", "411025103000", true}, {"411025103205", "411025103205", true}, {"411025103200", "411025103200", true}, {"411025103205", "411025103200", false},
		{"411025", "411025", true}, {"411025", "411025103", false},
	} {
		if got := InRegion(c.place, c.region); got != c.want {
			t.Errorf("%s in %q: %v", c.place, c.region, got)
		}
	}
}

// TestRulebookIsReadAnew: what was written last stands for the row only while the row has
// it; a row that was put back, or is of another state, is read.
func TestRulebookIsReadAnew(t *testing.T) {
	var r read[[]string]
	*r.of(nil) = []string{"a"}
	first := r.text()
	*r.of(first) = append(*r.of(first), "b")
	second := r.text()
	for _, c := range []struct {
		text []byte
		want []string
	}{{second, []string{"a", "b"}}, {first, []string{"a"}}, {second, []string{"a", "b"}}, {bytes.Clone(first), []string{"a"}}, {nil, nil}, {first, []string{"a"}}} {
		if diff := cmp.Diff(c.want, *r.of(c.text)); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
}
