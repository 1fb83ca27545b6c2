package rule

import (
	"fmt"
	"regexp"
	"strings"

	"yilu/alerts/formula"
)

// message is a sentence in both languages, cut at its placeholders.
type message struct {
	zh, en []piece
	names  []string // of the facts and parameters shown
}

// piece is fixed text, or the name of what is filled in.
type piece struct{ text, name string }

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// accusing are words that a warning never says: it is a reason to look, and the
// verdict is people's. 违规 is said only after 认定.
var accusing = []string{
	"舞弊", "违规", "违法", "违纪", "贪污", "腐败", "串通", "串标", "围标", "欺诈", "骗取", "挪用",
	"fraud", "collusion", "corrupt", "embezzl", "bribe", "illegal", "misappropriat", "guilty", "crime",
}

// accuses finds such a word.
func accuses(text string) (string, bool) {
	lower := strings.ToLower(text)
	for _, word := range accusing {
		if strings.Contains(lower, word) {
			return word, true
		}
	}
	return "", false
}

// newMessage reads the sentences. known says whether a name can be filled in.
func newMessage(text Names, known func(name string) bool) (message, error) {
	if text.Zh == "" || text.En == "" {
		return message{}, fmt.Errorf("want a sentence in zh and one in en")
	}
	var m message
	for i, sentence := range []string{text.Zh, text.En} {
		in := []*[]piece{&m.zh, &m.en}[i]
		if word, bad := accuses(sentence); bad {
			return message{}, fmt.Errorf("it says %q: say what differs from what, and 请核实 or please verify", word)
		}
		last := 0
		for _, at := range placeholder.FindAllStringSubmatchIndex(sentence, -1) {
			name := sentence[at[2]:at[3]]
			if !known(name) {
				return message{}, fmt.Errorf("{%s} is neither value nor limit nor a declared fact or param.…", name)
			}
			*in = append(*in, piece{text: sentence[last:at[0]]}, piece{name: name})
			m.names = append(m.names, name)
			last = at[1]
		}
		*in = append(*in, piece{text: sentence[last:]})
	}
	return m, nil
}

func (m *message) fill(in *inputs, r *Result) Names {
	return Names{Zh: write(m.zh, in, r, formula.Chinese), En: write(m.en, in, r, formula.English)}
}

// inCurrency is a fixed text that may begin with the unit of the amount before it.
func inCurrency(text, foreign string) string {
	if foreign == "" {
		return text
	}
	for _, unit := range []string{"元", " yuan"} {
		if rest, ok := strings.CutPrefix(text, unit); ok {
			return " " + foreign + rest
		}
	}
	return text
}

// show writes a value or limit for a reader.
func (in *inputs) show(v formula.Value, lang formula.Reader) string {
	if text, ok := v.Text(); ok {
		said := in.rule.Phrase(text, in.act.Foreign)
		return []string{text, said.Zh, said.En}[lang]
	}
	return v.Show(formula.Amount, lang)
}

func write(pieces []piece, in *inputs, r *Result, lang formula.Reader) string {
	var b strings.Builder
	for _, p := range pieces {
		switch p.name {
		case "":
			b.WriteString(inCurrency(p.text, in.act.Foreign))
		case "value":
			b.WriteString(in.show(r.Value, lang))
		case "limit":
			b.WriteString(in.show(r.Limit, lang))
		case SubjectName:
			b.WriteString([]string{"", in.said.Zh, in.said.En}[lang])
		default:
			b.WriteString(in.fact(p.name).Show(in.rule.types[p.name], lang))
		}
	}
	return b.String()
}
