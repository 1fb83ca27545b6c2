package notify

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yilu/ledger"
)

// Level is how urgent a warning is. Less is more urgent.
type Level int

// The levels of warnings.
const (
	Red Level = iota
	Orange
	Yellow
	Blue
)

var levels = []string{"red", "orange", "yellow", "blue"}

func (l Level) String() string {
	if l < Red || l > Blue {
		return fmt.Sprintf("level %d", int(l))
	}
	return levels[l]
}

// MarshalText writes "red", "orange", "yellow" or "blue".
func (l Level) MarshalText() ([]byte, error) {
	if l < Red || l > Blue {
		return nil, fmt.Errorf("no level %d", int(l))
	}
	return []byte(levels[l]), nil
}

// UnmarshalText reads what MarshalText writes.
func (l *Level) UnmarshalText(b []byte) error {
	i := slices.Index(levels, string(b))
	if i < 0 {
		return fmt.Errorf("want one of %s", strings.Join(levels, ", "))
	}
	*l = Level(i)
	return nil
}

// Event is what about a warning is worth telling.
type Event string

// The events. Of other steps of a case nobody is told.
const (
	Raised      Event = "raised"
	LevelRaised Event = "level_raised"
	DueSoon     Event = "due_soon"
	Overdue     Event = "overdue"
	Reopened    Event = "reopened"
)

var events = []Event{Raised, LevelRaised, DueSoon, Overdue, Reopened}

// UnmarshalText reads one of the events.
func (e *Event) UnmarshalText(b []byte) error {
	if !slices.Contains(events, Event(b)) {
		return fmt.Errorf("want one of %v", events)
	}
	*e = Event(b)
	return nil
}

// Message is one thing to tell about one warning. It leaves the house and holds
// no personal data: who makes the sentence sees to that. Mails carry no sentence.
type Message struct {
	Book  ledger.Book `json:"book"`
	Alert string      `json:"alert"` // the warning's id
	// Version is the step of the warning's case that this is about. One event of
	// one version is told once. Two reminders of one kind within a step need two
	// versions.
	Version  int64       `json:"version"`
	Event    Event       `json:"event"`
	Seq      ledger.Seq  `json:"seq"`  // the entry of that step
	Code     string      `json:"code"` // the rule, P08
	Level    Level       `json:"level"`
	Region   string      `json:"region"` // division code: 6, 9 or 12 digits
	Sentence ledger.Text `json:"sentence"`
	Link     string      `json:"link"`         // the warning's page
	Due      ledger.Date `json:"due,omitzero"` // last day of the step, if it has one
}

// mostSentence bounds a sentence in bytes; a longer one is cut, since a warning
// must not be held up by its wording.
const mostSentence = 1200

// tidied returns the message as it is kept, or what is wrong with its form, which
// is a bug of the caller.
func (m Message) tidied() (Message, error) {
	m.Sentence = ledger.Text{Zh: cut(oneLine(m.Sentence.Zh), mostSentence), En: cut(oneLine(m.Sentence.En), mostSentence)}
	link, err := url.Parse(m.Link)
	switch {
	case !m.Book.Valid():
		return m, errors.New("book: want a county's code of 6 digits, or the name of a book of records")
	case m.Alert == "" || len(m.Alert) > 128 || m.Alert != oneLine(m.Alert):
		return m, errors.New("alert: want an id of at most 128 bytes")
	case !slices.Contains(events, m.Event):
		return m, fmt.Errorf("event %q: want one of %v", m.Event, events)
	case m.Code == "" || len(m.Code) > 16 || m.Code != oneLine(m.Code):
		return m, errors.New("code: want a rule's code such as P08")
	case m.Level < Red || m.Level > Blue:
		return m, fmt.Errorf("level %d: want 0 to 3", int(m.Level))
	case !region(m.Region) && m.Region != string(m.Book):
		return m, fmt.Errorf("region %q: want a division code of 6, 9 or 12 digits", m.Region)
	case err != nil || len(m.Link) > 500 || link.Host == "" || link.Scheme != "https" && link.Scheme != "http":
		return m, errors.New("link: want the full web address of the warning")
	}
	return m, nil
}

// deliveryID is the same at every try of one message on one channel: receivers
// know by it what they have already.
func (m Message) deliveryID(channel string) string {
	sum := sha256.New()
	for _, part := range []string{string(m.Book), m.Alert, fmt.Sprint(m.Version), string(m.Event), channel} {
		sum.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		sum.Write([]byte(part))
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

func digits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func region(s string) bool {
	return (len(s) == 6 || len(s) == 9 || len(s) == 12) && digits(s)
}

// oneLine takes out what could forge a line or hide text.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			return r
		}
		return ' '
	}, s))
}

// cut shortens text to at most so many bytes, never inside a character, and
// marks that it did.
func cut(s string, most int) string {
	const mark = "…"
	if len(s) <= most {
		return s
	}
	end := max(most-len(mark), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	if most < len(mark) {
		return s[:end]
	}
	return s[:end] + mark
}
