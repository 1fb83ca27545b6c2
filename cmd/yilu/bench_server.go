package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
	"yilu/migrations/pgserver"
	"yilu/web"
)

// bench is one measuring run: a `yilu serve` of its own with an own PostgreSQL,
// as a county would run it, and what was measured so far.
type bench struct {
	env     *environment
	seconds time.Duration
	entries int64

	dir    string
	server *exec.Cmd
	addr   string
	token  string
	pg     *pgserver.Server
	pool   *pgxpool.Pool
	ledger *ledger.Ledger
	shut   func()
	round  int
	// kept are measurements that several figures rest on.
	kept map[string]int64
}

// benchFunds and benchProjects are the accounts that a spread load goes to.
const (
	benchFunds    = 100
	benchProjects = 10 // of each fund
)

// start runs the server once and fills its book with funds and projects.
func (b *bench) start(ctx context.Context) error {
	if b.server != nil {
		return nil
	}
	var err error
	if b.dir, err = os.MkdirTemp("", "yilu-bench-"); err != nil {
		return fmt.Errorf("bench folder: %w", err)
	}
	if err := os.Chmod(b.dir, 0o755); err != nil { // postgres must pass
		return fmt.Errorf("bench folder: %w", err)
	}
	if err := b.serve(ctx); err != nil {
		return err
	}
	b.env.Data = b.dir
	if b.pg, err = pgserver.Running(filepath.Join(b.dir, "postgres")); err != nil {
		return err
	}
	if b.ledger, b.shut, err = b.env.open(ctx); err != nil {
		return err
	}
	if b.pool, err = pgxpool.New(ctx, b.pg.OwnerURL("yilu")); err != nil {
		return fmt.Errorf("open pool: %w", err)
	}
	now := time.Now()
	b.token, err = web.CreateToken(ctx, b.pool, web.Token{Book: ledger.Book(b.env.Book), User: "bench", Unit: "bench", Role: ledger.Maker, Created: now, Expires: now.AddDate(0, 0, 1)})
	if err != nil {
		return err
	}
	return b.fill(ctx)
}

// serve starts the server as a process of its own, so that its memory can be
// told from ours.
func (b *bench) serve(ctx context.Context, flags ...string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	b.addr = ln.Addr().String()
	ln.Close()
	var log bytes.Buffer
	args := append([]string{"serve", "--data", b.dir, "--listen", b.addr, "--admin", "", "--book", b.env.Book}, flags...)
	b.server = exec.CommandContext(ctx, self, args...)
	b.server.Stderr = &log
	b.server.Cancel = func() error { return b.server.Process.Signal(os.Interrupt) }
	if err := b.server.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	for range 300 {
		if conn, err := net.Dial("tcp", b.addr); err == nil {
			conn.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("the server did not start: " + log.String())
}

// restart stops the server and starts it with other flags on the same data.
func (b *bench) restart(ctx context.Context, flags ...string) error {
	if err := b.stop(); err != nil {
		return err
	}
	if err := b.serve(ctx, flags...); err != nil {
		return err
	}
	for _, p := range []*pgxpool.Pool{b.pool, b.ledger.Pool, b.ledger.Config.Read} { // their connections went with the server
		p.Reset()
	}
	return nil
}

func (b *bench) stop() error {
	if err := b.server.Process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stop server: %w", err)
	}
	if err := b.server.Wait(); err != nil {
		return fmt.Errorf("stop server: %w", err)
	}
	return nil
}

func (b *bench) close() {
	if b.shut != nil {
		b.shut()
	}
	if b.pool != nil {
		b.pool.Close()
	}
	if b.server != nil && b.server.Process != nil {
		_ = b.stop() // it may have ended by itself
	}
	if b.dir != "" {
		_ = os.RemoveAll(b.dir)
	}
}

// fill opens funds and approves funded projects for the load to draw on.
func (b *bench) fill(ctx context.Context) error {
	var drafts []ledger.Draft
	add := func(id string, kind ledger.Kind, body ledger.Body) {
		drafts = append(drafts, ledger.Draft{ID: id, Kind: kind, On: "2020-01-07", By: ledger.By{Role: ledger.Maker, Unit: "bench", User: "maker"}, Corrects: ledger.None, Body: body})
	}
	share := ledger.MaxAmount / benchProjects
	for f := range benchFunds {
		fund := fmt.Sprintf("F%d", f)
		add("r-"+fund, "fund.received", &ledger.FundReceived{Fund: fund, Document: "测〔2020〕" + strconv.Itoa(f) + "号", Name: "测试资金", Level: "central", Amount: ledger.MaxAmount, Issued: "2020-01-07", Year: "2020"})
		for p := range benchProjects {
			project := fmt.Sprintf("P%d-%d", f, p)
			add("p-"+project, "project.approved", &ledger.ProjectApproved{
				Project: project, Name: "测试项目" + project, Document: "测批〔2020〕1号", Content: "道路硬化", Targets: "通行改善", Type: "construction",
				Place: "411025103205", PlaceName: "颍阳镇", Unit: "测试单位", Responsible: ledger.Person{Name: "测试"}, Start: "2020-03-01", Finish: "2020-06-30",
				Budget: []ledger.BudgetLine{{Fund: fund, Amount: share}},
			})
			add("a-"+project, "fund.allocated", &ledger.FundAllocated{Fund: fund, Project: project, Document: "测分〔2020〕1号", Amount: share})
		}
	}
	book := ledger.Book(b.env.Book)
	if _, err := b.ledger.Submit(ctx, book, "bench", ledger.SubmissionMade{Submission: "bench", Title: "bench"}, drafts); err != nil {
		return err
	}
	sub, err := b.ledger.Submission(ctx, book, "bench")
	if err != nil {
		return err
	}
	_, err = b.ledger.Approve(ctx, book, "bench-ok", "bench", sub.ContentHash, "2020-01-08", ledger.By{Role: ledger.Checker, Unit: "bench", User: "checker"})
	return err
}

// pgbench runs pgbench on our server with a script and returns transactions per
// second.
func (b *bench) pgbench(ctx context.Context, clients int, script string) (int64, error) {
	if err := b.yardstickTable(ctx); err != nil {
		return 0, err
	}
	dir, _, err := pgserver.Installed(b.env.PGBin)
	if err != nil {
		return 0, err
	}
	file := filepath.Join(b.dir, "script.sql")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		return 0, fmt.Errorf("pgbench script: %w", err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "pgbench"), "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2",
		"-T", strconv.Itoa(int(b.seconds/time.Second)), "-f", file, b.pg.OwnerURL("yardstick"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, "tps = "); ok {
			whole, _, _ := strings.Cut(rest, ".")
			return strconv.ParseInt(whole, 10, 64)
		}
	}
	return 0, fmt.Errorf("pgbench printed no tps: %s", out)
}

func (b *bench) yardstickTable(ctx context.Context) error {
	if b.kept["yardstick"] == 1 {
		return nil
	}
	if _, err := b.pool.Exec(ctx, `create database yardstick`); err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	conn, err := pgx.Connect(ctx, b.pg.OwnerURL("yardstick"))
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `create table yardstick (id bigserial primary key, payload text not null)`); err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	b.kept["yardstick"] = 1
	return nil
}

// memory is a process's resident size in kB, now (VmRSS) or at most (VmHWM).
func memory(pid int, field string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("no %s of process %d", field, pid)
}
