package account

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// Whoever guesses is slowed down, and nobody is locked out: after some failures the next
// try has to wait, longer each time. Failures count for the account in the network that
// they came from. What comes from everywhere counts as well, but only against networks in
// which the account has not logged in lately (Limits.Known): so a stranger cannot keep an
// officer out.

// Delayed says that a log-in was not looked at: it comes too soon.
type Delayed struct{ After time.Duration }

func (e *Delayed) Error() string { return "too many failures, try again in " + e.After.String() }

// Network is the part of an address that counts as one place: /24, or /56 of IPv6.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "?"
	}
	bits := 56
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		bits = 24
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return "?"
	}
	return prefix.String()
}

// attempt is one try that is being looked at.
type attempt struct {
	id      int64
	person  []byte
	network string
}

// begin notes a try before anything is checked, so that a hundred at once count as a
// hundred, and refuses it if it comes too soon.
func (a *Accounts) begin(ctx context.Context, person, network string) (*attempt, error) {
	now := a.Now()
	t := &attempt{person: a.mark("attempt", person), network: network}
	err := a.Pool.QueryRow(ctx, `
		insert into account.attempt (book, person, network, at, state) values ($1, $2, $3, $4, 'open') returning id`, a.Book, t.person, network, now).Scan(&t.id)
	if err != nil {
		return nil, fmt.Errorf("note log-in: %w", err)
	}
	var here, elsewhere, all int
	var last, lastAll *time.Time
	var known bool
	err = a.Pool.QueryRow(ctx, `
		select count(*) filter (where person = $2 and network = $3), max(at) filter (where person = $2 and network = $3),
		       count(*) filter (where person = $2), count(*) filter (where network = $3), max(at),
		       exists (select from account.attempt k where k.book = $1 and k.person = $2 and k.network = $3 and k.state = 'good' and k.at > $5)
		from account.attempt
		where book = $1 and (person = $2 or network = $3) and state in ('open', 'failed') and at > $4 and id <> $6`,
		a.Book, t.person, network, now.Add(-a.Limits.Window), now.Add(-a.Limits.Known), t.id).Scan(&here, &last, &elsewhere, &all, &lastAll, &known)
	if err != nil {
		return nil, fmt.Errorf("count failed log-ins: %w", err)
	}
	wait := a.Limits.delay(here-a.Limits.Free, last, now)
	if !known {
		wait = max(wait, a.Limits.delay(max(elsewhere, all)-a.Limits.FreeElsewhere, lastAll, now))
	}
	if wait <= 0 {
		return t, nil
	}
	if err := a.settle(ctx, t, "held"); err != nil {
		return nil, err
	}
	return nil, &Delayed{wait}
}

// delay is how long to wait still after so many failures beyond the free ones.
func (l Limits) delay(beyond int, last *time.Time, now time.Time) time.Duration {
	if beyond < 0 || last == nil {
		return 0
	}
	return min(l.Delay<<min(beyond, 10), l.Window) - now.Sub(*last)
}

// settle says what became of a try. One that was held does not count: else whoever keeps
// trying would wait for ever.
func (a *Accounts) settle(ctx context.Context, t *attempt, state string) error {
	_, err := a.Pool.Exec(ctx, `update account.attempt set state = $2 where id = $1`, t.id, state)
	if err != nil {
		return fmt.Errorf("note log-in: %w", err)
	}
	if state != "good" {
		return nil
	}
	// Failures of the past say nothing any more once the right password came. They stay on
	// record: see Prune.
	_, err = a.Pool.Exec(ctx, `
		update account.attempt set state = 'past'
		where book = $1 and person = $2 and network = $3 and state in ('open', 'failed') and id < $4 and at > $5`,
		a.Book, t.person, t.network, t.id, a.Now().Add(-24*time.Hour))
	if err != nil {
		return fmt.Errorf("forget failed log-ins: %w", err)
	}
	return nil
}

// Failures is how many log-ins as somebody failed within the last day.
func (a *Accounts) Failures(ctx context.Context, id string) (int, error) {
	var n int
	err := a.Pool.QueryRow(ctx, `
		select count(*) from account.attempt where book = $1 and person = $2 and state in ('failed', 'held') and at > $3`,
		a.Book, a.mark("attempt", id), a.Now().Add(-24*time.Hour)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count failed log-ins: %w", err)
	}
	return n, nil
}
