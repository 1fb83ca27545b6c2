package demo

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
	"yilu/publicity"
	councils "yilu/publicity/workday"
)

// What the county publishes (两个一律) follows from what the story tells: it is told
// last, of every entry that took effect. A few things went wrong, and show:
//
//	village board of GC2020-006   its plan was never posted          P3 missing
//	county page of GC2020-020     its acceptance was never announced P7 missing
//	village board of GC2020-012   its acceptance came a month late   P7 late
//	village of GC2020-009         no statement of the second quarter P6 missing
//	the money of 20 January       announced in March                 P1 late
//	site sign of GC2020-015       taken down after five days         too short
//	village board of GC2020-018   no photograph of its last day      no proof
//	DH2020-YL-03-P1               paid before its list had hung      too early
//	GC2020-003                    a villager objected, and got an answer
//	GC2020-030                    another did, and did not
const (
	neverPosted    = "GC2020-006"
	neverAnnounced = "GC2020-020"
	postedLate     = "GC2020-012"
	noStatement    = "GC2020-009"
	takenDown      = "GC2020-015"
	noPhotograph   = "GC2020-018"
	paidTooEarly   = "DH2020-YL-03-P1"
	objected       = "GC2020-003"
	unanswered     = "GC2020-030"

	lateMoney = ledger.Date("2020-01-20")
)

// told is an entry that took effect, on the day on which it did.
type told struct {
	act
	on ledger.Date
}

// announced is a notice that the story orders: it is composed when it is posted.
type announced struct {
	order publicity.Order
	// about are ids of entries; their numbers are only known then.
	about []string
	// copied is where somebody else published it, "" for one made here, slip how much its
	// total says too much.
	copied string
	slip   ledger.Amount
}

var contacts = ledger.NoticeContacts{Hotline: "12317", Phone: "0374-3560000", Mail: "fupin@example.gov.cn", Address: "襄城县文化路1号（演示）"}

// tellNotices orders a notice for everything that must be public.
func (y *year) tellNotices() {
	p := &publisher{year: y, calendar: councils.StateCouncil(), projects: map[string]*project{}, payments: map[string]string{}, started: map[string]bool{}}
	for _, x := range slices.Concat(y.projects, y.late) {
		p.projects[x.id] = x
	}
	all := y.effective()
	for _, t := range all {
		switch b := t.Body.(type) {
		case *ledger.PaymentRequested:
			p.payments[b.Payment] = b.Project
		case *ledger.GrantRequested:
			p.payments[b.Payment] = b.Project
		case *ledger.WorksStarted:
			p.started[b.Project] = true
		}
	}
	p.money(all)
	p.plans(all)
	p.tenders(all)
	p.statements(all)
	p.fulfilled(all)
	p.acceptances(all)
	p.grants(all)
}

// effective are the entries of the story that took effect and were not taken back.
func (y *year) effective() []told {
	gone := map[string]bool{}
	for _, d := range y.days {
		for _, a := range d.acts {
			if b, ok := a.Body.(*ledger.SubmissionRejected); ok {
				gone[b.Submission] = true
			}
		}
		for _, sub := range d.submissions {
			for _, a := range sub.acts {
				if a.Kind == "entry.reversed" {
					gone[a.corrects] = true
				}
			}
		}
	}
	var all []told
	for _, on := range slices.Sorted(maps.Keys(y.days)) {
		for _, a := range y.days[on].acts {
			if !gone[a.ID] {
				all = append(all, told{a, on})
			}
		}
		for _, sub := range y.days[on].submissions {
			for _, a := range sub.acts {
				if !gone[sub.id] && !gone[a.ID] {
					all = append(all, told{a, workdays(on, 1)})
				}
			}
		}
	}
	return all
}

// publisher orders the notices of the year.
type publisher struct {
	*year
	calendar councils.Calendar
	projects map[string]*project
	// payments are the projects of payments; started the projects whose works began.
	payments map[string]string
	started  map[string]bool
	n        int
}

// announce orders a notice on a day and, for one that hangs, its photographs and its
// end. It returns the notice's id.
func (p *publisher) announce(on ledger.Date, id string, by ledger.By, o publicity.Order, about ...string) string {
	o.Signed, o.Starts, o.Contacts = on, on, contacts
	o.Issuer = cmp.Or(o.Issuer, ledger.DivisionOf(by.Unit).Name)
	a := newAct(on, by, id+".posted", &ledger.NoticePosted{Notice: id})
	a.notice = &announced{order: o, about: about}
	p.day(on).notices = append(p.day(on).notices, a)
	if slices.Contains(about, idPrefix+miscopied) {
		p.copyWrongly(on, id, by, *a.notice)
	}
	return id
}

// hang orders a notice for a board or a site, with the photographs of its first and its
// last day.
func (p *publisher) hang(on ledger.Date, id string, x *project, o publicity.Order, about ...string) {
	by := x.by()
	p.announce(on, id, by, o, about...)
	board := x.placeName + "公示栏"
	if o.Channel == "site" {
		board = x.name + "施工现场"
	}
	photo := strings.Join([]string{x.id, o.Stage, o.Period, about[0][len(idPrefix):]}, " ")
	hung := &ledger.NoticeHung{Notice: id, Board: board, Hanger: ledger.Person{Name: "演示张贴人", Post: "村会计"}, Photo: paper(photo + "张贴照片"), Place: x.place}
	if id == photographed {
		hung.Photo = drawnPhoto().original
		p.releasePhoto(by)
	}
	p.day(on).notices = append(p.day(on).notices, newAct(on, by, id+".hung", hung))
	ends, err := p.calendar.PostingEnd(on, 10, councils.Strict)
	if err != nil {
		panic("demo: " + err.Error()) // a day of the story: a bug
	}
	down := workday(after(ends, 1))
	if down > "2020-12-25" { // it still hangs when the story ends
		return
	}
	if strings.HasSuffix(id, "P4-"+takenDown) {
		down = workday(after(on, 5))
		for _, a := range p.explained("fact", newAct(down, by, id+".ended", &ledger.NoticeEnded{Notice: id, Outcome: "none"}), "D02") {
			p.day(down).notices = append(p.day(down).notices, a)
		}
		return
	}
	if !strings.HasSuffix(id, "P3-"+noPhotograph) {
		last := *hung
		last.End, last.Photo = true, paper(photo+"期满照片")
		p.day(down).notices = append(p.day(down).notices, newAct(down, by, id+".hung2", &last))
	}
	outcome := "none"
	if strings.HasSuffix(id, "P7-"+objected) || strings.HasSuffix(id, "P7-"+unanswered) {
		if strings.HasSuffix(id, unanswered) {
			return // it cannot end before the answer
		}
		outcome = "settled"
	}
	p.day(down).notices = append(p.day(down).notices, newAct(down, by, id+".ended", &ledger.NoticeEnded{Notice: id, Outcome: outcome}))
}

// levelOf is whose board a place's is.
func levelOf(place string) string {
	if strings.HasSuffix(place, "000") {
		return "township"
	}
	return "village"
}

// money announces what came and where it went.
func (p *publisher) money(all []told) {
	documents, allocations := map[ledger.Date][]string{}, map[ledger.Date][]string{}
	for _, t := range all {
		switch b := t.Body.(type) {
		case *ledger.FundReceived, *ledger.FundAdjusted:
			documents[t.on] = append(documents[t.on], t.ID)
		case *ledger.FundAllocated:
			allocations[t.on] = append(allocations[t.on], t.ID)
		case *ledger.FundRecalled:
			if b.Project != "" || b.Unit != "" {
				allocations[t.on] = append(allocations[t.on], t.ID)
			}
		}
	}
	order := publicity.Order{Stage: "P0", Level: "county", Channel: "portal", Issuer: "襄城县财政局（演示）"}
	for _, on := range slices.Sorted(maps.Keys(documents)) {
		p.announce(workdays(on, 2), "GG-P0-"+compact(on), financeMaker, order, documents[on]...)
	}
	order.Stage = "P1"
	for _, on := range slices.Sorted(maps.Keys(allocations)) {
		day := workdays(on, 3)
		if on == lateMoney {
			day = "2020-03-10"
		}
		for part := range slices.Chunk(allocations[on], 25) {
			p.n++
			p.announce(day, "GG-P1-"+compact(on)+"-"+strconv.Itoa(p.n), financeMaker, order, part...)
		}
	}
}

func compact(on ledger.Date) string { return strings.ReplaceAll(string(on), "-", "") }

// plans announces the library and the plan of the year, by township on the county's
// page and by place on the boards, and puts up a sign where works begin.
func (p *publisher) plans(all []told) {
	for _, stage := range []struct {
		code string
		kind ledger.Kind
		on   ledger.Date
	}{{"P2", "project.listed", "2020-01-09"}, {"P3", "project.approved", "2020-01-14"}} {
		type page struct {
			on   ledger.Date
			town string
		}
		towns := map[page][]string{}
		for _, t := range all {
			x := p.projects[projectOf(t.Body)]
			if t.Kind != stage.kind || x == nil {
				continue
			}
			on, sign := stage.on, ledger.Date("2020-02-05")
			if t.on > on { // of the second plan
				on, sign = workdays(t.on, 2), workdays(t.on, 5)
			}
			towns[page{on, x.town.Code}] = append(towns[page{on, x.town.Code}], t.ID)
			if x.id != neverPosted || stage.code != "P3" {
				p.hang(on, "GS-"+stage.code+"-"+x.id, x, publicity.Order{Stage: stage.code, Level: levelOf(x.place), Channel: "board", Issuer: x.unit}, t.ID)
			}
			if stage.code == "P3" && p.started[x.id] {
				p.hang(sign, "GS-P4-"+x.id, x, publicity.Order{Stage: "P4", Level: "unit", Channel: "site", Issuer: x.unit}, t.ID)
			}
		}
		for _, at := range slices.SortedFunc(maps.Keys(towns), func(a, b page) int { return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.town, b.town)) }) {
			p.announce(at.on, "GG-"+stage.code+"-"+at.town+"-"+compact(at.on), reliefMaker, publicity.Order{
				Stage: stage.code, Level: "county", Channel: "portal", Issuer: "襄城县扶贫办（演示）",
				PlaceName: ledger.DivisionOf(string(Book)).Name + ledger.DivisionOf(at.town).Name,
			}, towns[at]...)
		}
	}
}

// projectOf is the project of a listing, an approval or an acceptance.
func projectOf(b ledger.Body) string {
	switch b := b.(type) {
	case *ledger.ProjectListed:
		return b.Project
	case *ledger.ProjectApproved:
		return b.Project
	case *ledger.AcceptancePassed:
		return b.Project
	case *ledger.ContractSigned:
		return b.Project
	case *ledger.GrantRequested:
		return b.Project
	}
	return ""
}

// tenders announces candidates, results and contracts.
func (p *publisher) tenders(all []told) {
	lots := map[string]string{}
	for _, t := range all {
		o := publicity.Order{Stage: "P5c", Level: "unit", Channel: "platform"}
		id, of := "", ""
		switch b := t.Body.(type) {
		case *ledger.TenderAnnounced:
			lots[b.Tender] = b.Project
			continue
		case *ledger.TenderCandidates:
			id, of, o.Stage = "GS-P5b-"+b.Tender, lots[b.Tender], "P5b"
		case *ledger.TenderAwarded:
			id, of = "GG-P5c-"+b.Tender, lots[b.Tender]
		case *ledger.ContractSigned:
			id, of = "GG-P5c-"+b.Contract, b.Project
		}
		if x := p.projects[of]; x != nil {
			o.Issuer = x.unit
			p.announce(workdays(t.on, 1), id, x.by(), o, t.ID)
		}
	}
}

// statements has each village tell after each quarter what was paid.
func (p *publisher) statements(all []told) {
	type quarter struct{ place, period string }
	paid := map[quarter][]string{}
	of := map[string]*project{}
	for _, t := range all {
		b, ok := t.Body.(*ledger.PaymentPaid)
		if !ok {
			continue
		}
		x := p.projects[p.payments[b.Payment]]
		if x == nil {
			continue
		}
		q := quarter{x.place, string(t.on[:4]) + "-Q" + strconv.Itoa((int(t.on[5]-'0')*10+int(t.on[6]-'0')+2)/3)}
		paid[q] = append(paid[q], t.ID)
		if of[x.place] == nil {
			of[x.place] = x
		}
	}
	days := map[string]ledger.Date{"1": "2020-04-03", "2": "2020-07-03", "3": "2020-10-09", "4": "2020-12-25"}
	keys := slices.SortedFunc(maps.Keys(paid), func(a, b quarter) int {
		return cmp.Or(cmp.Compare(a.period, b.period), cmp.Compare(a.place, b.place))
	})
	for _, q := range keys {
		x := of[q.place]
		if x.id == noStatement && strings.HasSuffix(q.period, "Q2") {
			continue
		}
		p.hang(days[q.period[6:]], "GS-P6-"+q.place+"-"+q.period, x, publicity.Order{
			Stage: "P6", Level: levelOf(q.place), Channel: "board", Issuer: x.unit, Period: q.period, Place: q.place, PlaceName: x.placeName,
		}, paid[q]...)
	}
}

// fulfilled has the county and each place tell how the plan of the year was fulfilled, and
// the county that it owes small firms nothing that is overdue.
func (p *publisher) fulfilled(all []told) {
	const on = ledger.Date("2020-12-25")
	var plan []string
	places := map[string][]string{}
	of := map[string]*project{}
	for _, t := range all {
		x := p.projects[projectOf(t.Body)]
		if t.Kind != "project.approved" || x == nil {
			continue
		}
		plan = append(plan, t.ID)
		places[x.place] = append(places[x.place], t.ID)
		if of[x.place] == nil {
			of[x.place] = x
		}
	}
	county := publicity.Order{Stage: "P9", Level: "county", Channel: "portal", Issuer: "襄城县扶贫办（演示）", Period: "2020", Place: string(Book) + "000000", PlaceName: "襄城县"}
	p.announce(on, "GG-P9-2020", reliefMaker, county, plan...)
	county.Stage, county.Issuer = "P11", "襄城县财政局（演示）"
	p.announce(on, "GG-P11-2020", financeMaker, county)
	for _, place := range slices.Sorted(maps.Keys(places)) {
		x := of[place]
		p.hang(on, "GS-P9-"+place, x, publicity.Order{
			Stage: "P9", Level: levelOf(place), Channel: "board", Issuer: x.unit, Period: "2020", Place: place, PlaceName: x.placeName,
		}, places[place]...)
	}
}

// acceptances announces what was built, and has a villager object twice.
func (p *publisher) acceptances(all []told) {
	for _, t := range all {
		b, ok := t.Body.(*ledger.AcceptancePassed)
		if !ok || b.Level == "township" {
			continue
		}
		x := p.projects[b.Project]
		day := workdays(t.on, 4)
		if x.id != neverAnnounced {
			p.announce(day, "GG-P7-"+x.id, reliefMaker, publicity.Order{Stage: "P7", Level: "county", Channel: "portal", Issuer: "襄城县扶贫办（演示）"}, t.ID)
		}
		board := day
		if x.id == postedLate {
			board = workdays(day, 30)
		}
		notice := "GS-P7-" + x.id
		p.hang(board, notice, x, publicity.Order{Stage: "P7", Level: levelOf(x.place), Channel: "board", Issuer: x.unit}, t.ID)
		if x.id == objected || x.id == unanswered {
			p.object(workdays(board, 1), notice, x)
		}
	}
}

// object has a villager write, and the township answer one of them.
func (p *publisher) object(on ledger.Date, notice string, x *project) {
	id := "YJ-" + x.id
	a := newAct(on, ledger.By{Role: ledger.Public, Unit: string(Book), User: "public"}, id+".received", &ledger.ObjectionReceived{
		CodeHash: hashOf([]byte("演示回执" + id)), Notice: notice, Objection: id, Topic: "quality", Track: "general"})
	a.Sealed = map[string]string{"note": "演示：村东头一段没有修到位，请派人看看。"}
	p.day(on).notices = append(p.day(on).notices, a)
	if x.id == unanswered {
		return
	}
	p.day(workdays(on, 3)).notices = append(p.day(workdays(on, 3)).notices, newAct(workdays(on, 3), x.by(), id+".answered", &ledger.ObjectionAnswered{
		Objection: id, Question: "村东头一段是否在工程范围内、是否完工", Answer: "经现场核查，该段在范围内，路肩未清理，施工单位已整改完毕。", Unit: x.unit, Outcome: "partly"}))
}

// grants has the lists of household grants hang before they are paid.
func (p *publisher) grants(all []told) {
	for _, t := range all {
		b, ok := t.Body.(*ledger.GrantRequested)
		if !ok {
			continue
		}
		x := p.projects[b.Project]
		p.hang(workdays(t.on, 1), "GS-P8-"+b.Payment, x, publicity.Order{Stage: "P8", Level: levelOf(x.place), Channel: "board", Issuer: x.unit}, t.ID)
	}
}
