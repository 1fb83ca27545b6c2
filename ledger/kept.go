package ledger

import "sync"

// mostKept is how many answers are kept of a frozen book: with lists in pieces of
// MaxPage rows, a list of 100,000 rows for as long as its files are made.
const mostKept = 128

// kept are the last answers about a frozen book, oldest first.
type kept struct {
	mu      sync.Mutex
	answers map[string]any
	order   []string
}

// Once asks a question about a frozen book once, of all who ask it at about the same
// time: a list's files in all formats and languages are made of the same rows, which
// nobody may change therefore. Of a book that goes on it always asks.
func Once[T any](l *Ledger, question string, ask func() (T, error)) (T, error) {
	if l.kept == nil {
		return ask()
	}
	answer := l.kept.find(question, sync.OnceValues(ask)).(func() (T, error))
	t, err := answer()
	if err != nil {
		l.kept.drop(question)
	}
	return t, err
}

// find returns what is kept for a question, or keeps what is given.
func (k *kept) find(question string, given any) any {
	k.mu.Lock()
	defer k.mu.Unlock()
	if answer, ok := k.answers[question]; ok {
		return answer
	}
	if len(k.order) == mostKept {
		delete(k.answers, k.order[0])
		k.order = k.order[1:]
	}
	k.answers[question], k.order = given, append(k.order, question)
	return given
}

func (k *kept) drop(question string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.answers, question)
}
