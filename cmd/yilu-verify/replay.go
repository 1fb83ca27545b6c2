package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"slices"
	"sort"
	"strconv"

	"yilu/audit/proof"
)

// replay follows the entries of one book in order: which stand in a submission
// and wait for a second person, which belong to a batch of grants, which are
// taken back; and lets money do what has effect. It finds entries that the rules
// of the book cannot have let in, and knows nothing of the server that did.
type replay struct {
	book  string
	last  []byte // the instant of the entry before
	money *money
	// entry reads an earlier entry once more, for a reversal.
	entry func(ctx context.Context, seq uint64) (proof.LeafText, error)
	// cover is the submission whose entries are still coming, batch the grants
	// whose lines are.
	cover *submission
	batch *batch
	// waiting are requested payments until somebody decides.
	waiting     map[uint64]request
	submissions map[string]*submission
	// dead are the entries of submissions that are open or were rejected, as
	// ranges in order: they have no effect.
	dead     []*submission
	reversed map[uint64]bool
	unknown  string // the first kind that we do not know, with its entry
	// unitSigned counts entries with a signature of the submitting unit, whose
	// keys we do not have.
	unitSigned uint64
}

// submission waits for a second person.
type submission struct {
	maker       string
	first, last uint64
	contentHash string
	rejected    bool
	effects     []effect
	left        uint64
	sum         hash.Hash
	id          string
}

// batch is a header of grants whose lines follow it.
type batch struct {
	payment   string
	seen      uint64
	lines     uint64
	sum, want fen
	hash      hash.Hash
	linesHash string
}

// request is what the approver of a payment must have seen, and who made it.
type request struct {
	hash  [sha256.Size]byte
	maker string
}

func newReplay(book string, entry func(context.Context, uint64) (proof.LeafText, error)) *replay {
	return &replay{
		book: book, money: newMoney(), entry: entry,
		waiting: map[uint64]request{}, submissions: map[string]*submission{}, reversed: map[uint64]bool{},
	}
}

// take follows one entry, which must be the next.
func (r *replay) take(ctx context.Context, seq uint64, l *proof.LeafText) error {
	if err := r.place(seq, l); err != nil {
		return err
	}
	if l.Sig != nil {
		r.unitSigned++
	}
	k, known := kinds[string(l.Kind)]
	if !known && r.unknown == "" && mayMoveMoney(string(l.Kind)) {
		r.unknown = fmt.Sprintf("%s (entry %d)", l.Kind, seq)
	}
	if r.batch != nil && k != grantLine {
		return r.wrong(seq, "前面批次的 %[2]d 行缺 %[1]d 行", "%d of the %d lines of the batch before it are missing", r.batch.lines-r.batch.seen, r.batch.lines)
	}
	if k == other && r.cover == nil && l.Corrects == nil && !twoPersons[string(l.Kind)] {
		return nil
	}
	b := readBody(l.Body)
	e, err := r.money.names.effect(k, l, &b)
	if err != nil {
		return err
	}
	if k == grantLine || k == grantRequested {
		if err := r.grant(k, l, &b, e.amount); err != nil {
			return err
		}
	}
	switch {
	case r.cover != nil:
		return r.covered(l, e)
	case twoPersons[string(l.Kind)]:
		return r.wrong(seq, "%s 须由第二人审批才生效，而不在任何提交中", "%s has effect only by a second person, and stands in no submission", l.Kind)
	}
	return r.effect(ctx, l, &b, &e)
}

// place holds a leaf to its book, its number, and its time.
func (r *replay) place(seq uint64, l *proof.LeafText) error {
	switch {
	case string(l.Book) != r.book:
		return r.wrong(seq, "账套 %[2]s 中出现账套 %[1]s 的分录", "a leaf of book %s in the log of book %s", l.Book, r.book)
	case l.Seq != seq:
		return r.wrong(seq, "自称第 %d 号", "it says that it is entry %d", l.Seq)
	case bytes.Compare(l.At, r.last) < 0:
		return r.wrong(seq, "记账时间 %s 早于前一条", "recorded at %s, before the entry in front of it", l.At)
	}
	r.last = append(r.last[:0], l.At...)
	if l.Corrects != nil {
		if n, err := proof.ParseSeq(string(l.Corrects)); err != nil || n >= seq {
			return r.wrong(seq, "所更正的第 %s 号不在其前", "it corrects entry %s, which is not before it", l.Corrects)
		}
	}
	return nil
}

func (r *replay) wrong(seq uint64, zh, en string, args ...any) error {
	return fault(int64(seq), "", zh, en, args...)
}

// grant follows a batch: its header, and then each line.
func (r *replay) grant(k kind, l *proof.LeafText, b *body, a fen) error {
	if k == grantRequested {
		lines, err := strconv.ParseUint(string(b.lines), 10, 63)
		if err != nil || lines == 0 {
			return r.wrong(l.Seq, "批次行数为 %q", "the batch has %q lines", b.lines)
		}
		r.batch = &batch{payment: string(b.payment), lines: lines, want: a, hash: sha256.New(), linesHash: string(b.linesHash)}
		return nil
	}
	o := r.batch
	if o == nil || string(b.payment) != o.payment {
		return r.wrong(l.Seq, "明细行前面没有其批次", "a line of a batch that is not in front of it")
	}
	if o.seen++; string(strconv.AppendUint(nil, o.seen, 10)) != string(b.line) {
		return r.wrong(l.Seq, "批次行号为 %s，应为 %d", "line %s of the batch, want %d", b.line, o.seen)
	}
	sum := l.ContentHash()
	o.hash.Write(sum[:])
	o.sum += a
	if o.seen < o.lines {
		return nil
	}
	r.batch = nil
	switch {
	case o.sum != o.want:
		return r.wrong(l.Seq, "明细合计 %s 元，批次为 %s 元", "the lines of the batch add up to %s yuan, its header says %s", o.sum, o.want)
	case base64.StdEncoding.EncodeToString(o.hash.Sum(nil)) != o.linesHash:
		return r.wrong(l.Seq, "明细与批次摘要不符", "the lines are not those of the header's hash")
	}
	return nil
}

// covered takes an entry into the submission that is coming.
func (r *replay) covered(l *proof.LeafText, e effect) error {
	c := r.cover
	switch e.kind {
	case submissionMade, submissionApproved, submissionRejected, paymentApproved, paymentRejected, paymentPaid:
		return r.wrong(l.Seq, "%s 不能放入提交", "%s stands in a submission", l.Kind)
	}
	if string(l.User) != c.maker {
		return r.wrong(l.Seq, "由 %s 录入，而提交人为 %s", "posted by %s in a submission of %s", l.User, c.maker)
	}
	if e.kind != other && e.kind != grantLine || e.corrects >= 0 {
		c.effects = append(c.effects, e)
	}
	sum := l.ContentHash()
	c.sum.Write(sum[:])
	if c.left--; c.left > 0 {
		return nil
	}
	r.cover = nil
	if r.batch != nil {
		return r.wrong(l.Seq, "批次明细未完而提交已完", "the submission ends before the lines of its batch do")
	}
	if base64.StdEncoding.EncodeToString(c.sum.Sum(nil)) != c.contentHash {
		return r.wrong(l.Seq, "各条与提交的内容摘要不符", "the entries of the submission are not those of its content hash")
	}
	c.sum = nil
	return nil
}

// effect lets an entry that stands by itself do what it does.
func (r *replay) effect(ctx context.Context, l *proof.LeafText, b *body, e *effect) error {
	switch e.kind {
	case submissionMade:
		return r.made(l, b)
	case submissionApproved, submissionRejected:
		return r.decided(ctx, l, b, e.kind == submissionApproved)
	case paymentRequested, grantRequested:
		r.waiting[e.payment] = request{l.ContentHash(), string(l.User)}
	case paymentApproved, paymentRejected:
		return r.decidedPayment(l, b, e)
	}
	return r.apply(ctx, e, false)
}

// apply lets money do what an entry in effect does.
func (r *replay) apply(ctx context.Context, e *effect, approving bool) error {
	if e.kind == entryReversed {
		return r.reverse(ctx, e)
	}
	if e.corrects >= 0 && !r.reversed[uint64(e.corrects)] {
		return r.wrong(e.seq, "所更正的第 %d 号并未冲销", "it corrects entry %d, which was not reversed", e.corrects)
	}
	if why := r.money.apply(e, false, approving); why != (text{}) {
		return &wrong{int64(e.seq), "", why}
	}
	return nil
}

// made opens a submission: the entries that follow it wait.
func (r *replay) made(l *proof.LeafText, b *body) error {
	n, err := strconv.ParseUint(string(b.entries), 10, 32)
	if err != nil || n == 0 {
		return r.wrong(l.Seq, "提交的条数为 %q", "a submission of %q entries", b.entries)
	}
	if r.submissions[string(b.submission)] != nil {
		return r.wrong(l.Seq, "提交编号 %s 重复", "a second submission %s", b.submission)
	}
	c := &submission{
		id: string(b.submission), maker: string(l.User), first: l.Seq + 1, last: l.Seq + n, left: n,
		contentHash: string(b.contentHash), sum: sha256.New(),
	}
	r.cover, r.submissions[c.id] = c, c
	r.dead = append(r.dead, c)
	return nil
}

// decided lets the entries of an approved submission have their effect, in order
// and all at once.
func (r *replay) decided(ctx context.Context, l *proof.LeafText, b *body, yes bool) error {
	c := r.submissions[string(b.submission)]
	switch {
	case c == nil || c.rejected:
		return r.wrong(l.Seq, "所审批的提交 %s 不在待审批", "it decides a submission %s that is not open", b.submission)
	case !yes:
		c.rejected, c.effects = true, nil
		return nil
	case string(l.User) == c.maker:
		return r.wrong(l.Seq, "%s 审批本人的提交", "%s approves what they submitted themselves", l.User)
	case string(b.contentHash) != c.contentHash:
		return r.wrong(l.Seq, "审批内容与提交内容不符", "it approves other content than was submitted")
	}
	for i := range c.effects {
		if err := r.apply(ctx, &c.effects[i], true); err != nil {
			return err
		}
	}
	delete(r.submissions, c.id)
	i := r.deadAt(c.first)
	r.dead = slices.Delete(r.dead, i, i+1)
	return nil
}

// deadAt is the place of the first range that ends at an entry or after it.
func (r *replay) deadAt(seq uint64) int {
	return sort.Search(len(r.dead), func(i int) bool { return r.dead[i].last >= seq })
}

// decidedPayment approves or sends back a payment that was asked for.
func (r *replay) decidedPayment(l *proof.LeafText, b *body, e *effect) error {
	w, ok := r.waiting[e.payment]
	p := r.money.payments[e.payment]
	switch {
	case !ok || p.state != requested:
		return r.wrong(l.Seq, "所审批的支付 %s 不在待审批", "it decides payment %s, which is not open", b.payment)
	case e.kind == paymentRejected:
		r.money.fault = text{}
		r.money.close(e)
	case string(l.User) == w.maker:
		return r.wrong(l.Seq, "%s 审批本人的申请", "%s approves what they requested themselves", l.User)
	case base64.StdEncoding.EncodeToString(w.hash[:]) != string(b.hash):
		return r.wrong(l.Seq, "审批内容与申请内容不符", "it approves other content than was requested")
	default:
		p.state = approved
		r.money.payments[e.payment] = p
	}
	delete(r.waiting, e.payment)
	if e.kind == paymentRejected && r.money.fault != (text{}) {
		return &wrong{int64(l.Seq), "", r.money.fault}
	}
	return nil
}

// reverse takes back the effect of an earlier entry, which is read once more.
func (r *replay) reverse(ctx context.Context, e *effect) error {
	if e.corrects < 0 {
		return r.wrong(e.seq, "没有写明冲销哪一条", "it does not say which entry it takes back")
	}
	seq := uint64(e.corrects)
	if r.reversed[seq] {
		return r.wrong(e.seq, "第 %d 号重复冲销", "entry %d is reversed a second time", seq)
	}
	if i := r.deadAt(seq); i < len(r.dead) && r.dead[i].first <= seq {
		return r.wrong(e.seq, "所冲销的第 %d 号从未生效", "it takes back entry %d, which never had effect", seq)
	}
	target, err := r.entry(ctx, seq)
	if err != nil {
		return err
	}
	b := readBody(target.Body)
	k := kinds[string(target.Kind)]
	switch k {
	case paymentApproved, paymentRejected, submissionMade, submissionApproved, submissionRejected, entryReversed, grantLine:
		return r.wrong(e.seq, "所冲销的第 %d 号为 %s，不能冲销", "it takes back entry %d, and %s cannot be reversed", seq, target.Kind)
	}
	taken, err := r.money.names.effect(k, &target, &b)
	if err != nil {
		return err
	}
	r.reversed[seq] = true
	delete(r.waiting, taken.payment)
	if why := r.money.apply(&taken, true, false); why != (text{}) {
		return &wrong{int64(e.seq), "", text{fmt.Sprintf("冲销第 %d 号：%s", seq, why.Zh), fmt.Sprintf("it takes back entry %d: %s", seq, why.En)}}
	}
	return nil
}
