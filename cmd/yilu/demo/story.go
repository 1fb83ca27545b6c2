package demo

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/emmansun/gmsm/sm3"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// Book is the county the demonstration is about: 襄城县.
const Book ledger.Book = "411025"

// idPrefix begins the id of every entry of the demonstration.
const idPrefix = "demo."

// act is a draft of the story. What only the book knows is named by id here and
// looked up when the act is posted: the seq of the entry it corrects, and the
// hash of the content it approves.
type act struct {
	ledger.Draft
	corrects string
	// notice is what its body is composed of when it is posted, nil for all else.
	notice *announced
	// shows is the id of the entry that names the photograph which it releases, "" for
	// all else.
	shows string
}

// submission is a set of drafts of one maker that a second person decides. With
// a form it comes as a sheet: the drafts and their ids are then made by its
// import, and so is the submission's id in the book.
type submission struct {
	id, title string
	form      *sheet.Form
	// hash is the sheet's, once it is written.
	hash string
	acts []act
}

// day is what happens on one business day: acts that stand for themselves, the
// second persons' decisions among them, then what is handed in for approval.
//
// Notices are the first thing of a day: they tell what the book said the evening before.
type day struct {
	notices     []act
	acts        []act
	submissions []*submission
	// tried are acts that a rule refuses, at the end of the day.
	tried [][]act
}

// story is the year as it is told: days in any order, acts of a day in the order
// in which they are added.
type story struct {
	days map[ledger.Date]*day
	rand *rand.Rand
}

func newStory() *story {
	return &story{days: map[ledger.Date]*day{}, rand: rand.New(rand.NewPCG(2020, 411025))}
}

func (s *story) day(on ledger.Date) *day {
	if !isWorkday(on) {
		panic("demo: nobody works on " + string(on)) // a bug of the story
	}
	if s.days[on] == nil {
		s.days[on] = &day{}
	}
	return s.days[on]
}

// newAct makes a draft of the story; the kind follows from the body.
func newAct(on ledger.Date, by ledger.By, id string, body ledger.Body) act {
	return act{Draft: ledger.Draft{ID: idPrefix + id, Kind: kinds()[reflect.TypeOf(body)], On: on, By: by, Corrects: ledger.None, Body: body}}
}

// kinds finds the kind of a body by its type.
var kinds = sync.OnceValue(func() map[reflect.Type]ledger.Kind {
	m := map[reflect.Type]ledger.Kind{}
	for _, spec := range ledger.Kinds() {
		m[reflect.TypeOf(ledger.NewBody(spec.Kind))] = spec.Kind
	}
	return m
})

// post lets one person do one thing.
func (s *story) post(on ledger.Date, by ledger.By, id string, body ledger.Body) {
	s.add(newAct(on, by, id, body))
}

// add adds acts of one day.
func (s *story) add(acts ...act) {
	d := s.day(acts[0].On)
	d.acts = append(d.acts, acts...)
}

// submit hands in acts of one maker on one day under one subject; what is
// handed in under the same subject goes together. It is approved on the next
// working day.
func (s *story) submit(subject, title string, acts ...act) {
	sub, first := s.handIn(subject, title, acts...)
	if first {
		on := workdays(acts[0].On, 1)
		s.post(on, secondOf(acts[0].By), sub.id[len(idPrefix):]+".ok", &ledger.SubmissionApproved{Submission: sub.id})
	}
}

// reject hands in acts that the second person sends back.
func (s *story) reject(subject, title, reason string, acts ...act) {
	sub, _ := s.handIn(subject, title, acts...)
	on := workdays(acts[0].On, 1)
	s.post(on, secondOf(acts[0].By), sub.id[len(idPrefix):]+".no", &ledger.SubmissionRejected{Submission: sub.id, Reason: reason})
}

// handIn adds acts to the day's submission of a subject and maker, and says
// whether they are its first.
func (s *story) handIn(subject, title string, acts ...act) (*submission, bool) {
	on, by := acts[0].On, acts[0].By
	id := idPrefix + strings.ReplaceAll(string(on), "-", "") + "." + subject + "." + by.User
	d := s.day(on)
	for _, sub := range d.submissions {
		if sub.id == id {
			sub.acts = append(sub.acts, acts...)
			return sub, false
		}
	}
	kind, _, _ := strings.Cut(subject, ".")
	sub := &submission{id: id, title: "演示数据-" + title, form: forms[kind], acts: acts}
	d.submissions = append(d.submissions, sub)
	return sub, true
}

// try has somebody try on a day what a rule refuses, if it is in force.
func (y *year) try(on ledger.Date, code string, acts ...act) {
	if y.rules[code] > 0 {
		d := y.day(on)
		d.tried = append(d.tried, acts)
	}
}

// step is one unit that Load posts: the acts of a day, or one submission.
type step struct {
	// id is an entry's of the unit: if it is in the book, the unit is. Of a sheet
	// it is not in the book.
	id         string
	acts       []act
	submission *submission
	// tried says that the acts are refused, and of them the book has a warning alone.
	tried bool
}

// steps tells the story in order.
func (s *story) steps() []step {
	var out []step
	for _, on := range slices.Sorted(maps.Keys(s.days)) {
		d := s.days[on]
		if len(d.notices) > 0 {
			out = append(out, step{id: d.notices[0].ID, acts: d.notices})
		}
		if len(d.acts) > 0 {
			// Decisions come first: what they allow is done on the same day.
			acts := slices.Clone(d.acts)
			slices.SortStableFunc(acts, func(a, b act) int { return cmp.Compare(rank(a.Kind), rank(b.Kind)) })
			out = append(out, step{id: acts[0].ID, acts: acts})
		}
		for _, sub := range d.submissions {
			out = append(out, step{id: sub.id, acts: sub.acts, submission: sub})
		}
		for _, acts := range d.tried {
			out = append(out, step{id: acts[0].ID, acts: acts, tried: true})
		}
	}
	return out
}

// rank puts the morning's decisions before the day's work.
func rank(k ledger.Kind) int {
	switch k {
	case "submission.approved", "submission.rejected", "payment.approved", "payment.rejected":
		return 0
	}
	return 1
}

// between is a number from low to high, both included.
func (s *story) between(low, high int) int { return low + s.rand.IntN(high-low+1) }

func pick[T any](s *story, from []T) T { return from[s.rand.IntN(len(from))] }

// share is a×n÷of, cut to whole 分.
func share(a ledger.Amount, n, of int64) ledger.Amount {
	return ledger.Amount(int64(a)/of*n + int64(a)%of*n/of)
}

// wan is n 万元.
func wan(n int64) ledger.Amount { return ledger.Amount(n * 1_000_000) }

// yuan is n 元.
func yuan(n int64) ledger.Amount { return ledger.Amount(n * 100) }

// paper is a file of the demonstration: its bytes are its name, so that its hash
// is fixed and nobody mistakes it for a real one.
func paper(name string) ledger.File {
	return fileOf("演示-"+name, []byte("演示文件 "+name))
}

func national(content []byte) string {
	sum := sm3.Sum(content)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return base64.StdEncoding.EncodeToString(sum[:])
}
