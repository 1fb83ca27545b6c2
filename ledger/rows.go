package ledger

import "strconv"

// The rows of the projections. Each is what the entries say so far; all can be
// dropped and rebuilt. Amounts are 分.

// Fund is one line of a fund document (指标) and where its money is. Always
// Received = InHand + Allocated + Paid + Returned; the table checks it.
type Fund struct {
	Fund         string `db:"fund" json:"fund"`
	Document     string `db:"document" json:"document"`
	Name         string `db:"name" json:"name"`
	Level        string `db:"level" json:"level"`
	Year         string `db:"year" json:"year"`
	FunctionCode string `db:"function_code" json:"function_code"`
	Principle    string `db:"principle" json:"principle"`
	Issued       Date   `db:"issued" json:"issued"`
	// Received is what came, with adjustments; Allocated what projects and units
	// hold unpaid; Returned what went back to its source.
	Received  Amount `db:"received" json:"received"`
	InHand    Amount `db:"in_hand" json:"in_hand"`
	Allocated Amount `db:"allocated" json:"allocated_unpaid"`
	Paid      Amount `db:"paid" json:"paid"`
	Returned  Amount `db:"returned" json:"returned"`
	Seq       Seq    `db:"seq" json:"seq"`
}

func (r Fund) key() string { return r.Fund }

// Project is a project (项目) with its state and its money, as readers see it.
type Project struct {
	ProjectFacts
	Total
}

// ProjectFacts is what a project is and how far it has come.
type ProjectFacts struct {
	Project       string `db:"project" json:"project"`
	State         string `db:"state" json:"state"`
	Name          string `db:"name" json:"name"`
	Type          string `db:"type" json:"type"`
	Subtype       string `db:"subtype" json:"subtype"`
	Place         string `db:"place" json:"place"`
	PlaceName     string `db:"place_name" json:"place_name"`
	Content       string `db:"content" json:"content"`
	Unit          string `db:"unit" json:"unit"`
	Responsible   string `db:"responsible" json:"responsible"`
	Document      string `db:"document" json:"document"`
	Start         Date   `db:"start_day" json:"start"`
	Finish        Date   `db:"finish_day" json:"finish"`
	Targets       string `db:"targets" json:"targets"`
	Linkage       string `db:"linkage" json:"linkage"`
	Beneficiaries int64  `db:"beneficiaries" json:"beneficiaries"`
	Listed        Seq    `db:"listed_seq" json:"listed_seq"`
	Approved      Seq    `db:"approved_seq" json:"approved_seq"`
	Trail         trail  `db:"trail" json:"-"`
	// Exempted is the entry by which it need not be tendered, or None.
	Exempted Seq `db:"exempted_seq" json:"exempted_seq"`
}

func (r ProjectFacts) key() string { return r.Project }

// Changes are the changes of a project that stand, oldest first, each with what the
// project was before: see changeTrail.
type Changes struct {
	Project string      `db:"project" json:"project"`
	Trail   changeTrail `db:"trail" json:"-"`
}

func (r Changes) key() string { return r.Project }

// Total is a project's money. It stands apart from the project's many words
// since every payment changes it.
type Total struct {
	Of string `db:"project" json:"-"`
	// Budget is approved, Allocated given net of recalls, Requested under way,
	// Paid net of returns, Contracts the sum of contracts with amendments.
	Budget    Amount `db:"budget" json:"budget"`
	Allocated Amount `db:"allocated" json:"allocated"`
	Requested Amount `db:"requested" json:"requested"`
	Paid      Amount `db:"paid" json:"paid"`
	Contracts Amount `db:"contracts" json:"contracts"`
}

func (r Total) key() string { return r.Of }

// Quota is one fund's money in one project (项目指标).
type Quota struct {
	Quota     string `db:"quota" json:"-"`
	Project   string `db:"project" json:"project"`
	Fund      string `db:"fund" json:"fund"`
	Budget    Amount `db:"budget" json:"budget"`
	Allocated Amount `db:"allocated" json:"allocated"`
	Requested Amount `db:"requested" json:"requested"`
	Paid      Amount `db:"paid" json:"paid"`
}

func (r Quota) key() string { return r.Quota }

// Available is what can still be requested.
func (r Quota) Available() Amount { return r.Allocated - r.Requested - r.Paid }

func quotaKey(project, fund string) string { return project + "/" + fund }

// Account is the balance of one account, the end of every movement.
type Account struct {
	Account string `db:"account" json:"account"`
	Balance Amount `db:"balance" json:"balance"`
}

func (r Account) key() string { return r.Account }

// Names of accounts. Only a source is negative: what it gave.
func sourceAccount(fund string) string           { return "source/" + fund }
func handAccount(fund string) string             { return "hand/" + fund }
func unitAccount(unit, fund string) string       { return "unit/" + unit + "/" + fund }
func projectAccount(project, fund string) string { return "project/" + project + "/" + fund }
func payeeAccount(payee string) string           { return "payee/" + payee }

// Tender is one lot (标段) and its result.
type Tender struct {
	Tender     string `db:"tender" json:"tender"`
	Project    string `db:"project" json:"project"`
	State      string `db:"state" json:"state"`
	Name       string `db:"name" json:"name"`
	Method     string `db:"method" json:"method"`
	Category   string `db:"category" json:"category"`
	Estimate   Amount `db:"estimate" json:"estimate"`
	Bids       int64  `db:"bids" json:"bids"`
	Winner     string `db:"winner" json:"winner"`
	WinnerName string `db:"winner_name" json:"winner_name"`
	Price      Amount `db:"price" json:"price"`
	Seq        Seq    `db:"seq" json:"seq"`
	Awarded    Seq    `db:"awarded_seq" json:"awarded_seq"`
	Trail      trail  `db:"trail" json:"-"`
}

func (r Tender) key() string { return r.Tender }

// Bid is one bidder's bid in a tender.
type Bid struct {
	Bid       string `db:"bid" json:"-"`
	Tender    string `db:"tender" json:"tender"`
	Bidder    string `db:"bidder" json:"bidder"`
	Name      string `db:"name" json:"name"`
	Amount    Amount `db:"amount" json:"amount"`
	At        string `db:"at" json:"at"`
	Seq       Seq    `db:"seq" json:"seq"`
	Withdrawn bool   `db:"withdrawn" json:"withdrawn"`
}

func (r Bid) key() string { return r.Bid }

func bidKey(tender, bidder string) string { return tender + "/" + bidder }

// Contract is a contract and what was paid under it.
type Contract struct {
	Contract     string `db:"contract" json:"contract"`
	Project      string `db:"project" json:"project"`
	Tender       string `db:"tender" json:"tender"`
	Name         string `db:"name" json:"name"`
	Supplier     string `db:"supplier" json:"supplier"`
	SupplierName string `db:"supplier_name" json:"supplier_name"`
	On           Date   `db:"on_day" json:"on"`
	// Signed is the first amount, Amount with amendments, Settled the audited
	// price or zero.
	Signed    Amount `db:"signed" json:"signed"`
	Amount    Amount `db:"amount" json:"amount"`
	Settled   Amount `db:"settled" json:"settled"`
	Requested Amount `db:"requested" json:"requested"`
	Paid      Amount `db:"paid" json:"paid"`
	Seq       Seq    `db:"seq" json:"seq"`
	Withdrawn bool   `db:"withdrawn" json:"withdrawn"`
	// Increases is the sum of the amendments that added to it.
	Increases Amount `db:"increases" json:"increases"`
}

func (r Contract) key() string { return r.Contract }

// Limit is the most that may be paid under the contract.
func (r Contract) Limit() Amount {
	if r.Settled != 0 {
		return r.Settled
	}
	return r.Amount
}

// Available is what can still be requested under the contract.
func (r Contract) Available() Amount { return r.Limit() - r.Requested - r.Paid }

// Payment is one payment or one batch of household grants.
type Payment struct {
	Payment   string `db:"payment" json:"payment"`
	State     string `db:"state" json:"state"`
	Project   string `db:"project" json:"project"`
	Fund      string `db:"fund" json:"fund"`
	Contract  string `db:"contract" json:"contract"`
	Payee     string `db:"payee" json:"payee"`
	PayeeName string `db:"payee_name" json:"payee_name"`
	Purpose   string `db:"purpose" json:"purpose"`
	Stage     string `db:"stage" json:"stage"`
	// Lines is the number of household lines, zero for a single payment.
	Lines       int64  `db:"lines" json:"lines"`
	Amount      Amount `db:"amount" json:"amount"`
	Returned    Amount `db:"returned" json:"returned"`
	On          Date   `db:"on_day" json:"on"`
	PaidOn      Date   `db:"paid_on" json:"paid_on"`
	RequestedBy string `db:"requested_by" json:"-"`
	Hash        []byte `db:"hash" json:"hash"`
	Requested   Seq    `db:"requested_seq" json:"requested_seq"`
	Approved    Seq    `db:"approved_seq" json:"approved_seq"`
	Paid        Seq    `db:"paid_seq" json:"paid_seq"`
	// Invoice is the key of the invoice, empty without one.
	Invoice string `db:"invoice" json:"invoice"`
	// InvoiceTotal is the invoice's total as this payment states it.
	InvoiceTotal Amount `db:"invoice_total" json:"invoice_total"`
}

func (r Payment) key() string { return r.Payment }

// Effective says whether the payment counts: asked for, and neither rejected nor
// taken back.
func (r Payment) Effective() bool { return r.State != StateRejected && r.State != StateWithdrawn }

// Payee is whoever gets money: a firm, an office, a private person by token, or
// a batch of grants on its way to its households. Requested is all that was asked
// for and not taken back, paid or not; Paid is net of returns; Payments counts
// requests, whatever became of them.
type Payee struct {
	Payee     string `db:"payee" json:"payee"`
	Name      string `db:"name" json:"name"`
	Payments  int64  `db:"payments" json:"payments"`
	Requested Amount `db:"requested" json:"requested"`
	Paid      Amount `db:"paid" json:"paid"`
	First     Seq    `db:"first_seq" json:"first_seq"`
	// Account is a keyed token of the account that was named last, and AccountOn the day
	// since which it is another than before, empty for the first.
	Account   string `db:"account" json:"-"`
	AccountOn Date   `db:"account_on" json:"-"`
}

func (r Payee) key() string { return r.Payee }

// Line is one household's line of a grant batch, without personal values. It
// counts as paid when its batch is.
type Line struct {
	Key      string `db:"line_key" json:"-"`
	Payment  string `db:"payment" json:"payment"`
	Line     int64  `db:"line" json:"line"`
	Place    string `db:"place" json:"place"`
	Amount   Amount `db:"amount" json:"amount"`
	Returned Amount `db:"returned" json:"returned"`
	// Person is the household's token, empty once erased.
	Person string `db:"person" json:"-"`
	Seq    Seq    `db:"seq" json:"seq"`
	// Account is a keyed token of the account number, empty without one.
	Account string `db:"account" json:"-"`
	// Phone is one of the phone number.
	Phone string `db:"phone" json:"-"`
}

func (r Line) key() string { return r.Key }

func lineKey(payment string, line Count) string {
	return payment + "/" + strconv.FormatInt(int64(line), 10)
}

// Register is one load of a comparison list (比对名单).
type Register struct {
	Register string `db:"register" json:"register"`
	List     string `db:"list" json:"list"`
	Region   string `db:"region" json:"region"`
	Source   string `db:"source" json:"source"`
	Stated   Date   `db:"stated_on" json:"stated"`
	From     Date   `db:"from_day" json:"from"`
	To       Date   `db:"to_day" json:"to"`
	Members  int64  `db:"members" json:"members"`
	Seq      Seq    `db:"seq" json:"seq"`
	// At is the entry by which it took effect.
	At        Seq  `db:"at_seq" json:"at_seq"`
	Withdrawn bool `db:"withdrawn" json:"withdrawn"`
}

func (r Register) key() string { return r.Register }

// Member is one person, firm or account of a load: a key instead of a name or number, and
// what rules compare.
type Member struct {
	Member   string `db:"member" json:"-"`
	Register string `db:"register" json:"register"`
	Line     int64  `db:"line" json:"line"`
	// Who is the key of the person or account, empty once erased, or of the firm.
	Who string `db:"who" json:"-"`
	// Household is the number of the household, or the code of the firm that the person
	// belongs to.
	Household string `db:"household" json:"-"`
	// Class is that of the household, or the measure or policy that the line is of.
	Class string `db:"class" json:"-"`
	Place string `db:"place" json:"place"`
	// From is the day of death, the first day of a ban, a measure or an entitlement, or that
	// of a firm's registration, or the day on which an account was opened; To is the last day.
	From Date `db:"from_day" json:"-"`
	To   Date `db:"to_day" json:"-"`
	Seq  Seq  `db:"seq" json:"seq"`
	// Address is that of a firm, empty if not stated.
	Address string `db:"address" json:"-"`
	// Branch opened the account, as the one of this number.
	Branch string `db:"branch" json:"-"`
	Serial int64  `db:"serial" json:"-"`
}

func (r Member) key() string { return r.Member }

// Submission is a set of entries waiting for, or decided by, a second person.
type Submission struct {
	Submission  string `db:"submission" json:"submission"`
	State       string `db:"state" json:"state"`
	Maker       string `db:"maker" json:"maker"`
	Decider     string `db:"decider" json:"decider"`
	Title       string `db:"title" json:"title"`
	Form        string `db:"form" json:"form"`
	File        string `db:"file" json:"file"`
	ContentHash string `db:"content_hash" json:"content_hash"`
	On          Date   `db:"on_day" json:"on"`
	Seq         Seq    `db:"seq" json:"seq"`
	First       Seq    `db:"first_seq" json:"first_seq"`
	Last        Seq    `db:"last_seq" json:"last_seq"`
	Decided     Seq    `db:"decided_seq" json:"decided_seq"`
	AfterFact   bool   `db:"after_fact" json:"after_fact,omitzero"`
}

func (r Submission) key() string { return r.Submission }

// Reversal says which entry took back the effect of which.
type Reversal struct {
	Key    string `db:"target_key" json:"-"`
	Target Seq    `db:"target" json:"target"`
	By     Seq    `db:"by_seq" json:"by"`
}

func (r Reversal) key() string { return r.Key }

func seqKey(q Seq) string { return strconv.FormatInt(int64(q), 10) }

// Closed is the last closed month of the book.
type Closed struct {
	Key    string `db:"closed_key" json:"-"`
	Period string `db:"period" json:"period"`
	Seq    Seq    `db:"seq" json:"seq"`
}

func (r Closed) key() string { return r.Key }

const closedKey = "closed"

// Leg is one side of one movement: an account's change and its balance after.
// Legs of one movement add up to zero.
type Leg struct {
	Account string `db:"account" json:"account"`
	// At is the entry at which the movement took effect, Entry the one it stands
	// in; they differ for entries that a second person approved later.
	At      Seq    `db:"at_seq" json:"at_seq"`
	Entry   Seq    `db:"entry_seq" json:"entry_seq"`
	Fund    string `db:"fund" json:"fund"`
	On      Date   `db:"on_day" json:"on"`
	Amount  Amount `db:"amount" json:"amount"`
	Balance Amount `db:"balance" json:"balance"`
}

// turnover is the net change of an account on a business day.
type turnover struct {
	Account string `db:"account"`
	On      Date   `db:"on_day"`
	Amount  Amount `db:"amount"`
}

// eventKey is what events of one kind in one project have in common.
func eventKey(project string, k Kind) string { return project + "/" + string(k) }

// Event is one line of a project's timeline.
type Event struct {
	Project string `db:"project" json:"project"`
	At      Seq    `db:"at_seq" json:"at_seq"`
	Entry   Seq    `db:"entry_seq" json:"entry_seq"`
	Kind    Kind   `db:"kind" json:"kind"`
	On      Date   `db:"on_day" json:"on"`
	Amount  Amount `db:"amount" json:"amount"`
}
