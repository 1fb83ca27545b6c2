package proof

import (
	"errors"
	"fmt"
	"slices"
	"time"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// Signed is a checkpoint and who signed it. Every signature named here was
// verified.
type Signed struct {
	Checkpoint
	// Logs are the keys of the policy that signed for the log, at least one.
	Logs []Log
	// Cosignatures are those of the policy's witnesses.
	Cosignatures []Cosignature
	// Unknown counts signature lines by keys that the policy does not name: they
	// are nobody's, for this policy.
	Unknown int
}

// Cosignature is one witness's word that a checkpoint extends all that it saw
// of the log before.
type Cosignature struct {
	Witness string // the policy's name for it
	At      time.Time
	// Line is the signature line, newline included, as it stands in the note.
	Line string
}

// ErrNotSigned is returned, wrapped, by Open for a checkpoint that no key of the
// policy has signed for this log.
var ErrNotSigned = errors.New("not signed by a log of the policy")

// Open reads a signed checkpoint. It fails unless one of the policy's log keys,
// named as the checkpoint's origin, has signed it, and also if any key the
// policy names stands there with a wrong signature. Whether enough witnesses
// cosigned is a further question: see Quorum of the result.
func (p *Policy) Open(signed []byte) (*Signed, error) {
	n, err := note.Open(signed, p)
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		err = ErrNotSigned
	}
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return nil, err
	}
	s := &Signed{Checkpoint: c, Unknown: len(n.UnverifiedSigs)}
	for _, sig := range n.Sigs {
		if _, err := parseBase64(sig.Base64); err != nil { // note.Open is content with any text of the bytes
			return nil, fmt.Errorf("open checkpoint: signature of %s: %w", sig.Name, err)
		}
		if i := slices.IndexFunc(p.Logs, func(l Log) bool { return l.is(sig.Name, sig.Hash) }); i >= 0 && sig.Name == c.Origin {
			s.Logs = append(s.Logs, p.Logs[i])
		}
	}
	if len(s.Logs) == 0 {
		return nil, fmt.Errorf("open checkpoint of %s: %w", c.Origin, ErrNotSigned)
	}
	if s.Cosignatures, err = p.cosignatures(n.Sigs); err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	return s, nil
}

// CheckQuorum returns nil if enough witnesses of the policy cosigned, and else
// says who is missing.
func (s *Signed) CheckQuorum(p *Policy) error {
	names := make([]string, len(s.Cosignatures))
	for i, c := range s.Cosignatures {
		names[i] = c.Witness
	}
	return p.Quorum(names)
}

// Cosignatures reads a witness's answer to a submission: signature lines over
// the checkpoint with this body. Lines of keys that the policy does not name
// are left out, as the protocol wants; a wrong signature of one that it names
// fails the whole answer.
func (p *Policy) Cosignatures(text string, answer []byte) ([]Cosignature, error) {
	n, err := note.Open(append([]byte(text+"\n"), answer...), witnesses{p})
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read cosignatures: %w", err)
	}
	if n.Text != text {
		return nil, errors.New("read cosignatures: the answer holds more than signature lines")
	}
	found, err := p.cosignatures(n.Sigs)
	if err != nil {
		return nil, fmt.Errorf("read cosignatures: %w", err)
	}
	return found, nil
}

// cosignatures picks those of the policy's witnesses from verified signatures.
func (p *Policy) cosignatures(sigs []note.Signature) ([]Cosignature, error) {
	var found []Cosignature
	for _, sig := range sigs {
		i := slices.IndexFunc(p.Witnesses, func(w Witness) bool { return w.is(sig.Name, sig.Hash) })
		if i < 0 {
			continue
		}
		at, err := cosignature.CoSigV1Timestamp(sig)
		if err != nil {
			return nil, fmt.Errorf("time of %s: %w", sig.Name, err)
		}
		found = append(found, Cosignature{p.Witnesses[i].Name, at.UTC(), "— " + sig.Name + " " + sig.Base64 + "\n"})
	}
	return found, nil
}

// witnesses are the verifiers of a policy without its logs.
type witnesses struct{ *Policy }

// Verifier implements note.Verifiers.
func (w witnesses) Verifier(name string, hash uint32) (note.Verifier, error) {
	for _, one := range w.Witnesses {
		if one.is(name, hash) {
			return one.verifier, nil
		}
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

// Unsigned reads the checkpoint in a signed note without checking who signed it,
// for those who have no policy. Nobody vouches for what it returns.
func Unsigned(signed []byte) (Checkpoint, error) {
	_, err := note.Open(signed, nil)
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	return ParseCheckpoint(unverified.Note.Text)
}
