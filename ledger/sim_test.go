package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/migrations/pgtest"
)

var (
	simSeed  = flag.Uint64("seed", 0, "run the simulation with this seed only")
	simSteps = flag.Int("steps", 250, "steps of one run of the simulation")
	simFor   = flag.Duration("simfor", 0, "run the simulation with new seeds for so long")
)

func typeOf(b Body) reflect.Type { return reflect.TypeOf(b) }

// TestSim posts at random, under random faults, and holds the book against the
// model after every step. A failure names its seed:
//
//	go test ./ledger -run Sim -seed=7 [-steps=2000]
//	go test ./ledger -run Sim -simfor=10m
func TestSim(t *testing.T) {
	t.Parallel()
	seeds := []uint64{1, rand.Uint64N(1_000_000)}
	if *simSeed != 0 {
		seeds = []uint64{*simSeed}
	}
	until := time.Now().Add(*simFor)
	for n := 0; n < len(seeds); n++ {
		seed := seeds[n]
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			if *simFor == 0 {
				t.Parallel()
			}
			newSim(t, seed).run(*simSteps)
		})
		if n == len(seeds)-1 && *simFor > 0 && time.Now().Before(until) && !t.Failed() {
			seeds = append(seeds, rand.Uint64N(1_000_000))
		}
	}
}

// sim drives two ledgers on one book, as two server processes would be.
type sim struct {
	t       *testing.T
	seed    uint64
	r       *rand.Rand
	d       *draw
	m       *model
	db      *pgtest.DB
	links   [2]*link
	ledgers [2]*Ledger
	sealer  *audit.Sealer
	clock   time.Time

	step     int
	units    [][]Draft // everything that was posted
	receipts map[string]Receipt
	roots    []Head // as they were published on the way
	counts   map[string]int
	trail    []string
}

func newSim(t *testing.T, seed uint64) *sim {
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	m := newModel(func(n string) string { return personKey(sealer.Token(n)) })
	s := &sim{
		t: t, seed: seed, r: r, m: m, d: &draw{r: r, m: m}, db: pgtest.New(t), sealer: sealer,
		receipts: map[string]Receipt{}, counts: map[string]int{},
		// After all days that are drawn: each closed month puts them further on.
		clock: time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for i := range s.ledgers {
		s.links[i] = &link{}
		s.start(i)
	}
	if err := s.ledgers[0].CreateBook(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, l := range s.ledgers {
			l.Close()
		}
	})
	return s
}

// start makes a ledger as a server does when it starts. Its clock may be off.
func (s *sim) start(i int) {
	off := time.Duration(s.r.IntN(2000)-1000) * time.Millisecond
	s.ledgers[i] = New(Config{Pool: linkedPool(s.t, s.db, s.links[i]), Read: s.db.Pool, Sealer: s.sealer, Now: func() time.Time { return s.clock.Add(off) }})
}

func (s *sim) fatalf(format string, args ...any) {
	s.t.Helper()
	if from := len(s.trail) - 12; from > 0 {
		s.trail = s.trail[from:]
	}
	s.t.Fatalf("seed %d, step %d: %s\nlast steps:\n%s\nagain: go test ./ledger -run Sim -seed=%d -steps=%d",
		s.seed, s.step, fmt.Sprintf(format, args...), strings.Join(s.trail, "\n"), s.seed, max(s.step, *simSteps))
}

func (s *sim) run(steps int) {
	for s.step = 1; s.step <= steps; s.step++ {
		s.clock = s.clock.Add(time.Duration(s.r.IntN(3_600_000_000)) * time.Microsecond)
		s.d.m = s.m
		s.once()
		s.checkMoney()
		if s.step%60 == 0 || s.step == steps {
			s.checkAll()
		}
	}
	s.t.Logf("seed %d: %d entries, %d moves, %v", s.seed, len(s.m.log), len(s.m.moves), s.counts)
}

// once does one thing at random.
func (s *sim) once() {
	switch n := s.r.IntN(100); {
	case s.step < 8 || n < 20:
		s.settle()
	case n < 34:
		s.post(s.d.submit(s.several(4, false)))
	case n < 50:
		s.post(s.d.decide(""))
	case n < 80:
		s.post(s.several(2, true))
	case n < 88:
		s.again()
	case n < 91:
		s.invalid()
	case n < 97:
		s.burst()
	case n < 98:
		s.restart()
	default:
		s.post([]Draft{s.d.twoPersons()})
	}
}

// several draws what is posted together.
func (s *sim) several(most int, alone bool) []Draft {
	var unit []Draft
	for range 1 + s.r.IntN(most) {
		unit = append(unit, s.d.drafts(alone)...)
	}
	if alone && s.d.chance(60) && len(unit) > 0 { // one thing, and no more
		unit = s.d.drafts(true)
	}
	return unit
}

// settle submits something and has it decided, with facts to build on first.
func (s *sim) settle() {
	var unit []Draft
	switch {
	case s.step <= 2:
		unit = []Draft{s.d.wrap(&FundReceived{Fund: s.d.id("F"), Document: "豫财农〔2019〕1号", Name: "资金", Level: "central", Amount: 900_000, Issued: "2020-01-07", Year: "2020"}, nil)}
	case s.step <= 4:
		unit = []Draft{s.d.wrap(approvedProject(s.d.id("P"), s.d.fund(), 400_000), nil)}
	case s.step <= 7:
		unit = []Draft{s.d.wrap(s.d.allocation("襄财〔2020〕1号"), nil)}
	case s.d.chance(40): // money to spend, or all payments would soon be refused
		unit = []Draft{s.d.wrap(s.d.allocation("襄财〔2020〕1号"), nil)}
		for n := 0; n < 20 && !s.m.likes(unit); n++ {
			unit[0].Body = s.d.allocation("襄财〔2020〕1号")
		}
	default:
		unit = s.several(2, false)
	}
	made := s.d.submit(unit)
	s.post(made)
	s.d.m = s.m
	s.post(s.d.decide(made[0].Body.(*SubmissionMade).Submission))
}

// again posts something that was posted before: as it was, with other content,
// or in part.
func (s *sim) again() {
	if len(s.units) == 0 {
		return
	}
	unit := slices.Clone(pick(s.d, s.units...))
	switch s.r.IntN(5) {
	case 0: // other content in one place
		i := s.r.IntN(len(unit))
		other := &unit[i]
		switch {
		case other.Sealed[fieldName] != "" && s.d.chance(50):
			other.Sealed = map[string]string{fieldName: "别人", fieldIDNumber: other.Sealed[fieldIDNumber]}
		case s.d.chance(50):
			other.On = "2021-12-31"
		default:
			other.By.Unit = "411025-QT"
		}
	case 1: // an id that was used, among new ones
		unit = []Draft{unit[s.r.IntN(len(unit))], s.d.works()}
	case 2:
		unit = unit[:1]
	}
	s.post(unit)
}

// invalid posts what must be refused whatever the book holds.
func (s *sim) invalid() {
	unit := s.d.drafts(true)
	broken := &unit[s.r.IntN(len(unit))]
	switch s.r.IntN(6) {
	case 0:
		broken.ID = "../etc"
	case 1:
		broken.On = "2020-02-30"
	case 2:
		broken.By.Role = "admin"
	case 3:
		broken.By.User = ""
	case 4:
		broken.Sealed = map[string]string{"secret": "x"}
	case 5:
		broken.Kind = "fund.printed"
	}
	_, err := s.ledger().Post(s.t.Context(), testBook, unit...)
	if _, ok := errors.AsType[*Invalid](err); !ok {
		s.fatalf("invalid %+v: %v", *broken, err)
	}
	s.counts["invalid"]++
}

func (s *sim) ledger() *Ledger { return s.ledgers[s.r.IntN(2)] }

func (s *sim) restart() {
	i := s.r.IntN(2)
	s.ledgers[i].Close()
	if _, err := s.ledgers[i].Post(s.t.Context(), testBook, s.d.works()); err == nil {
		s.fatalf("a closed ledger posts")
	}
	s.start(i)
	s.counts["restart"]++
}

// post posts one unit, maybe under a fault, and settles what became of it.
func (s *sim) post(unit []Draft) {
	after, word := s.m.post(unit)
	i := s.r.IntN(2)
	s.note("ledger %d: %s, want %q", i, kindsOf(unit), word)
	rs, err := s.faulty(i, unit)
	if !s.uncertain(err) {
		s.settled(unit, after, word, rs, err, false)
		return
	}
	s.note("fault: %v", err)
	// All or nothing, and that for good: the ledger answers what it has under way
	// before it says.
	found := 0
	for _, d := range unit {
		if s.outcome(i, d.ID) {
			found++
		}
	}
	if found > 0 && word != conflict && (found < len(unit) || word != accepted && word != repeated) {
		s.fatalf("%d of %d entries are posted, want %q", found, len(unit), word)
	}
	if found > 0 && !s.outcome(1-i, unit[0].ID) {
		s.fatalf("the other ledger does not know %s", unit[0].ID)
	}
	if found > 0 && errors.Is(err, ErrUnavailable) && word == accepted {
		s.fatalf("told that nothing was posted")
	}
	rs, err = s.ledgers[(i+s.r.IntN(2))%2].Post(s.t.Context(), testBook, unit...)
	s.settled(unit, after, word, rs, err, true)
}

// outcome asks what became of an id until there is an answer: a connection of
// the pool may be dead.
func (s *sim) outcome(i int, id string) (found bool) {
	for range 20 {
		r, err := s.ledgers[i].Outcome(s.t.Context(), testBook, id)
		if err == nil {
			if known, ok := s.receipts[id]; ok && r != known {
				s.fatalf("outcome %+v, was %+v", r, known)
			}
			return true
		}
		if errors.Is(err, ErrNotFound) {
			return false
		}
	}
	s.fatalf("no outcome of %s", id)
	return false
}

func (s *sim) note(format string, args ...any) {
	s.trail = append(s.trail, fmt.Sprintf("%5d ", s.step)+fmt.Sprintf(format, args...))
}

func kindsOf(unit []Draft) string {
	var b strings.Builder
	for _, d := range unit {
		fmt.Fprintf(&b, "%s %s %+v by %s on %s corrects %d; ", d.ID, d.Kind, d.Body, d.By.User, d.On, d.Corrects)
	}
	return b.String()
}

// uncertain says that a caller has to ask what became of its post.
func (s *sim) uncertain(err error) bool {
	return errors.Is(err, ErrUnknown) || errors.Is(err, ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// faulty posts while something may go wrong.
func (s *sim) faulty(i int, unit []Draft) ([]Receipt, error) {
	ctx, l := s.t.Context(), s.ledgers[i]
	switch n := s.r.IntN(100); {
	case n < 4:
		s.counts["cancel"]++
		ctx, cancel := context.WithTimeout(ctx, time.Duration(s.r.IntN(4000))*time.Microsecond)
		defer cancel()
		return l.Post(ctx, testBook, unit...)
	case n < 6:
		s.counts["kill"]++
		return s.underKills(i, unit)
	case n < 10:
		c := pick(s.d, beforeCommit, afterCommit)
		s.counts[fmt.Sprintf("cut%d", c)]++
		s.links[i].arm(c)
		defer s.links[i].take()
		return l.Post(ctx, testBook, unit...)
	}
	return l.Post(ctx, testBook, unit...)
}

// underKills ends the server's backends again and again while it posts.
func (s *sim) underKills(i int, unit []Draft) ([]Receipt, error) {
	type answer struct {
		rs  []Receipt
		err error
	}
	done := make(chan answer, 1)
	go func() {
		rs, err := s.ledgers[i].Post(s.t.Context(), testBook, unit...)
		done <- answer{rs, err}
	}()
	for range 1 + s.r.IntN(3) {
		for range s.r.IntN(2000) {
			runtime.Gosched()
		}
		_, err := s.db.Owner.Exec(s.t.Context(), `
			select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and application_name = 'yilu'`)
		if err != nil {
			s.fatalf("kill backends: %v", err)
		}
	}
	a := <-done
	return a.rs, a.err
}

// settled holds an answer to the prediction and goes on with the model after
// it. asked says that the unit was posted before and may be in the book.
func (s *sim) settled(unit []Draft, after *model, word string, rs []Receipt, err error, asked bool) {
	s.t.Helper()
	if word != accepted && word != repeated {
		s.counts["refused:"+word]++
		if got := wordOf(err); got != word {
			s.fatalf("got %q %v, want %q", got, err, word)
		}
		return
	}
	if err != nil {
		s.fatalf("got %q %v, want %q", wordOf(err), err, word)
	}
	for n, r := range rs {
		want := after.ids[unit[n].ID]
		if r.ID != unit[n].ID || r.Seq != want || r.Hash == ([32]byte{}) || r.LeafHash == (proof.Hash{}) {
			s.fatalf("receipt %+v, want seq %d of %s", r, want, unit[n].ID)
		}
		if first, known := s.receipts[r.ID]; known {
			if r.Repeated = false; r != first {
				s.fatalf("receipt %+v, was %+v", r, first)
			}
			continue
		}
		if r.Repeated && !asked && s.counts["kill"]+s.counts["cut2"] == 0 {
			s.fatalf("receipt %+v is repeated", r)
		}
		r.Repeated = false
		s.receipts[r.ID] = r
		s.counts[string(unit[n].Kind)]++
	}
	if word == accepted {
		after.learn(rs)
		s.m = after
		s.units = append(s.units, unit)
	}
	s.counts["ok"]++
}

// wordOf is the word by which an error says why.
func wordOf(err error) string {
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Problems[0].Rule
	}
	if _, ok := errors.AsType[*Conflict](err); ok {
		return conflict
	}
	return ""
}

// burst has several callers wait at once, in a known order, some of whom give
// up; what is left is judged in one group.
func (s *sim) burst() {
	type caller struct {
		unit    []Draft
		rs      []Receipt
		err     error
		gave    bool
		cancel  context.CancelFunc
		settled chan struct{}
	}
	i := s.r.IntN(2)
	l := s.ledgers[i]
	callers := make([]*caller, 2+s.r.IntN(6))
	for n := range callers {
		c := &caller{settled: make(chan struct{})}
		switch {
		case n > 0 && s.d.chance(15):
			c.unit = callers[n-1].unit
		case n > 0 && s.d.chance(8):
			c.unit = slices.Clone(callers[n-1].unit)
			c.unit[0].On = "2021-11-11"
		case s.d.chance(25):
			c.unit = s.d.decide("")
		case s.d.chance(25):
			c.unit = s.d.submit(s.several(2, false))
		default:
			c.unit = s.several(1, true)
		}
		callers[n] = c
	}
	var posts []func()
	for _, c := range callers {
		ctx, cancel := context.WithCancel(s.t.Context())
		c.cancel, c.gave = cancel, s.d.chance(10)
		posts = append(posts, func() {
			defer close(c.settled)
			c.rs, c.err = l.Post(ctx, testBook, c.unit...)
		})
	}
	inOneGroup(s.t, l, s.db, append(posts, func() {
		for _, c := range callers {
			if c.gave {
				c.cancel()
				<-c.settled
			}
		}
		_, _ = l.Post(s.t.Context(), testBook, draft("none", &PaymentPaid{Payment: "none"}, payer))
	})...)
	for _, c := range callers {
		c.cancel()
		if c.gave {
			if !errors.Is(c.err, context.Canceled) {
				s.fatalf("gave up, and got %v", c.err)
			}
			continue
		}
		after, word := s.m.post(c.unit)
		s.note("burst on %d: %s, want %q", i, kindsOf(c.unit), word)
		s.settled(c.unit, after, word, c.rs, c.err, true)
	}
	s.counts["burst"]++
}

// checkMoney holds the equations that must be true at every moment, by SQL.
func (s *sim) checkMoney() {
	s.t.Helper()
	var funds, negative, legs, balances, size int
	err := s.db.Owner.QueryRow(s.t.Context(), `
		select
			(select count(*) from proj.fund where received <> in_hand + allocated + paid + returned or least(in_hand, allocated, paid, returned) < 0),
			(select count(*) from proj.account where balance < 0 and account not like 'source/%')
				+ (select count(*) from proj.quota where least(budget, allocated - requested - paid, requested, paid) < 0)
				+ (select count(*) from proj.contract where requested + paid > case when settled <> 0 then settled else amount end),
			(select count(*) from (select 1 from proj.leg group by at_seq, entry_seq, fund having sum(amount) <> 0) v),
			(select count(*) from proj.account a where balance <> (select sum(amount) from proj.leg l where l.account = a.account)
				or balance <> (select sum(amount) from proj.turnover l where l.account = a.account)),
			(select size from log.head)`).Scan(&funds, &negative, &legs, &balances, &size)
	if err != nil {
		s.fatalf("check money: %v", err)
	}
	if funds+negative+legs+balances != 0 || size != len(s.m.log) {
		s.fatalf("%d funds off, %d negative, %d movements off, %d accounts off, %d entries, want %d", funds, negative, legs, balances, size, len(s.m.log))
	}
}

// checkAll holds everything that can be asked to the model.
func (s *sim) checkAll() {
	s.t.Helper()
	ctx := s.t.Context()
	s.checkLog()
	if diff := cmp.Diff(s.m.picture(), s.picture()); diff != "" {
		s.fatalf("projections (-model +book):\n%s", diff)
	}
	if err := audit.VerifyBook(ctx, s.db.Owner, string(testBook), nil); err != nil {
		s.fatalf("verify: %v", err)
	}
	if r, err := Rebuild(ctx, s.db.Owner, testBook, Replay{}); err != nil {
		s.fatalf("rebuild: %+v %v", r, err)
	}
	if len(s.m.log) > 0 {
		seq := Seq(s.r.IntN(len(s.m.log)))
		s.checkAs(As{Seq: seq, Given: true}, func(v modelMove) bool { return v.at <= seq })
	}
	day := s.d.day()
	s.checkAs(As{Day: day}, func(v modelMove) bool { return v.on <= day })
	s.checkAs(As{}, func(modelMove) bool { return true })
}

// checkLog reads every entry: those acknowledged, each once, and no other; and
// the root over all of them.
func (s *sim) checkLog() {
	s.t.Helper()
	rows, err := s.db.Owner.Query(s.t.Context(), `select seq, id, leaf from log.entry order by seq`)
	if err != nil {
		s.fatalf("%v", err)
	}
	var leaves []proof.Hash
	var seq Seq
	var id string
	var leaf []byte
	_, err = pgx.ForEachRow(rows, []any{&seq, &id, &leaf}, func() error {
		e, err := DecodeEntry(leaf)
		if err != nil {
			return err
		}
		h := proof.Hash(sha256.Sum256(append([]byte{0}, leaf...)))
		if r := s.receipts[id]; seq != Seq(len(leaves)) || r.Seq != seq || r.LeafHash != h || r.Hash != e.Hash || !r.At.Equal(e.At) || s.m.log[seq].ID != id {
			return fmt.Errorf("entry %d is %s, acknowledged as %+v", seq, id, r)
		}
		leaves = append(leaves, h)
		return nil
	})
	if err != nil {
		s.fatalf("log: %v", err)
	}
	if len(leaves) != len(s.receipts) || len(leaves) != len(s.m.log) {
		s.fatalf("%d entries, %d acknowledged, %d in the model", len(leaves), len(s.receipts), len(s.m.log))
	}
	head, err := s.ledgers[0].Head(s.t.Context(), testBook)
	if err != nil || len(leaves) > 0 && head.Root != naiveRoot(leaves) {
		s.fatalf("root %x of %d entries, want %x: %v", head.Root, head.Size, naiveRoot(leaves), err)
	}
	for _, old := range s.roots { // the log only grew
		if naiveRoot(leaves[:old.Size]) != old.Root {
			s.fatalf("the root of the first %d entries was %x", old.Size, old.Root)
		}
	}
	if head.Size > 0 {
		s.roots = append(s.roots, head)
	}
}

// naiveRoot is MTH of RFC 6962 §2.1, word for word.
func naiveRoot(leaves []proof.Hash) [32]byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	l, r := naiveRoot(leaves[:k]), naiveRoot(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

// checkAs compares all balances as of some moment.
func (s *sim) checkAs(as As, counts func(modelMove) bool) {
	s.t.Helper()
	want, got := map[string]Amount{}, map[string]Amount{}
	for _, v := range s.m.moves {
		if counts(v) {
			want[v.from] -= v.amount
			want[v.to] += v.amount
		}
	}
	for page := (Page{Limit: 7}); ; {
		rows, next, err := s.ledgers[1].Balances(s.t.Context(), testBook, "", as, page)
		if err != nil {
			s.fatalf("balances as %+v: %v", as, err)
		}
		for _, r := range rows {
			got[r.Account] = r.Balance
		}
		if page.After = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.fatalf("balances as %+v (-model +book):\n%s", as, diff)
	}
}

// picture is everything the projections hold in numbers and states, as text by
// key; rows that say nothing are left out.
type picture map[string]string

func (p picture) put(key string, values ...any) {
	if text := fmt.Sprint(values...); strings.Trim(text, " 0") != "" {
		p[key] = text
	}
}

func (s *sim) picture() picture {
	s.t.Helper()
	p := picture{}
	rows, err := s.db.Owner.Query(s.t.Context(), `
		select 'fund ' || fund, concat_ws(' ', received, in_hand, allocated, paid, returned) from proj.fund
		union all select 'project ' || project, state from proj.project
		union all select 'total ' || project, concat_ws(' ', budget, allocated, requested, paid, contracts) from proj.project_total
		union all select 'quota ' || quota, concat_ws(' ', budget, allocated, requested, paid) from proj.quota
		union all select 'tender ' || tender, concat_ws(' ', state, bids, price) || ' ' || winner from proj.tender
		union all select 'bid ' || bid, 'stands' from proj.bid where not withdrawn
		union all select 'contract ' || contract, concat_ws(' ', signed, amount, settled, requested, paid, withdrawn) from proj.contract
		union all select 'payment ' || payment, concat_ws(' ', state, amount, returned, lines, requested_seq) || ' ' || payee from proj.payment
		union all select 'payee ' || payee, concat_ws(' ', payments, requested, paid) from proj.payee
		union all select 'line ' || line_key, concat_ws(' ', amount, returned) from proj.grant_line
		union all select 'submission ' || submission, concat_ws(' ', state, maker, first_seq, last_seq) from proj.submission
		union all select 'reversal ' || target_key, by_seq::text from proj.reversal
		union all select 'closed', period from proj.period
		union all select 'event ' || project || '/' || at_seq || '/' || entry_seq, 'of ' || amount from proj.event`)
	if err != nil {
		s.fatalf("%v", err)
	}
	var key, text string
	if _, err = pgx.ForEachRow(rows, []any{&key, &text}, func() error { p.put(key, text); return nil }); err != nil {
		s.fatalf("%v", err)
	}
	return p
}

func (m *model) picture() picture {
	p := picture{}
	for f := range m.funds {
		var received, returned, held, paid Amount
		for _, v := range m.moves {
			sign := Amount(1)
			if v.fund != f {
				continue
			}
			if v.to == "source/"+f {
				sign = -1
			}
			switch v.why {
			case "receive":
				received += sign * v.amount
			case "recall":
				returned -= sign * v.amount
			case "pay":
				paid += v.amount
			case "back":
				paid -= v.amount
			}
			for account, sign := range map[string]Amount{v.from: -1, v.to: 1} {
				if strings.HasPrefix(account, "unit/") || strings.HasPrefix(account, "project/") {
					held += sign * v.amount
				}
			}
		}
		p.put("fund "+f, fmt.Sprintf("%d %d %d %d %d", received, m.balance("hand/"+f), held, paid, returned))
	}
	m.pictureProjects(p)
	m.picturePayments(p)
	for id, t := range m.tenders {
		p.put("tender "+id, fmt.Sprintf("%s %d %d %s", t.state, t.bids, t.price, t.winner))
	}
	for k, stands := range m.bids {
		if stands {
			p.put("bid "+k[0]+"/"+k[1], "stands")
		}
	}
	for id, sub := range m.subs {
		p.put("submission "+id, fmt.Sprintf("%s %s %d %d", sub.state, sub.maker, sub.first, sub.last))
	}
	for target, by := range m.reversed {
		p.put(fmt.Sprintf("reversal %d", target), fmt.Sprint(int64(by)))
	}
	for key, a := range m.events {
		p.put("event "+key, fmt.Sprintf("of %d", a))
	}
	p.put("closed", m.closed)
	return p
}

func (m *model) pictureProjects(p picture) {
	for id, state := range m.projects {
		p.put("project "+id, state)
		var all [4]Amount
		for f := range m.funds {
			account := "project/" + id + "/" + f
			q := [4]Amount{m.budget(id, f), m.allocated(id, f),
				m.requested(func(x modelPayment) bool { return x.project == id && x.fund == f }),
				m.paid(func(v modelMove) bool { return v.from == account || v.to == account })}
			p.put("quota "+id+"/"+f, fmt.Sprintf("%d %d %d %d", q[0], q[1], q[2], q[3]))
			for i := range q {
				all[i] += q[i]
			}
		}
		p.put("total "+id, fmt.Sprintf("%d %d %d %d %d", all[0], all[1], all[2], all[3], m.contracted(id)))
	}
}

func (m *model) picturePayments(p picture) {
	for id, k := range m.contracts {
		withdrawn := "f"
		if k.withdrawn {
			withdrawn = "t"
		}
		p.put("contract "+id, fmt.Sprintf("%d %d %d %d %d %s", k.signed, k.amount, k.settled,
			m.requested(func(x modelPayment) bool { return x.contract == id }), m.paid(func(v modelMove) bool { return v.contract == id }), withdrawn))
	}
	type sums struct {
		payments  int
		requested Amount
	}
	payees := map[string]sums{}
	for id, x := range m.payments {
		p.put("payment "+id, fmt.Sprintf("%s %d %d %d %d %s", x.state, x.amount, x.returned, x.lines, x.entry, x.payee))
		y := payees[x.payee]
		y.payments++
		if x.state != StateWithdrawn && x.state != StateRejected {
			y.requested += x.amount
		}
		payees[x.payee] = y
	}
	for key, y := range payees {
		p.put("payee "+key, fmt.Sprintf("%d %d %d", y.payments, y.requested, m.balance("payee/"+key)))
	}
	for key, l := range m.lines {
		p.put("line "+key, fmt.Sprintf("%d %d", l.amount, l.returned))
	}
}
