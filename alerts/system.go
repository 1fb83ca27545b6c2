package alerts

import (
	"context"
	"encoding/hex"
	"fmt"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// Fault is what the service's own checks found about a book's log: a witness that
// refuses a checkpoint, a stored byte that was changed, a guard that is gone. No rule file
// stands behind it, since it is about the ground that rules stand on: see OwnChecks.
type Fault struct {
	// Code is the rule of the catalogue, a key of OwnChecks.
	Code string
	// Subject tells faults of one kind apart: one about the same is not raised again.
	Subject string
	// Entry is the entry that the fault is in, or ledger.None.
	Entry    ledger.Seq
	Sentence ledger.Text
}

// OwnCheck is a rule of the catalogue that the service holds itself to.
type OwnCheck struct {
	Name ledger.Text
	// Formula is what it compares.
	Formula ledger.Text
}

// OwnChecks are those rules by their codes.
var OwnChecks = map[string]OwnCheck{
	"L01": {
		ledger.Text{Zh: "断链", En: "broken chain"},
		ledger.Text{Zh: "每条分录的字节、编号、时间与其散列、树和已签名的检查点一致，数据库的防护完整；每晚三时和有人要求时核对",
			En: "the bytes, number and time of every entry agree with its hash, the tree and the signed checkpoints, and the database's guards are whole; checked at three each night and when somebody asks"},
	},
	"L08": {
		ledger.Text{Zh: "锚点不符", En: "checkpoint refused"},
		ledger.Text{Zh: "签名未停止，每个见证方都联署本日志的检查点", En: "the signer has not halted, and every witness cosigns the log's checkpoints"},
	},
}

// Report raises a red warning of a fault, unless one about the same is open.
func (g *Engine) Report(ctx context.Context, book ledger.Book, f Fault) error {
	if err := again(func() error { return g.report(ctx, book, f) }); err != nil {
		return fmt.Errorf("report a fault of book %s: %w", book, err)
	}
	return nil
}

func (g *Engine) report(ctx context.Context, book ledger.Book, f Fault) error {
	b := g.newBatch(book, "system")
	if err := b.fault(ctx, f); err != nil {
		return err
	}
	if len(b.drafts) == 0 {
		return nil
	}
	return b.enter(ctx, unmarked)
}

// fault raises a red warning, unless one about the same is open.
func (b *batch) fault(ctx context.Context, f Fault) error {
	print := rule.Fingerprint(string(b.book), f.Code, []string{f.Subject}, "")
	m := matter{origin: "system", region: string(b.book), at: f.Entry, entry: f.Entry, makers: []string{}, day: ledger.DateOf(b.now), Finding: Finding{
		Code: f.Code, Version: 1, State: rule.Flag, Handling: "W", Level: "red", Subject: []string{f.Subject}, Fingerprint: hex.EncodeToString(print[:]), Sentence: f.Sentence,
	}}
	if err := b.find(ctx, []string{m.Fingerprint}); err != nil || b.known[m.Fingerprint] != nil {
		return err
	}
	return b.raise(ctx, m)
}
