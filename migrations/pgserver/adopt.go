package pgserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Adopt makes a folder for Start out of a copy that BaseBackup made: of our own
// server, or of another whose database db then becomes ours. The copy stays as it
// is. The new server gets passwords of its own and starts with our settings alone:
// an archive_command of the old one would write into the old one's archive. Like
// Start, it puts pgdata in place once it is whole. progress is told bytes.
func Adopt(ctx context.Context, c Config, backup, db string, progress func(done, of int64)) error {
	dir, err := filepath.Abs(c.Dir)
	if err == nil {
		c.Dir = dir
		err = adopt(ctx, c, backup, db, progress)
	}
	if err != nil {
		return fmt.Errorf("restore postgresql into %s: %w", c.Dir, err)
	}
	return nil
}

func adopt(ctx context.Context, c Config, backup, db string, progress func(done, of int64)) error {
	account, err := accountFor(c.User)
	if err != nil {
		return err
	}
	lock, err := lockFolder(c.Dir)
	if err != nil {
		return err
	}
	defer unlock(lock)
	f := folder{dir: c.Dir, account: account}
	if err := f.check(); err != nil {
		return err
	}
	if f.version() != "" {
		return errors.New("there is a pgdata already; nothing was changed")
	}
	binaries, err := findBinaries(c.BinDir, backupVersion(backup))
	if err != nil {
		return err
	}
	run := runner{binaries: binaries, account: account, log: c.Log}
	temp, err := os.MkdirTemp(f.dir, "initdb-")
	if err != nil {
		return err
	}
	if err := account.own(temp, 0o700); err != nil {
		return err
	}
	made := filepath.Join(temp, "pgdata")
	if err := copyFolder(ctx, account, backup, made, progress); err != nil {
		return err
	}
	if err := ownSettings(account, made); err != nil {
		return err
	}
	password := rand.Text()
	if err := f.writeSecret(ownerSecret, password); err != nil {
		return fmt.Errorf("write owner password: %w", err)
	}
	if err := run.takeOver(ctx, temp, made, password, db); err != nil {
		return err
	}
	if err := os.Rename(made, f.data()); err != nil {
		return err
	}
	return errors.Join(os.Remove(temp), syncFolder(f.dir))
}

// copyFolder copies regular files and folders, for the account alone.
func copyFolder(ctx context.Context, account account, from, to string, progress func(done, of int64)) error {
	of, err := FolderSize(from)
	if err != nil {
		return err
	}
	var done int64
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		place := filepath.Join(to, name)
		switch {
		case entry.IsDir():
			if err := os.Mkdir(place, 0o700); err != nil {
				return err
			}
			return account.own(place, 0o700)
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is no plain file: a server with tablespaces or links is restored by PostgreSQL's own means", path)
		}
		n, err := copyFile(path, place)
		if err != nil {
			return err
		}
		done += n
		if progress != nil {
			progress(done, of)
		}
		return account.own(place, 0o600)
	})
}

// FolderSize is the bytes in a file, or in a folder with all below.
func FolderSize(path string) (size int64, err error) {
	err = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

func copyFile(from, to string) (int64, error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, in)
	return n, errors.Join(err, out.Close())
}

// ownSettings replaces the old server's settings by none, since ours stand on the
// command line, and its way in by a password.
func ownSettings(account account, data string) error {
	for name, text := range map[string]string{
		"postgresql.conf":      "# Settings of yilu are given on the command line.\n",
		"postgresql.auto.conf": "",
		"pg_ident.conf":        "",
		"pg_hba.conf":          "local all all scram-sha-256\nlocal replication all scram-sha-256\n",
	} {
		path := filepath.Join(data, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
		if err := account.own(path, 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"standby.signal", "recovery.signal"} {
		if err := os.Remove(filepath.Join(data, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// takeOver lets PostgreSQL replay the WAL of the copy, gives it our superuser and
// our database, and syncs every file. Single-user mode needs no password.
func (r runner) takeOver(ctx context.Context, dir, data, password, db string) error {
	statements := []string{
		`do $$ begin if not exists (select from pg_roles where rolname = '` + ownerRole + `') then create role ` + ownerRole + `; end if; end $$`,
		`alter role ` + ownerRole + ` superuser createdb createrole replication login password '` + password + `'`, // letters and digits
	}
	if db != database {
		statements = append(statements, `alter database `+pgx.Identifier{db}.Sanitize()+` rename to `+database)
	}
	cmd := r.command(ctx, dir, "postgres", "--single", "-D", data, "-c", "log_min_messages=error", "template1")
	cmd.Stdin = strings.NewReader(strings.Join(statements, ";\n") + ";\n")
	out, err := cmd.CombinedOutput()
	if err == nil && (bytes.Contains(out, []byte("ERROR:")) || bytes.Contains(out, []byte("FATAL:"))) {
		err = errors.New("it refused") // it ends with 0 all the same
	}
	if err != nil {
		said := strings.ReplaceAll(string(bytes.TrimSpace(out)), password, "…")
		return fmt.Errorf("replay the copy's WAL and set its login: %w: %s", err, said)
	}
	if out, err := r.command(ctx, dir, "initdb", "--sync-only", "-D", data).CombinedOutput(); err != nil {
		return fmt.Errorf("sync the copy: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}
