package signer

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"yilu/audit"
	"yilu/audit/durable"
	"yilu/audit/proof"
)

// state is all that the signer believes without asking: the last note it signed
// and the right edge of its tree. The zero state has signed nothing.
//
//	yilu signer state v1
//	at 2020-03-18T01:00:00.000000Z
//	edge 2yC+iLvLErvMGWhUlHZdNBGYN83g9htUBPPDCok3PR8=
//	edge …
//
//	fund.example.gov.cn/411025
//	3
//	…
//
// Whoever can write this file and use the key can sign anything: it belongs to an
// operating system user of its own, who is not the database's.
type state struct {
	note audit.SignedNote
	edge proof.Edge
}

const (
	stateHead = "yilu signer state v1\n"
	stateTime = "2006-01-02T15:04:05.000000Z"
)

// text is the file.
func (s state) text() string {
	var b strings.Builder
	b.WriteString(stateHead)
	if s.note.Size == 0 {
		return b.String()
	}
	b.WriteString("at " + s.note.At.UTC().Format(stateTime) + "\n")
	for _, h := range s.edge {
		b.WriteString("edge " + base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n" + s.note.Note)
	return b.String()
}

// parseState reads what text writes and nothing else, and checks that the note
// is one of this log and that edge and note agree.
func parseState(text string, policy *proof.Policy) (state, error) {
	var s state
	if text == s.text() {
		return s, nil
	}
	head, signed, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) < 3 {
		return state{}, errors.New("torn")
	}
	var err error
	if s.note.At, err = time.Parse("at "+stateTime, lines[1]); err != nil {
		return state{}, err
	}
	for _, line := range lines[2:] {
		h, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "edge "))
		if err != nil || len(h) != len(proof.Hash{}) {
			return state{}, fmt.Errorf("the line %.60q", line)
		}
		s.edge = append(s.edge, proof.Hash(h))
	}
	opened, err := policy.Open([]byte(signed))
	if err != nil {
		return state{}, err
	}
	s.note.Size, s.note.Note = opened.Size, signed
	if !s.edge.Fits(opened.Size) || s.edge.Root() != opened.Root || s.text() != text {
		return state{}, errors.New("its edge is not that of its note")
	}
	return s, nil
}

// ErrNoState is returned when a book has no signer yet. Only an explicit Init
// makes one: a state that was lost must be found again, not replaced.
var ErrNoState = errors.New("the signer has no state file")

// load reads the state file.
func load(path string, policy *proof.Policy) (state, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, fmt.Errorf("%w: %s", ErrNoState, path)
	}
	if err != nil {
		return state{}, fmt.Errorf("read signer state: %w", err)
	}
	s, err := parseState(string(b), policy)
	if err != nil {
		return state{}, fmt.Errorf("read signer state %s: %w", path, err)
	}
	return s, nil
}

// SignedSize is how many entries were signed, by what the state file says. It checks
// no signature: that may keep people from posting, and lets nobody sign.
func SignedSize(path string) (uint64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read signer state: %w", err)
	}
	if string(b) == stateHead {
		return 0, nil
	}
	parts := strings.SplitN(string(b), "\n\n", 3)
	if len(parts) < 3 || !strings.HasPrefix(parts[0], stateHead) {
		return 0, fmt.Errorf("read signer state %s: torn", path)
	}
	c, err := proof.ParseCheckpoint(parts[1] + "\n")
	if err != nil {
		return 0, fmt.Errorf("read signer state %s: %w", path, err)
	}
	return c.Size, nil
}

// save makes a state the last one. Once it returns, the note counts as signed.
func (s state) save(path string) error {
	return durable.WriteFile(path, []byte(s.text()), 0o600)
}

// ErrLocked is returned when another process signs with this state file.
var ErrLocked = errors.New("another signer uses this state file")

// lockState takes the lock beside the state file, which is replaced at each
// signing and so cannot carry it. The kernel drops it with the process.
func lockState(path string) (*os.File, error) {
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock signer state: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(fmt.Errorf("lock signer state %s: %w", path, err), f.Close())
	}
	return f, nil
}

// unlock gives the state free at once: a program that another goroutine is just
// starting has the file open too until its exec, and would keep the lock.
func unlock(lock *os.File) error {
	return errors.Join(syscall.Flock(int(lock.Fd()), syscall.LOCK_UN), lock.Close())
}
