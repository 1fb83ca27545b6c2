package rule

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"yilu/alerts/formula"
)

// TestLoadErrors names file, key and what would be right.
func TestLoadErrors(t *testing.T) {
	for _, test := range []struct {
		name string
		old  string
		new  string
		want string
	}{
		{"unknown key", "window: none", "windows: none", "P08.yaml: windows: line 22: unknown key; known are code, version"},
		{"unknown key inside", "{zh: 预付高, en: high advance}", "{zh: 预付高, en: high advance, fr: avance}", "P08.yaml: name.fr: line 6: unknown key; known are zh, en"},
		{"repeated key", "version: 3", "version: 3\nversion: 4", `already defined`},
		{"alias", "{zh: 预付高, en: high advance}", "&n {zh: 预付高, en: high advance}", "without anchor or alias"},
		{"two documents", "code: P08", "---\ncode: P08\n---\ncode: P08", "P08.yaml: want one YAML document, not several"},
		{"code", "code: P08", "code: P8", `P08.yaml: code: "P8": want a letter and two digits`},
		{"other code than the file", "code: P08", "code: P09", "P08.yaml: code: want the name of the file, P08"},
		{"version", "version: 3", "version: 0", "P08.yaml: version: want 1 or more"},
		{"trigger", "kind: event", "kind: cron", `P08.yaml: kind: "cron": want event, deadline or sweep`},
		{"handling", `handling: "A"`, `handling: "X"`, `P08.yaml: handling: "X": want one of B A W N L`},
		{"level", "level: orange", "level: purple", "want one of red orange yellow blue"},
		{"category", "category: 量", "category: 快", "want one of 向 速 量 他"},
		{"stage", "stage: payment", "stage: pay", "P08.yaml: stage: "},
		{"kind of entry", "kinds: [payment.approved]", "kinds: [payment.aproved]", `"payment.aproved" is no kind of entry; known are acceptance.passed`},
		{"no basis", "basis: 财建〔2004〕369号\nformula", "basis: ''\nformula", "P08.yaml: basis: want the law"},
		{"value without basis", `value: "0.30", basis: 财建〔2004〕369号`, `value: "0.30"`, `P08.yaml: params.p: value "0.30" has no basis`},
		{"value not of its type", `value: "0.30"`, `value: "30%"`, "P08.yaml: params.p: value \"30%\": want plain digits"},
		{"value below nothing", `value: "0.30"`, `value: "-0.30"`, "P08.yaml: params.p: value \"-0.30\": want no less than 0"},
		{"unknown fact", "contract.progressed, entry.amount]", "contract.progress, entry.amount]", "contract.progress is not a fact of payment.approved; did you mean contract.progressed?"},
		{"fact not declared", "contract.progressed, entry.amount]", "contract.progressed]", "undeclared reference to 'entry"},
		{"fact not used", "entry.amount]", "entry.amount, entry.on]", "P08.yaml: facts: entry.on is declared and used nowhere"},
		{"parameter not used", "params: {p: share}", "params: {p: share, q: count}", "param.q is declared and used nowhere"},
		{"parameter of no type", "params: {p: share}", "params: {p: money}", "P08.yaml: params.p: want a lower-case name with one of the types"},
		{"default of nothing", "{param: p,", "{param: r,", `P08.yaml: defaults[0].param: "r" is not declared under params`},
		{"subject not declared", "subject: [contract.id]", "subject: [entry.payee]", "entry.payee is used and not declared"},
		{"no subject", "subject: [contract.id]", "subject: []", "P08.yaml: subject: "},
		{"window", "window: none", "window: week", "want one of none day month fiscal_year"},
		{"accusing", "请核实", "涉嫌违规", `P08.yaml: message: it says "违规"`},
		{"accusing in English", "please verify", "this is Fraud", `it says "fraud"`},
		{"accusing name", "high advance", "advance by collusion", `P08.yaml: name: it says "collusion"`},
		{"placeholder", "{limit}元", "{Limit}元", "{Limit} is neither value nor limit nor a declared fact"},
		{"one language", ", en: \"{value} yuan paid before any progress, the limit is {limit} yuan, please verify\"", "", "want a sentence in zh and one in en"},
		{"condition is no bool", `when: "contract.paid + entry.amount > contract.amount * param.p"`, `when: "contract.paid + entry.amount"`, "P08.yaml: when: it is decimal, want [bool]"},
		{"threshold in the formula", "contract.amount * param.p\"\nvalue", "contract.amount * param.p + dec('5.00')\"\nvalue", "P08.yaml: when: 5.00 is a threshold: declare it under params"},
		{"event with a schedule", "window: none", "window: none\nschedule: 0 6 * * 1", "an event rule has kinds and when"},
		{"minimum of no count", "window: none", "window: none\nminimum: {fact: entry.amount, n: 3}", "P08.yaml: minimum.fact: entry.amount is no count"},
		{"scope of nothing", "window: none", "window: none\nscope: contract.kind", "P08.yaml: scope: no parameter has a value by category"},
		{"day", "window: none", "window: none\nfrom: 2018-02-30", "P08.yaml: from: line 23: want a day such as 2020-03-18"},
		{"no number", "version: 3", "version: three", `P08.yaml: version: line 2: "three": want a whole number`},
		{"no list", "kinds: [payment.approved]", "kinds: payment.approved", "P08.yaml: kinds: line 7: want a list: [payment.approved]"},
		{"no text", "level: orange", "level: [orange]", "P08.yaml: level: line 9: want a single value"},
		{"no keys", "params: {p: share}", "params: [p, share]", "P08.yaml: params: line 14: want keys with values"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(Surroundings{}, map[string]string{"P08.yaml": replaced(t, test.old, test.new)})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant %s", err, test.want)
			}
		})
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	_, err := load(Surroundings{}, map[string]string{
		"P08.yaml":      replaced(t, "version: 3", "version: 0", "level: orange", "level: purple", "param.p\"\nvalue", "param.q\"\nvalue"),
		"P09.yaml":      "code: [",
		"P10.yaml":      "colour: red",
		"P11.test.yaml": "not a rule",
		"README.md":     "not a rule",
	})
	if err == nil {
		t.Fatal("it loads")
	}
	for _, want := range []string{"P08.yaml: version", "P08.yaml: level", "P08.yaml: when: ", "P09.yaml: ", "P10.yaml: colour"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "P11") {
		t.Errorf("a test was read as a rule: %v", err)
	}
}

func TestHashIsOfTheExactBytes(t *testing.T) {
	set, err := load(Surroundings{}, map[string]string{"P08.yaml": advance})
	if err != nil {
		t.Fatal(err)
	}
	own := sha256.Sum256([]byte(advance))
	if set.Rules[0].Hash != own || set.Hash != sha256.Sum256(fmt.Appendf(nil, "%x  P08.yaml\n", own)) {
		t.Error("the hash is not that of the file")
	}
	if len(set.At("payment.approved")) != 1 || set.At("works.completed") != nil || set.Rule("P09") != nil {
		t.Error("rules are not found by kind and code")
	}
}

const acceptanceDeadline = `code: V07
version: 1
kind: deadline
stage: acceptance
name: {zh: 验收迟, en: late acceptance}
handling: "W"
level: yellow
category: 速
basis: 投25[a]
formula: {zh: 完工后一定天数内验收, en: acceptance within some days of completion}
facts: [project.id]
params: {t: days}
defaults: [{param: t, value: "60", basis: "[assumed]"}]
subject: [project.id]
message: {zh: "项目{project.id}完工后{param.t}天未见验收,请核实", en: "project {project.id}: no acceptance within {param.t} days of completion, please verify"}
start: works.completed
expect: acceptance.passed
match: [project.id]
within: {param: t, unit: d}
remind: [14d, 3d]
`

func TestDeadline(t *testing.T) {
	set, err := load(Surroundings{}, map[string]string{"V07.yaml": acceptanceDeadline})
	if err != nil {
		t.Fatal(err)
	}
	r := set.At("works.completed")[0].Eval(act(facts{"project.id": formula.String("X1")}))
	if r.State != Flag || r.Message.Zh != "项目X1完工后60天未见验收,请核实" {
		t.Errorf("%+v", r)
	}
	for _, test := range []struct{ old, new, want string }{
		{`handling: "W"`, `handling: "B"`, "never above W"},
		{"expect: acceptance.passed", "expect: acceptance.past", "is no kind of entry"},
		{"unit: d}", "unit: wd}", "with workdays"},
		{"[14d, 3d]", "[2w]", "want days before the end"},
		{"unit: d}", "unit: d, from: project.end}", "project.end is no day of works.completed"},
		{"unit: d}", "unit: d, from: project.id}", "project.id is no day of works.completed"},
		{"match: [project.id]", "match: [project.idd]", "did you mean project.id?"},
		{"match: [project.id]", "match: []", "name the facts that both entries share"},
		{"subject:", "when: 'true'\nsubject:", "a deadline has start"},
	} {
		text := strings.Replace(acceptanceDeadline, test.old, test.new, 1)
		if _, err := load(Surroundings{}, map[string]string{"V07.yaml": text}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.new, err, test.want)
		}
	}
}

// weekdays is a calendar of 2020 and 2021 in which rest days are weekends.
func weekdays(from, to formula.Day) (int, error) {
	n := 0
	for d := from + 1; d <= to; d++ {
		if y := d.Year(); y < 2020 || y > 2021 {
			return 0, formula.YearUnknown(y)
		}
		if w := (int(d) + 4) % 7; w != 0 && w != 6 { // 1970-01-01 was a Thursday
			n++
		}
	}
	return n, nil
}

func TestDue(t *testing.T) {
	for _, test := range []struct{ of, unit, n, from, want string }{
		{"days", "d", "60", "2020-03-02", "2020-05-01"},
		{"days", "d", "5", "2020-03-02", "2020-03-09"}, // Saturday the 7th rolls to Monday
		{"days", "d", "4", "2020-03-02", "2020-03-06"},
		{"workdays", "wd", "5", "2020-03-02", "2020-03-09"},
		{"workdays", "wd", "1", "2020-03-06", "2020-03-09"},
		{"months", "mo", "1", "2020-01-31", "2020-03-02"}, // Saturday, February 29th
		{"months", "mo", "12", "2020-03-02", "2021-03-02"},
		{"days", "d", "60", "2021-12-01", "calendar:2022"},
	} {
		text := strings.NewReplacer("{t: days}", "{t: "+test.of+"}", "unit: d}", "unit: "+test.unit+"}", `value: "60"`, `value: "`+test.n+`"`).Replace(acceptanceDeadline)
		set, err := load(Surroundings{Calendar: weekdays}, map[string]string{"V07.yaml": text})
		if err != nil {
			t.Fatal(err)
		}
		a := act(facts{"project.id": formula.String("X1")})
		a.Day = day(test.from)
		due, reason, err := set.Rules[0].Due(a)
		if got := due.String(); err != nil || got != test.want && reason != test.want {
			t.Errorf("%s %s from %s: %s %s %v, want %s", test.n, test.unit, test.from, got, reason, err, test.want)
		}
	}
	if _, _, err := compileRule(t, Surroundings{}).Due(act(over)); err == nil {
		t.Error("an event rule has a deadline")
	}
}

// TestDueFromAFact counts from a day of the facts, and not from that of the act.
func TestDueFromAFact(t *testing.T) {
	text := strings.NewReplacer("unit: d}", "unit: d, from: project.finish}", "facts: [project.id]", "facts: [project.id, project.finish]").Replace(acceptanceDeadline)
	set, err := load(Surroundings{Calendar: weekdays}, map[string]string{"V07.yaml": text})
	if err != nil {
		t.Fatal(err)
	}
	known := facts{"project.id": formula.String("X1"), "project.finish": formula.On(day("2020-03-02"))}
	for want, f := range map[string]facts{"2020-05-01": known, "field:project.finish": {"project.id": formula.String("X1")}} {
		a := act(f)
		a.Day = day("2020-06-01")
		due, reason, err := set.Rules[0].Due(a)
		if err != nil || due.String() != want && reason != want {
			t.Errorf("%s %s %v, want %s", due, reason, err, want)
		}
	}
	undeclared := strings.Replace(acceptanceDeadline, "unit: d}", "unit: d, from: project.finish}", 1)
	if _, err := load(Surroundings{}, map[string]string{"V07.yaml": undeclared}); err == nil || !strings.Contains(err.Error(), "project.finish is used and not declared") {
		t.Errorf("an undeclared day: %v", err)
	}
}

const idleSweep = `code: A04
version: 1
kind: sweep
stage: fund
name: {zh: 闲置, en: idle share}
handling: "W"
level: yellow
category: 速
basis: 审[a]
formula: {zh: 分配一定月数后未支付的比例, en: share not paid some months after allocation}
params: {p: share, m: months}
defaults:
  - {param: p, value: "0.20", basis: "[assumed]"}
  - {param: m, value: "12", basis: "[assumed]"}
message: {zh: "未支付{value}元,请核实", en: "{value} yuan not paid, please verify"}
schedule: 30 6 * * 1
tz: Asia/Shanghai
catch_up: latest
sql: |
  select fund as subject, entries, idle as value, allocated * :p as limit_value
  from rules_v1.idle where book = :book and on_day <= :as_of and months::int >= :m and seq <= :upto and idle > allocated * :p
`

func TestSweep(t *testing.T) {
	set, err := load(Surroundings{}, map[string]string{"A04.yaml": idleSweep})
	if err != nil {
		t.Fatal(err)
	}
	if set.Rule("A04").Schedule != "30 6 * * 1" {
		t.Error("no schedule")
	}
	for _, test := range []struct{ old, new, want string }{
		{"30 6 * * 1", "0 0 31 2 *", "never comes"},
		{"30 6 * * 1", "weekly", "want five fields"},
		{"tz: Asia/Shanghai", "tz: UTC", "want one of Asia/Shanghai"},
		{"catch_up: latest", "catch_up: none", "want one of all latest"},
		{":upto", ":upto; drop table x", "without a semicolon"},
		{"allocated * :p as", "allocated::float8 as", "never a float"},
		{":upto", ":now", ":now is neither"},
		{"limit_value", "top", "want the columns"},
		{"months::int >= :m and", "", "param.m is declared and used nowhere"},
		{"schedule:", "facts: [project.id]\nschedule:", "a sweep has schedule"},
		{"schedule:", "values: {late: {zh: 迟, en: late}}\nschedule:", "values.late: no value of the query begins so"},
		{"schedule:", "values: {subject: {zh: 一, en: one}}\nschedule:", "values.subject: no value of the query begins so"},
		{"schedule:", "said: [place, colour]\nschedule:", `said[1]: "colour" is no kind of code; place`},
	} {
		text := strings.Replace(idleSweep, test.old, test.new, 1)
		words := map[string]func(string) Names{"place": func(code string) Names { return Names{code, code} }}
		if _, err := load(Surroundings{Words: words}, map[string]string{"A04.yaml": text}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.new, err, test.want)
		}
	}
}

func TestCatalogueIsChecked(t *testing.T) {
	for _, wrong := range []Catalogue{
		{"a": {{"x.y", formula.Amount, "元", "s"}}, "b": {{"x.y", formula.Share, "元", "s"}}},
		{"a": {{"x.y", "money", "元", "s"}}},
		{"a": {{"x", formula.Amount, "元", "s"}}},
		{"a": {{"x.y", formula.Amount, "元", ""}}},
		{"a": {{"param.y", formula.Amount, "元", "s"}}},
	} {
		if _, err := NewCompiler(Surroundings{Catalogue: wrong}); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(advance)
	f.Add(acceptanceDeadline)
	f.Add(idleSweep)
	f.Add("a: &a [*a]")
	f.Add("code: {}\nkinds: x")
	compiler := must(NewCompiler(Surroundings{Catalogue: catalogue}))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse("P08.yaml", []byte(text))
		if err != nil {
			return
		}
		if c, wrong := compiler.Compile(r); (c == nil) == (len(wrong) == 0) {
			t.Fatalf("neither a rule nor an error: %v", wrong)
		} else if c != nil && c.Kind != OnSweep {
			c.Eval(act(atTheLimit))
		}
	})
}
