package document

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
	"yilu/ledger"
)

// A document that no entry and no draft names is given up in three steps, so that nobody
// who is about to name it loses it: it is hidden, some days later its row goes, and then
// its bytes. Whatever ends a step in the middle, the next night goes on.

const (
	// hiddenFor is how long a document is hidden before its row goes.
	hiddenFor = 3 * 24 * time.Hour
	// namedChunk is how many entries are followed in one transaction, prunedChunk how many
	// documents are given up in one.
	namedChunk  = 1000
	prunedChunk = 200
)

// namesFile is how an entry names a file, in the bytes of its leaf.
var namesFile = regexp.MustCompile(`"sha256":"([A-Za-z0-9+/]{43}=)"`)

// Pruned says how much Prune gave up.
type Pruned struct{ Hidden, Rows, Files, Uploads int }

// Prune gives up what nobody needs: documents handed in before a time that neither an
// entry of the book nor held names, and uploads that have expired. held are base64
// SHA-256 of what drafts name.
func (s *Store) Prune(ctx context.Context, book ledger.Book, held []string, before, now time.Time) (p Pruned, err error) {
	for more := true; more && err == nil; {
		more, err = s.followNames(ctx, book)
	}
	if err != nil {
		return p, fmt.Errorf("follow names of files: %w", err)
	}
	hashes := make([][]byte, 0, len(held))
	for _, h := range held {
		if sum, err := base64.StdEncoding.DecodeString(h); err == nil {
			hashes = append(hashes, sum)
		}
	}
	if p.Hidden, p.Rows, err = s.pruneRows(ctx, book, hashes, before, now); err != nil {
		return p, fmt.Errorf("prune files: %w", err)
	}
	if p.Files, err = s.pruneBytes(ctx, before); err != nil {
		return p, fmt.Errorf("prune files: %w", err)
	}
	if err := s.sealClear(); err != nil { // of an older program beside this one
		return p, err
	}
	left, err := s.waiting(now) // without those that have expired
	if err != nil {
		return p, err
	}
	p.Uploads = len(left)
	return p, s.sweep(now)
}

// followNames notes the files that one chunk of entries names. The cursor's row orders
// those who do it at once.
func (s *Store) followNames(ctx context.Context, book ledger.Book) (more bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `insert into files.named_cursor (book, next_seq) values ($1, 0) on conflict do nothing`, book); err != nil {
			return err
		}
		var next int64
		if err := tx.QueryRow(ctx, `select next_seq from files.named_cursor where book = $1 for update`, book).Scan(&next); err != nil {
			return err
		}
		n := int64(0)
		var named [][]byte
		for row, err := range audit.ReadLeaves(ctx, tx, string(book), uint64(next), namedChunk) {
			if err != nil {
				return err
			}
			n++
			for _, found := range namesFile.FindAllSubmatch(row.Leaf, -1) {
				sum, err := base64.StdEncoding.DecodeString(string(found[1]))
				if err == nil {
					named = append(named, sum)
				}
			}
		}
		_, err := tx.Exec(ctx, `insert into files.named (book, sha256) select distinct $1, unnest($2::bytea[]) on conflict do nothing`, book, named)
		if err == nil {
			_, err = tx.Exec(ctx, `update files.named_cursor set next_seq = $2 where book = $1`, book, next+n)
		}
		more = n == namedChunk
		return err
	})
	return more, err
}

// pruneRows hides documents that nobody names, shows those again that are named by now,
// and removes the rows of those that were hidden for long enough.
func (s *Store) pruneRows(ctx context.Context, book ledger.Book, held [][]byte, before, now time.Time) (hidden, gone int, err error) {
	_, err = s.pool.Exec(ctx, `
		update files.stored s set removed_at = null
		where book = $1 and removed_at is not null
			and (sha256 = any($2) or exists (select from files.named n where n.book = s.book and n.sha256 = s.sha256))`, book, held)
	if err != nil {
		return 0, 0, err
	}
	for _, step := range []struct {
		n    *int
		sql  string
		args []any
	}{
		{&gone, `
			delete from files.stored s using (select book, sha256, unit from files.stored where book = $1 and removed_at < $2 limit $3) old
			where s.book = old.book and s.sha256 = old.sha256 and s.unit = old.unit and s.removed_at < $2`,
			[]any{book, now.Add(-hiddenFor), prunedChunk}},
		{&hidden, `
			update files.stored s set removed_at = $2 from (
				select book, sha256, unit from files.stored o
				where book = $1 and stored_at < $3 and removed_at is null and not sha256 = any($4)
					and not exists (select from files.named n where n.book = o.book and n.sha256 = o.sha256)
				limit $5) old
			where s.book = old.book and s.sha256 = old.sha256 and s.unit = old.unit and s.removed_at is null and s.stored_at < $3`,
			[]any{book, now, before, held, prunedChunk}},
	} {
		for {
			tag, err := s.pool.Exec(ctx, step.sql, step.args...)
			if err != nil {
				return hidden, gone, err
			}
			*step.n += int(tag.RowsAffected())
			if tag.RowsAffected() < prunedChunk {
				break
			}
		}
	}
	return hidden, gone, nil
}

// pruneBytes removes bytes that stand in no row and that no entry of any book names, if
// they have been there since before a time: what a crash left, and what lost its row.
func (s *Store) pruneBytes(ctx context.Context, before time.Time) (gone int, err error) {
	folders, err := fs.ReadDir(s.root.FS(), storedFolder)
	if err != nil {
		return 0, err
	}
	for _, folder := range folders {
		files, err := fs.ReadDir(s.root.FS(), path.Join(storedFolder, folder.Name()))
		if err != nil {
			return gone, err
		}
		var old [][]byte
		for _, f := range files {
			sum, err := hex.DecodeString(f.Name())
			info, infoErr := f.Info()
			if err == nil && infoErr == nil && info.ModTime().Before(before) {
				old = append(old, sum)
			}
		}
		for piece := range slices.Chunk(old, prunedChunk) {
			n, err := s.removeOrphans(ctx, piece)
			if gone += n; err != nil {
				return gone, err
			}
		}
	}
	return gone, nil
}

// removeOrphans removes those of some files that no row and no entry has.
func (s *Store) removeOrphans(ctx context.Context, sums [][]byte) (gone int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// Whoever hands in the same content holds the weaker lock from before the row until
		// the bytes are in their place: see Put.
		if _, err := tx.Exec(ctx, `lock table files.stored in share row exclusive mode`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			select sum from unnest($1::bytea[]) sum
			where not exists (select from files.stored s where s.sha256 = sum) and not exists (select from files.named n where n.sha256 = sum)`, sums)
		if err != nil {
			return err
		}
		orphans, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return err
		}
		for _, sum := range orphans {
			if err := s.root.Remove(storedAt(sum)); err != nil {
				return err
			}
			gone++
		}
		return nil
	})
	return gone, err
}
