package ledger

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit"
	"yilu/audit/proof"
)

// Book is a county's administrative code (县级行政区划代码), six digits, such as
// "411025", or the name of a book of published records, such as "ocds-ua". Every
// table's key begins with it.
type Book string

// Seq is an entry's number in its book: gap-free from 0, in order of commit.
type Seq int64

// None stands for "no entry" where a Seq is optional.
const None Seq = -1

// By says who posts: the person's account, the unit (单位) it acts for, and the
// role it acts in.
type By struct {
	Role Role   `json:"role"`
	Unit string `json:"unit"`
	User string `json:"user"`
}

// Draft is an entry as it is submitted: everything but what the book adds.
type Draft struct {
	// ID is the client's own: kept before sending, unique in the book, and the
	// key to every answer after a failure.
	ID   string
	Kind Kind
	// On is the business day (业务日期).
	On Date
	By By
	// Corrects is the seq of the entry that this one corrects, or None.
	Corrects Seq
	// Body is the typed body of Kind.
	Body Body
	// Sealed holds personal values by field name. Only a commitment to each goes
	// into the public leaf.
	Sealed map[string]string
}

// Entry is one line of the book. It is what Draft became: the book added Seq
// and At. It is the same value in projections, rules and pages.
type Entry struct {
	Draft
	Book Book
	Seq  Seq
	// At is when the server recorded it: UTC, microseconds, never before the
	// entry in front.
	At time.Time
	// Commitments are the sealed fields as the leaf carries them.
	Commitments map[string]audit.Commitment
	// Hash is SHA-256 of the submitted members: what an approver signs off.
	Hash [32]byte
	// LeafHash is the entry's leaf in the public Merkle tree.
	LeafHash proof.Hash
	// Person is the keyed token of the sealed id_number, zero if there is none.
	// It links one person's grants and is never part of the leaf.
	Person audit.Token
	// Account and Phone are those of the sealed account and phone number, likewise.
	Account audit.Token
	Phone   audit.Token
}

// Receipt is the answer to a post: where the entry stands.
type Receipt struct {
	ID       string
	Seq      Seq
	At       time.Time
	Hash     [32]byte
	LeafHash proof.Hash
	// Repeated is set when the same entry had been posted before.
	Repeated bool
}

// Body is the typed content of one kind of entry. Implementations are plain
// structs, one per kind, in the file of their stage.
type Body interface {
	// check names everything wrong that needs no look at the book.
	check(c *checker)
	// touch asks the state for every row that apply will read.
	touch(s *state, e *Entry)
	// apply refuses through s.refuse, or changes the state. It is called with
	// the entry in effect: at once, or when a second person approved it.
	apply(s *state, e *Entry)
}

// reversible is a Body whose effect entry.reversed can take back.
type reversible interface {
	Body
	// revert undoes apply; refusing is allowed (the money has moved on).
	revert(s *state, e *Entry)
}

// MaxText is the longest free text of a public field, in runes.
const MaxText = 2000

// DecodeBody reads the JSON body of a kind strictly: unknown or duplicate
// members, nulls, numbers and trailing data are errors that name the place.
func DecodeBody(kind Kind, raw []byte) (Body, error) {
	spec, ok := kinds[kind]
	if !ok {
		return nil, &Invalid{[]Problem{problem("kind", "没有这种业务类型："+string(kind), "there is no kind "+strconv.Quote(string(kind)))}}
	}
	if bytes.Contains(raw, []byte("null")) && hasNull(raw) {
		return nil, &Invalid{[]Problem{problem("body", "不接受 null，请省略该字段", "null is not accepted, leave the member out")}}
	}
	b := spec.new()
	if err := json.Unmarshal(raw, b, json.RejectUnknownMembers(true)); err != nil {
		return nil, &Invalid{[]Problem{decodeProblem("body", err)}}
	}
	return b, nil
}

func hasNull(raw []byte) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	for {
		t, err := dec.ReadToken()
		if err == io.EOF || err != nil {
			return false
		}
		if t.Kind() == 'n' {
			return true
		}
	}
}

// decodeProblem turns a decoding error into a problem that names its place.
func decodeProblem(at string, err error) Problem {
	field, why := jsontext.Pointer(""), err
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		field = syntax.JSONPointer
	}
	if sem, ok := errors.AsType[*json.SemanticError](err); ok {
		field = sem.JSONPointer
		if sem.Err != nil {
			why = sem.Err
		}
	}
	for tok := range field.Tokens() {
		at += "." + tok
	}
	for known, zh := range map[error]string{
		errAmount:           "金额须为元，无小数或两位小数，如 1234.56",
		errDate:             "日期须形如 2020-03-18，且确有这一天",
		errCount:            "须为整数，写成字符串，如 \"12\"",
		errInstant:          "时间须带时区，如 2020-03-18T09:00:00+08:00",
		errMoment:           "时间须为日期、时间或带时区的时间，如 2020-03-18T09:00:00+08:00",
		json.ErrUnknownName: "没有这个字段",
	} {
		if errors.Is(why, known) {
			return problem(at, zh, known.Error())
		}
	}
	return problem(at, "不是要求的 JSON 格式："+err.Error(), "not the JSON that is wanted: "+err.Error())
}

// EncodeBody writes a body as JSON in the form that DecodeBody reads.
func EncodeBody(b Body) ([]byte, error) { return json.Marshal(b, json.Deterministic(true)) }

// prepared is a draft on its way into the book: everything that can be done
// before the lock.
type prepared struct {
	entry  *Entry
	act    *audit.Prepared
	sealed []audit.PrivateRow
	// known is the state that has all that the entry reads.
	known *state
}

// prepare validates a draft and makes its canonical bytes and commitments. It
// needs no database, so callers do it in parallel before the book's lock.
func (l *Ledger) prepare(book Book, index int, d Draft) (*prepared, error) {
	if ps := checkDraft(d); len(ps) > 0 {
		for i := range ps {
			ps[i].Index = index
		}
		return nil, &Invalid{ps}
	}
	p := &prepared{entry: &Entry{Draft: d, Book: book, Seq: None}}
	if len(d.Sealed) > 0 {
		var err error
		if p.entry.Commitments, p.sealed, err = l.Sealer.Seal(string(book), d.ID, l.fields(d.Sealed), rand.Reader); err != nil {
			return nil, fmt.Errorf("seal entry %s: %w", d.ID, err)
		}
		if n := d.Sealed[fieldIDNumber]; n != "" {
			p.entry.Person = l.Sealer.Token(n)
		}
		for name, value := range d.Sealed {
			p.entry.mark(l.Sealer, name, value)
		}
	}
	act, err := prepareAct(book, d, p.entry.Commitments)
	if m, ok := errors.AsType[*audit.Malformed](err); ok {
		field := strings.ReplaceAll(strings.TrimPrefix(m.Path, "/"), "/", ".")
		return nil, &Invalid{[]Problem{{Index: index, Field: field, Rule: "form", Text: faultOf(m)}}}
	}
	if err != nil {
		return nil, fmt.Errorf("prepare entry %s: %w", d.ID, err)
	}
	p.act, p.entry.Hash = act, act.Hash
	return p, nil
}

// malformed are the rules of the leaf format that a draft can break, as package audit says
// them.
var malformed = map[string]string{
	"a control character":     "含有控制字符",
	"not in Unicode form NFC": "须为 Unicode 规范形式 NFC",
	"not valid UTF-8":         "不是 UTF-8 文字",
}

// faultOf says in both languages what the log does not take.
func faultOf(m *audit.Malformed) Text {
	zh, known := malformed[m.Reason]
	switch {
	case known:
	case m.Path == "": // the whole is too long
		zh = fmt.Sprintf("一条分录最多 %d 字节", proof.MaxAct)
	default:
		zh = m.Reason
	}
	return Text{"内容不能入账：" + zh, m.Reason}
}

// fields lists sealed values in the order of their names; the person is found
// by the ID number.
func (l *Ledger) fields(sealed map[string]string) []audit.Field {
	fields := make([]audit.Field, 0, len(sealed))
	for _, name := range slices.Sorted(maps.Keys(sealed)) {
		f := audit.Field{Name: name, Value: sealed[name]}
		if name == fieldIDNumber {
			f.Person = l.Sealer.Token(f.Value)
		}
		fields = append(fields, f)
	}
	return fields
}

// prepareAct makes the canonical bytes of a draft with given commitments.
func prepareAct(book Book, d Draft, sealed map[string]audit.Commitment) (*audit.Prepared, error) {
	body, err := EncodeBody(d.Body)
	if err != nil {
		return nil, fmt.Errorf("encode body: %w", err)
	}
	act := audit.Act{
		Book: string(book), ID: d.ID, Kind: string(d.Kind), On: string(d.On),
		By:   audit.By{Role: string(d.By.Role), Unit: d.By.Unit, User: d.By.User},
		Body: body, Sealed: sealed,
	}
	if d.Corrects != None {
		act.Corrects = strconv.FormatInt(int64(d.Corrects), 10)
	}
	return audit.Prepare(act)
}

// mark keeps the token that stands for a sealed account or phone number, as a person's
// does for an ID number. No ID number begins with a word, so that none is ever taken for
// another.
func (e *Entry) mark(s *audit.Sealer, field, value string) {
	switch {
	case value == "":
	case field == fieldAccount:
		e.Account = s.Token("account " + value)
	case field == fieldPhone:
		e.Phone = s.Token("phone " + value)
	}
}

// openedFields are the sealed fields that the effect of any kind reads.
var openedFields = func() []string {
	var names []string
	for _, spec := range kinds {
		names = append(names, spec.opened...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}()

// unseal puts into an entry that was read from the log what its effect needs of what
// it seals: the tokens, and the values that its kind opens. What was erased, or cannot
// be opened for want of a sealer, stays unknown; what does not match the leaf is an
// error.
func unseal(sealer *audit.Sealer, e *Entry, r audit.PrivateRow) error {
	if r.Person != (audit.Token{}) {
		e.Person = r.Person
	}
	if sealer == nil || !slices.Contains(kinds[e.Kind].opened, r.Name) {
		return nil
	}
	value, err := sealer.OpenRow(audit.Leaf{Act: audit.Act{Book: string(e.Book), ID: e.ID, Sealed: e.Commitments}}, r)
	if err != nil {
		return err
	}
	if e.Sealed == nil {
		e.Sealed = map[string]string{}
	}
	e.Sealed[r.Name] = value
	e.mark(sealer, r.Name, value)
	return nil
}

// DecodeEntry reads a stored leaf back into an Entry. Sealed values and the
// person token are not in the leaf and stay empty.
func DecodeEntry(leaf []byte) (*Entry, error) {
	l, err := audit.ParseLeaf(leaf)
	if err != nil {
		return nil, err
	}
	e := &Entry{
		Draft: Draft{
			ID: l.ID, Kind: Kind(l.Kind), On: Date(l.On), Corrects: None,
			By: By{Role: Role(l.By.Role), Unit: l.By.Unit, User: l.By.User},
		},
		Book: Book(l.Book), Seq: Seq(l.Seq), At: l.At, Commitments: l.Sealed, Hash: l.Hash,
	}
	if l.Corrects != "" {
		n, err := strconv.ParseInt(l.Corrects, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("entry %d corrects %q: %w", l.Seq, l.Corrects, err)
		}
		e.Corrects = Seq(n)
	}
	if e.Body, err = DecodeBody(e.Kind, l.Body); err != nil {
		return nil, fmt.Errorf("entry %d: %w", l.Seq, err)
	}
	return e, nil
}

// checkDraft names everything wrong with a draft that needs no look at the book.
func checkDraft(d Draft) []Problem {
	c := &checker{}
	c.id("id", d.ID)
	if _, err := ParseDate(string(d.On)); err != nil {
		c.bad("on", "日期须形如 2020-03-18，且确有这一天", "want a day of the calendar such as 2020-03-18")
	}
	spec, ok := kinds[d.Kind]
	if !ok {
		c.bad("kind", "没有这种业务类型："+string(d.Kind), "there is no kind "+strconv.Quote(string(d.Kind)))
		return c.problems
	}
	c.id("by.user", d.By.User)
	c.id("by.unit", d.By.Unit)
	if !slices.Contains(spec.Roles, d.By.Role) {
		c.rule("by.role", "role", fmt.Sprintf("角色 %s 不能办理“%s”", d.By.Role, spec.Zh), fmt.Sprintf("role %q may not post %s", d.By.Role, d.Kind))
	}
	if d.Corrects < None {
		c.bad("corrects", "须为被更正分录的序号", "want the seq of the corrected entry")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Sealed)) {
		if !slices.Contains(spec.Sealed, name) {
			c.bad("sealed."+name, "这种业务没有该保密字段", "this kind has no such sealed field")
		}
		c.sealed(name, d.Sealed[name])
	}
	if reflect.TypeOf(d.Body) != spec.body { // it could never be read back
		c.bad("body", "内容不是这种业务的", "want the body of "+string(d.Kind))
		return c.problems
	}
	c.prefix = "body."
	d.Body.check(c)
	if r, ok := d.Body.(interface {
		checkSealed(*checker, map[string]string)
	}); ok {
		c.prefix = "sealed."
		r.checkSealed(c, d.Sealed)
	}
	return c.problems
}
