package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/alerts"
	"yilu/alerts/rules"
	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations"
	"yilu/migrations/pgserver"
	"yilu/publicity/workday"
	"yilu/web"
)

// environment is what every command works in: streams, language and settings.
// Settings are flags with YILU_… defaults; secrets come from the environment or
// files alone, so that no process list shows them.
type environment struct {
	Stdout, Stderr io.Writer
	lang           string

	// DatabaseURL is the service role's connection; empty runs our own
	// PostgreSQL in Data. OwnerURL migrates; empty means DatabaseURL.
	DatabaseURL, OwnerURL string
	// Data is the folder of our own PostgreSQL and of the sealing secret.
	Data string
	// PGBin and PGUser choose the binaries and the user of our own PostgreSQL.
	PGBin, PGUser string
	// Book is the county the command works on.
	Book string

	// rules are those that the ledger judges by, once it is open; committed is told
	// of what it commits.
	rules     *alerts.Rules
	committed chan struct{}
	// metrics counts what the ledger commits; nil but for a server.
	metrics *web.Metrics
	// made are the flags of the command that runs.
	made *flag.FlagSet
}

func newEnvironment(stdout, stderr io.Writer) *environment {
	lang := "en"
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "zh") {
				lang = "zh"
			}
			break
		}
	}
	return &environment{
		Stdout: stdout, Stderr: stderr, lang: lang,
		DatabaseURL: os.Getenv("YILU_DATABASE_URL"), OwnerURL: os.Getenv("YILU_OWNER_URL"),
	}
}

// say picks the user's language.
func (env *environment) say(zh, en string) string {
	if env.lang == "zh" {
		return zh
	}
	return en
}

// defaultData is where data goes when nobody says: beside us, or for root, whose
// home the PostgreSQL user may not enter, where Debian keeps such data.
func defaultData() string {
	if os.Geteuid() == 0 {
		return "/var/lib/yilu"
	}
	return "data"
}

func setting(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }

// flags begins the flag set of a command with the settings all commands share.
func (env *environment) flags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet("yilu "+name, flag.ContinueOnError)
	fs.Usage = func() {
		fmt.Fprintln(fs.Output(), env.usage(name))
		env.showFlags(fs)
	}
	env.made = fs
	fs.StringVar(&env.Data, "data", setting("YILU_DATA", defaultData()), env.say("数据目录 (YILU_DATA)", "data folder (YILU_DATA)"))
	fs.StringVar(&env.PGBin, "pg-bin", setting("YILU_PG_BIN", ""), env.say("PostgreSQL 程序目录 (YILU_PG_BIN)", "folder of the PostgreSQL binaries (YILU_PG_BIN)"))
	fs.StringVar(&env.PGUser, "pg-user", setting("YILU_PG_USER", "postgres"), env.say("以 root 启动时运行 PostgreSQL 的用户 (YILU_PG_USER)", "who PostgreSQL runs as when started by root (YILU_PG_USER)"))
	fs.StringVar(&env.Book, "book", setting("YILU_BOOK", "411025"), env.say("账套：县级区划代码 (YILU_BOOK)", "book: the county's division code (YILU_BOOK)"))
	return fs
}

// usage says how a command is written and what it does, as far as the lists of commands
// tell.
func (env *environment) usage(name string) string {
	args, does := "", ""
	for _, c := range commands() {
		if c.name == name {
			args, does = " "+c.args, "\n  "+env.say(c.zh, c.en)
		}
	}
	if name == "token revoke" || name == "account disable" || name == "account reset" {
		args = " ID"
	}
	for _, c := range rulesCommands() {
		if "rules "+c.name == name {
			args, does = " "+c.args, "\n  "+env.say(c.zh, c.en)
		}
	}
	return env.say("用法：", "usage: ") + "yilu " + strings.TrimSpace(name+args) + env.say(" [参数]", " [FLAGS]") + does
}

// parse reads a command line that takes no further words.
func (env *environment) parse(fs *flag.FlagSet, args []string) error {
	if err := env.parseFlags(fs, args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return &coded{exitUsage, env.misread(fs, fs.Args())}
	}
	return nil
}

// misread is a command line with too many words, or too few.
func (env *environment) misread(fs *flag.FlagSet, got []string) error {
	usage, _, _ := strings.Cut(env.usage(strings.TrimPrefix(fs.Name(), "yilu ")), "\n")
	if len(got) == 0 {
		return fmt.Errorf(env.say("缺少参数。%s（--help 看全部）", "a word is missing; %s (--help says the rest)"), usage)
	}
	return fmt.Errorf(env.say("多出或缺少参数，读到 %q。%s（--help 看全部）", "words too many or too few: %q; %s (--help says the rest)"), got, usage)
}

// database is an open database: our own server or a given one.
type database struct {
	service, owner string
	// ended is closed when our own PostgreSQL died; nil for a given one.
	ended <-chan struct{}
	stop  func() error
}

// hasDatabase refuses a data folder without a database: one must not be made by
// looking for it, or by a slip in a path.
func (env *environment) hasDatabase() error {
	if env.DatabaseURL != "" {
		return nil
	}
	if err := env.restoreEnded(); err != nil {
		return err
	}
	_, err := os.Stat(filepath.Join(env.Data, "postgres", "pgdata", "PG_VERSION"))
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s: %w", env.say("当前用户无权读取这个数据目录，请以运行服务的用户或 root 运行", "this user may not read the data folder, run this as the server's user or as root"), err)
	}
	if err != nil {
		return &coded{exitRefused, fmt.Errorf("%s %w", env.say("数据目录里没有数据库（--data 另指目录，yilu serve 建立）：", "the data folder has no database (--data names another, yilu serve makes one):"), err)}
	}
	return nil
}

// restoreEnded refuses a data folder with half a restore.
func (env *environment) restoreEnded() error {
	r, err := readRestored(env.Data)
	if err == nil && r != nil && !r.Whole {
		err = &coded{exitRefused, fmt.Errorf("%s: %s", env.Data, env.say("恢复没有完成：请再次运行 yilu restore", "a restore into this folder did not end: run yilu restore again"))}
	}
	return err
}

// database connects to the given PostgreSQL, or to our own in a data folder that has one.
func (env *environment) database(ctx context.Context) (*database, error) {
	if err := env.hasDatabase(); err != nil {
		return nil, err
	}
	return env.makeDatabase(ctx)
}

// makeDatabase connects to the given PostgreSQL, or to our own, which it makes if there is
// none: the running one of a yilu serve on the same folder, else one that runs as long as
// the command.
func (env *environment) makeDatabase(ctx context.Context) (*database, error) {
	if env.DatabaseURL != "" {
		return &database{service: env.DatabaseURL, owner: cmp.Or(env.OwnerURL, env.DatabaseURL), stop: func() error { return nil }}, nil
	}
	dir, err := filepath.Abs(env.Data)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := env.restoreEnded(); err != nil {
		return nil, err
	}
	server, err := env.postgres(ctx, filepath.Join(dir, "postgres"))
	if err != nil {
		return nil, err
	}
	stop := func() error {
		if ctx.Err() != nil { // by Ctrl-C, as a server is ended
			return server.Stop()
		}
		err := server.WaitUnused(ctx, func() {
			fmt.Fprintln(env.Stderr, env.say("另一条 yilu 命令正在使用本命令启动的数据库，等它结束（Ctrl-C 立即停止数据库）……", "another yilu uses the database that this command has started, waiting for it to end (Ctrl-C stops the database now) ..."))
		})
		if ctx.Err() != nil {
			err = nil
		}
		return errors.Join(err, server.Stop())
	}
	return &database{service: server.ServiceURL("yilu"), owner: server.OwnerURL("yilu"), ended: server.Done(), stop: stop}, nil
}

// joinTime is how long a command waits for a PostgreSQL that another one starts or stops.
const joinTime = time.Minute

// postgres is the PostgreSQL in a folder: started, or that of another yilu on the same
// folder. While that one starts or stops its own, this waits.
func (env *environment) postgres(ctx context.Context, dir string) (*pgserver.Server, error) {
	begun := time.Now()
	for first := true; ; first = false {
		server, err := pgserver.Start(ctx, pgserver.Config{Dir: dir, BinDir: env.PGBin, User: env.PGUser})
		if !errors.Is(err, pgserver.ErrInUse) {
			return server, err
		}
		if server, err = pgserver.Join(ctx, dir); err == nil || errors.Is(err, fs.ErrPermission) {
			return server, err
		}
		if first {
			fmt.Fprintln(env.Stderr, env.say("另一条 yilu 命令正在启动或停止这个数据目录的数据库，等待中……", "another yilu is starting or stopping the database of this data folder, waiting ..."))
		}
		if time.Since(begun) > joinTime {
			return nil, fmt.Errorf(env.say("数据目录 %s 正被另一条 yilu 命令占用（%s），其数据库没有应答：请待其结束后重试，或用 --data 另指目录：%w",
				"the data folder %s is in use by another yilu (%s), whose database does not answer: try again when it has ended, or name another folder with --data: %w"),
				env.Data, cmp.Or(pgserver.Owner(dir), "?"), err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// open migrates nothing: it opens a ledger on a database that is up to date, and
// refuses a book that has fewer entries than were published of it. The returned
// func closes everything again.
func (env *environment) open(ctx context.Context) (*ledger.Ledger, func(), error) {
	db, err := env.database(ctx)
	if err != nil {
		return nil, nil, err
	}
	l, closePools, err := env.ledger(ctx, db, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, errors.Join(err, db.stop())
	}
	closeAll := func() {
		closePools()
		if err := db.stop(); err != nil {
			fmt.Fprintln(env.Stderr, "yilu: stop postgres:", err)
		}
	}
	s := &signing{state: setting("YILU_SIGNER_STATE", ""), public: setting("YILU_PUBLIC", "")}
	s.fill(env)
	held, err := s.held(ctx, env, l.Pool)
	if err == nil && held != (ledger.Text{}) {
		err = &coded{exitRefused, errors.New(env.say(held.Zh, held.En))}
	}
	if err != nil {
		closeAll()
		return nil, nil, err
	}
	return l, closeAll, nil
}

// openBook is open for a command that works on a book which has to be there.
func (env *environment) openBook(ctx context.Context) (*ledger.Ledger, func(), error) {
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	if _, err = l.Head(ctx, ledger.Book(env.Book)); err != nil {
		closeLedger()
		if errors.Is(err, ledger.ErrNotFound) {
			err = env.noBook()
		}
		return nil, nil, err
	}
	return l, closeLedger, nil
}

// noBook refuses a book that was never opened.
func (env *environment) noBook() error {
	return &coded{exitRefused, fmt.Errorf(env.say("没有账套 %s（用 --book 指明；新账套由 yilu serve --book 账套 建立）", "there is no book %s (--book names one, yilu serve --book BOOK makes one)"), env.Book)}
}

// checkSchema waits for a PostgreSQL that is still recovering from a crash.
func checkSchema(ctx context.Context, pool *pgxpool.Pool) error {
	for range 150 {
		err := migrations.Check(ctx, pool)
		if p, ok := errors.AsType[*pgconn.PgError](err); !ok || p.Code != cannotConnectNow {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return migrations.Check(ctx, pool)
}

// cannotConnectNow is cannot_connect_now: it starts, recovers or shuts down.
const cannotConnectNow = "57P03"

// ledger opens the ledger on a database, which must be at our version. The
// returned func answers what waits and closes its pools.
func (env *environment) ledger(ctx context.Context, db *database, log *slog.Logger) (*ledger.Ledger, func(), error) {
	// With a given database nobody has made the folder yet. It is passable, like
	// the one that our own PostgreSQL makes for its user; the secret is not.
	if err := os.MkdirAll(env.Data, 0o711); err != nil {
		return nil, nil, fmt.Errorf("data folder: %w", err)
	}
	known, err := loadRules()
	if err != nil {
		return nil, nil, err
	}
	write, err := ledger.OpenPool(ctx, db.service, 8, time.Minute)
	if err != nil {
		return nil, nil, err
	}
	read, err := ledger.OpenPool(ctx, db.service, 8, 15*time.Second)
	if err != nil {
		write.Close()
		return nil, nil, err
	}
	var sealer *audit.Sealer
	if err = checkSchema(ctx, write); err != nil {
		err = fmt.Errorf("%w (%s)", err, env.say("运行 yilu migrate 升级", "run yilu migrate"))
	} else {
		sealer, err = env.sealer(ctx, write)
	}
	if err != nil {
		read.Close()
		write.Close()
		return nil, nil, err
	}
	env.rules, env.committed = known, make(chan struct{}, 1)
	l := ledger.New(ledger.Config{Pool: write, Read: read, Sealer: sealer, Now: time.Now, Log: log, Judge: known.Judge(), Committed: func(book ledger.Book, entries int) {
		if env.metrics != nil {
			env.metrics.Group(book, entries)
		}
		select {
		case env.committed <- struct{}{}:
		default: // somebody is told already
		}
	}})
	return l, func() {
		l.Close()
		read.Close()
		write.Close()
	}, nil
}

// sealer opens and seals private values with the secret of our data folder.
func (env *environment) sealer(ctx context.Context, q audit.Querier) (*audit.Sealer, error) {
	secret, err := env.secret(ctx, q)
	if err != nil {
		return nil, err
	}
	return audit.NewSealer(secret)
}

// secret is that of our data folder, made if nothing was sealed yet. After a restore, or
// with a slip in a path, a new one would open nothing and part what comes from what there is.
func (env *environment) secret(ctx context.Context, q audit.Querier) ([]byte, error) {
	path := env.secretFile()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		sealed, err := audit.HasSealed(ctx, q)
		if err != nil {
			return nil, err
		}
		if sealed {
			return nil, &coded{exitRefused, fmt.Errorf(env.say("没有密封密钥 %s，而数据库里有用它加密的内容：请放回原来的文件。确已丢失的，写入32个随机字节（权限600）后可继续，但原有的加密内容永远打不开",
				"there is no %s, and the database has values that are sealed under it: put the file back. If it is lost for good, write 32 random bytes there (mode 600); what was sealed then stays closed"), path)}
		}
	}
	return audit.LoadOrCreateSecret(path)
}

// secretFile is where the secret of our data folder is kept.
func (env *environment) secretFile() string {
	return setting("YILU_SEAL_SECRET_FILE", filepath.Join(env.Data, "seal.secret"))
}

// loadRules reads the rules that this program carries.
func loadRules() (*alerts.Rules, error) { return alerts.LoadRules(rules.Files, workday.StateCouncil()) }
