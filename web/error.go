package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/labstack/echo/v4"

	"yilu/alerts"
	"yilu/ledger"
	"yilu/ledger/document"
)

// problem is an error as users see it: RFC 9457, in our own words only.
type problem struct {
	// Type is urn:yilu:problem: and a stable word for programs.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Request is the id under which the log knows more.
	Request string `json:"request"`
	// Problems names each field that is wrong, in both languages.
	Problems []ledger.Problem `json:"problems,omitzero"`
	// Seq is the entry that has the id already, in a conflict.
	Seq *ledger.Seq `json:"seq,omitzero"`
	// Cases are the cases that moved on since they were seen, as they are now.
	Cases []alerts.Moved `json:"cases,omitzero"`

	title, detail ledger.Text
	retry         time.Duration
	// log says that the cause is worth a line of its own.
	log bool
}

// Errors of this package, which the table below turns into statuses.
var (
	errNoToken     = errors.New("no token")
	errBadToken    = errors.New("unknown, expired or revoked token")
	errOtherBook   = errors.New("token of another book")
	errRole        = errors.New("the token's role may not do this")
	errCrossOrigin = errors.New("cross-origin request")
	errMediaType   = errors.New("not application/json")
	errForm        = errors.New("not a form")
)

// unreadable is a body that is not one JSON text: broken, with a name twice,
// not UTF-8, or with something behind it.
type unreadable struct{ offset int64 }

func (e *unreadable) Error() string { return "not JSON" }

// one makes the answer to input with a single thing wrong.
func one(field, zh, en string) *ledger.Invalid {
	return &ledger.Invalid{Problems: []ledger.Problem{{Field: field, Rule: "form", Text: ledger.Text{Zh: zh, En: en}}}}
}

// answer makes a problem of the table. The texts are the only ones a user ever
// reads; what the error itself says stays in the log.
func answer(status int, kind string, title, detail ledger.Text) *problem {
	return &problem{Type: "urn:yilu:problem:" + kind, Status: status, title: title, detail: detail}
}

// problemOf is the one table from errors to statuses.
//
// 422 is input that is wrong in itself (invalid) or that the book does not
// allow (refused). 409 is what can be posted once its sender has looked again: an id
// that belongs to another entry (conflict), an entry that a rule holds until it is
// explained (acknowledge), a case that somebody else has moved on (moved).
func problemOf(err error) *problem {
	if p := problemOfLedger(err); p != nil {
		return p
	}
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	bad, broken := errors.AsType[*unreadable](err)
	switch {
	case tooLarge:
		return answer(http.StatusRequestEntityTooLarge, "too-large", ledger.Text{Zh: "请求过大", En: "request too large"},
			ledger.Text{Zh: "请求最多 1 MiB，请分批提交", En: "a request has at most 1 MiB; send several"})
	case broken:
		at := strconv.FormatInt(bad.offset, 10)
		return answer(http.StatusBadRequest, "unreadable", ledger.Text{Zh: "无法读取", En: "unreadable"},
			ledger.Text{Zh: "不是一份合格的 JSON（须为 UTF-8，字段不得重复，其后不得有多余内容），第 " + at + " 字节", En: "not one JSON text in UTF-8 with every name once, at byte " + at})
	case errors.Is(err, errMediaType):
		return answer(http.StatusUnsupportedMediaType, "media-type", ledger.Text{Zh: "内容类型不支持", En: "unsupported media type"},
			ledger.Text{Zh: "请用 Content-Type: application/json，不压缩", En: "send Content-Type: application/json, not compressed"})
	case errors.Is(err, errForm):
		return answer(http.StatusUnsupportedMediaType, "media-type", ledger.Text{Zh: "内容类型不支持", En: "unsupported media type"},
			ledger.Text{Zh: "请用本页的表单提交", En: "send the form of the page"})
	case errors.Is(err, errReading), errors.Is(err, document.ErrFull):
		p := answer(http.StatusServiceUnavailable, "busy", ledger.Text{Zh: "正在读取其他表格", En: "other sheets are being read"},
			ledger.Text{Zh: "同时读取的表格太多，请稍后再试", En: "enough sheets are being read, try again soon"})
		p.retry = 5 * time.Second
		return p
	case errors.Is(err, errNoToken), errors.Is(err, errBadToken):
		return answer(http.StatusUnauthorized, "unauthenticated", ledger.Text{Zh: "需要令牌", En: "token needed"},
			ledger.Text{Zh: "请在 Authorization: Bearer 中提供有效的令牌（由 yilu token 签发）", En: "send a valid token as Authorization: Bearer; yilu token makes one"})
	case errors.Is(err, errOtherBook):
		return answer(http.StatusForbidden, "forbidden", ledger.Text{Zh: "无权办理", En: "not allowed"},
			ledger.Text{Zh: "令牌属于另一账套", En: "the token belongs to another book"})
	case errors.Is(err, errRole):
		return answer(http.StatusForbidden, "forbidden", ledger.Text{Zh: "无权办理", En: "not allowed"},
			ledger.Text{Zh: "令牌的角色不能办理此事项", En: "the token's role may not do this"})
	case errors.Is(err, errCrossOrigin):
		return answer(http.StatusForbidden, "forbidden", ledger.Text{Zh: "无权办理", En: "not allowed"},
			ledger.Text{Zh: "不接受其他网站发来的写入请求", En: "writing from another site is not accepted"})
	case errors.Is(err, errMaking):
		p := answer(http.StatusServiceUnavailable, "busy", ledger.Text{Zh: "下载繁忙", En: "downloads are busy"},
			ledger.Text{Zh: "正在生成的文件太多，请稍后再试", En: "enough files are being made, try again soon"})
		p.retry = 5 * time.Second
		return p
	}
	return problemOfServer(err)
}

// problemOfLedger is the part of the table that package ledger answers with.
func problemOfLedger(err error) *problem {
	if bad, ok := errors.AsType[*ledger.Invalid](err); ok {
		if !slices.ContainsFunc(bad.Problems, func(p ledger.Problem) bool { return p.Rule != "role" }) {
			p := problemOf(errRole)
			p.Problems = bad.Problems
			return p
		}
		return listed("invalid", ledger.Text{Zh: "内容有误", En: "invalid input"}, bad.Problems)
	}
	if m, ok := errors.AsType[*moved](err); ok {
		p := listed("moved", ledger.Text{Zh: "已有新的办理", En: "the case has moved on"}, m.problems)
		p.Status, p.Cases = http.StatusConflict, m.cases
		return p
	}
	if refused, ok := errors.AsType[*ledger.Refused](err); ok {
		if needsAcknowledgement(refused.Problems) {
			p := listed("acknowledge", ledger.Text{Zh: "预警需说明并附件", En: "held until explained with a file"}, refused.Problems)
			p.Status = http.StatusConflict
			return p
		}
		return listed("refused", ledger.Text{Zh: "账簿不允许", En: "refused by the book"}, refused.Problems)
	}
	if taken, ok := errors.AsType[*ledger.Conflict](err); ok {
		p := answer(http.StatusConflict, "conflict", ledger.Text{Zh: "编号已用于其他内容", En: "id taken"},
			ledger.Text{Zh: "编号 " + taken.ID + " 已记入内容不同的分录", En: "id " + taken.ID + " is an entry with other content"})
		p.Seq = &taken.Seq
		return p
	}
	if busy, ok := errors.AsType[*ledger.Busy](err); ok {
		p := answer(http.StatusServiceUnavailable, "busy", ledger.Text{Zh: "排队已满", En: "queue full"},
			ledger.Text{Zh: "等待入账的请求太多，本次没有入账，请稍后用同一编号重发", En: "too many posts are waiting; nothing was posted, send the same again later"})
		p.retry = busy.RetryAfter
		return p
	}
	if stop, ok := errors.AsType[*held](err); ok {
		return answer(http.StatusServiceUnavailable, "held", ledger.Text{Zh: "已停止记账", En: "posting is stopped"}, stop.why)
	}
	switch {
	case errors.Is(err, ledger.ErrUnknown):
		p := answer(http.StatusServiceUnavailable, "unknown-outcome", ledger.Text{Zh: "结果未知", En: "outcome unknown"},
			ledger.Text{Zh: "可能已入账，也可能没有：请用 GET …/ids/{编号} 查询，或用同一编号重发同一内容", En: "it may be posted or not: ask GET …/ids/{id}, or send the same id with the same content again"})
		p.retry = time.Second
		return p
	case errors.Is(err, ledger.ErrUnavailable):
		p := answer(http.StatusServiceUnavailable, "unavailable", ledger.Text{Zh: "暂时不可用", En: "unavailable"},
			ledger.Text{Zh: "账簿数据库暂不可用，本次没有入账，请稍后重试", En: "the ledger's database is not available; nothing was posted, try again later"})
		p.retry = 5 * time.Second
		return p
	case errors.Is(err, ledger.ErrNotFound):
		return notFound()
	}
	return nil
}

// needsAcknowledgement says whether explanations are all that is missing.
func needsAcknowledgement(ps []ledger.Problem) bool {
	return len(ps) > 0 && !slices.ContainsFunc(ps, func(p ledger.Problem) bool { return p.Needs != "acknowledgement" })
}

// problemOfServer is the rest of the table: the router's answers, callers who
// hung up, and everything that only the log may explain.
func problemOfServer(err error) *problem {
	if h, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch {
		case h.Code == http.StatusNotFound:
			return notFound()
		case h.Code == http.StatusMethodNotAllowed:
			return answer(h.Code, "method", ledger.Text{Zh: "方法不支持", En: "method not allowed"},
				ledger.Text{Zh: "该地址支持的方法见 Allow", En: "Allow lists the methods of this address"})
		}
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "22021" { // no text that this program makes is such
		return answer(http.StatusUnprocessableEntity, "invalid", ledger.Text{Zh: "内容有误", En: "invalid input"},
			ledger.Text{Zh: "地址或填写的内容里有不能保存的字符（NUL，或不是 UTF-8）", En: "the address or what was typed has characters that cannot be kept (NUL, or not UTF-8)"})
	}
	if errors.Is(err, context.Canceled) {
		p := answer(http.StatusServiceUnavailable, "cancelled", ledger.Text{Zh: "请求已取消", En: "cancelled"},
			ledger.Text{Zh: "请求方已断开，本次没有入账", En: "the caller hung up; nothing was posted"})
		p.retry = time.Second
		return p
	}
	p := answer(http.StatusInternalServerError, "internal", ledger.Text{Zh: "内部错误", En: "internal error"},
		ledger.Text{Zh: "服务器内部错误，请把请求编号告知管理员", En: "internal error; tell the operator the request's id"})
	p.log = true
	return p
}

// notFound does not say what is missing: for strangers, a thing they may not see
// and one that is not there look alike.
func notFound() *problem {
	return answer(http.StatusNotFound, "not-found", ledger.Text{Zh: "没有找到", En: "not found"},
		ledger.Text{Zh: "没有这个地址、账套、编号或分录", En: "there is no such address, book, id or entry"})
}

// listed is the answer to input with named things wrong; the detail is the
// first of them.
func listed(kind string, title ledger.Text, ps []ledger.Problem) *problem {
	p := answer(http.StatusUnprocessableEntity, kind, title, ledger.Text{})
	p.Problems = ps
	if len(ps) > 0 {
		if p.detail = ps[0].Text; ps[0].Field != "" {
			p.detail = ledger.Text{Zh: ps[0].Field + "：" + ps[0].Zh, En: ps[0].Field + ": " + ps[0].En}
		}
	}
	if n := len(ps) - 1; n > 0 {
		p.detail.Zh += "（另有 " + strconv.Itoa(n) + " 处）"
		p.detail.En += " (and " + strconv.Itoa(n) + " more)"
	}
	return p
}

// busyType is back-pressure. Metrics count it; a line for each would make an
// overload worse.
const busyType = "urn:yilu:problem:busy"

// fail is the one error handler: it answers, and logs what only we may know.
func (s *server) fail(err error, c echo.Context) {
	p := problemOf(err)
	if p.log {
		attrs := []any{"request", requestIDOf(c), "method", c.Request().Method, "route", c.Path(), "error", err}
		if bug, ok := errors.AsType[*panicked](err); ok {
			attrs = append(attrs, "stack", string(bug.stack))
		}
		s.Log.ErrorContext(c.Request().Context(), "request failed", attrs...)
	}
	w := c.Response()
	if w.Committed {
		return
	}
	h := w.Header()
	h.Del("Location")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retry+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		challenge := `Bearer realm="yilu"`
		if errors.Is(err, errBadToken) {
			challenge += `, error="invalid_token"`
		}
		h.Set("WWW-Authenticate", challenge)
	}
	c.Set(quiet, p.Type == busyType)
	p.speak(c)
	if err := s.show(c, p); err != nil {
		s.Log.WarnContext(c.Request().Context(), "write answer", "request", requestIDOf(c), "error", err)
	}
}

// speak chooses the language: Chinese, unless the caller prefers English.
func (p *problem) speak(c echo.Context) {
	p.Request, p.Title, p.Detail = requestIDOf(c), p.title.Zh, p.detail.Zh
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(c.Request().Header.Get("Accept-Language"))), "en") {
		p.Title, p.Detail = p.title.En, p.detail.En
		c.Response().Header().Set("Content-Language", "en")
		return
	}
	c.Response().Header().Set("Content-Language", "zh")
}

// show writes the problem: a page for people, problem+json for programs.
func (s *server) show(c echo.Context, p *problem) error {
	if s.errorPage != nil && !strings.HasPrefix(c.Request().URL.Path, s.BasePath+"/api/") {
		return s.errorPage(c, p)
	}
	body, err := json.Marshal(p, rendering)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, "application/problem+json", body)
}
