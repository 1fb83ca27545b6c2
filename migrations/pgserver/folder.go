package pgserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	ownerSecret   = "owner.password"
	serviceSecret = "service.password"

	// longestSocket is what fits into sockaddr_un with its closing zero.
	longestSocket = 107
)

// account is the operating system user PostgreSQL runs as.
type account struct {
	name     string
	uid, gid int
	// other is true when that is not the caller, who then is root.
	other bool
}

// accountFor finds the account for name. PostgreSQL refuses to run as root, so
// root must lend it another user; everyone else runs it as themselves.
func accountFor(name string) (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "the caller", uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	if name == "" {
		name = "postgres"
	}
	found, err := user.Lookup(name)
	if err != nil {
		return account{}, fmt.Errorf("postgresql does not run as root and needs another user: %w: install the package postgresql or choose one with --pg-user", err)
	}
	uid, uidErr := strconv.Atoi(found.Uid)
	gid, gidErr := strconv.Atoi(found.Gid)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return account{}, fmt.Errorf("read user %s: %w", name, err)
	}
	if uid == 0 {
		return account{}, fmt.Errorf("postgresql does not run as root: choose another user than %s with --pg-user", name)
	}
	return account{name: name, uid: uid, gid: gid, other: true}, nil
}

// own gives path to the account and keeps all others out of it.
func (a account) own(path string, mode fs.FileMode) error {
	if a.other {
		if err := os.Chown(path, a.uid, a.gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, mode)
}

// mayEnter says whether the mode bits let the account pass through a folder.
func (a account) mayEnter(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return true
	case int(stat.Uid) == a.uid:
		return info.Mode()&0o100 != 0
	case int(stat.Gid) == a.gid:
		return info.Mode()&0o010 != 0
	}
	return info.Mode()&0o001 != 0
}

// lockFolder creates dir if need be and holds it for this process. The lock is
// on the folder itself, so it leaves no file in a folder we then refuse, and
// the kernel drops it however we end.
func lockFolder(dir string) (*os.File, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	lock, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w: stop it first, or choose another data folder", ErrInUse)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// unlock gives the folder free at once: a program that another goroutine is just
// starting has the file open too until its exec, and would keep the lock.
func unlock(lock *os.File) error {
	return errors.Join(syscall.Flock(int(lock.Fd()), syscall.LOCK_UN), lock.Close())
}

// makeFolder makes dir and its missing parents so that PostgreSQL's user may
// pass through to pgdata, whatever the umask, and read nothing on the way.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o711); err != nil {
		return err
	}
	return os.Chmod(dir, 0o711)
}

// folder is Config.Dir, locked.
type folder struct {
	dir     string
	account account
}

func (f folder) data() string { return filepath.Join(f.dir, "pgdata") }

// check refuses a folder that we did not make, before anything is written.
func (f folder) check() error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	var foreign []string
	for _, entry := range entries {
		name := entry.Name()
		switch name {
		case "pgdata", "socket", ownerSecret, serviceSecret, "lost+found":
		default:
			if !strings.HasPrefix(name, "initdb-") {
				foreign = append(foreign, name)
			}
		}
	}
	data, err := os.ReadDir(f.data())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch {
	case len(data) > 0 && f.version() == "":
		return errors.New("pgdata is not empty and has no PG_VERSION, so it is no postgresql data directory; nothing was changed")
	case len(data) == 0 && len(foreign) > 0:
		return fmt.Errorf("the folder holds other files (%s), choose an empty one; nothing was changed", strings.Join(foreign, ", "))
	}
	return f.checkReachable()
}

// checkReachable finds the parent that would stop the account, because initdb
// and postgres only say "permission denied" without naming it.
func (f folder) checkReachable() error {
	if !f.account.other {
		return nil
	}
	for dir := f.dir; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if !f.account.mayEnter(info) {
			return fmt.Errorf("user %s, who runs postgresql, may not enter %s (%v): "+
				"choose a data folder elsewhere, such as /var/lib/yilu", f.account.name, dir, info.Mode())
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// version is the major version that made pgdata, "" if there is none yet.
func (f folder) version() string {
	data, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// prepare makes pgdata unless it is there. initdb works in a fresh temporary
// folder that is renamed when complete: a pgdata that exists is a whole one. A
// temporary folder left by a crash stays, since we delete nothing we find.
func (f folder) prepare(ctx context.Context, run runner) error {
	if f.version() != "" {
		return nil
	}
	password := rand.Text()
	if err := f.writeSecret(ownerSecret, password); err != nil {
		return fmt.Errorf("write owner password: %w", err)
	}
	temp, err := os.MkdirTemp(f.dir, "initdb-")
	if err != nil {
		return err
	}
	if err := f.account.own(temp, 0o700); err != nil {
		return err
	}
	passwordFile := filepath.Join(temp, "password")
	if err := os.WriteFile(passwordFile, []byte(password), 0o600); err != nil {
		return err
	}
	if err := f.account.own(passwordFile, 0o600); err != nil {
		return err
	}
	made := filepath.Join(temp, "pgdata")
	if err := run.initdb(ctx, temp, made, passwordFile); err != nil {
		return err
	}
	if err := os.Rename(made, f.data()); err != nil {
		return err
	}
	return errors.Join(os.Remove(passwordFile), os.Remove(temp), syncFolder(f.dir))
}

// address reads the passwords and makes the socket's folder. A lost service
// password is replaced, the owner's cannot be without the old one.
func (f folder) address() (address, error) {
	owner, err := f.readSecret(ownerSecret)
	if err != nil {
		return address{}, fmt.Errorf("%w: bring the file back, or set a new password with "+
			"postgres --single -D %s and write it there", err, f.data())
	}
	service, err := f.readSecret(serviceSecret)
	if errors.Is(err, fs.ErrNotExist) {
		service = rand.Text()
		err = f.writeSecret(serviceSecret, service)
	}
	if err != nil {
		return address{}, fmt.Errorf("service password: %w", err)
	}
	socketDir, err := f.makeSocketDir()
	if err != nil {
		return address{}, fmt.Errorf("make socket folder: %w", err)
	}
	return address{socketDir: socketDir, ownerPassword: owner, servicePassword: service}, nil
}

// makeSocketDir prefers our own folder. A path too long for a socket gets a
// fresh short one; its random name keeps others from waiting for us there.
func (f folder) makeSocketDir() (string, error) {
	dir := filepath.Join(f.dir, "socket")
	if len(filepath.Join(dir, ".s.PGSQL."+port)) <= longestSocket {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
		return dir, f.account.own(dir, 0o700)
	}
	base := "/tmp"
	if f.account.other {
		base = "/run"
	}
	dir, err := os.MkdirTemp(base, "yilu-")
	if err != nil {
		return "", err
	}
	return dir, f.account.own(dir, 0o700)
}

// removeSocketDir removes a short one after use. It must be empty by then; if
// it is not, an empty-handed folder in /run or /tmp hurts nobody.
func (f folder) removeSocketDir(dir string) {
	if filepath.Dir(dir) != f.dir {
		_ = os.Remove(dir)
	}
}

// runningAddress reads what the process that started PostgreSQL wrote down.
func (f folder) runningAddress() (address, error) {
	file, err := readPostmasterFile(f.data())
	if errors.Is(err, fs.ErrNotExist) {
		return address{}, errors.New("no postgresql is running there")
	}
	if err != nil {
		return address{}, err
	}
	owner, ownerErr := f.readSecret(ownerSecret)
	service, serviceErr := f.readSecret(serviceSecret)
	return address{socketDir: file.socketDir, ownerPassword: owner, servicePassword: service}, errors.Join(ownerErr, serviceErr)
}

func (f folder) readSecret(name string) (string, error) {
	data, err := os.ReadFile(filepath.Join(f.dir, name))
	return strings.TrimSpace(string(data)), err
}

// writeSecret replaces the file in one step, so that a crash leaves the old
// password or the new one.
func (f folder) writeSecret(name, secret string) error {
	temp, err := os.CreateTemp(f.dir, "initdb-"+name+"-") // 0600
	if err != nil {
		return err
	}
	_, err = temp.WriteString(secret + "\n")
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(f.dir, name))
	}
	return errors.Join(err, syncFolder(f.dir))
}

// syncFolder makes a rename inside dir survive a power cut.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
