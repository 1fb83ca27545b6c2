package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/alerts/rule/gate"
	"yilu/alerts/rules"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// rulesCommand is one of "yilu rules".
type rulesCommand struct {
	name, args, zh, en string
	run                func(ctx context.Context, env *environment, args []string) error
}

func rulesCommands() []rulesCommand {
	return []rulesCommand{
		{"check", "[--rules DIR] [--sweeps]", "读入全部规则，查形式、依据、参数，跑测试和变异", "load all rules, look at form, basis and parameters, run tests and mutants", rulesCheck},
		{"test", "[CODE…] [--rules DIR] [--tests DIR] [--sweeps]", "跑规则的测试；--tests 跑另一目录的测试", "run the tests of rules; --tests runs those of another folder", rulesTest},
		{"backtest", "CODE[@VERSION]… --from DAY --to DAY [--diff live] [-o FILE]", "用规则重判过去，只读", "judge the past by rules, read-only", rulesBacktest},
		{"backfill", "[CODE…] --from DAY --to DAY", "补评：用现行规则评过去，所得记为补评预警；不列编号则为扫描以外的全部", "judge the past by rules in force and raise what they find, marked as back-fill; by all but the sweeps if none is named", rulesBackfill},
		{"explain", "CODE | --alert ID", "用话说明一条规则，或一条预警为何出现", "say in words what a rule is, or why a warning was raised", rulesExplain},
		{"submit", "[CODE…] --user U --unit N [--report FILE]", "提交启用全部或所列规则，由第二人 yilu approve；已按同样内容启用的不再提交", "submit all or some rules for activation, but for those in force as they are; a second person runs yilu approve", rulesSubmit},
	}
}

// runRules runs one of the commands about rules.
func runRules(ctx context.Context, env *environment, args []string) error {
	if len(args) > 0 {
		for _, c := range rulesCommands() {
			if c.name == args[0] {
				return c.run(ctx, env, args[1:])
			}
		}
	}
	for _, c := range rulesCommands() {
		fmt.Fprintf(env.Stderr, "  yilu rules %s %s\n      %s\n", c.name, c.args, env.say(c.zh, c.en))
	}
	if len(args) > 0 && slices.Contains([]string{"help", "-h", "--help"}, args[0]) {
		return nil
	}
	return &coded{exitUsage, nil}
}

// ruleFlags are what all of them share.
type ruleFlags struct {
	folder string
	asJSON bool
	sweeps bool
}

func (env *environment) ruleFlags(name string) (*flag.FlagSet, *ruleFlags) {
	fs, r := env.flags("rules "+name), &ruleFlags{}
	fs.StringVar(&r.folder, "rules", "", env.say("规则目录，默认为内置规则", "folder of rules; those built in by default"))
	fs.BoolVar(&r.asJSON, "json", false, env.say("输出 JSON", "write JSON"))
	return fs, r
}

// anyWords reads flags and words in any order.
func (env *environment) anyWords(fs *flag.FlagSet, args []string) ([]string, error) {
	var got []string
	for {
		if err := env.parseFlags(fs, args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			return got, nil
		}
		got, args = append(got, fs.Arg(0)), fs.Args()[1:]
	}
}

// open is the folder of the rules.
func (r *ruleFlags) open() fs.FS {
	if r.folder == "" {
		return rules.Files
	}
	return os.DirFS(r.folder)
}

// load reads the rules; what is wrong with a file is refused input.
func (r *ruleFlags) load(env *environment) (*alerts.Rules, error) {
	known, err := alerts.LoadRules(r.open(), workday.StateCouncil())
	if err != nil {
		return nil, &coded{exitRefused, err}
	}
	if len(known.Known()) == 0 {
		return nil, &coded{exitRefused, fmt.Errorf("%s: %s", r.folder, env.say("这个目录里没有规则", "there are no rules in this folder"))}
	}
	return known, nil
}

// chosen are the files that words like P08 or P08@4 name; without words, all.
func (env *environment) chosen(known *alerts.Rules, words []string) ([]*rule.Rule, error) {
	if len(words) == 0 {
		return known.Known(), nil
	}
	var files []*rule.Rule
	for _, word := range words {
		code, version, _ := strings.Cut(word, "@")
		i := slices.IndexFunc(known.Known(), func(f *rule.Rule) bool {
			return f.Code == code && (version == "" || version == strconv.Itoa(f.Version))
		})
		if i < 0 {
			return nil, &coded{exitUsage, fmt.Errorf(env.say("没有规则 %s 的文件", "there is no file of rule %s"), word)}
		}
		files = append(files, known.Known()[i])
	}
	return files, nil
}

// withGate calls do with a gate. With --sweeps it has a database for the tests of
// sweeps, and every query has been explained in it.
func (r *ruleFlags) withGate(ctx context.Context, env *environment, known *alerts.Rules, do func(*gate.Gate) error) error {
	if !r.sweeps {
		g, err := alerts.NewGate(workday.StateCouncil(), nil)
		if err != nil {
			return err
		}
		return do(g)
	}
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	if err := known.CheckSweeps(ctx, l.Config.Read); err != nil {
		return &coded{exitRefused, err}
	}
	g, err := alerts.NewGate(workday.StateCouncil(), alerts.PlantedSweeps(ctx, l.Config.Read))
	if err != nil {
		return err
	}
	return do(g)
}

// rulesCheck holds every rule to its tests.
func rulesCheck(ctx context.Context, env *environment, args []string) error {
	fs, r := env.ruleFlags("check")
	fs.BoolVar(&r.sweeps, "sweeps", false, env.say("在数据库中跑定期扫描的测试", "run the tests of sweeps in the database"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	return r.check(ctx, env, nil)
}

// rulesTest runs tests of some rules.
func rulesTest(ctx context.Context, env *environment, args []string) error {
	fs, r := env.ruleFlags("test")
	fs.BoolVar(&r.sweeps, "sweeps", false, env.say("在数据库中跑定期扫描的测试", "run the tests of sweeps in the database"))
	folder := fs.String("tests", "", env.say("另一目录的测试文件，只跑其中各例", "a folder of other test files, of which the cases are run"))
	words, err := env.anyWords(fs, args)
	if err != nil {
		return err
	}
	if *folder == "" {
		return r.check(ctx, env, words)
	}
	known, err := r.load(env)
	if err != nil {
		return err
	}
	files, err := env.chosen(known, words)
	if err != nil {
		return err
	}
	return r.withGate(ctx, env, known, func(g *gate.Gate) error { return runFolder(env, g, files, *folder) })
}

// runFolder runs the cases of another folder's test files.
func runFolder(env *environment, g *gate.Gate, files []*rule.Rule, folder string) error {
	ran, failed := 0, 0
	for _, file := range files {
		name := file.Code + ".test.yaml"
		text, err := os.ReadFile(folder + "/" + name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		test, err := gate.Parse(name, text)
		if err != nil {
			return &coded{exitRefused, err}
		}
		failures, err := g.Cases(file, test)
		if err != nil {
			return &coded{exitRefused, err}
		}
		ran++
		failed += len(failures)
		fmt.Fprintf(env.Stdout, env.say("%s：%d 例，%d 例不符\n", "%s: %d cases, %d differ\n"), file.Code, len(test.Cases), len(failures))
		for _, f := range failures {
			fmt.Fprintln(env.Stdout, "  "+f)
		}
	}
	switch {
	case ran == 0:
		return &coded{exitUsage, errors.New(env.say("该目录没有这些规则的测试文件", "the folder has no test file of these rules"))}
	case failed > 0:
		return &coded{exitDiverged, fmt.Errorf(env.say("%d 例不符", "%d cases differ"), failed)}
	}
	return nil
}

// check runs the gate over all rules, or over those that are named.
func (r *ruleFlags) check(ctx context.Context, env *environment, words []string) error {
	known, err := r.load(env)
	if err != nil {
		return err
	}
	files, err := env.chosen(known, words)
	if err != nil {
		return err
	}
	var reports []gate.Report
	progress := env.progress("rules")
	err = r.withGate(ctx, env, known, func(g *gate.Gate) error {
		for i, file := range files {
			text, err := fs.ReadFile(r.open(), file.Code+".test.yaml")
			if err != nil {
				return fmt.Errorf("read tests of %s: %w", file.Code, err)
			}
			test, err := gate.Parse(file.Code+".test.yaml", text)
			if err != nil {
				return &coded{exitRefused, err}
			}
			report, err := g.Check(file, test)
			if err != nil {
				return &coded{exitRefused, err}
			}
			reports = append(reports, report)
			progress(int64(i)+1, int64(len(files)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return showReports(env, reports, r.asJSON)
}

// showReports prints what the gate found and says whether all passed.
func showReports(env *environment, reports []gate.Report, asJSON bool) error {
	failed, unrun := 0, 0
	for _, report := range reports {
		if !report.Passed() {
			failed++
		}
		if report.NotRun {
			unrun++
		}
		if !asJSON {
			fmt.Fprint(env.Stdout, report)
		}
	}
	if asJSON {
		if err := writeJSON(env, reports); err != nil {
			return err
		}
	}
	if unrun > 0 {
		fmt.Fprintf(env.Stderr, env.say("%d 条定期扫描只查了形式；加 --sweeps 在数据库中跑\n", "%d sweeps were looked at in form only; --sweeps runs them in the database\n"), unrun)
	}
	if failed > 0 {
		return &coded{exitDiverged, fmt.Errorf(env.say("%d 条规则未通过", "%d rules did not pass"), failed)}
	}
	fmt.Fprintf(env.Stderr, env.say("%d 条规则通过\n", "%d rules pass\n"), len(reports))
	return nil
}

// rulesSubmit submits activations for a second person.
func rulesSubmit(ctx context.Context, env *environment, args []string) error {
	fs, r := env.ruleFlags("submit")
	a := &acting{}
	a.flags(fs, env)
	role := fs.String("role", string(ledger.Maker), env.say("角色：maker，由复核人员审批；或 auditor，由另一名审计人员在“规则与参数”页面审批", "role: maker, for a checker to approve; or auditor, for another auditor to approve under “Rules and limits”"))
	reportFile := fs.String("report", "", env.say("所依据的回测报告文件", "file of the back-test's report that was looked at"))
	words, err := env.anyWords(fs, args)
	if err != nil {
		return err
	}
	by, on, err := a.by(env, ledger.Role(*role))
	if err != nil {
		return err
	}
	known, err := r.load(env)
	if err != nil {
		return err
	}
	files, err := env.chosen(known, words)
	if err != nil {
		return err
	}
	hash := ""
	if *reportFile != "" {
		text, err := os.ReadFile(*reportFile)
		if err != nil {
			return &coded{exitRefused, env.unreadable(*reportFile, err)}
		}
		hash = alerts.Hash(text)
	}
	l, closeLedger, err := env.openBook(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	if err := known.CheckSweeps(ctx, l.Config.Read); err != nil {
		return &coded{exitRefused, err}
	}
	inForce, err := rulesInForce(ctx, env, l)
	if err != nil {
		return err
	}
	id := "rules-" + rand.Text()
	var drafts []ledger.Draft
	due, held := activations(known, files, inForce, hash)
	for i, activation := range due {
		drafts = append(drafts, ledger.Draft{ID: fmt.Sprintf("%s-%d", id, i+1), Kind: "rule.activated", On: on, By: by, Corrects: ledger.None, Body: activation})
	}
	if len(held) > 0 {
		fmt.Fprintf(env.Stderr, env.say("%d 条规则已按同样内容启用，不再提交：%s\n", "%d rules are in force as they are and are not submitted again: %s\n"), len(held), strings.Join(held, " "))
	}
	if len(drafts) == 0 {
		if r.asJSON {
			return writeJSON(env, map[string][]string{"in_force": held})
		}
		return nil
	}
	if _, err = l.Submit(ctx, ledger.Book(env.Book), id, ledger.SubmissionMade{Submission: id, Title: "启用预警规则"}, drafts); err != nil {
		return refusedPost(env, env.settled(l, id, err))
	}
	sub, err := l.Submission(ctx, ledger.Book(env.Book), id)
	if err != nil {
		return err
	}
	if r.asJSON {
		return writeJSON(env, sub)
	}
	fmt.Fprintf(env.Stdout, env.say("已提交启用 %d 条规则，待第二人审批：\n  yilu approve %s --hash %s --book %s --user 乙 --unit …\n", "submitted %d rules for activation, for a second person to approve:\n  yilu approve %s --hash %s --book %s --user B --unit …\n"), len(drafts), id, sub.ContentHash, env.Book)
	return nil
}

// rulesInForce are the activations that hold in the book.
func rulesInForce(ctx context.Context, env *environment, l *ledger.Ledger) ([]ledger.RuleActivated, error) {
	row, err := l.Rulebook(ctx, ledger.Book(env.Book))
	if err != nil {
		return nil, err
	}
	book, err := row.Read()
	return book.Rules, err
}

// activations are those that put files in force, and the codes of those that are so already.
func activations(known *alerts.Rules, files []*rule.Rule, inForce []ledger.RuleActivated, report string) (due []*ledger.RuleActivated, held []string) {
	for _, a := range known.Activations() {
		switch {
		case !slices.ContainsFunc(files, func(f *rule.Rule) bool { return f.Code == a.Code }):
		case isInForce(inForce, a, report):
			held = append(held, a.Code)
		default:
			a.ReportHash = report
			due = append(due, a)
		}
	}
	return due, held
}

// isInForce says whether an activation would change nothing: file, tests and state are those
// in force, and no other report is to stand beside them.
func isInForce(inForce []ledger.RuleActivated, a *ledger.RuleActivated, report string) bool {
	return slices.ContainsFunc(inForce, func(r ledger.RuleActivated) bool {
		return r.Code == a.Code && r.FileHash == a.FileHash && r.TestHash == a.TestHash && r.State == a.State && (report == "" || report == r.ReportHash)
	})
}

// engine reads warnings and runs back-tests on an open ledger.
func (env *environment) engine(l *ledger.Ledger, known *alerts.Rules) *alerts.Engine {
	return &alerts.Engine{Ledger: l, Pool: l.Config.Read, Rules: known, Calendar: workday.StateCouncil(), Log: slog.New(slog.DiscardHandler)}
}
