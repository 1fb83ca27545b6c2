package main

import (
	"cmp"
	"context"
	"flag"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"yilu/alerts"
	"yilu/alerts/notify"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
	"yilu/publicity/workday"
	"yilu/web"
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
	fs.StringVar(&w.public, "public-url", setting("YILU_PUBLIC_URL", ""), env.say("本系统对外的网址，写入通知链接和海报 (YILU_PUBLIC_URL)", "our address as others reach it, for links in notifications and on posters (YILU_PUBLIC_URL)"))
	return w
}

// address is where others reach our pages.
func (w *warning) address(o serveOptions) string {
	return cmp.Or(strings.TrimSuffix(w.public, "/"), "http://"+o.listen+o.base)
}

// through has an engine of a command queue what the server's channels tell.
func (w *warning) through(engine *alerts.Engine, l *ledger.Ledger) error {
	if w.config == "" {
		return nil
	}
	channels, err := notify.ReadConfig(w.config)
	if err != nil {
		return err
	}
	base := cmp.Or(strings.TrimSuffix(w.public, "/"), "http://127.0.0.1:8080")
	engine.Link = func(alert string) string { return base + "/alerts/" + alert }
	engine.Notify, err = notify.New(l.Pool, channels, l.Now, l.Log)
	return err
}

// start lets the engine and the notifier work beside the server until the returned
// func is called, and gives the pages what they show.
func (w *warning) start(ctx context.Context, env *environment, o serveOptions, l *ledger.Ledger, config *web.Config) (stop func(), err error) {
	base := w.address(o)
	channels := notify.Config{}
	if w.config != "" {
		if channels, err = notify.ReadConfig(w.config); err != nil {
			return nil, err
		}
	}
	notifier, err := notify.New(l.Pool, channels, l.Now, l.Log)
	if err != nil {
		return nil, err
	}
	raised := make(chan struct{}, 1)
	engine := &alerts.Engine{
		Ledger: l, Pool: l.Pool, Rules: env.rules, Calendar: workday.StateCouncil(), Notify: notifier, Log: l.Log, Raised: raised,
		Link: func(alert string) string { return base + "/alerts/" + alert },
	}
	config.Alerts, config.Raised = engine, raised
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	workers.Go(func() { engine.Run(ctx, env.committed) })
	workers.Go(func() { notifier.Run(ctx) })
	workers.Go(func() { watchFaults(ctx, engine, config) })
	return func() {
		cancel()
		workers.Wait()
	}, nil
}

// faultEvery is how often it is asked whether the signer or the nightly check has
// found a fault.
const faultEvery = 5 * time.Second

// watchFaults makes a red warning of what the service's own checks find: of a witness
// that refuses, a signer that has halted, and stored bytes that were changed.
func watchFaults(ctx context.Context, engine *alerts.Engine, config *web.Config) {
	tick := time.NewTicker(faultEvery)
	defer tick.Stop()
	for {
		for _, f := range faults(config) {
			if err := engine.Report(ctx, config.Book, f); err != nil && ctx.Err() == nil {
				engine.Log.ErrorContext(ctx, "report a fault", "fault", f.Subject, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// faults are those there are now.
func faults(config *web.Config) []alerts.Fault {
	var found []alerts.Fault
	status, err := signer.ReadStatus(tile.Dir(filepath.Join(config.Public, string(config.Book))))
	if err == nil && status.Halted != "" {
		found = append(found, alerts.Fault{Code: "L08", Subject: "signer", Entry: ledger.None, Sentence: ledger.Text{Zh: "签名已停止，请核查：" + status.HaltedZh, En: "signing has halted, please check: " + status.Halted}})
	}
	for _, w := range status.Witnesses {
		if w.Refused {
			found = append(found, alerts.Fault{Code: "L08", Subject: "witness " + w.Name, Entry: ledger.None, Sentence: ledger.Text{
				Zh: "见证方 " + w.Name + " 拒绝联署检查点，请立即核查：" + w.Trouble, En: "witness " + w.Name + " refuses our checkpoint, please check at once: " + w.Trouble}})
		}
	}
	if config.SelfCheck != nil {
		for _, f := range config.SelfCheck.Found() {
			found = append(found, alerts.Fault{Code: "L01", Subject: f.Text.En, Entry: f.Entry, Sentence: f.Text})
		}
	}
	return found
}
