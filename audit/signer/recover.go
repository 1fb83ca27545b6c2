package signer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit"
	"yilu/audit/proof"
)

// Recover brings back entries that were signed and are missing from the database,
// from the public bundles, and says how many. It appends nothing unless the whole,
// with what the database still has, gives the signed root. The pool needs the right
// to append; the signer must not run. Sealed values are not in the bundles.
func Recover(ctx context.Context, c Config) (n uint64, err error) {
	s, err := Open(c)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	published, err := c.Public.Size()
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, c.Pool, func(tx pgx.Tx) error {
		h, err := audit.Lock(ctx, tx, c.Book)
		if err != nil {
			return err
		}
		first, want := h.Size, s.state.note.Size
		if published < want {
			return fmt.Errorf("%d entries were signed, only %d are published: look for the rest in a newer backup", want, published)
		}
		for h.Size < want {
			if err := restoreBundle(ctx, tx, c, &h, want); err != nil {
				return err
			}
		}
		n = h.Size - first
		if n > 0 && h.Root() != s.state.edge.Root() {
			return &Halt{HistoryChanged, c.Book, want, h.Size}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("recover book %s: %w", c.Book, err)
	}
	return n, nil
}

// restoreBundle appends the entries from the head on that are in one bundle.
func restoreBundle(ctx context.Context, tx pgx.Tx, c Config, h *audit.Head, want uint64) error {
	begin := h.Size &^ (proof.TileWidth - 1)
	width := int(min(want-begin, proof.TileWidth))
	b, err := c.Public.Read(tlog.Tile{H: proof.TileHeight, L: proof.Entries, N: int64(begin / proof.TileWidth), W: width})
	if err != nil {
		return err
	}
	leaves, err := proof.ReadBundle(b, width)
	if err != nil {
		return err
	}
	return audit.Restore(ctx, tx, h, leaves[h.Size-begin:])
}
