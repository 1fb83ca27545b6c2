package fact

import (
	"strings"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// Surroundings are what every rule is read in, with a calendar.
func Surroundings(calendar formula.Calendar) rule.Surroundings {
	return rule.Surroundings{Catalogue: Catalogue(), Calendar: calendar, Words: words}
}

// words say the codes that stand in the subject of a sweep: a reader knows 村级, not
// "village". What is no code is said as it is.
var words = map[string]func(code string) rule.Names{
	"category": category, "level": publisher, "list": list, "matter": matter, "obligation": obligation, "place": division,
}

// Say says the parts of a case's subject in words.
func Say(r *rule.Rule, subject []string) []rule.Names { return rule.Say(words, r.Said, subject) }

func category(code string) rule.Names  { return named(code, ledger.Categories[code]) }
func publisher(code string) rule.Names { return named(code, ledger.NoticeLevels[code]) }
func list(code string) rule.Names      { return named(code, ledger.Lists[code]) }
func matter(code string) rule.Names    { return named(code, ledger.NoticeStages[code]) }

func named(code string, text ledger.Text) rule.Names {
	if text.Zh == "" {
		return rule.Names{Zh: code, En: code}
	}
	return rule.Names{Zh: text.Zh, En: text.En}
}

// division says a division by the names that the program knows: a village by its township
// and its code.
func division(code string) rule.Names {
	d := ledger.DivisionOf(code)
	switch {
	case d.Name == d.Code:
		return rule.Names{Zh: code, En: code}
	case len(code) > len(d.Code) && strings.Trim(code[len(d.Code):], "0") != "":
		return rule.Names{Zh: d.Name + "（" + code + "）", En: d.En + " (" + code + ")"}
	}
	return rule.Names{Zh: d.Name, En: d.En}
}

// obligation says a duty to publish: matter, level, place and what it is of, with
// strokes between.
func obligation(key string) rule.Names {
	var said rule.Names
	for i, part := range strings.Split(key, "/") {
		n := rule.Names{Zh: part, En: part}
		if say := []func(string) rule.Names{matter, publisher, division}; i < len(say) {
			n = say[i](part)
		}
		if i > 0 {
			said.Zh, said.En = said.Zh+"、", said.En+", "
		}
		said.Zh, said.En = said.Zh+n.Zh, said.En+n.En
	}
	return said
}
