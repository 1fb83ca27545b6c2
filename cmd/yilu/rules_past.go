package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/ledger"
)

func writeJSON(env *environment, v any) error {
	enc := json.NewEncoder(env.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// rulesBacktest judges the past by rules that are proposed.
func rulesBacktest(ctx context.Context, env *environment, args []string) error {
	fs, r := env.ruleFlags("backtest")
	test := alerts.BackTest{Progress: env.progress("backtest")}
	env.rangeFlags(fs, &test.From, &test.To)
	diff := fs.String("diff", "", env.say("live：与当时的预警比较", "live compares with the warnings of then"))
	file := fs.String("o", "", env.say("报告（JSON）写入的文件，供 rules submit --report", "file for the report as JSON, for rules submit --report"))
	words, err := env.anyWords(fs, args)
	if err != nil {
		return err
	}
	test.Live = *diff == "live"
	if test.From == "" || test.To == "" || len(words) == 0 || *diff != "" && *diff != "live" {
		return &coded{exitUsage, errors.New(env.say("须给出规则编号、--from、--to；--diff 只能是 live", "name rules, --from and --to; --diff takes live only"))}
	}
	if err := env.inOrder(test.From, test.To); err != nil {
		return err
	}
	known, err := r.load(env)
	if err != nil {
		return err
	}
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	if test.Rules, err = env.versions(ctx, l, known, words); err != nil {
		return err
	}
	holdBook()
	report, err := test.Run(ctx, env.engine(l, known), ledger.Book(env.Book))
	if err != nil {
		return err
	}
	text, err := report.Text()
	if err != nil {
		return err
	}
	if *file != "" {
		if err := writeFile(*file, func(f *os.File) error { _, err := f.Write(text); return err }); err != nil {
			return err
		}
	}
	if r.asJSON {
		_, err = env.Stdout.Write(text)
		return err
	}
	showBackTest(env, report)
	fmt.Fprintf(env.Stdout, "SHA-256 %s\n", alerts.Hash(text))
	return nil
}

// rangeFlags takes the days of the acts that are judged.
func (env *environment) rangeFlags(fs *flag.FlagSet, from, to *ledger.Date) {
	fs.Func("from", env.say("业务日期起", "first business day"), env.dayFlag(from))
	fs.Func("to", env.say("业务日期止", "last business day"), env.dayFlag(to))
}

// inOrder refuses days in which nothing can have happened: nothing would be found, and that
// would look like a good past.
func (env *environment) inOrder(from, to ledger.Date) error {
	if to < from {
		return &coded{exitUsage, fmt.Errorf(env.say("--to %s 早于 --from %s", "--to %s is before --from %s"), to, from)}
	}
	return nil
}

// rulesBackfill judges the past by a rule in force, and raises what it finds.
func rulesBackfill(ctx context.Context, env *environment, args []string) error {
	fs, r := env.ruleFlags("backfill")
	telling := env.warningFlags(fs)
	fill := alerts.Backfill{Progress: env.progress("backfill")}
	env.rangeFlags(fs, &fill.From, &fill.To)
	words, err := env.anyWords(fs, args)
	if err != nil {
		return err
	}
	if fill.From == "" || fill.To == "" {
		return &coded{exitUsage, errors.New(env.say("须给出 --from、--to；可列规则编号，不列则为全部现行规则（定期扫描须逐条列出）", "give --from and --to, and codes of rules, or none for all in force but the sweeps"))}
	}
	if err := env.inOrder(fill.From, fill.To); err != nil {
		return err
	}
	known, err := r.load(env)
	if err != nil {
		return err
	}
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	engine := env.engine(l, known)
	if err := telling.through(engine, l); err != nil {
		return err
	}
	holdBook()
	fill.Codes = words
	done, err := fill.Run(ctx, engine, ledger.Book(env.Book))
	if errors.Is(err, alerts.ErrNotBackfilled) {
		return &coded{exitRefused, fmt.Errorf("%s: %w", env.say("不能补评：未启用或没有文件", "cannot be back-filled: not in force, or without a file"), err)}
	}
	if err != nil {
		return err
	}
	if r.asJSON {
		return writeJSON(env, done)
	}
	for _, one := range done {
		if one.Slots > 0 {
			fmt.Fprintf(env.Stdout, env.say("%s@%d 补扫 %d 次，得 %d 项\n", "%s@%d: swept as of %d days, found %d\n"), one.Code, one.Version, one.Slots, one.Found)
		} else {
			fmt.Fprintf(env.Stdout, env.say("%s@%d 补评 %d 条分录，得 %d 项\n", "%s@%d: judged %d entries, found %d\n"), one.Code, one.Version, one.Judged, one.Found)
		}
	}
	return nil
}

// versions are the rules that words like P08 or P08@2 name, of which old versions may
// be in the log alone.
func (env *environment) versions(ctx context.Context, l *ledger.Ledger, known *alerts.Rules, words []string) ([]*rule.Rule, error) {
	var files []*rule.Rule
	for _, word := range words {
		code, number, dated := strings.Cut(word, "@")
		version := known.Version(code)
		if dated {
			n, err := strconv.Atoi(number)
			if err != nil {
				return nil, &coded{exitUsage, fmt.Errorf("%s%s", word, env.say("：须为规则编号，如 P08 或 P08@2", ": want a rule such as P08 or P08@2"))}
			}
			version = ledger.Count(n)
		}
		file, err := known.File(ctx, l, ledger.Book(env.Book), code, version)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil, &coded{exitUsage, fmt.Errorf(env.say("程序和账簿中都没有规则 %s 的文件", "neither the program nor the book has a file of rule %s"), word)}
		}
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// showBackTest prints a report for people.
func showBackTest(env *environment, report *alerts.Report) {
	w := env.Stdout
	fmt.Fprintf(w, env.say("账套 %s，%s 至 %s，共 %d 条分录\n", "book %s, %s to %s, %d entries\n"), report.Book, report.From, report.To, report.Entries)
	for _, x := range report.Rules {
		fmt.Fprintf(w, env.say("%s@%d：命中 %d 次，%d 事项", "%s@%d: %d hits, %d matters"), x.Code, x.Version, x.Hits, x.Matters)
		if x.New != nil {
			fmt.Fprintf(w, env.say("；与当时相比：新 %d，少 %d，同 %d", "; against live: %d new, %d lost, %d same"), *x.New, *x.Lost, *x.Same)
		}
		if n := x.Confirmed + x.Dismissed; n > 0 {
			fmt.Fprintf(w, env.say("；已办结 %d 件，属实 %d 件", "; of %d decided cases %d were confirmed"), n, x.Confirmed)
		}
		fmt.Fprintln(w)
		for _, reason := range slices.Sorted(maps.Keys(x.NotEvaluable)) {
			fmt.Fprintf(w, env.say("  无法判定 %s：%d\n", "  not evaluable, %s: %d\n"), reason, x.NotEvaluable[reason])
		}
		for _, month := range slices.Sorted(maps.Keys(x.ByMonth)) {
			fmt.Fprintf(w, "  %s  %d\n", month, x.ByMonth[month])
		}
		for _, region := range slices.Sorted(maps.Keys(x.ByRegion)) {
			name := ledger.DivisionOf(region)
			fmt.Fprintf(w, "  %s %s  %d\n", region, env.say(name.Name, name.En), x.ByRegion[region])
		}
		for _, e := range x.Examples {
			fmt.Fprintf(w, env.say("  例：第 %d 号，%s，%s\n", "  example: entry %d, %s, %s\n"), e.Entry, e.On, env.say(e.Sentence.Zh, e.Sentence.En))
		}
	}
}

// rulesExplain says what a rule is, or why a warning was raised.
func rulesExplain(ctx context.Context, env *environment, args []string) error {
	fs, r := env.ruleFlags("explain")
	alert := fs.String("alert", "", env.say("预警编号", "id of a warning"))
	history := fs.Bool("history", false, env.say("并列出账簿中历次启用和参数（读全账）", "also list what the log says of it over time (reads all of it)"))
	words, err := env.anyWords(fs, args)
	if err != nil {
		return err
	}
	if (*alert == "") == (len(words) == 0) || len(words) > 1 {
		return &coded{exitUsage, errors.New(env.say("给出一条规则的编号，或 --alert", "name one rule, or --alert"))}
	}
	known, err := r.load(env)
	if err != nil {
		return err
	}
	if *alert != "" {
		return explainAlert(ctx, env, *alert, r.asJSON)
	}
	files, err := env.chosen(known, words)
	if err != nil {
		return err
	}
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	row, err := l.Rulebook(ctx, ledger.Book(env.Book))
	if err != nil {
		return err
	}
	book, err := row.Read()
	if err != nil {
		return err
	}
	if r.asJSON {
		return writeJSON(env, map[string]any{"rule": files[0], "in_force": ofCode(book, files[0].Code)})
	}
	explainRule(env, files[0], ofCode(book, files[0].Code))
	if *history {
		return showHistory(ctx, env, l, files[0].Code)
	}
	return nil
}

// showHistory lists the entries that put a rule in force or set its limits, as posted.
func showHistory(ctx context.Context, env *environment, l *ledger.Ledger, code string) error {
	head, err := l.Head(ctx, ledger.Book(env.Book))
	if err != nil {
		return err
	}
	progress := env.progress("history")
	const page = 1000
	for from := int64(0); from < head.Size; from += page {
		entries, err := l.Entries(ctx, ledger.Book(env.Book), ledger.Seq(from), page)
		if err != nil {
			return err
		}
		for _, e := range entries {
			says := ""
			switch b := e.Body.(type) {
			case *ledger.RuleActivated:
				if b.Code == code {
					says = fmt.Sprintf("%s@%d %s", b.Code, b.Version, b.State)
				}
			case *ledger.ParameterSet:
				if b.Code == code {
					says = fmt.Sprintf("%s = %s %s", b.Name, b.Value, b.Region)
				}
			case *ledger.ExemptionSet:
				if b.Code == code {
					says = fmt.Sprintf("%s = %s – %s", b.Fact, b.Text, b.To)
				}
			}
			if says != "" {
				fmt.Fprintf(env.Stdout, "  %d  %s  %s  %s\n", e.Seq, e.On, e.By.User, says)
			}
		}
		progress(min(from+page, head.Size), head.Size)
	}
	return nil
}

// ofCode is what a rulebook says of one rule.
func ofCode(book ledger.Rules, code string) ledger.Rules {
	book.Rules = slices.DeleteFunc(book.Rules, func(a ledger.RuleActivated) bool { return a.Code != code })
	book.Parameters = slices.DeleteFunc(book.Parameters, func(p ledger.ParameterSet) bool { return p.Code != code })
	book.Exemptions = slices.DeleteFunc(book.Exemptions, func(e ledger.ExemptionSet) bool { return e.Code != code })
	return book
}

func explainRule(env *environment, f *rule.Rule, book ledger.Rules) {
	w := env.Stdout
	line := func(zh, en, text string) {
		if text != "" {
			fmt.Fprintf(w, "%s  %s\n", env.say(zh, en), text)
		}
	}
	fmt.Fprintf(w, "%s@%d %s\n", f.Code, f.Version, env.say(f.Name.Zh, f.Name.En))
	line("内容", "says", env.say(f.Formula.Zh, f.Formula.En))
	line("不含", "leaves out", env.say(f.Exclusions.Zh, f.Exclusions.En))
	line("依据", "basis", f.Basis)
	line("处理", "handling", env.say(ledger.Handlings[f.Handling].Zh, ledger.Handlings[f.Handling].En)+" · "+env.say(ledger.AlertLevels[f.Level].Zh, ledger.AlertLevels[f.Level].En))
	line("适用", "applies", f.Applies)
	line("条件", "when", f.When)
	if f.Kind == rule.OnDeadline {
		line("期限", "deadline", fmt.Sprintf("%s → %s, %s %s", f.Start, strings.Join(f.Expect, ", "), f.Within.Param, f.Within.Unit))
	}
	if f.Kind == rule.OnSweep {
		line("时间", "schedule", f.Schedule+" "+f.TZ)
		line("查询", "query", "\n"+strings.TrimRight(f.SQL, "\n"))
	}
	for _, d := range f.Defaults {
		line("默认参数", "default", fmt.Sprintf("%s = %s (%s)", d.Param, strings.Join(d.Value, ", "), d.Basis))
	}
	for _, p := range book.Parameters {
		line("参数", "parameter", fmt.Sprintf("%s = %s, %s %s– %s (%s)", p.Name, p.Value, p.Region, p.From, p.To, p.Basis))
	}
	for _, x := range book.Exemptions {
		line("白名单", "white list", fmt.Sprintf("%s = %s, %s – %s (%s)", x.Fact, x.Text, x.From, x.To, x.Basis))
	}
	if len(book.Rules) == 0 {
		line("状态", "state", env.say("未启用", "not in force"))
	}
	for _, a := range book.Rules {
		line("状态", "state", fmt.Sprintf("%s@%d %s", a.Code, a.Version, env.say(ledger.RuleStates[a.State].Zh, ledger.RuleStates[a.State].En)))
	}
}

// explainAlert opens the sealed evidence of a warning.
func explainAlert(ctx context.Context, env *environment, id string, asJSON bool) error {
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	c, err := alerts.Find(ctx, l.Read, ledger.Book(env.Book), id)
	if errors.Is(err, ledger.ErrNotFound) {
		return &coded{exitRefused, fmt.Errorf("%s %s", env.say("没有预警", "there is no warning"), id)}
	}
	if err != nil {
		return err
	}
	finding, err := alerts.FindingOf(ctx, l, ledger.Book(env.Book), c)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(env, map[string]any{"alert": c, "finding": finding})
	}
	w := env.Stdout
	fmt.Fprintf(w, "%s %s@%d  %s\n", c.Alert, c.Code, c.Version, env.say(c.Zh, c.En))
	fmt.Fprintf(w, env.say("%s，%s，第 %d 号分录所涉，第 %d 号分录提出，共 %d 次\n", "%s, %s, about entry %d, raised by entry %d, found %d times\n"),
		env.say(ledger.AlertLevels[c.Level].Zh, ledger.AlertLevels[c.Level].En), env.say(alerts.StateName(c.State).Zh, alerts.StateName(c.State).En), c.Entry, c.Raised, c.Count)
	fmt.Fprintf(w, env.say("数值 %s，界限 %s\n", "value %s, limit %s\n"), c.Value, c.Limit)
	for _, f := range finding.Facts {
		fmt.Fprintf(w, "  %s = %s\n", f.Name, f.Value)
	}
	for _, s := range finding.Steps {
		fmt.Fprintf(w, "  %s → %s\n", s.Name, s.Value)
	}
	return nil
}
