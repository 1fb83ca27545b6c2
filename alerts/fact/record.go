package fact

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/alerts/formula"
	"yilu/ledger"
)

// Records of published processes (process.*) have the facts of a tender, its bids, its
// award and its contract under the names they have in the county's own book, as far as
// publishers tell them: the same rules judge both. What was not told is missing, and
// what cannot be compared says why:
//
//	currency  an amount was told in another currency than the book's
//	zone      a time was told without its offset
//	lot       it is not told which lot an award, or a bid of several, is for
//	status    a bid or an award has a status that is on no list
//	many      a process has more objects than are looked at
//	shared    an award has several contracts, or more suppliers than the contract, so that
//	          no one of them is its price
//
// One lot is one tender: only its own bids are compared, one a bidder, valid ones only.

// Living says whether an entry is to be judged: what its publisher has cancelled, or
// tells as not decided yet, has no verdict.
func Living(e *ledger.Entry) bool {
	switch b := e.Body.(type) {
	case *ledger.ProcessTender:
		return !slices.Contains([]string{"planning", "planned", "cancelled", "withdrawn"}, b.Status)
	case *ledger.ProcessBid:
		return b.Status != "invited" && b.Status != "withdrawn" // a rejected one came too
	case *ledger.ProcessAward:
		return b.Status == "" || b.Status == "active" || b.Status == "other" // of which nobody knows, as lot and restsOn say
	case *ledger.ProcessContract:
		return b.Status != "cancelled" && b.Status != "pending"
	}
	return true
}

// Judged says whether an entry is to be judged in the book as it stands: one that is
// living, and no bid or award of a tender that was cancelled.
func Judged(v ledger.View, e *ledger.Entry) bool {
	if !Living(e) {
		return false
	}
	switch e.Body.(type) {
	case *ledger.ProcessBid, *ledger.ProcessAward:
	default:
		return true
	}
	records, _ := v.Records(ledger.RecordedOf(e.Body).Process)
	all := slices.DeleteFunc(records, func(r ledger.Record) bool { return r.Kind != "process.tender" })
	return len(all) == 0 || slices.ContainsFunc(all, func(r ledger.Record) bool {
		t, ok := v.Entry(r.Seq)
		return !ok || Living(t)
	})
}

// file is what the book holds of the process of an entry: the newest version of each
// object, and the entry itself in the place of its last one.
type file struct {
	tenders   []*ledger.ProcessTender
	bids      []*ledger.ProcessBid
	awards    []*ledger.ProcessAward
	contracts []*ledger.ProcessContract
	payments  []*ledger.ProcessTransaction
	// many is set when not all of it is there.
	many bool
}

// file reads the process of the entry, once.
func (s *subject) file() *file {
	if s.process != nil {
		return s.process
	}
	own := ledger.RecordedOf(s.e.Body)
	records, whole := s.v.Records(own.Process)
	f := &file{many: !whole}
	f.add(s.e.Body)
	for _, r := range records {
		if r.Kind == s.e.Kind && r.Object == own.Object || r.Kind == "process.findings" {
			continue
		}
		if e, ok := s.v.Entry(r.Seq); ok {
			f.add(e.Body)
		}
	}
	s.process = f
	return f
}

func (f *file) add(body ledger.Body) {
	switch b := body.(type) {
	case *ledger.ProcessTender:
		f.tenders = append(f.tenders, b)
	case *ledger.ProcessBid:
		f.bids = append(f.bids, b)
	case *ledger.ProcessAward:
		f.awards = append(f.awards, b)
	case *ledger.ProcessContract:
		f.contracts = append(f.contracts, b)
	case *ledger.ProcessTransaction:
		f.payments = append(f.payments, b)
	}
}

// lot is the object of the tender that the entry is about; why says that it cannot be
// told.
func (s *subject) lot() (object string, why formula.Value, ok bool) {
	f := s.file()
	if f.many {
		return "", formula.Unfit("many"), false
	}
	var named []string
	switch b := s.e.Body.(type) {
	case *ledger.ProcessTender:
		return b.Object, nothing, true
	case *ledger.ProcessBid:
		named = b.Lots
	case *ledger.ProcessAward:
		if b.Status == "other" {
			return "", formula.Unfit("status"), false
		}
		named = b.Lots
	}
	switch {
	case len(named) == 1:
		return named[0], nothing, true
	case len(named) == 0 && len(f.tenders) == 1:
		return f.tenders[0].Object, nothing, true
	case len(named) == 0 && len(f.tenders) == 0:
		return "", nothing, true
	}
	return "", formula.Unfit("lot"), false
}

// told is the tender of the entry's lot.
func (s *subject) told() (t *ledger.ProcessTender, why formula.Value) {
	object, why, ok := s.lot()
	if !ok {
		return nil, why
	}
	for _, t := range s.file().tenders {
		if t.Object == object {
			return t, nothing
		}
	}
	return nil, nothing
}

// restsOn is the award of a contract.
func (s *subject) restsOn() (a *ledger.ProcessAward, why formula.Value, ok bool) {
	b, isContract := s.e.Body.(*ledger.ProcessContract)
	if !isContract || len(b.Awards) != 1 {
		return nil, nothing, false
	}
	for _, a := range s.file().awards {
		if a.Object == b.Awards[0] && a.Status == "other" {
			return nil, formula.Unfit("status"), false
		}
		if a.Object == b.Awards[0] {
			return a, nothing, true
		}
	}
	if s.file().many {
		return nil, formula.Unfit("many"), false
	}
	return nil, nothing, false
}

// keyOf is who a bidder or supplier is, several together as one.
func keyOf(who []ledger.Participant) string {
	var keys []string
	for _, p := range who {
		keys = append(keys, p.Key())
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), " + ")
}

// lotBids are the bids for the entry's lot that came to its opening.
func (s *subject) lotBids() (bids []*ledger.ProcessBid, why formula.Value, ok bool) {
	object, why, ok := s.lot()
	if !ok {
		return nil, why, false
	}
	for _, b := range s.file().bids {
		if b.Status == "invited" || b.Status == "withdrawn" || len(b.Lots) > 0 && !slices.Contains(b.Lots, object) {
			continue
		}
		if b.Status == "other" {
			return nil, formula.Unfit("status"), false
		}
		if len(b.Lots) > 1 || len(b.Lots) == 0 && len(s.file().tenders) > 1 {
			return nil, formula.Unfit("lot"), false // its amount is for more than this lot
		}
		bids = append(bids, b)
	}
	return bids, nothing, len(bids) > 0
}

// recordScreen are the valid bids of the lot, or the rejected ones: the lowest of each
// bidder.
func (s *subject) recordScreen(rejected bool) (in screen, why formula.Value, ok bool) {
	bids, why, ok := s.lotBids()
	if !ok {
		return nil, why, false
	}
	lowest := map[string]int64{}
	for _, b := range bids {
		if (b.Status == "disqualified") != rejected {
			continue
		}
		if b.Foreign != "" {
			return nil, formula.Unfit("currency"), false
		}
		if b.Amount == 0 || len(b.Bidders) == 0 {
			return nil, formula.Unfit("value"), false
		}
		key := keyOf(b.Bidders)
		if old, known := lowest[key]; !known || int64(b.Amount) < old {
			lowest[key] = int64(b.Amount)
		}
	}
	return screenOf(slices.Collect(maps.Values(lowest))), nothing, true
}

// recordBidders is how many bidders have a valid bid for the lot, or a rejected one,
// whether or not its amount is told.
func recordBidders(rejected bool) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		bids, why, ok := s.lotBids()
		if !ok {
			return why
		}
		return bidders(slices.DeleteFunc(slices.Clone(bids), func(b *ledger.ProcessBid) bool { return (b.Status == "disqualified") != rejected }), formula.Unfit("value"))
	}
}

// bidders is how many bidders bids have, or otherwise if one of them names none.
func bidders(bids []*ledger.ProcessBid, otherwise formula.Value) formula.Value {
	who := map[string]bool{}
	for _, b := range bids {
		if len(b.Bidders) == 0 {
			return otherwise
		}
		who[keyOf(b.Bidders)] = true
	}
	return formula.Whole(int64(len(who)))
}

func ofRecordScreen(rejected bool, get func(screen) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		in, why, ok := s.recordScreen(rejected)
		if !ok {
			return why
		}
		return get(in)
	}
}

func ofValid(get func(screen) formula.Value) func(*subject) formula.Value {
	return ofRecordScreen(false, get)
}

func ofTold(get func(*ledger.ProcessTender) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		t, why := s.told()
		if t == nil {
			return why
		}
		return get(t)
	}
}

func ofRestsOn(get func(*ledger.ProcessAward) formula.Value) func(*subject) formula.Value {
	return func(s *subject) formula.Value {
		a, why, ok := s.restsOn()
		if !ok {
			return why
		}
		return get(a)
	}
}

// recorded is an amount as it was told: in the book's currency, or why not.
func recorded(a ledger.Amount, foreign string) formula.Value {
	switch {
	case foreign != "":
		return formula.Unfit("currency")
	case a == 0:
		return nothing
	}
	return yuan(a)
}

// toldAt is a moment as rules compare it.
func toldAt(m ledger.Moment) formula.Value {
	if m == "" {
		return nothing
	}
	at, ok := m.Instant()
	if !ok {
		return formula.Unfit("zone")
	}
	return formula.At(at)
}

func toldDay(m ledger.Moment) formula.Value { return day(m.Day()) }

// recordMethods are the ways of buying in the words of the county's own book. Publishers
// call limited what has several chosen suppliers, and selective what invites those that
// qualified: both are by invitation.
var recordMethods = map[string]string{"open": "open", "selective": "invited", "limited": "invited", "direct": "direct"}

// recordOn is the day that the record itself tells.
func recordOn(s *subject) formula.Value {
	switch b := s.e.Body.(type) {
	case *ledger.ProcessTender:
		return toldDay(b.Opens)
	case *ledger.ProcessBid:
		return toldDay(b.At)
	case *ledger.ProcessAward:
		return toldDay(b.At)
	case *ledger.ProcessContract:
		return toldDay(b.Signed)
	case *ledger.ProcessTransaction:
		return toldDay(b.At)
	}
	return nothing
}

// amountOf is the amount of a record and the currency it is not in.
func amountOf(body ledger.Body) (ledger.Amount, string) {
	switch b := body.(type) {
	case *ledger.ProcessTender:
		return b.Amount, b.Foreign
	case *ledger.ProcessBid:
		return b.Amount, b.Foreign
	case *ledger.ProcessAward:
		return b.Amount, b.Foreign
	case *ledger.ProcessContract:
		return b.Amount, b.Foreign
	case *ledger.ProcessTransaction:
		return b.Amount, b.Foreign
	}
	return 0, ""
}

// recordGone are the members that the version before had and this one has not (来源改删).
func recordGone(s *subject) formula.Value {
	own := ledger.RecordedOf(s.e.Body)
	if own.Version == 1 {
		return formula.String("")
	}
	records, whole := s.v.Records(own.Process)
	i := slices.IndexFunc(records, func(r ledger.Record) bool { return r.Kind == s.e.Kind && r.Object == own.Object })
	if i < 0 && !whole {
		return formula.Unfit("many")
	}
	if i < 0 {
		return nothing
	}
	before, ok := s.v.Entry(records[i].Seq)
	if !ok {
		return nothing
	}
	had, has := members(before.Body), members(s.e.Body)
	if _, foreign := amountOf(s.e.Body); foreign != "" {
		delete(had, "amount")
	}
	delete(had, "foreign_currency")
	maps.DeleteFunc(had, func(name string, _ jsontext.Value) bool { return has[name] != nil })
	return formula.String(strings.Join(slices.Sorted(maps.Keys(had)), ", "))
}

// members are those of a body as its leaf has them.
func members(b ledger.Body) (m map[string]jsontext.Value) {
	text, err := ledger.EncodeBody(b)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		panic(fmt.Errorf("fact: the body of an entry: %w", err)) // a bug: it was decoded from one
	}
	return m
}

// recordNames are what a record calls things and parties.
func recordNames(s *subject) formula.Value {
	var names []string
	add := func(who ...ledger.Participant) {
		for _, p := range who {
			if !p.Person && p.Name != "" {
				names = append(names, p.Name)
			}
		}
	}
	switch b := s.e.Body.(type) {
	case *ledger.ProcessTender:
		if names = append(names, b.Name); b.Name == "" {
			names = nil
		}
		add(b.Buyer)
	case *ledger.ProcessBid:
		add(b.Bidders...)
	case *ledger.ProcessAward:
		add(b.Suppliers...)
	case *ledger.ProcessContract:
		add(b.Suppliers...)
	}
	return formula.Strings(names)
}

// winnerBidAt is when the bid came that won.
func winnerBidAt(s *subject) formula.Value {
	a, ok := s.e.Body.(*ledger.ProcessAward)
	if !ok {
		return nothing
	}
	bids, why, ok := s.lotBids()
	if !ok {
		return why
	}
	var won []*ledger.ProcessBid
	for _, b := range bids {
		if slices.Contains(a.Bids, b.Object) || len(a.Bids) == 0 && len(a.Suppliers) > 0 && keyOf(b.Bidders) == keyOf(a.Suppliers) {
			won = append(won, b)
		}
	}
	if len(won) != 1 {
		return nothing
	}
	return toldAt(won[0].At)
}

// recordSpan is the minutes between the first and the last valid bid.
func recordSpan(s *subject) formula.Value {
	bids, why, ok := s.lotBids()
	if !ok {
		return why
	}
	var all []time.Time
	for _, b := range bids {
		if b.Status == "disqualified" {
			continue
		}
		if b.At == "" {
			return nothing
		}
		at, ok := b.At.Instant()
		if !ok {
			return formula.Unfit("zone")
		}
		all = append(all, at)
	}
	if len(all) == 0 {
		return nothing
	}
	return formula.Whole(int64(slices.MaxFunc(all, time.Time.Compare).Sub(slices.MinFunc(all, time.Time.Compare)) / time.Minute))
}

// awardPrice is the price of a contract's award, if the contract is all of it.
func awardPrice(s *subject) formula.Value {
	a, why, ok := s.restsOn()
	if !ok {
		return why
	}
	for _, k := range s.file().contracts {
		if own := ledger.RecordedOf(s.e.Body).Object; k.Object != own && slices.Contains(k.Awards, a.Object) {
			return formula.Unfit("shared")
		}
	}
	if b, ok := s.e.Body.(*ledger.ProcessContract); ok && len(b.Suppliers) > 0 && len(b.Suppliers) < len(a.Suppliers) {
		return formula.Unfit("shared") // the contracts of the others may still come
	}
	return recorded(a.Amount, a.Foreign)
}

// paidContract is the contract that a transaction pays.
func (s *subject) paidContract() *ledger.ProcessContract {
	b, ok := s.e.Body.(*ledger.ProcessTransaction)
	if !ok {
		return nil
	}
	for _, k := range s.file().contracts {
		if k.Object == b.Of {
			return k
		}
	}
	return nil
}

// recordPaid is what other transactions have paid of the contract.
func recordPaid(s *subject) formula.Value {
	b, ok := s.e.Body.(*ledger.ProcessTransaction)
	if !ok {
		return nothing
	}
	if s.file().many {
		return formula.Unfit("many")
	}
	var sum ledger.Amount
	for _, p := range s.file().payments {
		if p.Of != b.Of || p.Object == b.Object {
			continue
		}
		if p.Foreign != "" {
			return formula.Unfit("currency")
		}
		sum += p.Amount
	}
	return yuan(sum)
}

// recordContract is the id of a contract, unlike that of any other process.
func recordContract(s *subject) formula.Value {
	r := ledger.RecordedOf(s.e.Body)
	switch b := s.e.Body.(type) {
	case *ledger.ProcessContract:
		return formula.String(r.Process + "/" + b.Object)
	case *ledger.ProcessTransaction:
		return formula.String(r.Process + "/" + b.Of)
	}
	return nothing
}
