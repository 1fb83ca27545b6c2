package ledger

import (
	"context"
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
	tx, err := l.Config.Read.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer rollback(ctx, tx)
	at := &Ledger{Config: l.Config, Read: tx, closed: true}
	head, err := at.Head(ctx, book)
	if err != nil {
		return err
	}
	return read(at, head)
}
