package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yilu/account"
	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/migrations"
	"yilu/publicity"
	"yilu/publicity/workday"
	"yilu/web"
)

// serveOptions are the settings of the server.
type serveOptions struct {
	publicOptions
	keepOptions
	listen, admin   string
	policy, proxies string
	sign            bool
	// typed are bounds as they were typed, limits what they are.
	typed  limitOptions
	limits limits
	// grace is how long requests under way may still take when the server is told to stop.
	grace time.Duration
	// office are the settings of the office's sign-on, signOn what it makes of them.
	office *signOnOptions
	signOn *account.SignOn
	// greeting is what a demonstration says once its pages answer.
	greeting bytes.Buffer
}

// serveFlags are where the server listens: the doctor looks at it too.
func (env *environment) serveFlags(fs *flag.FlagSet) *serveOptions {
	o := &serveOptions{grace: 20 * time.Second}
	fs.StringVar(&o.listen, "listen", setting("YILU_LISTEN", "127.0.0.1:8080"), env.say("页面与接口的监听地址 (YILU_LISTEN)", "address of pages and API (YILU_LISTEN)"))
	fs.StringVar(&o.admin, "admin", setting("YILU_ADMIN", "127.0.0.1:8081"), env.say("健康检查与指标的监听地址，空为不开 (YILU_ADMIN)", "address of health and metrics, empty for none (YILU_ADMIN)"))
	fs.StringVar(&o.policy, "password-policy", setting("YILU_PASSWORD_POLICY", account.MLPS3.Name), env.say("口令策略：mlps3（等保三级）或 asvs (YILU_PASSWORD_POLICY)", "what passwords must be: mlps3 (GB/T 22239 level 3) or asvs (YILU_PASSWORD_POLICY)"))
	fs.StringVar(&o.proxies, "proxies", setting("YILU_PROXIES", ""), env.say("反向代理的地址段，逗号分隔；只信任它们转来的访问者地址 (YILU_PROXIES)", "networks of our reverse proxies, with commas; only they are believed who a visitor is (YILU_PROXIES)"))
	o.typed, o.office = env.limitFlags(fs), env.signOnFlags(fs)
	env.publicFlags(fs, &o.publicOptions)
	env.keepFlags(fs, &o.keepOptions)
	return o
}

// runServe runs the server until it is told to stop.
func runServe(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("serve")
	o := env.serveFlags(fs)
	fs.BoolVar(&o.demo, "demo", false, env.say("载入演示县，打印地址和令牌", "load the demo county, print addresses and tokens"))
	fs.BoolVar(&o.sign, "sign", true, env.say("在本进程内签名检查点；独立运行 yilu signer 时设为 false", "sign checkpoints in this process; false beside yilu signer"))
	s, w, forms := env.signingFlags(fs), env.warningFlags(fs), env.formFlags(fs)
	if err := env.parse(fs, args); err != nil {
		return err
	}
	s.fill(env)
	typed, policy, err := o.check(env, forms, w.public)
	if err != nil {
		return err
	}
	limitMemory(300, 96<<20)
	log := slog.New(slog.NewJSONHandler(env.Stderr, nil))
	db, err := env.makeDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err := db.stop(); err != nil {
			log.Error("stop postgres", "error", err)
		}
	}()
	if err := migrations.Up(ctx, db.owner); err != nil {
		return err
	}
	env.metrics = web.NewMetrics()
	l, closePools, err := env.ledger(ctx, db, log)
	if err != nil {
		return err
	}
	defer closePools()
	if err := l.CreateBook(ctx, ledger.Book(env.Book)); err != nil {
		return err
	}
	if err := s.begin(ctx, env, *o, l); err != nil {
		return err
	}
	o.files, o.origin = s.public, w.public
	config := o.config(env, l, log)
	config.BoardNames, config.Limits, config.Proxies = typed.BoardNames, typed.Limits, typed.Proxies
	config.Stopping, config.PageAge = ctx.Done(), time.Second
	if config.Files, err = document.Open(filepath.Join(env.Data, filesFolder), config.Pool, l.Sealer); err != nil {
		return err
	}
	config.Files.MaxFile = o.limits.file
	defer config.Files.Close()
	if err := o.story(ctx, env, db, l, config.Files); err != nil {
		return err
	}
	config.PublicURL = w.address(*o)
	if config.Accounts, err = env.people(ctx, db, o, l, policy); err != nil {
		return err
	}
	env.watch(ctx, &config, doctor{env: env, options: o, signing: s, warning: w})
	stopSigning, err := s.start(ctx, env, *o, l, log, &config)
	if err != nil {
		return err
	}
	defer stopSigning()
	l.Held = func() error { return heldBy(config.Held()) }
	stopAlerts, err := w.start(ctx, env, *o, l, &config)
	if err != nil {
		return err
	}
	defer stopAlerts()
	return o.serveAll(ctx, web.New(config), web.Admin(config), db.ended, func() { _, _ = o.greeting.WriteTo(env.Stdout) })
}

// check reads the settings that can be wrong, so that it is said before anything starts.
func (o *serveOptions) check(env *environment, forms *formOptions, public string) (typed web.Config, policy account.Policy, err error) {
	if err := forms.fill(env, &typed); err != nil {
		return typed, policy, err
	}
	if o.limits, err = o.typed.read(env); err != nil {
		return typed, policy, err
	}
	if o.signOn, err = o.office.read(env, public); err != nil {
		return typed, policy, err
	}
	if typed.Proxies, err = proxies(o.proxies); err != nil {
		return typed, policy, &coded{exitUsage, err}
	}
	if err := o.keep.Check(); err != nil {
		return typed, policy, &coded{exitUsage, err}
	}
	policy, ok := account.PolicyOf(o.policy)
	if !ok {
		return typed, policy, &coded{exitUsage, errors.New(env.say("--password-policy 须为 mlps3 或 asvs", "--password-policy is mlps3 or asvs"))}
	}
	return typed, policy, errors.Join(free(env, "--listen", o.listen), free(env, "--admin", o.admin))
}

// free tells of an address that nobody can listen at, such as one that somebody does.
func free(env *environment, flag, address string) error {
	if address == "" {
		return nil
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return &coded{exitUsage, fmt.Errorf("%s: %w", env.say(flag+" 不能监听，请换一个地址", flag+" cannot be listened at, give another address"), err)}
	}
	return ln.Close()
}

// watch starts what goes on beside requests, and gives the server what it shows of that.
func (env *environment) watch(ctx context.Context, config *web.Config, look doctor) {
	l, public := config.Ledger, look.signing.public
	config.Metrics = env.metrics
	config.Duties = &publicity.Duties{Ledger: l, Pool: l.Pool, Calendar: workday.StateCouncil()}
	go config.Duties.Run(ctx)
	look.night = &nightly{pool: l.Config.Read, public: public, files: filepath.Join(env.Data, filesFolder), log: config.Log, rented: env.DatabaseURL != "", asked: make(chan struct{}, 1)}
	look.night.retention = &web.Retention{Ledger: l, Pool: config.Pool, Accounts: config.Accounts, Files: config.Files, Book: ledger.Book(env.Book), Keep: look.options.keep}
	config.SelfCheck = look.night
	go look.night.run(ctx)
	oversee(ctx, l, config, look)
	disks := newWatched(env, public)
	config.Collectors, config.Unready = []prometheus.Collector{disks}, disks.unready
}

// story loads the demonstration county, if that is what is served.
func (o *serveOptions) story(ctx context.Context, env *environment, db *database, l *ledger.Ledger, files *document.Store) error {
	if !o.demo {
		return nil
	}
	return loadDemo(ctx, env, db, l, files)
}

// people are the accounts that can log in: in a demonstration its own, which are made
// with it. Who has none yet is told how to make the first.
func (env *environment) people(ctx context.Context, db *database, o *serveOptions, l *ledger.Ledger, policy account.Policy) (*account.Accounts, error) {
	a, err := env.accounts(ctx, l.Config.Read, account.Config{Policy: policy, Demo: o.demo, Limits: o.limits.accounts, SignOn: o.signOn})
	if err != nil {
		return nil, err
	}
	if o.demo {
		return a, env.welcome(ctx, db, o, l, a)
	}
	all, err := a.People(ctx)
	if err == nil && !slices.ContainsFunc(all, func(p account.Person) bool { return !p.Demo }) {
		fmt.Fprintln(env.Stderr, env.say("还没有账号：请运行 yilu account init 建立首批管理员", "there are no accounts yet: yilu account init makes the first administrators"))
	}
	return a, err
}

// proxies reads networks with commas between them.
func proxies(list string) (all []*net.IPNet, err error) {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		_, network, err := net.ParseCIDR(part)
		if err != nil {
			return nil, fmt.Errorf("--proxies: %w", err)
		}
		all = append(all, network)
	}
	return all, nil
}

// oversee gives auditors and administrators what their pages show: who did what, a
// printer for case files, and how the machine fares.
func oversee(ctx context.Context, l *ledger.Ledger, config *web.Config, look doctor) {
	config.Trail = &web.Trail{Ledger: l, Pool: l.Pool}
	go config.Trail.Run(ctx)
	config.Print = printer()
	config.Health = func(ctx context.Context) []web.HealthLine { return look.health(ctx, l.Config.Read) }
}

// heldBy is why nothing may be entered, nil for no reason: the engine too must not take
// numbers that published entries have.
func heldBy(why ledger.Text) error {
	if why == (ledger.Text{}) {
		return nil
	}
	return errors.New("nothing may be entered: " + why.En)
}

// serveAll runs the public and the administrator's listener, and greets once both are open:
// who comes from then on is answered.
func (o *serveOptions) serveAll(ctx context.Context, pages, admin http.Handler, ended <-chan struct{}, greet func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	public, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	results := make(chan error, 2)
	running := 1
	if o.admin != "" {
		inner, err := net.Listen("tcp", o.admin)
		if err != nil {
			return errors.Join(fmt.Errorf("listen: %w", err), public.Close())
		}
		running++
		go func() { results <- serveHTTP(ctx, inner, admin, ended, o.grace) }()
	}
	go func() { results <- serveHTTP(ctx, public, pages, ended, o.grace) }()
	greet()
	err = <-results
	cancel()
	if running == 2 {
		err = errors.Join(err, <-results)
	}
	return err
}

// serveHTTP answers until the context ends or our own PostgreSQL dies, then
// finishes the requests under way, or cuts them off after a grace: what holds connections
// of a pool must not outlast the server, whose end waits for these.
func serveHTTP(ctx context.Context, ln net.Listener, handler http.Handler, ended <-chan struct{}, grace time.Duration) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second,
		WriteTimeout: 90 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ended:
		return errors.New("postgres has ended, see its log in the data folder")
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return errors.Join(fmt.Errorf("requests under way were cut off: %w", err), server.Close())
	}
	return nil
}
