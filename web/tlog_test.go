package web

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// signedCounty is a county with a signer and a server, as yilu serve has them.
type signedCounty struct {
	*countyFixture
	server *httptest.Server
	config signer.Config
	public string
}

func newSignedCounty(t testing.TB) *signedCounty {
	t.Helper()
	x := &signedCounty{countyFixture: newFixture(t, plainText), public: t.TempDir()}
	x.server = httptest.NewServer(New(Config{Ledger: x.l, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook, Public: x.public, BasePath: "/y"}))
	t.Cleanup(x.server.Close)
	origin := strings.TrimPrefix(x.server.URL, "http://") + "/y/log/411025"
	key, err := signer.CreateKey(filepath.Join(t.TempDir(), "key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	x.config = signer.Config{
		Book: string(pageBook), Origin: origin, Keys: []signer.Key{key}, State: filepath.Join(t.TempDir(), "state"), Public: tile.Dir(filepath.Join(x.public, string(pageBook))),
		Pool: x.l.Pool, Witnesses: "quorum none\n", Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	if err := signer.Init(t.Context(), x.config); err != nil {
		t.Fatal(err)
	}
	return x
}

// list posts projects until the book has so many entries.
func (x *signedCounty) list(size int) {
	x.t.Helper()
	for n := x.size(); n < size; n = x.size() {
		var drafts []ledger.Draft
		for i := range min(size-n, 500) {
			id := strconv.Itoa(n + i)
			drafts = append(drafts, x.draft(&ledger.ProjectListed{Project: "P" + id, Name: "路", Content: "修路", Type: "construction", Place: "411025103205", PlaceName: "村", Unit: "镇", Estimate: yuan(100)}, pageMaker))
		}
		if _, err := x.l.Post(x.t.Context(), pageBook, drafts...); err != nil {
			x.t.Fatal(err)
		}
	}
}

func (x *signedCounty) size() int {
	h, err := x.l.Head(x.t.Context(), pageBook)
	if err != nil {
		x.t.Fatal(err)
	}
	return int(h.Size)
}

// sign runs one round.
func (x *signedCounty) sign() {
	x.t.Helper()
	s, err := signer.Open(x.config)
	if err != nil {
		x.t.Fatal(err)
	}
	defer s.Close()
	if err := s.Round(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
}

func (x *signedCounty) get(path string) (*http.Response, []byte) {
	x.t.Helper()
	r, err := http.Get(x.server.URL + "/y/log/411025/" + path)
	if err != nil {
		x.t.Fatal(err)
	}
	defer r.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		x.t.Fatal(err)
	}
	return r, b.Bytes()
}

// TestLogIsServedAsFiles holds paths and headers to c2sp.org/tlog-tiles.
func TestLogIsServedAsFiles(t *testing.T) {
	t.Parallel()
	x := newSignedCounty(t)
	for _, path := range []string{"checkpoint", "tile/0/000.p/1", "policy"} {
		if r, _ := x.get(path); r.StatusCode != 404 || r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("before the first checkpoint, %s: %d %v", path, r.StatusCode, r.Header)
		}
	}
	x.list(600)
	x.sign()
	x.list(610) // entered, not signed
	immutable := "public, max-age=31536000, immutable"
	for path, want := range map[string]struct {
		status, size int
		kind, cache  string
	}{
		"checkpoint":                  {200, 0, "text/plain; charset=utf-8", "public, max-age=2"},
		"policy":                      {200, 0, "text/plain; charset=utf-8", "public, max-age=2"},
		"status.json":                 {200, 0, "application/json", "public, max-age=2"},
		"tile/0/000":                  {200, 256 * 32, "application/octet-stream", immutable},
		"tile/0/001":                  {200, 256 * 32, "application/octet-stream", immutable},
		"tile/0/002.p/88":             {200, 88 * 32, "application/octet-stream", immutable},
		"tile/0/002.p/3":              {200, 3 * 32, "application/octet-stream", immutable},
		"tile/0/001.p/255":            {200, 255 * 32, "application/octet-stream", immutable},
		"tile/1/000.p/2":              {200, 64, "application/octet-stream", immutable},
		"tile/1/000.p/1":              {200, 32, "application/octet-stream", immutable},
		"tile/entries/000":            {200, 0, "application/octet-stream", immutable},
		"tile/entries/002.p/88":       {200, 0, "application/octet-stream", immutable},
		"tile/entries/002.p/1":        {200, 0, "application/octet-stream", immutable},
		"tile/0/002.p/89":             {404, 0, "", ""},
		"tile/0/002":                  {404, 0, "", ""},
		"tile/entries/002.p/89":       {404, 0, "", ""},
		"tile/0/003.p/1":              {404, 0, "", ""},
		"tile/1/000":                  {404, 0, "", ""},
		"tile/1/000.p/3":              {404, 0, "", ""},
		"tile/2/000.p/1":              {404, 0, "", ""},
		"tile/0/000.p/0":              {404, 0, "", ""},
		"tile/0/000.p/256":            {404, 0, "", ""},
		"tile/0/0":                    {404, 0, "", ""},
		"tile/0/x000/000":             {404, 0, "", ""},
		"tile/8/0/000":                {404, 0, "", ""},
		"tile/data/000":               {404, 0, "", ""},
		"tile/entries/000/":           {404, 0, "", ""},
		"tile/../checkpoint":          {404, 0, "", ""},
		"tile/0/..%2f..%2fcheckpoint": {404, 0, "", ""},
		"state":                       {404, 0, "", ""},
	} {
		r, b := x.get(path)
		if r.StatusCode != want.status || want.size > 0 && len(b) != want.size || want.status == 200 && len(b) == 0 {
			t.Errorf("%s: %d with %d bytes, want %+v", path, r.StatusCode, len(b), want)
		}
		if want.kind != "" && (r.Header.Get("Content-Type") != want.kind || r.Header.Get("Cache-Control") != want.cache || r.Header.Get("Access-Control-Allow-Origin") != "*") {
			t.Errorf("%s: %v", path, r.Header)
		}
	}
	for _, book := range []string{"../../y", "000000", "41102%35x", "..%2f..%2f."} {
		if r, err := http.Get(x.server.URL + "/y/log/" + book + "/checkpoint"); err != nil || r.StatusCode != 404 {
			t.Errorf("book %s: %v %v", book, r, err)
		}
	}
	x.readsAll(600)
}

// readsAll reads the log as any client does and compares it with the book.
func (x *signedCounty) readsAll(size uint64) {
	x.t.Helper()
	_, policy := x.get("policy")
	p, err := proof.ParsePolicy(policy)
	if err != nil {
		x.t.Fatal(err)
	}
	_, signed := x.get("checkpoint")
	c, err := p.Open(signed)
	if err != nil || c.Size != size {
		x.t.Fatalf("%+v %v", c, err)
	}
	hashes := tlog.TileHashReader(tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Root)}, &tilesOverHTTP{x})
	for n := uint64(0); n < size; n += 97 {
		t := tlog.Tile{H: 8, L: proof.Entries, N: int64(n / 256), W: int(min(size-n/256*256, 256))}
		_, b := x.get(proof.TilePath(t))
		leaves, err := proof.ReadBundle(b, t.W)
		if err != nil {
			x.t.Fatal(err)
		}
		leaf := leaves[n%256]
		way, err := proof.ProveInclusion(c.Size, n, hashes)
		if err != nil {
			x.t.Fatal(err)
		}
		if err := proof.CheckInclusion(way, c.Size, c.Root, n, proof.LeafHash(leaf)); err != nil {
			x.t.Errorf("entry %d: %v", n, err)
		}
		if e, err := x.l.Entry(x.t.Context(), pageBook, ledger.Seq(n)); err != nil || e.LeafHash != proof.LeafHash(leaf) {
			x.t.Errorf("entry %d is another: %v", n, err)
		}
	}
}

type tilesOverHTTP struct{ x *signedCounty }

func (r *tilesOverHTTP) Height() int                     { return 8 }
func (r *tilesOverHTTP) SaveTiles([]tlog.Tile, [][]byte) {}
func (r *tilesOverHTTP) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		_, b := r.x.get(proof.TilePath(t))
		all = append(all, b)
	}
	return all, nil
}

// TestLogPage says who has cosigned what, in both languages, and what is wrong.
func TestLogPage(t *testing.T) {
	t.Parallel()
	x := newSignedCounty(t)
	page := func(path string) string {
		w, err := http.Get(x.server.URL + "/y" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		var b bytes.Buffer
		_, _ = b.ReadFrom(w.Body)
		lookSafe(t, path, b.String())
		return b.String()
	}
	if got := page("/log"); !strings.Contains(got, "还没有公开的检查点") {
		t.Errorf("before the first: %s", got)
	}
	x.list(3)
	x.sign()
	st, err := signer.ReadStatus(x.config.Public)
	if err != nil {
		t.Fatal(err)
	}
	root, err := base64.StdEncoding.DecodeString(st.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/log", "/en/log"} {
		got := page(path)
		for _, want := range []string{"<dd>3</dd>", st.Root, st.Origin, strings.ReplaceAll(x.config.Keys[0].VerifierKey(), "+", "&#43;"), "/y/log/411025/checkpoint", hex.EncodeToString(root[:6])} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q: %s", path, want, got)
			}
		}
	}
	// A halt and a refusing witness are red.
	status := strings.Replace(string(mustRead(t, x.public+"/411025/status.json")), `"root"`, `"halted": "it halted", "halted_zh": "已停", "witnesses": [{"name":"w1","key":"k","refused":true,"trouble":"witness w1 refuses with status 422: <b>"}], "waiting": "for w1", "root"`, 1)
	if err := x.config.Public.WriteFile("status.json", []byte(status)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"✗ it halted", "✗ refuses", "422: &lt;b&gt;", "waits for witnesses"} {
		if got := page("/en/log"); !strings.Contains(got, want) {
			t.Errorf("lacks %q: %s", want, got)
		}
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// others builds the programs of others, unmodified, from a module of their own. It
// skips where the module proxy cannot be reached, but never in CI.
func others(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-C", "../audit/testdata/interop", "-o", dir+"/",
		"filippo.io/torchwood/cmd/litewitness", "github.com/transparency-dev/tessera/cmd/fsck", "./introduce", "./follow")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("build litewitness and fsck: %v: %s", err, out)
		}
		t.Skipf("NOT RUN: litewitness and fsck cannot be built here (is the Go module proxy in reach?): %v: %s", err, out)
	}
	return dir
}

// liteWitness starts the real litewitness, with its key in an ssh-agent, and
// returns the line of a policy that names it.
func (x *signedCounty) liteWitness(bin string) string {
	t := x.t
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "yilu-witness-") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, fingerprint := startAgent(t, dir)
	address := freePort(t)
	cmd := exec.Command(filepath.Join(bin, "litewitness"), "-name", "witness.example/audit", "-db", filepath.Join(dir, "db"), "-ssh-agent", socket, "-listen", address, "-key", fingerprint)
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		said.Close()
	})
	vkey := regexp.MustCompile(`vkey=(\S+)`)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		b, _ := os.ReadFile(said.Name())
		if found := vkey.FindSubmatch(b); found != nil && strings.Contains(string(b), "listening") {
			out, err := exec.Command(filepath.Join(bin, "introduce"), filepath.Join(dir, "db"), x.config.Origin, x.config.Keys[0].VerifierKey()).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return "witness audit " + string(found[1]) + " http://" + address
		}
		if time.Now().After(deadline) {
			t.Fatalf("litewitness does not start: %s", b)
		}
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// startAgent serves an ssh-agent with one Ed25519 key.
func startAgent(t testing.TB, dir string) (socket, fingerprint string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	sshKey, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "agent")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keys, conn) }()
		}
	}()
	return socket, ssh.FingerprintSHA256(sshKey)
}

// TestProgramsOfOthers: the real litewitness cosigns our checkpoints, tessera's fsck
// and torchwood's client read the whole log over HTTP, and torchwood checks proof
// files by our policy file; none of them changed for us. The log's
// own key lies in an ssh-agent.
func TestProgramsOfOthers(t *testing.T) {
	t.Parallel()
	bin := others(t)
	x := newSignedCounty(t)
	dir, err := os.MkdirTemp("/tmp", "yilu-agent-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, fingerprint := startAgent(t, dir)
	key, err := signer.AgentKey(x.config.Origin, socket, fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	x.config.Keys = []signer.Key{key}
	x.config.Witnesses = x.liteWitness(bin) + "\nquorum audit\n"
	for _, size := range []int{1, 255, 256, 700} {
		x.list(size)
		x.sign()
		x.readsAll(uint64(size))
		if out, err := x.fsck(bin, 20*time.Second); err != nil || !strings.Contains(out, "Successfully fsck'd") {
			t.Fatalf("fsck at %d: %v: %s", size, err, out)
		}
		if out, err := exec.Command(filepath.Join(bin, "follow"), x.server.URL+"/y/log/411025").CombinedOutput(); err != nil || string(out) != fmt.Sprintf("followed %d entries\n", size) {
			t.Fatalf("torchwood's client at %d: %v: %s", size, err, out)
		}
	}
	// A log with one byte changed, to know that it looks. It then waits for ever.
	name := x.public + "/411025/tile/entries/001"
	b := mustRead(t, name)
	b[len(b)-3] ^= 1
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _ := x.fsck(bin, 3*time.Second); strings.Contains(out, "Successfully fsck'd") {
		t.Error("fsck accepts a changed entry")
	}
}

// fsck exits with 0 whatever it finds, if it ends: its word is on stderr.
func (x *signedCounty) fsck(bin string, within time.Duration) (string, error) {
	x.t.Helper()
	key := filepath.Join(x.t.TempDir(), "vkey")
	if err := os.WriteFile(key, []byte(x.config.Keys[0].VerifierKey()), 0o644); err != nil {
		x.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(x.t.Context(), within)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "fsck"), "-ui=false", "-public_key", key, "-storage_url", x.server.URL+"/y/log/411025/").CombinedOutput()
	return string(out), err
}

// BenchmarkTile is one full tile over HTTP on loopback.
func BenchmarkTile(b *testing.B) {
	x := newSignedCounty(b)
	x.list(600)
	x.sign()
	h := New(Config{Ledger: x.l, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook, Public: x.public})
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/log/411025/tile/0/001", nil))
			if w.Code != 200 {
				b.Error(w.Code)
			}
		}
	})
}
