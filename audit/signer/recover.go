package signer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/audit/witness"
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

// AskAhead asks every witness whether it has cosigned more than the state knows, as
// after a restore, and says how many of how many answered. One that has is a *Halt,
// and the signer has halted. It is for before Run.
func (s *Signer) AskAhead(ctx context.Context) (answered, of int, err error) {
	size := s.state.note.Size
	if size == 0 {
		return 0, 0, nil
	}
	for _, w := range s.policy.Witnesses {
		if w.URL == "" {
			continue
		}
		of++
		_, err := s.Client.Ask(ctx, s.policy, w, []byte(s.state.note.Note), size, func(old uint64) ([]proof.Hash, error) {
			return proof.ProveConsistency(size, old, audit.HashReader(ctx, s.Pool, s.Book))
		})
		if ahead, ok := errors.AsType[*witness.Ahead](err); ok {
			halt := &Halt{WitnessAhead, s.Book, size, ahead.Known}
			s.warn(w.Name, err)
			s.halts(halt)
			return answered, of, halt
		}
		if err == nil {
			answered++
		}
	}
	return answered, of, nil
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
