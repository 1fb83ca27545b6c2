package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"yilu/ledger"
	"yilu/publicity"
	"yilu/web"
)

// slipping is the command line of yilu slip.
type slipping struct {
	acting
	publicOptions
	payment, place, out string
	names               string
	line                int64
	list                bool
}

// runSlip prints the slips of a batch of grants, or the lists for the boards, a file for
// each village that only its owner can read.
func runSlip(ctx context.Context, env *environment, args []string) error {
	c := &slipping{}
	fs := env.flags("slip")
	c.acting.flags(fs, env)
	env.publicFlags(fs, &c.publicOptions)
	publicURL(env, fs, &c.origin)
	fs.StringVar(&c.payment, "payment", "", env.say("到户补助批次编号", "id of the batch of grants"))
	fs.StringVar(&c.place, "place", "", env.say("只打印此村（12位区划代码），默认全部", "this village alone, by its 12 digits; all of them by default"))
	fs.Int64Var(&c.line, "line", 0, env.say("只补打一户：名单上的序号（须指明 --place）", "one household alone, by its number (with --place)"))
	fs.BoolVar(&c.list, "list", false, env.say("打印公示名单，而不是凭条", "lists for the boards instead of slips"))
	fs.BoolVar(&c.demo, "demo", false, env.say("标明为演示数据", "mark the papers as made-up data"))
	env.nameFlag(fs, &c.names)
	fs.StringVar(&c.out, "out", "", env.say("写入的目录", "folder to write to"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	by, _, err := c.by(env, ledger.Maker)
	if err != nil {
		return err
	}
	switch {
	case c.payment == "" || c.out == "":
		return &coded{exitUsage, errors.New(env.say("须指明 --payment 和 --out", "name the batch and the folder: --payment and --out"))}
	case c.line < 0 || c.line > 0 && (c.place == "" || c.list):
		return &coded{exitUsage, errors.New(env.say("--line 须与 --place 同用，且只用于凭条", "--line is for slips, and wants --place"))}
	}
	if err := knownNames(env, c.names); err != nil {
		return err
	}
	l, closeLedger, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	duties := &publicity.Duties{Ledger: l, Pool: l.Pool}
	if err := duties.CatchUp(ctx, ledger.Book(env.Book)); err != nil { // the names of villages
		return err
	}
	err = c.print(ctx, env, l, by)
	if errors.Is(err, ledger.ErrNotFound) || errors.Is(err, publicity.ErrNothingToPrint) {
		return &coded{exitRefused, errors.New(env.say("没有这个批次、村或序号，或批次已退回", "there is no such batch, village or number, or the batch came to nothing"))}
	}
	return err
}

// print writes the papers of each village.
func (c *slipping) print(ctx context.Context, env *environment, l *ledger.Ledger, by ledger.By) error {
	book := ledger.Book(env.Book)
	sums, err := l.LinesByPlace(ctx, book, c.payment)
	if err != nil {
		return err
	}
	if c.place != "" {
		sums = slices.DeleteFunc(sums, func(s ledger.PlaceSum) bool { return s.Place != c.place })
	}
	if len(sums) == 0 {
		return publicity.ErrNothingToPrint
	}
	if err := os.MkdirAll(c.out, 0o700); err != nil {
		return fmt.Errorf("folder of slips: %w", err)
	}
	config := c.config(env, l, slog.New(slog.DiscardHandler))
	if config.PublicURL = c.origin; c.origin == "" && !c.list {
		fmt.Fprintln(env.Stderr, env.say("未设 --public-url：凭条上的网址没有主机名，扫码和照着输入都打不开", "no --public-url: the address on the slips has no host, so that neither the code nor typing it opens a page"))
	}
	printer := &publicity.Printer{Ledger: l, Pool: l.Pool, Names: c.names}
	for _, s := range sums {
		w := publicity.Wanted{Payment: c.payment, Place: s.Place, Line: c.line, By: by}
		print, what := printer.Slips, publicity.PaperSlips
		if c.list {
			print, what = printer.List, publicity.PaperList
		}
		sheet, err := print(ctx, book, w)
		if err != nil {
			return err
		}
		path := filepath.Join(c.out, fmt.Sprintf("%s-%s-%s.html", c.payment, s.Place, what))
		if err := writeFile(path, func(f *os.File) error { return web.WritePaper(f, config, sheet, !c.list) }); err != nil {
			return fmt.Errorf("write paper: %w", err)
		}
		fmt.Fprintln(env.Stdout, path)
	}
	return nil
}
