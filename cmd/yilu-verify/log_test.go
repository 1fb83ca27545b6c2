package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"yilu/audit/proof"
)

// memory is a log in memory, as a source.
type memory files

func (m memory) workers(cores int) int { return 1 }

func (m memory) read(_ context.Context, path string, _ []byte) ([]byte, error) {
	b, ok := m[path]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", path, errNotThere)
	}
	return bytes.Clone(b), nil
}

// inspect verifies a log in memory.
func inspect(t testing.TB, f files, policy string) *report {
	t.Helper()
	p, err := proof.ParsePolicy([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	j := &logJob{from: memory(f), policy: p, report: &report{}}
	j.run(t.Context())
	for _, c := range append(j.report.Checks, check{text: j.report.Sentence}) {
		if strings.Contains(c.Zh+c.En, "%!") {
			t.Errorf("ill-formed text: %s / %s", c.Zh, c.En)
		}
	}
	return j.report
}

// The figures of story, by hand: P1 is given 800,000 and pays 1,000.00 and 500
// of grants of which 100 come back, 250.50 that are reversed, and a yuan for each
// further payment; P2 is given 2,000 by a unit that got 5,000 of the hand; 3,000
// go back to the province.
func wantFigures(payments int) ([]fundFigure, []projectFigure) {
	paid := fen(1400_00 + 100*payments)
	return []fundFigure{{"F1", "1000000.00", "192000.00", (805000_00 - paid).String(), paid.String(), "3000.00"}},
		[]projectFigure{
			{"P1", "950000.00", "800000.00", "250.50", paid.String(), "500000.00"},
			{"P2", "0.00", "2000.00", "0.00", "0.00", "0.00"},
		}
}

// payments counts those of story beyond the first two.
func payments(c *county) (n int) {
	for _, leaf := range c.leaves {
		if bytes.Contains(leaf, []byte(`"amount":"1.00","fund":"F1","payee"`)) {
			n++
		}
	}
	return n
}

func TestLogHolds(t *testing.T) {
	k := newKeys(t, "")
	for _, size := range []int{60, 255, 256, 257, 300, 512, 600} {
		c := story(size)
		f, _ := publish(t, c.leaves, k.log, k.witness)
		r := inspect(t, f, k.policy)
		funds, projects := wantFigures(payments(c))
		if r.exit() != exitPassed || r.Entries != uint64(size) || !slices.Equal(r.Funds, funds) || !slices.Equal(r.Projects, projects) {
			t.Errorf("size %d: %s\n%v\nwant %v\n%v\nwant %v", size, r.Sentence.En, r.Funds, funds, r.Projects, projects)
		}
	}
	empty, _ := publish(t, nil, k.log, k.witness)
	if r := inspect(t, empty, k.policy); r.exit() != exitPassed {
		t.Errorf("the empty log: %s", r.Sentence.En)
	}
}

var everyByte = flag.Bool("every-byte", false, "change every byte of the log in TestEveryStoredByteCounts, in a minute or two, and not one of 31")

// Every byte that is stored of a log of 300 entries is changed, one at a time:
// always found, and wherever an entry is concerned the first bad one is named.
// By default it is all of checkpoint, tiles and the lengths in bundles, and a
// part of the entries' bytes.
func TestEveryStoredByteCounts(t *testing.T) {
	k := newKeys(t, "")
	f, _ := publish(t, story(300).leaves, k.log, k.witness)
	p, err := proof.ParsePolicy([]byte(k.policy))
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		path  string
		at    int
		entry int // -1 for none
	}
	var places []place
	for path, b := range f {
		entries := entryOfBytes(t, path, b)
		for at := range b {
			isLength := at < 2 || entries[at] != entries[at-2]
			if *everyByte || path == "checkpoint" || isLength && strings.Contains(path, "entries") || at%31 == 0 {
				places = append(places, place{path, at, entries[at]})
			}
		}
	}
	var group sync.WaitGroup
	for half := range 2 {
		group.Go(func() {
			for i := half; i < len(places); i += 2 {
				p1 := places[i]
				changed := maps.Clone(f)
				changed[p1.path] = bytes.Clone(f[p1.path])
				changed[p1.path][p1.at] ^= 1 << (i / 2 % 8)
				j := &logJob{from: memory(changed), policy: p, report: &report{}}
				j.run(context.Background())
				bad := j.report.FirstBad
				if j.report.exit() != exitWrong || p1.entry >= 0 && (bad == nil || int(bad.Seq) != p1.entry) || p1.entry < 0 && bad != nil {
					t.Errorf("%s byte %d (entry %d): %s", p1.path, p1.at, p1.entry, j.report.Sentence.En)
				}
			}
		})
	}
	group.Wait()
	t.Logf("%d bytes", len(places))
}

// entryOfBytes says for each byte of a file which entry is the first that it
// concerns, -1 for none.
func entryOfBytes(t *testing.T, path string, b []byte) []int {
	t.Helper()
	entries := make([]int, len(b))
	tile, err := proof.ParseTilePath(path)
	if err != nil {
		for i := range entries {
			entries[i] = -1
		}
		return entries
	}
	first := int(tile.N) * proof.TileWidth
	if tile.L == proof.Entries {
		leaves, err := proof.ReadBundle(b, tile.W)
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for i, leaf := range leaves {
			for range 2 + len(leaf) {
				entries[at] = first + i
				at++
			}
		}
		return entries
	}
	for i := range entries {
		entries[i] = (first + i/32) << (proof.TileHeight * tile.L)
	}
	return entries
}

// What is wrong with a whole log, and how the program says so.
func TestLogIsWrong(t *testing.T) {
	k, stranger := newKeys(t, ""), newKeys(t, "stranger")
	c := story(600)
	f, stored := publish(t, c.leaves, k.log, k.witness)
	older, _ := publish(t, c.leaves[:300], k.log, k.witness)
	rewritten := slices.Clone(c.leaves)
	rewritten[20], rewritten[21] = rewritten[21], rewritten[20]
	fork, _ := publish(t, rewritten[:300], k.log, k.witness)
	unwitnessed, _ := publish(t, c.leaves, k.log)
	second, _ := publish(t, c.leaves, stranger.log, k.witness)
	with := func(changes files) files {
		all := maps.Clone(f)
		maps.Copy(all, changes)
		return all
	}
	without := func(path string) files {
		all := maps.Clone(f)
		delete(all, path)
		return all
	}
	forged := bytes.Clone(f["tile/0/001"])
	h := proof.LeafHash([]byte("forged"))
	copy(forged[32*7:], h[:])
	for _, tc := range []struct {
		name string
		log  files
		kept []files
		want string
	}{
		{"older checkpoint kept", f, []files{older}, ""},
		{"same checkpoint kept", f, []files{f, older}, ""},
		{"empty checkpoint kept", f, []files{{"checkpoint": emptyCheckpoint(t, k)}}, ""},
		{"replayed checkpoint", older, []files{f}, "the log shrank: the kept checkpoint"},
		{"split view", f, []files{older, fork}, "history was changed: the root of the kept checkpoint"},
		{"no witness", unwitnessed, nil, `not enough witnesses: the witness "audit" has not cosigned`},
		{"second key", second, nil, "not signed by a log of the policy"},
		{"forged tile", with(files{"tile/0/001": forged}), nil, "the first bad entry is 263: its hash in this tile was changed"},
		{"tile missing", without("tile/0/001"), nil, "the first bad entry is 256: the checkpoint promises this file"},
		{"bundle missing", without("tile/entries/002.p/88"), nil, "the first bad entry is 512: the checkpoint promises this file"},
		{"upper tile missing", without("tile/1/000.p/2"), nil, "the first bad entry is 0: the checkpoint promises this file"},
		{"bundle of another place", with(files{"tile/entries/001": f["tile/entries/000"], "tile/0/001": f["tile/0/000"]}), nil, "the first bad entry is 256: "},
		{"checkpoint missing", without("checkpoint"), nil, "checkpoint: the checkpoint promises this file"},
		{"checkpoint of a shorter log", with(files{"checkpoint": older["checkpoint"]}), nil, "the first bad entry is"},
	} {
		p, err := proof.ParsePolicy([]byte(k.policy))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i, kept := range tc.kept {
			names = append(names, save(t, fmt.Sprintf("kept%d", i), kept["checkpoint"]))
		}
		kept, err := readKept(names, p)
		if err != nil {
			t.Fatal(err)
		}
		j := &logJob{from: memory(tc.log), policy: p, report: &report{}, kept: kept}
		j.run(t.Context())
		if got := j.report.Sentence.En; !strings.Contains(got, tc.want) || (j.report.exit() == exitPassed) != (tc.want == "") {
			t.Errorf("%s: %s", tc.name, got)
		}
	}
	if len(stored) == 0 {
		t.Error("no hashes")
	}
}

func emptyCheckpoint(t *testing.T, k keys) []byte {
	f, _ := publish(t, nil, k.log)
	return f["checkpoint"]
}

// A rewrite by someone who holds the key and recomputes everything passes all
// but the checkpoint that somebody kept.
func TestKeptCheckpointFindsRewrite(t *testing.T) {
	k := newKeys(t, "")
	c := story(300)
	before, _ := publish(t, c.leaves, k.log, k.witness)
	forger := newCounty()
	forger.beginnings("1000000.00", "900000.00", "700000.00") // and not 800,000
	forger.at = c.at
	after, _ := publish(t, forger.leaves, k.log, k.witness)
	if r := inspect(t, after, k.policy); r.exit() != exitPassed {
		t.Fatalf("the forgery contradicts itself: %s", r.Sentence.En)
	}
	small, _ := publish(t, c.leaves[:5], k.log)
	dir := t.TempDir()
	after.write(t, dir)
	policy := save(t, "policy", []byte(k.policy))
	for _, kept := range []files{before, small} {
		code, out := verify(t, "log", dir, "--policy", policy, "--checkpoint", save(t, "kept", kept["checkpoint"]), "--lang", "en")
		if code != exitWrong || !strings.Contains(out, "WRONG: ") {
			t.Errorf("exit %d: %s", code, out)
		}
	}
}

// What entries may not say, though every hash is right.
func TestEntriesAreJudged(t *testing.T) {
	k := newKeys(t, "")
	for _, tc := range []struct {
		name string
		do   func(c *county)
		want string
	}{
		{"two persons missing", func(c *county) { c.post(act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`)) }, "only by a second person"},
		{"self approval", func(c *county) {
			c.approve("9", c.made("9", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`)), "u1")
		}, "approves what they submitted themselves"},
		{"approved twice", func(c *county) {
			hash := c.made("9", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`))
			c.approve("9", hash, "u2")
			c.approve("9", hash, "u2")
		}, "not open"},
		{"other content approved", func(c *county) {
			c.made("9", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`))
			c.approve("9", b64(make([]byte, 32)), "u2")
		}, "other content"},
		{"paid without approval", func(c *county) {
			c.post(act("X", "payment.requested", "u1", "", `{"amount":"1.00","fund":"F1","payment":"X","project":"P1"}`))
			c.post(act("Y", "payment.paid", "u3", "", `{"payment":"X"}`))
		}, "not approved"},
		{"requester approves", func(c *county) {
			hash := c.post(act("X", "payment.requested", "u1", "", `{"amount":"1.00","fund":"F1","payment":"X","project":"P1"}`))
			c.post(act("Y", "payment.approved", "u1", "", `{"hash":"`+b64(hash[:])+`","payment":"X"}`))
		}, "approves what they requested themselves"},
		{"paid twice", func(c *county) { c.post(act("X", "payment.paid", "u3", "", `{"payment":"PAY-1"}`)) }, "paid already"},
		{"more than allocated", func(c *county) { c.pay("X", "P1", "F1", "799999.99") }, "project P1 has 800000.00 yuan of fund F1"},
		{"more than received", func(c *county) {
			c.submit("9", act("X", "fund.allocated", "u1", "", `{"amount":"300000.00","fund":"F1","unit":"U"}`))
		}, "what is in hand of fund F1 is 200000.00 yuan"},
		{"more than approved", func(c *county) {
			c.submit("9", act("X", "fund.allocated", "u1", "", `{"amount":"150000.00","fund":"F1","project":"P1"}`))
		}, "approved for 900000.00 yuan of fund F1"},
		{"returned beyond paid", func(c *county) {
			c.post(act("X", "payment.returned", "u3", "", `{"amount":"1000.01","payment":"PAY-1","reason":"returned"}`))
		}, "of 1000.00"},
		{"no such fund", func(c *county) {
			c.submit("9", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F9"}`))
		}, `fund "F9"`},
		{"no such project", func(c *county) {
			c.submit("9", act("X", "fund.allocated", "u1", "", `{"amount":"1.00","fund":"F1","project":"P9"}`))
		}, `there is no project "P9"`},
		{"listed twice", func(c *county) { c.post(act("X", "project.listed", "u1", "", `{"project":"P2"}`)) }, "project P2 is listed twice"},
		{"reversed twice", func(c *county) {
			c.submit("9", act("X", "entry.reversed", "u1", "8", `{"reason":"amount"}`), act("Y", "entry.reversed", "u1", "8", `{"reason":"amount"}`))
		}, "entry 8 is reversed a second time"},
		{"reversal of nothing", func(c *county) {
			c.made("8", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`))
			c.submit("9", act("Y", "entry.reversed", "u1", fmt.Sprint(len(c.leaves)-1), `{"reason":"amount"}`))
		}, "never had effect"},
		{"corrects itself", func(c *county) {
			c.post(act("X", "document.filed", "u1", fmt.Sprint(len(c.leaves)), `{"title":"x"}`))
		}, "which is not before it"},
		{"corrects what stands", func(c *county) { c.post(act("X", "document.filed", "u1", "3", `{"title":"x"}`)) }, "was not reversed"},
		{"lines missing", func(c *county) { c.submit("9", grants("X", "P1", "F1", 3)[:3]...) }, "ends before the lines"},
		{"lines of another sum", func(c *county) {
			acts := grants("X", "P1", "F1", 3)
			acts[0] = strings.Replace(acts[0], `"300.00"`, `"301.00"`, 1)
			c.submit("9", acts...)
		}, "add up to 300.00"},
		{"lines swapped", func(c *county) {
			acts := grants("X", "P1", "F1", 3)
			acts[1], acts[2] = acts[2], acts[1]
			c.submit("9", acts...)
		}, "line 2 of the batch, want 1"},
		{"another book", func(c *county) {
			c.leaves = append(c.leaves, nil)
			other := newCounty()
			other.at = c.at
			other.leaves = make([][]byte, len(c.leaves)-1)
			other.post(strings.Replace(act("X", "document.filed", "u1", "", `{}`), testBook, "411026", 1))
			c.leaves[len(c.leaves)-1] = other.leaves[len(other.leaves)-1]
		}, "a leaf of book 411026"},
		{"another number", func(c *county) { c.leaves = append(c.leaves, c.leaves[len(c.leaves)-1]) }, "it says that it is entry"},
		{"clock set back", func(c *county) {
			c.at = c.at.Add(-time.Hour)
			c.post(act("X", "document.filed", "u1", "", `{}`))
		}, "before the entry in front of it"},
		{"not canonical", func(c *county) {
			last := len(c.leaves) - 1
			c.leaves[last] = bytes.Replace(c.leaves[last], []byte(`,"book"`), []byte(`, "book"`), 1)
		}, "not the canonical form"},
		{"amount no leaf may have", func(c *county) {
			c.post(act("X", "payment.requested", "u1", "", `{"amount":"1","fund":"F1","payment":"X","project":"P1"}`))
		}, "want yuan with two decimals"},
	} {
		c := newCounty()
		c.beginnings("1000000.00", "900000.00", "800000.00")
		c.pay("PAY-1", "P1", "F1", "1000.00")
		before := len(c.leaves)
		tc.do(c)
		f, _ := publish(t, c.leaves, k.log, k.witness)
		r := inspect(t, f, k.policy)
		if r.exit() != exitWrong || r.FirstBad == nil || !strings.Contains(r.FirstBad.What.En, tc.want) || int(r.FirstBad.Seq) < before-1 {
			t.Errorf("%s: %s, want %q", tc.name, r.Sentence.En, tc.want)
		}
	}
}

// A kind of a later program is named, and then not all money was recomputed.
func TestUnknownKindIsSaid(t *testing.T) {
	k := newKeys(t, "")
	c := story(100)
	c.post(act("X", "alert.raised", "u1", "", `{}`)) // moves no money
	f, _ := publish(t, c.leaves, k.log, k.witness)
	if r := inspect(t, f, k.policy); r.exit() != exitPassed {
		t.Error(r.Sentence.En)
	}
	c.post(act("Y", "fund.lent", "u1", "", `{"amount":"1.00"}`))
	f, _ = publish(t, c.leaves, k.log, k.witness)
	if r := inspect(t, f, k.policy); r.exit() != exitNotChecked || !strings.Contains(r.Sentence.En, "fund.lent (entry 101)") {
		t.Error(r.Sentence.En)
	}
}

// serve is a server of the log's files and of the API.
func serve(t *testing.T, f files, api map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := api[r.URL.RequestURI()]; ok {
			fmt.Fprint(w, answer)
			return
		}
		b, ok := f[strings.TrimPrefix(r.URL.Path, "/411025/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestLogOverHTTPWithPublishedFigures(t *testing.T) {
	k := newKeys(t, "")
	c := story(300)
	f, _ := publish(t, c.leaves, k.log, k.witness)
	funds, projects := wantFigures(payments(c))
	fundsJSON, projectsJSON := encode(t, funds), encode(t, projects)
	good := map[string]string{
		"/api/v1/books/411025/head":                         `{"book":"411025","size":300,"root":"x","at":"y"}`,
		"/api/v1/books/411025/funds":                        `{"items":` + fundsJSON + `}`,
		"/api/v1/books/411025/projects?limit=500&after=":    `{"items":[` + encode(t, projects[0]) + `],"next":"a b"}`,
		"/api/v1/books/411025/projects?limit=500&after=a+b": `{"items":[` + encode(t, projects[1]) + `]}`,
	}
	policy := save(t, "policy", []byte(k.policy))
	for _, tc := range []struct {
		name string
		api  map[string]string
		code int
		want string
	}{
		{"all as it is", nil, exitPassed, "the published figures of 1 funds and 2 projects add up"},
		{"one project hidden", map[string]string{"/api/v1/books/411025/projects?limit=500&after=a+b": `{"items":[]}`}, exitWrong, "project P2 is not published"},
		{"a project too many", map[string]string{"/api/v1/books/411025/projects?limit=500&after=a+b": `{"items":` + strings.Replace(projectsJSON, `"P1"`, `"P3"`, 1) + `}`}, exitWrong, "project P3 is published and no entry knows it"},
		{"a figure changed", map[string]string{"/api/v1/books/411025/funds": `{"items":` + strings.Replace(fundsJSON, "192000.00", "192000.01", 1) + `}`}, exitWrong, "fund F1 is published as"},
		{"figures of a later moment", map[string]string{"/api/v1/books/411025/head": `{"size":301}`}, exitNotChecked, "the figures are of 301 entries"},
		{"no answer", map[string]string{"/api/v1/books/411025/funds": `oops`}, exitNotChecked, "could not be read"},
	} {
		api := maps.Clone(good)
		maps.Copy(api, tc.api)
		s := serve(t, f, api)
		code, out := verify(t, "log", s.URL+"/411025", "--policy", policy, "--published", s.URL, "--lang=en")
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d\n%s", tc.name, code, out)
		}
	}
	saved := save(t, "figures.json", []byte(`{"funds":`+fundsJSON+`,"projects":`+projectsJSON+`,"size":"300"}`))
	s := serve(t, f, nil)
	if code, out := verify(t, "log", "--policy", policy, "--published", saved, s.URL+"/411025/"); code != exitPassed {
		t.Errorf("saved figures: exit %d\n%s", code, out)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A server that fails now and then is asked again; one that never answers leaves
// the log unchecked, and nothing is said against it.
func TestServerThatFails(t *testing.T) {
	k := newKeys(t, "")
	f, _ := publish(t, story(300).leaves, k.log, k.witness)
	policy := save(t, "policy", []byte(k.policy))
	var lock sync.Mutex
	asked := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		asked[r.URL.Path]++
		first := asked[r.URL.Path] == 1
		lock.Unlock()
		switch {
		case strings.HasPrefix(r.URL.Path, "/never/tile/entries/"):
			http.Error(w, "busy", http.StatusServiceUnavailable)
		case first:
			http.Error(w, "busy", http.StatusServiceUnavailable)
		default:
			w.Write(f[strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/once/"), "/never/")])
		}
	}))
	defer s.Close()
	if code, out := verify(t, "log", s.URL+"/once", "--policy", policy); code != exitPassed {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out := verify(t, "log", s.URL+"/never", "--policy", policy, "--lang", "en"); code != exitNotChecked || !strings.Contains(out, "could not be read to the end") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestProof(t *testing.T) {
	k := newKeys(t, "")
	c := story(300)
	f, stored := publish(t, c.leaves, k.log, k.witness)
	const seq = 20 // a line of grants
	path, err := proof.ProveInclusion(300, seq, stored)
	if err != nil {
		t.Fatal(err)
	}
	file := save(t, "20.tlog-proof", proof.File{Index: seq, Hashes: path, Note: f["checkpoint"]}.Text())
	policy, entry := save(t, "policy", []byte(k.policy)), save(t, "entry", c.leaves[seq])
	sealed := disclosed(t, k, stored)
	for _, tc := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"holds", []string{file, "--entry", entry, "--policy", policy}, exitPassed, "entry 20 stands unchanged in the log that " + testOrigin + " signed and 1 witnesses cosigned"},
		{"no policy", []string{file, "--entry", entry}, exitNotChecked, "signatures and witnesses were not checked"},
		{"another entry", []string{file, "--entry", save(t, "other", c.leaves[21]), "--policy", policy}, exitWrong, "the first bad entry is 20: these bytes are not the entry"},
		{"another policy", []string{file, "--entry", entry, "--policy", save(t, "p", []byte(newKeys(t, "stranger").policy))}, exitWrong, "not signed by a log"},
		{"no proof file", []string{entry, "--entry", entry, "--policy", policy}, exitWrong, "line 1"},
		{"disclosure", append([]string{"--disclosure", save(t, "d", []byte(`{"seq":"0","name":"payee_name","value":"张三","salt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`))}, sealed...), exitPassed, "the disclosed value of payee_name is what the entry commits to"},
		{"disclosure in hex", append([]string{"--disclosure", save(t, "d", []byte(`{"book":"411025","seq":0,"name":"payee_name","value":"张三","salt":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","by":"x"}`))}, sealed...), exitPassed, "is what the entry commits to"},
		{"false disclosure", append([]string{"--disclosure", save(t, "d", []byte(`{"seq":"0","name":"payee_name","value":"李四","salt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`))}, sealed...), exitWrong, "the value is not what the entry commits to"},
		{"disclosure of another entry", append([]string{"--disclosure", save(t, "d", []byte(`{"seq":"1","name":"payee_name","value":"张三","salt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`))}, sealed...), exitWrong, "it is of entry"},
	} {
		code, out := verify(t, append([]string{"proof", "--lang", "en"}, tc.args...)...)
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d\n%s", tc.name, code, out)
		}
	}
}

// disclosed publishes a log of the handbook's golden leaf and gives the arguments
// to prove it.
func disclosed(t *testing.T, k keys, _ hashes) []string {
	leaf := []byte(`{"at":"2020-03-18T01:00:00.000000Z","body":{"amount":"1234.56","fund":"F1","project":"P1"},"book":"411025","by":{"role":"payer","unit":"411025-CZ","user":"u17"},"id":"PAY-1","kind":"payment.paid","on":"2020-03-18","sealed":{"payee_name":"VDXJAYH73VdUe3voOCzADZsrcMpu1hYX8WDe+O6ErTg="},"seq":"0","sm3":"0EYgioqY+EC/sumEiVZfzT2yL+hoAfuo/Jwg29LJORE=","v":"1"}`)
	f, _ := publish(t, [][]byte{leaf}, k.log, k.witness)
	return []string{save(t, "0.tlog-proof", proof.File{Note: f["checkpoint"]}.Text()), "--entry", save(t, "leaf", leaf), "--policy", save(t, "policy", []byte(k.policy))}
}

// The command line: exit codes, both languages, JSON.
func TestCommandLine(t *testing.T) {
	k := newKeys(t, "")
	f, _ := publish(t, story(60).leaves, k.log, k.witness)
	dir := t.TempDir()
	f.write(t, dir)
	policy := save(t, "policy", []byte(k.policy))
	two := save(t, "two", []byte("log fund.example.gov.cn/411026+"+neighbour(t)+"\n"+k.policy))
	for _, tc := range []struct {
		args string
		code int
		want string
	}{
		{"", exitUsage, "usage:"},
		{"help --lang en", exitPassed, "exit codes: 0"},
		{"--help --lang=zh", exitPassed, "退出码：0"},
		{"nothing --lang en", exitUsage, `there is no command "nothing"`},
		{"log --help", exitPassed, "-policy"},
		{"proof --help --lang zh", exitPassed, "策略文件"},
		{"log " + dir, exitUsage, "want --policy"},
		{"log --policy " + policy, exitUsage, "want the address or folder of the log"},
		{"log --policy " + policy + " a b", exitUsage, `unexpected "b"`},
		{"log --nothing", exitUsage, "flag provided but not defined"},
		{"log " + dir + " --policy " + dir + "/checkpoint", exitUsage, "policy line 1"},
		{"log " + dir + "/checkpoint --policy " + policy, exitUsage, "is a file, want the folder"},
		{"log /nowhere --policy " + policy, exitUsage, "open log"},
		{"log " + dir + " --policy " + policy + " --checkpoint " + policy, exitUsage, "kept checkpoint"},
		{"proof x", exitUsage, "want --entry"},
		{"proof /nowhere --entry x", exitUsage, "no such file"},
		{"log " + dir + " --policy " + policy + " --lang zh", exitPassed, "411025 账套的 60 条分录与 " + testOrigin + " 签名、1 个见证会签的检查点完全一致"},
		{"log " + dir + " --policy " + policy + " --max-age 1ns --lang zh", exitWrong, "核验不通过：检查点过旧"},
		{"log " + dir + " --policy " + policy + " --book 411026 --lang en", exitWrong, "the first bad entry is 0: a leaf of book 411025 in the log of book 411026"},
		{"log " + dir + " --policy " + two, exitUsage, "the policy knows several logs"},
		{"log " + dir + " --policy " + two + " --book 411025", exitPassed, "book 411025"},
		{"log " + dir + " --policy " + policy + " --published /nowhere --lang en", exitNotChecked, "nothing wrong was found, but not everything was checked"},
	} {
		if code, out := verify(t, strings.Fields(tc.args)...); code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d\n%s", tc.args, code, out)
		}
	}
	code, out := verify(t, "log", dir, "--policy", policy, "--json")
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitPassed || r.Result != "passed" || r.Size != 60 || len(r.Cosigned) != 1 || r.Cosigned[0].Witness != "audit" || len(r.Funds) != 1 {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
	if err := os.Remove(filepath.Join(dir, "tile/0/000.p/60")); err != nil {
		t.Fatal(err)
	}
	code, out = verify(t, "log", dir, "--policy", policy, "--json")
	r = report{}
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != exitWrong || r.Result != "failed" || r.FirstBad == nil || r.FirstBad.File != "tile/0/000.p/60" {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
}

// neighbour is the rest of the vkey of another county's log.
func neighbour(t *testing.T) string {
	vkey, err := note.NewEd25519VerifierKey("fund.example.gov.cn/411026", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(vkey, "+")
	return rest
}

// A call that is interrupted says so and is no verdict.
func TestInterrupted(t *testing.T) {
	k := newKeys(t, "")
	f, _ := publish(t, story(600).leaves, k.log, k.witness)
	dir := t.TempDir()
	f.write(t, dir)
	p, err := proof.ParsePolicy([]byte(k.policy))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	j := &logJob{from: folder(dir), policy: p, report: &report{}, progress: func(uint64, uint64) { stop() }}
	j.run(ctx)
	if j.report.exit() != exitNotChecked || !strings.Contains(j.report.Sentence.En, "interrupted") {
		t.Error(j.report.Sentence.En)
	}
}
