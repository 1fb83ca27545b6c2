package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// words reads a command line of n words and flags in any order.
func (env *environment) words(fs *flag.FlagSet, args []string, n int) ([]string, error) {
	var got []string
	for {
		if err := env.parseFlags(fs, args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			break
		}
		got, args = append(got, fs.Arg(0)), fs.Args()[1:]
	}
	if len(got) != n {
		return nil, &coded{exitUsage, env.misread(fs, got)}
	}
	return got, nil
}

// importing is the command line of yilu import.
type importing struct {
	options         sheet.Options
	user, unit, on  string
	sheet, errors   string
	preview, asJSON bool
	// explain are answers to warnings, as CODE=GROUND:FILE.
	explain []string
	// trial is what a preview found, result what was posted.
	trial  *sheet.Trial
	result *sheet.Result
}

func (c *importing) flags(env *environment) *flag.FlagSet {
	fs := env.flags("import")
	fs.Usage = func() {
		fmt.Fprintln(fs.Output(), env.say("用法：yilu import 表名 文件 [参数]；表名：", "usage: yilu import FORM FILE [FLAGS]; forms:"), formNames())
		fmt.Fprintln(fs.Output(), env.say("公开采购数据（OCDS）：yilu import ocds --help", "Open Contracting data: yilu import ocds --help"))
		env.showFlags(fs)
		fmt.Fprintln(fs.Output(), env.say(
			"退出码：0 已提交待审批（或预览无误），1 故障，2 参数有误，3 文件或行有误、可能重复（未入账）；一个文件要么全部入账，要么全不入账",
			"exit codes: 0 submitted for approval (or a clean preview), 1 fault, 2 usage, 3 bad file or rows, or duplicates (nothing posted); a file is posted whole or not at all"))
	}
	c.options.Funds = map[string]string{}
	fs.StringVar(&c.user, "user", "", env.say("经办人账号", "the maker's account"))
	fs.StringVar(&c.unit, "unit", "", env.say("经办单位，如 411025-CZ", "the unit it acts for, such as 411025-CZ"))
	fs.BoolVar(&c.options.AfterFact, "after-fact", false, env.say("补录：各行所记均已发生，拦截类规则改为须说明的红色预警", "the rows tell what has happened already: rules that would refuse hold them until explained, red"))
	fs.StringVar(&c.on, "on", "", env.say("未写日期的行的业务日期，默认今天", "business day of rows without one; today by default"))
	fs.Func("fund", env.say("资金编号；计划表按来源指定：central=F1，可重复", "fund id; for a plan by source: central=F1, may be repeated"), func(v string) error {
		level, fund, ok := strings.Cut(v, "=")
		if !ok {
			c.options.Fund = v
			return nil
		}
		c.options.Funds[level] = fund
		return nil
	})
	fs.StringVar(&c.options.Project, "project", "", env.say("表上没有项目时的项目编号", "project of rows that name none"))
	fs.StringVar(&c.options.Payment, "payment", "", env.say("发放表没有批次时的批次号", "batch of a grant sheet that names none"))
	fs.StringVar(&c.options.Item, "item", "", env.say("发放表没有补助项目时的名称", "what a grant sheet grants"))
	fs.StringVar(&c.options.Period, "period", "", env.say("发放表没有期间时的发放期间，如 2020-03", "period of a grant sheet that names none, such as 2020-03"))
	fs.StringVar(&c.options.Source, "source", "", env.say("名单：数据来源单位，如 县公安局", "lists: the office that it comes from"))
	fs.Func("stated", env.say("名单：数据截止日，如 2020-03-31", "lists: the day whose state it tells, such as 2020-03-31"), env.dayFlag(&c.options.Stated))
	fs.Func("valid-from", env.say("名单：从这一天的业务起比对", "lists: the first day of acts that are held against it"), env.dayFlag(&c.options.From))
	fs.Func("valid-to", env.say("名单：有效期截止日，过后未更新则相关规则“无法判定”", "lists: the last such day; after it the rules say that they cannot judge"), env.dayFlag(&c.options.To))
	fs.StringVar(&c.options.Region, "region", "", env.say("名单：覆盖的县、乡镇或村的区划代码，默认全县", "lists: division code of what it covers; the county by default"))
	fs.StringVar(&c.options.Document, "document", "", env.say("表上没有批复文号时的文号", "document number of rows that name none"))
	fs.StringVar(&c.options.Responsible, "responsible", "", env.say("表上没有责任人时的责任人", "person in charge of rows that name none"))
	fs.StringVar(&c.options.Type, "type", "", env.say("表上没有项目类型时的类型，如 construction", "project type of rows that name none, such as construction"))
	fs.StringVar(&c.sheet, "sheet", "", env.say("读取哪个工作表", "which worksheet to read"))
	fs.StringVar(&c.errors, "errors", "", env.say("把有误的行连同原因写入此 .xlsx", "write the bad rows with the reasons to this .xlsx"))
	fs.Func("explain", env.say("对拦下行的预警的说明：规则=理由:文件，如 P13=agreed:说明.pdf，可重复", "answer to a warning that holds rows: CODE=GROUND:FILE such as P13=agreed:why.pdf, may be repeated"), func(v string) error {
		c.explain = append(c.explain, v)
		return nil
	})
	fs.BoolVar(&c.preview, "preview", false, env.say("只检查（含指标、合同余额和预警规则）并显示合计，不入账", "check, also against balances and rules, and show totals; post nothing"))
	fs.BoolVar(&c.options.AllowDuplicates, "allow-duplicates", false, env.say("可能重复的文件和行也入账", "post what may be a duplicate"))
	fs.BoolVar(&c.asJSON, "json", false, env.say("以 JSON 输出", "write JSON"))
	return fs
}

func formNames() string {
	var names []string
	for _, f := range sheet.Forms {
		names = append(names, f.Name+" "+f.Zh)
	}
	return strings.Join(names, ", ")
}

// runImport reads a sheet and submits it for approval. Published records come
// another way, see runImportOCDS.
func runImport(ctx context.Context, env *environment, args []string) error {
	if len(args) > 0 && args[0] == "ocds" {
		return runImportOCDS(ctx, env, args[1:])
	}
	limitMemory(300, 60<<20) // with the program itself, 100 MB for the grants of a whole county
	c := &importing{}
	word, err := env.words(c.flags(env), args, 2)
	if err != nil {
		return err
	}
	form, ok := sheet.FormOf(word[0])
	if !ok {
		return &coded{exitUsage, fmt.Errorf("%s %s; %s; yilu import ocds FILE", env.say("没有这种表：", "there is no form"), word[0], formNames())}
	}
	if !c.preview && (c.user == "" || c.unit == "") {
		return &coded{exitUsage, errors.New(env.say("须指明经办人 --user 和单位 --unit", "say who imports: --user and --unit"))}
	}
	if err := c.complete(env); err != nil {
		return err
	}
	src, err := sheet.OpenFile(word[1], c.sheet)
	if err != nil {
		return refusedFile(env, word[1], err)
	}
	defer func() { _ = src.Close() }() // reading only
	l, closeLedger, err := env.openBook(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	if c.options.Explain, err = explanations(env, c.explain); err != nil {
		return &coded{exitUsage, err}
	}
	if c.options.Known, err = sheet.KnownOf(ctx, l, c.options.Book); err != nil {
		return err
	}
	b, err := sheet.Read(src, form, c.options)
	if err != nil {
		return refusedFile(env, word[1], err)
	}
	earlier := ""
	if c.preview {
		var t sheet.Trial
		if t, err = b.Try(ctx, l); t.SameFile != nil {
			earlier = t.SameFile.Submission
		}
		c.trial = &t
	} else {
		c.result, err = env.enter(ctx, l, b)
	}
	if same, ok := errors.AsType[*sheet.SameFile](err); ok {
		earlier, err = same.Submission.Submission, nil
	}
	if err != nil {
		return err
	}
	if earlier != "" {
		return &coded{exitRefused, fmt.Errorf("%s: %s %s", word[1], env.say("这个文件已经导入过，提交编号", "this file was imported before, as submission"), earlier)}
	}
	return c.answer(env, src, b)
}

// enter posts the sheet. There is no result when a row is wrong.
func (env *environment) enter(ctx context.Context, l *ledger.Ledger, b *sheet.Batch) (*sheet.Result, error) {
	r, err := b.Import(ctx, l)
	if errors.Is(err, sheet.ErrBadRows) {
		return nil, nil
	}
	if err != nil {
		return nil, env.settled(l, r.Submission, err)
	}
	return &r, nil
}

// explanations reads the answers to warnings with the files that they name.
func explanations(env *environment, given []string) (map[string]sheet.Explanation, error) {
	out := map[string]sheet.Explanation{}
	for _, text := range given {
		code, rest, _ := strings.Cut(text, "=")
		ground, path, ok := strings.Cut(rest, ":")
		version := env.rules.Version(code)
		if _, known := ledger.AckGrounds[ground]; !ok || !known || version == 0 {
			return nil, fmt.Errorf("--explain %s: %s", text, env.say("须为 规则=理由:文件，理由为 agreed、approved、corrected、fact、other", "want CODE=GROUND:FILE, the ground one of agreed, approved, corrected, fact, other"))
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--explain %s: %w", text, err)
		}
		file, err := sheet.FileOf(path, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("--explain %s: %w", text, err)
		}
		out[code] = sheet.Explanation{Version: version, Ground: ground, File: file}
	}
	return out, nil
}

// complete fills in what the flags leave out.
func (c *importing) complete(env *environment) error {
	c.options.Book = ledger.Book(env.Book)
	c.options.By = ledger.By{Role: ledger.Maker, Unit: cmp.Or(c.unit, "preview"), User: cmp.Or(c.user, "preview")}
	var err error
	if c.options.On, err = env.day("on", c.on, ledger.DateOf(time.Now())); err != nil {
		return err
	}
	c.options.Look = c.preview
	draw := env.progress("import")
	c.options.Progress = func(rows int) { draw(int64(rows), int64(rows)+1) }
	return nil
}

// refusedFile says what is wrong with a file as a whole.
func refusedFile(env *environment, path string, err error) error {
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		return &coded{exitRefused, env.unreadable(path, broken)}
	}
	bad, ok := errors.AsType[*ledger.Invalid](err)
	if !ok {
		return err
	}
	for _, p := range bad.Problems {
		said := env.say(p.Zh, p.En)
		if p.Rule == sheet.RuleWorksheet {
			said += env.say("（用 --sheet 指明）", " (--sheet names it)")
		}
		fmt.Fprintf(env.Stderr, "%s: %s\n", path, said)
	}
	return &coded{exitRefused, nil}
}

// unreadable says why a file cannot be read: it is not there, a folder, or somebody else's.
func (env *environment) unreadable(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %s", path, env.say("没有这个文件", "there is no such file"))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %s", path, env.say("当前用户无权读取这个文件", "this user may not read the file"))
	case errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("%s: %s", path, env.say("这是一个目录，须为文件", "this is a folder, want a file"))
	}
	return err
}

// placeIn is where in a file a problem is, with the words above the column.
func placeIn(file string, p sheet.RowProblem) string {
	switch {
	case p.Row == 0: // it is of the whole sheet
		return file
	case p.Column == "" && p.Header == "":
		return fmt.Sprintf("%s:%d", file, p.Row)
	case p.Header != "":
		return fmt.Sprintf("%s:%d:%s（%s）", file, p.Row, p.Column, p.Header)
	}
	return fmt.Sprintf("%s:%d:%s", file, p.Row, p.Column)
}

// fillsIn are the flags that stand for columns which a sheet does not have.
var fillsIn = map[string]string{
	"资金编号": "fund", "指标文号": "fund", "项目编号": "project", "项目名称": "project", "批次": "payment", "补助项目": "item", "发放期间": "period",
	"批复文号": "document", "分配文号": "document", "责任人": "responsible", "项目类型": "type",
}

// said is a problem in the user's language, with the flag that would mend it in every row.
func (env *environment) said(p sheet.RowProblem) string {
	text := env.say(p.Zh, p.En)
	if name := fillsIn[p.Header]; name != "" && p.Row > 0 && p.Column == "" {
		text += fmt.Sprintf(env.say("（表上没有这一列，可用 --%s 为各行指明）", " (the sheet has no such column; --%s says it for all rows)"), name)
	}
	return text
}

// importAnswer is what --json writes.
type importAnswer struct {
	Form     string             `json:"form"`
	File     ledger.File        `json:"file"`
	Rows     int                `json:"rows"`
	Receipts int                `json:"receipts,omitempty"`
	Received ledger.Amount      `json:"received,omitempty"`
	Amount   ledger.Amount      `json:"amount"`
	Upper    string             `json:"amount_upper"`
	ByFund   []sheet.Total      `json:"by_fund,omitempty"`
	ByPlace  []sheet.Total      `json:"by_place,omitempty"`
	Ignored  []string           `json:"ignored_columns,omitempty"`
	Problems []sheet.RowProblem `json:"problems,omitempty"`
	More     int                `json:"more_problems,omitempty"`
	Warnings []sheet.RowProblem `json:"warnings,omitempty"`
	Trial    *sheet.Trial       `json:"trial,omitempty"`
	Result   *sheet.Result      `json:"result,omitempty"`
}

// mostWarnings are shown on a terminal: what is odd in every row is said enough.
const mostWarnings = 20

// answer shows totals and problems, writes the sheet of bad rows, and turns
// problems into the exit code.
func (c *importing) answer(env *environment, src *sheet.Source, b *sheet.Batch) error {
	if c.asJSON {
		enc := json.NewEncoder(env.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(importAnswer{b.Form.Name, b.File, b.Rows, b.Receipts, b.Received, b.Amount, b.Upper(), b.ByFund, b.ByPlace, b.Ignored, b.Problems, b.More, b.Warnings, c.trial, c.result}); err != nil {
			return err
		}
	} else {
		c.showTotals(env, b)
	}
	for i, p := range b.Warnings {
		if i == mostWarnings {
			fmt.Fprintf(env.Stderr, env.say("还有 %d 条提醒，用 --json 看全部\n", "%d more warnings, --json shows all\n"), len(b.Warnings)-i)
			break
		}
		fmt.Fprintf(env.Stderr, "%s: %s%s\n", placeIn(b.File.Name, p), env.say("提醒：", "warning: "), env.say(p.Zh, p.En))
	}
	var held []string
	for _, p := range b.Problems {
		mark := ""
		if p.Needs != "" {
			mark = p.Rule + " "
			held = append(held, "--explain "+p.Rule+env.say("=理由:文件", "=GROUND:FILE"))
		}
		fmt.Fprintf(env.Stderr, "%s: %s%s\n", placeIn(b.File.Name, p), mark, env.said(p))
	}
	if slices.Sort(held); len(held) > 0 {
		fmt.Fprintln(env.Stderr, env.say("有规则须说明后才能入账；更正，或加", "rules hold rows until explained: mend them, or add"), strings.Join(slices.Compact(held), " "))
	}
	if len(b.Problems) == 0 {
		return nil
	}
	if c.errors != "" {
		if err := writeFile(c.errors, func(f *os.File) error { return sheet.WriteErrors(f, src, b) }); err != nil {
			return err
		}
	}
	return &coded{exitRefused, fmt.Errorf(env.say("%d 处有误，未入账", "%d problems, nothing was posted"), len(b.Problems)+b.More)}
}

func (c *importing) showTotals(env *environment, b *sheet.Batch) {
	w := env.Stdout
	if b.Form.HoldsMoney() {
		fmt.Fprintf(w, env.say("%s：%d 行，%s 元（%s）\n", "%s: %d rows, %s yuan (%s)\n"), env.say(b.Form.Zh, b.Form.En), b.Rows, b.Amount.Comma(), b.Upper())
	} else {
		fmt.Fprintf(w, env.say("%s：%d 行\n", "%s: %d rows\n"), env.say(b.Form.Zh, b.Form.En), b.Rows)
	}
	if b.Receipts > 0 {
		fmt.Fprintf(w, env.say("  登记指标 %d 笔，%s 元（%s）\n", "  %d fund receipts, %s yuan (%s)\n"), b.Receipts, b.Received.Comma(), b.Received.Upper())
	}
	for _, t := range append(b.ByFund, b.ByPlace...) {
		fmt.Fprintf(w, env.say("  %s %s：%d 行，%s 元\n", "  %s %s: %d rows, %s yuan\n"), t.Key, t.Name, t.Rows, t.Amount.Comma())
	}
	if len(b.Ignored) > 0 {
		fmt.Fprintln(w, env.say("未读取的列：", "columns not read:"), strings.Join(b.Ignored, "、"))
	}
	if c.trial != nil {
		showTrial(env, c.trial, len(b.Problems) == 0)
	}
	if c.result != nil {
		showResult(env, *c.result)
	}
}

// showTrial prints what a batch draws on, and of a good one that it is too long to be
// judged by rules.
func showTrial(env *environment, t *sheet.Trial, good bool) {
	for _, n := range t.Needs {
		fmt.Fprintf(env.Stdout, env.say("  %s %s：可用 %s 元，本批 %s 元，余额 %s 元\n", "  %s %s: %s yuan available, %s in this batch, %s left\n"), n.Fund, n.Name, n.Have.Comma(), n.Asked.Comma(), n.Left().Comma())
	}
	if good && !t.Judged {
		fmt.Fprintln(env.Stdout, env.say("行数较多，只核对了余额；规则在提交时逐行检查，不合格则整批不入账", "long: only balances were compared; the rules judge every row when it is submitted, and nothing is entered if one is refused"))
	}
}

func showResult(env *environment, r sheet.Result) {
	fmt.Fprintf(env.Stdout, env.say("已提交待审批：%s（%d 条，第 %d–%d 号）\n内容摘要：%s\n", "submitted for approval: %s (%d entries, %d to %d)\ncontent hash: %s\n"),
		r.Submission, r.Entries, r.First, r.Last, r.ContentHash)
}

// writeFile makes a file whole or leaves none: a half-written sheet looks like
// a whole one.
func writeFile(path string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".yilu-*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
