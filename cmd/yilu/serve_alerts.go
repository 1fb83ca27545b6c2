package main

import (
	"context"
	"flag"
	"log/slog"
	"strings"
	"sync"

	"yilu/alerts"
	"yilu/alerts/notify"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// warning is what the server needs to raise warnings and to tell of them.
type warning struct {
	// config is the file that says whom to tell, public the address of our pages as
	// others reach it.
	config, public string
}

func (env *environment) warningFlags(fs *flag.FlagSet) *warning {
	w := &warning{}
	fs.StringVar(&w.config, "notify", setting("YILU_NOTIFY", ""), env.say("通知渠道配置文件，空为不通知 (YILU_NOTIFY)", "file that says whom to tell of warnings, empty for nobody (YILU_NOTIFY)"))
	fs.StringVar(&w.public, "public-url", setting("YILU_PUBLIC_URL", ""), env.say("本系统对外的网址，写入通知链接 (YILU_PUBLIC_URL)", "our address as others reach it, for links in notifications (YILU_PUBLIC_URL)"))
	return w
}

// start lets the engine and the notifier work beside the server until the returned
// func is called.
func (w *warning) start(ctx context.Context, env *environment, o serveOptions, l *ledger.Ledger, log *slog.Logger) (*alerts.Engine, func(), error) {
	base := strings.TrimSuffix(w.public, "/")
	if base == "" {
		base = "http://" + o.listen + o.base
	}
	config := notify.Config{}
	if w.config != "" {
		var err error
		if config, err = notify.ReadConfig(w.config); err != nil {
			return nil, nil, err
		}
	}
	notifier, err := notify.New(l.Pool, config, l.Now, log)
	if err != nil {
		return nil, nil, err
	}
	engine := &alerts.Engine{
		Ledger: l, Pool: l.Pool, Rules: env.rules, Calendar: workday.StateCouncil(), Notify: notifier, Log: log,
		Link: func(alert string) string { return base + "/alerts/" + alert },
	}
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	workers.Go(func() { engine.Run(ctx, env.committed) })
	workers.Go(func() { notifier.Run(ctx) })
	return engine, func() {
		cancel()
		workers.Wait()
	}, nil
}
