package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts/formula"
)

// Query is the SQL of a sweep with numbered parameters and their values. A value is
// never part of the text.
type Query struct {
	SQL  string
	Args []any
}

// Row is one row that a sweep's query found.
type Row struct {
	// Subject is what it is about, Entries the seqs that show it.
	Subject []string
	Entries []int64
	Value   formula.Value
	Limit   formula.Value
	// Level, if the query gives one, stands in for the rule's; so does Region for
	// the county.
	Level  string
	Region string
	// Reason, if the query gives one, says why this cannot be judged: n<30.
	Reason string
}

// SubjectName is what sentences and the white list call the subject of a row.
const SubjectName = "subject"

// sqlTypes are the types of parameters in SQL.
var sqlTypes = map[formula.Type]string{
	formula.Amount: "numeric", formula.Share: "numeric", formula.Count: "integer", formula.Days: "integer", formula.Workdays: "integer",
	formula.Months: "integer", formula.Text: "text", formula.Texts: "text[]",
}

// Query is the sweep's query for a day and the last entry to be looked at. Without
// a value of a parameter there is none: the rule is not evaluable, for the reason
// that is given. On a day outside of the rule's it is not applicable.
func (c *Compiled) Query(a Act, upto int64) (q Query, state State, reason string) {
	if !holds(c.From, c.To, a.Day) {
		return Query{}, NotApplicable, ""
	}
	in := newInputs(c)
	in.act = a
	var lacking []string
	q = c.number(func(name string) any {
		arg, why := in.argument(name, upto)
		if why != "" {
			lacking = append(lacking, why)
		}
		return arg
	})
	if len(lacking) > 0 {
		slices.Sort(lacking)
		return Query{}, NotEvaluable, strings.Join(lacking, ", ")
	}
	return q, "", ""
}

// Plan is the query without values, for those who check or explain it.
func (c *Compiled) Plan() Query { return c.number(func(string) any { return nil }) }

// number puts numbered parameters with their types into the place of the names.
func (c *Compiled) number(value func(name string) any) (q Query) {
	numbers := map[string]int{}
	q.SQL = placeholderSQL.ReplaceAllStringFunc(c.SQL, func(found string) string {
		before, name, _ := strings.Cut(found, ":")
		n, known := numbers[name]
		if !known {
			n = len(q.Args) + 1
			numbers[name] = n
			q.Args = append(q.Args, value(name))
		}
		return before + "$" + strconv.Itoa(n) + "::" + c.sqlType(name)
	})
	return q
}

func (c *Compiled) sqlType(name string) string {
	switch name {
	case "book":
		return "text"
	case "as_of":
		return "date"
	case "upto":
		return "bigint"
	}
	return sqlTypes[c.Params[name]]
}

// argument is the value of a placeholder. Decimals and days go as text, which
// PostgreSQL reads exactly.
func (in *inputs) argument(name string, upto int64) (arg any, lacking string) {
	switch name {
	case "book":
		return in.act.Book, ""
	case "as_of":
		return in.act.Day.String(), ""
	case "upto":
		return upto, ""
	}
	v := in.param(paramPrefix + name)
	if reason := v.Reason(); reason != "" {
		return nil, reason
	}
	if texts, ok := v.Texts(); ok {
		return texts, ""
	}
	return v.String(), ""
}

// Settings lists the values of the parameters that hold for an act, for people.
func (c *Compiled) Settings(a Act) []formula.Step {
	in := newInputs(c)
	in.act = a
	var all []formula.Step
	for _, p := range c.params {
		if !p.scoped {
			all = append(all, formula.Step{Expression: p.name, Value: in.fact(p.name)})
		}
	}
	return all
}

// found answers for a row what its sentence and the white list ask.
type found struct{ subject formula.Value }

func (f found) Fact(name string) (formula.Value, bool) { return f.subject, name == SubjectName }

// Found is the verdict that a row stands for.
func (c *Compiled) Found(a Act, row Row) (r Result, err error) {
	if len(row.Subject) == 0 && row.Reason == "" {
		return r, fmt.Errorf("sweep %s: a row has no subject", c.Code)
	}
	r = Result{Code: c.Code, Version: c.Version, Handling: c.Handling, Level: c.Level, State: Flag, Subject: row.Subject, Value: row.Value, Limit: row.Limit}
	if row.Reason != "" {
		r.State, r.Reason = NotEvaluable, row.Reason
		return r, nil
	}
	if row.Level != "" {
		if !slices.Contains([]string{"red", "orange", "yellow", "blue"}, row.Level) {
			return r, fmt.Errorf("sweep %s: a row has level %q", c.Code, row.Level)
		}
		r.Level = row.Level
	}
	a.Facts = found{formula.Strings(row.Subject)}
	in := newInputs(c)
	in.act = a
	r.Window = c.window(a.Day)
	r.Fingerprint = Fingerprint(a.Book, c.Code, r.Subject, r.Window)
	r.SuppressedBy = in.exempted()
	said := Say(c.words, c.Said, row.Subject)
	var zh, en []string
	for _, part := range said {
		zh, en = append(zh, part.Zh), append(en, part.En)
	}
	in.said = Names{strings.Join(zh, "、"), strings.Join(en, ", ")}
	r.Message = c.message.fill(in, &r)
	return r, nil
}

// Phrase says a value or limit of a row in words; foreign is the currency of its amounts
// where it is not yuan.
func (s *Sweep) Phrase(text, foreign string) Names {
	words := strings.Fields(text)
	if len(words) == 0 || s.Values[words[0]] == (Names{}) {
		return Names{text, text}
	}
	said := s.Values[words[0]]
	if foreign != "" {
		said = Names{strings.ReplaceAll(said.Zh, "}元", "} "+foreign), strings.ReplaceAll(said.En, "} yuan", "} "+foreign)}
	}
	for i, word := range words[1:] {
		place, word := fmt.Sprintf("{%d}", i+1), formula.Figure(word)
		said.Zh, said.En = strings.ReplaceAll(said.Zh, place, word), strings.ReplaceAll(said.En, place, word)
	}
	return said
}

// Say says the parts of a subject in words, each by the kind of code that it is.
func Say(words map[string]func(code string) Names, kinds, subject []string) []Names {
	said := make([]Names, len(subject))
	for i, part := range subject {
		said[i] = Names{part, part}
		if i < len(kinds) && words[kinds[i]] != nil {
			said[i] = words[kinds[i]](part)
		}
	}
	return said
}
