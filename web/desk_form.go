package web

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
)

// deskForm is a form as it was sent: one entry, or several that are submitted
// together, with everything that was typed.
type deskForm struct {
	// values are the inputs that forms have; see formInput.
	values url.Values
	// draft and version say which draft it is kept as, and in which version that was
	// seen; id makes the entries the same entries when the form is sent twice.
	draft   string
	version int64
	id      string
	// seen is the digest of what the pre-check has shown.
	seen string
}

const (
	// mostEntries bounds the entries of one form; more come as a sheet.
	mostEntries = 20
	// mostInputs bounds what one form may hold.
	mostInputs = 6000
)

var (
	formInput = regexp.MustCompile(`^(title|after_fact|[0-9]{1,2}\.(kind|on|corrects|receipt|(body|sealed|ack|line)\.[A-Za-z0-9_.]{1,80}))$`)
	idInput   = regexp.MustCompile(`\.(fund|project|contract|payment|tender|notice|objection|asset|register|unit|from_unit|code|number|place|function_code|economic_code)$`)
	formID    = regexp.MustCompile(`^[A-Z2-7]{26}$`)
)

// newForm is an empty form for a kind, with what can be known beforehand.
func newForm(kind ledger.Kind, today ledger.Date, prefill url.Values) *deskForm {
	f := &deskForm{values: url.Values{}, draft: newID(), id: newID()}
	f.add(kind, today)
	body := reflect.TypeOf(ledger.NewBody(kind)).Elem()
	for _, m := range membersOf(body) {
		if v := prefill.Get(m.name); v != "" {
			f.values.Set("0.body."+m.name, clip(v, 200))
		}
	}
	if v := prefill.Get("corrects"); isDigits(v) {
		f.values.Set("0.corrects", clip(v, 18))
	}
	return f
}

// sentForm reads a form out of a request.
func sentForm(c *call) (*deskForm, error) {
	sent, err := c.FormParams()
	if err != nil {
		return nil, readError(err)
	}
	f := &deskForm{values: url.Values{}, draft: sent.Get("draft"), id: sent.Get("id"), seen: clip(sent.Get("seen"), 64)}
	f.version, _ = strconv.ParseInt(sent.Get("version"), 10, 64)
	if !formID.MatchString(f.draft) {
		f.draft, f.version = newID(), 0
	}
	if !formID.MatchString(f.id) {
		f.id = newID()
	}
	f.take(sent)
	return f, nil
}

// take keeps the inputs that forms have.
func (f *deskForm) take(sent url.Values) {
	for name, v := range sent {
		if !formInput.MatchString(name) || strings.HasSuffix(name, uploadName) || len(v) > 50 || len(f.values) > mostInputs {
			continue
		}
		for _, text := range v {
			if text = strings.ToValidUTF8(text, ""); idInput.MatchString(name) {
				text = typedID(text)
			}
			f.values.Add(name, text)
		}
	}
}

// entries is how many entries the form has, those without a kind left out.
func (f *deskForm) entries() int {
	n := 0
	for n < mostEntries && f.values.Get(strconv.Itoa(n)+".kind") != "" {
		n++
	}
	return n
}

func (f *deskForm) kind(n int) ledger.Kind {
	return ledger.Kind(f.values.Get(strconv.Itoa(n) + ".kind"))
}

// named are the members by which a kind names what it brings into the book, and how
// such names begin.
var named = map[ledger.Kind][2]string{
	"fund.received": {"fund", "ZB"}, "project.listed": {"project", "XM"}, "tender.announced": {"tender", "BD"}, "contract.signed": {"contract", "HT"},
	"payment.requested": {"payment", "ZF"}, "grant.requested": {"payment", "DF"}, "asset.registered": {"asset", "ZC"}, "notice.posted": {"notice", "GS"},
	"objection.received": {"objection", "YJ"}, "register.loaded": {"register", "MD"},
}

// add puts one more entry of a kind at the end. It takes over what entries of one
// submission have in common.
func (f *deskForm) add(kind ledger.Kind, today ledger.Date) {
	n := f.entries()
	if n == mostEntries {
		return
	}
	at := strconv.Itoa(n)
	f.values.Set(at+".kind", string(kind))
	f.values.Set(at+".on", string(today))
	if n > 0 {
		before := strconv.Itoa(n - 1)
		f.values.Set(at+".on", f.values.Get(before+".on"))
		for _, m := range membersOf(reflect.TypeOf(ledger.NewBody(kind)).Elem()) {
			if slices.Contains([]string{"project", "fund", "contract", "tender", "document"}, m.name) && named[kind][0] != m.name {
				f.values.Set(at+".body."+m.name, f.values.Get(before+".body."+m.name))
			}
		}
	}
	if own, ok := named[kind]; ok {
		f.values.Set(at+".body."+own[0], own[1]+strings.ReplaceAll(string(today), "-", "")+"-"+newID()[:4])
	}
	if kind == "objection.received" {
		f.values.Set(at+".receipt", receiptOf(newID()))
	}
}

// drop takes an entry out.
func (f *deskForm) drop(n int) {
	kept := url.Values{}
	for name, v := range f.values {
		number, rest, dotted := strings.Cut(name, ".")
		at, err := strconv.Atoi(number)
		switch {
		case !dotted || err != nil || at < n:
			kept[name] = v
		case at > n:
			kept[strconv.Itoa(at-1)+"."+rest] = v
		}
	}
	f.values = kept
}

// nth is how inputs name the nth entry of a form.
func nth(n int) string { return strconv.Itoa(n) }

// newID is a random name of 128 bits, in letters and digits.
func newID() string { return rand.Text() }

// unitOfForm is what a form submits: the drafts in the order in which they are posted,
// and where in the form each stands.
type unitOfForm struct {
	drafts []ledger.Draft
	// at names the place of each draft, such as "0", "0.line.3" or "0.ack.P13".
	at     []string
	faults []formFault
	// submission is its id when a second person has to approve it.
	submission string
}

// lineKinds are the kinds of the lines that stand behind a header.
func lineKind(values url.Values, n int, kind ledger.Kind) ledger.Kind {
	switch {
	case kind == "grant.requested":
		return "grant.line"
	case kind == "register.loaded":
		return ledger.MemberKind(values.Get(strconv.Itoa(n) + ".body.list"))
	}
	return ""
}

// unit makes the drafts of a form. Faults are what could not be read; then it is not
// to be posted.
func (f *deskForm) unit(by ledger.By) *unitOfForm {
	u := &unitOfForm{}
	r := &bodyReader{values: f.values}
	two := false
	for n := range f.entries() {
		spec, ok := ledger.SpecOf(f.kind(n))
		if !ok {
			continue
		}
		two = two || spec.TwoPersons
		f.entry(u, r, by, n, spec)
	}
	u.faults = r.faults
	if two && len(u.drafts) > 0 {
		u.submission = "TJ-" + f.id
		made := ledger.SubmissionMade{Submission: u.submission, Title: f.title(), AfterFact: f.values.Get("after_fact") == "1"}
		u.drafts = ledger.Submitted("web-"+f.id, made, u.drafts)
		u.at = append([]string{""}, u.at...)
	}
	return u
}

// title is that of the submission: as typed, or made of what it holds.
func (f *deskForm) title() string {
	if typed := oneLine(f.values.Get("title")); typed != "" {
		return typed
	}
	spec, _ := ledger.SpecOf(f.kind(0))
	if n := f.entries(); n > 1 {
		return fmt.Sprintf("%s等%d条", spec.Zh, n)
	}
	return spec.Zh
}

// entry adds the drafts of one entry: what explains it, itself, and its lines.
func (f *deskForm) entry(u *unitOfForm, r *bodyReader, by ledger.By, n int, spec ledger.Spec) {
	at := strconv.Itoa(n)
	d := ledger.Draft{ID: "web-" + f.id + "-" + at, Kind: spec.Kind, By: by, Corrects: ledger.None, Body: ledger.NewBody(spec.Kind)}
	if d.On = ledger.Date(plainDate(strings.TrimSpace(f.values.Get(at + ".on")))); d.On == "" {
		r.bad(at+".on", "step.required")
	}
	if seq := entrySeqs(f.values.Get(at + ".corrects")); len(seq) == 1 {
		d.Corrects = ledger.Seq(seq[0])
	} else if f.values.Get(at+".corrects") != "" {
		r.bad(at+".corrects", "step.seqs")
	}
	r.fill(reflect.ValueOf(d.Body).Elem(), at+".body")
	d.Sealed = f.sealed(spec, at)
	u.explain(f, by, d, at)
	lines := f.lines(r, by, d, n)
	switch b := d.Body.(type) {
	case *ledger.GrantRequested:
		b.Lines = ledger.Count(len(lines))
	case *ledger.RegisterLoaded:
		b.Lines = ledger.Count(len(lines))
	case *ledger.ObjectionReceived:
		b.CodeHash = hashOfReceipt(f.values.Get(at + ".receipt"))
	}
	u.drafts, u.at = append(u.drafts, d), append(u.at, at)
	for i, line := range lines {
		u.drafts, u.at = append(u.drafts, line), append(u.at, at+".line."+strconv.Itoa(i))
	}
}

// sealed are the personal values that were typed.
func (f *deskForm) sealed(spec ledger.Spec, at string) map[string]string {
	var sealed map[string]string
	for _, name := range spec.Sealed {
		if v := oneLine(f.values.Get(at + ".sealed." + name)); v != "" {
			if sealed == nil {
				sealed = map[string]string{}
			}
			sealed[name] = v
		}
	}
	return sealed
}

// explain adds the answers to warnings that hold an entry, in front of it.
func (u *unitOfForm) explain(f *deskForm, by ledger.By, of ledger.Draft, at string) {
	rules := map[string]bool{}
	for name := range f.values {
		if rest, ok := strings.CutPrefix(name, at+".ack."); ok {
			code, _, _ := strings.Cut(rest, ".")
			rules[code] = true
		}
	}
	for _, code := range slices.Sorted(maps.Keys(rules)) {
		place := at + ".ack." + code
		b := &ledger.AlertAcknowledged{Code: code, Of: of.ID}
		r := &bodyReader{values: f.values}
		r.fill(reflect.ValueOf(b).Elem(), place)
		if b.Ground == "" && b.File == (ledger.File{}) {
			continue // not explained
		}
		b.Code, b.Of = code, of.ID
		d := ledger.Draft{ID: of.ID + "-" + code, Kind: "alert.acknowledged", On: of.On, By: by, Corrects: ledger.None, Body: b}
		if note := oneLine(f.values.Get(place + ".note")); note != "" {
			d.Sealed = map[string]string{"note": note}
		}
		u.drafts, u.at = append(u.drafts, d), append(u.at, place)
	}
}

// lines are those behind the header of a batch or register.
func (f *deskForm) lines(r *bodyReader, by ledger.By, of ledger.Draft, n int) []ledger.Draft {
	kind := lineKind(f.values, n, of.Kind)
	if kind == "" {
		return nil
	}
	spec, _ := ledger.SpecOf(kind)
	place := strconv.Itoa(n) + ".line"
	var out []ledger.Draft
	for i := range r.compact(place) {
		at := place + "." + strconv.Itoa(i)
		d := ledger.Draft{ID: of.ID + "-" + strconv.Itoa(i+1), Kind: kind, On: of.On, By: by, Corrects: ledger.None, Body: ledger.NewBody(kind), Sealed: f.sealed(spec, at)}
		r.fill(reflect.ValueOf(d.Body).Elem(), at+".body")
		switch b := d.Body.(type) {
		case *ledger.GrantLine:
			b.Line, b.Payment = ledger.Count(i+1), of.Body.(*ledger.GrantRequested).Payment
		case *ledger.RegisterPerson:
			b.Line, b.Register = ledger.Count(i+1), of.Body.(*ledger.RegisterLoaded).Register
		case *ledger.RegisterSupplier:
			b.Line, b.Register = ledger.Count(i+1), of.Body.(*ledger.RegisterLoaded).Register
		case *ledger.RegisterAccount:
			b.Line, b.Register = ledger.Count(i+1), of.Body.(*ledger.RegisterLoaded).Register
		}
		out = append(out, d)
	}
	return out
}

// typeEntry writes an entry of the book into a form, to be mended and sent anew. What
// was sealed is not opened: it is typed again.
func (f *deskForm) typeEntry(n int, e *ledger.Entry) {
	at := strconv.Itoa(n)
	f.values.Set(at+".kind", string(e.Kind))
	f.values.Set(at+".on", string(e.On))
	if e.Corrects != ledger.None {
		f.values.Set(at+".corrects", fmt.Sprint(int64(e.Corrects)))
	}
	typeBody(f.values, reflect.ValueOf(e.Body).Elem(), at+".body")
}
