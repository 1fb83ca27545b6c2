package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
	"yilu/migrations"
)

// mustBe are the settings without which what was answered may be lost or torn.
var mustBe = []struct {
	name, state string
	good        []string
	do          ledger.Text
}{
	{"fsync", fail, []string{"on"}, ledger.Text{Zh: "设为 on：断电会丢失已答复的分录", En: "set it on: a power cut loses entries that were answered"}},
	{"full_page_writes", fail, []string{"on"}, ledger.Text{Zh: "设为 on：断电会撕裂数据页", En: "set it on: a power cut tears pages"}},
	{"synchronous_commit", fail, []string{"on", "remote_apply", "remote_write", "local"}, ledger.Text{Zh: "设为 on", En: "set it on"}},
	{"data_checksums", warn, []string{"on"}, ledger.Text{Zh: "停库后运行 pg_checksums --enable：磁盘错误才能被发现", En: "stop the server and run pg_checksums --enable: a disk that lies is not noticed without"}},
}

// server looks at PostgreSQL's version and settings.
func (d *doctor) server(ctx context.Context, q *pgxpool.Pool) {
	var version int
	var text string
	if err := q.QueryRow(ctx, `select current_setting('server_version_num')::int, current_setting('server_version')`).Scan(&version, &text); err != nil {
		d.failed("postgresql", err)
		return
	}
	state, do := well, ledger.Text{}
	if version/10000 < 15 || version/10000 > 18 {
		state, do = fail, ledger.Text{Zh: "支持 15 至 18 版", En: "supported are 15 to 18"}
	}
	d.say("postgresql", state, plain("%s", text), do)
	for _, m := range mustBe {
		var value string
		if err := q.QueryRow(ctx, `select current_setting($1)`, m.name).Scan(&value); err != nil {
			d.failed(m.name, err)
			continue
		}
		state, do := m.state, m.do
		for _, good := range m.good {
			if value == good {
				state, do = well, ledger.Text{}
			}
		}
		d.say(m.name, state, plain("%s", value), do)
	}
}

// The clock of the server against the database's, by which deadlines and slots run.
const (
	clockWarn = time.Second
	clockFail = 10 * time.Second
)

func (d *doctor) clock(ctx context.Context, q *pgxpool.Pool) {
	before := time.Now()
	var theirs time.Time
	if err := q.QueryRow(ctx, `select clock_timestamp()`).Scan(&theirs); err != nil {
		d.failed("clock", err)
		return
	}
	took := time.Since(before)
	apart := theirs.Sub(before.Add(took / 2)).Abs()
	state, do := well, ledger.Text{}
	switch {
	case apart > clockFail+took:
		state = fail
	case apart > clockWarn+took:
		state = warn
	}
	if state != well {
		do = ledger.Text{Zh: "两台机器都用 NTP（chrony）对时", En: "keep both machines' clocks by NTP (chrony)"}
	}
	d.say("clock", state, plain("%s", apart.Round(time.Millisecond)), do)
}

// schema says whether the database is at this program's version.
func (d *doctor) schema(ctx context.Context, q *pgxpool.Pool) bool {
	err := migrations.Check(ctx, q)
	if err != nil {
		d.say("schema", fail, plain("%v", err), ledger.Text{Zh: "运行 yilu migrate", En: "run yilu migrate"})
		return false
	}
	d.say("schema", well, plain("%d", migrations.Version()), ledger.Text{})
	return true
}

// rights looks at what the server's own login may do.
func (d *doctor) rights(ctx context.Context, q *pgxpool.Pool) {
	may, err := audit.ExcessRights(ctx, q)
	switch {
	case err != nil:
		d.failed("service rights", err)
	case len(may) > 0:
		d.say("service rights", fail, plain("%s", strings.Join(may, ", ")), ledger.Text{
			Zh: "服务应以 yilu_service 连接，收回这些权限；迁移用 YILU_OWNER_URL", En: "let the server connect as yilu_service and revoke these; YILU_OWNER_URL is for migrations"})
	default:
		d.say("service rights", well, ledger.Text{Zh: "只能读和追加", En: "reads and appends only"}, ledger.Text{})
	}
}

// guards compares triggers, constraints and rights with the migrations'.
func (d *doctor) guards(ctx context.Context, q *pgxpool.Pool) {
	differences, err := audit.CheckSchema(ctx, q)
	fingerprint, printErr := audit.Fingerprint(ctx, q)
	switch err = errors.Join(err, printErr); {
	case err != nil:
		d.failed("guards", err)
	case len(differences) == 0:
		d.say("guards", well, plain("%s", fingerprint), ledger.Text{})
	case d.env.DatabaseURL != "" && audit.Partial(differences):
		d.say("guards", warn, ledger.Text{Zh: "不完整：迁移账号不是超级用户", En: "partial: who migrated is no superuser"}, ledger.Text{
			Zh: "由超级用户迁移一次，或接受只由哈希和见证发现改动", En: "let a superuser migrate, or accept that hashes and witnesses alone show a change"})
	default:
		d.say("guards", fail, plain("%s", strings.Join(differences, "; ")), ledger.Text{
			Zh: "有人改动了数据库防护：保全数据库，运行 yilu verify --all", En: "somebody changed the database's guards: keep it as evidence, run yilu verify --all"})
	}
}

// logs holds every book to what was signed and published of it.
func (d *doctor) logs(ctx context.Context, q *pgxpool.Pool) {
	held, err := d.signing.held(ctx, d.env, q)
	if err != nil {
		d.failed("log", err)
		return
	}
	if held != (ledger.Text{}) {
		d.say("log", fail, held, ledger.Text{})
	}
	books, err := audit.Books(ctx, q)
	if err != nil {
		d.failed("log", err)
		return
	}
	if len(books) == 0 {
		d.say("log", warn, ledger.Text{Zh: "还没有账套", En: "there is no book yet"}, ledger.Text{Zh: "yilu serve 会建立", En: "yilu serve makes it"})
	}
	for _, book := range books {
		head, err := audit.ReadHead(ctx, q, book)
		if err != nil {
			d.failed("log "+book, err)
			continue
		}
		d.book(head, tile.Dir(filepath.Join(d.signing.public, book)))
	}
}

// lateAfter is how long an entry may wait for the public checkpoint.
const lateAfter = 5 * time.Minute

// book looks at one book's signing and publishing.
func (d *doctor) book(head audit.Head, public tile.Dir) {
	check := "log " + head.Book
	signed, known, err := d.signing.published(d.env, head.Book)
	published, sizeErr := public.Size()
	if err := errors.Join(err, sizeErr); err != nil {
		d.failed(check, err)
		return
	}
	found := ledger.Text{
		Zh: fmt.Sprintf("%d 条，已签 %d，已公布 %d", head.Size, signed, published),
		En: fmt.Sprintf("%d entries, %d signed, %d published", head.Size, signed, published),
	}
	switch {
	case !known && head.Size > 0:
		d.say(check, warn, found, ledger.Text{Zh: "从未签名，无法证明未被改动：yilu signer init", En: "never signed, so nothing proves that it is unchanged: yilu signer init"})
	case published < head.Size && time.Since(head.LastAt) > lateAfter:
		d.say(check, fail, found, ledger.Text{Zh: "签名或见证已停：看 serve 或 signer 的日志", En: "signing or its witnesses stand still: see the log of serve or signer"})
	default:
		d.say(check, well, found, ledger.Text{})
	}
	status, err := signer.ReadStatus(public)
	if err != nil {
		return // never published
	}
	if status.Halted != "" {
		d.say(check, fail, ledger.Text{Zh: status.HaltedZh, En: status.Halted}, ledger.Text{})
	}
	for _, w := range status.Witnesses {
		switch {
		case w.Refused:
			d.say(check, fail, ledger.Text{Zh: "见证方 " + w.Name + " 拒绝联署：" + w.Trouble, En: "witness " + w.Name + " refuses: " + w.Trouble}, ledger.Text{Zh: "两人与见证方核对", En: "two persons compare with the witness"})
		case w.Trouble != "":
			d.say(check, warn, ledger.Text{Zh: "见证方 " + w.Name + " 连不上：" + w.Trouble, En: "witness " + w.Name + " cannot be reached: " + w.Trouble}, ledger.Text{})
		}
	}
}
