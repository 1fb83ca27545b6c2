package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// After kill -9 of both processes the backends live on for a moment and
	// hold the shared memory: a start then takes 2 to 4 tries.
	retryAfter = 300 * time.Millisecond
	mostTries  = 20

	pollEvery = 20 * time.Millisecond
)

// runner starts PostgreSQL's programs as the right user.
type runner struct {
	binaries binaries
	account  account
	log      io.Writer
}

// command gives the program its own process group, so that the terminal's ^C
// reaches us alone and we stop it in our order. The end of ctx kills the whole
// group: a pg_basebackup killed alone leaves its second process at work for ever.
func (r runner) command(ctx context.Context, dir, program string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(r.binaries.dir, program), arguments...)
	cmd.Dir = dir
	cmd.Env = environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if r.account.other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(r.account.uid), Gid: uint32(r.account.gid)}
	}
	return cmd
}

// environment is ours without what would change PostgreSQL's behaviour or
// language, and without our own secrets.
func environment() []string {
	kept := []string{"LC_ALL=C"}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case strings.HasPrefix(name, "PG"), strings.HasPrefix(name, "LC_"), strings.HasPrefix(name, "LANG"),
			strings.HasPrefix(name, "YILU_"):
		default:
			kept = append(kept, variable)
		}
	}
	return kept
}

// initdb makes a data directory with checksums, byte order collation and no
// way in without a password.
func (r runner) initdb(ctx context.Context, dir, data, passwordFile string) error {
	cmd := r.command(ctx, dir, "initdb", "-D", data, "-k", "--locale=C", "-E", "UTF8",
		"-A", "scram-sha-256", "-U", ownerRole, "--pwfile", passwordFile)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// server starts postgres and returns when it accepts connections, trying again
// while a predecessor's remains are in the way.
func (r runner) server(ctx context.Context, data string, arguments []string) (*process, error) {
	for try := 1; ; try++ {
		p, err := r.launch(data, arguments)
		if err != nil {
			return nil, err
		}
		if err = p.waitReady(ctx, data); err == nil {
			return p, nil
		}
		p.signal(syscall.SIGINT)
		<-p.done
		if try == mostTries || ctx.Err() != nil || !p.log.blockedByPredecessor() {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retryAfter):
		}
	}
}

// process is one running postmaster.
type process struct {
	cmd  *exec.Cmd
	pid  int
	log  *tail
	done chan struct{} // closed when it has ended
	err  error         // how; read after done
}

// launch starts postgres itself, not pg_ctl, as our child: the kernel sends it
// SIGINT, a fast shutdown, when we die. That signal follows the death of the
// *thread* that forked, so the goroutine keeps its thread until postgres ends.
func (r runner) launch(data string, arguments []string) (*process, error) {
	// A plain context: postgres outlives the ctx of Start and ends by signal.
	cmd := r.command(context.Background(), data, "postgres", arguments...)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	p := &process{cmd: cmd, log: &tail{next: r.log}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	// Orphaned backends may hold the log pipe longer than we care to wait.
	cmd.WaitDelay = 500 * time.Millisecond

	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("run postgres: %w", err)
	}
	return p, nil
}

// signal is safe after the end: os.Process knows that it has been waited for.
func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// waitReady returns when the postmaster's own file says that it is ready. It
// does not try to connect: another postmaster may still be on that socket.
func (p *process) waitReady(ctx context.Context, data string) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-p.done:
			return fmt.Errorf("postgres ended: %w; its last words:\n%s", orClean(p.err), p.log)
		case <-ctx.Done():
			return fmt.Errorf("not ready yet: %w; its last words:\n%s", context.Cause(ctx), p.log)
		case <-poll.C:
		}
		file, err := readPostmasterFile(data)
		if err == nil && file.pid == p.pid && file.status == "ready" {
			return nil
		}
	}
}

func orClean(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// postmasterFile is what postgres tells about itself in postmaster.pid.
type postmasterFile struct {
	pid       int
	socketDir string
	status    string
}

func readPostmasterFile(data string) (postmasterFile, error) {
	content, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return postmasterFile{}, err
	}
	// pid, data, start time, port, socket folder, listen address, shared
	// memory key, status: one a line, written little by little.
	lines := strings.Split(string(content), "\n")
	if len(lines) < 8 {
		return postmasterFile{}, nil
	}
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return postmasterFile{}, fmt.Errorf("read postmaster.pid: %w", err)
	}
	return postmasterFile{pid: pid, socketDir: strings.TrimSpace(lines[4]), status: strings.TrimSpace(lines[7])}, nil
}

// tail passes the log on and remembers its end for error messages.
type tail struct {
	next io.Writer

	mu   sync.Mutex
	last []byte
}

const tailBytes = 4096

// Write never fails: a full disk under our log must not stop PostgreSQL's.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	if extra := len(t.last) - tailBytes; extra > 0 {
		t.last = append([]byte(nil), t.last[extra:]...)
	}
	if t.next != nil {
		_, _ = t.next.Write(b)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.last))
}

// blockedByPredecessor knows the two refusals that pass by themselves when the
// last owner of the folder was killed. The texts are English: LC_ALL is C.
func (t *tail) blockedByPredecessor() bool {
	said := t.String()
	return strings.Contains(said, "pre-existing shared memory block") ||
		strings.Contains(said, `lock file "postmaster.pid" already exists`)
}
