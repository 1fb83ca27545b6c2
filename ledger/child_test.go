package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"yilu/audit"
)

// childSpec makes a copy of the test binary a server process of its own, to be
// killed or to compete with.
type childSpec struct {
	URL string
	// Log is the file that all children append to, line by line: "try ID" before
	// a post and "ack ID SEQ LEAFHASH REPEATED" or "err ID WHY" after it.
	Log string
	// Run begins the ids of an endless load.
	Run string
	// IDs are posted once each instead, for Amount.
	IDs     []string
	Amount  Amount
	Callers int
}

const childVariable = "YILU_LEDGER_CHILD"

// init takes over the process if it is to be a child, before the testing
// package looks at the command line.
func init() {
	text := os.Getenv(childVariable)
	if text == "" {
		return
	}
	var spec childSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		log.Fatal(err)
	}
	if err := spec.live(); err != nil {
		log.Fatalf("child: %v", err)
	}
	os.Exit(0)
}

// live posts until all is done or the parent is gone.
func (c childSpec) live() error {
	out, err := os.OpenFile(c.Log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	say := func(format string, args ...any) {
		if _, err := fmt.Fprintf(out, format+"\n", args...); err != nil {
			log.Fatalf("child: %v", err)
		}
	}
	pool, err := OpenPool(context.Background(), c.URL, 4, time.Minute)
	if err != nil {
		return err
	}
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		return err
	}
	l := New(Config{Pool: pool, Sealer: sealer, Now: time.Now})
	parent := bufio.NewReader(os.Stdin)
	if _, err := parent.ReadString('\n'); err != nil { // the sign to begin
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, parent)
		os.Exit(0)
	}()
	ids := make(chan string)
	var callers sync.WaitGroup
	for n := range c.Callers {
		callers.Go(func() {
			if c.Run == "" {
				for id := range ids {
					_ = post(l, id, c.Amount, say)
				}
				return
			}
			for i := 0; ; {
				if post(l, fmt.Sprintf("%s-%d-%d", c.Run, n, i), 100, say) == nil {
					i++ // else the same again, as a client does
				}
			}
		})
	}
	for _, id := range c.IDs {
		ids <- id
	}
	close(ids)
	callers.Wait()
	return nil
}

// post posts one unit and says so before and after: a payment request, or for
// every fourth id a grant batch of three lines.
func post(l *Ledger, id string, a Amount, say func(string, ...any)) error {
	say("try %s", id)
	rs, err := l.Post(context.Background(), testBook, unitOf(id, a)...)
	if err != nil {
		kind := "other"
		if _, ok := errors.AsType[*Conflict](err); ok {
			kind = "conflict"
		}
		say("err %s %s %s", id, kind, strings.ReplaceAll(err.Error(), "\n", " "))
		return err
	}
	for _, r := range rs {
		say("ack %s %d %x %t", r.ID, r.Seq, r.LeafHash, r.Repeated)
	}
	return nil
}

func unitOf(id string, a Amount) []Draft {
	if strings.HasSuffix(id, "3") || strings.HasSuffix(id, "7") {
		return batch(id, id, 3)
	}
	return []Draft{draft(id, request(id, a), maker)}
}

// child is a running copy of the test binary.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan error
}

func startChild(t testing.TB, spec childSpec) *child {
	t.Helper()
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.Command(self), ended: make(chan error, 1)}
	c.cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { c.ended <- c.cmd.Wait() }()
	t.Cleanup(func() { c.stdin.Close() }) // it ends by itself then
	return c
}

// begin lets the child post.
func (c *child) begin(t testing.TB) {
	t.Helper()
	if _, err := c.stdin.Write([]byte("go\n")); err != nil {
		t.Fatalf("begin: %v", err)
	}
}

// kill ends the child as a crash does, and returns when it is gone.
func (c *child) kill(t testing.TB) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatalf("kill child: %v", err)
	}
	<-c.ended
}

// childrenSaid reads what children have said so far, whole lines only.
func childrenSaid(t testing.TB, path string) (acks []ack, errs map[string]string, tried map[string]bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	errs, tried = map[string]string{}, map[string]bool{}
	lines := strings.Split(string(text), "\n")
	for _, line := range lines[:len(lines)-1] {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "try":
			tried[rest] = true
		case "ack":
			var a ack
			if _, err := fmt.Sscanf(rest, "%s %d %s %t", &a.id, &a.seq, &a.hash, &a.repeated); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			acks = append(acks, a)
		case "err":
			id, why, _ := strings.Cut(rest, " ")
			errs[id] = why
		default:
			t.Fatalf("a child said %q", line)
		}
	}
	return acks, errs, tried
}

type ack struct {
	id, hash string
	seq      Seq
	repeated bool
}
