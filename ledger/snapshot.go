package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Reader is what reading needs: a pool, or one transaction.
type Reader interface {
	querier
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Snapshot lets several questions be answered from one state of the book, which
// others may move on meanwhile: what read is given answers as of the head it is
// given, and cannot post. It holds one connection of the reading pool until read
// returns, and serves one question at a time.
func (l *Ledger) Snapshot(ctx context.Context, book Book, read func(at *Ledger, head Head) error) error {
	if l.frozen != nil {
		return l.frozen.snapshot(ctx, book, read)
	}
	tx, err := l.Config.Read.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer rollback(ctx, tx)
	at := l.In(tx)
	head, err := at.Head(ctx, book)
	if err != nil {
		return err
	}
	return read(at, head)
}

// In reads in a transaction of the caller's, and cannot post: whoever holds a lock there
// must not wait for a second connection, which those who wait for the lock may have.
func (l *Ledger) In(tx pgx.Tx) *Ledger { return &Ledger{Config: l.Config, Read: tx, closed: true} }

// frozen is a state of a book that many may read at once: transactions that share
// one snapshot of the database.
type frozen struct {
	ledger *Ledger
	book   Book
	head   Head
	begin  string
	idle   chan pgx.Tx
	kept   *kept
}

// Freeze lets a whole site be read from one state of a book: every Snapshot and Head
// of the ledger that read is given is that state, and several may be under way at
// once, as many as width. It holds width connections of the reading pool, and one.
func (l *Ledger) Freeze(ctx context.Context, book Book, width int, read func(l *Ledger) error) error {
	return l.Snapshot(ctx, book, func(at *Ledger, head Head) error {
		var id string
		if err := at.Read.QueryRow(ctx, `select pg_export_snapshot()`).Scan(&id); err != nil {
			return fmt.Errorf("export snapshot: %w", err)
		}
		f := &frozen{ledger: l, book: book, head: head, idle: make(chan pgx.Tx, width), kept: &kept{answers: map[string]any{}},
			begin: "begin isolation level repeatable read read only; set transaction snapshot '" + id + "'"}
		defer f.end(ctx)
		for range width {
			tx, err := f.open(ctx)
			if err != nil {
				return err
			}
			f.idle <- tx
		}
		return read(&Ledger{Config: l.Config, Read: l.Read, closed: true, frozen: f})
	})
}

// open begins one more transaction on the snapshot.
func (f *frozen) open(ctx context.Context) (pgx.Tx, error) {
	tx, err := f.ledger.Config.Read.BeginTx(ctx, pgx.TxOptions{BeginQuery: f.begin})
	if err != nil {
		return nil, fmt.Errorf("share snapshot: %w", err)
	}
	return tx, nil
}

func (f *frozen) end(ctx context.Context) {
	for {
		select {
		case tx := <-f.idle:
			rollback(ctx, tx)
		default:
			return
		}
	}
}

// snapshot is Snapshot of a frozen book. A transaction in which something failed
// is of no more use, and another takes its place.
func (f *frozen) snapshot(ctx context.Context, book Book, read func(at *Ledger, head Head) error) error {
	if book != f.book {
		return fmt.Errorf("book %s: %w", book, ErrNotFound)
	}
	var tx pgx.Tx
	select {
	case tx = <-f.idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := read(&Ledger{Config: f.ledger.Config, Read: tx, kept: f.kept, closed: true}, f.head)
	if err != nil {
		rollback(ctx, tx)
		next, reopened := f.open(context.WithoutCancel(ctx))
		if reopened != nil {
			return errors.Join(err, reopened)
		}
		tx = next
	}
	f.idle <- tx
	return err
}
