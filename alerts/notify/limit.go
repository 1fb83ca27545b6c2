package notify

import (
	"fmt"
	"time"

	"yilu/ledger"
)

// Limit is the pace that a channel's receiver bears. Burst letters may go at
// once, then one each Every; so Burst + minute/Every bounds any minute.
type Limit struct {
	// From is the first day on which the limit holds; "" is always.
	From     ledger.Date `json:"from,omitzero"`
	Burst    int         `json:"burst"`
	Every    Span        `json:"every"`
	MaxBytes int         `json:"max_bytes"` // of the text
	Pause    Span        `json:"pause"`     // after the receiver said "too fast"
	Basis    string      `json:"basis"`     // the document that says so
}

// Span is a duration, written "6s" or "10m".
type Span time.Duration

// UnmarshalText reads the form of time.ParseDuration.
func (s *Span) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	if err != nil || d <= 0 || d > 24*time.Hour {
		return fmt.Errorf("want a time such as 6s or 10m")
	}
	*s = Span(d)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (s Span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// defaults are the limits as documented in November 2026, with a margin: what is
// sent within a minute may arrive within a little less. A channel's file can
// say others, with the day from which they hold.
var defaults = map[Kind]Limit{
	DingTalk: {Burst: 9, Every: Span(6 * time.Second), MaxBytes: 15_000, Pause: Span(10 * time.Minute),
		Basis: "自定义机器人: 20 a minute, then refused for 10 minutes; texts over 20,000 bytes are refused"},
	WeCom: {Burst: 9, Every: Span(6 * time.Second), MaxBytes: 2048, Pause: Span(time.Minute),
		Basis: "群机器人配置说明: 20 a minute, text of 2,048 bytes"},
	Feishu: {Burst: 4, Every: Span(time.Second), MaxBytes: 9_000, Pause: Span(time.Minute),
		Basis: "自定义机器人使用指南: 100 a minute, 5 a second, body of 20 KB; in JSON a byte of text takes at most two"},
	Mail: {Burst: 20, Every: Span(time.Minute), MaxBytes: 50_000, Pause: Span(10 * time.Minute),
		Basis: "ours: people do not read more"},
	Webhook: {Burst: 50, Every: Span(100 * time.Millisecond), MaxBytes: 65_536, Pause: Span(time.Minute),
		Basis: "ours: a machine says by 429 if that is too fast"},
}

// limitOn returns the limit in force on a day: of those that have begun, the
// one that began last.
func limitOn(limits []Limit, kind Kind, day ledger.Date) Limit {
	found := defaults[kind]
	for _, l := range limits {
		if l.From <= day && l.From >= found.From {
			found = l
		}
	}
	return found
}

// tokens says how many letters may go now, if the bucket is full again at free.
func (l Limit) tokens(free, now time.Time) int {
	missing := max(free.Sub(now), 0)
	every := time.Duration(l.Every)
	return max(l.Burst-int((missing+every-1)/every), 0)
}

// spend returns when the bucket is full again after n letters more.
func (l Limit) spend(free, now time.Time, n int) time.Time {
	if free.Before(now) {
		free = now
	}
	return free.Add(time.Duration(n) * time.Duration(l.Every))
}
