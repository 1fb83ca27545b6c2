package ledger

import (
	"context"
	"fmt"
)

// PhotosOf lists the photographs of some entries that were released, whether or not they
// still are, in the order of the entries.
func (l *Ledger) PhotosOf(ctx context.Context, book Book, entries []Seq) ([]Photo, error) {
	return collect[Photo](ctx, l.Read, "photographs", photoSchema.read+` where book = $1 and entry_seq = any($2) order by entry_seq, seq`, book, entries)
}

// PublicPhoto finds a picture that is public now by its base64 SHA-256, or ErrNotFound.
func (l *Ledger) PublicPhoto(ctx context.Context, book Book, picture string) (Photo, error) {
	rows, err := collect[Photo](ctx, l.Read, "photograph", photoSchema.read+` where book = $1 and picture = $2 and withdrawn_seq < 0 order by seq limit 1`, book, picture)
	if err != nil {
		return Photo{}, err
	}
	if len(rows) == 0 {
		return Photo{}, fmt.Errorf("photograph: %w", ErrNotFound)
	}
	return rows[0], nil
}

// Proofs lists proofs of posting in an area, by a division code or its beginning, the
// newest first: those before a seq, or the newest (None).
func (l *Ledger) Proofs(ctx context.Context, book Book, area string, before Seq, most int) ([]NoticeProof, error) {
	return collect[NoticeProof](ctx, l.Read, "proofs of posting", proofSchema.read+` where book = $1 and seq >= 0 and starts_with(place, $2) and ($3 < 0 or seq < $3) order by seq desc limit $4`, book, area, before, most)
}
