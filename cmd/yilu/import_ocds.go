package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"yilu/ledger"
	"yilu/ledger/ocds"
)

// importingOCDS is the command line of yilu import ocds.
type importingOCDS struct {
	user, unit, on, currency, assume, title, findings, temp string
	dryRun, asJSON                                          bool
}

func (c *importingOCDS) flags(env *environment) *flag.FlagSet {
	fs := env.flags("import ocds")
	fs.Usage = func() {
		fmt.Fprintln(fs.Output(), env.say(`用法：yilu import ocds 文件 --book 账套 [参数]

把公开的采购数据（Open Contracting，OCDS 1.1）导入一个独立的账套：发布、记录、数据包，JSON 或 JSON Lines，可为 .gz；
文件为 - 时读标准输入。同一过程的多次发布按日期合并。数据中的问题不使导入停止：每处整理都记录在案，计数入账，
全部明细写入“文件.findings.jsonl”。再导入一次只登记新的和有变化的；中断后重新运行即可继续。

例：yilu import ocds releases.jsonl.gz --book ocds-ua --currency UAH --user zhang --unit 411025-SJ
    yilu import ocds releases.json --currency UAH --dry-run        只看文件，不需要数据库`, `usage: yilu import ocds FILE --book BOOK [FLAGS]

Brings published procurement data (Open Contracting, OCDS 1.1) into a book of its own: releases, records and packages,
as JSON or JSON lines, also .gz; - reads standard input. Releases of one process are merged by date. Mistakes in the
data do not stop the import: each repair is a finding, entered by count, and listed in full in FILE.findings.jsonl.
Running it again enters only what is new or changed; after an interruption, run it again and it goes on.

    yilu import ocds releases.jsonl.gz --book ocds-ua --currency UAH --user zhang --unit 411025-SJ
    yilu import ocds releases.json --currency UAH --dry-run        a look at the file, without a database`))
		fmt.Fprintln(fs.Output())
		env.showFlags(fs)
		fmt.Fprintln(fs.Output(), env.say(
			"退出码：0 完成，1 故障或中断（可重新运行），2 参数有误，3 文件不完整、不是 OCDS、币种不符，或有过程被账套拒绝（其余已入账）",
			"exit codes: 0 done, 1 fault or interruption (run it again), 2 usage, 3 a broken file, no OCDS, another currency, or processes that the book refused (the others are entered)"))
	}
	fs.StringVar(&c.currency, "currency", "", env.say("账套的币种；新账套须指明，此后不变，其他币种的金额不计入", "currency of the book; a new book needs it and keeps it, amounts in others are left out"))
	fs.StringVar(&c.assume, "assume-currency", "", env.say("未注明币种的金额按此币种计；默认不计入", "take amounts without a currency as this one; by default they are left out"))
	fs.StringVar(&c.title, "title", "", env.say("新账套的名称", "name of a new book"))
	fs.StringVar(&c.user, "user", "", env.say("经办人账号", "the maker's account"))
	fs.StringVar(&c.unit, "unit", "", env.say("经办单位，如 411025-SJ", "the unit it acts for, such as 411025-SJ"))
	fs.StringVar(&c.on, "on", "", env.say("没有任何日期的记录的业务日期，默认今天", "business day of records without any date; today by default"))
	fs.StringVar(&c.findings, "findings", "", env.say("整理明细写入此文件（JSON Lines），默认“文件.findings.jsonl”", "write all findings to this file (JSON lines); FILE.findings.jsonl by default"))
	fs.StringVar(&c.temp, "temp", "", env.say("临时目录，需能容纳解压后的文件", "folder for temporary files, with room for the unpacked file"))
	fs.BoolVar(&c.dryRun, "dry-run", false, env.say("只显示会登记什么、整理了什么，不入账", "show what would be entered and what was repaired, enter nothing"))
	fs.BoolVar(&c.asJSON, "json", false, env.say("以 JSON 输出", "write JSON"))
	return fs
}

// runImportOCDS brings a file of published records into their book.
func runImportOCDS(ctx context.Context, env *environment, args []string) error {
	c := &importingOCDS{}
	fs := c.flags(env)
	word, err := env.words(fs, args, 1)
	if err != nil {
		return err
	}
	im, err := c.prepare(env, fs)
	if err != nil {
		return err
	}
	in, size, err := openInput(word[0])
	if err != nil {
		return &coded{exitRefused, env.unreadable(word[0], err)}
	}
	defer func() { _ = in.Close() }()  // reading only
	if !c.dryRun || c.currency == "" { // else there is no need of a book
		l, closeLedger, err := env.open(ctx)
		if err != nil {
			return err
		}
		defer closeLedger()
		if err := c.bookCurrency(ctx, env, l); err != nil {
			return err
		}
		im.Ledger = l
	}
	path := cmp.Or(c.findings, strings.TrimPrefix(word[0], "-")+".findings.jsonl")
	if word[0] == "-" && c.findings == "" {
		path = "ocds.findings.jsonl"
	}
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("%s: %w", env.say("整理明细（可用 --findings 另指文件）", "findings (--findings names another file)"), err)
	}
	lines := bufio.NewWriter(out)
	im.Findings = ocds.NewFindings(lines)
	err = c.run(ctx, env, im, input{word[0], in, size}, path)
	return errors.Join(err, lines.Flush(), out.Close())
}

// prepare checks what can be checked without a book.
func (c *importingOCDS) prepare(env *environment, fs *flag.FlagSet) (*ocds.Import, error) {
	named := os.Getenv("YILU_BOOK") != ""
	fs.Visit(func(f *flag.Flag) { named = named || f.Name == "book" })
	c.currency, c.assume = strings.ToUpper(c.currency), strings.ToUpper(c.assume)
	switch {
	case !named && !(c.dryRun && c.currency != ""):
		return nil, &coded{exitUsage, errors.New(env.say("须指明账套，如 --book ocds-ua：公开数据不与县的账混在一起", "name the book, such as --book ocds-ua: published records stand in a book of their own"))}
	case named && strings.Trim(env.Book, "0123456789") == "":
		return nil, &coded{exitUsage, fmt.Errorf(env.say("%s 是县的账套：公开数据不与县的账混在一起，请另起名，如 --book ocds-ua", "%s is the book of a county: published records stand in a book of their own, such as --book ocds-ua"), env.Book)}
	case !c.dryRun && (c.user == "" || c.unit == ""):
		return nil, &coded{exitUsage, errors.New(env.say("须指明经办人 --user 和单位 --unit", "say who imports: --user and --unit"))}
	}
	for name, code := range map[string]string{"--currency": c.currency, "--assume-currency": c.assume} {
		if code != "" && (len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
			return nil, &coded{exitUsage, fmt.Errorf("%s: %s", name, env.say("须为三位字母的币种代码，如 UAH", "want a currency code of three letters, such as UAH"))}
		}
	}
	im := &ocds.Import{
		Book: ledger.Book(env.Book), By: ledger.By{Role: ledger.Maker, Unit: cmp.Or(c.unit, "preview"), User: cmp.Or(c.user, "preview")},
		DryRun: c.dryRun,
	}
	var err error
	im.On, err = env.day("on", c.on, ledger.DateOf(time.Now()))
	return im, err
}

// bookCurrency learns the book's currency, or holds the one that was named to
// what the book says. A book that has entries keeps its own.
func (c *importingOCDS) bookCurrency(ctx context.Context, env *environment, l *ledger.Ledger) error {
	head, err := l.Head(ctx, ledger.Book(env.Book))
	if errors.Is(err, ledger.ErrNotFound) || err == nil && head.Size == 0 {
		if c.currency == "" {
			return &coded{exitUsage, fmt.Errorf(env.say("账套 %s 尚无分录，须用 --currency 指明币种", "book %s has no entries yet: name its currency with --currency"), env.Book)}
		}
		return nil
	}
	if err != nil {
		return err
	}
	has, err := l.Currency(ctx, ledger.Book(env.Book))
	if err != nil {
		return err
	}
	if c.currency != "" && c.currency != has {
		return &coded{exitRefused, fmt.Errorf(env.say("账套 %s 的币种是 %s，不是 %s", "the currency of book %s is %s, not %s"), env.Book, has, c.currency)}
	}
	c.currency = has
	return nil
}

// input is a file to read, its size 0 if nobody knows it.
type input struct {
	name string
	io.Reader
	size int64
}

// openInput opens a file, or standard input for -.
func openInput(name string) (f *os.File, size int64, err error) {
	if name == "-" {
		return os.Stdin, 0, nil // of a pipe nobody knows how much is to come
	}
	if f, err = os.Open(name); err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// run reads the file, opens the book if need be, and enters.
func (c *importingOCDS) run(ctx context.Context, env *environment, im *ocds.Import, in input, findings string) error {
	name := in.name
	g, err := c.gather(ctx, env, im, in)
	if err != nil {
		return err
	}
	defer func() { _ = g.Close() }() // temporary files
	if g.Releases == 0 {
		return &coded{exitRefused, fmt.Errorf("%s: %s", name, env.say("没有可读的发布或记录，未作任何更改", "no releases or records that can be read; nothing was changed"))}
	}
	if !c.dryRun {
		if err := c.openBook(ctx, env, im); err != nil {
			return err
		}
	}
	draw := env.progress("enter")
	im.Progress = func(done int64) { draw(min(done, g.Releases-1), g.Releases) } // there are no more processes than releases
	s, err := im.Run(ctx, g)
	draw(g.Releases, g.Releases)
	if shown := c.answer(env, im, g, s, findings); shown != nil {
		return errors.Join(err, shown)
	}
	if ctx.Err() != nil {
		return errors.New(env.say("已中断；重新运行即从此处继续", "interrupted; run it again to go on from here"))
	}
	if err == nil && s.Refused > 0 {
		return &coded{exitRefused, fmt.Errorf(env.say("%d 个过程被账套拒绝，其余已入账，见 %s", "%d processes were refused by the book, the others are entered, see %s"), s.Refused, findings)}
	}
	return err
}

// gather reads the whole file before anything is entered.
func (c *importingOCDS) gather(ctx context.Context, env *environment, im *ocds.Import, in input) (*ocds.Gathered, error) {
	o := ocds.Options{Currency: c.currency, Assume: c.assume, Report: im.Findings.Report, Temp: c.temp}
	if in.size > 0 {
		draw := env.progress("read")
		o.Progress = func(done int64) { draw(min(done, in.size), in.size) }
	}
	g, err := ocds.Gather(ctx, in.name, in, o)
	if broken, ok := errors.AsType[*ocds.Broken](err); ok {
		return nil, &coded{exitRefused, fmt.Errorf(env.say("%s：文件在第 %d 字节处中断或不是 JSON，未作任何更改：%w", "%s: the file breaks off or is no JSON at byte %d, nothing was changed: %w"), in.name, broken.Offset, broken.Err)}
	}
	return g, err
}

// openBook makes the book if there is none and tells it its currency.
func (c *importingOCDS) openBook(ctx context.Context, env *environment, im *ocds.Import) error {
	if err := im.Ledger.CreateBook(ctx, im.Book); err != nil {
		return refusedPost(env, err)
	}
	head, err := im.Ledger.Head(ctx, im.Book)
	if err != nil || head.Size > 0 {
		return err
	}
	_, err = im.Ledger.Post(ctx, im.Book, ledger.Draft{ID: "book-opened", Kind: "book.opened", On: im.On, By: im.By, Corrects: ledger.None,
		Body: &ledger.BookOpened{Currency: c.currency, Name: cmp.Or(c.title, "公开采购记录 "+env.Book)}})
	return refusedPost(env, err)
}

// ocdsAnswer is what --json writes.
type ocdsAnswer struct {
	Book       string           `json:"book"`
	Currency   string           `json:"currency"`
	DryRun     bool             `json:"dry_run"`
	File       ledger.File      `json:"file"`
	Publishers []string         `json:"publishers"`
	Licences   []string         `json:"licences"`
	Releases   int64            `json:"releases"`
	Summary    ocds.Summary     `json:"summary"`
	Findings   map[string]int64 `json:"findings"`
	ByBook     map[string]int64 `json:"book_findings"`
	Listed     string           `json:"findings_file"`
}

func (c *importingOCDS) answer(env *environment, im *ocds.Import, g *ocds.Gathered, s ocds.Summary, findings string) error {
	f := im.Findings
	if c.asJSON {
		enc := json.NewEncoder(env.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(ocdsAnswer{env.Book, c.currency, c.dryRun, g.File, g.Publishers, g.Licences, g.Releases, s, f.Counts, f.Book, findings})
	}
	w := env.Stdout
	fmt.Fprintf(w, env.say("%s：%d 次发布，%d 个过程，%d 个对象（%s）\n", "%s: %d releases, %d processes, %d objects (%s)\n"), g.File.Name, g.Releases, s.Processes, s.Objects, c.currency)
	fmt.Fprintf(w, env.say("  发布者：%s；许可：%s\n", "  publishers: %s; licences: %s\n"), orNone(env, g.Publishers), orNone(env, g.Licences))
	for _, part := range []struct {
		name string
		of   map[ledger.Kind]int64
	}{{env.say("新增", "new"), s.New}, {env.say("变更", "changed"), s.Changed}} {
		for _, kind := range slices.Sorted(maps.Keys(part.of)) {
			spec, _ := ledger.SpecOf(kind)
			fmt.Fprintf(w, "  %s %s: %d\n", part.name, env.say(spec.Zh, spec.En), part.of[kind])
		}
	}
	fmt.Fprintf(w, env.say("  账套已有且相同：%d；被拒过程：%d\n", "  held already, the same: %d; refused processes: %d\n"), s.Unchanged, s.Refused)
	for _, counts := range []map[string]int64{f.Counts, f.Book} {
		for _, code := range slices.Sorted(maps.Keys(counts)) {
			text := ocds.Codes[code]
			fmt.Fprintf(w, "  %6d  %-18s %s\n", counts[code], code, env.say(text.Zh, text.En))
		}
	}
	fmt.Fprintf(w, env.say("整理明细：%s\n", "all findings: %s\n"), findings)
	return nil
}

func orNone(env *environment, list []string) string {
	return cmp.Or(strings.Join(list, ", "), env.say("未注明", "not named"))
}
