package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"time"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// acting is who does something on the command line, and for whom.
type acting struct{ user, unit, on string }

func (a *acting) flags(fs *flag.FlagSet, env *environment) {
	fs.StringVar(&a.user, "user", "", env.say("办理人账号", "whose account"))
	fs.StringVar(&a.unit, "unit", "", env.say("所代表的单位", "the unit it acts for"))
	fs.StringVar(&a.on, "on", "", env.say("业务日期，默认今天", "business day; today by default"))
}

// deciding is the command line of those who approve, reject and reverse.
type deciding struct {
	acting
	hash, reason string
}

func (c *deciding) flags(env *environment, name string) *flag.FlagSet {
	fs := env.flags(name)
	c.acting.flags(fs, env)
	if name == "approve" {
		fs.StringVar(&c.hash, "hash", "", env.say("所审核内容的摘要", "content hash of what was seen"))
	} else {
		fs.StringVar(&c.reason, "reason", "other", env.say("原因代码，如 amount、duplicate", "reason, such as amount or duplicate"))
	}
	return fs
}

// by is who acts, on which day.
func (a *acting) by(env *environment, role ledger.Role) (ledger.By, ledger.Date, error) {
	if a.user == "" || a.unit == "" {
		return ledger.By{}, "", &coded{exitUsage, errors.New(env.say("须指明 --user 和 --unit", "say who acts: --user and --unit"))}
	}
	on, err := env.day("on", a.on, ledger.DateOf(time.Now()))
	return ledger.By{Role: role, Unit: a.unit, User: a.user}, on, err
}

// runReverse submits the reversal of a whole submission.
func runReverse(ctx context.Context, env *environment, args []string) error {
	c := &deciding{}
	word, err := env.words(c.flags(env, "reverse"), args, 1)
	if err != nil {
		return err
	}
	by, on, err := c.by(env, ledger.Maker)
	if err != nil {
		return err
	}
	l, closeLedger, err := env.openBook(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	r, err := sheet.Reverse(ctx, l, ledger.Book(env.Book), sheet.Reversal{Submission: word[0], Reason: c.reason, On: on, By: by})
	if errors.Is(err, ledger.ErrNotFound) {
		return &coded{exitRefused, fmt.Errorf("%s %s", env.say("账套没有这个提交：", "the book has no submission"), word[0])}
	}
	if err != nil {
		return refusedPost(env, env.settled(l, r.Submission, err))
	}
	showResult(env, r)
	return nil
}

// runApprove approves a submission as the second person.
func runApprove(ctx context.Context, env *environment, args []string) error {
	c := &deciding{}
	word, err := env.words(c.flags(env, "approve"), args, 1)
	if err != nil {
		return err
	}
	if c.hash == "" {
		return &coded{exitUsage, errors.New(env.say("须给出所审核内容的摘要 --hash（提交时显示）", "give the content hash of what you looked at: --hash, as it was printed at the submission"))}
	}
	return c.decide(ctx, env, word[0], "submission.approved", &ledger.SubmissionApproved{Submission: word[0], ContentHash: c.hash})
}

// runReject sends a submission back.
func runReject(ctx context.Context, env *environment, args []string) error {
	c := &deciding{}
	word, err := env.words(c.flags(env, "reject"), args, 1)
	if err != nil {
		return err
	}
	return c.decide(ctx, env, word[0], "submission.rejected", &ledger.SubmissionRejected{Submission: word[0], Reason: c.reason})
}

func (c *deciding) decide(ctx context.Context, env *environment, submission string, kind ledger.Kind, body ledger.Body) error {
	by, on, err := c.by(env, ledger.Checker)
	if err != nil {
		return err
	}
	l, closeLedger, err := env.openBook(ctx)
	if err != nil {
		return err
	}
	defer closeLedger()
	id := "cli-" + rand.Text()
	r, err := l.Post(ctx, ledger.Book(env.Book), ledger.Draft{ID: id, Kind: kind, On: on, By: by, Corrects: ledger.None, Body: body})
	if err != nil {
		return refusedPost(env, env.settled(l, id, err))
	}
	fmt.Fprintf(env.Stdout, env.say("%s：第 %d 号分录\n", "%s: entry %d\n"), submission, r[0].Seq)
	return nil
}

// problemsOf are what the ledger has against something, by fields; none if an error is
// another one.
func problemsOf(err error) []ledger.Problem {
	if bad, ok := errors.AsType[*ledger.Invalid](err); ok {
		return bad.Problems
	}
	if no, ok := errors.AsType[*ledger.Refused](err); ok {
		return no.Problems
	}
	return nil
}

// refusedPost says why the book refused something, one reason a line.
func refusedPost(env *environment, err error) error {
	problems := problemsOf(err)
	if len(problems) == 0 {
		return err
	}
	for _, p := range problems {
		fmt.Fprintf(env.Stderr, "%s: %s\n", p.Field, env.say(p.Zh, p.En))
	}
	return &coded{exitRefused, nil}
}
