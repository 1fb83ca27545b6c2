package web

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"yilu/alerts"
	"yilu/ledger"
)

// 审批: one submission or payment as its maker saw it, what the rules say of it now, and
// the decision, which is bound to the content that was seen.

// decideView is a submission or a payment to be decided on, or decided.
type decideView struct {
	*officer
	// What is "submission" or "payment".
	What, ID, Title string
	State           string
	Maker           string
	On              ledger.Date
	Seq             ledger.Seq
	// Decided is the entry that decided it, Decider by whom; None and "" before.
	Decided ledger.Seq
	Decider string
	// Hash is the content hash (内容摘要) that an approval signs off.
	Hash    string
	Entries []entryLine
	// More is how many entries are not shown; Sum adds up those that are.
	More int64
	Sum  ledger.Amount
	// Then is what the rules said when it was made, if Kept; Now what they say today.
	// Fresh and Gone are what differs.
	Kept        bool
	Then        []seenFinding
	Now         []seenFinding
	Fresh, Gone []seenFinding
	// Refused is what stands against an approval now.
	Refused []string
	// Seen is the digest of what is shown of Now.
	Seen string
	// Deciding is set where the officer may decide, Own when it is the officer's own.
	Deciding, Own bool
	Reasons       []option
	FormID        string
	// Reason and Note are what was typed, Problems what stood against it.
	Reason, Note string
	Problems     []string
	// Done says that it was just submitted or decided.
	Done bool
	// Payment is set for a payment.
	Payment *ledger.Payment
	Rest    []string
	// Undo are the entries that a reversal of the whole could take back.
	Undo int
}

// entryLine is one entry in a submission.
type entryLine struct {
	*ledger.Entry
	N      int
	Facts  []fact
	Sealed []sealedLine
	Amount ledger.Amount
	Has    bool
	// Poster is a notice as it will be printed, nil for other entries.
	Poster *posterView
	// Photo is a picture that is to be public, nil for other entries.
	Photo *decidedPhoto
	// Target is the earlier entry that this one takes back or corrects, nil for none.
	Target *undoInfo
}

// sealedLine is a personal value, all but the end of a number hidden.
type sealedLine struct{ Label, Value string }

// Open says whether a decision is still to be made.
func (p *decideView) Open() bool {
	return p.State == ledger.StateOpen || p.What == "payment" && p.State == ledger.StateRequested
}

// Say is a text in the page's language.
func (p *decideView) Say(t ledger.Text) string { return p.lang.pick(t) }

// shownFinding is a finding with its sentence in the page's language.
type shownFinding struct {
	seenFinding
	Sentence string
}

// Line shows a finding.
func (p *decideView) Line(f seenFinding) shownFinding { return shownFinding{f, p.Say(f.Sentence)} }

const (
	// mostShown is how many entries of a submission its page shows.
	mostShown = 100
	// mostReversed bounds the reversal of a whole submission by one form.
	mostReversed = 500
)

// reasonsFor are the reasons of a rejection or correction.
func (f *frame) reasonsFor(chosen string) []option {
	return (&asker{f: f}).options(ledger.Reasons, []string{chosen})
}

// readDecision reads what is to be decided on, by its id.
type readDecision func(c *call, o *officer, id string) (*decideView, error)

// decisionPage shows a submission or payment; what names the parameter of its path.
func (s *server) decisionPage(what string, read readDecision) func(*call, *officer) error {
	return func(c *call, o *officer) error {
		id, err := c.name(what)
		if err != nil {
			return err
		}
		p, err := read(c, o, id)
		if err != nil {
			return err
		}
		return s.showDecision(c, http.StatusOK, p)
	}
}

// showDecision renders the page of a submission or payment with what the rules say.
func (s *server) showDecision(c *call, status int, p *decideView) error {
	p.template, p.script = "deskdecide", true
	p.Done = c.QueryParam("done") != ""
	if p.Open() {
		if err := s.weigh(c, p); err != nil {
			return err
		}
	}
	return s.showStaff(c, status, p)
}

// readSubmission reads a submission as its maker saw it.
func (s *server) readSubmission(c *call, o *officer, id string) (*decideView, error) {
	sub, err := s.ledger.Submission(c.ctx(), s.Book, id)
	if err != nil {
		return nil, err
	}
	p := &decideView{
		officer: o, What: "submission", ID: sub.Submission, Title: sub.Title, State: sub.State, Maker: sub.Maker, On: sub.On, Seq: sub.Seq,
		Decided: sub.Decided, Decider: sub.Decider, Hash: sub.ContentHash, Own: sub.Maker == c.who.User, FormID: newID(), Reasons: o.reasonsFor(""),
	}
	total := int64(sub.Last-sub.First) + 1
	entries, err := s.ledger.Entries(c.ctx(), s.Book, sub.First, int(min(total, mostShown)))
	if err != nil {
		return nil, err
	}
	p.More = total - int64(len(entries))
	if err := s.lines(c, p, entries); err != nil {
		return nil, err
	}
	if sub.State != ledger.StateApproved {
		for _, e := range p.Entries {
			unlink(e.Facts)
		}
	}
	p.Deciding = sub.State == ledger.StateOpen && c.who.may(decide) && (c.who.Role != ledger.Auditor || len(entries) > 0 && entries[0].By.Role == ledger.Auditor)
	if sub.State == ledger.StateApproved && c.who.may(enterForms) && total <= mostReversed {
		p.Undo, err = s.reversible(c.ctx(), sub)
		if err != nil {
			return nil, err
		}
	}
	p.Then, p.Kept, err = s.readPrecheck(c.ctx(), sub.Submission)
	return p, err
}

// lines are the entries of a page, with what is sealed in them.
func (s *server) lines(c *call, p *decideView, entries []*ledger.Entry) error {
	sealed, err := s.sealedOf(c, entries)
	if err != nil {
		return err
	}
	targets, err := s.targetsOf(c.ctx(), entries)
	if err != nil {
		return err
	}
	for i, e := range entries {
		line := entryLine{Entry: e, N: i, Facts: p.facts(e), Sealed: sealed[e.Seq]}
		line.Amount, line.Has = amountOf(e.Body)
		if notice, ok := e.Body.(*ledger.NoticePosted); ok {
			line.Poster = s.unposted(p.frame, notice)
		}
		if b, ok := e.Body.(*ledger.PhotoReleased); ok {
			line.Photo = s.decidedPhoto(c.ctx(), b)
		}
		if line.Has && !ledger.IsLine(e.Kind) {
			p.Sum += line.Amount
		}
		if target := targets[e.Corrects]; target != nil {
			line.Target = &undoInfo{Entry: target, Facts: p.facts(target)}
		}
		p.Entries = append(p.Entries, line)
	}
	var facts [][]fact
	for _, line := range p.Entries {
		if facts = append(facts, line.Facts); line.Target != nil {
			facts = append(facts, line.Target.Facts)
		}
	}
	return s.openFiles(c, facts...)
}

// targetsOf are the earlier entries that entries take back or correct: whoever decides
// has to see what that was.
func (s *server) targetsOf(ctx context.Context, entries []*ledger.Entry) (map[ledger.Seq]*ledger.Entry, error) {
	var seqs []ledger.Seq
	for _, e := range entries {
		if e.Corrects != ledger.None {
			seqs = append(seqs, e.Corrects)
		}
	}
	if len(seqs) == 0 {
		return nil, nil
	}
	return s.ledger.EntriesAt(ctx, s.Book, seqs)
}

// sealedOf opens what is sealed in entries for those who enter, decide and pay: names
// in full, of numbers the last four digits.
func (s *server) sealedOf(c *call, entries []*ledger.Entry) (map[ledger.Seq][]sealedLine, error) {
	var seqs []uint64
	for _, e := range entries {
		if len(e.Commitments) > 0 && (c.who.may(decide) || c.who.may(pay) || e.By.Unit == c.who.Unit) {
			seqs = append(seqs, uint64(e.Seq))
		}
	}
	out := map[ledger.Seq][]sealedLine{}
	if len(seqs) == 0 {
		return out, nil
	}
	opened, err := s.ledger.Sealer.OpenMany(c.ctx(), s.ledger.Read, string(s.Book), seqs)
	if err != nil {
		return nil, err
	}
	f := s.newFrame(c, "", "")
	for seq, fields := range opened {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			out[ledger.Seq(seq)] = append(out[ledger.Seq(seq)], sealedLine{f.t("sealed." + name), masked(name, fields[name].Value)})
		}
	}
	return out, nil
}

// masked hides all but the last four characters of a number that names a person.
func masked(name, value string) string {
	switch name {
	case "id_number", "payee_account", "phone":
		r := []rune(value)
		if len(r) <= 4 {
			return strings.Repeat("*", len(r))
		}
		return strings.Repeat("*", 4) + string(r[len(r)-4:])
	}
	return value
}

// readPayment reads a payment or grant batch as its maker saw it.
func (s *server) readPayment(c *call, o *officer, id string) (*decideView, error) {
	pay, err := s.ledger.Payment(c.ctx(), s.Book, id)
	if err != nil {
		return nil, err
	}
	entries, err := s.ledger.Entries(c.ctx(), s.Book, pay.Requested, int(min(pay.Lines, mostShown)+1))
	if err != nil {
		return nil, err
	}
	p := &decideView{
		officer: o, What: "payment", ID: pay.Payment, Title: pay.Purpose, State: pay.State, Maker: pay.RequestedBy, On: pay.On, Seq: pay.Requested,
		Decided: pay.Approved, Hash: base64.StdEncoding.EncodeToString(pay.Hash), Own: pay.RequestedBy == c.who.User, FormID: newID(), Reasons: o.reasonsFor(""),
		Payment: &pay, Deciding: pay.State == ledger.StateRequested && c.who.may(decide) && c.who.Role != ledger.Auditor, More: max(pay.Lines-mostShown, 0), Kept: true,
	}
	if err := s.lines(c, p, entries); err != nil {
		return nil, err
	}
	p.Sum = pay.Amount
	values := map[string]string{"fund": pay.Fund, "project": pay.Project, "contract": pay.Contract}
	if p.Rest, err = s.rest(c.ctx(), o.frame, "payment.requested", func(name string) string { return values[name] }); err != nil {
		return nil, err
	}
	at := pay.Requested
	if cover, err := s.ledger.CoverOf(c.ctx(), s.Book, pay.Requested); err == nil {
		p.Kept = cover.Decided != ledger.None
		at = cover.Decided
	} else if !errors.Is(err, ledger.ErrNotFound) {
		return nil, err
	}
	if p.Kept {
		p.Then, err = s.readVerdict(c.ctx(), at)
	}
	return p, err
}

// decision is the draft by which somebody approves or rejects.
func (p *decideView) decision(by ledger.By, id string, today ledger.Date, approve bool) ledger.Draft {
	d := ledger.Draft{ID: "web-" + id, On: today, By: by, Corrects: ledger.None}
	switch {
	case p.What == "payment" && approve:
		d.Kind, d.Body = "payment.approved", &ledger.PaymentApproved{Hash: p.Hash, Payment: p.ID}
	case p.What == "payment":
		d.Kind, d.Body = "payment.rejected", &ledger.PaymentRejected{Payment: p.ID, Reason: p.Reason}
	case approve:
		d.Kind, d.Body = "submission.approved", &ledger.SubmissionApproved{ContentHash: p.Hash, Submission: p.ID}
	default:
		d.Kind, d.Body = "submission.rejected", &ledger.SubmissionRejected{Submission: p.ID, Reason: p.Reason}
	}
	if note := oneLine(p.Note); note != "" {
		d.Sealed = map[string]string{"note": note}
	}
	return d
}

// weigh asks what the book and the rules would say of an approval now. Somebody who may
// not approve sees it too: it is judged for a checker who is nobody.
func (s *server) weigh(c *call, p *decideView) error {
	by := c.who.by()
	if !p.Deciding || p.Own {
		by = ledger.By{Role: ledger.Checker, Unit: c.who.Unit, User: "precheck"}
		if len(p.Entries) > 0 && p.Entries[0].By.Role == ledger.Auditor {
			by.Role = ledger.Auditor
		}
	}
	check, err := alerts.Check(c.ctx(), s.ledger, s.Book, p.decision(by, newID(), s.today(), true))
	if err != nil {
		return err
	}
	p.Now, p.Fresh, p.Gone, p.Refused = nil, nil, nil, nil
	p.Seen = hex.EncodeToString(check.Digest[:])
	for _, f := range check.Findings {
		if one, ok := seenOf(f.Finding, max(int(f.Entry-p.Seq)-1, 0)); ok {
			p.Now = append(p.Now, one)
		}
	}
	for _, x := range check.Problems {
		if !isFinding(check.Findings, x) {
			p.Refused = append(p.Refused, p.lang.pick(x.Text))
		}
	}
	if p.Kept && p.What == "submission" {
		p.Fresh, p.Gone = missingFrom(p.Now, p.Then), missingFrom(p.Then, p.Now)
	}
	return nil
}

// missingFrom are the findings of one list that the other has not.
func missingFrom(these, those []seenFinding) []seenFinding {
	var out []seenFinding
	for _, f := range these {
		if !slices.ContainsFunc(those, f.same) {
			out = append(out, f)
		}
	}
	return out
}

// decidePage takes a decision. An approval names the content that was seen, and is asked
// again when the rules say something else by now.
func (s *server) decidePage(what string, read readDecision) func(*call, *officer) error {
	return func(c *call, o *officer) error {
		name, err := c.name(what)
		if err != nil {
			return err
		}
		p, err := read(c, o, name)
		if err != nil {
			return err
		}
		if id := c.FormValue("id"); formID.MatchString(id) {
			p.FormID = id
		}
		p.Reason, p.Note = c.FormValue("reason"), clip(c.FormValue("note"), ledger.MaxText)
		p.Reasons = o.reasonsFor(p.Reason)
		approve := c.FormValue("act") == "approve"
		hash := clip(c.FormValue("hash"), 64)
		if approve {
			if err := s.weigh(c, p); err != nil {
				return err
			}
			if p.Open() && hash == p.Hash && c.FormValue("seen") != p.Seen {
				p.Problems = append(p.Problems, p.t("decide.changed"))
				return s.showDecision(c, http.StatusConflict, p)
			}
		}
		shown := p.Hash
		p.Hash = hash
		status, problems, err := s.settle(c, p, approve)
		if p.Hash = shown; err != nil {
			return err
		}
		if len(problems) == 0 {
			return c.Redirect(http.StatusSeeOther, o.site.live(o.lang, "/desk/"+p.What+"s/"+p.ID, "done", "1"))
		}
		again, err := read(c, o, name) // as it is by now
		if err != nil {
			return err
		}
		again.Problems, again.Reason, again.Note, again.Reasons = problems, p.Reason, p.Note, p.Reasons
		return s.showDecision(c, status, again)
	}
}

// settle posts a decision, and says what stood against it.
func (s *server) settle(c *call, p *decideView, approve bool) (status int, problems []string, err error) {
	if !approve && p.Reason == "" {
		return http.StatusUnprocessableEntity, []string{p.t("decide.reason_missing")}, nil
	}
	if err := s.mayEnter(); err != nil {
		return 0, nil, err
	}
	_, err = s.post(c, p.decision(c.who.by(), p.FormID, s.today(), approve))
	if err == nil {
		return http.StatusOK, nil, nil
	}
	why := problemOf(err)
	for _, x := range why.Problems {
		problems = append(problems, p.lang.pick(x.Text))
	}
	if why.Status == http.StatusServiceUnavailable || why.Seq != nil {
		problems = append(problems, p.lang.pick(why.detail))
	}
	if len(problems) == 0 {
		return 0, nil, err
	}
	return why.Status, problems, nil
}

// reversible counts the entries of a submission that can still be taken back.
func (s *server) reversible(ctx context.Context, sub ledger.Submission) (int, error) {
	entries, err := s.undoable(ctx, sub)
	return len(entries), err
}

// undoable are the entries of an approved submission that can still be taken back, the
// last first: what was built on others goes before them.
func (s *server) undoable(ctx context.Context, sub ledger.Submission) ([]*ledger.Entry, error) {
	entries, err := s.ledger.Entries(ctx, s.Book, sub.First, int(sub.Last-sub.First)+1)
	if err != nil {
		return nil, err
	}
	seqs := make([]ledger.Seq, len(entries))
	for i, e := range entries {
		seqs[i] = e.Seq
	}
	gone, err := s.ledger.Withdrawn(ctx, s.Book, seqs)
	if err != nil {
		return nil, err
	}
	slices.Reverse(entries)
	return slices.DeleteFunc(entries, func(e *ledger.Entry) bool { return gone[e.Seq] || !ledger.Reversible(e.Kind) }), nil
}
