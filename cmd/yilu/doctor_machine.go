package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yilu/audit"
	"yilu/ledger"
	"yilu/ledger/document"
)

// disks looks at the space of every disk that data are written to.
func (d *doctor) disks() {
	folders := newWatched(d.env, d.signing.public).disks
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		path := folders[name]
		free, of, err := diskSpace(path)
		if errors.Is(err, fs.ErrNotExist) {
			d.say("disk "+name, warn, ledger.Text{Zh: path + " 还不存在", En: path + " is not there yet"}, ledger.Text{})
			continue
		}
		if err != nil || of == 0 {
			d.failed("disk "+name, cmp.Or(err, fmt.Errorf("%s has no size", path)))
			continue
		}
		used := 1 - float64(free)/float64(of)
		state, do := well, ledger.Text{Zh: "清理或扩容：WAL 所在磁盘写满时 PostgreSQL 会停机", En: "make room: PostgreSQL goes down when the disk of its WAL is full"}
		switch {
		case used > diskFull:
			state = fail
		case used > diskAlarm:
			state = warn
		default:
			do = ledger.Text{}
		}
		d.say("disk "+name, state, ledger.Text{Zh: fmt.Sprintf("已用 %.0f%%，剩 %d MB", used*100, free>>20), En: fmt.Sprintf("%.0f %% used, %d MB free", used*100, free>>20)}, do)
	}
}

// backupEvery is how old the last backup may be: a day and an hour.
const backupEvery = 25 * time.Hour

func (d *doctor) backups() {
	at, folder, err := backedUp(d.env.Data)
	do := ledger.Text{Zh: "每天运行 yilu backup --out …，每周恢复一次试验", En: "run yilu backup --out … every day, and restore one every week"}
	switch {
	case err != nil:
		d.failed("backup", err)
	case at.IsZero():
		d.say("backup", warn, ledger.Text{Zh: "从未备份", En: "there was none"}, do)
	case time.Since(at) > backupEvery:
		d.say("backup", warn, ledger.Text{Zh: "上次 " + at.Format(time.RFC3339) + " " + folder, En: "the last was at " + at.Format(time.RFC3339) + ", " + folder}, do)
	default:
		d.say("backup", well, plain("%s %s", at.Format(time.RFC3339), folder), ledger.Text{})
	}
	r, err := readRestored(d.env.Data)
	switch {
	case err != nil:
		d.failed("restored", err)
	case r != nil && !r.Whole:
		d.say("restored", fail, ledger.Text{Zh: "恢复没有完成", En: "a restore did not end"}, ledger.Text{Zh: "再次运行 yilu restore", En: "run yilu restore again"})
	case r != nil && r.Released == "":
		d.say("restored", warn, ledger.Text{Zh: "由备份恢复，尚未核对公布到第几条", En: "restored, and not yet held to what was published"}, ledger.Text{Zh: "启动 yilu serve，或由两人 yilu restore confirm", En: "start yilu serve, or two persons: yilu restore confirm"})
	}
}

// documents reads every document that officers handed in.
func (d *doctor) documents(ctx context.Context, q audit.Querier) {
	faults, n, err := document.Check(ctx, q, filepath.Join(d.env.Data, filesFolder))
	if err != nil {
		d.failed("documents", err)
		return
	}
	d.sayDocuments(faults, n)
}

// sayDocuments says which documents are missing or changed.
func (d *doctor) sayDocuments(faults []document.Fault, n int) {
	if len(faults) == 0 {
		d.say("documents", well, ledger.Text{Zh: fmt.Sprintf("%d 个，内容与哈希一致", n), En: fmt.Sprintf("%d, all as they were handed in", n)}, ledger.Text{})
		return
	}
	missing := 0
	var names []string
	for _, f := range faults {
		if f.Missing {
			missing++
		}
		names = append(names, f.Hash+" "+f.Name)
	}
	list := strings.Join(names[:min(len(names), mostNamed)], "; ")
	d.say("documents", fail,
		ledger.Text{Zh: fmt.Sprintf("%d 个中缺失 %d 个、内容与哈希不符 %d 个：%s", n, missing, len(faults)-missing, list), En: fmt.Sprintf("%d of %d are missing, %d differ from their hash: %s", missing, n, len(faults)-missing, list)},
		ledger.Text{Zh: "从备份的 files/stored 放回，或请经办重新上传同一文件", En: "put them back from files/stored of a backup, or have the same files uploaded again"})
}

// uploads looks at uploads that wait for their officer. Without the secret nothing can be
// said of them: see secrets.
func (d *doctor) uploads(ctx context.Context, q audit.Querier) {
	if _, err := os.Stat(d.env.secretFile()); err != nil {
		return
	}
	sealer, err := d.env.sealer(ctx, q)
	if err != nil {
		d.failed("uploads", err)
		return
	}
	u, err := document.CheckUploads(filepath.Join(d.env.Data, filesFolder), sealer, time.Now())
	switch {
	case err != nil:
		d.failed("uploads", err)
	case u.Clear > 0:
		d.say("uploads", warn, ledger.Text{Zh: fmt.Sprintf("%d 个待处理的上传未加密（升级前留下），不进入备份", u.Clear), En: fmt.Sprintf("%d uploads that wait are in clear, from before an upgrade, and not in backups", u.Clear)},
			ledger.Text{Zh: "启动 yilu serve，即加密", En: "start yilu serve, which seals them"})
	case u.Closed > 0:
		d.say("uploads", warn, ledger.Text{Zh: fmt.Sprintf("%d 个待处理的上传打不开：被改动，或 seal.secret 不是原来的", u.Closed), En: fmt.Sprintf("%d uploads that wait do not open: they were changed, or seal.secret is another one", u.Closed)},
			ledger.Text{Zh: "放回原来的 seal.secret；否则请经办重新上传", En: "put the right seal.secret back; else have them uploaded again"})
	default:
		d.say("uploads", well, ledger.Text{Zh: fmt.Sprintf("%d 个待处理，均已加密", u.Waiting), En: fmt.Sprintf("%d wait, all sealed", u.Waiting)}, ledger.Text{})
	}
}

// secrets looks for keys that others on this machine can read.
func (d *doctor) secrets() {
	paths := map[string]string{"seal.secret": setting("YILU_SEAL_SECRET_FILE", filepath.Join(d.env.Data, "seal.secret")), "signer state": d.signing.state}
	if !strings.HasPrefix(d.signing.key, "agent:") {
		paths["signing key"] = d.signing.key
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		info, err := os.Stat(paths[name])
		switch {
		case errors.Is(err, fs.ErrPermission):
			d.say(name, well, ledger.Text{Zh: "属于另一用户", En: "belongs to another user"}, ledger.Text{})
		case err != nil:
			d.say(name, warn, plain("%v", err), ledger.Text{Zh: "首次启动会建立；若曾有过，请从保管处放回", En: "made at the first start; if there was one, put it back from where it is kept"})
		case info.Mode().Perm()&0o077 != 0:
			d.say(name, fail, plain("%s %o", paths[name], info.Mode().Perm()), plain("chmod 600 %s", paths[name]))
		default:
			d.say(name, well, plain("%o", info.Mode().Perm()), ledger.Text{})
		}
	}
}

// settings looks for those that are for demonstrations only.
func (d *doctor) settings() {
	weak := 0
	say := func(found, do ledger.Text) {
		d.say("settings", warn, found, do)
		weak++
	}
	if d.signing.witnesses == "" {
		say(ledger.Text{Zh: "没有见证方", En: "no witnesses"}, ledger.Text{Zh: "设 --witness-policy：没有见证，握有密钥的人可以改写历史", En: "set --witness-policy: without, who holds the key can rewrite the past"})
	}
	if strings.HasPrefix(d.signing.origin, "localhost") {
		say(ledger.Text{Zh: "日志名是 " + d.signing.origin, En: "the log is named " + d.signing.origin}, ledger.Text{Zh: "首次启动前用 --origin 定下正式网址，之后不能改", En: "choose its public name with --origin before the first start, it never changes"})
	}
	if u, err := url.Parse(d.warning.public); d.warning.public != "" && (err != nil || u.Scheme != "https") {
		say(ledger.Text{Zh: "对外网址不是 https：" + d.warning.public, En: "the public address is not https: " + d.warning.public}, ledger.Text{Zh: "在前面放 TLS 代理", En: "put a TLS proxy in front"})
	}
	for _, listener := range [][2]string{{"--listen", d.options.listen}, {"--admin", d.options.admin}} {
		if listener[1] != "" && !isLoopback(listener[1]) {
			say(plain("%s %s", listener[0], listener[1]), ledger.Text{Zh: "只监听本机，由 TLS 代理转发；健康检查口不对外", En: "listen on the loopback behind a TLS proxy, and show health and metrics to nobody outside"})
		}
	}
	if u, err := url.Parse(d.env.DatabaseURL); err == nil && d.env.DatabaseURL != "" && u.Hostname() != "" && !isLoopback(net.JoinHostPort(u.Hostname(), "1")) {
		if mode := u.Query().Get("sslmode"); mode != "verify-full" && mode != "verify-ca" {
			say(ledger.Text{Zh: "数据库连接不核对证书", En: "the database's certificate is not checked"}, ledger.Text{Zh: "在 YILU_DATABASE_URL 里加 sslmode=verify-full", En: "add sslmode=verify-full to YILU_DATABASE_URL"})
		}
	}
	if weak == 0 {
		d.say("settings", well, ledger.Text{Zh: "没有仅限演示的设置", En: "none that is for demonstrations only"}, ledger.Text{})
	}
}

// isLoopback says whether an address is reached from this machine alone.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// programs looks for what pages and their tests use beside the server.
func (d *doctor) programs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	optional := ledger.Text{Zh: "仅在本机打印公示或跑页面测试时需要", En: "needed only to print notices on this machine, or to test pages"}
	if out, err := exec.CommandContext(ctx, "fc-list", ":lang=zh").Output(); err != nil || len(out) == 0 {
		d.say("chinese fonts", warn, ledger.Text{Zh: "没有", En: "none"}, optional)
	} else {
		d.say("chinese fonts", well, plain("%d", strings.Count(string(out), "\n")), ledger.Text{})
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			d.say("chromium", well, plain("%s", path), ledger.Text{})
			return
		}
	}
	d.say("chromium", warn, ledger.Text{Zh: "没有", En: "none"}, optional)
}
