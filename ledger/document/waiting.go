package document

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit"
	"yilu/ledger"
)

// Limits of uploads that wait.
const (
	// WaitFor is how long an upload is kept.
	WaitFor = 24 * time.Hour
	// MostEach and mostWaiting are how many wait, of one owner and of all.
	MostEach    = 20
	mostWaiting = 200
)

// ErrFull is returned when too many uploads wait.
var ErrFull = errors.New("too many uploads are waiting")

// Waiting is an upload that waits for its owner to confirm what was read from it.
type Waiting struct {
	// ID is its random name of 128 bits.
	ID string `json:"id"`
	// Owner is who may see it, Use what it was uploaded for.
	Owner string `json:"owner"`
	Use   string `json:"use"`
	// Name is the file's name.
	Name string    `json:"name"`
	At   time.Time `json:"at"`
	// Facts is what its user keeps with it.
	Facts jsontext.Value `json:"facts"`
}

// newID is a random name of 128 bits.
func newID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// validID holds what is looked up to what newID makes: no other name reaches the disk.
func validID(id string) bool {
	_, err := hex.DecodeString(id)
	return err == nil && len(id) == 32 && strings.ToLower(id) == id
}

// Keep keeps an upload for a day. What has expired goes, and of an owner with too many
// the oldest.
func (s *Store) Keep(w Waiting, r io.Reader) (Waiting, error) {
	name, err := cleanName(w.Name)
	if err != nil {
		return Waiting{}, err
	}
	if err := s.makeRoom(w.Owner, w.At); err != nil {
		return Waiting{}, err
	}
	w.ID, w.Name = newID(), name
	in, err := s.receive(r, w.ID)
	if err != nil {
		return Waiting{}, err
	}
	defer in.drop()
	if err := s.Note(w); err != nil {
		return Waiting{}, err
	}
	return w, in.place(path.Join(waitingFolder, w.ID+sealedExt))
}

// makeRoom removes what has expired, and the oldest of an owner with too many.
func (s *Store) makeRoom(owner string, now time.Time) error {
	all, err := s.waiting(now)
	if err != nil {
		return err
	}
	if err := s.sweep(now); err != nil {
		return err
	}
	var own []Waiting
	for _, w := range all {
		if w.Owner == owner {
			own = append(own, w)
		}
	}
	slices.SortFunc(own, func(a, b Waiting) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	for len(own) >= MostEach {
		if err := s.Forget(own[0].ID); err != nil {
			return err
		}
		own = own[1:]
		all = all[1:]
	}
	if len(all) >= mostWaiting {
		return ErrFull
	}
	return nil
}

// waiting lists uploads that are still good, and removes the others. One that does not
// open may be a secret that is not in its place yet: it has its day.
func (s *Store) waiting(now time.Time) ([]Waiting, error) {
	ids, err := s.notes()
	if err != nil {
		return nil, err
	}
	var all []Waiting
	for _, id := range ids {
		w, err := s.read(id)
		if errors.Is(err, audit.ErrUnsealable) {
			info, statErr := s.root.Stat(path.Join(waitingFolder, id+noteExt))
			if statErr == nil && now.Sub(info.ModTime()) <= WaitFor {
				continue
			}
		}
		if err != nil || now.Sub(w.At) > WaitFor {
			if err := s.Forget(id); err != nil {
				return nil, err
			}
			continue
		}
		all = append(all, w)
	}
	return all, nil
}

// notes are the ids of uploads that wait.
func (s *Store) notes() (ids []string, err error) {
	names, err := fs.ReadDir(s.root.FS(), waitingFolder)
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", err)
	}
	for _, entry := range names {
		if id, ok := strings.CutSuffix(entry.Name(), noteExt); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// sweep removes what was on its way when a process ended.
func (s *Store) sweep(now time.Time) error {
	names, err := fs.ReadDir(s.root.FS(), incomingFolder)
	if err != nil {
		return fmt.Errorf("sweep uploads: %w", err)
	}
	for _, entry := range names {
		info, err := entry.Info()
		if err != nil || now.Sub(info.ModTime()) < WaitFor {
			continue // gone meanwhile, or still on its way
		}
		if err := s.root.Remove(path.Join(incomingFolder, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep uploads: %w", err)
		}
	}
	return nil
}

func (s *Store) read(id string) (Waiting, error) {
	var w Waiting
	sealed, err := s.root.ReadFile(path.Join(waitingFolder, id+noteExt))
	if err == nil {
		var text []byte
		if text, err = s.sealer.Kept(notePlace(id), sealed); err == nil {
			err = json.Unmarshal(text, &w)
		}
	}
	if err != nil {
		return Waiting{}, fmt.Errorf("read upload: %w", err)
	}
	return w, nil
}

// Waiting returns an upload of an owner for a use, or ledger.ErrNotFound: whether it is
// another's, was never there or has expired makes no difference.
func (s *Store) Waiting(id, owner, use string, now time.Time) (Waiting, error) {
	missing := fmt.Errorf("upload: %w", ledger.ErrNotFound)
	if !validID(id) {
		return Waiting{}, missing
	}
	w, err := s.read(id)
	if errors.Is(err, fs.ErrNotExist) {
		return Waiting{}, missing
	}
	if err != nil {
		return Waiting{}, err
	}
	if w.Owner != owner || w.Use != use || now.Sub(w.At) > WaitFor {
		return Waiting{}, missing
	}
	return w, nil
}

// Note keeps what is known of an upload, in place of what was known before.
func (s *Store) Note(w Waiting) error {
	text, err := json.Marshal(w)
	if err == nil {
		err = s.writeNote(w.ID, text)
	}
	if err != nil {
		return fmt.Errorf("note upload: %w", err)
	}
	return nil
}

func (s *Store) writeNote(id string, text []byte) error {
	temp := path.Join(incomingFolder, newID())
	err := s.root.WriteFile(temp, s.sealer.Keep(notePlace(id), text), 0o600)
	if err == nil {
		err = s.root.Rename(temp, path.Join(waitingFolder, id+noteExt))
	}
	return err
}

// Forget removes an upload.
func (s *Store) Forget(id string) error {
	for _, name := range []string{id + sealedExt, id + noteExt} {
		if err := s.root.Remove(path.Join(waitingFolder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove upload: %w", err)
		}
	}
	return nil
}
