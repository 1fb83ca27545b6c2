package alerts

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/alerts/rule"
	"yilu/alerts/rules"
	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
	"yilu/publicity/workday"
)

var killRounds = flag.Int("rounds", 52, "rounds of kill -9 of workers and of PostgreSQL")

// childVariable makes a copy of the test binary a server of its own, to be killed:
// its value is the run's name, a space, and the database's URL.
const childVariable = "YILU_ALERTS_CHILD"

func init() {
	if text := os.Getenv(childVariable); text != "" {
		var run, url string
		if _, err := fmt.Sscan(text, &run, &url); err != nil {
			log.Fatal(err)
		}
		go func() { // a child ends with its parent
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
		serve := serveChild
		switch {
		case strings.HasPrefix(run, "slots-"):
			serve = serveSlots
		case run == "past":
			serve = sweepPast
		case run == "together":
			serve = judgePastTogether
		}
		if err := serve(context.Background(), run, url); err != nil {
			log.Fatalf("child: %v", err)
		}
	}
}

// serveChild posts payments, each second of them a twin of the one before, while an
// engine works beside.
func serveChild(ctx context.Context, run, url string) error {
	g, err := engineAt(ctx, url)
	if err != nil {
		return err
	}
	go g.Run(ctx, nil)
	for n := 0; ; n++ {
		id := fmt.Sprintf("%s-%d", run, n)
		drafts := []ledger.Draft{
			{ID: "why-" + id, Kind: "alert.acknowledged", On: "2020-03-18", By: maker, Corrects: ledger.None, Body: &ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: id, Ground: "agreed", File: paper}},
			{ID: id, Kind: "payment.requested", On: "2020-03-18", By: maker, Corrects: ledger.None,
				Body: &ledger.PaymentRequested{Payment: id, Project: "P1", Fund: "F1", Amount: ledger.Amount(100 + n/2), Purpose: "进度款", Payee: ledger.Party{Name: "公司" + run, Code: "91350100M000100Y43"}}},
		}
		for {
			if _, err := g.Ledger.Post(ctx, testBook, drafts...); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond) // the database is down: a client asks again
		}
	}
}

func engineAt(ctx context.Context, url string) (*Engine, error) {
	pool, err := ledger.OpenPool(ctx, url, 4, time.Minute)
	if err != nil {
		return nil, err
	}
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		return nil, err
	}
	known, err := LoadRules(rules.Files, workday.StateCouncil())
	if err != nil {
		return nil, err
	}
	l := ledger.New(ledger.Config{Pool: pool, Sealer: sealer, Now: time.Now, Judge: known.Judge()})
	return &Engine{Ledger: l, Pool: pool, Rules: known, Calendar: workday.StateCouncil(), Log: slog.New(slog.DiscardHandler), Link: func(a string) string { return a }}, nil
}

// newMortal is a world with some rules in a PostgreSQL of its own that may be killed, as
// the chance says that comes with it.
func newMortal(t *testing.T, codes ...string) (*world, *pgtest.Cluster, *pgxpool.Pool, *rand.Rand) {
	t.Helper()
	c := pgtest.Durable(t)
	g, err := engineAt(t.Context(), c.ServiceURL())
	if err != nil {
		t.Fatal(err)
	}
	owner, err := pgxpool.New(t.Context(), c.OwnerURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(owner.Close)
	w := &world{T: t, ledger: g.Ledger, engine: g}
	w.adopt(codes...)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return w, c, owner, rand.New(rand.NewPCG(seed, 0))
}

// TestKillWorkersAndDatabase kills processes that post and raise warnings, and
// PostgreSQL under them. Each verdict must have become a warning once.
func TestKillWorkersAndDatabase(t *testing.T) {
	t.Parallel()
	w, c, owner, r := newMortal(t, "P01", "P13")
	w.rich()
	children := []*exec.Cmd{startChild(t, "a0", c.ServiceURL()), startChild(t, "b0", c.ServiceURL())}
	for round := range *killRounds {
		waitFor(t, owner, 4+r.IntN(30))
		if round%6 == 5 {
			c.Kill()
			c.Start()
			continue
		}
		n := r.IntN(2)
		kill(t, children[n])
		children[n] = startChild(t, fmt.Sprintf("%c%d", 'a'+n, round+1), c.ServiceURL())
	}
	for _, child := range children {
		kill(t, child)
	}
	owner.Reset() // its connections of before may be dead
	w.settled(owner)
}

// startChild starts a server process.
func startChild(t *testing.T, run, url string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+run+" "+url)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}

// waitFor waits until the book has grown by so many entries.
func waitFor(t *testing.T, owner *pgxpool.Pool, entries int) {
	t.Helper()
	first, deadline := int64(-1), time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		var size int64
		err := owner.QueryRow(t.Context(), `select size from log.head where book = $1`, testBook).Scan(&size)
		switch {
		case err != nil: // it was killed a moment ago
		case first < 0:
			first = size
		case size >= first+int64(entries):
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the book does not grow")
}

// settled lets the engine catch up and holds the warnings to the verdicts, the
// verdicts to the log, and the cases to their entries.
func (w *world) settled(owner *pgxpool.Pool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); ; { // connections of before are dead
		if err := w.engine.catchUp(w.Context(), testBook); err == nil {
			break
		} else if time.Now().After(deadline) {
			w.Fatal(err)
		}
	}
	verdicts, err := ledger.ReadVerdicts(w.Context(), w.engine.Pool, testBook, ledger.None, 1<<30)
	if err != nil {
		w.Fatal(err)
	}
	notes := verdicts.Notes
	hits := map[string]int64{}
	for _, n := range notes {
		var note Note
		if err := json.Unmarshal(n.Note, &note); err != nil {
			w.Fatal(err)
		}
		for _, f := range note.Findings {
			if f.State == rule.Flag {
				hits[f.Fingerprint]++
			}
		}
	}
	list, err := List(w.Context(), w.engine.Pool, testBook, Filter{}, -1, 1_000_000)
	if err != nil {
		w.Fatal(err)
	}
	raised := 0
	for _, c := range list {
		if c.Outcome != string(rule.Flag) || c.Subject[0] == "storm" {
			continue
		}
		raised++
		if hits[c.Fingerprint] != c.Count {
			w.Errorf("%s about %v: %d hits, counted %d", c.Code, c.Subject, hits[c.Fingerprint], c.Count)
		}
		delete(hits, c.Fingerprint)
	}
	if raised < 50 || len(hits) > 0 {
		w.Errorf("%d warnings; hits without one: %v", raised, hits)
	}
	w.Logf("%d warnings of %d verdicts", raised, len(notes))
	if r, err := ledger.Rebuild(w.Context(), owner, testBook, ledger.Replay{Judge: w.engine.Rules.Judge(), Sealer: w.ledger.Sealer}); err != nil {
		w.Errorf("judging the log again: %+v %v", r, err)
	}
	if n, err := w.engine.Rebuild(w.Context(), owner, testBook, false); err != nil || n != len(list) {
		w.Errorf("rebuild: %d cases of %d: %v", n, len(list), err)
	}
}
