package publicity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// effect does to the obligations what an entry that takes effect does.
func (f *follower) effect(ctx context.Context, e *ledger.Entry) error {
	switch b := e.Body.(type) {
	case *ledger.NoticePosted:
		return f.meet(ctx, e, b.Notice, &b.Content, max(b.Content.Starts, e.On))
	case *ledger.NoticeExtended:
		return f.extend(ctx, e, b)
	case *ledger.NoticeCorrected:
		return f.correct(ctx, e, b.Notice, &b.Content)
	case *ledger.NoticeEnded:
		return f.end(ctx, e, b.Notice)
	case *ledger.NoticeWaived:
		f.batch.Queue(`
			update publicity.obligation set ended_seq = $5, ended_how = 'waived', ended_why = $6
			where book = $1 and target_seq = $2 and stage = $3 and level = $4 and ended_seq is null`, f.book, b.Entry, b.Stage, b.Level, e.Seq, b.Basis)
		return nil
	case *ledger.NoticeRequired:
		return f.require(e, b)
	case *ledger.EntryReversed:
		return f.reverse(ctx, e)
	case *ledger.WorksStarted:
		f.due(`stage = 'P4' and project = $3`, e, b.Project)
		return nil
	case *ledger.PaymentPaid:
		return f.paid(ctx, e, b)
	case *ledger.PaymentRejected:
		p, err := f.Ledger.Payment(ctx, f.book, b.Payment)
		f.over(`target_seq = $3`, e, p.Requested)
		return err
	case *ledger.ProjectCancelled:
		f.over(`stage = 'P4' and due is null and project = $3`, e, b.Project)
	case *ledger.FundRecalled:
		if b.Project == "" && b.Unit == "" { // back to its source: nothing is allocated
			return nil
		}
	case *ledger.AcceptancePassed:
		if b.Level == "township" { // 乡镇初验
			return nil
		}
	}
	return f.arise(ctx, e)
}

// due lets obligations fall due with the act that they had to stand before.
func (f *follower) due(which string, e *ledger.Entry, of any) {
	f.batch.Queue(`update publicity.obligation set due = $2 where book = $1 and due is null and ended_seq is null and `+which, f.book, e.On, of)
}

// arise adds the obligations of an entry.
func (f *follower) arise(ctx context.Context, e *ledger.Entry) error {
	s, err := f.subject(ctx, e)
	if err != nil {
		return err
	}
	for _, d := range duties(e.Kind, e.On) {
		level := d.levelAt(s.place)
		if level == "" {
			continue
		}
		if d.Per != "" {
			f.accrue(e, d, s.place, 0)
			continue
		}
		d = local(f.terms, d, level, s.place, e.On)
		due := ledger.Date("")
		if d.DueAt == "" {
			due = d.due(f.Calendar, e.On)
		}
		f.batch.Queue(`
			insert into publicity.obligation (book, obligation, stage, level, place, project, entry_seq, target_seq, on_day, due, minimum, mode, amount, notice, ended_how, ended_why)
			values ($1, $2, $3, $4, $5, $6, $7, $7, $8, nullif($9, '')::date, $10, $11, $12, '', '', '') on conflict do nothing`,
			f.book, fmt.Sprintf("%s/%s/%d", d.Stage, level, e.Seq), d.Stage, level, s.place, s.project, e.Seq, e.On, string(due), d.Minimum, string(d.Mode), int64(s.amount))
	}
	return nil
}

// subject is what an entry is about.
type subject struct {
	project, place string
	amount         ledger.Amount
}

// subject finds the project and place of an entry, and keeps where projects lie.
func (f *follower) subject(ctx context.Context, e *ledger.Entry) (s subject, err error) {
	county := string(f.book) + "000000"
	switch b := e.Body.(type) {
	case *ledger.FundReceived:
		s.amount = b.Amount
	case *ledger.FundAdjusted:
		s.amount = max(b.Amount, -b.Amount)
	case *ledger.FundAllocated:
		s.project, s.amount = b.Project, b.Amount
	case *ledger.FundRecalled:
		s.project, s.amount = b.Project, b.Amount
	case *ledger.ProjectListed:
		s.project, s.amount = b.Project, b.Estimate
		f.keep(b.Project, b.Place, b.PlaceName)
	case *ledger.ProjectApproved:
		s.project = b.Project
		for _, l := range b.Budget {
			s.amount += l.Amount
		}
		f.keep(b.Project, b.Place, b.PlaceName)
	case *ledger.ProjectChanged:
		s.project = b.Project
		if b.Place != "" {
			f.keep(b.Project, b.Place, b.PlaceName)
		}
	case *ledger.ProjectCancelled:
		s.project = b.Project
	case *ledger.TenderCandidates:
		s.project, err = f.projectOfTender(ctx, b.Tender)
	case *ledger.TenderAwarded:
		s.amount = b.Amount
		s.project, err = f.projectOfTender(ctx, b.Tender)
	case *ledger.ContractSigned:
		s.project, s.amount = b.Project, b.Amount
	case *ledger.AcceptancePassed:
		s.project = b.Project
	case *ledger.GrantRequested:
		s.project, s.amount = b.Project, b.Amount
	}
	if err != nil {
		return s, err
	}
	if s.project != "" {
		s.place, err = f.placeOf(ctx, s.project)
	}
	s.place = cmp.Or(s.place, county)
	return s, err
}

func (f *follower) projectOfTender(ctx context.Context, tender string) (string, error) {
	t, err := f.Ledger.Tender(ctx, f.book, tender)
	return t.Project, err
}

// keep notes where a project lies from now on.
func (f *follower) keep(project, place, name string) {
	f.places[project] = place
	f.batch.Queue(`
		insert into publicity.project (book, project, place, place_name) values ($1, $2, $3, $4)
		on conflict (book, project) do update set place = excluded.place, place_name = excluded.place_name`, f.book, project, place, name)
}

// placeOf is where a project lies, "" for one that no entry has placed.
func (f *follower) placeOf(ctx context.Context, project string) (string, error) {
	if place, ok := f.places[project]; ok {
		return place, nil
	}
	var place string
	err := f.tx.QueryRow(ctx, `select place from publicity.project where book = $1 and project = $2`, f.book, project).Scan(&place)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("place of project %s: %w", project, err)
	}
	f.places[project] = place
	return place, nil
}

// paid lets the list of a grant batch fall due, and adds the payment to its village's
// statement of the quarter.
func (f *follower) paid(ctx context.Context, e *ledger.Entry, b *ledger.PaymentPaid) error {
	p, err := f.Ledger.Payment(ctx, f.book, b.Payment)
	if err != nil {
		return err
	}
	if p.Lines > 0 {
		f.due(`stage = 'P8' and target_seq = $3`, e, p.Requested)
	}
	place, err := f.placeOf(ctx, p.Project)
	if err != nil {
		return err
	}
	for _, d := range duties(e.Kind, e.On) {
		f.accrue(e, d, place, p.Amount)
	}
	return nil
}

// accrue lets an entry count in the statement of its period and place: what met the
// statement as it was before meets it no more.
func (f *follower) accrue(e *ledger.Entry, d Duty, place string, a ledger.Amount) {
	s := f.statement(d, place, e.On)
	if s.level == "" {
		return
	}
	d = local(f.terms, d, s.level, s.place, e.On)
	f.batch.Queue(`
		insert into publicity.obligation as o (book, obligation, stage, level, place, project, entry_seq, target_seq, on_day, due, minimum, mode, amount, notice, ended_how, ended_why)
		values ($1, $2, $3, $4, $5, '', $6, -1, $7, nullif($8, '')::date, $9, $10, $11, '', '', '')
		on conflict (book, obligation) do update set amount = o.amount + excluded.amount, notice = '', met_seq = null, met_on = null`,
		f.book, s.key, d.Stage, s.level, s.place, e.Seq, s.last, string(d.dueAfter(f.Calendar, s.last)), d.Minimum, string(d.Mode), int64(a))
}

// statement is what somebody tells of a place and a period: the key of its obligation,
// and the period's last day. Nobody does where level is "".
type statement struct {
	level, place, key string
	last              ledger.Date
}

func (f *follower) statement(d Duty, place string, on ledger.Date) statement {
	s := statement{level: d.levelAt(place), place: place}
	if s.level == "county" {
		s.place = string(f.book) + "000000"
	}
	var period string
	period, s.last = d.period(on)
	s.key = statementKey(d.Stage, s.level, s.place, period)
	return s
}

// statementKey is the id of the obligation to tell of a period and a place.
func statementKey(stage, level, place, period string) string {
	return strings.Join([]string{stage, level, place, period}, "/")
}

// unpaid takes a payment that was taken back out of the statements that it counts in.
func (f *follower) unpaid(ctx context.Context, target *ledger.Entry, b *ledger.PaymentPaid) error {
	p, err := f.Ledger.Payment(ctx, f.book, b.Payment)
	if err != nil {
		return err
	}
	place, err := f.placeOf(ctx, p.Project)
	if err != nil {
		return err
	}
	for _, d := range duties(target.Kind, target.On) {
		if s := f.statement(d, place, target.On); s.level != "" {
			f.batch.Queue(`update publicity.obligation set amount = amount - $3, notice = '', met_seq = null, met_on = null where book = $1 and obligation = $2`, f.book, s.key, int64(p.Amount))
		}
	}
	f.batch.Queue(`update publicity.obligation set due = null where book = $1 and stage = 'P8' and target_seq = $2`, f.book, p.Requested)
	return nil
}

// reverse ends the obligations of what was taken back. They stay to be seen.
func (f *follower) reverse(ctx context.Context, e *ledger.Entry) error {
	target, err := f.Ledger.Entry(ctx, f.book, e.Corrects)
	if err != nil {
		return err
	}
	switch b := target.Body.(type) {
	case *ledger.NoticePosted:
		f.release(b.Notice)
		return nil
	case *ledger.WorksStarted:
		f.batch.Queue(`update publicity.obligation set due = null where book = $1 and stage = 'P4' and project = $2`, f.book, b.Project)
		return nil
	case *ledger.PaymentPaid:
		return f.unpaid(ctx, target, b)
	case *ledger.ProjectChanged:
		if err := f.moveBack(ctx, e, b); err != nil {
			return err
		}
	}
	f.over(`target_seq = $3`, e, e.Corrects)
	return nil
}

// moveBack notes where a project lies once a change of its place was taken back by an entry:
// where the last entry that placed it before, and stood then, says.
func (f *follower) moveBack(ctx context.Context, e *ledger.Entry, b *ledger.ProjectChanged) error {
	if b.Place == "" {
		return nil
	}
	events, err := f.Ledger.Timeline(ctx, f.book, b.Project)
	if err != nil {
		return err
	}
	slices.SortStableFunc(events, func(a, b ledger.TimelineEvent) int { return cmp.Compare(b.At, a.At) })
	for _, event := range events {
		if event.Entry == e.Corrects || event.At >= e.Seq || event.ReversedBy != ledger.None && event.ReversedBy < e.Seq {
			continue
		}
		switch event.Kind {
		case "project.listed", "project.approved", "project.changed":
		default:
			continue
		}
		before, err := f.Ledger.Entry(ctx, f.book, event.Entry)
		if err != nil {
			return err
		}
		if place, name := placedBy(before.Body); place != "" {
			f.keep(b.Project, place, name)
			return nil
		}
	}
	return nil
}

// placedBy is where an entry says that its project lies, "" for one that does not say.
func placedBy(body ledger.Body) (place, name string) {
	switch b := body.(type) {
	case *ledger.ProjectListed:
		return b.Place, b.PlaceName
	case *ledger.ProjectApproved:
		return b.Place, b.PlaceName
	case *ledger.ProjectChanged:
		return b.Place, b.PlaceName
	}
	return "", ""
}

// over ends obligations of what has come to nothing.
func (f *follower) over(which string, e *ledger.Entry, of any) {
	f.batch.Queue(`update publicity.obligation set ended_seq = $2, ended_how = 'reversed' where book = $1 and ended_seq is null and `+which, f.book, e.Seq, of)
}

// release takes back what a notice has met.
func (f *follower) release(notice string) {
	f.batch.Queue(`update publicity.obligation set notice = '', met_seq = null, met_on = null where book = $1 and notice = $2`, f.book, notice)
}

// meet lets a notice meet what it is about: if it is complete, hangs long enough, is
// where it should be, and, for a statement, adds up to all that was paid. It has met it
// since a day.
func (f *follower) meet(ctx context.Context, e *ledger.Entry, notice string, c *ledger.NoticeContent, since ledger.Date) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	d, ok := DutyOf(c.Stage, c.Level, c.Starts)
	if !ok || !slices.Contains(d.Channels, c.Channel) || len(Missing(c)) > 0 || c.Copy != "" && c.Sum() != c.Total {
		return nil
	}
	open, err := f.open(ctx, c)
	if err != nil {
		return err
	}
	for _, o := range open {
		if !LongEnough(f.Calendar, c.Starts, c.Ends, int(o.Minimum), workday.Mode(o.Mode)) {
			continue
		}
		f.batch.Queue(`update publicity.obligation set notice = $3, met_seq = $4, met_on = $5 where book = $1 and obligation = $2`,
			f.book, o.Obligation, notice, e.Seq, since)
	}
	return f.flush(ctx)
}

// openDuty is an obligation that a notice may meet.
type openDuty struct {
	Obligation string
	Minimum    int64
	Mode       string
}

// open are the obligations that a notice is about and nothing has met yet.
func (f *follower) open(ctx context.Context, c *ledger.NoticeContent) ([]openDuty, error) {
	sql, args := `
		select obligation, minimum, mode from publicity.obligation
		where target_seq = any($4) and book = $1 and stage = $2 and level = $3 and met_seq is null and ended_seq is null`, []any{f.book, c.Stage, c.Level, c.About}
	if d, _ := DutyOf(c.Stage, c.Level, c.Starts); d.Per != "" {
		sql, args = `
			select obligation, minimum, mode from publicity.obligation
			where book = $1 and obligation = $2 and (not $4 or amount = $3) and met_seq is null and ended_seq is null`,
			[]any{f.book, statementKey(c.Stage, c.Level, c.Place, c.Period), int64(c.Total), d.Sums}
	}
	rows, err := f.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("open obligations: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[openDuty])
}

// correct lets a new version of a notice meet what the old one did and, if it still
// does, since when the old one did.
func (f *follower) correct(ctx context.Context, e *ledger.Entry, notice string, c *ledger.NoticeContent) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	rows, err := f.tx.Query(ctx, `select obligation, met_on::text from publicity.obligation where book = $1 and notice = $2`, f.book, notice)
	if err != nil {
		return fmt.Errorf("obligations of notice %s: %w", notice, err)
	}
	since := map[string]string{}
	var obligation, day string
	if _, err := pgx.ForEachRow(rows, []any{&obligation, &day}, func() error { since[obligation] = day; return nil }); err != nil {
		return err
	}
	f.release(notice)
	if err := f.meet(ctx, e, notice, c, max(c.Starts, e.On)); err != nil {
		return err
	}
	for obligation, day := range since {
		f.batch.Queue(`
			update publicity.obligation set met_on = $4::date
			where book = $1 and obligation = $2 and notice = $3 and met_on > $4::date`, f.book, obligation, notice, day)
	}
	return f.flush(ctx)
}

// end takes back what a notice has met that was taken down too soon.
func (f *follower) end(ctx context.Context, e *ledger.Entry, notice string) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	c, err := f.contentBefore(ctx, notice, e.Seq)
	if err != nil {
		return err
	}
	rows, err := f.tx.Query(ctx, `select obligation, minimum, mode from publicity.obligation where book = $1 and notice = $2 and minimum > 0`, f.book, notice)
	if err != nil {
		return fmt.Errorf("obligations of notice %s: %w", notice, err)
	}
	met, err := pgx.CollectRows(rows, pgx.RowToStructByPos[openDuty])
	if err != nil {
		return err
	}
	for _, o := range met {
		if !LongEnough(f.Calendar, c.Starts, e.On, int(o.Minimum), workday.Mode(o.Mode)) {
			f.batch.Queue(`update publicity.obligation set notice = '', met_seq = null, met_on = null where book = $1 and obligation = $2`, f.book, o.Obligation)
		}
	}
	return f.flush(ctx)
}

// extend lets a posting that was too short meet what it is about, from its first day if
// it still hung then.
func (f *follower) extend(ctx context.Context, e *ledger.Entry, b *ledger.NoticeExtended) error {
	c, err := f.contentBefore(ctx, b.Notice, e.Seq)
	if err != nil {
		return err
	}
	since := max(c.Starts, e.On)
	if e.On <= c.Ends {
		since = c.Starts
	}
	c.Ends = b.Ends
	return f.meet(ctx, e, b.Notice, &c, since)
}

// contentBefore is what a notice said just before an entry: not what it says now.
func (f *follower) contentBefore(ctx context.Context, notice string, before ledger.Seq) (ledger.NoticeContent, error) {
	return noticeContent(ctx, f.Ledger, f.book, notice, before)
}

// noticeContent is what a notice says by its versions before an entry.
func noticeContent(ctx context.Context, l *ledger.Ledger, book ledger.Book, notice string, before ledger.Seq) (c ledger.NoticeContent, err error) {
	versions, err := l.NoticeVersions(ctx, book, notice)
	if err != nil {
		return c, err
	}
	for _, v := range versions {
		if v.Seq >= before {
			break
		}
		e, err := l.Entry(ctx, book, v.Seq)
		if err != nil {
			return c, err
		}
		switch b := e.Body.(type) {
		case *ledger.NoticePosted:
			c = b.Content
		case *ledger.NoticeCorrected:
			c = b.Content
		case *ledger.NoticeExtended:
			c.Ends = b.Ends
		}
	}
	return c, nil
}
