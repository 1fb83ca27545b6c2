package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// figure is one measured number of `yilu bench` against its target. Ratios are
// to a yardstick measured in the same run, since machines differ and are shared.
type figure struct {
	name, unit, target string
	// about says what is measured, for --help.
	about string
	run   func(ctx context.Context, b *bench) (value string, ok bool, err error)
}

// figures lists what is measured, in the order in which it is.
func figures() []figure {
	return []figure{
		{"post_32", "x_pgbench", ">=0.5", "durable single posts over HTTP, 32 clients ÷ pgbench single-row inserts, 32 clients", figPost32},
		{"post_32_p99", "ms", "<=20", "99th percentile of those posts", figPost32P99},
		{"post_256", "x_post_32", ">=1.0", "the same with 256 clients ÷ with 32", figPost256},
		{"post_hot", "x_post_32", ">=0.8", "all 32 clients on one fund and project ÷ spread", figPostHot},
		{"post_batch", "x_inserts", ">=0.3", "entries in batches of 1,000 over HTTP ÷ plain 1,000-row inserts of 400 bytes over one connection", figPostBatch},
		{"grant_sheet", "s", "<=2", "grant sheet of 11,548 households, file to committed", figGrantSheet},
		{"grant_sheet_memory", "MB", "<=100", "peak memory of that import", figGrantMemory},
		{"sheet_100k_memory", "MB", "<=150", "peak memory of reading 100,000 rows", figSheetMemory},
		{"import_preview", "s", "<=10", "a sheet of 50,000 rows, from the upload to its preview on the page", figImportPreview},
		{"import_preview_memory", "MB", "<=150", "peak memory of the server meanwhile", figImportMemory},
		{"post_signed", "x_unsigned", ">=0.95", "single posts while the log is signed and published ÷ in the moments its signer rests", figPostSigned},
		{"tiles", "per_second", ">=5000", "tiles and bundles of the public log over HTTP, 32 clients", figTiles},
		{"page_views_warm", "per_second", ">=2000", "public pages over HTTP, 32 clients, p99 at most 50 ms, while 300 entries/s are posted", figPagesWarm},
		{"page_views_cold", "per_second", ">=300", "project pages that nobody has asked for, 32 clients, p99 at most 50 ms at 300 views/s, while 300 entries/s are posted", figPagesCold},
		{"replay_rules", "per_second", ">=20000", "entries of a book's history judged by all event rules", figReplayRules},
		{"post_rules", "x_frozen", ">=0.8", "single posts with the rules in force that can stop one ÷ with all frozen", figPostRules},
		{"alert_p50", "ms", "<=10", "from the commit of an entry until its warning can be read, at 300 entries/s with all rules in force", figAlert("alert_p50", 10*time.Millisecond)},
		{"alert_p99", "ms", "<=50", "99th percentile of that", figAlert("alert_p99", 50*time.Millisecond)},
		{"feed_missed", "events", "<=0", "what 200 readers of the feed missed or got twice of 10,000 warnings", figFeedMissed},
		{"feed_screen", "ms", "<=1000", "from the commit of an entry until its warning is a line of the last of 200 open feeds", figFeedScreen},
		{"demo_load", "s", "<=15", "yilu demo into an empty database: entries, warnings, sweeps of its year", figDemoLoad},
		{"site_export", "s", "<=20", "yilu export site of the demonstration county", figSiteExport},
		{"post_5m", "x_post_100k", ">=0.9", "single posts at 5,000,000 entries ÷ at 100,000, each against pgbench", figPost5M},
		{"memory_5m", "MB", "<=150", "memory of the server at 5,000,000 entries", figMemory5M},
		{"proof_page_p99", "ms", "<=20", "99th percentile of the page that proves an entry, at 5,000,000 entries, 2 clients", figProofPage},
		{"desk_pages", "ms", "<=300", "95th percentile of the slowest of an auditor's list, a warning's page and who did what, at 5,000,000 entries, 50 people at work", figDeskPages},
		{"backtest_5m", "s", "<=90", "back-test of one event rule over 5,000,000 entries", figBacktest5M},
		{"sweep_5m", "s", "<=300", "all sweeps over a year of 5,000,000 entries", figSweep5M},
		{"search_p99", "ms", "<=50", "99th percentile of searches in 100,000 projects beside 5,000,000 entries, 2 clients", figSearch},
	}
}

// runBench measures on a real PostgreSQL with fsync on and prints a line per
// figure.
func runBench(ctx context.Context, env *environment, args []string) error {
	fs := env.flags("bench")
	only := fs.String("figures", "", env.say("只测这些（逗号分隔）", "only these, separated by commas"))
	seconds := fs.Int("seconds", 8, env.say("每次测量的秒数", "seconds of each measurement"))
	entries := fs.Int64("entries", 5_000_000, env.say("大账簿的分录数", "entries of the large book"))
	list := fs.Bool("list", false, env.say("列出指标", "list the figures"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return &coded{exitUsage, err}
	}
	if *list {
		for _, f := range chosen {
			fmt.Fprintf(env.Stdout, "%-20s %s %s  %s\n", f.name, f.target, f.unit, f.about)
		}
		return nil
	}
	b := &bench{env: env, seconds: time.Duration(*seconds) * time.Second, entries: *entries, kept: map[string]int64{}}
	defer b.close()
	return measure(ctx, env.Stdout, b, chosen)
}

func choose(only string) ([]figure, error) {
	all := figures()
	if only == "" {
		return all, nil
	}
	var chosen []figure
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(f figure) bool { return f.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("there is no figure %q, see --list", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// measure prints each figure as it is known; one that cannot be measured does
// not keep the rest from it.
func measure(ctx context.Context, w io.Writer, b *bench, chosen []figure) error {
	var failed error
	for _, f := range chosen {
		value, ok, err := f.run(ctx, b)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("figure %s: %w", f.name, err))
			continue
		}
		result := "short"
		if ok {
			result = "ok"
		}
		fmt.Fprintf(w, "figure=%s value=%s unit=%s target=%s result=%s\n", f.name, value, f.unit, f.target, result)
	}
	return failed
}

// ratio is a÷b in thousandths, and its text.
func ratio(a, b int64) (int64, string) {
	if b <= 0 {
		return 0, "0.000"
	}
	r := a * 1000 / b
	return r, fmt.Sprintf("%d.%03d", r/1000, r%1000)
}

// note tells a person what is behind a figure; stdout holds figures alone.
func (b *bench) note(format string, args ...any) {
	fmt.Fprintf(b.env.Stderr, "# "+format+"\n", args...)
}

// megabytes turns a resident size in kilobytes into MB, rounded up.
func megabytes(kb int64) int64 { return (kb + 1023) / 1024 }
