package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"yilu/audit/signer"
	"yilu/ledger"
)

// HealthLine is one thing that the service stands on, and how it fares.
type HealthLine struct {
	// Check names it, State is ok, warn or fail.
	Check, State string
	// Found is what there is, Do what to do about it.
	Found, Do ledger.Text
}

// Sign is the state as a sign beside its word: colour alone tells nothing.
func (h HealthLine) Sign() string {
	return map[string]string{"ok": "✓", "warn": "!", "fail": "✗"}[h.State]
}

// healthView is the page of the administrator.
type healthView struct {
	*officer
	Groups []healthGroup
	At     string
	Worst  string
	// Checks says whether the entries can be checked from here.
	Checks bool
}

// healthGroup is what one part of the service says.
type healthGroup struct {
	Key   string
	Lines []HealthLine
}

// checkNames name the checks for people; what is not here is called by its setting.
var checkNames = map[string]ledger.Text{
	"entries": {Zh: "分录逐条核对", En: "every entry"},
	"ready":   {Zh: "能否服务", En: "ready"}, "pool": {Zh: "数据库连接", En: "connections"}, "waiting": {Zh: "排队的分录", En: "entries that wait"}, "signer": {Zh: "签名", En: "signer"},
	"witness": {Zh: "见证方", En: "witness"}, "lag": {Zh: "评判进度", En: "judging"}, "deadlines": {Zh: "期限", En: "deadlines"}, "outbox": {Zh: "通知", En: "notifications"},
	"clock": {Zh: "时钟偏差", En: "clock"}, "backup": {Zh: "备份", En: "backup"}, "settings": {Zh: "设置", En: "settings"}, "disk data": {Zh: "数据磁盘", En: "disk of the data"}, "disk public": {Zh: "公开文件磁盘", En: "disk of the public files"},
	"job calendar": {Zh: "节假日历", En: "calendar"}, "job canary": {Zh: "引擎自检", En: "canary"}, "job remind": {Zh: "到期提醒", En: "reminders"}, "job replay": {Zh: "夜间重评", En: "nightly replay"},
	"job unset": {Zh: "缺少的参数", En: "missing limits"}, "job summary": {Zh: "每日摘要", En: "daily digest"},
}

// Name is the name of a check in the page's language.
func (p *healthView) Name(check string) string {
	if name, ok := checkNames[check]; ok {
		return p.lang.pick(name)
	}
	if code, sweep := strings.CutPrefix(check, "job sweep."); sweep {
		return p.t("health.sweep", code)
	}
	if name, channel := strings.CutPrefix(check, "channel "); channel {
		return p.t("health.channel", name)
	}
	return check
}

// Say is a text in the page's language.
func (p *healthView) Say(t ledger.Text) string { return p.lang.pick(t) }

// checks keeps what the slow checks said for a while: a page that is asked for again
// and again must not start programs each time.
type checks struct {
	mu    sync.Mutex
	at    time.Time
	lines []HealthLine
}

const (
	checksAge  = 15 * time.Second
	healthTime = 10 * time.Second
)

// healthPage asks everything that the service stands on. What cannot be asked is a line
// too: the page itself always answers.
func (s *server) healthPage(c *call, o *officer) error {
	o.template = "health"
	ctx, cancel := context.WithTimeout(c.ctx(), healthTime)
	defer cancel()
	p := &healthView{officer: o, At: inShanghai(s.Now()), Worst: "ok", Checks: s.SelfCheck != nil}
	p.Groups = []healthGroup{
		{"log", s.logHealth()}, {"database", s.databaseHealth(ctx)}, {"signer", s.signerHealth(ctx)}, {"engine", s.engineHealth(ctx)}, {"jobs", s.jobsHealth(ctx)}, {"outbox", s.outboxHealth(ctx)}, {"machine", s.machineHealth(ctx)},
	}
	for _, g := range p.Groups {
		for _, x := range g.Lines {
			if x.State == "fail" || x.State == "warn" && p.Worst == "ok" {
				p.Worst = x.State
			}
		}
	}
	return s.showStaff(c, http.StatusOK, p)
}

// checkTime is how long the step waits for a check, so that a page follows that has its
// result: a small county's takes a second, a large one's is asked for again.
const checkTime = 5 * time.Second

// healthStep has all entries checked now.
func (s *server) healthStep(c *call, o *officer) error {
	if s.SelfCheck != nil {
		s.SelfCheck.Ask()
		ctx, cancel := context.WithTimeout(c.ctx(), checkTime)
		defer cancel()
		for running := true; running && ctx.Err() == nil; _, running = s.SelfCheck.Last() {
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/health"))
}

// logHealth is what our own check of the entries found.
func (s *server) logHealth() (lines []HealthLine) {
	if s.SelfCheck == nil {
		return nil
	}
	ended, running := s.SelfCheck.Last()
	line := HealthLine{"entries", "ok", ledger.Text{Zh: "每条分录与其散列、签名一致，核对于 " + inShanghai(ended), En: "every entry agrees with its hash and the signatures, as of " + inShanghai(ended)}, ledger.Text{}}
	if ended.IsZero() {
		line.Found = ledger.Text{Zh: "本次启动后尚未逐条核对，每晚三时自动核对", En: "not checked one by one since the start; that is done at three each night"}
	}
	if running {
		line.Found = ledger.Text{Zh: "正在逐条核对", En: "every entry is being checked now"}
	}
	found := s.SelfCheck.Found()
	for _, f := range found {
		lines = append(lines, HealthLine{"entries", "fail", f.Text, ledger.Text{
			Zh: "不要重启或修复，保存现状；用 yilu-verify 与见证方的检查点核对，由两人处理预警 L01", En: "restart and mend nothing, keep everything as it is; compare with yilu-verify and a witness's checkpoint; two persons handle warning L01"}})
	}
	if running || len(found) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// same is a text that needs no translation.
func same(format string, args ...any) ledger.Text {
	text := fmt.Sprintf(format, args...)
	return ledger.Text{Zh: text, En: text}
}

// unasked is the line for what could not be asked. Why stands in the log: an error may
// name more than a page should.
func (s *server) unasked(ctx context.Context, check string, err error) HealthLine {
	s.Log.WarnContext(ctx, "health", "check", check, "error", err)
	return HealthLine{check, "fail", ledger.Text{Zh: "无法查询，见日志", En: "cannot be asked, see the log"}, ledger.Text{}}
}

func (s *server) databaseHealth(ctx context.Context) (lines []HealthLine) {
	reasons := s.notReady(ctx)
	for _, why := range reasons {
		lines = append(lines, HealthLine{"ready", "fail", same("%s", why), ledger.Text{}})
	}
	if len(reasons) == 0 {
		lines = append(lines, HealthLine{"ready", "ok", ledger.Text{Zh: "可以服务", En: "ready"}, ledger.Text{}})
	}
	stat := s.Pool.Stat()
	pool := HealthLine{"pool", "ok", ledger.Text{
		Zh: fmt.Sprintf("连接 %d，在用 %d，上限 %d，排队 %d 次", stat.TotalConns(), stat.AcquiredConns(), stat.MaxConns(), stat.EmptyAcquireCount()),
		En: fmt.Sprintf("%d connections, %d in use, at most %d, waited %d times", stat.TotalConns(), stat.AcquiredConns(), stat.MaxConns(), stat.EmptyAcquireCount())}, ledger.Text{}}
	if stat.AcquiredConns() >= stat.MaxConns() {
		pool.State, pool.Do = "warn", ledger.Text{Zh: "连接已用尽", En: "all connections are in use"}
	}
	waiting := HealthLine{"waiting", "ok", same("%d", s.Config.Ledger.Waiting()), ledger.Text{}}
	return append(lines, pool, waiting)
}

// lateSigning is how many entries may wait for their signature: one interval's.
const lateSigning = 5 * time.Minute

func (s *server) signerHealth(ctx context.Context) []HealthLine {
	d, ok := s.publicDir(string(s.Book))
	if !ok {
		return []HealthLine{{"signer", "warn", ledger.Text{Zh: "未公布签名文件", En: "no public log is served"}, ledger.Text{}}}
	}
	status, err := signer.ReadStatus(d)
	if errors.Is(err, fs.ErrNotExist) {
		return []HealthLine{{"signer", "warn", ledger.Text{Zh: "尚未签名", En: "nothing is signed yet"}, ledger.Text{Zh: "运行 yilu signer init", En: "run yilu signer init"}}}
	}
	if err != nil {
		return []HealthLine{s.unasked(ctx, "signer", err)}
	}
	size, err := d.Size()
	head, headErr := s.ledger.Head(ctx, s.Book)
	if err := errors.Join(err, headErr); err != nil {
		return []HealthLine{s.unasked(ctx, "signer", err)}
	}
	line := HealthLine{"signer", "ok", ledger.Text{Zh: fmt.Sprintf("共 %d 条，已公布 %d 条", head.Size, size), En: fmt.Sprintf("%d entries, %d published", head.Size, size)}, ledger.Text{}}
	last, err := time.Parse(time.RFC3339Nano, head.At)
	switch {
	case status.Halted != "":
		line.State, line.Do = "fail", ledger.Text{Zh: status.HaltedZh, En: status.Halted}
	case err == nil && int64(size) < head.Size && s.Now().Sub(last) > lateSigning:
		line.State, line.Do = "fail", ledger.Text{Zh: "签名或见证已停，看日志", En: "signing or its witnesses stand still, see the log"}
	}
	lines := []HealthLine{line}
	for _, w := range status.Witnesses {
		x := HealthLine{"witness", "ok", same("%s %s", w.Name, shanghaiTime(w.CosignedAt)), ledger.Text{}}
		if w.Refused {
			x.State, x.Do = "fail", ledger.Text{Zh: "拒绝联署，请两人核对：" + w.Trouble, En: "refuses, two persons compare: " + w.Trouble}
		} else if w.Trouble != "" {
			x.State, x.Do = "warn", same("%s", w.Trouble)
		}
		lines = append(lines, x)
	}
	return lines
}

// lateEngine is how many entries may wait to be judged before somebody should look.
const lateEngine = 1000

func (s *server) engineHealth(ctx context.Context) []HealthLine {
	f, err := s.Alerts.Figures(ctx, s.Book)
	if err != nil {
		return []HealthLine{s.unasked(ctx, "engine", err)}
	}
	lag := HealthLine{"lag", "ok", ledger.Text{Zh: fmt.Sprintf("%d 条分录待评", f.Lag), En: fmt.Sprintf("%d entries wait to be judged", f.Lag)}, ledger.Text{}}
	if f.Lag > lateEngine {
		lag.State = "warn"
	}
	overdue := HealthLine{"deadlines", "ok", ledger.Text{Zh: fmt.Sprintf("%d 个期限已过而未触发", f.Overdue), En: fmt.Sprintf("%d deadlines passed and did not fire", f.Overdue)}, ledger.Text{}}
	if f.Overdue > 0 {
		overdue.State = "warn"
	}
	return []HealthLine{lag, overdue}
}

// lateJob is how long after its slot a job may still be due.
const lateJob = 10 * time.Minute

func (s *server) jobsHealth(ctx context.Context) (lines []HealthLine) {
	jobs, err := s.Alerts.Jobs(ctx, s.Book)
	if err != nil {
		return []HealthLine{s.unasked(ctx, "jobs", err)}
	}
	for _, j := range jobs {
		x := HealthLine{"job " + j.Job, "ok", ledger.Text{Zh: "尚未运行", En: "did not run yet"}, ledger.Text{}}
		if j.Outcome == "first" {
			x.Found = ledger.Text{Zh: "尚未运行，下次 " + inShanghai(j.Next), En: "did not run yet, next " + inShanghai(j.Next)}
		} else if !j.Last.IsZero() {
			x.Found = ledger.Text{
				Zh: fmt.Sprintf("上次 %s，下次 %s；%s", inShanghai(j.Last), inShanghai(j.Next), j.Outcome),
				En: fmt.Sprintf("last %s, next %s; %s", inShanghai(j.Last), inShanghai(j.Next), j.Outcome)}
		}
		switch {
		case j.Overdue > lateJob:
			x.State, x.Do = "fail", ledger.Text{Zh: "逾期 " + j.Overdue.Round(time.Second).String(), En: "late by " + j.Overdue.Round(time.Second).String()}
		case strings.HasPrefix(j.Outcome, "error"):
			x.State = "warn"
		}
		lines = append(lines, x)
	}
	return lines
}

func (s *server) outboxHealth(ctx context.Context) (lines []HealthLine) {
	if s.Alerts.Notify == nil {
		return []HealthLine{{"outbox", "ok", ledger.Text{Zh: "未配置通知", En: "nobody is told"}, ledger.Text{}}}
	}
	channels, err := s.Alerts.Notify.Status(ctx)
	if err != nil {
		return []HealthLine{s.unasked(ctx, "outbox", err)}
	}
	for _, ch := range channels {
		x := HealthLine{"channel " + ch.Channel, "ok", ledger.Text{Zh: "待发 " + strconv.Itoa(ch.Waiting) + "，失败 " + strconv.Itoa(ch.Failed), En: strconv.Itoa(ch.Waiting) + " wait, " + strconv.Itoa(ch.Failed) + " failed"}, ledger.Text{}}
		switch {
		case !ch.Configured || ch.Failed > 0:
			x.State = "fail"
		case !ch.FailingSince.IsZero():
			x.State, x.Do = "warn", same("%s", ch.Reason)
		}
		lines = append(lines, x)
	}
	if len(lines) == 0 {
		lines = []HealthLine{{"outbox", "ok", ledger.Text{Zh: "没有通知渠道", En: "there are no channels"}, ledger.Text{}}}
	}
	return lines
}

// machineHealth are the checks of what lies outside of the program, kept for a while.
func (s *server) machineHealth(ctx context.Context) []HealthLine {
	if s.Health == nil {
		return nil
	}
	s.machine.mu.Lock()
	defer s.machine.mu.Unlock()
	if now := s.Now(); s.machine.lines == nil || now.Sub(s.machine.at) > checksAge {
		s.machine.lines, s.machine.at = s.Health(ctx), now
	}
	return s.machine.lines
}
