package audit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yilu/audit/rowset"
)

// Restore appends the exact bytes of entries that the log once had, after an old
// backup. h is the locked head and moves on. The caller compares the root with a
// signed one before it commits.
func Restore(ctx context.Context, tx pgx.Tx, h *Head, leaves [][]byte) error {
	if err := rowset.Learn(ctx, tx.Conn()); err != nil {
		return fmt.Errorf("restore entries of book %s: %w", h.Book, err)
	}
	rows := make([]Row, len(leaves))
	for i, leaf := range leaves {
		l, err := ParseLeaf(leaf)
		if err == nil && (l.Book != h.Book || l.Seq != h.Size || l.At.Before(h.LastAt)) {
			err = fmt.Errorf("the leaf of entry %d of book %s", l.Seq, l.Book)
		}
		if err != nil {
			return fmt.Errorf("restore entry %d of book %s: %w", h.Size, h.Book, err)
		}
		rows[i] = h.appendLeaf(leaf)
		rows[i].ID, h.LastAt = l.ID, l.At
	}
	var b pgx.Batch
	QueueAppend(&b, *h, rows)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("restore entries of book %s: %w", h.Book, err)
	}
	return nil
}
