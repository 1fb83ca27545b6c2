package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"yilu/audit"
)

// An upload that waits is sealed as drafts are, since a sheet names households before
// anybody has looked at it. It is sealed in chunks as it comes, so that neither the disk
// nor a backup ever has it in clear and no more than a chunk is in memory:
//
//	ID.sealed  chunk 0 · chunk 1 · … · the last, each Sealer.Keep of its place
//	ID.note    what is known of it, Sealer.Keep of its place
//
// A chunk's place names the upload, its number and whether it is the last: chunks that
// were moved, left out or cut off do not open.

// chunkSize is how much of an upload a chunk holds; only the last may be shorter.
const chunkSize = 64 << 10

// sealedExt and noteExt end the names of an upload's two files. Programs before kept both
// in clear, as ID and ID.json.
const (
	sealedExt = ".sealed"
	noteExt   = ".note"
)

// sealing writes an upload to the disk, sealed.
type sealing struct {
	to     io.Writer
	sealer *audit.Sealer
	id     string
	chunk  int64
	clear  bytes.Buffer
}

// chunkPlace is what a chunk is bound to.
func chunkPlace(id string, chunk int64, last bool) string {
	return fmt.Sprintf("upload/%s/%d/%t", id, chunk, last)
}

// notePlace is what an upload's note is bound to.
func notePlace(id string) string { return "upload/" + id }

// Write seals what fills a chunk, once more follows: the last is sealed as such.
func (w *sealing) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if w.clear.Len() == chunkSize {
			if err := w.flush(false); err != nil {
				return n, err
			}
		}
		took, _ := w.clear.Write(p[:min(len(p), chunkSize-w.clear.Len())])
		n, p = n+took, p[took:]
	}
	return n, nil
}

// Close seals the last chunk.
func (w *sealing) Close() error { return w.flush(true) }

func (w *sealing) flush(last bool) error {
	_, err := w.to.Write(w.sealer.Keep(chunkPlace(w.id, w.chunk, last), w.clear.Bytes()))
	w.clear.Reset()
	w.chunk++
	return err
}

// Upload is an upload that is read: a part of it at a time, one chunk in memory. Safe for
// concurrent use.
type Upload struct {
	file   *os.File
	sealer *audit.Sealer
	id     string
	size   int64
	chunks int64

	mu    sync.Mutex
	at    int64 // the chunk in clear
	clear []byte
}

// Upload opens the bytes of an upload.
func (s *Store) Upload(w Waiting) (*Upload, error) {
	f, err := s.root.Open(path.Join(waitingFolder, w.ID+sealedExt))
	if err != nil {
		return nil, fmt.Errorf("open upload: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open upload: %w", err), f.Close())
	}
	box := int64(chunkSize + audit.KeepOverhead)
	chunks := (info.Size() + box - 1) / box
	u := &Upload{file: f, sealer: s.sealer, id: w.ID, size: info.Size() - chunks*audit.KeepOverhead, chunks: chunks, at: -1}
	if u.size <= 0 {
		return nil, errors.Join(fmt.Errorf("open upload: it was cut off"), f.Close())
	}
	return u, nil
}

// Size is how many bytes it has.
func (u *Upload) Size() int64 { return u.size }

// Close gives the file back.
func (u *Upload) Close() error { return u.file.Close() }

// ReadAt reads as [io.ReaderAt] does. What is not as it was sealed is an error.
func (u *Upload) ReadAt(p []byte, at int64) (n int, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for n < len(p) {
		if at >= u.size {
			return n, io.EOF
		}
		if err := u.open(at / chunkSize); err != nil {
			return n, fmt.Errorf("read upload: %w", err)
		}
		took := copy(p[n:], u.clear[at%chunkSize:])
		n, at = n+took, at+int64(took)
	}
	return n, nil
}

// open has a chunk in clear.
func (u *Upload) open(chunk int64) error {
	if chunk == u.at {
		return nil
	}
	const box = chunkSize + audit.KeepOverhead
	sealed := make([]byte, min(box, u.size+u.chunks*audit.KeepOverhead-chunk*box))
	if _, err := u.file.ReadAt(sealed, chunk*box); err != nil {
		return err
	}
	clear, err := u.sealer.Kept(chunkPlace(u.id, chunk, chunk == u.chunks-1), sealed)
	if err == nil {
		u.at, u.clear = chunk, clear
	}
	return err
}

// sealClear seals what programs before left in clear. Cut off, it begins anew: what was in
// clear goes last.
func (s *Store) sealClear() error {
	for id, err := range clearUploads(s.root.FS()) {
		if err == nil {
			err = s.sealOne(id)
		}
		if err != nil {
			return fmt.Errorf("seal uploads that wait: %w", err)
		}
	}
	return nil
}

// clearUploads are the uploads that wait in clear.
func clearUploads(store fs.FS) func(yield func(id string, err error) bool) {
	return func(yield func(string, error) bool) {
		names, err := fs.ReadDir(store, waitingFolder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield("", err)
			return
		}
		for _, entry := range names {
			if id, ok := strings.CutSuffix(entry.Name(), ".json"); ok && validID(id) && !yield(id, nil) {
				return
			}
		}
	}
}

func (s *Store) sealOne(id string) error {
	note, err := s.root.ReadFile(path.Join(waitingFolder, id+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process was faster
	}
	if err != nil {
		return err
	}
	bytes, err := s.root.Open(path.Join(waitingFolder, id))
	if errors.Is(err, fs.ErrNotExist) {
		return s.forgetClear(id) // a note whose upload never came
	}
	if err != nil {
		return err
	}
	defer func() { _ = bytes.Close() }() // reading only
	in, err := s.arriving()
	if err != nil {
		return err
	}
	defer in.drop()
	to := &sealing{to: in.file, sealer: s.sealer, id: id}
	if _, err := io.Copy(to, bytes); err != nil {
		return err
	}
	if err := errors.Join(to.Close(), s.writeNote(id, note)); err != nil {
		return err
	}
	if err := in.place(path.Join(waitingFolder, id+sealedExt)); err != nil {
		return err
	}
	return s.forgetClear(id)
}

// forgetClear removes an upload in clear, its bytes first: a note is what it is found by.
func (s *Store) forgetClear(id string) error {
	for _, name := range []string{id, id + ".json"} {
		if err := s.root.Remove(path.Join(waitingFolder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Uploads says how those that wait in a folder stand.
type Uploads struct {
	// Waiting is how many wait, Clear how many of a program before wait in clear, and
	// Closed how many do not open: they were changed, or sealed under another secret.
	Waiting, Clear, Closed int
}

// CheckUploads opens the notes of uploads that wait in a folder; a folder that is not
// there has none.
func CheckUploads(dir string, sealer *audit.Sealer, now time.Time) (u Uploads, err error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return u, nil
	}
	if err != nil {
		return u, fmt.Errorf("check uploads: %w", err)
	}
	s := &Store{root: root, sealer: sealer}
	defer func() { _ = root.Close() }() // reading only
	for _, err := range clearUploads(root.FS()) {
		if err != nil {
			return u, fmt.Errorf("check uploads: %w", err)
		}
		u.Waiting, u.Clear = u.Waiting+1, u.Clear+1
	}
	ids, err := s.notes()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return u, err
	}
	for _, id := range ids {
		w, err := s.read(id)
		switch {
		case errors.Is(err, fs.ErrNotExist): // confirmed meanwhile
		case err != nil:
			u.Waiting, u.Closed = u.Waiting+1, u.Closed+1
		case now.Sub(w.At) <= WaitFor:
			u.Waiting++
		}
	}
	return u, nil
}
