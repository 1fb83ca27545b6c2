package proof

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

func TestPolicyOpen(t *testing.T) {
	audit, auditKey := witness(t, "audit.example.gov.cn")
	province, provinceKey := witness(t, "province.example.gov.cn")
	stranger, _ := witness(t, "stranger.example")
	p := policy(t, "# county", "", " log\t"+goldenVKey+" https://fund.example.gov.cn/411025", "witness audit "+auditKey+" https://audit.example.gov.cn",
		"witness province "+provinceKey, "group both all audit province", "quorum both", "")
	c := Checkpoint{goldenOrigin, 3, Hash{7}}
	signed := sign(t, c, goldenSigner(t), audit, stranger)
	s, err := p.Open(signed)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Cosignatures) != 1 || s.Cosignatures[0].Witness != "audit" || s.Cosignatures[0].At.Unix() == 0 || s.Unknown != 1 {
		t.Errorf("opened as %+v", s)
	}
	if !bytes.Contains(signed, []byte(s.Cosignatures[0].Line)) {
		t.Errorf("the line %q is not the note's", s.Cosignatures[0].Line)
	}
	if err := s.CheckQuorum(p); err == nil || !strings.Contains(err.Error(), "missing: province") {
		t.Errorf("quorum: %v", err)
	}
	both, err := p.Open(sign(t, c, goldenSigner(t), audit, province))
	if err != nil || both.CheckQuorum(p) != nil {
		t.Errorf("%v, %v", err, both.CheckQuorum(p))
	}
	if _, err := p.Open(sign(t, c, audit, province)); !errors.Is(err, ErrNotSigned) {
		t.Errorf("without the log's signature: %v", err)
	}
	if _, err := p.Open(sign(t, Checkpoint{"other.example/1", 3, Hash{7}}, goldenSigner(t))); !errors.Is(err, ErrNotSigned) {
		t.Errorf("another origin under this log's key: %v", err)
	}
	answer := strings.Join(slices.Collect(strings.Lines(string(sign(t, c, province, stranger))))[4:], "")
	got, err := p.Cosignatures(c.Text(), []byte(answer))
	if err != nil || len(got) != 1 || got[0].Witness != "province" || !strings.HasPrefix(answer, got[0].Line) {
		t.Errorf("answer read as %+v, %v", got, err)
	}
	if _, err := p.Cosignatures(strings.Replace(c.Text(), "3", "4", 1), []byte(answer)); err == nil {
		t.Error("a cosignature of another checkpoint was accepted")
	}
	if got, err := p.Cosignatures(c.Text(), []byte("x\n\n"+answer)); err == nil {
		t.Errorf("an answer with a text of its own was accepted: %+v", got)
	}
}

// During a change of keys a policy names both; either is enough.
func TestPolicyRotation(t *testing.T) {
	_, other, err := note.GenerateKey(strings.NewReader(strings.Repeat("x", 64)), goldenOrigin)
	if err != nil {
		t.Fatal(err)
	}
	p := policy(t, "log "+other, "log "+goldenVKey, "quorum none")
	s, err := p.Open(sign(t, Checkpoint{goldenOrigin, 3, Hash{7}}, goldenSigner(t)))
	if err != nil || len(s.Logs) != 1 || s.Logs[0].Key != goldenVKey {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestQuorum(t *testing.T) {
	var lines []string
	for _, name := range []string{"x1", "x2", "x3", "y1", "y2"} {
		_, key := witness(t, name+".example")
		lines = append(lines, "witness "+name+" "+key)
	}
	lines = append(lines, "group x 2 x1 x2 x3", "group y any y1 y2", "group z all x y")
	for _, tc := range []struct {
		quorum, cosigned string
		want             bool
	}{
		{"none", "", true}, {"x1", "x1", true}, {"x1", "x2 x3 y1 y2", false},
		{"x", "x1 x3", true}, {"x", "x1 y1", false}, {"x", "x1 x1", false},
		{"z", "x1 x2 y2", true}, {"z", "x1 x2 x3", false}, {"z", "y1 y2 x1", false}, {"z", "", false},
	} {
		p := policy(t, append(slices.Clone(lines), "quorum "+tc.quorum)...)
		if err := p.Quorum(strings.Fields(tc.cosigned)); (err == nil) != tc.want {
			t.Errorf("%s by %q: %v", tc.quorum, tc.cosigned, err)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	_, a := witness(t, "a.example")
	_, b := witness(t, "b.example")
	asLog, err := cosignature.VKeyToCosignatureV1(goldenVKey)
	if err != nil {
		t.Fatal(err)
	}
	witnesses := "witness a " + a + "\nwitness b " + b + "\n"
	for text, want := range map[string]string{
		"":                                          "no quorum",
		"log " + goldenVKey:                         "no quorum",
		"quorum none\nquorum none":                  "line 2: a second quorum",
		"quorum x":                                  "line 1: the quorum",
		"quorum":                                    "line 1: want: quorum",
		"quorum none # really":                      "line 1: want: quorum",
		"log\nquorum none":                          "line 1: want: log",
		"log x y z":                                 "line 1: want: log",
		"log " + goldenOrigin:                       "NAME+HASH+BASE64",
		"log " + goldenVKey[:60]:                    "line 1: the key",
		"log " + a:                                  "witness's",
		"log " + asLog:                              "witness's",
		"witness a " + goldenVKey:                   "its text is " + asLog,
		"witness a":                                 "line 1: want: witness",
		"witness none " + a:                         "taken",
		witnesses + "witness a " + b:                "line 3",
		witnesses + "witness c " + b:                "line 3: a second line",
		witnesses + "group a 1 b":                   "taken",
		witnesses + "group g 0 a b":                 "threshold",
		witnesses + "group g 3 a b":                 "threshold",
		witnesses + "group g 01 a b":                "threshold",
		witnesses + "group g all a a":               "twice",
		witnesses + "group g all a c":               "no witness or group",
		witnesses + "group g all":                   "want: group",
		witnesses + "group g 1 g":                   "no witness or group",
		witnesses + "group g any none":              "no witness or group",
		"group g 1 a\n" + witnesses:                 "line 1",
		"quorum a\n" + witnesses:                    "line 1",
		"quorum none\r\n":                           "control character",
		"quorum none\v":                             "control character",
		"Log " + goldenVKey:                         "want log, witness",
		"log " + goldenVKey + "\nlog " + goldenVKey: "line 2: a second line",
		"log " + strings.Replace(goldenVKey, "e921", "e922", 1): "copied wrongly",
		"log " + strings.Replace(goldenVKey, "e921", "E921", 1): "copied wrongly",
		witnesses + "group g any a\ngroup h all g a":            "line 4: \"a\" is a member twice",
	} {
		if _, err := ParsePolicy([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// goldenFile is a proof file of a small log, with a cosignature, and its policy.
func goldenFile(t testing.TB) (File, *Policy, Hash) {
	t.Helper()
	const size, index = 300, 137
	hashes := storedOf(t, size)
	var edge Edge
	for i := range uint64(size) {
		edge, _ = edge.Append(i, LeafHash(leaf(i)))
	}
	path, err := ProveInclusion(size, index, hashes)
	if err != nil {
		t.Fatal(err)
	}
	audit, auditKey := witness(t, "audit.example.gov.cn")
	p := policy(t, "log "+goldenVKey, "witness audit "+auditKey, "quorum audit")
	return File{Index: index, Hashes: path, Note: sign(t, Checkpoint{goldenOrigin, size, edge.Root()}, goldenSigner(t), audit)}, p, LeafHash(leaf(index))
}

// check is all that a verifier does with a file.
func check(file []byte, p *Policy, leaf Hash) error {
	f, err := ParseFile(file)
	if err != nil {
		return err
	}
	s, err := p.Open(f.Note)
	if err != nil {
		return err
	}
	return errors.Join(s.CheckQuorum(p), CheckInclusion(f.Hashes, s.Size, s.Root, f.Index, leaf))
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte("log " + goldenVKey + "\nquorum none\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePolicy(text)
		if err == nil && p.quorum != noQuorum && p.Quorum(nil) == nil {
			t.Errorf("%q asks for witnesses and is content with none", text)
		}
	})
}
