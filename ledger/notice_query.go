package ledger

import (
	"context"
	"fmt"
	"strconv"
)

// Notice returns a notice, or ErrNotFound.
func (l *Ledger) Notice(ctx context.Context, book Book, id string) (Notice, error) {
	return one[Notice](ctx, l.Read, noticeSchema, "notice", book, id)
}

// NoticeFilter narrows a list of notices; empty members leave it wide.
type NoticeFilter struct {
	Stage, Level, State string
	// Place is a division code or its beginning.
	Place string
	// OnBoards is a day: only what hangs then on boards and sites, and what has come down
	// without a photograph of its last day.
	OnBoards Date
}

// Notices lists the notices of a book, the newest first. next is the cursor of the
// next page, "" on the last.
func (l *Ledger) Notices(ctx context.Context, book Book, f NoticeFilter, p Page) (notices []Notice, next string, err error) {
	notices, err = collect[Notice](ctx, l.Read, "notices", noticeSchema.read+`
		where book = $1 and posted_seq >= 0 and posted_seq < $2 and ($3 = '' or stage = $3) and ($4 = '' or level = $4) and ($5 = '' or state = $5)
			and starts_with(place, $6)
			and ($8 = '' or channel in ('board', 'site') and not copied and (ends is null or ends::text >= $8 or hung_end = 0))
		order by posted_seq desc limit $7`, book, p.before(), f.Stage, f.Level, f.State, f.Place, p.limit()+1, string(f.OnBoards))
	if err != nil || len(notices) <= p.limit() {
		return notices, "", err
	}
	notices = notices[:p.limit()]
	return notices, strconv.FormatInt(int64(notices[len(notices)-1].Posted), 10), nil
}

// NoticesOf lists the notices about a project, the oldest first.
func (l *Ledger) NoticesOf(ctx context.Context, book Book, project string) ([]Notice, error) {
	return collect[Notice](ctx, l.Read, "notices of a project", noticeSchema.read+`
		where book = $1 and notice in (select notice from proj.notice_project where project = $2 and book = $1)
		order by posted_seq limit 500`, book, project)
}

// NoticeVersions lists the versions of a notice, the first first.
func (l *Ledger) NoticeVersions(ctx context.Context, book Book, notice string) ([]NoticeVersion, error) {
	return collect[NoticeVersion](ctx, l.Read, "versions of a notice", versionSchema.read+` where book = $1 and notice = $2 order by version`, book, notice)
}

// NoticeByCode finds the version that a poster's check code is of, or ErrNotFound.
func (l *Ledger) NoticeByCode(ctx context.Context, book Book, code string) (NoticeVersion, error) {
	rows, err := collect[NoticeVersion](ctx, l.Read, "notice by its check code", versionSchema.read+` where book = $1 and code = $2 order by seq limit 1`, book, code)
	if err != nil {
		return NoticeVersion{}, err
	}
	if len(rows) == 0 {
		return NoticeVersion{}, fmt.Errorf("check code: %w", ErrNotFound)
	}
	return rows[0], nil
}

// NoticeProofs lists the proofs that a notice hung, the oldest first.
func (l *Ledger) NoticeProofs(ctx context.Context, book Book, notice string) ([]NoticeProof, error) {
	return collect[NoticeProof](ctx, l.Read, "proofs of posting", proofSchema.read+` where book = $1 and notice = $2 order by seq limit 200`, book, notice)
}

// Objection returns an objection, or ErrNotFound.
func (l *Ledger) Objection(ctx context.Context, book Book, id string) (Objection, error) {
	return one[Objection](ctx, l.Read, objectionSchema, "objection", book, id)
}

// ObjectionByCode finds an objection by the base64 SHA-256 of its receipt number, or
// ErrNotFound.
func (l *Ledger) ObjectionByCode(ctx context.Context, book Book, codeHash string) (Objection, error) {
	rows, err := collect[Objection](ctx, l.Read, "objection by its receipt", objectionSchema.read+` where book = $1 and code_hash = $2 order by seq limit 1`, book, codeHash)
	if err != nil {
		return Objection{}, err
	}
	if len(rows) == 0 {
		return Objection{}, fmt.Errorf("receipt: %w", ErrNotFound)
	}
	return rows[0], nil
}

// ObjectionFilter narrows a list of objections; empty members leave it wide.
type ObjectionFilter struct {
	Notice, State string
	// Place is a division code or its beginning: that of the notice or project objected
	// to, of the county where neither is named. Also are objections of other places.
	Place string
	Also  []string
}

// ObjectionsOf lists the objections about a project, and about notices of it, the newest
// first and at most 200.
func (l *Ledger) ObjectionsOf(ctx context.Context, book Book, project string) ([]Objection, error) {
	return collect[Objection](ctx, l.Read, "objections about a project", objectionSchema.read+`
		where book = $1 and seq >= 0 and (project = $2 and project <> '' or notice <> '' and notice in (select n.notice from proj.notice_project n where n.book = $1 and n.project = $2))
		order by seq desc limit 200`, book, project)
}

// Objections lists those of a notice, or of the book if it is "", the newest first.
func (l *Ledger) Objections(ctx context.Context, book Book, notice string, p Page) ([]Objection, string, error) {
	return l.FindObjections(ctx, book, ObjectionFilter{Notice: notice}, p)
}

// FindObjections lists those that a filter leaves, the newest first. next is the cursor
// of the next page, "" on the last.
func (l *Ledger) FindObjections(ctx context.Context, book Book, f ObjectionFilter, p Page) (objections []Objection, next string, err error) {
	objections, err = collect[Objection](ctx, l.Read, "objections", objectionSchema.read+` o
		where book = $1 and seq >= 0 and seq < $2 and ($3 = '' or notice = $3) and ($4 = '' or state = $4)
			and ($5 = '' or o.objection = any($6) or starts_with(coalesce(
				(select n.place from proj.notice n where n.notice = o.notice and n.book = o.book),
				nullif((select j.place from proj.project j where j.project = o.project and j.book = o.book), ''), $1 || '000000'), $5))
		order by seq desc limit $7`, book, p.before(), f.Notice, f.State, f.Place, f.Also, p.limit()+1)
	if err != nil || len(objections) <= p.limit() {
		return objections, "", err
	}
	objections = objections[:p.limit()]
	return objections, strconv.FormatInt(int64(objections[len(objections)-1].Seq), 10), nil
}
