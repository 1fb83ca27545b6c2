package web

import (
	"html/template"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"yilu/ledger"
)

// The inputs of a form follow from the type of an entry's body, member by member:
// a member that is added to a kind has its input. An input is named by where its value
// stands in the entry, such as 0.body.budget.1.amount for the second budget line of the
// first entry, which is also how the ledger says what is wrong.

// input is one field of a form with what was typed, or a group of fields.
type input struct {
	Name  string
	Label string
	// Help explains a term of the field, "" for none.
	Help string
	// Form is how it is asked for; see the constants.
	Form     string
	Value    string
	Errors   []string
	Required bool
	// Options are the words of a choice.
	Options []option
	// Picks names the list of suggestions, such as "fund", "" for none.
	Picks string
	// Upper is the amount in capital numerals, Rest what is left to it (指标余额).
	Upper string
	Rest  []string
	// Parts are the fields of a group, Rows those of a list.
	Parts []*input
	Rows  []*input
	// File is the chosen document, Files what there is to choose from, Uploads whether one
	// may be uploaded.
	File    ledger.File
	Files   []fileGroup
	Uploads bool
}

// The forms of inputs.
const (
	formText    = "text"
	formLong    = "long"
	formAmount  = "amount"
	formDay     = "day"
	formInstant = "instant"
	formCount   = "count"
	formChoice  = "choice"
	formChoices = "choices"
	formCheck   = "check"
	// formLines takes one text a line, formNumbers numbers of entries.
	formLines   = "lines"
	formNumbers = "numbers"
	formGroup   = "group"
	// formFile takes a document: one that is there, or an upload.
	formFile = "file"
	formRows = "rows"
)

// option is a word of a choice.
type option struct {
	Code, Name string
	Selected   bool
}

// Wide says whether the input takes a whole line of the form.
func (i *input) Wide() bool {
	return i.Form == formLong || i.Form == formLines || i.Form == formRows || i.Form == formGroup || i.Form == formChoices
}

// Wrong says whether something is wrong with the input.
func (i *input) Wrong() bool { return len(i.Errors) > 0 }

// Marks ties the input to its help and to what is wrong with it, for those who do not see
// where they stand. Names hold nothing but letters, digits, dots and underscores.
func (i *input) Marks() template.HTMLAttr {
	var by []string
	marks := ""
	if i.Help != "" {
		by = append(by, i.Name+"-help")
	}
	if i.Wrong() {
		by = append(by, i.Name+"-error")
		marks = ` aria-invalid="true"`
	}
	if len(by) > 0 {
		marks += ` aria-describedby="` + strings.Join(by, " ") + `"`
	}
	return template.HTMLAttr(marks)
}

// inputOrder is the order in which officers think of the members of a body; others
// follow by their names.
var inputOrder = []string{
	"payment", "project", "fund", "contract", "tender", "notice", "objection", "asset", "register", "list", "name", "code", "title", "type", "subtype", "nature", "class",
	"matter", "publisher_level", "channel", "place", "place_name", "issuer", "signed", "starts", "ends", "about", "total", "document", "level", "year", "issued", "amount", "estimate", "budget", "payee", "supplier", "bidder", "winner", "auditor",
	"purpose", "stage", "method", "category", "function_code", "economic_code", "invoice", "unit", "from_unit", "department", "responsible",
	"content", "standard", "targets", "linkage", "principle", "uses", "sources", "beneficiaries", "poor", "start", "finish", "deadline", "sale_from", "sale_to",
	"candidates", "reason", "ground", "conclusion", "percent", "value", "board", "hanger", "photo", "position", "question", "answer", "answered_by", "objection_outcome",
}

// unasked are members that the server fills in, or that nobody types.
var unasked = map[string]bool{
	"GrantRequested.lines": true, "GrantRequested.lines_hash": true, "RegisterLoaded.lines": true, "RegisterLoaded.lines_hash": true,
	"GrantLine.line": true, "GrantLine.payment": true, "RegisterPerson.line": true, "RegisterPerson.register": true,
	"RegisterSupplier.line": true, "RegisterSupplier.register": true, "RegisterAccount.line": true, "RegisterAccount.register": true,
	"ObjectionReceived.receipt_hash": true, // hashed from the receipt number, see receiptInput
}

// longTexts are the public texts that need more than a line.
var longTexts = []string{"content", "targets", "linkage", "principle", "conclusion", "question", "answer", "description", "eligibility", "basis", "income", "standard", "remark", "explanation"}

// suggested are the members that name something there may be a list of.
var suggested = map[string]string{"fund": "fund", "project": "project", "contract": "contract", "payment": "payment", "supplier": "party", "payee": "party", "winner": "party", "bidder": "party"}

// member is a field of a struct with its name in JSON.
type member struct {
	name     string
	at       []int
	kind     reflect.Type
	optional bool
}

// membersOf are the members of a struct and of those it embeds, as forms ask for them.
func membersOf(t reflect.Type) []member {
	var all []member
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" || unasked[t.Name()+"."+name] {
			continue
		}
		all = append(all, member{name, f.Index, f.Type, strings.Contains(options, "omitzero")})
	}
	place := func(m member) int {
		if i := slices.Index(inputOrder, m.name); i >= 0 {
			return i
		}
		if m.name == "files" || m.name == "file" {
			return len(inputOrder) + 1
		}
		return len(inputOrder)
	}
	slices.SortStableFunc(all, func(a, b member) int { return place(a) - place(b) })
	return all
}

// formOf is how a member is asked for.
func formOf(of reflect.Type, m member) string {
	coded := wordsOf(of, m) != nil
	t := m.kind
	switch {
	case t == reflect.TypeFor[ledger.Amount]():
		return formAmount
	case t == reflect.TypeFor[ledger.Date]():
		return formDay
	case t == reflect.TypeOf(ledger.Instant(time.Time{})):
		return formInstant
	case t == reflect.TypeFor[ledger.Count](), t == reflect.TypeFor[ledger.Seq]():
		return formCount
	case t.Kind() == reflect.Bool:
		return formCheck
	case t == reflect.TypeFor[ledger.File]():
		return formFile
	case t.Kind() == reflect.Struct:
		return formGroup
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return formRows
	case t.Kind() == reflect.Slice && coded:
		return formChoices
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return formLines
	case t.Kind() == reflect.Slice:
		return formNumbers
	case coded:
		return formChoice
	case slices.Contains(longTexts, m.name):
		return formLong
	}
	return formText
}

// wordsOf are the words that a member may take, nil for any text. Which of them fit a
// notice's head and table the API leaves open.
func wordsOf(of reflect.Type, m member) map[string]ledger.Text {
	switch at := of.Name() + "." + m.name; at {
	case "NoticeContent.columns", "NoticeFact.field":
		return ledger.NoticeFields
	case "NoticeContent.sources":
		return ledger.Levels
	default:
		return codes[at]
	}
}

// asker makes the inputs of a form from what was typed.
type asker struct {
	f      *frame
	values url.Values
	// more are lists that get one row more than was typed.
	more string
}

// inputs are those for the members of a struct, at a place of the form.
func (a *asker) inputs(t reflect.Type, at string) []*input {
	var out []*input
	for _, m := range membersOf(t) {
		out = append(out, a.input(t, m, at+"."+m.name))
	}
	return out
}

func (a *asker) input(of reflect.Type, m member, name string) *input {
	in := &input{Name: name, Label: a.label(of, m.name), Help: a.help(of, m.name), Form: formOf(of, m), Required: !m.optional, Value: a.values.Get(name)}
	switch in.Form {
	case formGroup:
		in.Parts = a.inputs(m.kind, name)
		if !in.Required {
			for _, part := range in.Parts { // needed only if any of them is given
				part.Required = false
			}
		}
	case formFile:
		in.File = chosenFile(a.values, name)
	case formRows:
		n := a.rows(in)
		if m.kind.Elem() == reflect.TypeFor[ledger.File]() {
			in.Rows = a.files(in, max(n, 1)) // one to choose is there without being asked for
			break
		}
		for n := range n {
			row := &input{Name: name + "." + strconv.Itoa(n), Label: a.f.t("desk.row", n+1), Form: formGroup}
			row.Parts = briefly(a.inputs(m.kind.Elem(), row.Name))
			in.Rows = append(in.Rows, row)
		}
	case formChoice, formChoices:
		in.Options = a.options(wordsOf(of, m), a.values[name])
	case formAmount:
		if v, err := typedAmount(in.Value); err == nil && in.Value != "" {
			in.Upper = v.Upper()
		}
	}
	if in.Form == formText {
		in.Picks = suggested[m.name]
		if of == reflect.TypeFor[ledger.Party]() && m.name == "name" {
			in.Picks = "party"
		}
	}
	return in
}

// files are the rows of a list of documents.
func (a *asker) files(in *input, n int) []*input {
	var rows []*input
	for i := range n {
		name := in.Name + "." + strconv.Itoa(i)
		rows = append(rows, &input{Name: name, Label: a.f.t("desk.row", i+1), Form: formFile, File: chosenFile(a.values, name)})
	}
	return rows
}

// briefly leaves out the help of inputs that stand in rows: it would stand there many
// times.
func briefly(all []*input) []*input {
	for _, in := range all {
		in.Help = ""
		briefly(in.Parts)
	}
	return all
}

// rows is how many rows of a list are shown.
func (a *asker) rows(in *input) int {
	n := rowsTyped(a.values, in.Name)
	if a.more == in.Name || n == 0 && in.Required {
		n++
	}
	return n
}

// rowsTyped is one more than the last row of a list of which anything was sent.
func rowsTyped(values url.Values, at string) int {
	n := 0
	for name := range values {
		rest, ok := strings.CutPrefix(name, at+".")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, ".")
		if i, ok := smallNumber(number); ok && i < mostRows {
			n = max(n, i+1)
		}
	}
	return n
}

// mostRows bounds the rows of one list of a form; more come as a sheet.
const mostRows = 200

func (a *asker) options(words map[string]ledger.Text, chosen []string) []option {
	var out []option
	for _, word := range sortedWords(words) {
		code := word.(string)
		out = append(out, option{code, a.f.lang.pick(words[code]), slices.Contains(chosen, code)})
	}
	return out
}

// label names a member: as this type's, or as any's.
func (a *asker) label(of reflect.Type, name string) string {
	if own := "form." + strings.ToLower(of.Name()) + "." + name; a.f.site.locales[a.f.lang].has(own) {
		return a.f.t(own)
	}
	return a.f.t("field." + name)
}

// help explains a member where there is something to explain.
func (a *asker) help(of reflect.Type, name string) string {
	for _, key := range []string{"help." + strings.ToLower(of.Name()) + "." + name, "help." + name} {
		if a.f.site.locales[a.f.lang].has(key) {
			return a.f.t(key)
		}
	}
	return ""
}

// find returns the input with a name, or the one that the name lies in.
func find(all []*input, name string) *input {
	var found *input
	for _, in := range all {
		if in.Name == name {
			return in
		}
		if strings.HasPrefix(name, in.Name+".") {
			if deeper := find(slices.Concat(in.Parts, in.Rows), name); deeper != nil {
				return deeper
			}
			found = in
		}
	}
	return found
}

// firstIn is the input to go to for what is wrong with a group.
func firstIn(in *input) *input {
	for in.Form == formGroup && len(in.Parts) > 0 {
		in = in.Parts[0]
	}
	return in
}
