package ledger

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/migrations/pgtest"
)

// link is a connection to PostgreSQL that can be cut where it hurts most:
// before a COMMIT reaches the server, or after the server has carried it out
// and before the client hears of it.
type link struct {
	mu  sync.Mutex
	cut cut
}

type cut int

const (
	never cut = iota
	beforeCommit
	afterCommit
	beforeBarrier
)

// arm cuts the connection that commits next.
func (l *link) arm(c cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = c
}

func (l *link) peek() cut {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// take disarms and says what was armed.
func (l *link) take() cut {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.cut
	l.cut = never
	return c
}

type linkConn struct {
	net.Conn
	link *link
}

func (c *linkConn) Write(b []byte) (int, error) {
	if c.link.peek() == beforeBarrier && bytes.Contains(b, []byte("pg_logical_emit_message")) {
		c.link.take()
		return 0, c.Conn.Close()
	}
	if c.link.peek() == beforeBarrier || !bytes.Contains(b, []byte("commit\x00")) {
		return c.Conn.Write(b)
	}
	switch c.link.take() {
	case beforeCommit:
		return 0, c.Conn.Close()
	case afterCommit:
		n, err := c.Conn.Write(b)
		if err == nil {
			_, _ = c.Conn.Read(make([]byte, 1<<10)) // the answer: it is done
		}
		_ = c.Conn.Close()
		return n, err
	}
	return c.Conn.Write(b)
}

// linkedPool is OpenPool over a link.
func linkedPool(t testing.TB, db *pgtest.DB, l *link) *pgxpool.Pool {
	t.Helper()
	plain, err := OpenPool(t.Context(), db.ServiceURL, 4, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	c := plain.Config()
	plain.Close()
	c.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &linkConn{conn, l}, nil
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
