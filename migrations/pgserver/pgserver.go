package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	ownerRole   = "yilu_admin"   // superuser made by initdb
	serviceRole = "yilu_service" // the migrations grant it its rights
	database    = "yilu"
	port        = "5432" // only part of the socket's name: there is no TCP

	stopWait = 60 * time.Second
)

// Config says where and how to run PostgreSQL.
type Config struct {
	// Dir is created if absent. It must be empty or made by an earlier Start.
	Dir string
	// BinDir holds the postgres and initdb to use. Empty takes the installed
	// version that made Dir, or the newest supported one for a new Dir.
	BinDir string
	// User is the operating system user PostgreSQL runs as when the caller is
	// root, which PostgreSQL refuses to be; empty means postgres. A caller who
	// is not root runs it as itself and User is not looked at.
	User string
	// Log receives PostgreSQL's log; nil discards it.
	Log io.Writer
	// Settings override ours (see settings). Only tests should touch fsync.
	Settings map[string]string
}

// Server is a running PostgreSQL. The zero done means it belongs to another
// process: see Running.
type Server struct {
	address address
	process *process
	done    chan struct{}
	// data is the pgdata of a server of ours, guest a lock on it.
	data  string
	guest *os.File
}

// address is what a client needs to know.
type address struct {
	socketDir                      string
	ownerPassword, servicePassword string
}

// Start runs PostgreSQL on c.Dir, creating it first if need be, and returns
// when the database yilu accepts connections. Crash recovery may take minutes:
// ctx bounds it. ctx does not stop the server later; Stop does.
func Start(ctx context.Context, c Config) (*Server, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("start postgresql: %w", err)
	}
	c.Dir = dir
	server, err := start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("start postgresql in %s: %w", c.Dir, err)
	}
	return server, nil
}

func start(ctx context.Context, c Config) (*Server, error) {
	account, err := accountFor(c.User)
	if err != nil {
		return nil, err
	}
	lock, err := lockFolder(c.Dir)
	if err != nil {
		return nil, err
	}
	folder := folder{dir: c.Dir, account: account}
	s, err := startLocked(ctx, c, folder)
	if err != nil {
		return nil, errors.Join(err, unlock(lock))
	}
	go func() {
		<-s.process.done
		folder.removeSocketDir(s.address.socketDir)
		_ = unlock(lock) // the kernel drops it with us
		close(s.done)
	}()
	if err := prepareDatabase(ctx, s); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// startLocked does what needs the folder's lock and returns when PostgreSQL is
// ready for its first connection.
func startLocked(ctx context.Context, c Config, folder folder) (*Server, error) {
	if err := folder.check(); err != nil {
		return nil, err
	}
	binaries, err := findBinaries(c.BinDir, folder.version())
	if err != nil {
		return nil, err
	}
	run := runner{binaries: binaries, account: folder.account, log: c.Log}
	if err := folder.prepare(ctx, run); err != nil {
		return nil, err
	}
	address, err := folder.address()
	if err != nil {
		return nil, err
	}
	arguments := serverArguments(ctx, run, folder.data(), address.socketDir, c.Settings)
	process, err := run.server(ctx, folder.data(), arguments)
	if err != nil {
		folder.removeSocketDir(address.socketDir)
		return nil, err
	}
	return &Server{address: address, process: process, done: make(chan struct{}), data: folder.data()}, nil
}

// Running returns the server that another process has started on dir, for
// commands that look at a live one, such as doctor. Its Stop does nothing and
// its Done never closes: it is not ours. The caller needs to be the user who
// started it, or root.
func Running(dir string) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find running postgresql: %w", err)
	}
	folder := folder{dir: dir}
	address, err := folder.runningAddress()
	if err != nil {
		return nil, fmt.Errorf("find running postgresql in %s: %w", dir, err)
	}
	return &Server{address: address}, nil
}

// OwnerURL connects to db as superuser over the socket: for migrations and
// doctor only. It holds a password, so it does not belong in a log.
func (s *Server) OwnerURL(db string) string {
	return s.address.url(ownerRole, s.address.ownerPassword, db)
}

// ServiceURL connects to db as yilu_service, who can do what the migrations
// grant it and nothing else. It holds a password as well.
func (s *Server) ServiceURL(db string) string {
	return s.address.url(serviceRole, s.address.servicePassword, db)
}

func (a address) url(role, password, db string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, password),
		Path:     "/" + db,
		RawQuery: url.Values{"host": {a.socketDir}, "port": {port}}.Encode(),
	}
	return u.String()
}

// PID is the postmaster's process id, for tests that kill it; 0 if the server
// belongs to another process.
func (s *Server) PID() int {
	if s.process == nil {
		return 0
	}
	return s.process.pid
}

// Done is closed when PostgreSQL has ended, whether we stopped it or it died.
// The folder is free again then. A server that posts cannot go on without it.
func (s *Server) Done() <-chan struct{} {
	return s.done
}

// Stop shuts PostgreSQL down in its "fast" mode: open transactions are rolled
// back, everything committed is written out. One that has not ended after a
// minute is told to quit at once and recovers at the next start; that is
// reported, though nothing committed is lost. Stop may be called again, and
// does nothing to a server of another process.
func (s *Server) Stop() error {
	defer s.leave()
	if s.process == nil {
		return nil
	}
	s.process.signal(syscall.SIGINT)
	select {
	case <-s.done:
		return nil
	case <-time.After(stopWait):
	}
	s.process.signal(syscall.SIGQUIT)
	<-s.done
	return fmt.Errorf("stop postgresql: no clean end within %v, it will recover at the next start", stopWait)
}

// prepareDatabase makes the login and the database that the first migration
// expects to find. The password is set at every start, so that the file and
// the role cannot drift apart after a restore.
func prepareDatabase(ctx context.Context, s *Server) error {
	conn, err := pgx.Connect(ctx, s.OwnerURL("postgres"))
	if err != nil {
		return fmt.Errorf("connect as %s: %w", ownerRole, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))

	var hasRole, hasDatabase bool
	err = conn.QueryRow(ctx, `
		select exists (select from pg_roles where rolname = $1),
		       exists (select from pg_database where datname = $2)`,
		serviceRole, database).Scan(&hasRole, &hasDatabase)
	if err == nil && !hasRole {
		_, err = conn.Exec(ctx, `create role yilu_service login`)
	}
	if err == nil && !hasDatabase {
		_, err = conn.Exec(ctx, `create database yilu`)
	}
	var setPassword string
	if err == nil {
		err = conn.QueryRow(ctx, `select format('alter role yilu_service password %L', $1::text)`,
			s.address.servicePassword).Scan(&setPassword)
	}
	if err == nil {
		_, err = conn.Exec(ctx, setPassword)
	}
	if err != nil {
		return fmt.Errorf("prepare database %s: %w", database, err)
	}
	return nil
}
