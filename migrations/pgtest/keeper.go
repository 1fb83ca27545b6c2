package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"yilu/migrations/pgserver"
)

const (
	// keeperBase makes a copy of a test binary the keeper of that folder.
	keeperBase = "YILU_PGTEST_KEEPER"

	// idleFor bridges the compiling of the next package.
	idleFor = 20 * time.Second
	// startWithin covers initdb on a machine whose cores all compile.
	startWithin = 2 * time.Minute

	// memory is where the cluster lies if that is a tmpfs with so much room, and else it
	// lies beside its locks. ext4 gives no new file the inode of one deleted in the last
	// half minute and looks at each of those first: of two tests that copy and drop a
	// database, nine tenths of PostgreSQL's processor time went into that.
	memory       = "/dev/shm"
	roomInMemory = 4 << 30
	tmpfs        = 0x01021994 // statfs(2)
)

// clusterBase is the folder for the clusters of the locks in base.
func clusterBase(base string) string {
	var found syscall.Statfs_t
	if err := syscall.Statfs(memory, &found); err != nil || found.Type != tmpfs || found.Bavail*uint64(found.Bsize) < roomInMemory {
		return base
	}
	return filepath.Join(memory, filepath.Base(base))
}

// init takes over the process if it is to be the keeper. That must happen
// before the testing package looks at the command line, hence here. The package
// is linked into tests only.
func init() {
	base := os.Getenv(keeperBase)
	if base == "" {
		return
	}
	if err := keep(base); err != nil {
		log.Fatalf("pgtest keeper: %v", err)
	}
	os.Exit(0)
}

// keptCluster joins the shared cluster, starting its keeper if there is none.
func keptCluster(ctx context.Context, major int) (*cluster, error) {
	base := fmt.Sprintf("/tmp/yilu-pgtest-%d-%d", os.Geteuid(), major)
	if err := makeBase(base); err != nil {
		return nil, err
	}
	// Waits while a keeper is ending, which takes a second.
	users, err := flock(filepath.Join(base, "users"), syscall.LOCK_SH)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	var keeper chan error // ended, once we have spawned one
	for {
		server, err := pgserver.Running(filepath.Join(base, "current"))
		if err == nil {
			var c *cluster
			if c, err = newCluster(ctx, server); err == nil {
				c.users = users
				return c, nil
			}
		}
		if keeper == nil && !isKept(base) {
			if keeper, err = spawnKeeper(base); err != nil {
				return nil, err
			}
		}
		var failed error
		select {
		case <-poll.C:
		case failed = <-keeper:
			keeper = nil // without an error: another process's was faster
		case <-ctx.Done():
			failed = errors.Join(ctx.Err(), err)
		}
		if failed != nil {
			said, _ := os.ReadFile(filepath.Join(base, "keeper.log"))
			return nil, fmt.Errorf("shared cluster in %s did not start: %w: %s", base, failed, said)
		}
	}
}

// makeBase refuses a folder that another user has put in our way.
func makeBase(base string) error {
	if err := os.Mkdir(base, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(base)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to somebody else", base)
	}
	return os.Chmod(base, 0o711)
}

// flock opens path and locks it; the lock lasts as long as the file is open.
func flock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// isKept says whether a keeper lives. A wrong "no" is harmless: of two keepers
// the second ends at once.
func isKept(base string) bool {
	f, err := flock(filepath.Join(base, "keeper"), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return true
	}
	f.Close()
	return false
}

// spawnKeeper runs this binary again, out of reach of the terminal's ^C and of
// the go tool, which waits for everyone who holds a test's output.
func spawnKeeper(base string) (ended chan error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	logFile, err := os.OpenFile(filepath.Join(base, "keeper.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	cmd := exec.Command(self)
	cmd.Dir = base
	cmd.Env = append(os.Environ(), keeperBase+"="+base)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start keeper: %w", err)
	}
	ended = make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended, nil
}

// keep is the keeper's life.
func keep(base string) error {
	lock, err := flock(filepath.Join(base, "keeper"), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil // another was faster
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	where := clusterBase(base)
	err = errors.Join(makeBase(where), removeClusters(base), removeClusters(where), os.Truncate(filepath.Join(base, "keeper.log"), 0))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(where, "c-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	server, err := pgserver.Start(context.Background(), pgserver.Config{
		Dir: dir, BinDir: binDir(), Log: os.Stderr, Settings: throwAway,
	})
	if err != nil {
		return err
	}
	if err := os.Symlink(dir, filepath.Join(base, "current")); err != nil {
		return errors.Join(err, server.Stop())
	}
	users, err := waitUnused(filepath.Join(base, "users"), server.Done())
	err = errors.Join(err, server.Stop(), removeClusters(where), removeClusters(base))
	if users != nil {
		users.Close() // now the next test process may go on
	}
	return err
}

// throwAway trades durability, which nobody needs here, for speed; and makes
// room for the pools of all packages.
var throwAway = map[string]string{
	"fsync":              "off",
	"full_page_writes":   "off",
	"synchronous_commit": "off",
	"max_connections":    "400",
	"shared_buffers":     "128MB",
	"max_wal_size":       "256MB",
	"autovacuum":         "off",
}

// removeClusters deletes what an earlier keeper has left. A postgres that still
// runs there notices and ends by itself.
func removeClusters(base string) error {
	old, err := filepath.Glob(filepath.Join(base, "c-*"))
	if err != nil {
		return err
	}
	for _, path := range append(old, filepath.Join(base, "current")) {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// waitUnused returns once no test process has lived for idleFor, holding the
// lock that keeps new ones waiting; or when PostgreSQL has died.
func waitUnused(path string, died <-chan struct{}) (*os.File, error) {
	const every = 500 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for idle := time.Duration(0); ; {
		select {
		case <-died:
			return nil, errors.New("postgresql died")
		case <-tick.C:
		}
		users, err := flock(path, syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK):
			idle = 0
		case err != nil:
			return nil, err
		case idle >= idleFor:
			return users, nil
		default:
			users.Close()
			idle += every
		}
	}
}
