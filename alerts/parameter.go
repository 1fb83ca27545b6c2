package alerts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

func defaultsOf(all []rule.Setting, name string) (settings []rule.Setting) {
	for _, s := range all {
		if s.Param == name {
			settings = append(settings, s)
		}
	}
	return settings
}

// replaceParameter adds a parameter to a list as the ledger does: one that begins on
// the same day for the same case takes the place of the other.
func replaceParameter(list []ledger.ParameterSet, b ledger.ParameterSet) []ledger.ParameterSet {
	for i, p := range list {
		if p.Code == b.Code && p.Name == b.Name && p.Region == b.Region && p.Category == b.Category && p.From == b.From {
			list[i] = b
			return list
		}
	}
	return append(list, b)
}

// wrongParameter says why a parameter or an exemption would not mean anything to the
// rule that it names. It is asked before either takes effect: a rule whose parameters
// contradict each other could not be judged at all.
func (r *Rules) wrongParameter(v ledger.View, e *ledger.Entry) []ledger.Problem {
	switch b := e.Body.(type) {
	case *ledger.ParameterSet:
		book, file := r.ruleOf(v, b.Code)
		return checkParameter(book, file, *b)
	case *ledger.ExemptionSet:
		_, file := r.ruleOf(v, b.Code)
		return checkExemption(file, *b)
	}
	return nil
}

// ruleOf is the file that is in force of a rule, or else the newest one there is.
func (r *Rules) ruleOf(v ledger.View, code string) (book ledger.Rules, file *rule.Rule) {
	row, ok := v.Rulebook()
	if ok {
		var err error
		if book, err = row.Read(); err != nil {
			panic(fmt.Errorf("alerts: a rulebook that the ledger wrote: %w", err))
		}
	}
	for _, a := range book.Rules {
		if a.Code == code {
			file, _ = r.fileOf(a, inView(v)) // a view has no other error than that there is none
		}
	}
	if file == nil {
		file = r.newest(code)
	}
	return book, file
}

func wrong(field, name, zh, en string) []ledger.Problem {
	return []ledger.Problem{{Field: "body." + field, Rule: name, Text: ledger.Text{Zh: zh, En: en}}}
}

func checkParameter(book ledger.Rules, file *rule.Rule, b ledger.ParameterSet) []ledger.Problem {
	form := termsForms()
	if file != nil {
		form = termsForm{file.Params, file.Defaults}
	} else if b.Code != termsCode {
		return wrong("code", "unknown_rule", "没有规则"+b.Code, "there is no rule "+b.Code)
	}
	of, known := form.Params[b.Name]
	if !known {
		names := strings.Join(slices.Sorted(maps.Keys(form.Params)), " ")
		return wrong("name", "unknown_parameter", "规则"+b.Code+"没有参数"+b.Name+"，可设："+names, "rule "+b.Code+" has no parameter "+b.Name+"; it has "+names)
	}
	if b.Category != "" && file != nil && file.Scope == "" {
		return wrong("category", "parameter", "规则"+b.Code+"的参数不分类别", "the parameters of rule "+b.Code+" have no categories")
	}
	settings := defaultsOf(form.Defaults, b.Name)
	for _, p := range replaceParameter(slices.Clone(book.Parameters), b) {
		if p.Code == b.Code && p.Name == b.Name {
			settings = append(settings, settingOf(file, p))
		}
	}
	_, err := rule.NewParameter(b.Name, of, settings)
	_, bad := errors.AsType[*rule.BadValue](err)
	switch {
	case errors.Is(err, rule.ErrOverlap):
		return wrong("region", "parameter_overlap",
			"同一地区、类别在同一时间已有规则默认值或已设的参数：请限定更具体的地区（如 411025），或另选时间",
			"the rule's default or a parameter that was set holds for the same region, category and days: name a more specific region (such as 411025), or other days")
	case bad:
		want := limitForms[of]
		return wrong("value", "parameter", "参数"+b.Name+"须为"+want.Zh, "parameter "+b.Name+" is "+want.En)
	case err != nil:
		return wrong("region", "parameter", "地区或时间有误："+err.Error(), "region or days are not right: "+err.Error())
	}
	return nil
}

// limitForms say how a limit is written.
var limitForms = map[formula.Type]ledger.Text{
	formula.Amount:   {Zh: "不小于0的金额（元），如 5000.00", En: "an amount in yuan of no less than 0, such as 5000.00"},
	formula.Amounts:  {Zh: "金额（元），如 5000.00", En: "amounts in yuan, such as 5000.00"},
	formula.Share:    {Zh: "不小于0的比例，如 0.30", En: "a share of no less than 0, such as 0.30"},
	formula.Count:    {Zh: "不小于0的整数，如 3", En: "a whole number of no less than 0, such as 3"},
	formula.Days:     {Zh: "不小于0的整数（天），如 30", En: "a number of days of no less than 0, such as 30"},
	formula.Workdays: {Zh: "不小于0的整数（工作日），如 5", En: "a number of working days of no less than 0, such as 5"},
	formula.Months:   {Zh: "不小于0的整数（月），如 6", En: "a number of months of no less than 0, such as 6"},
	formula.Text:     {Zh: "一个词", En: "a word"},
	formula.Texts:    {Zh: "用逗号隔开的词", En: "words with commas between them"},
	formula.Civil:    {Zh: "日期，如 2020-03-18", En: "a day, such as 2020-03-18"},
	formula.Instant:  {Zh: "带时区的时间，如 2020-03-18T09:00:00+08:00", En: "a time with its zone, such as 2020-03-18T09:00:00+08:00"},
	formula.Bool:     {Zh: "true 或 false", En: "true or false"},
}

func checkExemption(file *rule.Rule, b ledger.ExemptionSet) []ledger.Problem {
	if file == nil {
		return wrong("code", "unknown_rule", "没有规则"+b.Code, "there is no rule "+b.Code)
	}
	var names []string
	for _, kind := range file.JudgedAt() {
		for _, name := range file.Facts {
			if f, ok := fact.Catalogue().Fact(kind, name); ok && (f.Type == formula.Text || f.Type == formula.Texts) {
				names = append(names, name)
			}
		}
	}
	if file.Kind == rule.OnSweep {
		names = []string{rule.SubjectName}
	}
	if slices.Contains(names, b.Fact) {
		return nil
	}
	list := strings.Join(names, " ")
	return wrong("fact", "exemption", "规则"+b.Code+"的白名单可按："+list, "the white list of rule "+b.Code+" goes by: "+list)
}

// settingOf is a parameter that was set, as rules read it.
func settingOf(file *rule.Rule, p ledger.ParameterSet) rule.Setting {
	to := formula.Day(0)
	if p.To != "" {
		to = fact.Day(p.To)
	}
	return rule.Setting{
		Code: p.Code, Param: p.Name, Value: valueOf(file, p), Region: ledger.RegionPrefix(p.Region), Category: p.Category,
		From: fact.Day(p.From), To: to, Basis: p.Basis,
	}
}

// valueOf reads the value of a parameter: a list is written with commas between
// its texts, since public texts have no line breaks.
func valueOf(file *rule.Rule, p ledger.ParameterSet) rule.Words {
	if file == nil || file.Params[p.Name] != formula.Texts {
		return rule.Words{p.Value}
	}
	var words rule.Words
	for word := range strings.FieldsFuncSeq(p.Value, func(c rune) bool { return strings.ContainsRune(",，、", c) }) {
		words = append(words, strings.TrimSpace(word))
	}
	return words
}
