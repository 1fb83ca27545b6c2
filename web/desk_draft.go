package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
)

// 草稿: what was typed and is not submitted. It is kept at every round trip, outlives
// sessions and the server, and belongs to its user alone. All of it is encrypted.

const (
	// mostDrafts bounds those of one user.
	mostDrafts = 50
	// mostDraft is the longest, in bytes.
	mostDraft = 190_000
)

var (
	// errStale is a draft that somebody, most likely its user in another window, has
	// changed since it was seen.
	errStale = errors.New("the draft was changed since it was seen")
	// errFull is one draft too many, or one that is too long.
	errFull = errors.New("too many drafts, or too long a one")
)

// draftStore keeps drafts.
type draftStore struct {
	pool   *pgxpool.Pool
	sealer *audit.Sealer
}

// drafts are those of this server.
func (s *server) drafts() *draftStore { return &draftStore{s.Pool, s.ledger.Sealer} }

// draftRow is a draft as it is kept.
type draftRow struct {
	Draft   string
	Version int64
	Changed time.Time
	id      string
	values  url.Values
}

func placeOfDraft(who *actor, draft string) string {
	return "draft/" + string(who.Book) + "/" + who.User + "/" + draft
}

// save keeps a form as the next version of its draft, and moves the form on to it. A
// version that the form has not seen is errStale.
func (d *draftStore) save(ctx context.Context, who *actor, f *deskForm, now time.Time) error {
	form := url.Values{"id": {f.id}}
	maps.Copy(form, f.values)
	kept := d.sealer.Keep(placeOfDraft(who, f.draft), []byte(form.Encode()))
	if len(kept) > mostDraft {
		return errFull
	}
	var version int64
	err := d.pool.QueryRow(ctx, `
		with changed as (
			update web.draft set version = version + 1, form = $4, changed_at = $5
			where book = $1 and user_id = $2 and draft = $3 and version = $6 returning version
		), made as (
			insert into web.draft (book, user_id, draft, version, form, changed_at)
			select $1, $2, $3, 1, $4, $5
			where $6 = 0 and (select count(*) from web.draft where book = $1 and user_id = $2) < $7
			on conflict do nothing returning version
		)
		select version from changed union all select version from made`,
		who.Book, who.User, f.draft, kept, now, f.version, mostDrafts).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return d.refused(ctx, who, f)
	}
	if err != nil {
		return fmt.Errorf("keep draft: %w", err)
	}
	f.version = version
	return nil
}

// refused says why a form was not kept. One that was sent twice is kept already.
func (d *draftStore) refused(ctx context.Context, who *actor, f *deskForm) error {
	there, err := d.open(ctx, who, f.draft)
	switch {
	case errors.Is(err, ledger.ErrNotFound) && f.version == 0:
		return errFull
	case err == nil && there.values.Encode() == f.values.Encode():
		f.version = there.Version
		return nil
	case err != nil && !errors.Is(err, ledger.ErrNotFound):
		return err
	}
	return errStale
}

// open reads a draft of a user, or ledger.ErrNotFound.
func (d *draftStore) open(ctx context.Context, who *actor, draft string) (draftRow, error) {
	all, err := d.read(ctx, who, draft)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("draft: %w", ledger.ErrNotFound)
	}
	if err != nil {
		return draftRow{}, err
	}
	return all[0], nil
}

// list reads the drafts of a user, the newest first.
func (d *draftStore) list(ctx context.Context, who *actor) ([]draftRow, error) {
	return d.read(ctx, who, "")
}

func (d *draftStore) read(ctx context.Context, who *actor, draft string) ([]draftRow, error) {
	rows, err := d.pool.Query(ctx, `
		select draft, version, form, changed_at from web.draft
		where book = $1 and user_id = $2 and ($3 = '' or draft = $3) order by changed_at desc limit $4`, who.Book, who.User, draft, mostDrafts)
	if err != nil {
		return nil, fmt.Errorf("read drafts: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r draftRow, err error) {
		var kept []byte
		if err := row.Scan(&r.Draft, &r.Version, &kept, &r.Changed); err != nil {
			return r, err
		}
		form, err := d.sealer.Kept(placeOfDraft(who, r.Draft), kept)
		if err != nil {
			return r, fmt.Errorf("open draft: %w", err)
		}
		r.values, err = url.ParseQuery(string(form))
		r.id = r.values.Get("id")
		r.values.Del("id")
		return r, err
	})
}

// remove deletes a draft; one that is gone is no error.
func (d *draftStore) remove(ctx context.Context, who *actor, draft string) error {
	if _, err := d.pool.Exec(ctx, `delete from web.draft where book = $1 and user_id = $2 and draft = $3`, who.Book, who.User, draft); err != nil {
		return fmt.Errorf("delete draft: %w", err)
	}
	return nil
}

// form is the draft to go on with.
func (r draftRow) form() *deskForm {
	return &deskForm{values: r.values, draft: r.Draft, version: r.Version, id: r.id}
}
