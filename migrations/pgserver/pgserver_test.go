package pgserver_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/migrations/pgserver"
)

// helperDir makes the test binary a process that runs PostgreSQL on that
// folder, says so, and waits: the parent that the tests kill.
const helperDir = "YILU_PGSERVER_HELPER_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(helperDir)
	if dir == "" {
		code := m.Run()
		if made.dir != "" {
			os.RemoveAll(filepath.Dir(made.dir))
		}
		os.Exit(code)
	}
	s, err := pgserver.Start(context.Background(), pgserver.Config{Dir: dir, Log: os.Stderr})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready", s.PID())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// newFolder is not t.TempDir, whose parent is closed to PostgreSQL's user.
func newFolder(t *testing.T) string {
	t.Helper()
	if _, _, err := pgserver.Installed(""); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir, err := os.MkdirTemp("/tmp", "yilu-pgserver-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

// made is a folder after a first start and a stop, which most tests begin with:
// copying it is cheaper than initdb.
var made struct {
	once sync.Once
	dir  string
	err  error
}

func madeFolder(t *testing.T) string {
	t.Helper()
	dir := newFolder(t)
	made.once.Do(func() {
		base, err := os.MkdirTemp("/tmp", "yilu-pgserver-made-")
		made.dir = filepath.Join(base, "data")
		err = errors.Join(err, os.Chmod(base, 0o711))
		s, startErr := pgserver.Start(context.Background(), pgserver.Config{Dir: made.dir})
		made.err = errors.Join(err, startErr)
		if s != nil {
			made.err = errors.Join(made.err, s.Stop())
		}
	})
	if made.err != nil {
		t.Fatal(made.err)
	}
	if out, err := exec.Command("cp", "-a", made.dir, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func start(t *testing.T, c pgserver.Config) *pgserver.Server {
	t.Helper()
	s, err := pgserver.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func stop(t *testing.T, s *pgserver.Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// query returns one text value.
func query(t *testing.T, connURL, sql string, args ...any) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), connURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var value string
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func execute(t *testing.T, connURL, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), connURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func TestFirstStartAndRestart(t *testing.T) {
	t.Parallel()
	dir := newFolder(t)
	s := start(t, pgserver.Config{Dir: dir})

	for setting, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"listen_addresses": "", "server_encoding": "UTF8", "jit": "off", "TimeZone": "UTC",
	} {
		if got := query(t, s.OwnerURL("yilu"), `select current_setting($1)`, setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if got := query(t, s.OwnerURL("yilu"), `select datcollate from pg_database where datname = 'yilu'`); got != "C" {
		t.Errorf("collation is %q, want C", got)
	}
	if got := query(t, s.ServiceURL("yilu"), `select current_user::text`); got != "yilu_service" {
		t.Errorf("service logs in as %q", got)
	}
	execute(t, s.OwnerURL("yilu"), `create table kept (v text); insert into kept values ('一律')`)

	running, err := pgserver.Running(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := query(t, running.OwnerURL("yilu"), `select v from kept`); got != "一律" {
		t.Errorf("through Running: %q", got)
	}
	stop(t, running) // not ours: must do nothing
	stop(t, s)
	stop(t, s) // twice is fine
	if _, err := pgserver.Running(dir); err == nil {
		t.Error("Running finds a stopped server")
	}

	s = start(t, pgserver.Config{Dir: dir})
	if got := query(t, s.OwnerURL("yilu"), `select v from kept`); got != "一律" {
		t.Errorf("after restart: %q", got)
	}
}

func TestPasswordsAndSocketAreClosedToOthers(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	s := start(t, pgserver.Config{Dir: dir})
	for name, want := range map[string]fs.FileMode{
		"owner.password": 0o600, "service.password": 0o600, "socket": 0o700, "pgdata": 0o700,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", name, got, want)
		}
	}
	u, err := url.Parse(s.OwnerURL("yilu"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("yilu_admin", "guess")
	_, err = pgx.Connect(t.Context(), u.String())
	wantError(t, err, "28P01")
}

func TestLostServicePasswordIsReplaced(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	if err := os.Remove(filepath.Join(dir, "service.password")); err != nil {
		t.Fatal(err)
	}
	s := start(t, pgserver.Config{Dir: dir})
	query(t, s.ServiceURL("yilu"), `select current_user::text`)
}

func TestSecondInstanceIsRefused(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	s := start(t, pgserver.Config{Dir: dir})
	_, err := pgserver.Start(t.Context(), pgserver.Config{Dir: dir})
	wantError(t, err, dir, "another yilu")
	query(t, s.OwnerURL("yilu"), `select 'alive'`)
}

func TestForeignFoldersAreRefusedUntouched(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"other files", "letters.txt", "other files (letters.txt)"},
		{"a data directory itself", "PG_VERSION", "other files (PG_VERSION)"},
		{"pgdata without version", "pgdata/base", "no PG_VERSION"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := newFolder(t)
			path := filepath.Join(dir, test.file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("15\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			before := listing(t, dir)
			_, err := pgserver.Start(t.Context(), pgserver.Config{Dir: dir})
			wantError(t, err, dir, test.want, "nothing was changed")
			if after := listing(t, dir); after != before {
				t.Errorf("folder changed from\n%s to\n%s", before, after)
			}
		})
	}
}

func TestOtherVersionIsRefusedUntouched(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	version := filepath.Join(dir, "pgdata", "PG_VERSION")
	if err := os.WriteFile(version, []byte("12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := listing(t, dir)
	_, err := pgserver.Start(t.Context(), pgserver.Config{Dir: dir})
	wantError(t, err, "postgresql 12", "install postgresql-12", "nothing was changed")
	if after := listing(t, dir); after != before {
		t.Error("folder changed")
	}
}

// listing names every file with its size and time of change.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.Walk(dir, func(path string, info fs.FileInfo, err error) error {
		if err == nil {
			fmt.Fprintln(&out, path, info.Mode(), info.Size(), info.ModTime())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestMissingBinariesNameThePackage(t *testing.T) {
	t.Parallel()
	dir := newFolder(t)
	_, err := pgserver.Start(t.Context(), pgserver.Config{Dir: dir, BinDir: "/nowhere"})
	wantError(t, err, "/nowhere")

	old := filepath.Join(filepath.Dir(dir), "old")
	if err := os.Mkdir(old, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.24'\n"
	for _, name := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(old, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_, err = pgserver.Start(t.Context(), pgserver.Config{Dir: dir, BinDir: old})
	wantError(t, err, "postgresql 9", "15 to 18")
}

func TestBadSettingShowsPostgresLastWords(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	var log bytes.Buffer
	began := time.Now()
	_, err := pgserver.Start(t.Context(), pgserver.Config{Dir: dir, Log: &log,
		Settings: map[string]string{"max_connections": "many"}})
	wantError(t, err, "max_connections", "many")
	if !strings.Contains(log.String(), "max_connections") {
		t.Errorf("log is %q", log.String())
	}
	if waited := time.Since(began); waited > 20*time.Second {
		t.Errorf("took %v to give up", waited)
	}
	start(t, pgserver.Config{Dir: dir}) // the folder is free and whole
}

func TestCancelledStartFreesTheFolder(t *testing.T) {
	t.Parallel()
	dir := newFolder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := pgserver.Start(ctx, pgserver.Config{Dir: dir})
	wantError(t, err, "cancel")
	start(t, pgserver.Config{Dir: dir})
}

func TestKilledPostmasterIsNoticedAndRecovers(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	s := start(t, pgserver.Config{Dir: dir})
	execute(t, s.OwnerURL("yilu"), `create table kept (v text); insert into kept values ('before')`)
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
		t.Fatal("death of the postmaster was not noticed")
	}
	s = start(t, pgserver.Config{Dir: dir}) // at once, orphans still about
	if got := query(t, s.OwnerURL("yilu"), `select v from kept`); got != "before" {
		t.Errorf("after recovery: %q", got)
	}
}

func TestLongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(newFolder(t), strings.Repeat("l", 120))
	s := start(t, pgserver.Config{Dir: dir})
	query(t, s.OwnerURL("yilu"), `select 'alive'`)
	running, err := pgserver.Running(dir)
	if err != nil {
		t.Fatal(err)
	}
	query(t, running.ServiceURL("yilu"), `select 'alive'`)
	socketDir := query(t, s.OwnerURL("yilu"), `select current_setting('unix_socket_directories')`)
	stop(t, s)
	if _, err := os.Stat(socketDir); err == nil {
		t.Errorf("%s was left behind", socketDir)
	}
}

// TestStrictUmask runs a helper, as the umask belongs to the whole process.
func TestStrictUmask(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(newFolder(t), "deep", "data")
	helper(t, dir, "/bin/sh", nil, "-c", "umask 077; exec "+os.Args[0])
	running, err := pgserver.Running(dir)
	if err != nil {
		t.Fatal(err)
	}
	query(t, running.ServiceURL("yilu"), `select 'alive'`)
}

func TestUnreachableFolderIsNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root lends PostgreSQL another user")
	}
	dir := newFolder(t)
	closed := filepath.Join(dir, "closed")
	if err := os.MkdirAll(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := pgserver.Start(t.Context(), pgserver.Config{Dir: filepath.Join(closed, "data")})
	wantError(t, err, "user postgres", "may not enter "+closed)
}

// helper runs the test binary as a parent of PostgreSQL.
func helper(t *testing.T, dir, binary string, credential *syscall.Credential, arguments ...string) (cmd *exec.Cmd, stdin io.Closer, postmaster int) {
	t.Helper()
	cmd = exec.Command(binary, arguments...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), helperDir+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		t.Fatalf("helper said %q", line)
	}
	postmaster, err = strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd, in, postmaster
}

func TestParentsDeathStopsPostgres(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	cmd, _, postmaster := helper(t, dir, os.Args[0], nil)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	waitGone(t, postmaster)

	s := start(t, pgserver.Config{Dir: dir})
	query(t, s.ServiceURL("yilu"), `select 'alive'`)
}

// TestBothKilled is the worst case: nobody is left to stop the backends.
func TestBothKilled(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	cmd, _, postmaster := helper(t, dir, os.Args[0], nil)
	running, err := pgserver.Running(dir)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, running.OwnerURL("yilu"), `create table kept (v text); insert into kept values ('before')`)
	if err := syscall.Kill(postmaster, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	s := start(t, pgserver.Config{Dir: dir})
	if got := query(t, s.OwnerURL("yilu"), `select v from kept`); got != "before" {
		t.Errorf("after recovery: %q", got)
	}
}

func waitGone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		// A zombie waits for init to collect it, which containers may lack.
		if err != nil || bytes.Contains(state, []byte(") Z ")) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("postmaster %d still runs: %s", pid, state)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("the other tests did that already")
	}
	base := filepath.Dir(newFolder(t))
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	uid, uidErr := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(nobody.Gid, 10, 32)
	if uidErr != nil || gidErr != nil {
		t.Fatal(uidErr, gidErr)
	}
	// The go tool's own folder is closed to nobody.
	binary := filepath.Join(base, "pgserver.test")
	code, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, code, 0o755); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(base, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(home, "data")
	cmd, stdin, postmaster := helper(t, dir, binary, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)})
	owner, err := os.Stat(fmt.Sprintf("/proc/%d", postmaster))
	if err != nil {
		t.Fatal(err)
	}
	if got := owner.Sys().(*syscall.Stat_t).Uid; uint64(got) != uid {
		t.Errorf("postgres runs as uid %d, want %d", got, uid)
	}
	running, err := pgserver.Running(dir)
	if err != nil {
		t.Fatal(err)
	}
	query(t, running.ServiceURL("yilu"), `select 'alive'`)
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("helper: %v", err)
	}
}

// TestJoined: a server that somebody has joined is not stopped under them, and one that is
// about to stop is joined by nobody.
func TestJoined(t *testing.T) {
	t.Parallel()
	dir := newFolder(t)
	if _, err := pgserver.Join(t.Context(), dir); err == nil {
		t.Error("a server that does not run was joined")
	}
	s := start(t, pgserver.Config{Dir: dir})
	if _, err := pgserver.Start(t.Context(), pgserver.Config{Dir: dir}); !errors.Is(err, pgserver.ErrInUse) {
		t.Errorf("started twice: %v", err)
	}
	guest, err := pgserver.Join(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if said := pgserver.Owner(dir); !strings.Contains(said, "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("it is of %q", said)
	}
	waiting, unused := make(chan bool, 1), make(chan error, 1)
	go func() { unused <- s.WaitUnused(t.Context(), func() { waiting <- true }) }()
	<-waiting
	query(t, guest.ServiceURL("yilu"), `select 'alive'`)
	stop(t, guest)
	if err := <-unused; err != nil {
		t.Fatal(err)
	}
	if _, err := pgserver.Join(t.Context(), dir); err == nil {
		t.Error("a server that is about to stop was joined")
	}
	stop(t, s)
}
