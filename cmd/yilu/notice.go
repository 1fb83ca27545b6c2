package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"yilu/ledger"
	"yilu/publicity"
	"yilu/publicity/workday"
)

// noticing is the command line of yilu notice.
type noticing struct {
	acting
	order   publicity.Order
	entries string
	starts  string
	notice  string
	post    bool
	role    string
}

// runNotice composes a notice of entries, shows it as the API takes it and what it
// lacks, and posts it if asked.
func runNotice(ctx context.Context, env *environment, args []string) (err error) {
	c := &noticing{}
	fs := env.flags("notice")
	c.acting.flags(fs, env)
	o := &c.order
	fs.StringVar(&o.Stage, "matter", "", env.say("公示事项，如 P3（年度计划）", "matter, such as P3, the annual plan"))
	fs.StringVar(&o.Level, "level", "county", env.say("公开主体：county、township、village、unit", "who publishes: county, township, village, unit"))
	fs.StringVar(&o.Channel, "channel", "portal", env.say("渠道：portal、board、site、platform", "where: portal, board, site, platform"))
	fs.StringVar(&c.entries, "entries", "", env.say("所公示的分录序号，逗号分隔，如 12,15-20", "the entries it is about, such as 12,15-20"))
	fs.StringVar(&c.starts, "starts", "", env.say("公示起始日，默认业务日期", "first day; the business day by default"))
	fs.StringVar(&o.Issuer, "issuer", "", env.say("落款单位", "who signs it"))
	fs.StringVar(&o.Title, "title", "", env.say("标题，默认自动拟定", "title; made up by default"))
	fs.StringVar(&o.Period, "period", "", env.say("村务报表、年度公告的期间，如 2020-Q1、2020", "period of a statement, such as 2020-Q1 or 2020"))
	fs.StringVar(&o.Place, "place", "", env.say("12位区划代码，默认取项目的", "12-digit division code; the project's by default"))
	fs.StringVar(&o.Contacts.Hotline, "hotline", "12317", env.say("监督热线", "hotline"))
	fs.StringVar(&o.Contacts.Phone, "phone", "", env.say("本地监督电话", "local phone"))
	fs.StringVar(&o.Contacts.Mail, "mail", "", env.say("监督邮箱", "e-mail"))
	fs.StringVar(&o.Contacts.Address, "address", "", env.say("地址", "address"))
	fs.StringVar(&c.notice, "notice", "", env.say("公示编号，默认自动编号", "id of the notice; made up by default"))
	fs.StringVar(&c.role, "role", string(ledger.Maker), env.say("角色：maker 或 project", "role: maker or project"))
	fs.BoolVar(&c.post, "post", false, env.say("入账发布；不加则只拟稿", "post it; without this it is only shown"))
	if err := env.parse(fs, args); err != nil {
		return err
	}
	by, on, err := c.by(env, ledger.Role(c.role))
	if err != nil {
		return err
	}
	if c.entries == "" && o.Stage == "P11" { // there are no arrears
		o.Entries = nil
	} else if o.Entries, err = parseSeqs(c.entries); err != nil {
		return &coded{exitUsage, fmt.Errorf("--entries %s%s%w", c.entries, env.say("：须为分录号或号段，如 12,15-20，至多 1000 个：", ": want numbers of entries such as 12,15-20, at most 1000: "), err)}
	}
	o.Signed = on
	if o.Starts, err = env.day("starts", c.starts, on); err != nil {
		return err
	}
	l, closeLedger, err := env.openBook(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	return c.compose(ctx, env, l, by, on)
}

// compose shows the notice and what it lacks, and posts it.
func (c *noticing) compose(ctx context.Context, env *environment, l *ledger.Ledger, by ledger.By, on ledger.Date) error {
	duties := &publicity.Duties{Ledger: l, Pool: l.Pool, Calendar: workday.StateCouncil()}
	book := ledger.Book(env.Book)
	content, err := duties.Compose(ctx, book, c.order)
	if bad, ok := errors.AsType[*ledger.Invalid](err); ok {
		return &coded{exitRefused, bad}
	}
	if errors.Is(err, ledger.ErrNotFound) {
		return &coded{exitRefused, fmt.Errorf("%s: %w", env.say("没有这些分录，或没有这种公示事项", "there are no such entries, or there is no such matter"), err)}
	}
	if err != nil {
		return err
	}
	id := c.notice
	if id == "" {
		id = "GS-" + c.order.Stage + "-" + rand.Text()[:8]
	}
	body := &ledger.NoticePosted{Content: content, Notice: id}
	raw, err := ledger.EncodeBody(body)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout, string(raw))
	if missing := publicity.Missing(&content); len(missing) > 0 {
		fmt.Fprintln(env.Stderr, env.say("要素不全，缺：", "it lacks: ")+strings.Join(missing, ", "))
	}
	if !c.post {
		return nil
	}
	post := "cli-" + rand.Text()
	r, err := l.Post(ctx, book, ledger.Draft{ID: post, Kind: "notice.posted", On: on, By: by, Corrects: ledger.None, Body: body})
	if err != nil {
		return refusedPost(env, env.settled(l, post, err))
	}
	fmt.Fprintf(env.Stderr, env.say("已发布 %s，第 %d 号分录，海报：/notices/%s/poster\n", "posted %s, entry %d, its poster: /notices/%s/poster\n"), id, r[0].Seq, id)
	return nil
}

// parseSeqs reads numbers of entries and ranges of them, such as 12,15-20.
func parseSeqs(text string) ([]ledger.Seq, error) {
	const most = 1000
	var seqs []ledger.Seq
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		var from, to ledger.Seq
		if err := errors.Join(from.UnmarshalText([]byte(first)), to.UnmarshalText([]byte(last))); err != nil || to < from || int(to-from) >= most {
			return nil, fmt.Errorf("%q is no entry and no range of at most %d", part, most)
		}
		for q := from; q <= to; q++ {
			seqs = append(seqs, q)
		}
	}
	if len(seqs) > most {
		return nil, fmt.Errorf("at most %d entries", most)
	}
	return seqs, nil
}
