package notify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

// Notifier queues messages and sends them. Any number of processes may run one
// over the same database.
type Notifier struct {
	pool     *pgxpool.Pool
	now      func() time.Time
	log      *slog.Logger
	channels []*channel
}

// channel is a receiver, ready to be sent to.
type channel struct {
	Channel
	list   string
	sender sender
	wake   chan struct{}
}

// sender hands one letter over: webhook, robot and mailer.
type sender interface {
	send(ctx context.Context, l letter) outcome
}

// New reads the secrets and makes a Notifier; nothing is sent before Run. Secrets
// are read here only: a new one needs a restart.
func New(pool *pgxpool.Pool, config Config, now func() time.Time, log *slog.Logger) (*Notifier, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("notifications: %w", err)
	}
	n := &Notifier{pool: pool, now: now, log: log}
	for _, c := range config.Channels {
		opened := &channel{Channel: c, list: config.List, wake: make(chan struct{}, 1)}
		if err := opened.open(); err != nil {
			return nil, fmt.Errorf("notifications: channel %s: %w", c.Name, err)
		}
		n.channels = append(n.channels, opened)
	}
	return n, nil
}

// open reads secrets and certificates.
func (c *channel) open() error {
	if c.Language == "" {
		c.Language = Chinese
	}
	if c.Kind == Mail {
		m, err := newMailer(c.Channel)
		c.sender = m
		return err
	}
	address, err := c.URL.read()
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if !isHTTPS(address) {
		return fmt.Errorf("url: want an address that begins with https://")
	}
	var secrets []string
	for _, s := range c.Secrets {
		secret, err := s.read()
		if err != nil {
			return fmt.Errorf("secrets: %w", err)
		}
		secrets = append(secrets, secret)
	}
	client, err := newClient(c.Channel)
	if err != nil {
		return err
	}
	if c.Kind == Webhook {
		c.sender = &webhook{client, address, secrets}
		return nil
	}
	r := &robot{dialect: dialects[c.Kind], client: client, address: address}
	if len(secrets) > 0 {
		r.secret = secrets[0]
	}
	c.sender = r
	return nil
}

func (c *channel) takes(m Message) bool {
	return slices.ContainsFunc(c.Routes, func(r Route) bool { return r.takes(m) })
}

// digests says whether many messages may go as one: people read digests,
// programs want each.
func (c *channel) digests() bool { return c.Kind != Webhook }

func (n *Notifier) names() []string {
	names := []string{}
	for _, c := range n.channels {
		names = append(names, c.Name)
	}
	return names
}

// instant is the clock's time as PostgreSQL keeps it.
func (n *Notifier) instant() time.Time { return n.now().UTC().Truncate(time.Microsecond) }

// limit is the channel's pace at an instant.
func (c *channel) limit(now time.Time) Limit { return limitOn(c.Limits, c.Kind, ledger.DateOf(now)) }

// Wake says that something was queued and committed. It never waits; without it
// the next poll finds the rows.
func (n *Notifier) Wake() {
	for _, c := range n.channels {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

const (
	poll       = time.Second
	afterFault = 5 * time.Second
)

// Run sends until ctx ends, each channel on its own, so that a dead receiver
// holds up nobody else. A sending that ctx cuts off is settled as interrupted and
// repeated by whoever runs next.
func (n *Notifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, c := range n.channels {
		all.Go(func() { n.serve(ctx, c) })
	}
	all.Wait()
}

func (n *Notifier) serve(ctx context.Context, c *channel) {
	for ctx.Err() == nil {
		pause := poll
		switch more, err := n.round(ctx, c); {
		case err != nil && ctx.Err() == nil:
			n.log.ErrorContext(ctx, "notifications wait", slog.String("channel", c.Name), slog.Any("error", err))
			pause = afterFault
		case more:
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}
