package notify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Language is that of the texts of a channel.
type Language string

// The languages of the product.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// letter is what one sending carries: one message, or a digest of many.
type letter struct {
	id       string
	subject  string
	text     string
	messages []Message
	at       time.Time
}

// words are what texts are made of, as forms of fmt where they hold something.
type words struct {
	levels                                     [4]string
	events                                     map[Event]string
	subject, region, due, see                  string
	digest, line, count, comma, colon, leftOut string
}

var wordsOf = map[Language]words{
	Chinese: {
		levels: [4]string{"红色", "橙色", "黄色", "蓝色"},
		events: map[Event]string{Raised: "新预警", LevelRaised: "预警升级", DueSoon: "预警即将到期",
			Overdue: "预警已逾期", Reopened: "预警重新打开"},
		subject: "【%s】%s %s", region: "地区 %s", due: "办理期限 %s", see: "详情 %s",
		digest: "预警汇总 %d 条：%s", line: "【%s】%s %s %s", count: "%s %d", comma: "，", colon: "：", leftOut: "另有 %d 行从略",
	},
	English: {
		levels: [4]string{"red", "orange", "yellow", "blue"},
		events: map[Event]string{Raised: "new warning", LevelRaised: "warning more urgent", DueSoon: "warning due soon",
			Overdue: "warning overdue", Reopened: "warning reopened"},
		subject: "[%s] %s %s", region: "region %s", due: "due %s", see: "see %s",
		digest: "%d warnings: %s", line: "[%s] %s %s %s", count: "%s %d", comma: ", ", colon: ": ", leftOut: "%d lines left out",
	},
}

// single writes the text of one message within so many bytes. Only the sentence
// is shortened: level, code and link always stay. Without a sentence it holds
// nothing but what the public rule list and the division codes say.
func single(m Message, lang Language, sentence bool, most int) (subject, text string) {
	w := wordsOf[lang]
	subject = fmt.Sprintf(w.subject, w.levels[m.Level], w.events[m.Event], m.Code)
	tail := fmt.Sprintf(w.region, m.Region)
	if m.Due != "" {
		tail += w.comma + fmt.Sprintf(w.due, m.Due)
	}
	tail += "\n" + fmt.Sprintf(w.see, m.Link)
	said := ""
	if sentence {
		said = m.Sentence.Zh
		if lang == English {
			said = m.Sentence.En
		}
		said = cut(said, most-len(subject)-len(tail)-2)
	}
	if said != "" {
		said += "\n"
	}
	return subject, cut(subject+"\n"+said+tail, most)
}

// digest writes one text for many messages: how many of each level, the red ones
// by name, then each region by level. Lines that do not fit are counted, and the
// list of all warnings is linked.
func digest(messages []Message, lang Language, list string, most int) (subject, text string) {
	w := wordsOf[lang]
	var all [4]int
	regions := map[string]*[4]int{}
	var lines []string
	for _, m := range messages {
		all[m.Level]++
		if regions[m.Region] == nil {
			regions[m.Region] = new([4]int)
		}
		regions[m.Region][m.Level]++
		if m.Level == Red {
			lines = append(lines, fmt.Sprintf(w.line, w.levels[Red], w.events[m.Event], m.Code, m.Link))
		}
	}
	names := make([]string, 0, len(regions))
	for name := range regions {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(slices.Compare(regions[b][:], regions[a][:]), cmp.Compare(a, b))
	})
	for _, name := range names {
		lines = append(lines, name+w.colon+w.counts(*regions[name]))
	}
	subject = fmt.Sprintf(w.digest, len(messages), w.counts(all))
	tail := "\n" + fmt.Sprintf(w.see, list)
	room := most - len(subject) - len(tail) - len("\n"+fmt.Sprintf(w.leftOut, len(lines)))
	var b strings.Builder
	for i, line := range lines {
		if b.Len()+1+len(line) > room {
			b.WriteString("\n" + fmt.Sprintf(w.leftOut, len(lines)-i))
			break
		}
		b.WriteString("\n" + line)
	}
	return subject, cut(subject+b.String()+tail, most)
}

// counts writes how many there are of each level that occurs.
func (w words) counts(n [4]int) string {
	var parts []string
	for level, count := range n {
		if count > 0 {
			parts = append(parts, fmt.Sprintf(w.count, w.levels[level], count))
		}
	}
	return strings.Join(parts, w.comma)
}
