package web

import (
	"cmp"
	"sync"
	"time"
)

// Limits bound what the public forms of one process take in an hour: all together, and
// of one address, which the computers of a bureau or a village share. Zero is the
// default.
type Limits struct {
	// Objections are objections and receipts, Slips codes of slips.
	Objections, ObjectionsEach int
	Slips, SlipsEach           int
}

// The defaults [assumed].
const (
	objectionsPerHour = 300
	objectionsEach    = 20
	slipsPerHour      = 1200
	slipsEach         = 30
)

// quota bounds how often a form is taken in an hour: all together, and of each address.
type quota struct {
	most, mostEach int

	mu    sync.Mutex
	since time.Time
	all   int
	each  map[string]int
}

func newQuota(most, mostEach, otherwise, otherwiseEach int) *quota {
	return &quota{most: cmp.Or(most, otherwise), mostEach: cmp.Or(mostEach, otherwiseEach)}
}

// take says whether one more is taken from an address.
func (q *quota) take(address string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.each == nil || now.Sub(q.since) >= time.Hour {
		q.since, q.all, q.each = now, 0, map[string]int{}
	}
	if q.all >= q.most || q.each[address] >= q.mostEach {
		return false
	}
	q.all++
	q.each[address]++
	return true
}
