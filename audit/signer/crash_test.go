package signer

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/audit/tile"
)

// steps are those of a round, after each of which it may end.
var steps = []string{"sign", "state", "publish", "witness", "render", "checkpoint"}

var errCrash = errors.New("crash")

// TestEveryStepMayBeTheLast ends a round after each step and goes on with a new
// signer: the same note for the same size, and everything public.
func TestEveryStepMayBeTheLast(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	size := uint64(0)
	for range 2 {
		for _, step := range steps {
			r.enter(130)
			size += 130
			s := r.open()
			s.reached = func(at string) error {
				if at == step {
					return errCrash
				}
				return nil
			}
			if err := s.Round(t.Context()); !errors.Is(err, errCrash) {
				t.Fatalf("after %s: %v", step, err)
			}
			s.Close()
			signed := readFile(t, r.config.State)
			r.signs(size)
			if after := readFile(t, r.config.State); step != "sign" && after != signed {
				t.Errorf("after %s: another state for size %d", step, size)
			}
		}
	}
}

// killSpec makes a copy of the test binary a signer that kills itself.
type killSpec struct {
	URL, Dir, Witnesses, Step string
}

const killVariable = "YILU_SIGNER_KILLED"

// init takes over the process if it is to be killed, before the testing package
// looks at the command line.
func init() {
	text := os.Getenv(killVariable)
	if text == "" {
		return
	}
	var spec killSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		log.Fatal(err)
	}
	log.Fatalf("not killed: %v", spec.live())
}

// live signs until it is killed, by itself after a step or from outside.
func (k killSpec) live() error {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, k.URL)
	if err != nil {
		return err
	}
	key, err := LoadKey(filepath.Join(k.Dir, "key"))
	if err != nil {
		return err
	}
	s, err := Open(Config{
		Book: testBook, Origin: testOrigin, Keys: []Key{key}, State: filepath.Join(k.Dir, "signer", "state"), Public: tile.Dir(filepath.Join(k.Dir, "public")),
		Pool: pool, Witnesses: k.Witnesses, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	s.reached = func(step string) error {
		if step == k.Step {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	for {
		if err := s.Round(ctx); err != nil {
			return err
		}
		if _, err := os.Stdin.Read(make([]byte, 1)); err != nil && k.Step != "" {
			return err
		}
	}
}

func (r *rig) child(step string) *exec.Cmd {
	r.t.Helper()
	text, err := json.Marshal(killSpec{r.db.ServiceURL, r.dir, r.config.Witnesses, step})
	if err != nil {
		r.t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), killVariable+"="+string(text))
	return cmd
}

// TestKillAtEveryStep does it with kill -9, and then at any moment while entries
// come in.
func TestKillAtEveryStep(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	size := uint64(0)
	for _, step := range steps {
		r.enter(70)
		size += 70
		out, err := r.child(step).CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || !strings.Contains(exit.String(), "killed") {
			t.Fatalf("at %s: %v: %s", step, err, out)
		}
		r.signs(size)
	}
	for n := range 10 {
		cmd := r.child("")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Stop at a moment of the work, not of a clock: once the state has moved on.
		before := readFile(t, r.config.State)
		for range n % 5 {
			r.enter(40)
			size += 40
		}
		for deadline := time.Now().Add(20 * time.Second); readFile(t, r.config.State) == before && n%5 > 0 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		r.signs(size)
	}
}

// TestTwoSignersNeverFork: on one state file the second does not even start; with
// copies of state and key on two hosts the one behind halts.
func TestTwoSignersNeverFork(t *testing.T) {
	t.Parallel()
	r := newRig(t, "quorum none\n")
	r.enter(3)
	first := r.open()
	if _, err := Open(r.config); !errors.Is(err, ErrLocked) {
		t.Errorf("a second signer on the same file: %v", err)
	}
	if err := Init(t.Context(), r.config); !errors.Is(err, ErrLocked) {
		t.Errorf("init beside a signer: %v", err)
	}
	other := *r
	other.dir = t.TempDir()
	other.config.State = filepath.Join(other.dir, "state")
	other.config.Public = tile.Dir(filepath.Join(other.dir, "public"))
	writeFile(t, other.config.State, readFile(t, r.config.State))
	if err := first.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	other.halts(StateOld)

	// Both read size 5, and sign it with other texts.
	writeFile(t, other.config.State, readFile(t, r.config.State))
	r.enter(2)
	second := other.open()
	key, err := CreateKey(filepath.Join(other.dir, "another"), testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	second.Keys = append(second.Keys, key)
	second.reached = func(step string) error {
		if step == "state" {
			return first.Round(t.Context())
		}
		return nil
	}
	err = second.Round(t.Context())
	if halt, ok := errors.AsType[*Halt](err); !ok || halt.Reason != Forked {
		t.Errorf("the second of two: %v", err)
	}
	notes, err := r.notes()
	if err != nil || len(notes) != 2 {
		t.Errorf("%d notes, want 2: %v", len(notes), err)
	}
	if _, err := other.config.Public.Checkpoint(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the second published: %v", err)
	}
}

// TestStateFile: a state that is torn or of another log is refused.
func TestStateFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, "quorum none\n")
	r.enter(5)
	r.signs(5)
	good := readFile(t, r.config.State)
	for n := 1; n < len(good); n += 7 {
		writeFile(t, r.config.State, good[:n])
		if s, err := Open(r.config); err == nil && n != len(stateHead) {
			s.Close()
			t.Errorf("opened with the first %d bytes of the state", n)
		}
		b := []byte(good)
		b[n] ^= 1
		writeFile(t, r.config.State, string(b))
		if s, err := Open(r.config); err == nil {
			s.Close()
			if !strings.HasPrefix(strings.Split(good, "\n")[1], string(b[len(stateHead):][:3])) {
				t.Errorf("opened with byte %d of the state changed: %q", n, b)
			}
		}
	}
	writeFile(t, r.config.State, good)
	r.signs(5)
}

// TestRotation: the old key signs, both sign, the new one signs; each checkpoint
// extends the last, and old notes stay good.
func TestRotation(t *testing.T) {
	t.Parallel()
	r := newRig(t, "quorum none\n")
	path := filepath.Join(r.dir, "key")
	reload := func() {
		t.Helper()
		var err error
		if r.config.Keys, r.config.Old, err = LoadKeys(path); err != nil {
			t.Fatal(err)
		}
	}
	signatures := func() int {
		return strings.Count(readFile(t, string(r.config.Public)+"/checkpoint"), "\n— ")
	}
	r.enter(3)
	r.signs(3)
	first := r.config.Keys[0].VerifierKey()
	next, err := NextKey(path, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := NextKey(path, testOrigin); err != nil || again.VerifierKey() != next.VerifierKey() {
		t.Errorf("another next key: %v", err)
	}
	reload()
	if err := Retire(r.config, path); err == nil {
		t.Error("retired before the next key has signed")
	}
	r.enter(2)
	r.signs(5)
	if n := signatures(); n != 2 {
		t.Errorf("%d signatures in the overlap", n)
	}
	running := r.open()
	if err := Retire(r.config, path); !errors.Is(err, ErrLocked) {
		t.Errorf("retired beside a signer: %v", err)
	}
	running.Close()
	if err := Retire(r.config, path); err != nil {
		t.Fatal(err)
	}
	reload()
	if len(r.config.Keys) != 1 || r.config.Keys[0].VerifierKey() != next.VerifierKey() || len(r.config.Old) != 1 || r.config.Old[0] != (OldKey{first, 5}) {
		t.Errorf("%+v", r.config)
	}
	r.signs(5) // nothing is signed anew
	r.enter(1)
	r.signs(6)
	if n := signatures(); n != 1 {
		t.Errorf("%d signatures after it", n)
	}
	policy, err := PublishedPolicy(r.config.Public)
	if err != nil {
		t.Fatal(err)
	}
	if err := audit.VerifySigned(t.Context(), r.db.Pool, testBook, policy, nil); err != nil {
		t.Error(err)
	}
	if text := readFile(t, string(r.config.Public)+"/policy"); strings.Contains(text, first) {
		t.Error("the published policy still trusts the old key")
	}
}

// TestSM2Line: an SM2 key adds a line; whoever does not know it sees the same log.
func TestSM2Line(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	path := filepath.Join(r.dir, "key")
	plain, err := proof.ParsePolicy([]byte("log " + r.config.Keys[0].VerifierKey() + "\nquorum none\n"))
	if err != nil {
		t.Fatal(err)
	}
	w.log = plain // the witness knows only Ed25519
	if _, err := CreateSM2Key(path, testOrigin); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateSM2Key(path, testOrigin); err == nil {
		t.Error("replaced the SM2 key")
	}
	if r.config.Keys, r.config.Old, err = LoadKeys(path); err != nil || len(r.config.Keys) != 2 {
		t.Fatalf("%d keys: %v", len(r.config.Keys), err)
	}
	r.enter(3)
	r.signs(3)
	r.signs(3)
	signed := []byte(readFile(t, string(r.config.Public)+"/checkpoint"))
	s, err := plain.Open(signed)
	if err != nil || len(s.Logs) != 1 || s.Unknown != 2 {
		t.Errorf("without knowing SM2: %+v %v", s, err)
	}
	both, err := PublishedPolicy(r.config.Public)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = both.Open(signed); err != nil || len(s.Logs) != 2 || s.Unknown != 0 {
		t.Errorf("with both keys: %+v %v", s, err)
	}
	if err := os.Chmod(path+".sm2", 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LoadKeys(path); err == nil {
		t.Error("took an SM2 key that others can read")
	}
}

// TestStateCannotBeWritten: a signer whose disk failed does nothing more; the next
// one goes on from what is on disk.
func TestStateCannotBeWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t, "quorum none\n")
	r.enter(3)
	r.signs(3)
	r.enter(2)
	s := r.open()
	state := r.config.State
	s.State = filepath.Join(r.dir, "gone", "state")
	if err := s.Round(t.Context()); err == nil {
		t.Fatal("signed without a state")
	}
	s.State = state
	if err := s.Round(t.Context()); err == nil {
		t.Error("went on after its disk failed")
	}
	if notes, err := r.notes(); err != nil || len(notes) != 1 {
		t.Errorf("%d notes are stored: %v", len(notes), err)
	}
	s.Close()
	r.signs(5)
}
