package pgserver

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrNoReplication is returned by BaseBackup for a server that does not let this
// login copy its files; Dump may do.
var ErrNoReplication = errors.New("this login may not copy the server's files")

// BaseBackup copies the whole server at rawURL, while it works, into the folder to,
// which must not exist, and has PostgreSQL check the copy: each file against the
// manifest beside it, and that its WAL is whole. It is on disk when BaseBackup
// returns. progress is told bytes done and to do. After an error, what is there is
// no backup.
func BaseBackup(ctx context.Context, binDir, rawURL, to string, progress func(done, of int64)) error {
	client, err := newClient(ctx, binDir, rawURL)
	if err != nil {
		return fmt.Errorf("base backup: %w", err)
	}
	var mayCopy bool
	err = client.ask(ctx, `select rolsuper or rolreplication from pg_roles where rolname = current_user`, &mayCopy)
	if err == nil && !mayCopy {
		err = ErrNoReplication
	}
	if err != nil {
		return fmt.Errorf("base backup: %w", err)
	}
	cmd := client.command(ctx, "pg_basebackup", "--pgdata", to, "--format", "plain", "--wal-method", "stream",
		"--checkpoint", "fast", "--manifest-checksums", "SHA256", "--no-password", "--progress")
	said := &progressReader{told: progress}
	cmd.Stderr = said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("base backup: %w", ctx.Err())
		}
		if strings.Contains(said.String(), "replication connection") {
			err = ErrNoReplication
		}
		return fmt.Errorf("base backup: %w: %s", err, said)
	}
	return VerifyBackup(ctx, binDir, to)
}

// VerifyBackup has PostgreSQL check a folder that BaseBackup made.
func VerifyBackup(ctx context.Context, binDir, dir string) error {
	found, err := findBinaries(binDir, backupVersion(dir))
	if err != nil {
		return fmt.Errorf("verify backup %s: %w", dir, err)
	}
	run := runner{binaries: found, account: account{uid: os.Geteuid(), gid: os.Getegid()}}
	if out, err := run.command(ctx, "", "pg_verifybackup", "--quiet", "--exit-on-error", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("verify backup %s: %w: %s", dir, err, bytes.TrimSpace(out))
	}
	return nil
}

func backupVersion(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if err != nil {
		return "" // pg_verifybackup says what is missing
	}
	return strings.TrimSpace(string(data))
}

// Dump writes one database into a file, by pg_dump: for servers that let nobody
// copy their files. It holds no roles and no other database.
func Dump(ctx context.Context, binDir, rawURL, file string) error {
	client, err := newClient(ctx, binDir, rawURL)
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	return client.run(ctx, "pg_dump", "--format", "custom", "--no-password", "--file", file)
}

// LoadDump loads what Dump wrote into an empty database, all of it or nothing. The
// roles that own its tables have to be there.
func LoadDump(ctx context.Context, binDir, rawURL, file string) error {
	client, err := newClient(ctx, binDir, rawURL)
	if err != nil {
		return fmt.Errorf("load dump: %w", err)
	}
	return client.run(ctx, "pg_restore", "--single-transaction", "--no-password", "--dbname", client.database, file)
}

// client runs PostgreSQL's client programs against one server, as the caller.
type client struct {
	runner
	url, database string
	env           []string
}

// newClient finds the programs of the server's own version. The login travels in the
// environment, where no list of processes shows it.
func newClient(ctx context.Context, binDir, rawURL string) (*client, error) {
	config, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, fmt.Errorf("read database url: %w", err)
	}
	c := &client{url: rawURL, database: config.Database, env: []string{
		"PGHOST=" + config.Host, "PGPORT=" + strconv.Itoa(int(config.Port)), "PGUSER=" + config.User,
		"PGPASSWORD=" + config.Password, "PGDATABASE=" + config.Database, "PGAPPNAME=yilu backup",
	}}
	if u, err := url.Parse(rawURL); err == nil {
		for _, name := range []string{"sslmode", "sslrootcert", "sslcert", "sslkey"} {
			if value := u.Query().Get(name); value != "" {
				c.env = append(c.env, "PG"+strings.ToUpper(name)+"="+value)
			}
		}
	}
	var version int
	if err := c.ask(ctx, `select current_setting('server_version_num')::int`, &version); err != nil {
		return nil, err
	}
	found, err := findBinaries(binDir, strconv.Itoa(version/10000))
	if err != nil {
		return nil, err
	}
	c.runner = runner{binaries: found, account: account{uid: os.Geteuid(), gid: os.Getegid()}}
	return c, nil
}

// ask reads one value from the server.
func (c *client) ask(ctx context.Context, query string, value any) error {
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	err = conn.QueryRow(ctx, query).Scan(value)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

func (c *client) command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	cmd := c.runner.command(ctx, "", program, arguments...)
	cmd.Env = append(cmd.Env, c.env...)
	return cmd
}

func (c *client) run(ctx context.Context, program string, arguments ...string) error {
	out, err := c.command(ctx, program, arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", program, cmp.Or(ctx.Err(), err), bytes.TrimSpace(out))
	}
	return nil
}

// progressReader reads the lines that pg_basebackup rewrites, such as
// "31031/31031 kB (100%), 1/1 tablespace", and keeps what else it says.
type progressReader struct {
	told func(done, of int64)
	kept bytes.Buffer
}

var progressLine = regexp.MustCompile(`^\s*([0-9]+)/([0-9]+) kB \(`)

// Write never fails. pg_basebackup writes a line at a time.
func (p *progressReader) Write(b []byte) (int, error) {
	for line := range strings.FieldsFuncSeq(string(b), func(r rune) bool { return r == '\r' || r == '\n' }) {
		match := progressLine.FindStringSubmatch(line)
		if match == nil {
			if p.kept.Len() < tailBytes {
				p.kept.WriteString(strings.TrimSpace(line) + "\n")
			}
			continue
		}
		done, doneErr := strconv.ParseInt(match[1], 10, 54)
		of, ofErr := strconv.ParseInt(match[2], 10, 54)
		if p.told != nil && doneErr == nil && ofErr == nil {
			p.told(done<<10, of<<10)
		}
	}
	return len(b), nil
}

func (p *progressReader) String() string { return strings.TrimSpace(p.kept.String()) }
