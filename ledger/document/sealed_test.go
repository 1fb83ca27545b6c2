package document_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yilu/audit"
	"yilu/ledger"
	"yilu/ledger/document"
)

// sealer seals under a secret of one byte, many times.
func sealer(t *testing.T, secret byte) *audit.Sealer {
	t.Helper()
	s, err := audit.NewSealer(bytes.Repeat([]byte{secret}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const chunk = 64 << 10

// keepText keeps a text as an upload.
func keepText(t *testing.T, s *document.Store, text string) document.Waiting {
	t.Helper()
	w, err := s.Keep(document.Waiting{Owner: "u1", Use: "import", Name: "襄城县发放表.csv", At: now, Facts: []byte(`{}`)}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// readUpload reads an upload from its beginning to its end.
func readUpload(s *document.Store, w document.Waiting) (string, error) {
	u, err := s.Upload(w)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.NewSectionReader(u, 0, u.Size()))
	return string(text), errors.Join(err, u.Close())
}

// holds says which file of a folder holds a text.
func holds(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(at string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(at)
		if bytes.Contains(b, []byte(text)) {
			found = append(found, at)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestUploadsAreSealedAndRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for _, size := range []int{1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3*chunk + 5} {
		text := strings.Repeat("户主张三", size/12+1)[:size]
		w := keepText(t, s, text)
		if got, err := readUpload(s, w); err != nil || got != text {
			t.Errorf("%d bytes: %d came back, %v", size, len(got), err)
		}
		u, err := s.Upload(w)
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		for reader := range 3 { // backwards, so that each asks for chunks that another had in clear
			wait.Go(func() {
				for at := size - 1 - reader; at >= 0; at -= chunk/2 + 7 {
					p := make([]byte, 12)
					n, err := u.ReadAt(p, int64(at))
					if want := text[at:min(at+12, size)]; string(p[:n]) != want || (n < 12) != (err == io.EOF) {
						t.Errorf("%d bytes at %d: %q %v", size, at, p[:n], err)
					}
				}
			})
		}
		wait.Wait()
		if n, err := u.ReadAt(make([]byte, 1), int64(size)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes: %d after the end, %v", size, n, err)
		}
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{"张三", "襄城县", "import"} {
		if found := holds(t, dir, text); len(found) > 0 {
			t.Errorf("%q is in clear in %v", text, found)
		}
	}
}

// TestChangedUploadsDoNotOpen changes, moves, leaves out and cuts off chunks.
func TestChangedUploadsDoNotOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	other, text := keepText(t, s, strings.Repeat("b", 3*chunk)), strings.Repeat("a", 3*chunk)
	place := func(w document.Waiting) string { return filepath.Join(dir, "waiting", w.ID+".sealed") }
	const box = chunk + audit.KeepOverhead
	for what, change := range map[string]func(b []byte) []byte{
		"a bit":             func(b []byte) []byte { b[box+100] ^= 1; return b },
		"the algorithm":     func(b []byte) []byte { b[0] = 9; return b },
		"cut off":           func(b []byte) []byte { return b[:2*box] },
		"cut in a chunk":    func(b []byte) []byte { return b[:2*box+100] },
		"nothing left":      func([]byte) []byte { return nil },
		"a chunk left out":  func(b []byte) []byte { return append(b[:box:box], b[2*box:]...) },
		"chunks exchanged":  func(b []byte) []byte { return bytes.Join([][]byte{b[box : 2*box], b[:box], b[2*box:]}, nil) },
		"something after":   func(b []byte) []byte { return append(b, b[2*box:]...) },
		"of another upload": func([]byte) []byte { b, _ := os.ReadFile(place(other)); return b },
	} {
		w := keepText(t, s, text)
		b, err := os.ReadFile(place(w))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place(w), change(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readUpload(s, w); err == nil {
			t.Errorf("%s: %d bytes came back", what, len(got))
		}
	}
}

// leaveClear leaves an upload as programs before did.
func leaveClear(t *testing.T, dir, id, text string) {
	t.Helper()
	note := fmt.Sprintf(`{"id":%q,"owner":"u1","use":"import","name":"旧.csv","at":%q,"facts":{"a":1}}`, id, now.Format(time.RFC3339))
	for name, content := range map[string]string{id: text, id + ".json": note} {
		if err := os.MkdirAll(filepath.Join(dir, "waiting"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "waiting", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUploadsInClearAreSealed takes over what a program before left, also when that was
// cut off, and keeps it out of copies until then.
func TestUploadsInClearAreSealed(t *testing.T) {
	t.Parallel()
	dir, text := t.TempDir(), strings.Repeat("户主张三,", 20000)
	ids := []string{strings.Repeat("a", 32), strings.Repeat("b", 32)}
	for _, id := range ids {
		leaveClear(t, dir, id, text)
	}
	gone := strings.Repeat("c", 32)
	if err := os.WriteFile(filepath.Join(dir, "waiting", gone+".json"), []byte(`{}`), 0o600); err != nil { // its bytes never came
		t.Fatal(err)
	}
	if u, err := document.CheckUploads(dir, sealer(t, 0), now); err != nil || u != (document.Uploads{Waiting: 3, Clear: 3}) {
		t.Errorf("before: %+v %v", u, err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if c, err := document.Copy(t.Context(), dir, copied); err != nil || c.Uploads != 0 || len(holds(t, copied, "张三")) > 0 {
		t.Errorf("copied %+v %v", c, err)
	}
	s := open(t, dir)
	// Cut off after the sealed bytes were in place: the rest is done at the next start.
	leaveClear(t, dir, ids[1], text)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	for _, id := range ids {
		w, err := s.Waiting(id, "u1", "import", now)
		if err != nil || w.Name != "旧.csv" || string(w.Facts) != `{"a":1}` {
			t.Fatalf("%+v %v", w, err)
		}
		if got, err := readUpload(s, w); err != nil || got != text {
			t.Errorf("%d bytes came back, %v", len(got), err)
		}
	}
	if found := append(holds(t, dir, "张三"), holds(t, dir, "旧.csv")...); len(found) > 0 {
		t.Errorf("in clear in %v", found)
	}
	if u, err := document.CheckUploads(dir, sealer(t, 0), now); err != nil || u != (document.Uploads{Waiting: 2}) {
		t.Errorf("after: %+v %v", u, err)
	}
	// A copy of now, put back elsewhere: the same secret opens it.
	copied = filepath.Join(t.TempDir(), "copy")
	c, err := document.Copy(t.Context(), dir, copied)
	if err != nil || c.Uploads != 2 || len(holds(t, copied, "张三")) > 0 {
		t.Fatalf("copied %+v %v", c, err)
	}
	back := t.TempDir()
	if err := errors.Join(c.Verify(copied), c.Restore(copied, back)); err != nil {
		t.Fatal(err)
	}
	s = open(t, back)
	w, err := s.Waiting(ids[0], "u1", "import", now)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readUpload(s, w); err != nil || got != text {
		t.Errorf("after a restore: %d bytes, %v", len(got), err)
	}
}

// TestUploadsOfAnotherSecretHaveTheirDay: the right secret may be put back.
func TestUploadsOfAnotherSecretHaveTheirDay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	w := keepText(t, s, "a,b\n")
	wrong, err := document.Open(dir, nil, sealer(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	if _, err := wrong.Waiting(w.ID, "u1", "import", now); !errors.Is(err, audit.ErrUnsealable) {
		t.Errorf("under another secret: %v", err)
	}
	if u, err := document.CheckUploads(dir, sealer(t, 1), now); err != nil || u != (document.Uploads{Waiting: 1, Closed: 1}) {
		t.Errorf("%+v %v", u, err)
	}
	again := keepText(t, wrong, "c") // looks through all that wait
	if _, err := readUpload(s, w); err != nil {
		t.Errorf("after somebody looked with another secret: %v", err)
	}
	note := filepath.Join(dir, "waiting", w.ID+".note")
	if err := os.Chtimes(note, now.Add(-25*time.Hour), now.Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	keepText(t, wrong, "d")
	if _, err := s.Waiting(w.ID, "u1", "import", now); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("after its day: %v", err)
	}
	if _, err := wrong.Waiting(again.ID, "u1", "import", now); err != nil {
		t.Error(err)
	}
}
