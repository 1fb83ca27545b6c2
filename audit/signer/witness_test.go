package signer

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/audit/witness"
)

// testWitness keeps the protocol of c2sp.org/tlog-witness, until a test has it
// answer otherwise.
type testWitness struct {
	t    testing.TB
	name string
	key  ed25519.PrivateKey
	url  string
	// log is the policy that names the log's key.
	log *proof.Policy

	mu   sync.Mutex
	size uint64
	root proof.Hash
	// answer, if set, is asked instead.
	answer http.HandlerFunc
	asked  int
}

func newWitness(t testing.TB) *testWitness {
	w := &testWitness{t: t, name: "witness.example/" + strings.ToLower(rand32()[:6]), key: ed25519.NewKeyFromSeed([]byte(rand32()))}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

var seeds struct {
	sync.Mutex
	n int
}

func rand32() string {
	seeds.Lock()
	defer seeds.Unlock()
	seeds.n++
	return fmt.Sprintf("%06x%026d", seeds.n, seeds.n)
}

// vkey is a cosignature key: type 4.
func (w *testWitness) vkey() string {
	public := append([]byte{4}, w.key.Public().(ed25519.PublicKey)...)
	return fmt.Sprintf("%s+%08x+%s", w.name, w.hash(), base64.StdEncoding.EncodeToString(public))
}

func (w *testWitness) hash() uint32 {
	return keyHash(w.name, append([]byte{4}, w.key.Public().(ed25519.PublicKey)...))
}

func (w *testWitness) policy() string { return "witness w " + w.vkey() + " " + w.url + "\nquorum w\n" }

// knows tells the witness the log's keys.
func (w *testWitness) knows(r *rig) {
	text := "quorum none\n"
	for _, k := range r.config.Keys {
		text = "log " + k.VerifierKey() + "\n" + text
	}
	log, err := proof.ParsePolicy([]byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = log
}

// answers has the witness answer otherwise; nil lets it keep the protocol again.
func (w *testWitness) answers(answer http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

// requests is how often the witness was asked.
func (w *testWitness) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

func (w *testWitness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if w.answer != nil {
		w.answer(out, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	s, err := proof.ParseSubmission(body)
	if err != nil || r.URL.Path != "/add-checkpoint" || r.Method != http.MethodPost {
		http.Error(out, "bad request", http.StatusBadRequest)
		return
	}
	c, err := w.log.Open(s.Note)
	switch {
	case err != nil:
		http.Error(out, "unknown key", http.StatusForbidden)
	case s.Old != w.size:
		out.Header().Set("Content-Type", "text/x.tlog.size")
		out.WriteHeader(http.StatusConflict)
		fmt.Fprintf(out, "%d\n", w.size)
	case proof.CheckConsistency(s.Hashes, c.Size, c.Root, w.size, w.root) != nil && w.size > 0:
		http.Error(out, "bad proof", http.StatusUnprocessableEntity)
	default:
		w.size, w.root = c.Size, c.Root
		_, _ = io.WriteString(out, w.cosign(c.Text()))
	}
}

// cosign makes a line of c2sp.org/tlog-cosignature.
func (w *testWitness) cosign(text string) string {
	const at = 1593478800
	sig := ed25519.Sign(w.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text))
	b := binary.BigEndian.AppendUint32(nil, w.hash())
	b = binary.BigEndian.AppendUint64(b, at)
	return fmt.Sprintf("— %s %s\n", w.name, base64.StdEncoding.EncodeToString(append(b, sig...)))
}

// TestWitnessCosigns: what the public sees has the witness's own line, and a size
// that the witness has not cosigned is not public.
func TestWitnessCosigns(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	r.enter(10)
	r.signs(10)
	r.enter(300)
	r.signs(310)
	if b, _ := r.config.Public.Checkpoint(); !strings.Contains(string(b), "\n— "+w.name+" ") {
		t.Errorf("no line of the witness: %s", b)
	}
	st, err := ReadStatus(r.config.Public)
	if err != nil || len(st.Witnesses) != 1 || st.Witnesses[0].CosignedAt != "2020-06-30T01:00:00Z" || st.Waiting != "" {
		t.Errorf("status %+v %v", st, err)
	}
	asked := w.requests()
	r.signs(310)
	if w.requests() != asked {
		t.Error("asked again for nothing")
	}
	// The witness heard of the log from elsewhere, or our table is old: 409, retry.
	r.tamper(`delete from log.cosignature`)
	r.enter(1)
	r.signs(311)
}

// TestWitnessAnswers: whatever a witness says, nothing of it is believed but its
// signature; refusals are shown; the rest goes on without it.
func TestWitnessAnswers(t *testing.T) {
	t.Parallel()
	status := func(code int, body string) http.HandlerFunc {
		return func(out http.ResponseWriter, _ *http.Request) {
			out.WriteHeader(code)
			_, _ = io.WriteString(out, body)
		}
	}
	forger := newWitness(t)
	for name, test := range map[string]struct {
		answer  http.HandlerFunc
		refused bool
		halt    Reason
	}{
		"403":              {answer: status(403, "who are you\n"), refused: true},
		"404":              {answer: status(404, "unknown log\x1b[31m"), refused: true},
		"422":              {answer: status(422, "no proof"), refused: true},
		"400":              {answer: status(400, "?"), refused: true},
		"500":              {answer: status(500, "down")},
		"503":              {answer: status(503, "busy")},
		"409 larger":       {answer: status(409, "11\n"), refused: true, halt: WitnessAhead},
		"409 without size": {answer: status(409, "more\n"), refused: true},
		"409 for ever":     {answer: status(409, "3\n"), refused: true},
		"empty":            {answer: status(200, ""), refused: true},
		"nonsense":         {answer: status(200, "<html>"), refused: true},
		"endless":          {answer: status(200, strings.Repeat("— x AAAAAAAA\n", 10_000))},
		"redirect":         {answer: func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, "/elsewhere", http.StatusFound) }, refused: true},
		"another's line": {answer: func(out http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			s, _ := proof.ParseSubmission(body)
			text, _, _ := strings.Cut(string(s.Note), "\n\n")
			_, _ = io.WriteString(out, forger.cosign(text+"\n"))
		}, refused: true},
		"hangs up": {answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			w.answers(test.answer)
			good := newWitness(t)
			r := newRig(t, fmt.Sprintf("witness bad %s %s\nwitness good %s %s\ngroup some any bad good\nquorum some\n", w.vkey(), w.url, good.vkey(), good.url))
			good.knows(r)
			r.enter(10)
			if test.halt != "" {
				r.halts(test.halt)
				return
			}
			r.signs(10)
			st, err := ReadStatus(r.config.Public)
			if err != nil || len(st.Witnesses) != 2 {
				t.Fatalf("%+v %v", st, err)
			}
			for _, ws := range st.Witnesses {
				if ws.Name == "bad" && (ws.Refused != test.refused || ws.Trouble == "" || ws.CosignedAt != "" || strings.ContainsAny(ws.Trouble, "\x1b\n")) {
					t.Errorf("%+v", ws)
				}
			}
		})
	}
}

// TestForgedCosignature: a line that claims to be the witness's and is not.
func TestForgedCosignature(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	w.answers(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s, _ := proof.ParseSubmission(body)
		text, _, _ := strings.Cut(string(s.Note), "\n\n")
		line := w.cosign(text + "\nx")
		_, _ = io.WriteString(out, line)
	})
	r.enter(10)
	if err := r.round(); err != nil {
		t.Fatal(err)
	}
	if lines, err := audit.Cosignatures(t.Context(), r.db.Pool, testBook, 10); err != nil || len(lines) > 0 {
		t.Errorf("stored %v %v", lines, err)
	}
	// Nor does one that a superuser writes into the table.
	r.tamper(fmt.Sprintf(`insert into log.cosignature values ('411025', 10, 'w', '%s')`, strings.TrimSpace(w.cosign("other\n"))))
	if err := r.round(); err != nil {
		t.Fatal(err)
	}
	if size, _ := r.config.Public.Size(); size != 0 {
		t.Errorf("published %d without a quorum", size)
	}
}

// TestNoQuorumNoCheckpoint: without enough witnesses signing goes on, the public
// keeps what was last cosigned, and the status says what it waits for.
func TestNoQuorumNoCheckpoint(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	r.enter(10)
	r.signs(10)
	s := r.open()
	w.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for range 2 {
		r.enter(5)
		if err := s.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.published(10)
	}
	if s.state.note.Size != 20 {
		t.Errorf("signed %d, want 20", s.state.note.Size)
	}
	if st, err := ReadStatus(r.config.Public); err != nil || st.Size != "20" || !strings.Contains(st.Waiting, "not cosigned") {
		t.Errorf("%+v %v", st, err)
	}
	w.answers(nil)
	if err := s.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.published(10) // it is left in peace for a while
	r.now = r.now.Add(time.Minute)
	if err := s.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.published(20)
}

// TestRewriteReSigned: whoever has the key too and signs a rewritten log anew is
// refused by the witness.
func TestRewriteReSigned(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	r.enter(20)
	r.signs(20)
	r.tamper(`delete from log.cosignature; delete from log.checkpoint`)
	r.rewrite(3)
	r.enter(1)
	r.config.State += "2"
	r.config.Public += "2"
	if err := Init(t.Context(), r.config); err != nil {
		t.Fatal(err)
	}
	s := r.open()
	if err := s.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err := ReadStatus(r.config.Public)
	if err != nil || !st.Witnesses[0].Refused || !strings.Contains(st.Witnesses[0].Trouble, "422") {
		t.Errorf("%+v %v", st, err)
	}
	if size, _ := r.config.Public.Size(); size != 0 {
		t.Error("the rewritten log is public")
	}
	// A log that went back instead: 409 with more than there is.
	r.tamper(`delete from log.checkpoint; delete from log.entry where seq >= 15`)
	r.rebuild()
	r.config.State += "3"
	if err := Init(t.Context(), r.config); err != nil {
		t.Fatal(err)
	}
	r.halts(WitnessAhead)
}

// TestSlowWitness is given up after its deadline.
func TestSlowWitness(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	w.answers(func(http.ResponseWriter, *http.Request) { <-hang })
	r.config.Client = witness.Client{HTTP: &http.Client{Timeout: 50 * time.Millisecond}}
	r.enter(1)
	if err := r.round(); err != nil {
		t.Fatal(err)
	}
	if st, err := ReadStatus(r.config.Public); err != nil || st.Witnesses[0].Refused || st.Witnesses[0].Trouble == "" {
		t.Errorf("%+v %v", st, err)
	}
}

// TestSecondKey: a note by a key of the same name is nobody's.
func TestSecondKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, "quorum none\n")
	r.enter(3)
	r.signs(3)
	private, _, err := note.GenerateKey(nil, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	other, err := parseKey(private)
	if err != nil {
		t.Fatal(err)
	}
	r.config.Keys = []Key{other}
	if _, err := Open(r.config); !errors.Is(err, proof.ErrNotSigned) {
		t.Errorf("opened with another key: %v", err)
	}
	r.config.Origin = "other.example/1"
	if _, err := Open(r.config); err == nil {
		t.Error("opened with a key of another name")
	}
}

func keyHash(name string, key []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return binary.BigEndian.Uint32(sum[:])
}

// TestAskAhead: after a restore of database, state and public files together, the
// witnesses alone know that more was published.
func TestAskAhead(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	ask := func() (answered, of int, s *Signer, err error) {
		t.Helper()
		s = r.open()
		answered, of, err = s.AskAhead(t.Context())
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return answered, of, s, err
	}
	if answered, of, _, err := ask(); answered != 0 || of != 0 || err != nil {
		t.Errorf("before the first signature: %d of %d, %v", answered, of, err)
	}
	r.enter(10)
	r.signs(10)
	if size, err := SignedSize(r.config.State); size != 10 || err != nil {
		t.Errorf("signed %d, %v", size, err)
	}
	if answered, of, _, err := ask(); answered != 1 || of != 1 || err != nil {
		t.Errorf("nothing is missing: %d of %d, %v", answered, of, err)
	}
	w.mu.Lock()
	w.size = 12
	w.mu.Unlock()
	_, _, s, err := ask()
	if halt, ok := errors.AsType[*Halt](err); !ok || halt.Reason != WitnessAhead || halt.Signed != 10 || halt.Found != 12 || !halt.StopsPosting() || s.Halted() == nil {
		t.Errorf("the witness has cosigned 12: %v", err)
	}
	w.answers(func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusServiceUnavailable) })
	if answered, of, s, err := ask(); answered != 0 || of != 1 || err != nil || s.Halted() != nil {
		t.Errorf("the witness is away: %d of %d, %v", answered, of, err)
	}
	for text, want := range map[string]string{"": "torn", "yilu signer state v1\nat x\n\nlog\nx\n": "torn", "yilu signer state v1\nat x\n\nlog\nx\n\nsig": "checkpoint"} {
		if err := os.WriteFile(r.config.State, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := SignedSize(r.config.State); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("state %q: %v", text, err)
		}
	}
}
