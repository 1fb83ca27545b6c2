package ledger

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/migrations/pgtest"
)

var crashRounds = flag.Int("rounds", 20, "rounds of kill -9 under load")

// TestKillUnderLoad kills server processes and PostgreSQL while they post. Of
// what was acknowledged nothing may be lost, and nothing may be in twice; what
// was not acknowledged is in once or not at all, and in once after it was posted
// again.
func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	c := pgtest.Durable(t)
	owner, err := pgxpool.New(t.Context(), c.OwnerURL())
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	path := newLog(t)
	durable(t, c)
	start := func(round int) *child {
		server := startChild(t, childSpec{URL: c.ServiceURL(), Log: path, Run: fmt.Sprintf("r%d", round), Callers: 6})
		server.begin(t)
		return server
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	server := start(0)
	for round := 1; round <= *crashRounds; round++ {
		before, _, _ := childrenSaid(t, path)
		most := len(before) + 5 + r.IntN(60)
		eventually(t, "the load goes on", func() bool { acks, _, _ := childrenSaid(t, path); return len(acks) >= most })
		switch {
		case round%4 != 0:
			server.kill(t)
			server = start(round)
		case round%8 != 0:
			c.Kill() // the server goes on by itself
			c.Start()
		default:
			c.Kill()
			server.kill(t)
			c.Start()
			server = start(round)
		}
		acks, _, _ := childrenSaid(t, path)
		holds(t, owner, acks)
	}
	server.kill(t)
	acks, errs, tried := childrenSaid(t, path)
	t.Logf("%d rounds, %d units tried, %d entries acknowledged, %d answered with an error first", *crashRounds, len(tried), len(acks), len(errs))
	settleTries(t, c, tried, acks)
	holds(t, owner, acks)
	if err := audit.VerifyBook(t.Context(), owner, string(testBook), nil); err != nil {
		t.Error(err)
	}
	if r, err := Rebuild(t.Context(), owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

// durable makes a funded book on the cluster, with money for any load.
func durable(t testing.TB, c *pgtest.Cluster) {
	t.Helper()
	l := ledgerAt(t, c)
	defer l.Close()
	defer l.Pool.Close()
	if err := l.CreateBook(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	settle(t, l, "S1",
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "财政专项扶贫资金", Level: "central", Amount: MaxAmount, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("p1", approvedProject("P1", "F1", MaxAmount), maker),
		draft("a1", &FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕1号", Amount: MaxAmount}, maker))
}

func ledgerAt(t testing.TB, c *pgtest.Cluster) *Ledger {
	t.Helper()
	pool, err := OpenPool(t.Context(), c.ServiceURL(), 4, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Pool: pool, Sealer: sealer, Now: time.Now})
}

// settleTries asks what became of every unit that was not acknowledged, and of
// some that were, and posts it again.
func settleTries(t testing.TB, c *pgtest.Cluster, tried map[string]bool, acks []ack) {
	t.Helper()
	for n, a := range acks {
		if n%10 != 0 {
			delete(tried, a.id)
		}
	}
	l := ledgerAt(t, c)
	defer l.Pool.Close()
	defer l.Close()
	for id := range tried {
		known, err := l.Outcome(t.Context(), testBook, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		r, again := l.Post(t.Context(), testBook, unitOf(id, 100)...)
		if again != nil {
			t.Errorf("post %s again: %v", id, again)
			continue
		}
		if r[0].Repeated != (err == nil) || err == nil && (r[0].Seq != known.Seq || r[0].LeafHash != known.LeafHash) {
			t.Errorf("post %s again: %+v, the outcome was %+v %v", id, r[0], known, err)
		}
	}
}

// holds reads the whole log: no gap, no id twice, every acknowledged entry as
// it was acknowledged, every grant batch whole; and the money adds up.
func holds(t testing.TB, owner *pgxpool.Pool, acks []ack) {
	t.Helper()
	var log map[string]ack
	eventually(t, "the log can be read", func() bool { // the owner's connections died too
		var err error
		log, err = readLog(t, owner)
		return err == nil
	})
	lines := map[string]int{}
	for id := range log {
		for n := 1; n <= 3; n++ {
			if _, ok := log[fmt.Sprintf("%s-%d", id, n)]; ok {
				lines[id]++
			}
		}
	}
	for id, n := range lines {
		if len(unitOf(id, 1)) == 4 && n != 3 {
			t.Fatalf("batch %s has %d lines", id, n)
		}
	}
	for _, a := range acks {
		if got := log[a.id]; got.seq != a.seq || got.hash != a.hash {
			t.Fatalf("acknowledged %+v, the log has %+v", a, got)
		}
	}
	var off int
	err := owner.QueryRow(t.Context(), `
		select (select count(*) from proj.fund where received <> in_hand + allocated + paid + returned)
			+ (select count(*) from (
				select size from log.head h where size <> (select count(*) from log.entry e where e.book = h.book)) v)
			+ (select count(*) from proj.quota q where requested <> (
				select sum(amount) from proj.payment p where p.book = q.book and p.project = q.project and p.fund = q.fund))`).Scan(&off)
	if err != nil || off != 0 {
		t.Fatalf("%d equations do not hold: %v", off, err)
	}
}

func readLog(t testing.TB, owner *pgxpool.Pool) (map[string]ack, error) {
	t.Helper()
	rows, err := owner.Query(context.WithoutCancel(t.Context()), `select id, seq, encode(leaf_hash, 'hex') from log.entry order by seq`)
	if err != nil {
		return nil, err
	}
	log := map[string]ack{}
	var a ack
	_, err = pgx.ForEachRow(rows, []any{&a.id, &a.seq, &a.hash}, func() error {
		if _, twice := log[a.id]; twice || int(a.seq) != len(log) {
			t.Fatalf("entry %d %s after %d entries, twice: %t", a.seq, a.id, len(log), twice)
		}
		log[a.id] = a
		return nil
	})
	return log, err
}
