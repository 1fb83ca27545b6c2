package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Enqueue notes, in the caller's transaction, that messages are to be told on
// each channel whose routes take them. What is noted already stays as it is. A
// message of the wrong form is an error before anything is written. Call Wake
// after the commit.
func (n *Notifier) Enqueue(ctx context.Context, tx pgx.Tx, messages ...Message) error {
	now := n.instant()
	batch := &pgx.Batch{}
	for _, m := range messages {
		m, err := m.tidied()
		if err != nil {
			return fmt.Errorf("enqueue notification of %q: %w", m.Alert, err)
		}
		body, err := json.Marshal(m, json.Deterministic(true))
		if err != nil {
			return fmt.Errorf("enqueue notification of %q: %w", m.Alert, err)
		}
		for _, c := range n.channels {
			if !c.takes(m) {
				continue
			}
			batch.Queue(`
				insert into notify.outbox (book, id, alert, version, event, channel, level, seq, message, at, due_at)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
				on conflict (book, alert, version, event, channel) do nothing`,
				m.Book, m.deliveryID(c.Name), m.Alert, m.Version, m.Event, c.Name, m.Level, m.Seq, string(body), now)
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("enqueue notifications: %w", err)
	}
	return nil
}

// Delivery is one message on one channel, as people look at it.
type Delivery struct {
	ID      string
	Alert   string
	Event   Event
	Channel string
	Level   Level
	State   string // waiting, sent, failed
	At      time.Time
	Tries   int
	Reason  string // of the last try
}

// Failed lists the messages of a book that were given up, the most urgent first,
// at most a thousand.
func (n *Notifier) Failed(ctx context.Context, book ledger.Book) ([]Delivery, error) {
	rows, err := n.pool.Query(ctx, `
		select id, alert, event, channel, level, state, at, tries, reason from notify.outbox
		where book = $1 and state = 'failed'
		order by level, at, id limit 1000`, book)
	if err != nil {
		return nil, fmt.Errorf("failed notifications of %s: %w", book, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Delivery])
	if err != nil {
		return nil, fmt.Errorf("failed notifications of %s: %w", book, err)
	}
	return found, nil
}

// Attempt is one sending, or an operator's word that it be tried again.
type Attempt struct {
	Channel string
	Event   Event
	At      time.Time
	Outcome string
	Reason  string
}

// History lists what was tried to tell of one warning, oldest first.
func (n *Notifier) History(ctx context.Context, book ledger.Book, alert string) ([]Attempt, error) {
	rows, err := n.pool.Query(ctx, `
		select o.channel, o.event, a.at, a.outcome, a.reason
		from notify.outbox o join notify.attempt a on a.book = o.book and a.id = o.id
		where o.book = $1 and o.alert = $2
		order by a.at, o.channel, a.claim`, book, alert)
	if err != nil {
		return nil, fmt.Errorf("notifications of %s: %w", alert, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Attempt])
	if err != nil {
		return nil, fmt.Errorf("notifications of %s: %w", alert, err)
	}
	return found, nil
}

// Requeue gives failed messages their twelve tries again. Who asked for it is
// kept with the tries. It returns how many were failed indeed.
func (n *Notifier) Requeue(ctx context.Context, book ledger.Book, by string, ids ...string) (int, error) {
	if by = cut(oneLine(by), 100); by == "" {
		return 0, errors.New("requeue: want the name of who asks for it")
	}
	tag, err := n.pool.Exec(ctx, `
		with again as (
			update notify.outbox
			set state = 'waiting', tries = 0, claim = claim + 1, due_at = $3, outcome = 'requeued', reason = $4
			where book = $1 and id = any($2) and state = 'failed'
			returning book, id, claim)
		insert into notify.attempt (book, id, claim, at, outcome, reason)
		select book, id, claim, $3, 'requeued', $4 from again`,
		book, ids, n.instant(), "by "+by)
	if err != nil {
		return 0, fmt.Errorf("requeue notifications of %s: %w", book, err)
	}
	n.Wake()
	return int(tag.RowsAffected()), nil
}

// Status is how one channel fares, for health and metrics.
type Status struct {
	Channel string
	// Configured is false for rows of a channel that the file no longer names:
	// nobody sends them.
	Configured   bool
	Waiting      int
	Failed       int
	Oldest       time.Time // when the oldest waiting message was queued; zero if none waits
	FailingSince time.Time // zero if the receiver answers
	PausedUntil  time.Time // zero unless it lies ahead or the receiver is away
	Reason       string    // why it fails or pauses
}

// Status tells of each channel that is configured or has something open.
func (n *Notifier) Status(ctx context.Context) ([]Status, error) {
	rows, err := n.pool.Query(ctx, `
		select coalesce(c.Name, o.channel) as channel, c.Name is not null as configured,
			coalesce(o.waiting, 0) as waiting, coalesce(o.failed, 0) as failed,
			coalesce(o.oldest, '0001-01-01Z') as oldest, coalesce(p.failing_since, '0001-01-01Z') as failing_since,
			coalesce(p.paused_until, '0001-01-01Z') as paused_until, coalesce(p.reason, '') as reason
		from unnest($1::text[]) as c (name)
		full join (
			select channel, count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'failed') as failed,
				min(at) filter (where state = 'waiting') as oldest
			from notify.outbox where state <> 'sent' group by channel) o on o.channel = c.Name
		left join notify.channel p on p.name = coalesce(c.Name, o.channel) and (p.failing_since is not null or p.paused_until > $2)
		order by 1`, n.names(), n.instant())
	if err != nil {
		return nil, fmt.Errorf("status of notifications: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Status])
	if err != nil {
		return nil, fmt.Errorf("status of notifications: %w", err)
	}
	return found, nil
}
