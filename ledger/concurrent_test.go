package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/migrations/pgtest"
)

// eventually waits until a condition holds, at most a minute.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// holdBook keeps the book's head locked until the returned function is called.
func holdBook(t testing.TB, db *pgtest.DB, book Book) (release func()) {
	t.Helper()
	tx, err := db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select from log.head where book = $1 for update`, book); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(context.Background()); err != nil && err != pgx.ErrTxClosed {
			t.Errorf("release book: %v", err)
		}
	}
}

// inOneGroup runs posts at once, so that they wait together, in their order,
// and are then posted as one group. It returns when all are answered.
func inOneGroup(t testing.TB, l *Ledger, db *pgtest.DB, posts ...func()) {
	t.Helper()
	release := holdBook(t, db, testBook)
	defer release()
	answered := make(chan struct{}, len(posts)+1)
	run := func(post func()) { go func() { post(); answered <- struct{}{} }() }
	// The first unit is taken at once; all others then wait for its commit. A worker
	// that is just ending must not be taken for the one that has it.
	eventually(t, "earlier work has ended", func() bool { return !working(l) })
	run(func() { _, _ = l.Post(t.Context(), testBook, draft("none", &PaymentPaid{Payment: "none"}, payer)) })
	eventually(t, "the worker has taken the first unit", func() bool { return working(l) && l.Waiting() == 0 })
	for _, post := range posts {
		before := units(l)
		run(post)
		eventually(t, "the unit waits", func() bool { return units(l) > before })
	}
	release()
	for range len(posts) + 1 {
		<-answered
	}
}

func working(l *Ledger) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[testBook]
	return q != nil && q.working
}

// units is how many units wait for the test's book.
func units(l *Ledger) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q := l.queues[testBook]; q != nil {
		return len(q.units)
	}
	return 0
}

// linkedLedger is a ledger over a link that can be cut.
func linkedLedger(t testing.TB, db *pgtest.DB) (*Ledger, *link) {
	t.Helper()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	cut := &link{}
	l := New(Config{Pool: linkedPool(t, db, cut), Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	return l, cut
}

// TestOutcomeSeesPostUnderWay asks while the post that was cut off is between
// two tries, when nobody holds the book's lock: "not found" would be wrong a
// moment later.
func TestOutcomeSeesPostUnderWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	cutOff, cut := linkedLedger(t, db)
	for n := range 5 {
		id := fmt.Sprintf("z%d", n)
		ctx, cancel := context.WithCancel(t.Context())
		cut.arm(beforeCommit)
		got := make(chan error, 1)
		go func() {
			_, err := cutOff.Post(ctx, testBook, draft(id, request(id, 1), maker))
			got <- err
		}()
		eventually(t, "the commit is cut", func() bool { return cut.peek() == never })
		cancel()
		if err := <-got; err != nil && !errors.Is(err, ErrUnknown) {
			t.Fatalf("cut off: %v", err)
		}
		if _, err := cutOff.Outcome(t.Context(), testBook, id); err != nil {
			t.Errorf("outcome of %s: %v", id, err)
		}
	}
}

// newLog makes the file that children say things in.
func newLog(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "said")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// compete has two server processes post the same ids at once, for amounts of
// their own, and returns what each was told.
func compete(t testing.TB, db *pgtest.DB, ids []string, amounts [2]Amount) (acks [2]map[string]ack, errs [2]map[string]string) {
	t.Helper()
	var children [2]*child
	var paths [2]string
	for i := range children {
		paths[i] = newLog(t)
		children[i] = startChild(t, childSpec{URL: db.ServiceURL, Log: paths[i], IDs: ids, Amount: amounts[i], Callers: 4})
	}
	for _, c := range children {
		c.begin(t)
	}
	for i, c := range children {
		if err := <-c.ended; err != nil {
			t.Fatal(err)
		}
		var all []ack
		all, errs[i], _ = childrenSaid(t, paths[i])
		acks[i] = map[string]ack{}
		for _, a := range all {
			acks[i][a.id] = a
		}
	}
	return acks, errs
}

// TestTwoProcessesPostTheSameIDs: both get the receipt of the one entry.
func TestTwoProcessesPostTheSameIDs(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	ids := make([]string, 40)
	for i := range ids {
		ids[i] = fmt.Sprintf("z%d", i)
	}
	acks, errs := compete(t, db, ids, [2]Amount{7, 7})
	if len(errs[0])+len(errs[1]) > 0 || len(acks[0]) != len(acks[1]) {
		t.Fatalf("errors %v %v, %d and %d entries", errs[0], errs[1], len(acks[0]), len(acks[1]))
	}
	for id, a := range acks[0] {
		b := acks[1][id]
		if a.seq != b.seq || a.hash != b.hash || a.repeated == b.repeated {
			t.Errorf("%+v and %+v", a, b)
		}
	}
	holds(t, db.Owner, slices.Collect(maps.Values(acks[0])))
	rebuilds(t, db)
}

// TestTwoProcessesPostOtherContent: one of the two is told of the conflict.
func TestTwoProcessesPostOtherContent(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	var ids []string
	for i := range 50 { // no batches: they take no amount
		if id := fmt.Sprintf("z%d", i); len(unitOf(id, 1)) == 1 {
			ids = append(ids, id)
		}
	}
	acks, errs := compete(t, db, ids, [2]Amount{7, 8})
	for _, id := range ids {
		_, first := acks[0][id]
		_, other := acks[1][id]
		_, firstErr := errs[0][id]
		_, otherErr := errs[1][id]
		if first == other || first == firstErr || other == otherErr {
			t.Errorf("%s: %v %q and %v %q", id, first, errs[0][id], other, errs[1][id])
		}
	}
	for i := range errs {
		holds(t, db.Owner, slices.Collect(maps.Values(acks[i])))
		for id, why := range errs[i] {
			if !strings.HasPrefix(why, "conflict") {
				t.Errorf("%s: %s", id, why)
			}
		}
	}
	rebuilds(t, db)
}

// TestBooksDoNotWaitForEachOther posts to one book while another is locked.
func TestBooksDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	other := Book("411081")
	if err := l.CreateBook(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	listed := draft("p", &ProjectListed{Project: "P2", Name: "桥", Content: "建桥", Type: "construction", Place: "411025103205", PlaceName: "某村", Unit: "镇政府"}, maker)
	release := holdBook(t, db, testBook)
	defer release()
	waits := make(chan error, 1)
	go func() {
		_, err := l.Post(t.Context(), testBook, listed)
		waits <- err
	}()
	eventually(t, "the locked book is waited for", func() bool { return working(l) && l.Waiting() == 0 })
	if _, err := l.Post(t.Context(), other, listed); err != nil {
		t.Error(err)
	}
	select {
	case err := <-waits:
		t.Errorf("posted to a locked book: %v", err)
	default:
	}
	release()
	if err := <-waits; err != nil {
		t.Error(err)
	}
}

// TestFullQueueIsBusy: what does not fit is refused at once, and nothing of it
// is posted; what waits is.
func TestFullQueueIsBusy(t *testing.T) {
	t.Parallel()
	first, db := testLedger(t)
	funded(t, first)
	l := New(Config{Pool: db.Pool, Sealer: first.Sealer, Now: time.Now, MaxWaiting: 3})
	t.Cleanup(l.Close)
	release := holdBook(t, db, testBook)
	defer release()
	answers := make(chan error, 4)
	run := func(id string) {
		go func() {
			_, err := l.Post(t.Context(), testBook, draft(id, request(id, 1), maker))
			answers <- err
		}()
	}
	run("z0")
	eventually(t, "the first is taken", func() bool { return working(l) && l.Waiting() == 0 })
	for n := range 3 {
		run(fmt.Sprintf("z%d", n+1))
		eventually(t, "one more waits", func() bool { return l.Waiting() == n+1 })
	}
	_, err := l.Post(t.Context(), testBook, draft("z9", request("z9", 1), maker))
	if busy, ok := errors.AsType[*Busy](err); !ok || busy.RetryAfter <= 0 {
		t.Errorf("got %v, want busy", err)
	}
	if err := l.CreateBook(t.Context(), "411081"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Post(t.Context(), "411081", draft("z9", request("z9", 1), maker)); err == nil || strings.Contains(err.Error(), "too many") {
		t.Errorf("another book's queue: %v", err)
	}
	release()
	for range 4 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if _, err := l.Outcome(t.Context(), testBook, "z9"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the refused one: %v", err)
	}
	mustPost(t, l, draft("z9", request("z9", 1), maker))
}

// TestWhoGivesUpIsNotPosted: a caller that leaves before its unit is taken can
// be sure of that.
func TestWhoGivesUpIsNotPosted(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	var gone, stays error
	inOneGroup(t, l, db,
		func() { _, gone = l.Post(ctx, testBook, draft("z1", request("z1", 1), maker)) },
		func() {
			cancel()
			_, stays = l.Post(t.Context(), testBook, draft("z2", request("z2", 1), maker))
		})
	if !errors.Is(gone, context.Canceled) || errors.Is(gone, ErrUnknown) || stays != nil {
		t.Errorf("who gave up got %v, who stayed %v", gone, stays)
	}
	if _, err := l.Outcome(t.Context(), testBook, "z1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("outcome: %v", err)
	}
}

// TestCloseAnswersWhatWaits: nobody who waits is forgotten.
func TestCloseAnswersWhatWaits(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	closed := make(chan struct{})
	var errs [5]error
	var posts []func()
	for n := range errs {
		posts = append(posts, func() {
			id := fmt.Sprintf("z%d", n)
			_, errs[n] = l.Post(t.Context(), testBook, draft(id, request(id, 1), maker))
		})
	}
	release := holdBook(t, db, testBook)
	defer release()
	answered := make(chan struct{})
	for n, post := range posts {
		go func() { post(); answered <- struct{}{} }()
		eventually(t, "it is taken or waits", func() bool { return working(l) && l.Waiting() == n })
	}
	go func() { l.Close(); close(closed) }()
	eventually(t, "the ledger closes", l.isClosed)
	_, err := l.Post(t.Context(), testBook, draft("z9", request("z9", 1), maker))
	if _, ok := errors.AsType[*Busy](err); !ok {
		t.Errorf("posted while closing: %v", err)
	}
	select {
	case <-closed:
		t.Error("closed while posts wait")
	default:
	}
	release()
	for range errs {
		<-answered
	}
	<-closed
	for n, err := range errs {
		if err != nil {
			t.Errorf("z%d: %v", n, err)
		}
	}
}

// TestPoisonedUnitFailsAlone: the database refuses one entry of a group; the
// others, judged together with it, are posted.
func TestPoisonedUnitFailsAlone(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	if _, err := db.Owner.Exec(t.Context(), `alter table log.entry add constraint poison check (id <> 'z4')`); err != nil {
		t.Fatal(err)
	}
	var errs [9]error
	var posts []func()
	for n := range errs {
		posts = append(posts, func() {
			id := fmt.Sprintf("z%d", n)
			a := Amount(1)
			if n == 6 { // refused by the book, in the same group
				a = 60001
			}
			_, errs[n] = l.Post(t.Context(), testBook, draft(id, request(id, a), maker))
		})
	}
	inOneGroup(t, l, db, posts...)
	for n, err := range errs {
		id := fmt.Sprintf("z%d", n)
		_, unknown := l.Outcome(t.Context(), testBook, id)
		switch {
		case n == 6:
			wantRule(t, "over_payment", err)
		case n == 4 && (err == nil || errors.Is(err, ErrUnknown) || errors.Is(err, ErrUnavailable)):
			t.Errorf("the poisoned one: %v", err)
		case n != 4 && err != nil:
			t.Errorf("%s: %v", id, err)
		}
		if posted := unknown == nil; posted != (n != 4 && n != 6) {
			t.Errorf("%s is posted: %t", id, posted)
		}
	}
	rebuilds(t, db)
}

// standbyLedger is a ledger on a durable server of its own, whose commits can be made to
// wait for a standby of some name; "" waits for none.
func standbyLedger(t *testing.T) (l *Ledger, owner *pgxpool.Pool, standby func(name string)) {
	t.Helper()
	c := pgtest.Durable(t)
	durable(t, c)
	owner, err := pgxpool.New(t.Context(), c.OwnerURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(owner.Close)
	l = ledgerAt(t, c)
	l.commitWithin = 3 * time.Second // commits that no standby confirms go on after that
	t.Cleanup(l.Pool.Close)
	t.Cleanup(l.Close)
	return l, owner, func(name string) {
		t.Helper()
		for _, sql := range []string{"alter system set synchronous_standby_names = '" + name + "'", "select pg_reload_conf()"} {
			if _, err := owner.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestCancelledCommitIsNotReported: PostgreSQL says success of a commit whose
// wait for a standby was cancelled. Nobody may be told so until a commit was
// confirmed.
func TestCancelledCommitIsNotReported(t *testing.T) {
	t.Parallel()
	l, owner, standby := standbyLedger(t)
	// waiting is the backend that waits for the standby, but for the given one.
	waiting := func(not int) (pid int) {
		eventually(t, "a commit waits for the standby", func() bool {
			err := owner.QueryRow(t.Context(), `
				select coalesce(max(pid), 0) from pg_stat_activity
				where wait_event = 'SyncRep' and application_name = 'yilu' and pid <> $1`, not).Scan(&pid)
			return err == nil && pid != 0
		})
		return pid
	}
	standby("nobody")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	type answer struct {
		rs  []Receipt
		err error
	}
	stays, leaves := make(chan answer, 1), make(chan answer, 1)
	unit := func(id string) Draft { return draft(id, request(id, 1), maker) }
	go func() {
		rs, err := l.Post(ctx, testBook, unit("z1"))
		leaves <- answer{rs, err}
	}()
	first := waiting(0)
	go func() {
		rs, err := l.Post(t.Context(), testBook, unit("z1")) // again, by another caller
		stays <- answer{rs, err}
	}()
	if _, err := owner.Exec(t.Context(), `select pg_cancel_backend($1)`, first); err != nil {
		t.Fatal(err)
	}
	waiting(first)
	var seen int
	if err := owner.QueryRow(t.Context(), `select count(*) from log.entry where id = 'z1'`).Scan(&seen); err != nil || seen != 1 {
		t.Fatalf("the entry of the cancelled commit is there %d times, %v: the test proves nothing", seen, err)
	}
	select {
	case a := <-leaves:
		t.Fatalf("told %+v %v of a commit that no standby confirmed", a.rs, a.err)
	case a := <-stays:
		t.Fatalf("told %+v %v of a commit that no standby confirmed", a.rs, a.err)
	default:
	}
	cancel()
	if a := <-leaves; !errors.Is(a.err, ErrUnknown) {
		t.Errorf("who left was told %+v %v", a.rs, a.err)
	}
	standby("")
	a := <-stays
	if a.err != nil || !a.rs[0].Repeated {
		t.Fatalf("once confirmed: %+v %v", a.rs, a.err)
	}
	r, err := l.Outcome(t.Context(), testBook, "z1")
	if err != nil || r.Seq != a.rs[0].Seq || r.LeafHash != a.rs[0].LeafHash {
		t.Errorf("outcome %+v %v, want %+v", r, err, a.rs[0])
	}
}
