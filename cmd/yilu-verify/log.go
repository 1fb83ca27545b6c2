package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"yilu/audit/proof"
)

// logJob is one verification of a whole log.
type logJob struct {
	from      source
	policy    *proof.Policy
	book      string // "" for the last part of the origin
	kept      []keptCheckpoint
	published *published // nil for none
	maxAge    time.Duration
	now       time.Time
	progress  func(done, of uint64)
	report    *report

	newest *proof.Signed
	tower  *tower
	replay *replay
	// suspect is the first entry whose bytes and published hash differ; only the
	// signed root says which of the two was changed.
	suspect *wrong
	// stray is the first fault in what the entries say.
	stray error
}

// keptCheckpoint is one that somebody kept from earlier.
type keptCheckpoint struct {
	name string
	proof.Checkpoint
	seen bool
}

// run verifies the log and fills the report.
func (j *logJob) run(ctx context.Context) {
	r := j.report
	if !j.open(ctx) {
		r.conclude(text{})
		return
	}
	err := j.read(ctx)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	r.Entries = j.tower.size()
	if err != nil {
		r.found(err)
	} else {
		r.pass("全部 %d 条分录及各层瓦片与签名的根一致", "all %d entries and every tile give the signed root", r.Size)
	}
	for _, k := range j.kept {
		if !k.seen {
			r.unsure("留存检查点 %s 未核对", "the kept checkpoint %s was not compared", k.name)
		}
	}
	switch {
	case j.stray != nil:
		r.found(j.stray)
	case err == nil:
		r.pass("各分录格式、序号、时间、SM3、审批与冲销均合规", "each entry's form, number, time, SM3 digest, approval and reversal is right")
	}
	if err == nil && j.stray == nil {
		if j.replay.unknown != "" {
			r.unsure("本程序不认识业务类型 %s，金额未能全部重算", "this program does not know the kind %s, so not all money was recomputed", j.replay.unknown)
		}
		if n := j.replay.unitSigned; n > 0 {
			r.unsure("%d 条分录带有单位的 SM2 签名，本程序没有其公钥，未核验", "%d entries carry an SM2 signature of their unit, whose key this program does not have", n)
		}
		r.Funds, r.Projects = j.replay.money.figures()
		in, out := j.replay.money.sums()
		r.pass("重算 %d 项资金、%d 个项目：到位 %s 元，已拨付 %s 元", "recomputed %d funds and %d projects: %s yuan received, %s paid", len(r.Funds), len(r.Projects), in, out)
		if j.published != nil {
			j.published.compare(ctx, j.book, r)
		}
	} else if j.published != nil {
		r.unsure("公布数未核对", "the published figures were not compared")
	}
	r.conclude(j.holds())
}

// open reads the newest checkpoint and holds it to the policy and to those that
// were kept. It says whether there is anything to read.
func (j *logJob) open(ctx context.Context) bool {
	r := j.report
	b, err := j.from.read(ctx, "checkpoint", nil)
	if err != nil {
		r.found(missing(err, -1, "checkpoint"))
		return false
	}
	if j.newest, err = j.policy.Open(b); err != nil {
		r.found(malformed(-1, "checkpoint", err))
		return false
	}
	n := j.newest
	r.Origin, r.Size, r.Root = n.Origin, n.Size, base64.StdEncoding.EncodeToString(n.Root[:])
	r.pass("检查点由 %s 签名，共 %d 条", "the checkpoint of %s is signed, %d entries", n.Origin, n.Size)
	r.witnesses(n, j.policy)
	j.checkAge()
	for i := range j.kept {
		k := &j.kept[i]
		switch {
		case k.Origin != n.Origin:
			r.fail("留存检查点 %s 属于 %s，不是 %s", "the kept checkpoint %s is of %s, not of %s", k.name, k.Origin, n.Origin)
			k.seen = true
		case k.Size > n.Size:
			r.fail("账簿变短：留存检查点 %s 有 %d 条，现只有 %d 条", "the log shrank: the kept checkpoint %s has %d entries, now there are %d", k.name, k.Size, n.Size)
			k.seen = true
		}
	}
	if j.book == "" {
		j.book = path.Base(n.Origin)
	}
	return true
}

// checkAge holds the youngest cosignature to the allowed age. Without witnesses
// there is no time that the log's operator has not written.
func (j *logJob) checkAge() {
	var youngest time.Time
	for _, c := range j.newest.Cosignatures {
		if c.At.After(youngest) {
			youngest = c.At
		}
	}
	if youngest.IsZero() || j.maxAge == 0 {
		return
	}
	switch age, when := j.now.Sub(youngest), youngest.Format(time.RFC3339); {
	case age > j.maxAge:
		j.report.fail("检查点过旧：最近会签于 %s，早于 %s 之前", "the checkpoint is old: last cosigned at %s, more than %s ago", when, j.maxAge)
	case age < -time.Hour:
		j.report.fail("会签时间 %s 在将来", "the time of a cosignature, %s, lies in the future", when)
	default:
		j.report.pass("最近会签于 %s", "last cosigned at %s", when)
	}
}

// read goes over every bundle and tile and rebuilds the root.
func (j *logJob) read(ctx context.Context) error {
	j.tower = &tower{from: j.from}
	j.replay = newReplay(j.book, j.tower.entry)
	err := scan(ctx, j.from, j.report.Size, func(c *chunk) error { return j.take(ctx, c) })
	if err == nil {
		j.compareKept(uint64(len(j.tower.bundles))*proof.TileWidth, j.tower.rest)
		err = j.tower.finish(ctx)
	}
	if _, isWrong := asWrong(err); isWrong && j.suspect != nil {
		return j.suspect
	}
	if err != nil {
		return err
	}
	if root := j.tower.root(j.report.Size, j.tower.rest); root != j.newest.Root {
		if j.suspect != nil {
			return j.suspect
		}
		return fault(-1, "checkpoint", "所签的根不是这些分录的根", "its root is not that of the entries")
	}
	if j.suspect != nil {
		tile, _ := proof.ParseTilePath(strings.Replace(j.suspect.path, "tile/entries/", "tile/0/", 1))
		return fault(j.suspect.seq, proof.TilePath(tile), "瓦片中的哈希被改：分录与签名的根相符", "its hash in this tile was changed: entry and signed root agree")
	}
	return nil
}

// take goes over one chunk: the tree first, then what its entries say.
func (j *logJob) take(ctx context.Context, c *chunk) error {
	if c.unlike >= 0 && j.suspect == nil {
		j.suspect = c.changed()
	}
	j.compareKept(c.first(), c.sums)
	if err := j.tower.add(ctx, c); err != nil {
		return err
	}
	for i := range c.leaves {
		if j.stray != nil || j.suspect != nil {
			break
		}
		j.stray = j.replay.take(ctx, c.first()+uint64(i), &c.leaves[i])
	}
	if j.progress != nil {
		j.progress(c.first()+uint64(c.tile.W), j.report.Size)
	}
	return nil
}

// compareKept compares the roots at the sizes of kept checkpoints that lie behind
// the first entries of a chunk; the tower stands before the chunk.
func (j *logJob) compareKept(first uint64, sums []proof.Hash) {
	for i := range j.kept {
		k := &j.kept[i]
		n := k.Size
		if k.seen || j.suspect != nil || n > first+uint64(len(sums)) || n < first || n == first+proof.TileWidth {
			continue
		}
		k.seen = true
		if j.tower.root(n, sums) != k.Root {
			j.report.fail("历史被改：留存检查点 %s（%d 条）的根与现有分录不符", "history was changed: the root of the kept checkpoint %s (%d entries) is not that of the entries now", k.name, n)
			continue
		}
		j.report.pass("与留存检查点 %s（%d 条）一致", "consistent with the kept checkpoint %s (%d entries)", k.name, n)
	}
}

// holds is the sentence for a log without fault.
func (j *logJob) holds() text {
	r := j.report
	figures := text{"", ""}
	if j.published != nil {
		figures = text{fmt.Sprintf("，公布的 %d 项资金、%d 个项目合计与之相符", len(r.Funds), len(r.Projects)), fmt.Sprintf(", and the published figures of %d funds and %d projects add up from them", len(r.Funds), len(r.Projects))}
	}
	return text{
		fmt.Sprintf("%s 账套的 %d 条分录与 %s 签名、%d 个见证会签的检查点完全一致%s。", j.book, r.Size, r.Origin, len(r.Cosigned), figures.Zh),
		fmt.Sprintf("the %d entries of book %s are exactly those behind the checkpoint that %s signed and %d of the policy's witnesses cosigned%s.", r.Size, j.book, r.Origin, len(r.Cosigned), figures.En),
	}
}

// asWrong finds the fault of a log in an error.
func asWrong(err error) (*wrong, bool) { return errors.AsType[*wrong](err) }

// readKept reads checkpoints that somebody kept: signed ones, which have to be by
// the policy, alone or in a proof file; or three lines copied from a notice on a
// village's board, for which whoever copied them vouches.
func readKept(names []string, p *proof.Policy) ([]keptCheckpoint, error) {
	var kept []keptCheckpoint
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read kept checkpoint: %w", err)
		}
		if plain, err := proof.ParseCheckpoint(string(b)); err == nil {
			kept = append(kept, keptCheckpoint{name: name, Checkpoint: plain})
			continue
		}
		if file, err := proof.ParseFile(b); err == nil {
			b = file.Note
		}
		s, err := p.Open(b)
		if err != nil {
			return nil, fmt.Errorf("kept checkpoint %s: %w", name, err)
		}
		kept = append(kept, keptCheckpoint{name: name, Checkpoint: s.Checkpoint})
	}
	return kept, nil
}
