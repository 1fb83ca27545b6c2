package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger/document"
	"yilu/migrations/pgserver"
	"yilu/migrations/pgtest"
)

// newDataFolder is a place that PostgreSQL's user can reach, which it cannot with
// t.TempDir.
func newDataFolder(t *testing.T) string {
	t.Helper()
	if _, _, err := pgserver.Installed(os.Getenv("YILU_PG_BIN")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("/tmp", "yilu-restore-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// succeed runs a command that has to end well, and returns what it wrote.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	code, out, said := yilu(args...)
	if code != exitOK {
		t.Fatalf("yilu %s: %d %s%s", strings.Join(args, " "), code, out, said)
	}
	return out
}

// refuse runs a command that has to end with a code and say something.
func refuse(t *testing.T, want int, say string, args ...string) {
	t.Helper()
	code, out, said := yilu(args...)
	if code != want || !strings.Contains(said, say) {
		t.Errorf("yilu %s: %d %s%s, want %d and %q", strings.Join(args, " "), code, out, said, want, say)
	}
}

// copyTree copies what an operator keeps apart from backups.
func copyTree(t *testing.T, from, to string, names ...string) {
	t.Helper()
	for _, name := range names {
		if out, err := exec.Command("cp", "-a", filepath.Join(from, name), filepath.Join(to, name)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

// TestRestoreOfAnOldBackup is the story of a lost disk: everything on our own
// PostgreSQL, with a backup that is older than what was published.
func TestRestoreOfAnOldBackup(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	dir := newDataFolder(t)
	data, backup, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "backup"), filepath.Join(dir, "new")
	s := serve(t, data)
	s.note = "secret"
	token := strings.TrimSpace(succeed(t, "token", "--data", data, "--user", "u", "--unit", "z", "--role", "project"))
	for n := range 3 {
		if code, said := s.post(token, n); code != 201 {
			t.Fatalf("post: %d %s", code, said)
		}
	}
	s.signed(3)
	kept := handIn(t, data, "合同.pdf", "%PDF-1.7 contract")
	lost := handIn(t, data, "发票.pdf", "%PDF-1.7 invoice")
	var m manifest
	if err := json.Unmarshal([]byte(succeed(t, "backup", "--data", data, "--out", backup, "--json")), &m); err != nil {
		t.Fatal(err)
	}
	if m.Method != byCopy || len(m.Books) != 1 || m.Books[0].Size != "3" || m.Books[0].Root == "" || m.Bytes < 1<<20 || m.Files.Documents != 2 || m.Files.Uploads != 1 {
		t.Errorf("manifest %+v", m)
	}
	checkBackedUp(t, data)
	// Everything is well but what a demonstration lacks.
	if out := succeed(t, "doctor", "--data", data); strings.Contains(out, "fail ") || !strings.Contains(out, "3 entries, 3 signed, 3 published") || !strings.Contains(out, "1 wait, all sealed") {
		t.Errorf("doctor: %s", out)
	}
	seen(t, data)
	_, figures := s.get("http://" + s.admin + "/metrics")
	checkWatched(t, figures)
	for n := 3; n < 6; n++ {
		if code, said := s.post(token, n); code != 201 {
			t.Fatalf("post: %d %s", code, said)
		}
	}
	s.signed(6)
	s.stop()
	holdsNoSecrets(t, data, backup)

	refuse(t, exitRefused, "overwrites nothing", "backup", "--data", data, "--out", backup)
	refuse(t, exitRefused, "overwrites nothing", "restore", "--from", backup, "--data", data)
	refuse(t, exitRefused, "no manifest.json", "restore", "--from", dir, "--data", fresh)

	t.Chdir(dir) // names are relative to where the operator stands
	if out := succeed(t, "restore", "--from", "backup", "--data", "new"); !strings.Contains(out, "restored to 3, what was published is not known") || !strings.Contains(out, "2 documents and 1 uploads") {
		t.Errorf("restore: %s", out)
	}
	if text, err := os.ReadFile(storedFile(fresh, kept)); err != nil || string(text) != "%PDF-1.7 contract" {
		t.Errorf("a document after the restore: %q %v", text, err)
	}
	if err := os.WriteFile(storedFile(fresh, kept), []byte("%PDF-1.7 forged!!"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(storedFile(fresh, lost)); err != nil {
		t.Fatal(err)
	}
	// One PostgreSQL for all that follows, as beside a running server.
	own, err := pgserver.Start(t.Context(), pgserver.Config{Dir: filepath.Join(fresh, "postgres"), BinDir: os.Getenv("YILU_PG_BIN")})
	if err != nil {
		t.Fatal(err)
	}
	defer own.Stop()
	// Without the secret none is made; without state and public files nobody knows.
	erase := []string{"erase", "0", "note", "--ground", "order", "--user", "a", "--unit", "z", "--data", fresh}
	refuse(t, exitRefused, "put the file back", erase...)
	copyTree(t, data, fresh, "seal.secret")
	refuse(t, exitRefused, "nobody knows how many were published", erase...)
	copyTree(t, data, fresh, "signer", "public")
	if text := readWaiting(t, fresh); text != waitingText {
		t.Errorf("an upload after the restore: %q", text)
	}
	s = serve(t, fresh)
	if code, said := s.post(token, 9); code != 503 || !strings.Contains(said, "3 条分录，已签名的有 6 条") {
		t.Errorf("post after an old backup: %d %s", code, said)
	}
	if code, out, _ := yilu("doctor", "--data", fresh); code != exitDiverged || !strings.Contains(out, "1 of 2 are missing, 1 differ from their hash") {
		t.Errorf("doctor: %d %s", code, out)
	}
	s.stop()
	if out := succeed(t, "signer", "recover", "--data", fresh, "--first", "a", "--second", "b"); !strings.Contains(out, "3 entries are back") {
		t.Errorf("recover: %s", out)
	}
	succeed(t, "rebuild", "--replace", "--data", fresh)
	s = serve(t, fresh)
	if code, said := s.post(token, 9); code != 201 {
		t.Errorf("post after recovery: %d %s", code, said)
	}
	s.signed(7)
	if r, err := readRestored(fresh); err != nil || !strings.Contains(r.Released, "has no more") {
		t.Errorf("restored %+v, %v", r, err)
	}
	if out := succeed(t, "verify", "--all", "--data", fresh); !strings.Contains(out, "so do the signed checkpoints") {
		t.Errorf("verify: %s", out)
	}
	s.stop()
}

// handIn puts a document into the store of a running server, beside an upload that waits.
func handIn(t *testing.T, data, name, content string) document.Stored {
	t.Helper()
	own, err := pgserver.Running(filepath.Join(data, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), own.ServiceURL("yilu"))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	store, err := document.Open(filepath.Join(data, "files"), pool, sealerOf(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	f, err := store.Put(t.Context(), "411025", document.Stored{Unit: "z", User: "u", Name: name, At: time.Now()}, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if name == "合同.pdf" {
		if _, err := store.Keep(document.Waiting{Owner: "u", Use: "import", Name: "表.csv", At: time.Now(), Facts: []byte(`{}`)}, strings.NewReader(waitingText)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// waitingText is what is in an upload that waits.
const waitingText = "户主,张三丰\n"

// sealerOf seals under the secret of a data folder.
func sealerOf(t *testing.T, data string) *audit.Sealer {
	t.Helper()
	if err := os.MkdirAll(data, 0o711); err != nil {
		t.Fatal(err)
	}
	secret, err := audit.LoadOrCreateSecret((&environment{Data: data}).secretFile())
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := audit.NewSealer(secret)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// readWaiting is what is in the upload that handIn left, as a data folder opens it.
func readWaiting(t *testing.T, data string) string {
	t.Helper()
	store, err := document.Open(filepath.Join(data, "files"), nil, sealerOf(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	found, err := filepath.Glob(filepath.Join(data, "files", "waiting", "*.note"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d uploads wait, %v", len(found), err)
	}
	w, err := store.Waiting(strings.TrimSuffix(filepath.Base(found[0]), ".note"), "u", "import", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	upload, err := store.Upload(w)
	if err != nil {
		t.Fatal(err)
	}
	defer upload.Close()
	text, err := io.ReadAll(io.NewSectionReader(upload, 0, upload.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// storedFile is where a document stands in a data folder or backup.
func storedFile(data string, f document.Stored) string {
	name := hex.EncodeToString(f.SHA256)
	return filepath.Join(data, "files", "stored", name[:2], name)
}

// TestBackupOfDocumentsIsHeldToItsList refuses a backup with a changed or missing
// document, takes up a restore that was cut off, and says what an older backup lacks.
func TestBackupOfDocumentsIsHeldToItsList(t *testing.T) {
	db := pgtest.New(t)
	dir := newDataFolder(t)
	t.Setenv("LC_ALL", "C")
	t.Setenv("YILU_DATABASE_URL", db.OwnerURL)
	data, backup := filepath.Join(dir, "data"), filepath.Join(dir, "backup")
	store, err := document.Open(filepath.Join(data, "files"), db.Pool, sealerOf(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	f, err := store.Put(t.Context(), "411025", document.Stored{Unit: "z", User: "u", Name: "a.pdf", At: time.Now()}, strings.NewReader("%PDF-1.7 a"))
	if err != nil {
		t.Fatal(err)
	}
	damaged, err := store.Put(t.Context(), "411025", document.Stored{Unit: "z", User: "u", Name: "b.pdf", At: time.Now()}, strings.NewReader("%PDF-1.7 b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(storedFile(data, damaged), []byte("forged"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, said := yilu("backup", "--data", data, "--out", backup, "--dump")
	if code != exitOK || !strings.Contains(said, hex.EncodeToString(damaged.SHA256)+" are not those of its hash: it is not in the backup") {
		t.Fatalf("backup: %d %s", code, said)
	}
	t.Setenv("YILU_DATABASE_URL", "")
	fresh := filepath.Join(dir, "new")
	whole, err := os.ReadFile(storedFile(backup, f))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []func() error{
		func() error { return os.WriteFile(storedFile(backup, f), []byte("%PDF-1.7 z"), 0o600) },
		func() error { return os.Remove(storedFile(backup, f)) },
	} {
		if err := bad(); err != nil {
			t.Fatal(err)
		}
		refuse(t, exitRefused, "read copy of files", "restore", "--from", backup, "--data", fresh)
		if _, err := os.Stat(fresh); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a refused restore left something: %v", err)
		}
	}
	if err := os.WriteFile(storedFile(backup, f), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(backup, "files", "SHA256SUMS")
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, append(text, "x"...), 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, exitRefused, "not the list that was made", "restore", "--from", backup, "--data", fresh)
	if err := os.WriteFile(list, text, 0o600); err != nil {
		t.Fatal(err)
	}
	// Cut off after the documents: the next restore finds them there.
	m, err := readManifest(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(fresh, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := m.Files.Restore(filepath.Join(backup, "files"), filepath.Join(fresh, "files")); err != nil {
		t.Fatal(err)
	}
	if out := succeed(t, "restore", "--from", backup, "--data", fresh); !strings.Contains(out, "1 documents are missing or changed:\n    "+damaged.Hash()+" b.pdf") {
		t.Errorf("restore: %s", out)
	}
	// As programs before wrote it: without documents.
	m.Format, m.Files = bareFormat, nil
	if err := errors.Join(os.RemoveAll(filepath.Join(backup, "files")), m.write(backup)); err != nil {
		t.Fatal(err)
	}
	if out := succeed(t, "restore", "--from", backup, "--data", filepath.Join(dir, "older")); !strings.Contains(out, "this backup has no documents") || !strings.Contains(out, "2 documents are missing") {
		t.Errorf("restore of an older backup: %s", out)
	}
}

// seen marks a scheduled job as looked at, as the server does every quarter of a minute.
func seen(t *testing.T, data string) {
	t.Helper()
	own, err := pgserver.Running(filepath.Join(data, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), own.OwnerURL("yilu"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `
		insert into alert.job_run (book, job, slot, upto, at, outcome, skipped) values ('411025', 'summary', now(), -1, now(), 'first', 0)
		on conflict do nothing`); err != nil {
		t.Fatal(err)
	}
}

// checkBackedUp looks for the note of the backup in the data folder.
func checkBackedUp(t *testing.T, data string) {
	t.Helper()
	if at, folder, err := backedUp(data); err != nil || time.Since(at) > time.Minute || filepath.Base(folder) != "backup" {
		t.Errorf("last backup %v %s %v", at, folder, err)
	}
}

// holdsNoSecrets looks for every secret of a data folder in a backup of it.
func holdsNoSecrets(t *testing.T, data, backup string) {
	t.Helper()
	var secrets [][]byte
	for _, name := range []string{"seal.secret", "signer/411025/key", "postgres/owner.password", "postgres/service.password"} {
		secret, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, bytes.TrimSpace(secret))
	}
	secrets = append(secrets, []byte(strings.TrimSpace(waitingText))) // which households a sheet names
	err := filepath.WalkDir(backup, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for i, secret := range secrets {
			if bytes.Contains(text, secret) {
				t.Errorf("%s holds secret %d", path, i)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBackupAndRestoreOfAGivenServer backs up a database that others run: a copy
// where the login may, a dump where it may not. What was changed in a backup, or cut
// off, is refused.
func TestBackupAndRestoreOfAGivenServer(t *testing.T) {
	db := pgtest.New(t)
	dir := newDataFolder(t)
	t.Setenv("LC_ALL", "C")
	t.Setenv("YILU_DATABASE_URL", db.OwnerURL)
	data, dumped := filepath.Join(dir, "data"), filepath.Join(dir, "dumped")
	if _, err := db.Owner.Exec(t.Context(), `insert into log.head (book) values ('411025')`); err != nil {
		t.Fatal(err)
	}
	code, _, said := yilu("backup", "--data", data, "--out", dumped, "--dump")
	if code != exitOK || !strings.Contains(said, "are not in it") {
		t.Fatalf("dump: %d %s", code, said)
	}
	refuse(t, exitUsage, "unset YILU_DATABASE_URL", "restore", "--from", dumped, "--data", filepath.Join(dir, "new"))
	t.Setenv("YILU_DATABASE_URL", "")
	fresh := filepath.Join(dir, "new")
	var report restoreReport
	if err := json.Unmarshal([]byte(succeed(t, "restore", "--from", dumped, "--data", fresh, "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Books) != 1 || report.Books[0].Restored != "0" || !report.Books[0].Held || len(report.Guards) != 0 {
		t.Errorf("%+v", report)
	}
	refuse(t, exitUsage, "two persons", "restore", "confirm", "--data", fresh, "--first", "a", "--second", "a")
	refuse(t, exitRefused, "no backup was restored", "restore", "confirm", "--data", data, "--first", "a", "--second", "b")
	succeed(t, "restore", "confirm", "--data", fresh, "--first", "a", "--second", "b")
	if out := succeed(t, "verify", "--data", fresh); !strings.Contains(out, "whole") {
		t.Errorf("verify: %s", out)
	}

	// A restore that was cut off is half a database, until it is made again.
	half := filepath.Join(dir, "half")
	if err := os.MkdirAll(half, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := (&restored{From: dumped}).write(half); err != nil {
		t.Fatal(err)
	}
	refuse(t, exitRefused, "did not end", "serve", "--data", half, "--listen", "127.0.0.1:0", "--admin", "")
	if left, err := os.ReadDir(half); err != nil || len(left) != 1 {
		t.Errorf("a database was made in half a restore: %v %v", left, err)
	}
	refuse(t, exitDiverged, "", "doctor", "--data", half)

	dump := filepath.Join(dumped, "yilu.dump")
	bytes, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	bytes[len(bytes)/2] ^= 1
	if err := os.WriteFile(dump, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	refuse(t, exitRefused, "is not what its manifest says", "restore", "--from", dumped, "--data", filepath.Join(dir, "newer"))
	if _, err := os.Stat(filepath.Join(dir, "newer")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused restore left something: %v", err)
	}
}

// TestBackupWithoutRights says in clear words that the login may not copy, and dumps.
func TestBackupWithoutRights(t *testing.T) {
	db := pgtest.New(t)
	t.Setenv("LC_ALL", "C")
	t.Setenv("YILU_DATABASE_URL", db.OwnerURL)
	name := "backup_" + strings.ToLower(db.Name[2:])
	if _, err := db.Owner.Exec(t.Context(), `create role `+name+` login password 'x' in role pg_read_all_data`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Owner.Exec(context.Background(), `drop owned by `+name+`; drop role `+name); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Owner.Exec(t.Context(), `grant connect on database `+db.Name+` to `+name); err != nil {
		t.Fatal(err)
	}
	config := db.Owner.Config().ConnConfig
	t.Setenv("YILU_DATABASE_URL", "postgres://"+name+":x@/"+db.Name+"?host="+config.Host)
	out := filepath.Join(t.TempDir(), "b")
	code, _, said := yilu("backup", "--data", t.TempDir(), "--out", out)
	if code != exitOK || !strings.Contains(said, "may not copy the whole PostgreSQL") {
		t.Fatalf("%d %s", code, said)
	}
	if m, err := readManifest(out); err != nil || m.Method != byDump {
		t.Errorf("%+v %v", m, err)
	}
}

// TestBackupCutOff leaves nothing that could be taken for a backup, and nobody at
// work: pg_basebackup is two processes, and one that is left keeps PostgreSQL sending
// to a reader who reads no more, which stops every drop database of the server. The
// cluster is quiet, so that the second process has nothing to stumble over.
func TestBackupCutOff(t *testing.T) {
	db := pgtest.Durable(t)
	t.Setenv("LC_ALL", "C")
	t.Setenv("YILU_DATABASE_URL", db.OwnerURL())
	conn, err := pgx.Connect(t.Context(), db.OwnerURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `create table large as select repeat(md5(n::text), 60) as filling from generate_series(1, 60000) n`); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // as soon as PostgreSQL has written something
		for ctx.Err() == nil {
			if begun, _ := filepath.Glob(filepath.Join(dir, ".cut.unfinished-*", "postgres", "*")); len(begun) > 0 {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var out, said bytes.Buffer
	if code := run(ctx, []string{"backup", "--data", dir, "--out", filepath.Join(dir, "cut")}, &out, &said); code == exitOK {
		t.Error("a backup that was cut off ended well")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a backup that was cut off left %v %v; it said %s", left, err, said.String())
	}
	for _, sql := range []string{`create database other`, `drop database other`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Error(err)
		}
	}
}

// TestBackupOnAFullDisk refuses before it writes.
func TestBackupOnAFullDisk(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	t.Setenv("YILU_DATABASE_URL", pgtest.New(t).OwnerURL)
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("NOT RUN: a small disk needs root: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	}()
	refuse(t, exitRefused, "nothing was written", "backup", "--data", t.TempDir(), "--out", filepath.Join(disk, "b"))
	if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
		t.Errorf("left on the full disk: %v %v", left, err)
	}
}
