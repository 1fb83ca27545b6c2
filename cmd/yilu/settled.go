package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yilu/ledger"
)

// settleTime is how long a command asks what became of its post.
const settleTime = 30 * time.Second

// settled says of a post whose outcome is not known, by Ctrl-C or a lost connection, what
// became of it: what is under way ends by itself, and then the book has its id or not. Other
// outcomes are passed on.
func (env *environment) settled(l *ledger.Ledger, id string, err error) error {
	if !errors.Is(err, ledger.ErrUnknown) {
		return err
	}
	fmt.Fprintln(env.Stderr, env.say("提交途中中断，正在查询是否已入账……", "cut off while posting, asking the book what became of it ..."))
	ctx, cancel := context.WithTimeout(context.Background(), settleTime) // the command's own has ended
	defer cancel()
	r, asked := l.Outcome(ctx, ledger.Book(env.Book), id)
	switch {
	case errors.Is(asked, ledger.ErrNotFound):
		return errors.New(env.say("没有入账，可以重新运行", "nothing was entered; run it again"))
	case asked != nil:
		return fmt.Errorf(env.say("是否已入账尚不清楚：先查账簿里有没有编号 %s（GET /api/v1/books/%s/ids/%[1]s），没有再重新运行：%[3]w",
			"it is not known whether it was entered: look whether the book has id %s (GET /api/v1/books/%s/ids/%[1]s), and run this again only if not: %[3]w"), id, env.Book, asked)
	}
	said := fmt.Sprintf(env.say("中断前已经入账：%s，第 %d 号分录，不必重新运行", "it was entered all the same: %s, entry %d; there is no need to run it again"), id, r.Seq)
	if sub, err := l.Submission(ctx, ledger.Book(env.Book), id); err == nil {
		said += fmt.Sprintf(env.say("\n内容摘要：%s", "\ncontent hash: %s"), sub.ContentHash)
	}
	return errors.New(said)
}
