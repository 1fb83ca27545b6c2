package web

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"yilu/alerts"
	"yilu/ledger"
)

// pastTests are the proposed changes of rules that are tried on the past (回测), in the
// background and one after the other. They are of this process and end with it: what
// counts of one is its hash, which goes into the log with the proposal.
type pastTests struct {
	mu  sync.Mutex
	all []*pastTest
	// turn is whose past is being read.
	turn sync.Mutex
}

const (
	// mostPastTests are kept, the oldest ended ones go first; mostPastWaiting may wait.
	mostPastTests   = 24
	mostPastWaiting = 4
	pastTime        = 30 * time.Minute
	// pastPatience is how long a page waits for a test that may be short.
	pastPatience = 3 * time.Second
)

// errPastBusy says that enough tests wait.
var errPastBusy = errors.New("enough back-tests are waiting")

// pastTest is one proposal and what the past says to it.
type pastTest struct {
	ID string
	// Owner began it: nobody else sees it before it is submitted.
	Owner    string
	Proposal proposal
	ended    chan struct{}

	mu       sync.Mutex
	done, of int64
	report   *alerts.TestedReport
	hash     string
	err      error
}

// Ended says whether it is over, Report and Hash what came of it, Failed that nothing did.
func (t *pastTest) Ended() bool {
	select {
	case <-t.ended:
		return true
	default:
		return false
	}
}

// Report is what was found, nil while it runs or if it failed.
func (t *pastTest) Report() *alerts.TestedReport { t.mu.Lock(); defer t.mu.Unlock(); return t.report }

// Hash names the report in the log.
func (t *pastTest) Hash() string { t.mu.Lock(); defer t.mu.Unlock(); return t.hash }

// Failed says that the past could not be read.
func (t *pastTest) Failed() bool { t.mu.Lock(); defer t.mu.Unlock(); return t.err != nil }

// Done and Of are how far it is, in entries.
func (t *pastTest) Done() int64 { t.mu.Lock(); defer t.mu.Unlock(); return t.done }

// Of is how many entries there are.
func (t *pastTest) Of() int64 { t.mu.Lock(); defer t.mu.Unlock(); return t.of }

// find returns a test of its owner, or nil.
func (p *pastTests) find(id, owner string) *pastTest {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.all {
		if t.ID == id && t.Owner == owner {
			return t
		}
	}
	return nil
}

// beginPast tries a proposal on the past and returns at once.
func (s *server) beginPast(ctx context.Context, owner string, p proposal) (*pastTest, error) {
	tests := &s.past
	tests.mu.Lock()
	defer tests.mu.Unlock()
	waiting := 0
	for i := len(tests.all) - 1; i >= 0; i-- {
		if !tests.all[i].Ended() {
			waiting++
		} else if len(tests.all) >= mostPastTests {
			tests.all = append(tests.all[:i:i], tests.all[i+1:]...)
		}
	}
	if waiting >= mostPastWaiting {
		return nil, errPastBusy
	}
	t := &pastTest{ID: rand.Text(), Owner: owner, Proposal: p, ended: make(chan struct{})}
	tests.all = append(tests.all, t)
	go s.runPast(ctx, t)
	return t, nil
}

// runPast runs a test when it is its turn.
func (s *server) runPast(ctx context.Context, t *pastTest) {
	defer close(t.ended)
	s.past.turn.Lock()
	defer s.past.turn.Unlock()
	ctx, cancel := behind(ctx, s.Stopping, pastTime)
	defer cancel()
	test := t.Proposal.test()
	test.Progress = func(done, of int64) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.done, t.of = done, of
	}
	report, err := test.Run(ctx, s.Alerts, s.Book)
	var text []byte
	if err == nil {
		text, err = report.Text()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err = err; err != nil {
		s.Log.ErrorContext(ctx, "back-test", "book", string(s.Book), "rule", t.Proposal.File.Code, "error", err)
		return
	}
	t.report, t.hash = &report.Rules[0], alerts.Hash(text)
}

// wait waits a little for a test that may be short.
func (t *pastTest) wait(ctx context.Context) {
	select {
	case <-t.ended:
	case <-ctx.Done():
	case <-time.After(pastPatience):
	}
}

// test is the proposal as a back-test.
func (p proposal) test() alerts.BackTest {
	test := alerts.BackTest{Rules: p.rules(), From: p.From, To: p.To, Live: true}
	switch b := p.Body.(type) {
	case *ledger.ParameterSet:
		test.Propose = []ledger.ParameterSet{*b}
	case *ledger.ExemptionSet:
		test.Exempt = []ledger.ExemptionSet{*b}
	}
	return test
}
