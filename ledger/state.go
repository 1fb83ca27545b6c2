package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
	"yilu/audit/rowset"
)

// state is the part of a book that a group of entries reads and changes. It
// judges entries in memory, remembers how to undo each of them, and writes what
// is left at the end.
//
// It lives in two modes. Before judging, get only notes the wanted rows
// ([Body.touch] asks for them), so that one round trip loads them all. While
// judging, a row that was not asked for unwinds by panic(missing{}), is loaded,
// and judging starts again: touch is therefore only a matter of speed.
type state struct {
	book    Book
	judging bool
	// trial is set when submitted entries are tried at once; replay skips that,
	// since the log holds nothing that was refused.
	trial bool
	// whole is set when the state has had every entry from the first: a row that is
	// not here does not exist, and nothing is loaded or saved. See Fold.
	whole bool
	// shared are texts that rows of a whole state have in common.
	shared map[string]string
	// fetch reads an older entry for a whole state, which keeps the latest ones.
	fetch func(Seq) *Entry
	rules *Judge
	// begun is the day on which the book's first entry was recorded, once that was asked.
	begun Date
	// sealer opens what entries that are read from the log seal, as far as their
	// effect needs it; without one it stays unknown.
	sealer *audit.Sealer
	// keepAll adds what rules say to what arithmetic and states refuse already: a
	// pre-check names everything at once.
	keepAll bool
	// rulesRead and changesRead are the rows of the rulebook as they were last read.
	rulesRead   read[Rules]
	changesRead read[[]RuleChange]

	funds       *table[Fund]
	projects    *table[ProjectFacts]
	changes     *table[Changes]
	totals      *table[Total]
	quotas      *table[Quota]
	accounts    *table[Account]
	tenders     *table[Tender]
	bids        *table[Bid]
	contracts   *table[Contract]
	payments    *table[Payment]
	payees      *table[Payee]
	lines       *table[Line]
	submissions *table[Submission]
	reversals   *table[Reversal]
	periods     *table[Closed]
	rulebooks   *table[Rulebook]
	records     *table[Record]
	registers   *table[Register]
	members     *table[Member]
	holders     *table[Holder]
	roles       *table[Holding]

	notices        *table[Notice]
	versions       *table[NoticeVersion]
	noticeProjects *table[NoticeProject]
	proofs         *table[NoticeProof]
	objections     *table[Objection]
	photos         *table[Photo]
	places         *table[Place]
	tables         []projection

	bidsOf    *lookup
	twins     *lookup
	invoiced  *lookup
	receipts  *lookup
	tendersOf *lookup
	eventsOf  *lookup
	paidOn    *lookup
	grantsOf  *lookup
	recordsOf *lookup
	loadsOf   *lookup
	membersOf *lookup
	homesOf   *lookup
	noticesOf *lookup
	photosOf  *lookup
	rolesOf   *lookup
	rolesAs   *lookup
	lookups   []*lookup

	// entries and covers are read from the log, never written.
	entries    map[Seq]*Entry
	wantEntry  map[Seq]struct{}
	covers     map[Seq]string
	wantCovers map[Seq]struct{}
	// asked counts what was asked for before judging and was not at hand.
	asked int

	legs   []Leg
	events []Event
	notes  []Note
	// erasures are private values that go when this is saved.
	erasures []erasure

	// current is the entry being judged, approvedBy the approval under which
	// covered entries take effect.
	current    *Entry
	approvedBy *Entry
	// unit are the entries that are judged together, numbered one after the other.
	unit  []*Entry
	cover *openCover
	batch *openBatch
	// acks are the warnings that this unit acknowledges, by the id of the entry
	// that they are about.
	acks     map[string][]*AlertAcknowledged
	problems []Problem
	// heard is what the judge said of the unit, refused or not; index is the draft
	// being judged.
	heard []Heard
	index int
	undo  []func()
}

// projection is a table[R] of any R.
type projection interface {
	queueLoad(b *pgx.Batch, book Book) (keep func())
	save(ctx context.Context, w *writer) error
	// settle forgets what would have to be written.
	settle()
	size() int
}

var (
	fundSchema       = schemaOf[Fund]("proj.fund")
	projectSchema    = schemaOf[ProjectFacts]("proj.project")
	changesSchema    = schemaOf[Changes]("proj.project_changes")
	totalSchema      = schemaOf[Total]("proj.project_total")
	quotaSchema      = schemaOf[Quota]("proj.quota")
	accountSchema    = schemaOf[Account]("proj.account")
	tenderSchema     = schemaOf[Tender]("proj.tender")
	bidSchema        = schemaOf[Bid]("proj.bid")
	contractSchema   = schemaOf[Contract]("proj.contract")
	paymentSchema    = schemaOf[Payment]("proj.payment")
	payeeSchema      = schemaOf[Payee]("proj.payee")
	lineSchema       = schemaOf[Line]("proj.grant_line")
	submissionSchema = schemaOf[Submission]("proj.submission")
	reversalSchema   = schemaOf[Reversal]("proj.reversal")
	periodSchema     = schemaOf[Closed]("proj.period")
	rulebookSchema   = schemaOf[Rulebook]("proj.rulebook")
	recordSchema     = schemaOf[Record]("proj.record")
	registerSchema   = schemaOf[Register]("proj.register")
	memberSchema     = schemaOf[Member]("proj.register_member")
	holderSchema     = schemaOf[Holder]("proj.holder")
	roleSchema       = schemaOf[Holding]("proj.role")

	noticeSchema        = schemaOf[Notice]("proj.notice")
	versionSchema       = schemaOf[NoticeVersion]("proj.notice_version")
	noticeProjectSchema = schemaOf[NoticeProject]("proj.notice_project")
	proofSchema         = schemaOf[NoticeProof]("proj.notice_proof")
	objectionSchema     = schemaOf[Objection]("proj.objection")
	photoSchema         = schemaOf[Photo]("proj.photo")
	placeSchema         = schemaOf[Place]("proj.place")
)

// Tables that are only added to.
var (
	legTable      = rowset.Of[Leg]("proj.leg")
	turnoverTable = rowset.Of[turnover]("proj.turnover")
	eventTable    = rowset.Of[Event]("proj.event")
	noteTable     = rowset.Of[Note]("proj.verdict")
)

func newState(book Book) *state {
	s := &state{book: book, trial: true}
	s.funds = newTable[Fund](s, fundSchema)
	s.projects = newTable[ProjectFacts](s, projectSchema)
	s.changes = newTable[Changes](s, changesSchema)
	s.totals = newTable[Total](s, totalSchema)
	s.quotas = newTable[Quota](s, quotaSchema)
	s.accounts = newTable[Account](s, accountSchema)
	s.tenders = newTable[Tender](s, tenderSchema)
	s.bids = newTable[Bid](s, bidSchema)
	s.contracts = newTable[Contract](s, contractSchema)
	s.payments = newTable[Payment](s, paymentSchema)
	s.payees = newTable[Payee](s, payeeSchema)
	s.lines = newTable[Line](s, lineSchema)
	s.submissions = newTable[Submission](s, submissionSchema)
	s.reversals = newTable[Reversal](s, reversalSchema)
	s.periods = newTable[Closed](s, periodSchema)
	s.rulebooks = newTable[Rulebook](s, rulebookSchema)
	s.records = newTable[Record](s, recordSchema)
	s.registers, s.members = newTable[Register](s, registerSchema), newTable[Member](s, memberSchema)
	s.holders, s.roles = newTable[Holder](s, holderSchema), newTable[Holding](s, roleSchema)
	s.notices = newTable[Notice](s, noticeSchema)
	s.versions = newTable[NoticeVersion](s, versionSchema)
	s.noticeProjects = newTable[NoticeProject](s, noticeProjectSchema)
	s.proofs = newTable[NoticeProof](s, proofSchema)
	s.objections = newTable[Objection](s, objectionSchema)
	s.photos, s.places = newTable[Photo](s, photoSchema), newTable[Place](s, placeSchema)
	s.tables = []projection{s.funds, s.projects, s.changes, s.totals, s.quotas, s.accounts, s.tenders, s.bids, s.contracts, s.payments, s.payees, s.lines, s.submissions, s.reversals, s.periods, s.rulebooks, s.records, s.registers, s.members, s.holders, s.roles, s.notices, s.versions, s.noticeProjects, s.proofs, s.objections, s.photos, s.places}
	s.bidsOf, s.twins, s.invoiced = newLookup(s, findBids), newLookup(s, findTwins), newLookup(s, findInvoiced)
	s.receipts, s.tendersOf = newLookup(s, findReceipts), newLookup(s, findTenders)
	s.eventsOf, s.paidOn, s.grantsOf = newLookup(s, findEvents), newLookup(s, findPaidOn), newLookup(s, findGrants)
	s.recordsOf = newLookup(s, findRecords)
	s.loadsOf, s.membersOf, s.homesOf = newLookup(s, findLoads), newLookup(s, findMembers), newLookup(s, findHomes)
	s.noticesOf, s.photosOf = newLookup(s, findNotices), newLookup(s, findPhotos)
	s.rolesOf, s.rolesAs = newLookup(s, findRolesOf), newLookup(s, findRolesAs)
	s.lookups = []*lookup{s.bidsOf, s.twins, s.invoiced, s.receipts, s.tendersOf, s.eventsOf, s.paidOn, s.grantsOf, s.recordsOf, s.loadsOf, s.membersOf, s.homesOf, s.noticesOf, s.photosOf, s.rolesOf, s.rolesAs}
	s.forget()
	return s
}

// newState is a state whose entries the ledger's judge weighs.
func (l *Ledger) newState(book Book) *state {
	s := newState(book)
	s.rules, s.sealer = l.Judge, l.Sealer
	return s
}

// forget drops what must not outlive a group: log entries and the undo log.
func (s *state) forget() {
	s.entries, s.wantEntry = map[Seq]*Entry{}, map[Seq]struct{}{}
	s.covers, s.wantCovers = map[Seq]string{}, map[Seq]struct{}{}
	s.legs, s.events, s.notes, s.erasures, s.undo, s.unit, s.heard = nil, nil, nil, nil, nil, nil, nil
	s.judging = false
}

// rows is how many rows the state holds, to bound its memory.
func (s *state) rows() int {
	n := 0
	for _, t := range s.tables {
		n += t.size()
	}
	for _, t := range s.lookups {
		n += t.size()
	}
	return n
}

func (s *state) fund(id string) *Fund         { return s.funds.get(id) }
func (s *state) account(name string) *Account { return s.accounts.get(name) }
func (s *state) tender(id string) *Tender     { return s.tenders.get(id) }
func (s *state) contract(id string) *Contract { return s.contracts.get(id) }
func (s *state) payment(id string) *Payment   { return s.payments.get(id) }
func (s *state) payee(key string) *Payee      { return s.payees.get(key) }
func (s *state) reversal(q Seq) *Reversal     { return s.reversals.get(seqKey(q)) }
func (s *state) closed() *Closed              { return s.periods.get(closedKey) }

func (s *state) notice(id string) *Notice              { return s.notices.get(id) }
func (s *state) objection(id string) *Objection        { return s.objections.get(id) }
func (s *state) submission(id string) *Submission      { return s.submissions.get(id) }
func (s *state) quota(project, fund string) *Quota     { return s.quotas.get(quotaKey(project, fund)) }
func (s *state) bid(tender, bidder string) *Bid        { return s.bids.get(bidKey(tender, bidder)) }
func (s *state) line(payment string, line Count) *Line { return s.lines.get(lineKey(payment, line)) }

// entry returns an earlier entry from the log, or nil.
func (s *state) entry(q Seq) *Entry {
	s.asked++ // the next group does not have it any more
	e, known := s.entries[q]
	if !known && s.whole {
		if s.fetch != nil && q >= 0 {
			return s.fetch(q)
		}
		return nil
	}
	if !known {
		s.wantEntry[q] = struct{}{}
		if s.judging {
			panic(missing{})
		}
	}
	return e
}

// coverOf names the submission that an entry was posted in, or "".
func (s *state) coverOf(q Seq) string {
	s.asked++
	id, known := s.covers[q]
	if !known && !s.whole {
		s.wantCovers[q] = struct{}{}
		if s.judging {
			panic(missing{})
		}
	}
	return id
}

// total returns a project's money, zero if there was none.
func (s *state) total(project string) Total {
	if t := s.totals.get(project); t != nil {
		return *t
	}
	return Total{Of: project}
}

// editTotal returns a project's money to be changed, made if there was none.
func (s *state) editTotal(project string) *Total {
	if s.totals.get(project) == nil {
		s.totals.add(project, Total{Of: project})
	}
	return s.totals.edit(project)
}

// project returns a project; before judging it asks for its money as well.
func (s *state) project(id string) *ProjectFacts {
	if !s.judging {
		s.totals.get(id)
	}
	return s.projects.get(id)
}

// editQuota returns the quota to be changed, made if there was none.
func (s *state) editQuota(project, fund string) *Quota {
	if s.quota(project, fund) == nil {
		s.quotas.add(quotaKey(project, fund), Quota{Quota: quotaKey(project, fund), Project: project, Fund: fund})
	}
	return s.quotas.edit(quotaKey(project, fund))
}

func (s *state) editBid(tender, bidder string, b Bid) {
	b.Bid = bidKey(tender, bidder)
	if s.bid(tender, bidder) == nil {
		s.bids.add(b.Bid, b)
		return
	}
	*s.bids.edit(b.Bid) = b
}

// refuse records why the entry cannot be posted. Judging goes on, so that one
// answer names everything that is wrong.
func (s *state) refuse(field, rule, zh, en string) {
	s.problems = append(s.problems, Problem{Field: field, Rule: rule, Text: Text{zh, en}})
}

func (s *state) needFund(id string) *Fund {
	f := s.fund(id)
	if f == nil {
		s.refuse("body.fund", "not_found", "没有资金 "+id, "there is no fund "+id)
	}
	return f
}

func (s *state) needProject(id string) *ProjectFacts {
	p := s.project(id)
	if p == nil {
		s.refuse("body.project", "not_found", "没有项目 "+id, "there is no project "+id)
	}
	return p
}

// needLiving returns a project that is neither cancelled nor withdrawn.
func (s *state) needLiving(field, id string) *ProjectFacts {
	p := s.project(id)
	switch {
	case p == nil:
		s.refuse(field, "not_found", "没有项目 "+id, "there is no project "+id)
	case p.State == StateCancelled || p.State == StateWithdrawn:
		s.refuse(field, "cancelled", "项目 "+id+" "+States.Name(p.State).Zh, "project "+id+" is "+p.State)
	default:
		return p
	}
	return nil
}

// needApproved returns a living project that has its approval (批复).
func (s *state) needApproved(field, id string) *ProjectFacts {
	p := s.needLiving(field, id)
	if p != nil && p.State == StateListed {
		s.refuse(field, "unapproved", "项目 "+id+" 尚未批复", "project "+id+" is not approved")
		return nil
	}
	return p
}

// needTender returns a tender in one of the given states.
func (s *state) needTender(id string, states ...string) *Tender {
	t := s.tender(id)
	if t == nil {
		s.refuse("body.tender", "not_found", "没有招标 "+id, "there is no tender "+id)
		return nil
	}
	if s.needLiving("body.tender", t.Project) == nil || !s.inState("body.tender", t.State, states) {
		return nil
	}
	return t
}

func (s *state) needContract(field, id string) *Contract {
	k := s.contract(id)
	if k == nil || k.Withdrawn {
		s.refuse(field, "not_found", "没有合同 "+id, "there is no contract "+id)
		return nil
	}
	return k
}

func (s *state) needPayment(id string, states ...string) *Payment {
	p := s.payment(id)
	if p == nil {
		s.refuse("body.payment", "not_found", "没有支付 "+id, "there is no payment "+id)
		return nil
	}
	if !s.inState("body.payment", p.State, states) {
		return nil
	}
	return p
}

func (s *state) needSubmission(id string) *Submission {
	sub := s.submission(id)
	if sub == nil {
		s.refuse("body.submission", "not_found", "没有提交 "+id, "there is no submission "+id)
		return nil
	}
	if !s.inState("body.submission", sub.State, []string{StateOpen}) {
		return nil
	}
	return sub
}

func (s *state) inState(field, is string, want []string) bool {
	for _, w := range want {
		if is == w {
			return true
		}
	}
	s.refuseState(field, is, want)
	return false
}

func (s *state) refuseState(field, is string, want []string) {
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = "“" + States.Name(w).Zh + "”"
	}
	s.refuse(field, "state",
		fmt.Sprintf("当前状态为“%s”，须为%s才能办理此事项", States.Name(is).Zh, strings.Join(names, "或")),
		fmt.Sprintf("its state is %s, want one of %v", is, want))
}

// touchMove asks for the two accounts of a movement.
func (s *state) touchMove(from, to string) {
	s.account(from)
	s.account(to)
}

// move books one movement of a fund's money: amount leaves from and reaches to;
// a negative amount goes back. It refuses to take what is not there, and says
// whether it booked.
func (s *state) move(e *Entry, fund, from, to string, a Amount) bool {
	if a < 0 {
		from, to, a = to, from, -a
	}
	have := Amount(0)
	if x := s.account(from); x != nil {
		have = x.Balance
	}
	if from != sourceAccount(fund) && have < a {
		s.refuse("body.amount", "insufficient",
			fmt.Sprintf("余额不足：%s现有 %s 元，本次 %s 元", accountZh(from), have.Comma(), a.Comma()),
			fmt.Sprintf("%s has %s yuan, asked %s", from, have.Comma(), a.Comma()))
		return false
	}
	s.leg(e, fund, from, -a)
	s.leg(e, fund, to, a)
	return true
}

// accountZh names an account for people.
func accountZh(account string) string {
	at := append(strings.Split(account, "/"), "", "")
	switch at[0] {
	case "hand":
		return "县本级资金 " + at[1] + " 未分配"
	case "unit":
		return "单位 " + at[1] + "（资金 " + at[2] + "）"
	case "project":
		return "项目 " + at[1] + "（资金 " + at[2] + "）"
	}
	return "该账户"
}

func (s *state) leg(e *Entry, fund, account string, a Amount) {
	if s.account(account) == nil {
		s.accounts.add(account, Account{Account: account})
	}
	x := s.accounts.edit(account)
	sum, ok := x.Balance.Add(a)
	if !ok {
		s.refuse("body.amount", "overflow", "账户余额超出可表示范围", "the account's balance is out of range")
		return
	}
	x.Balance = sum
	s.undo = append(s.undo, func() { s.legs = s.legs[:len(s.legs)-1] })
	s.legs = append(s.legs, Leg{Account: account, At: s.at(e), Entry: e.Seq, Fund: fund, On: e.On, Amount: a, Balance: sum})
}

// event adds a line to a project's timeline.
func (s *state) event(e *Entry, project string, a Amount) {
	s.undo = append(s.undo, func() { s.events = s.events[:len(s.events)-1] })
	s.events = append(s.events, Event{Project: project, At: s.at(e), Entry: e.Seq, Kind: e.Kind, On: e.On, Amount: a})
	s.eventsOf.add(eventKey(project, e.Kind), seqKey(e.Seq))
}

// at is the seq at which e takes effect: its approval's, if it needed one.
func (s *state) at(e *Entry) Seq {
	if s.approvedBy != nil {
		return s.approvedBy.Seq
	}
	return e.Seq
}

// undoTo takes back every change after a mark.
func (s *state) undoTo(mark int) {
	for i := len(s.undo) - 1; i >= mark; i-- {
		s.undo[i]()
	}
	s.undo = s.undo[:mark]
}

// touch asks for everything an entry will read.
func (s *state) touch(e *Entry) {
	s.closed()
	if e.Corrects != None {
		s.reversal(e.Corrects)
	}
	e.Body.touch(s, e)
	s.touchRules(e)
}

// prepare touches an entry, unless that is known to ask for nothing new: what rules
// read of it is all computed to find what to load.
func (s *state) prepare(p *prepared) {
	if p.known == s {
		return
	}
	before := s.asked
	if s.touch(p.entry); s.asked == before {
		p.known = s
	}
}

// touchRules asks for everything that the judge will read of an entry.
func (s *state) touchRules(e *Entry) {
	if s.rules != nil && s.rules.Touch != nil && !s.rules.Touch(View{s}, e) {
		s.asked++ // so that prepare does not take the entry for known
	}
}

// bugError is a panic while judging, turned into an answer for one unit.
type bugError struct{ value any }

func (e *bugError) Error() string { return fmt.Sprintf("internal error while judging: %v", e.value) }

// attempt judges by do. It is incomplete when a row was missing: everything after
// the mark is undone then, and the caller loads and tries again.
func (s *state) attempt(mark int, do func()) (complete bool, err error) {
	s.judging = true
	defer func() {
		s.judging = false
		r := recover()
		if r == nil {
			return
		}
		if _, reload := r.(missing); !reload {
			err = &bugError{r}
			return
		}
		s.undoTo(mark)
	}()
	do()
	return true, nil
}

// judge takes one entry: into an open submission, or into effect.
func (s *state) judge(e *Entry) {
	s.current = e
	s.checkOpen(e.On)
	if s.cover != nil {
		s.coverEntry(e)
		return
	}
	if spec := kinds[e.Kind]; spec.TwoPersons {
		s.refuse("kind", "two_persons", "“"+spec.Zh+"”须放入提交，由第二人审批后生效", string(e.Kind)+" needs a second person: post it in a submission")
		return
	}
	s.effect(e)
}

// checkOpen refuses business days in closed months (已结账期间).
func (s *state) checkOpen(on Date) {
	if c := s.closed(); c != nil && on.Month() <= c.Period {
		s.refuse("on", "closed_period", c.Period+" 及以前已结账，业务日期须在其后", "months up to "+c.Period+" are closed")
	}
}

// checkCome refuses a business day that has not come when the entry is recorded (未来
// 日期). What others published says what it says. A replay asks nothing: an entry that
// stands in the log was not refused.
func (s *state) checkCome(e *Entry) {
	if today := DateOf(e.At); e.On > today && RecordedOf(e.Body) == nil {
		s.refuse("on", "future", "业务日期晚于今天 "+string(today), "is after today, "+string(today))
	}
}

// effect applies an entry's body.
func (s *state) effect(e *Entry) {
	if s.batch != nil && e.Kind != s.batch.line {
		s.refuse("kind", "lines", "批次或名单明细不全", "lines of the batch or register are missing")
		s.batch = nil
	}
	if e.Corrects != None && e.Kind != "entry.reversed" && s.reversal(e.Corrects) == nil {
		s.refuse("corrects", "not_reversed", fmt.Sprintf("第 %d 号分录尚未冲销", e.Corrects), fmt.Sprintf("entry %d has not been reversed", e.Corrects))
	}
	weighed := s.weigh(e)
	e.Body.apply(s, e)
	weighed()
}

// judgeUnit judges entries that are posted together or not at all, and says
// what is wrong with them. When anything is, no trace of them is left.
func (s *state) judgeUnit(entries []*Entry) []Problem {
	mark := len(s.undo)
	s.problems, s.cover, s.batch, s.approvedBy, s.acks, s.heard, s.unit = nil, nil, nil, nil, nil, nil, entries
	for i, e := range entries {
		n := len(s.problems)
		s.index = i
		s.checkCome(e)
		s.judge(e)
		for j := n; j < len(s.problems); j++ {
			s.problems[j].Index = i
		}
		if len(s.problems) >= maxProblems {
			break
		}
	}
	if len(s.problems) == 0 && (s.cover != nil || s.batch != nil) {
		s.refuse("entries", "incomplete", "提交或批次的条数不全", "entries of the submission or batch are missing")
	}
	if len(s.problems) > 0 {
		s.undoTo(mark)
	}
	return s.problems
}

// maxProblems bounds an answer; more than this many mistakes have one cause.
const maxProblems = 1000
