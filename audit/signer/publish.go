package signer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/audit/tile"
	"yilu/audit/witness"
)

// askAgain is how long a witness that failed is left in peace.
const askAgain = 30 * time.Second

// publish brings the last signed note, and what belongs to it, to everybody: the
// table, the witnesses, and once the quorum is met, the public files. All of it
// may be done already; the same again does no harm.
func (s *Signer) publish(ctx context.Context) error {
	if err := s.insert(ctx); err != nil {
		return err
	}
	if err := s.reached("publish"); err != nil {
		return err
	}
	asked := s.askWitnesses(ctx)
	if halt, ok := errors.AsType[*Halt](asked); ok {
		return halt
	}
	signed, err := s.cosigned(ctx)
	if err != nil {
		return err
	}
	if err := s.reached("witness"); err != nil {
		return err
	}
	opened, err := s.policy.Open(signed)
	if err != nil {
		return err
	}
	missing := opened.CheckQuorum(s.policy)
	if missing == nil {
		if err := s.render(ctx, signed); err != nil {
			return err
		}
	}
	s.report(opened, missing)
	return asked
}

// insert stores the note that the state holds. A note that the table does not
// take was signed all the same.
func (s *Signer) insert(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		return audit.InsertNote(ctx, tx, s.Book, s.state.note)
	})
	if errors.Is(err, audit.ErrOtherNote) {
		return &Halt{Forked, s.Book, s.state.note.Size, s.state.note.Size}
	}
	return err
}

// askWitnesses asks, all at once, those who have not cosigned the last note, and
// stores what they sign. A witness that fails does not keep the others' lines
// from counting.
func (s *Signer) askWitnesses(ctx context.Context) error {
	if s.known == nil { // once: it reads the whole table
		var err error
		if s.known, err = audit.LastCosigned(ctx, s.Pool, s.Book); err != nil {
			return err
		}
	}
	size := s.state.note.Size
	var asked []proof.Witness
	for _, w := range s.policy.Witnesses {
		if w.URL != "" && s.known[w.Name] < size && !s.Now().Before(s.later[w.Name]) {
			asked = append(asked, w)
		}
	}
	errs := make([]error, len(asked))
	lines := make([]proof.Cosignature, len(asked))
	var wait sync.WaitGroup
	for i, w := range asked {
		wait.Go(func() {
			lines[i], errs[i] = s.Client.Ask(ctx, s.policy, w, []byte(s.state.note.Note), s.known[w.Name], func(old uint64) ([]proof.Hash, error) {
				return proof.ProveConsistency(size, old, audit.HashReader(ctx, s.Pool, s.Book))
			})
		})
	}
	wait.Wait()
	if ctx.Err() != nil {
		return ctx.Err() // nobody's fault but ours
	}
	for i, w := range asked {
		if ahead, ok := errors.AsType[*witness.Ahead](errs[i]); ok {
			s.warn(w.Name, errs[i])
			return &Halt{WitnessAhead, s.Book, size, ahead.Known}
		}
		if errs[i] != nil {
			s.later[w.Name] = s.Now().Add(askAgain)
			s.warn(w.Name, errs[i])
			continue
		}
		s.warn(w.Name, nil)
		err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
			return audit.InsertCosignature(ctx, tx, s.Book, size, w.Name, strings.TrimSuffix(lines[i].Line, "\n"))
		})
		if err != nil {
			return err
		}
		s.known[w.Name] = size
	}
	return nil
}

// cosigned is the last note with its cosignatures, in the policy's order. Lines
// that do not verify were changed in the table and are left out.
func (s *Signer) cosigned(ctx context.Context) ([]byte, error) {
	lines, err := audit.Cosignatures(ctx, s.Pool, s.Book, s.state.note.Size)
	if err != nil {
		return nil, err
	}
	signed := []byte(s.state.note.Note)
	text, _, _ := strings.Cut(s.state.note.Note, "\n\n")
	for _, w := range s.policy.Witnesses {
		line := lines[w.Name] + "\n"
		if good, err := s.policy.Cosignatures(text+"\n", []byte(line)); err == nil && len(good) == 1 && good[0].Witness == w.Name {
			signed = append(signed, line...)
		}
	}
	return signed, nil
}

// render writes the tiles up to the signed size, then the checkpoint. Files that
// do not fit the signed root are written anew from the first entry.
func (s *Signer) render(ctx context.Context, signed []byte) error {
	shown, err := s.Public.Checkpoint()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if bytes.Equal(shown, signed) {
		return nil
	}
	old, err := s.Public.Size()
	if err != nil {
		return err
	}
	err = s.extendTiles(ctx, old)
	if errors.Is(err, tile.ErrRoot) || errors.Is(err, fs.ErrNotExist) {
		s.Log.WarnContext(ctx, "public files were damaged, writing them anew", "book", s.Book, "error", err)
		err = s.extendTiles(ctx, 0)
	}
	if err != nil {
		return err
	}
	if err := s.reached("render"); err != nil {
		return err
	}
	if err := s.Public.Publish(signed); err != nil {
		return err
	}
	return s.reached("checkpoint")
}

func (s *Signer) extendTiles(ctx context.Context, old uint64) error {
	size := s.state.note.Size
	if old == size {
		return nil
	}
	begin := tile.Begin(old)
	leaves, known := s.recent.between(begin, size)
	if !known {
		leaves = leavesOf(audit.ReadBodies(ctx, s.Pool, s.Book, begin, size))
	}
	if err := s.Public.Extend(ctx, old, size, s.state.edge.Root(), leaves); err != nil {
		return err
	}
	s.recent.published(size)
	return nil
}

// leavesOf takes the bytes out of bodies that follow one another.
func leavesOf(bodies iter.Seq2[audit.Body, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var next uint64
		first := true
		for body, err := range bodies {
			if err == nil && !first && body.Seq != next {
				err = fmt.Errorf("entry %d is missing", next)
			}
			if !yield(body.Leaf, err) || err != nil {
				return
			}
			first, next = false, body.Seq+1
		}
	}
}
