package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit"
	"yilu/audit/durable"
	"yilu/ledger/document"
	"yilu/migrations/pgserver"
)

// The forms of backup folders: the first had no documents.
const (
	manifestFormat = "yilu backup v2"
	bareFormat     = "yilu backup v1"
)

// filesFolder is where documents are, in a data folder and in a backup.
const filesFolder = "files"

// The two ways to make a backup.
const (
	// byCopy is a copy of PostgreSQL's files, all databases and roles of the server.
	byCopy = "copy"
	// byDump is one database without roles.
	byDump = "dump"
)

// manifest is manifest.json of a backup folder. It is written last: a folder without
// one is no backup.
type manifest struct {
	Format string `json:"format"`
	// Method is byCopy, with a folder postgres, or byDump, with a file yilu.dump.
	Method string `json:"method"`
	// MadeAt is when the backup was begun: entries committed before are in it.
	MadeAt   string `json:"made_at"`
	Program  string `json:"program"`
	Schema   int64  `json:"schema"`
	Postgres string `json:"postgres"`
	Database string `json:"database"`
	// Guards is the fingerprint of the database's guards, see audit.Fingerprint.
	Guards string `json:"guards"`
	// Sealed is the hash of all that PostgreSQL's own list of files says, or of the
	// dump: File is which of both.
	File   string         `json:"file"`
	SHA256 string         `json:"sha256"`
	Bytes  int64          `json:"bytes"`
	Books  []manifestBook `json:"books"`
	// Files are the documents and uploads in the folder files; nil in a bareFormat.
	Files *document.Copied `json:"files,omitzero"`
	NotIn []string         `json:"not_in"`
}

// manifestBook is what is surely in the backup of one book.
type manifestBook struct {
	Book   string `json:"book"`
	Size   string `json:"size"`
	Root   string `json:"root"`
	LastAt string `json:"last_at"`
}

// notInBackup is kept apart: whoever finds a backup must not be able to sign, or to
// open sealed values.
var notInBackup = []string{"seal.secret", "signer/", "public/", "owner.password", "service.password"}

// readBooks reads the heads of all books.
func readBooks(ctx context.Context, q audit.Querier) ([]manifestBook, error) {
	books, err := audit.Books(ctx, q)
	if err != nil {
		return nil, err
	}
	var all []manifestBook
	for _, book := range books {
		h, err := audit.ReadHead(ctx, q, book)
		if err != nil {
			return nil, err
		}
		root := h.Root()
		all = append(all, manifestBook{book, strconv.FormatUint(h.Size, 10), base64.StdEncoding.EncodeToString(root[:]), h.LastAt.UTC().Format(time.RFC3339Nano)})
	}
	return all, nil
}

// holds says whether a restored book begins with the entries that the backup had.
func (b manifestBook) holds(ctx context.Context, q audit.Querier) error {
	size, err := strconv.ParseInt(b.Size, 10, 64)
	if err != nil {
		return fmt.Errorf("book %s: %w", b.Book, err)
	}
	h, err := audit.ReadHead(ctx, q, b.Book)
	if err != nil {
		return err
	}
	if h.Size < uint64(size) {
		return fmt.Errorf("book %s has %d entries, the backup's manifest says %d", b.Book, h.Size, size)
	}
	if size == 0 {
		return nil
	}
	root, err := tlog.TreeHash(size, audit.HashReader(ctx, q, b.Book))
	if err != nil {
		return err
	}
	if found := base64.StdEncoding.EncodeToString(root[:]); found != b.Root {
		return fmt.Errorf("book %s: the root of its first %d entries is %s, the backup's manifest says %s", b.Book, size, found, b.Root)
	}
	return nil
}

// place is where the backup's data lie in its folder.
func (m *manifest) place(dir string) string {
	if m.Method == byDump {
		return filepath.Join(dir, "yilu.dump")
	}
	return filepath.Join(dir, "postgres")
}

// seal fills in the hash of the file that names all others.
func (m *manifest) seal(dir string) (err error) {
	m.File = "yilu.dump"
	if m.Method == byCopy {
		m.File = "postgres/backup_manifest"
	}
	m.SHA256, err = durable.HashFile(filepath.Join(dir, m.File))
	if err == nil {
		m.Bytes, err = pgserver.FolderSize(m.place(dir))
	}
	return err
}

// write puts the manifest in place, which makes the folder a backup.
func (m *manifest) write(dir string) error {
	text, err := json.Marshal(m, jsontext.WithIndent(" "))
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return durable.WriteFile(filepath.Join(dir, "manifest.json"), append(text, '\n'), 0o600)
}

// readManifest reads a backup's manifest and checks the hash in it.
func readManifest(dir string) (*manifest, error) {
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is no backup, or one that did not end: it has no manifest.json", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m := &manifest{}
	if err := json.Unmarshal(text, m, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, "manifest.json"), err)
	}
	if m.Format != manifestFormat && m.Format != bareFormat || (m.Files == nil) != (m.Format == bareFormat) || m.Method != byCopy && m.Method != byDump {
		return nil, fmt.Errorf("%s is a %q by %q, this program reads %q by %s or %s", dir, m.Format, m.Method, manifestFormat, byCopy, byDump)
	}
	want := *m
	if err := m.seal(dir); err != nil {
		return nil, fmt.Errorf("check backup: %w", err)
	}
	if m.File != want.File || m.SHA256 != want.SHA256 || m.Bytes != want.Bytes {
		return nil, fmt.Errorf("%s is not what its manifest says: %s has hash %s and %d bytes, should be %s of %d",
			dir, m.File, m.SHA256, m.Bytes, want.SHA256, want.Bytes)
	}
	return m, nil
}
