package audit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yilu/audit/proof"
)

// Forge changes a stored entry past all guards, as somebody could who has the superuser's
// password and knows how an entry is written: it agrees with its own digest and leaf hash,
// and the guards are whole again when it is done. It is there to show, in demonstrations
// and tests, that VerifyBook, the pages and yilu-verify find it.
//
// owner is a superuser of the database, or a transaction of one, in which this is a part
// that can be rolled back with it. change makes another act of the entry's.
func Forge(ctx context.Context, owner interface {
	Begin(context.Context) (pgx.Tx, error)
}, book string, seq uint64, change func(Act) (Act, error)) error {
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		// First: this locks the table, so that two at once follow one another.
		if err := setGuards(ctx, tx, "disable"); err != nil {
			return err
		}
		row, err := ReadLeaf(ctx, tx, book, seq)
		if err != nil {
			return err
		}
		l, err := ParseLeaf(row.Leaf)
		if err != nil {
			return err
		}
		act, err := change(l.Act)
		if err != nil {
			return err
		}
		p, err := Prepare(act)
		if err != nil {
			return err
		}
		leaf := p.Leaf(l.At, l.Seq)
		hash := proof.LeafHash(leaf)
		if _, err := tx.Exec(ctx, `update log.entry set leaf = $3, leaf_hash = $4 where book = $1 and seq = $2`, book, int64(seq), leaf, hash[:]); err != nil {
			return err
		}
		return setGuards(ctx, tx, "enable always")
	})
	if err != nil {
		return fmt.Errorf("forge entry %d of book %s: %w", seq, book, err)
	}
	return nil
}

// setGuards turns the triggers of the log off, or on as they were.
func setGuards(ctx context.Context, tx pgx.Tx, how string) error {
	rows, err := tx.Query(ctx, `select tgname from pg_trigger where tgrelid = 'log.entry'::regclass and not tgisinternal`)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := tx.Exec(ctx, `alter table log.entry `+how+` trigger `+pgx.Identifier{name}.Sanitize()); err != nil {
			return err
		}
	}
	return nil
}
