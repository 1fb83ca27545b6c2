package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// payment writes the body of one payment request.
func (b *bench) payment(buf []byte, id string, fund, project int) []byte {
	buf = append(buf, `{"id":"`...)
	buf = append(buf, id...)
	buf = append(buf, `","kind":"payment.requested","on":"2020-03-18","body":{"amount":"12.34","fund":"F`...)
	buf = strconv.AppendInt(buf, int64(fund), 10)
	buf = append(buf, `","payee":{"code":"91350100M000100Y43","name":"某建筑工程有限公司"},"payment":"`...)
	buf = append(buf, id...)
	buf = append(buf, `","project":"P`...)
	buf = strconv.AppendInt(buf, int64(fund), 10)
	buf = append(buf, '-')
	buf = strconv.AppendInt(buf, int64(project), 10)
	return append(buf, `","purpose":"工程进度款"}}`...)
}

// various writes a payment request as a year has them: of 500 payees, on its days, of
// amounts that differ.
func (b *bench) various(buf []byte, id string, fund, project, n int) []byte {
	day := time.Date(2020, 1, 7, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n/1000%350)
	return append(buf, fmt.Sprintf(`{"id":"%s","kind":"payment.requested","on":"%s","body":{"amount":"%d.%02d","fund":"F%d","payee":{"name":"某建筑工程有限公司第%d分公司"},"payment":"%s","project":"P%d-%d","purpose":"工程进度款"}}`,
		id, day.Format(time.DateOnly), n/7%90_000+1, n%100, fund, n%500, id, fund, project)...)
}

// posts drives single posts and returns what was reached.
func (b *bench) posts(ctx context.Context, clients, spread int) (load, error) {
	if err := b.start(ctx); err != nil {
		return load{}, err
	}
	b.round++
	round := b.round
	before := b.cpu()
	l, err := b.drive(clients, b.seconds, func(client, n int, buf []byte) request {
		fund, project := (client*31+n)%spread, (client+n)%benchProjects
		if spread == 1 {
			project = 0
		}
		return request{b.path("entries"), b.payment(buf, fmt.Sprintf("%d-%d-%d", round, client, n), fund, project)}
	})
	b.note("%d clients: %d posts/s, p99 %s; %s", clients, l.perSecond, l.p99, b.cpu().since(before, l.requests))
	return l, err
}

func (b *bench) path(what string) string { return "/api/v1/books/" + b.env.Book + "/" + what }

// post32 measures the spread load of 32 clients and its yardstick, once.
func (b *bench) post32(ctx context.Context) error {
	if b.kept["post_32"] != 0 {
		return nil
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	// Twice in turn, the better of each: other work on the machine only slows.
	for range 2 {
		tps, err := b.pgbench(ctx, 32, yardstickInsert)
		if err != nil {
			return err
		}
		l, err := b.posts(ctx, 32, benchFunds)
		if err != nil {
			return err
		}
		b.note("pgbench: %d inserts/s", tps)
		b.kept["pgbench_32"] = max(b.kept["pgbench_32"], tps)
		if l.perSecond > b.kept["post_32"] {
			b.kept["post_32"], b.kept["post_32_p99"] = l.perSecond, int64(l.p99)
		}
	}
	return nil
}

// yardstickInsert is the single-row insert of 400 bytes that pgbench does.
const yardstickInsert = `insert into yardstick (payload) values (repeat('x', 400));`

func figPost32(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.post32(ctx); err != nil {
		return "", false, err
	}
	r, text := ratio(b.kept["post_32"], b.kept["pgbench_32"])
	return text, r >= 500, nil
}

func figPost32P99(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.post32(ctx); err != nil {
		return "", false, err
	}
	ms := (b.kept["post_32_p99"] + int64(time.Millisecond) - 1) / int64(time.Millisecond)
	return strconv.FormatInt(ms, 10), ms <= 20, nil
}

// against measures a load and the spread load of 32 clients in turn.
func (b *bench) against(ctx context.Context, clients, spread int) (int64, string, error) {
	var one, base int64
	for range 2 {
		l, err := b.posts(ctx, clients, spread)
		if err != nil {
			return 0, "", err
		}
		s, err := b.posts(ctx, 32, benchFunds)
		if err != nil {
			return 0, "", err
		}
		one, base = max(one, l.perSecond), max(base, s.perSecond)
	}
	r, text := ratio(one, base)
	return r, text, nil
}

func figPost256(ctx context.Context, b *bench) (string, bool, error) {
	r, text, err := b.against(ctx, 256, benchFunds)
	return text, r >= 1000, err
}

func figPostHot(ctx context.Context, b *bench) (string, bool, error) {
	r, text, err := b.against(ctx, 32, 1)
	return text, r >= 800, err
}

// batchSize is the number of entries of one request of the batch load.
const batchSize = 1000

// batches drives units of batchSize entries and returns entries per second.
func (b *bench) batches(ctx context.Context, clients int, seconds time.Duration) (int64, error) {
	if err := b.start(ctx); err != nil {
		return 0, err
	}
	b.round++
	round := b.round
	before := b.cpu()
	l, err := b.drive(clients, seconds, func(client, n int, buf []byte) request {
		buf = append(buf, `{"entries":[`...)
		for i := range batchSize {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = b.various(buf, fmt.Sprintf("%d-%d-%d-%d", round, client, n, i), (client*31+n+i)%benchFunds, i%benchProjects, (n*64+client)*batchSize+i)
		}
		return request{b.path("units"), append(buf, `]}`...)}
	})
	b.note("batches: %d entries/s; %s", l.perSecond*batchSize, b.cpu().since(before, l.requests*batchSize))
	return l.perSecond * batchSize, err
}

// plainInserts sends 1,000 rows of 400 bytes in one statement, again and again,
// over one connection, and returns rows per second.
func (b *bench) plainInserts(ctx context.Context) (int64, error) {
	if err := b.yardstickTable(ctx); err != nil {
		return 0, err
	}
	conn, err := pgx.Connect(ctx, b.pg.OwnerURL("yardstick"))
	if err != nil {
		return 0, fmt.Errorf("yardstick: %w", err)
	}
	defer conn.Close(ctx)
	rows := make([]string, batchSize)
	for i := range rows {
		rows[i] = strings.Repeat("x", 400)
	}
	begun, n := time.Now(), int64(0)
	for time.Since(begun) < b.seconds {
		if _, err := conn.Exec(ctx, `insert into yardstick (payload) select unnest($1::text[])`, rows); err != nil {
			return 0, fmt.Errorf("yardstick: %w", err)
		}
		n += batchSize
	}
	return n * int64(time.Second) / int64(time.Since(begun)), nil
}

func figPostBatch(ctx context.Context, b *bench) (string, bool, error) {
	var ours, plain int64
	for range 2 {
		n, err := b.batches(ctx, 4, b.seconds)
		if err != nil {
			return "", false, err
		}
		rows, err := b.plainInserts(ctx)
		if err != nil {
			return "", false, err
		}
		b.note("plain inserts: %d rows/s", rows)
		ours, plain = max(ours, n), max(plain, rows)
	}
	r, text := ratio(ours, plain)
	return text, r >= 300, nil
}

// grow fills the book up to a number of entries.
func (b *bench) grow(ctx context.Context, size int64) error {
	if err := b.start(ctx); err != nil {
		return err
	}
	progress := b.env.progress("grow")
	for {
		h, err := b.ledger.Head(ctx, ledger.Book(b.env.Book))
		if err != nil {
			return err
		}
		progress(min(h.Size, size), size)
		if h.Size >= size {
			return nil
		}
		if _, err := b.batches(ctx, 2, 5*time.Second); err != nil {
			return err
		}
	}
}

// relative is posts per thousand pgbench inserts at the book's present size.
func (b *bench) relative(ctx context.Context) (int64, error) {
	var posts, inserts int64
	for range 2 {
		l, err := b.posts(ctx, 32, benchFunds)
		if err != nil {
			return 0, err
		}
		tps, err := b.pgbench(ctx, 32, yardstickInsert)
		if err != nil {
			return 0, err
		}
		posts, inserts = max(posts, l.perSecond), max(inserts, tps)
	}
	b.note("posts %d/s, pgbench %d/s", posts, inserts)
	r, _ := ratio(posts, inserts)
	return r, nil
}

// small is the size at which the large book is compared.
const small = 100_000

func (b *bench) large(ctx context.Context) error {
	if b.kept["large"] != 0 {
		return nil
	}
	if err := b.grow(ctx, small); err != nil {
		return err
	}
	if _, err := b.published(ctx); err != nil { // the signer is at rest
		return err
	}
	before, err := b.relative(ctx)
	if err != nil {
		return err
	}
	if err := b.grow(ctx, b.entries); err != nil {
		return err
	}
	if _, err := b.published(ctx); err != nil {
		return err
	}
	after, err := b.relative(ctx)
	if err != nil {
		return err
	}
	kb, err := memory(b.server.Process.Pid, "VmHWM")
	if err != nil {
		return err
	}
	b.kept["small"], b.kept["large"], b.kept["memory"] = before, after, kb
	return nil
}

func figPost5M(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.large(ctx); err != nil {
		return "", false, err
	}
	r, text := ratio(b.kept["large"], b.kept["small"])
	return text, r >= 900, nil
}

func figMemory5M(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.large(ctx); err != nil {
		return "", false, err
	}
	mb := megabytes(b.kept["memory"])
	return strconv.FormatInt(mb, 10), mb <= 150, nil
}
