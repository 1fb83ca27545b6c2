package signer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/audit/tile"
	"yilu/audit/witness"
)

// Config says what a Signer signs and with what.
type Config struct {
	Book string
	// Origin is the log's URL without scheme. It is the name of the keys and can
	// never change.
	Origin string
	// Keys sign, all of them: two during the overlap of a change of keys. The first
	// is the log's Ed25519 key.
	Keys []Key
	// Old are the keys that signed before: their notes stay good.
	Old []OldKey
	// State is the path of the state file, Public the folder of the public files.
	State  string
	Public tile.Dir
	// Pool reads the log and stores what was signed, as yilu_signer or yilu_service.
	Pool *pgxpool.Pool
	// Witnesses is a policy without log lines: whom to ask and how many must have
	// cosigned what the public sees. "quorum none" asks nobody.
	Witnesses string
	Client    witness.Client
	Now       func() time.Time
	Log       *slog.Logger
}

// Signer signs one book. It holds the state file's lock from Open to Close. Round
// and Run are for one goroutine; the rest may be called from any.
type Signer struct {
	Config
	policy *proof.Policy
	lock   *os.File
	state  state
	// known is what each witness has cosigned last, nil before it was asked for;
	// later keeps one that failed from being asked at every round.
	known map[string]uint64
	later map[string]time.Time
	// broken is set when the state could not be written: nothing is done after that.
	broken error
	recent recent
	// reached lets tests crash between two steps.
	reached func(step string) error

	mu     sync.Mutex
	halt   *Halt
	status Status
}

// policyText is the policy that is published: our keys, then the witnesses.
func (c Config) policyText() string {
	var b strings.Builder
	for _, k := range c.Keys {
		b.WriteString("log " + k.VerifierKey() + "\n")
	}
	return b.String() + c.Witnesses
}

// ownPolicy is the policy with the old keys, whose notes only the log itself still
// has to read.
func (c Config) ownPolicy() (*proof.Policy, error) {
	var b strings.Builder
	for _, old := range c.Old {
		b.WriteString("log " + old.Key + "\n")
	}
	return proof.ParsePolicy([]byte(b.String() + c.policyText()))
}

// Open takes the lock and reads the state. Without a state it is ErrNoState.
func Open(c Config) (*Signer, error) {
	s := &Signer{Config: c, later: map[string]time.Time{}, reached: func(string) error { return nil }}
	var err error
	if s.policy, err = c.ownPolicy(); err != nil {
		return nil, fmt.Errorf("open signer: %w", err)
	}
	for _, k := range c.Keys {
		if k.Name() != c.Origin {
			return nil, fmt.Errorf("open signer: the key is named %q, the log's origin is %q", k.Name(), c.Origin)
		}
	}
	if s.lock, err = lockState(c.State); err != nil {
		return nil, fmt.Errorf("open signer: %w", err)
	}
	if s.state, err = load(c.State, s.policy); err != nil {
		return nil, errors.Join(fmt.Errorf("open signer: %w", err), unlock(s.lock))
	}
	return s, nil
}

// Init makes the state of a log that was never signed: nothing may be in the
// checkpoint table or published, and no state file be there. It is an explicit
// act, once in the life of a log. That the witnesses know nothing yet shows when
// they are first asked.
func Init(ctx context.Context, c Config) error {
	lock, err := lockState(c.State)
	if err != nil {
		return fmt.Errorf("init signer: %w", err)
	}
	defer unlock(lock)
	if _, err := os.Lstat(c.State); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("init signer: the state file %s is there already", c.State)
	}
	last, err := audit.LastNote(ctx, c.Pool, c.Book)
	if err != nil {
		return fmt.Errorf("init signer: %w", err)
	}
	published, err := c.Public.Size()
	if err != nil {
		return fmt.Errorf("init signer: %w", err)
	}
	if last.Size > 0 || published > 0 {
		return fmt.Errorf("init signer: %w", &Halt{StateOld, c.Book, 0, max(last.Size, published)})
	}
	if err := (state{}).save(c.State); err != nil {
		return fmt.Errorf("init signer: %w", err)
	}
	return nil
}

// Check compares the sizes of what was signed, published and entered, without
// signing: what a server asks before it takes the first entry. After a *Halt the
// signer has halted.
func (s *Signer) Check(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		head, beyond, err := audit.ReadEnds(ctx, tx, s.Book)
		if err != nil {
			return err
		}
		return s.compare(ctx, tx, head, beyond)
	})
	s.halts(err)
	return err
}

// Close gives the state file free.
func (s *Signer) Close() error { return unlock(s.lock) }

// Halted is why the signer has halted, nil while it works.
func (s *Signer) Halted() *Halt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.halt
}

// Run signs at every interval and whenever wake has something, until ctx ends
// or the signer halts. Other errors are logged: the next round tries again.
func (s *Signer) Run(ctx context.Context, every time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		err := s.Round(ctx)
		switch halt, halted := errors.AsType[*Halt](err); {
		case halted:
			s.Log.ErrorContext(ctx, "signing has halted", "book", s.Book, "reason", string(halt.Reason), "error", err)
			return
		case ctx.Err() != nil:
			return
		case err != nil:
			s.Log.ErrorContext(ctx, "sign log", "book", s.Book, "error", err)
		}
		timer.Reset(every)
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-timer.C:
		}
	}
}

// Round does once all that is to do: signs what is new, publishes what was signed
// and not published. After an error it may be called again; after a *Halt it
// returns only that.
func (s *Signer) Round(ctx context.Context) error {
	if halt := s.Halted(); halt != nil {
		return halt
	}
	if s.broken != nil {
		return s.broken
	}
	err := s.round(ctx)
	s.halts(err)
	return err
}

// halts keeps a halt that was found.
func (s *Signer) halts(err error) {
	if halt, ok := errors.AsType[*Halt](err); ok {
		s.mu.Lock()
		s.halt = halt
		s.mu.Unlock()
		s.writeStatus()
	}
}

func (s *Signer) round(ctx context.Context) error {
	size, edge, err := s.extend(ctx)
	if err != nil {
		return fmt.Errorf("sign book %s: %w", s.Book, err)
	}
	if size > s.state.note.Size {
		if err := s.sign(ctx, size, edge); err != nil {
			return fmt.Errorf("sign book %s at %d: %w", s.Book, size, err)
		}
	}
	if s.state.note.Size == 0 {
		return nil
	}
	if err := s.publish(ctx); err != nil {
		return fmt.Errorf("publish checkpoint %d of book %s: %w", s.state.note.Size, s.Book, err)
	}
	return nil
}

// extend compares the database with the state and folds the entries after it onto
// its edge, all in one snapshot. What it returns extends the state.
func (s *Signer) extend(ctx context.Context) (size uint64, edge proof.Edge, err error) {
	size, edge = s.state.note.Size, s.state.edge
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.Pool, options, func(tx pgx.Tx) error {
		head, beyond, err := audit.ReadEnds(ctx, tx, s.Book)
		if err != nil {
			return err
		}
		if err := s.compare(ctx, tx, head, beyond); err != nil {
			return err
		}
		if head.Size > size {
			if size, edge, err = s.fold(ctx, tx, size, head.Size, edge); err != nil {
				return err
			}
		}
		switch {
		case size != head.Size:
			return &Halt{HeadWrong, s.Book, s.state.note.Size, head.Size}
		case edge.Root() != head.Root():
			return &Halt{HistoryChanged, s.Book, s.state.note.Size, head.Size}
		}
		return nil
	})
	return size, edge, err
}

// compare halts if more was signed than there is or is known here.
func (s *Signer) compare(ctx context.Context, tx pgx.Tx, head audit.Head, beyond bool) error {
	signed := s.state.note
	last, err := audit.LastNote(ctx, tx, s.Book)
	if err != nil {
		return err
	}
	published, err := s.Public.Size()
	if err != nil {
		return err
	}
	switch {
	case signed.Size > head.Size:
		return &Halt{EntriesMissing, s.Book, signed.Size, head.Size}
	case last.Size > signed.Size || published > signed.Size:
		return &Halt{StateOld, s.Book, signed.Size, max(last.Size, published)}
	case last.Size == signed.Size && last.Note != signed.Note:
		return &Halt{Forked, s.Book, signed.Size, last.Size}
	case beyond:
		return &Halt{HeadWrong, s.Book, signed.Size, head.Size}
	}
	return nil
}

// fold appends the bodies of the entries from..to to an edge. It returns early, without an error, at a gap, and halts at a leaf
// that does not belong where it stands.
func (s *Signer) fold(ctx context.Context, q audit.Querier, from, to uint64, edge proof.Edge) (uint64, proof.Edge, error) {
	for body, err := range audit.ReadBodies(ctx, q, s.Book, from, to) {
		if err != nil {
			return from, edge, err
		}
		if body.Seq != from {
			break
		}
		leaf, err := proof.CutLeaf(body.Leaf)
		if err != nil || string(leaf.Book) != s.Book || leaf.Seq != from {
			return from, edge, &Halt{LeafWrong, s.Book, from, from}
		}
		edge, _ = edge.Append(from, proof.LeafHash(body.Leaf))
		s.recent.add(from, body.Leaf)
		from++
	}
	return from, edge, nil
}

// sign signs a tree that extends the state, and makes that the state.
func (s *Signer) sign(ctx context.Context, size uint64, edge proof.Edge) error {
	// What was read may be gone after a crash or a fail-over, if the disk or the standby
	// did not have it yet; the signature would stay.
	there, err := audit.PassBarrier(ctx, s.Pool, s.Book, size-1, proof.LeafHash(s.recent.last()))
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("entry %d, read a moment ago, is gone", size-1)
	}
	checkpoint := proof.Checkpoint{Origin: s.Origin, Size: size, Root: edge.Root()}
	signers := make([]note.Signer, len(s.Keys))
	for i, k := range s.Keys {
		signers[i] = k
	}
	signed, err := note.Sign(&note.Note{Text: checkpoint.Text()}, signers...)
	if err != nil {
		return err
	}
	if err := s.reached("sign"); err != nil {
		return err
	}
	next := state{audit.SignedNote{Size: size, Note: string(signed), At: s.Now().UTC().Truncate(time.Microsecond)}, edge}
	if err := next.save(s.State); err != nil {
		// Which state is on disk is not known, and a disk that failed once must not be
		// believed when asked again: the next start reads what is there.
		s.broken = fmt.Errorf("the state could not be written, restart the signer once its disk is well: %w", err)
		return s.broken
	}
	s.state = next
	return s.reached("state")
}
