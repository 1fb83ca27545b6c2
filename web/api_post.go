package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"yilu/ledger"
)

// maxEntries is the most entries of one request; more come as a file.
const maxEntries = 1000

// entryRequest is a draft as a program sends it. Who posts is the token's
// business, and what the body may hold its kind's.
type entryRequest struct {
	ID       string            `json:"id,omitzero"`
	Kind     ledger.Kind       `json:"kind"`
	On       ledger.Date       `json:"on"`
	Corrects *int64            `json:"corrects,omitzero"`
	Body     jsontext.Value    `json:"body"`
	Sealed   map[string]string `json:"sealed,omitzero"`
}

// draft decodes the body by its kind, as ledger.DecodeBody does, but with our
// words for what is wrong with it.
func (in *entryRequest) draft(by ledger.By) (ledger.Draft, error) {
	d := ledger.Draft{ID: in.ID, Kind: in.Kind, On: in.On, By: by, Corrects: ledger.None, Sealed: in.Sealed}
	if in.Corrects != nil {
		if *in.Corrects < 0 {
			return d, one("corrects", "须为被更正分录的序号", "want the seq of the corrected entry")
		}
		d.Corrects = ledger.Seq(*in.Corrects)
	}
	if len(in.Body) == 0 {
		return d, one("body", "必填", "is required")
	}
	if d.Body = ledger.NewBody(in.Kind); d.Body == nil {
		return d, one("kind", "没有这种业务类型，见 …/kinds", "there is no such kind, see …/kinds")
	}
	err := decode(in.Body, d.Body)
	if bad, ok := errors.AsType[*ledger.Invalid](err); ok {
		for i, p := range bad.Problems {
			bad.Problems[i].Field = strings.TrimSuffix("body."+p.Field, ".")
		}
	}
	return d, err
}

// drafts decodes several entries and names everything wrong with all of them.
func drafts(in []entryRequest, by ledger.By) ([]ledger.Draft, error) {
	if len(in) == 0 || len(in) > maxEntries {
		return nil, one("entries", fmt.Sprintf("须有1–%d条", maxEntries), fmt.Sprintf("want 1 to %d entries", maxEntries))
	}
	out := make([]ledger.Draft, len(in))
	wrong := &ledger.Invalid{}
	for i := range in {
		d, err := in[i].draft(by)
		if err != nil {
			bad, ok := err.(*ledger.Invalid)
			if !ok {
				return nil, err
			}
			for _, p := range bad.Problems {
				p.Index = i
				wrong.Problems = append(wrong.Problems, p)
			}
		}
		out[i] = d
	}
	if len(wrong.Problems) > 0 {
		return nil, wrong
	}
	return out, nil
}

// idempotencyKey is the id in the header Idempotency-Key, with or without the
// quotes of RFC 9651, and must not differ from the id in the body.
func (c *call) idempotencyKey(id string) (string, error) {
	key := c.Request().Header.Get("Idempotency-Key")
	if n := len(key); n >= 2 && key[0] == '"' && key[n-1] == '"' {
		key = key[1 : n-1]
	}
	switch {
	case key == "":
		return id, nil
	case id == "" || id == key:
		return key, nil
	}
	return "", one("id", "与 Idempotency-Key 不一致", "differs from Idempotency-Key")
}

// postEntry posts one entry. It is the hot path: between the socket and
// ledger.Post nothing waits for the database.
func (s *server) postEntry(c *call) error {
	var in entryRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	id, err := c.idempotencyKey(in.ID)
	if err != nil {
		return err
	}
	in.ID = id
	d, err := in.draft(c.who.by())
	if err != nil {
		return err
	}
	return s.postOne(c, d)
}

// postOne posts a draft and answers with its receipt.
func (s *server) postOne(c *call, d ledger.Draft) error {
	r, err := s.post(c, d)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", s.BasePath+"/api/v1/books/"+string(c.book)+"/entries/"+strconv.FormatInt(int64(r[0].Seq), 10))
	return c.write(created(r), r[0])
}

// post posts drafts and takes the time that their caller waits.
func (s *server) post(c *call, ds ...ledger.Draft) ([]ledger.Receipt, error) {
	if err := s.mayTouch(c, ds); err != nil {
		return nil, err
	}
	began := s.Now()
	r, err := s.ledger.Post(c.ctx(), c.book, ds...)
	s.Metrics.posted(c.book, s.Now().Sub(began), err)
	s.keepAttempt(c, err, ds)
	return r, err
}

// created is 201 for entries that are new, 200 when all were posted before: a
// client that sends again after a fault learns which it was.
func created(r []ledger.Receipt) int {
	if slices.ContainsFunc(r, func(r ledger.Receipt) bool { return !r.Repeated }) {
		return http.StatusCreated
	}
	return http.StatusOK
}

// unitRequest is entries that depend on each other, such as a grant batch and
// its lines.
type unitRequest struct {
	Entries []entryRequest `json:"entries"`
}

// receipts answers for several entries, in their order.
type receipts struct {
	Receipts []ledger.Receipt `json:"receipts"`
}

// unit takes entries together or not at all, by post.
func (s *server) unit(post func(*call, ...ledger.Draft) ([]ledger.Receipt, error)) func(*call) error {
	return func(c *call) error {
		var in unitRequest
		if err := c.decode(&in); err != nil {
			return err
		}
		ds, err := drafts(in.Entries, c.who.by())
		if err != nil {
			return err
		}
		r, err := post(c, ds...)
		if err != nil {
			return err
		}
		return c.write(created(r), receipts{r})
	}
}

// submissionRequest is entries that take effect when a second person approves
// them. How many they are and their content hash are for the server to say.
type submissionRequest struct {
	Submission string `json:"submission,omitzero"`
	Title      string `json:"title"`
	// AfterFact is that of submission.made.
	AfterFact bool           `json:"after_fact,omitzero"`
	Entries   []entryRequest `json:"entries"`
}

// postSubmission submits entries for a second person's approval. Its entry
// submission.made takes the submission's id, so that sending the submission
// again is seen.
func (s *server) postSubmission(c *call) error {
	var in submissionRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	id, err := c.idempotencyKey(in.Submission)
	if err != nil {
		return err
	}
	ds, err := drafts(in.Entries, c.who.by())
	if err != nil {
		return err
	}
	r, err := s.submit(c, id, ledger.SubmissionMade{Submission: id, Title: in.Title, AfterFact: in.AfterFact}, ds)
	if err != nil {
		return inSubmission(err)
	}
	return c.write(created(r), receipts{r})
}

// submit posts drafts that wait for a second person.
func (s *server) submit(c *call, id string, made ledger.SubmissionMade, ds []ledger.Draft) ([]ledger.Receipt, error) {
	if err := s.mayTouch(c, ds); err != nil {
		return nil, err
	}
	began := s.Now()
	r, err := s.ledger.Submit(c.ctx(), c.book, id, made, ds)
	s.Metrics.posted(c.book, s.Now().Sub(began), err)
	s.keepAttempt(c, err, append(ds[:1:1], ds...)) // submission.made has the same maker
	return r, err
}

// inSubmission counts the problems of a submission by the entries that were
// sent: the ledger counts submission.made as the first. Its own get index -1.
func inSubmission(err error) error {
	switch e := err.(type) {
	case *ledger.Invalid:
		return &ledger.Invalid{Problems: countedFromEntries(e.Problems)}
	case *ledger.Refused:
		return &ledger.Refused{Problems: countedFromEntries(e.Problems)}
	}
	return err
}

// countedFromEntries leaves submission.made out of the count.
func countedFromEntries(ps []ledger.Problem) []ledger.Problem {
	out := slices.Clone(ps)
	for i := range out {
		if out[i].Index--; out[i].Index < 0 {
			out[i].Field = strings.TrimPrefix(out[i].Field, "body.")
		}
	}
	return out
}

// approveRequest binds an approval to what was on the approver's screen.
type approveRequest struct {
	ID string `json:"id,omitzero"`
	// ContentHash is what the approver saw: of the submission, or the payment's
	// hash.
	ContentHash string      `json:"content_hash"`
	On          ledger.Date `json:"on"`
}

// rejectRequest needs no hash: whatever it was, it goes back.
type rejectRequest struct {
	ID     string      `json:"id,omitzero"`
	Reason string      `json:"reason"`
	On     ledger.Date `json:"on"`
}

// approveSubmission, approvePayment and the two that reject spare a client the
// envelope of an entry: the path says what is decided.
func (s *server) approveSubmission(c *call) error {
	return s.approve(c, "submission", func(name, hash string) (ledger.Kind, ledger.Body) {
		return "submission.approved", &ledger.SubmissionApproved{Submission: name, ContentHash: hash}
	})
}

func (s *server) approvePayment(c *call) error {
	return s.approve(c, "payment", func(name, hash string) (ledger.Kind, ledger.Body) {
		return "payment.approved", &ledger.PaymentApproved{Payment: name, Hash: hash}
	})
}

func (s *server) rejectSubmission(c *call) error {
	return s.reject(c, "submission", func(name, reason string) (ledger.Kind, ledger.Body) {
		return "submission.rejected", &ledger.SubmissionRejected{Submission: name, Reason: reason}
	})
}

func (s *server) rejectPayment(c *call) error {
	return s.reject(c, "payment", func(name, reason string) (ledger.Kind, ledger.Body) {
		return "payment.rejected", &ledger.PaymentRejected{Payment: name, Reason: reason}
	})
}

// approve posts the second person's approval of what the path names.
func (s *server) approve(c *call, param string, entry func(name, hash string) (ledger.Kind, ledger.Body)) error {
	var in approveRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	return s.decide(c, param, in.ID, in.On, func(name string) (ledger.Kind, ledger.Body) { return entry(name, in.ContentHash) })
}

// reject posts that what the path names goes back to its maker.
func (s *server) reject(c *call, param string, entry func(name, reason string) (ledger.Kind, ledger.Body)) error {
	var in rejectRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	return s.decide(c, param, in.ID, in.On, func(name string) (ledger.Kind, ledger.Body) { return entry(name, in.Reason) })
}

// decide posts a decision. The day is the caller's, never "today": the same
// request sent again tomorrow must be the same entry.
func (s *server) decide(c *call, param, id string, on ledger.Date, entry func(name string) (ledger.Kind, ledger.Body)) error {
	name, err := c.name(param)
	if err != nil {
		return err
	}
	if id, err = c.idempotencyKey(id); err != nil {
		return err
	}
	kind, body := entry(name)
	return s.postOne(c, ledger.Draft{ID: id, Kind: kind, On: on, By: c.who.by(), Corrects: ledger.None, Body: body})
}

// posted counts a post and how long it took.
func (m *Metrics) posted(book ledger.Book, took time.Duration, err error) {
	outcome := "posted"
	if err != nil {
		outcome = strings.TrimPrefix(problemOf(err).Type, "urn:yilu:problem:")
	}
	m.posts.WithLabelValues(string(book), outcome).Observe(took.Seconds())
}
