package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
	"yilu/migrations/pgtest"
)

const (
	book = ledger.Book("411025")
	here = "10.1.2.0/24"
	away = "203.0.113.0/24"
	good = "Fu-Pin,2020 yi lu"
)

// rig is accounts on a database of their own, with a clock that is set by hand.
type rig struct {
	*Accounts
	t     *testing.T
	db    *pgtest.DB
	clock *time.Time
	// factor are the second factors by account.
	factor map[string]string
}

// cheap makes a hash in a tenth of a millisecond.
var cheap = Cost{Passes: 1, MemoryKiB: 64, Threads: 1}

func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	db := pgtest.New(t)
	now := time.Date(2020, 3, 18, 1, 0, 0, 0, time.UTC)
	c := Config{Pool: db.Pool, Book: book, Secret: make([]byte, 32), Now: func() time.Time { return now }, Cost: cheap}
	for _, f := range change {
		f(&c)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{a, t, db, &now, map[string]string{}}
}

func (r *rig) wait(d time.Duration) { *r.clock = r.clock.Add(d) }

func (r *rig) create(id, duty string) string {
	r.t.Helper()
	code, err := r.Create(r.t.Context(), "root", Person{ID: id, Duty: duty, Name: "王小明", Unit: "411025-CZ"})
	if err != nil {
		r.t.Fatal(err)
	}
	return code
}

// enrolled makes an account with password and second factor, and its session.
func (r *rig) enrolled(id string) *Session {
	r.t.Helper()
	ctx := r.t.Context()
	o, err := r.Begin(ctx, Try{Person: id, Password: good, Code: r.create(id, "business"), Network: here})
	if err != nil {
		r.t.Fatal(err)
	}
	f, err := r.NewFactor(ctx, r.session(o.Cookie), "一律")
	if err != nil {
		r.t.Fatal(err)
	}
	r.factor[id] = f.Secret
	o, err = r.Enrol(ctx, r.session(o.Cookie), r.code(id), here)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.session(o.Cookie)
}

func (r *rig) session(cookie string) *Session {
	r.t.Helper()
	s, err := r.Session(r.t.Context(), cookie)
	if err != nil {
		r.t.Fatalf("session: %v", err)
	}
	return s
}

// code is what the authenticator of an account shows now.
func (r *rig) code(id string) string {
	r.t.Helper()
	code, err := Code(r.factor[id], *r.clock)
	if err != nil {
		r.t.Fatal(err)
	}
	return code
}

// try logs in, and says what came of it.
func (r *rig) try(id, password, code, network string) (Opened, error) {
	return r.LogIn(r.t.Context(), Try{Person: id, Password: password, Code: code, Network: network})
}

func TestFirstPasswordAndFactor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	code := r.create("wang", "business")
	for name, c := range map[string]struct {
		p    Person
		want error
	}{
		"twice":  {Person{ID: "wang", Duty: "audit", Name: "王", Unit: "U"}, ErrExists},
		"case":   {Person{ID: "Wang", Duty: "audit", Name: "王", Unit: "U"}, ErrExists},
		"duty":   {Person{ID: "li", Duty: "money", Name: "李", Unit: "U"}, ErrName},
		"name":   {Person{ID: "li", Duty: "business", Name: " ", Unit: "U"}, ErrName},
		"letter": {Person{ID: "李", Duty: "business", Name: "李", Unit: "U"}, ErrName},
	} {
		if _, err := r.Create(ctx, "root", c.p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	begin := func(id, password, code string) (Opened, error) {
		return r.Begin(ctx, Try{Person: id, Password: password, Code: code, Network: here})
	}
	if _, err := r.try("wang", "", "", here); !errors.Is(err, ErrWrong) {
		t.Errorf("no password yet: %v", err)
	}
	if _, err := begin("wang", good, "AAAA-AAAA-AAAA-AAAA-AAAA"); !errors.Is(err, ErrWrong) {
		t.Errorf("another code: %v", err)
	}
	if _, err := begin("li", good, code); !errors.Is(err, ErrWrong) {
		t.Errorf("another account: %v", err)
	}
	if _, ok := errors.AsType[*Weak](second(begin("wang", "short", code))); !ok {
		t.Error("a weak password was taken")
	}
	o, err := begin("wang", good, strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := begin("wang", good+"!", code); !errors.Is(err, ErrWrong) {
		t.Errorf("the code twice: %v", err)
	}
	s := r.session(o.Cookie)
	if !r.NeedsFactor(s) || r.NeedsPassword(s) || r.Proven(s) {
		t.Errorf("the first session: %+v", s)
	}
	f, err := r.NewFactor(ctx, s, "一律 襄城县")
	if err != nil || !strings.HasPrefix(f.URI, "otpauth://totp/%E4%B8%80") || !strings.Contains(f.URI, "secret="+f.Secret) {
		t.Fatalf("factor %+v: %v", f, err)
	}
	if _, err := r.Enrol(ctx, s, "000000", here); !errors.Is(err, ErrWrong) {
		t.Errorf("a wrong first code: %v", err)
	}
	r.factor["wang"] = f.Secret
	next, err := r.Enrol(ctx, s, r.code("wang"), here)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Session(ctx, o.Cookie); !errors.Is(err, ErrNoSession) {
		t.Errorf("the session of before lives: %v", err)
	}
	if s := r.session(next.Cookie); r.NeedsFactor(s) || !r.Proven(s) || s.Form == o.Form {
		t.Errorf("enrolled: %+v", s)
	}
	var secret string
	if err := r.db.Owner.QueryRow(ctx, `select encode(secret, 'escape') || password from account.person where id = 'wang'`).Scan(&secret); err != nil || strings.Contains(secret, f.Secret) || strings.Contains(secret, good) {
		t.Errorf("stored in plain: %v", err)
	}
}

func second[A any](_ A, err error) error { return err }

// TestCodesAreGoodOnce: replayed, late and early ones.
func TestCodesAreGoodOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.enrolled("wang")
	if _, err := r.try("wang", good, r.code("wang"), here); !errors.Is(err, ErrWrong) {
		t.Errorf("the code of the enrolment again: %v", err)
	}
	r.wait(time.Minute)
	code := r.code("wang")
	if _, err := r.try("wang", good, code, here); err != nil {
		t.Fatalf("log in: %v", err)
	}
	if _, err := r.try("wang", good, code, here); !errors.Is(err, ErrWrong) {
		t.Errorf("replayed: %v", err)
	}
	r.wait(2 * time.Minute)
	late := r.code("wang")
	r.wait(30 * time.Second)
	if _, err := r.try("wang", good, late, here); err != nil {
		t.Errorf("half a minute late: %v", err)
	}
	r.wait(2 * time.Minute)
	late = r.code("wang")
	r.wait(61 * time.Second)
	if _, err := r.try("wang", good, late, here); !errors.Is(err, ErrWrong) {
		t.Errorf("a minute late: %v", err)
	}
	if _, err := r.try("wang", good, "", here); !errors.Is(err, ErrWrong) {
		t.Errorf("no code: %v", err)
	}
	r.wait(time.Minute)
	var opened atomic.Int64
	var all sync.WaitGroup
	code = r.code("wang")
	for range 4 {
		all.Go(func() {
			if _, err := r.LogIn(context.WithoutCancel(t.Context()), Try{Person: "wang", Password: good, Code: code, Network: here}); err == nil {
				opened.Add(1)
			}
		})
	}
	all.Wait()
	if opened.Load() > 1 {
		t.Errorf("one code opened %d sessions", opened.Load())
	}
}

// TestCodesOfRFC6238 are its vectors, cut to six digits.
func TestCodesOfRFC6238(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := codeAt([]byte("12345678901234567890"), stepOf(time.Unix(at, 0))); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
	if _, ok := stepOfCode([]byte("12345678901234567890"), "２８７ 082", time.Unix(59, 0)); !ok {
		t.Error("full-width digits and a blank are not read")
	}
}

// TestGuessingSlowsDown: per account and network, longer each time; elsewhere the person
// gets in.
func TestGuessingSlowsDown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.enrolled("wang")
	for i := range DefaultLimits.Free {
		if _, err := r.try("wang", "wrong", "", away); !errors.Is(err, ErrWrong) {
			t.Fatalf("failure %d: %v", i, err)
		}
	}
	var last time.Duration
	for range 4 {
		_, err := r.try("wang", "wrong", "", away)
		delayed, ok := errors.AsType[*Delayed](err)
		if !ok || delayed.After <= last {
			t.Fatalf("after %s: %v", last, err)
		}
		last = delayed.After
		r.wait(delayed.After)
		if _, err := r.try("wang", "wrong", "", away); !errors.Is(err, ErrWrong) {
			t.Fatalf("after waiting: %v", err)
		}
	}
	r.wait(time.Minute)
	if _, ok := errors.AsType[*Delayed](second(r.try("wang", good, r.code("wang"), away))); !ok {
		t.Error("the right password does not wait")
	}
	if _, err := r.try("wang", good, r.code("wang"), here); err != nil {
		t.Errorf("from the office: %v", err)
	}
	if n, err := r.Failures(t.Context(), "wang"); err != nil || n < 9 {
		t.Errorf("%d failures: %v", n, err)
	}
	r.wait(16 * time.Minute)
	if _, err := r.try("wang", good, r.code("wang"), away); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
}

// TestStrangersLockNobodyOut: failures from a hundred networks slow down the hundred and
// first, and not the one in which the person was before.
func TestStrangersLockNobodyOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.enrolled("wang")
	slowed := 0
	for i := range 60 {
		if _, ok := errors.AsType[*Delayed](second(r.try("wang", "wrong", "", fmt.Sprintf("198.51.%d.0/24", i)))); ok {
			slowed++
		}
	}
	if slowed < 20 {
		t.Errorf("%d of 60 networks were slowed down", slowed)
	}
	for i := range 60 {
		second(r.try(fmt.Sprintf("name%d", i), "wrong", "", away))
	}
	if _, ok := errors.AsType[*Delayed](second(r.try("another", "wrong", "", away))); !ok {
		t.Error("one network tries many names at its leisure")
	}
	r.wait(time.Minute)
	if _, err := r.try("wang", good, r.code("wang"), here); err != nil {
		t.Errorf("the person is locked out: %v", err)
	}
}

// TestManyGuessesAtOnce cannot get past the count.
func TestManyGuessesAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.enrolled("wang")
	var looked atomic.Int64
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			_, err := r.LogIn(context.WithoutCancel(t.Context()), Try{Person: "wang", Password: "wrong", Network: away})
			if errors.Is(err, ErrWrong) {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if looked.Load() > int64(DefaultLimits.Free)+3 {
		t.Errorf("%d of 40 guesses at once were looked at", looked.Load())
	}
}

// TestUnknownAndDisabledLookAlike: the same error for whoever has no account, no
// password, or was disabled, and the same work.
func TestUnknownAndDisabledLookAlike(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	s := r.enrolled("wang")
	r.create("fresh", "business")
	if err := r.Disable(ctx, "wang", "wang"); !errors.Is(err, ErrOwn) {
		t.Errorf("oneself: %v", err)
	}
	if err := r.Disable(ctx, "root", "wang"); err != nil {
		t.Fatal(err)
	}
	r.wait(time.Minute)
	for _, id := range []string{"wang", "fresh", "nobody", "", "王", strings.Repeat("x", 4000)} {
		if _, err := r.try(id, good, r.code("wang"), here); !errors.Is(err, ErrWrong) {
			t.Errorf("%.10s: %v", id, err)
		}
	}
	if list, err := r.Sessions(ctx, "wang"); err != nil || len(list) != 0 {
		t.Errorf("sessions of a disabled account: %v %v", list, err)
	}
	if err := r.Enable(ctx, "root", "wang"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.try("wang", good, r.code("wang"), away); err != nil {
		t.Errorf("enabled again: %v", err)
	}
	if err := r.Enable(ctx, "root", "wang"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("enabled twice: %v", err)
	}
	_ = s
}

// TestSessionsEnd: idle, whole, left, ended from elsewhere, and never by one's guess of
// another's name.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	r.enrolled("wang")
	open := func() Opened {
		t.Helper()
		r.wait(time.Minute)
		o, err := r.try("wang", good, r.code("wang"), here)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	gone := func(name, cookie string) {
		t.Helper()
		if _, err := r.Session(ctx, cookie); !errors.Is(err, ErrNoSession) {
			t.Errorf("%s: %v", name, err)
		}
	}
	idle := open()
	r.wait(DefaultLimits.Idle + time.Second)
	gone("idle", idle.Cookie)
	if who, err := r.Whose(ctx, idle.Cookie); err != nil || who != "wang" {
		t.Errorf("whose was it: %q %v", who, err)
	}
	whole := open()
	for range 47 {
		r.wait(10 * time.Minute)
		r.session(whole.Cookie)
	}
	r.wait(11 * time.Minute)
	gone("whole", whole.Cookie)
	one, two := open(), open()
	if err := r.End(ctx, r.session(one.Cookie), two.ID); err != nil {
		t.Errorf("end the other: %v", err)
	}
	gone("ended", two.Cookie)
	other := r.enrolled("li")
	if err := r.End(ctx, other, one.ID); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("another's session: %v", err)
	}
	if hint, err := r.Leave(ctx, r.session(one.Cookie)); err != nil || hint != nil {
		t.Error(hint, err)
	}
	gone("left", one.Cookie)
	gone("none", "")
	gone("made up", "AAAA")
	var stored int
	if err := r.db.Owner.QueryRow(ctx, `select count(*) from account.session where encode(hash, 'escape') like '%' || $1 || '%' or id = $1`, one.Cookie).Scan(&stored); err != nil || stored > 0 {
		t.Errorf("the cookie is stored: %v", err)
	}
}

// TestPasswordChange ends the other sessions, and old passwords do not come back.
func TestPasswordChange(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	s := r.enrolled("wang")
	r.wait(time.Minute)
	other, err := r.try("wang", good, r.code("wang"), here)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ChangePassword(ctx, s, "wrong", good+"2", here); !errors.Is(err, ErrWrong) {
		t.Errorf("without the old one: %v", err)
	}
	if _, ok := errors.AsType[*Weak](second(r.ChangePassword(ctx, s, good, good, here))); !ok {
		t.Error("the same password again")
	}
	o, err := r.ChangePassword(ctx, s, good, good+"2", here)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Session(ctx, other.Cookie); !errors.Is(err, ErrNoSession) {
		t.Errorf("the other session lives: %v", err)
	}
	if _, err := r.ChangePassword(ctx, s, good+"2", good+"3", here); !errors.Is(err, ErrNoSession) {
		t.Errorf("by the session of before: %v", err)
	}
	s = r.session(o.Cookie)
	for i := 3; i < 8; i++ {
		r.wait(time.Second)
		o, err := r.ChangePassword(ctx, s, good+fmt.Sprint(i-1), good+fmt.Sprint(i), here)
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		s = r.session(o.Cookie)
	}
	if _, ok := errors.AsType[*Weak](second(r.ChangePassword(ctx, s, good+"7", good+"3", here))); !ok {
		t.Error("one of the last five came back")
	}
	if o, err = r.ChangePassword(ctx, s, good+"7", good+"2", here); err != nil {
		t.Errorf("the sixth before: %v", err)
	}
	s = r.session(o.Cookie)
	r.wait(MLPS3.Longest)
	if r.NeedsPassword(s) {
		t.Error("too old on the last day")
	}
	r.wait(time.Second)
	if !r.NeedsPassword(s) {
		t.Error("not too old after 90 days")
	}
}

// TestResetTakesTwo: who asks does not release.
func TestResetTakesTwo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	s := r.enrolled("wang")
	if _, err := r.Release(ctx, "sec", "wang"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("nobody asked: %v", err)
	}
	if err := r.AskReset(ctx, "wang", "wang"); !errors.Is(err, ErrOwn) {
		t.Errorf("oneself: %v", err)
	}
	if err := r.AskReset(ctx, "sys", "wang"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Release(ctx, "sys", "wang"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("who asked: %v", err)
	}
	code, err := r.Release(ctx, "sec", "wang")
	if err != nil {
		t.Fatal(err)
	}
	if list, _ := r.Sessions(ctx, "wang"); len(list) != 0 {
		t.Error("the sessions live")
	}
	r.wait(time.Minute)
	if _, err := r.try("wang", good, r.code("wang"), here); !errors.Is(err, ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	r.wait(DefaultLimits.Code)
	if _, err := r.Begin(ctx, Try{Person: "wang", Password: good + "9", Code: code, Network: here}); !errors.Is(err, ErrWrong) {
		t.Errorf("after three days: %v", err)
	}
	code, err = r.ResetAtConsole(ctx, "wang")
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.Begin(ctx, Try{Person: "wang", Password: good + "9", Code: code, Network: here})
	if err != nil || !r.NeedsFactor(&o.Session) {
		t.Errorf("begin anew: %v", err)
	}
	events, err := r.Events(ctx, "wang", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, e := range events {
		said = append(said, e.Who+" "+e.What)
	}
	want := []string{"wang entered", "console reset", "sec reset", "sys reset asked", "wang factor", "wang entered", "root created"}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error("trail (-want +got):\n" + diff)
	}
	_ = s
}

// TestCodeBeforeMoney: five minutes, then again, and each code once.
func TestCodeBeforeMoney(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	s := r.enrolled("wang")
	r.wait(DefaultLimits.Proof)
	if !r.Proven(s) {
		t.Error("within five minutes")
	}
	r.wait(time.Second)
	if r.Proven(s) {
		t.Error("after five minutes")
	}
	if _, err := r.NewFactor(ctx, s, "x"); !errors.Is(err, ErrProof) {
		t.Errorf("another phone without a code: %v", err)
	}
	if err := r.Prove(ctx, s, "000000", here); !errors.Is(err, ErrWrong) {
		t.Errorf("a wrong code: %v", err)
	}
	code := r.code("wang")
	if err := r.Prove(ctx, s, code, here); err != nil || !r.Proven(s) {
		t.Errorf("prove: %v", err)
	}
	if err := r.Prove(ctx, s, code, here); !errors.Is(err, ErrWrong) {
		t.Errorf("the same code: %v", err)
	}
}

// TestDemoOpensNothingElsewhere: an account of the demonstration is none without it, and
// neither is its session.
func TestDemoOpensNothingElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Demo = true })
	ctx := t.Context()
	if err := r.SetDemo(ctx, good, Person{ID: "demo-maker", Duty: "business", Name: "演示", Unit: "U"}); err != nil {
		t.Fatal(err)
	}
	o, err := r.try("demo-maker", good, "", here)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.session(o.Cookie); r.NeedsFactor(s) || r.NeedsPassword(s) || !r.Proven(s) {
		t.Errorf("demo: %+v", s)
	}
	earnest, err := New(Config{Pool: r.db.Pool, Book: book, Secret: r.Secret, Now: r.Now, Cost: cheap})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := earnest.LogIn(ctx, Try{Person: "demo-maker", Password: good, Network: here}); !errors.Is(err, ErrWrong) {
		t.Errorf("in earnest: %v", err)
	}
	if _, err := earnest.Session(ctx, o.Cookie); !errors.Is(err, ErrNoSession) {
		t.Errorf("its session in earnest: %v", err)
	}
	r.enrolled("real")
	if err := r.SetDemo(ctx, good, Person{ID: "real", Duty: "business", Name: "真", Unit: "U"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a real account was made one of the demonstration: %v", err)
	}
}

// TestDutiesAreHeldBySQL: a session acts in no role of another duty, and a duty is for good.
func TestDutiesAreHeldBySQL(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	s := r.enrolled("wang")
	for _, role := range []ledger.Role{ledger.SystemAdmin, ledger.SecurityAdmin, ledger.AuditAdmin, ledger.Engine, "root"} {
		if _, err := r.Act(ctx, s, ledger.Holding{Role: role, Grant: "G"}); err == nil {
			t.Errorf("a business account acts as %s", role)
		}
	}
	o, err := r.Act(ctx, s, ledger.Holding{Role: ledger.Maker, Grant: "G"})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.session(o.Cookie); got.Role != ledger.Maker || got.Grant != "G" {
		t.Errorf("acts as %s", got.Role)
	}
	for _, sql := range []string{
		`update account.person set duty = 'audit' where id = 'wang'`, `update account.session set duty = 'audit'`, `update account.person set demo = true`,
		`update account.event set who = 'x'`, `delete from account.person`,
	} {
		if _, err := r.db.Pool.Exec(ctx, sql); err == nil {
			t.Errorf("the service may %s", sql)
		}
	}
	if _, err := r.db.Owner.Exec(ctx, `update account.person set duty = 'audit' where id = 'wang'`); err == nil {
		t.Error("the duty of an account with sessions was changed")
	}
}

func TestWordsOfForms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.enrolled("wang")
	if !r.MadeFor("wang", s.Form) || r.MadeFor("li", s.Form) || r.MadeFor("wang", "") || r.MadeFor("wang", "x.y") || r.MadeFor("wang", "A"+s.Form) {
		t.Error("words are told apart wrongly")
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	of := Person{ID: "zhangsan", Name: "张三", Unit: "411025-CZ"}
	for _, c := range []struct {
		password    string
		mlps3, asvs bool
	}{
		{good, true, true},
		{"Fu-Pin,2020y", true, false},
		{"Fu-Pin,2020", false, false},
		{"only small letters here", false, true},
		{"Password2020", false, false},
		{"P@ssw0rd12345678", false, false},
		{"!!!Iloveyou!!!2020", false, false},
		{"Aa1Aa1Aa1Aa1Aa1Aa1", false, false},
		{"Zhangsan-2020-fp", false, false},
		{"my 411025-CZ office 9", false, false},
		{strings.Repeat("aB3,x9", 30), false, false},
		{"扶贫路上一个都不能少2020年春A", true, true},
	} {
		if got := MLPS3.check(c.password, of) == nil; got != c.mlps3 {
			t.Errorf("mlps3 %q: %v", c.password, MLPS3.check(c.password, of))
		}
		if got := ASVS.check(c.password, of) == nil; got != c.asvs {
			t.Errorf("asvs %q: %v", c.password, ASVS.check(c.password, of))
		}
	}
	if n := len(commonPasswords()); n < 10_000 {
		t.Errorf("%d common passwords", n)
	}
	if p, ok := PolicyOf("asvs"); !ok || p.Name != "asvs" {
		t.Error("no asvs")
	}
	if _, ok := PolicyOf("none"); ok {
		t.Error("a policy none")
	}
}

func TestHashes(t *testing.T) {
	t.Parallel()
	one, two := hashOf(good, cheap), hashOf(good, cheap)
	if one == two || !fits(good, one) || fits(good+" ", one) || !strings.HasPrefix(one, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hash %s", one)
	}
	for _, bad := range []string{"", "x", "$argon2id$v=19$m=64,t=0,p=1$AAAA$AAAA", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=1$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=64,t=1,p=1$?$AAAA"} {
		if fits(good, bad) {
			t.Errorf("%q fits", bad)
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"10.1.2.3": "10.1.2.0/24", "::ffff:10.1.2.3": "10.1.2.0/24", "2001:db8:1:2:3::4": "2001:db8:1::/56", "fe80::1%eth0": "fe80::/56", "": "?", "x": "?",
	} {
		if got := Network(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
