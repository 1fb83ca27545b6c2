package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Submit wraps drafts of one maker into a submission (提交) and posts it: the
// log then holds submission.made and the drafts, which take effect when a second
// person approves them with Approve. made describes the submission; its entries
// and content hash are filled in here.
//
// The receipts are those of submission.made and then of each draft.
func (l *Ledger) Submit(ctx context.Context, book Book, id string, made SubmissionMade, drafts []Draft) ([]Receipt, error) {
	if len(drafts) == 0 {
		return nil, &Invalid{[]Problem{problem("entries", "提交不能为空", "a submission needs entries")}}
	}
	return l.Post(ctx, book, Submitted(id, made, drafts)...)
}

// Submitted is the unit that Submit posts, for those who only try it. There is at
// least one draft.
func Submitted(id string, made SubmissionMade, drafts []Draft) []Draft {
	made.Entries, made.ContentHash = Count(len(drafts)), ""
	header := Draft{ID: id, Kind: "submission.made", On: drafts[0].On, By: drafts[0].By, Corrects: None, Body: &made}
	return append([]Draft{header}, drafts...)
}

// Approve approves an open submission as seen: contentHash is what the approver
// was shown.
func (l *Ledger) Approve(ctx context.Context, book Book, id, submission, contentHash string, on Date, by By) (Receipt, error) {
	r, err := l.Post(ctx, book, Draft{ID: id, Kind: "submission.approved", On: on, By: by, Corrects: None, Body: &SubmissionApproved{ContentHash: contentHash, Submission: submission}})
	if err != nil {
		return Receipt{}, fmt.Errorf("approve submission %s: %w", submission, err)
	}
	return r[0], nil
}

// header is a Body that carries a hash over the entries that follow it. Sealed
// fields get fresh salts at every preparation, so a client cannot know that
// hash: it leaves it empty, and the server fills it in. Two posts of the same
// header are compared without it.
type header interface {
	Body
	// covers is how many of the following entries the hash is over.
	covers() int
	// withHash returns a copy with the hash set.
	withHash(hash string) Body
	hash() string
}

func (b *SubmissionMade) covers() int  { return int(b.Entries) }
func (b *SubmissionMade) hash() string { return b.ContentHash }
func (b *SubmissionMade) withHash(hash string) Body {
	c := *b
	c.ContentHash = hash
	return &c
}

func (b *GrantRequested) covers() int  { return int(b.Lines) }
func (b *GrantRequested) hash() string { return b.LinesHash }
func (b *GrantRequested) withHash(hash string) Body {
	c := *b
	c.LinesHash = hash
	return &c
}

// hashOver is base64 SHA-256 over the content hashes of prepared entries.
func hashOver(items []*prepared) string {
	sum := sha256.New()
	for _, p := range items {
		sum.Write(p.entry.Hash[:])
	}
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// withoutHash is the body's JSON without a header's hash.
func withoutHash(b Body) ([]byte, error) {
	if h, ok := b.(header); ok {
		b = h.withHash("")
	}
	return EncodeBody(b)
}
