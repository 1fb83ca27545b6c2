package web

import (
	"context"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// figures reads how every book stands when metrics are asked for. What cannot be read
// is missing: never zero, which would look well.
type figures struct{ Config }

// scrapeWait bounds what one reading may cost the database.
const scrapeWait = 5 * time.Second

func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("yilu_"+name, help, labels, nil)
}

var (
	figureHead        = figure("book_entries", "Entries in the log of a book.", "book")
	figureSigned      = figure("signed_entries", "Entries covered by the last signature.", "book")
	figurePublished   = figure("published_entries", "Entries covered by the public checkpoint, which its witnesses have cosigned.", "book")
	figureBeyond      = figure("published_beyond_head", "1 if more was published than the database has: entries are missing.", "book")
	figureUnpublished = figure("unpublished_seconds", "Age of the oldest entry that is not in the public checkpoint, 0 for none.", "book")
	figureHalted      = figure("signer_halted", "1 if signing has halted and two persons have to look.", "book")
	figureRefusing    = figure("witnesses_refusing", "Witnesses that answered and would not cosign.", "book")
	figureSilent      = figure("witnesses_silent", "Witnesses that could not be reached.", "book")
	figureLag         = figure("unjudged_entries", "Committed entries that the warning engine has not judged yet.", "book")
	figureOpen        = figure("alerts_open", "Open warnings.", "book", "level")
	figureOldest      = figure("alert_oldest_seconds", "Age of the oldest open warning, 0 for none.", "book", "level")
	figureTimers      = figure("timers_overdue", "Deadlines that have passed and whose warning is not raised yet.", "book")
	figureSlotAge     = figure("job_slot_age_seconds", "Time since the last slot of a scheduled job that was run.", "book", "job")
	figureSlotOverdue = figure("job_overdue_seconds", "How late a scheduled job is, 0 if it is not.", "book", "job")
	figureOutbox      = figure("outbox_waiting", "Notifications that wait to be sent.")
	figureOutboxOld   = figure("outbox_oldest_seconds", "Age of the oldest notification that waits, 0 for none.")
	figureOutboxBad   = figure("outbox_failed", "Notifications that were given up.")
	figureHeld        = figure("held", "1 if nothing may be entered.")
	figureFaults      = figure("own_check_faults", "Faults found by the last check of the log and of its guards.")

	allFigures = []*prometheus.Desc{figureHead, figureSigned, figurePublished, figureBeyond, figureUnpublished, figureHalted, figureRefusing,
		figureSilent, figureLag, figureOpen, figureOldest, figureTimers, figureSlotAge, figureSlotOverdue, figureOutbox, figureOutboxOld,
		figureOutboxBad, figureHeld, figureFaults}
)

// Describe names them.
func (f *figures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range allFigures {
		ch <- d
	}
}

// gauges collects values.
type gauges chan<- prometheus.Metric

func (g gauges) set(d *prometheus.Desc, value float64, labels ...string) {
	g <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (g gauges) flag(d *prometheus.Desc, on bool, labels ...string) {
	value := 0.0
	if on {
		value = 1
	}
	g.set(d, value, labels...)
}

// Collect asks the database and the public files.
func (f *figures) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWait)
	defer cancel()
	g := gauges(ch)
	if f.Held != nil {
		g.flag(figureHeld, f.Held() != (ledger.Text{}))
	}
	if f.SelfCheck != nil {
		g.set(figureFaults, float64(len(f.SelfCheck.Found())))
	}
	if f.Alerts != nil && f.Alerts.Notify != nil {
		f.outbox(ctx, g)
	}
	books, err := f.Ledger.Books(ctx)
	if err != nil {
		return
	}
	for _, book := range books {
		head, err := f.Ledger.Head(ctx, book)
		if err != nil {
			continue
		}
		g.set(figureHead, float64(head.Size), string(book))
		f.publishedOf(ctx, g, book, head.Size)
		if f.Alerts != nil {
			f.alertsOf(ctx, g, book)
		}
	}
}

// publishedOf tells how far signing and publishing have come.
func (f *figures) publishedOf(ctx context.Context, g gauges, book ledger.Book, head int64) {
	if f.Public == "" {
		return
	}
	d := tile.Dir(filepath.Join(f.Public, string(book)))
	size, err := d.Size()
	if err != nil {
		return
	}
	published := int64(size)
	g.set(figurePublished, float64(published), string(book))
	g.flag(figureBeyond, published > head, string(book))
	if published >= head {
		g.set(figureUnpublished, 0, string(book))
	} else if first, err := f.Ledger.Entry(ctx, book, ledger.Seq(published)); err == nil {
		g.set(figureUnpublished, max(0, f.Now().Sub(first.At).Seconds()), string(book))
	}
	status, err := signer.ReadStatus(d)
	if err != nil {
		return
	}
	if signed, err := strconv.ParseUint(status.Size, 10, 64); err == nil {
		g.set(figureSigned, float64(signed), string(book))
	}
	g.flag(figureHalted, status.Halted != "", string(book))
	var refusing, silent float64
	for _, w := range status.Witnesses {
		switch {
		case w.Refused:
			refusing++
		case w.Trouble != "":
			silent++
		}
	}
	g.set(figureRefusing, refusing, string(book))
	g.set(figureSilent, silent, string(book))
}

// alertsOf tells how the engine, the cases and the jobs of a book stand.
func (f *figures) alertsOf(ctx context.Context, g gauges, book ledger.Book) {
	if now, err := f.Alerts.Figures(ctx, book); err == nil {
		g.set(figureLag, float64(now.Lag), string(book))
		g.set(figureTimers, float64(now.Overdue), string(book))
		for _, l := range now.Cases {
			g.set(figureOpen, float64(l.Open), string(book), l.Level)
			g.set(figureOldest, l.Oldest.Seconds(), string(book), l.Level)
		}
	}
	jobs, err := f.Alerts.Jobs(ctx, book)
	if err != nil {
		return
	}
	for _, j := range jobs {
		if j.Last.IsZero() {
			continue // never looked at
		}
		g.set(figureSlotAge, j.Age.Seconds(), string(book), j.Job)
		g.set(figureSlotOverdue, j.Overdue.Seconds(), string(book), j.Job)
	}
}

// outbox tells of all channels together: their names are the county's.
func (f *figures) outbox(ctx context.Context, g gauges) {
	channels, err := f.Alerts.Notify.Status(ctx)
	if err != nil {
		return
	}
	var waiting, failed, oldest float64
	for _, c := range channels {
		waiting += float64(c.Waiting)
		failed += float64(c.Failed)
		if !c.Oldest.IsZero() {
			oldest = max(oldest, f.Now().Sub(c.Oldest).Seconds())
		}
	}
	g.set(figureOutbox, waiting)
	g.set(figureOutboxOld, oldest)
	g.set(figureOutboxBad, failed)
}
