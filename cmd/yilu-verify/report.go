package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit/proof"
)

// Exit codes.
const (
	exitPassed     = 0 // every check ran and passed
	exitWrong      = 1 // something is not what it must be
	exitUsage      = 2 // the command line cannot be understood
	exitNotChecked = 3 // nothing wrong was found, but not everything could be checked
)

// status is the outcome of one check.
type status string

const (
	passed     status = "passed"
	failed     status = "failed"
	notChecked status = "not checked"
)

// text is a sentence in both languages.
type text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

func (t text) in(lang string) string {
	if lang == "zh" {
		return t.Zh
	}
	return t.En
}

// check is one line of the report.
type check struct {
	Status status `json:"status"`
	text
}

// badEntry names the first entry that is wrong.
type badEntry struct {
	Seq  uint64 `json:"seq"`
	File string `json:"file,omitzero"`
	What text   `json:"what"`
}

// report is what a verification found. It is printed as text, or with --json as
// it stands here.
type report struct {
	Result   string          `json:"result"` // passed, failed or not checked
	Sentence text            `json:"sentence"`
	FirstBad *badEntry       `json:"first_bad,omitzero"`
	Checks   []check         `json:"checks"`
	Origin   string          `json:"origin,omitzero"`
	Size     uint64          `json:"size"`
	Root     string          `json:"root,omitzero"`
	Entries  uint64          `json:"entries_read,omitzero"`
	Cosigned []cosigner      `json:"cosigned,omitzero"`
	Funds    []fundFigure    `json:"funds,omitzero"`
	Projects []projectFigure `json:"projects,omitzero"`
}

// cosigner is a witness that vouches for the checkpoint.
type cosigner struct {
	Witness string    `json:"witness"`
	At      time.Time `json:"at"`
}

func (r *report) pass(zh, en string, args ...any)   { r.add(passed, zh, en, args) }
func (r *report) fail(zh, en string, args ...any)   { r.add(failed, zh, en, args) }
func (r *report) unsure(zh, en string, args ...any) { r.add(notChecked, zh, en, args) }

// add appends a check. Both texts take the same arguments.
func (r *report) add(s status, zh, en string, args []any) {
	r.Checks = append(r.Checks, check{s, text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}})
}

// witnesses holds a checkpoint to the policy's quorum and names who cosigned.
func (r *report) witnesses(s *proof.Signed, p *proof.Policy) {
	for _, c := range s.Cosignatures {
		r.Cosigned = append(r.Cosigned, cosigner{c.Witness, c.At})
	}
	switch err := s.CheckQuorum(p); {
	case err != nil:
		r.fail("见证不足：%v", "not enough witnesses: %v", err)
	case len(s.Cosignatures) == 0:
		r.pass("策略不要求见证：持有签名密钥者若重写历史，只有留存的检查点能发现",
			"the policy asks for no witness: if the holder of the key rewrites the past, only a kept checkpoint shows it")
	default:
		r.pass("见证会签 %d 个，符合策略", "%d cosignatures, as the policy asks", len(s.Cosignatures))
	}
}

// found turns an error of the verification into a check: a fault of the log, or
// a reason why it could not be read to the end.
func (r *report) found(err error) {
	w, ok := asWrong(err)
	if !ok {
		r.unsure("未能读完：%v", "it could not be read to the end: %v", err)
		return
	}
	r.Checks = append(r.Checks, check{failed, w.text()})
	if w.seq >= 0 && (r.FirstBad == nil || uint64(w.seq) < r.FirstBad.Seq) {
		r.FirstBad = &badEntry{uint64(w.seq), w.path, w.what}
	}
}

// worst is the outcome of all checks together.
func (r *report) worst() status {
	worst := passed
	for _, c := range r.Checks {
		if c.Status == failed || worst == passed {
			worst = c.Status
		}
		if worst == failed {
			return failed
		}
	}
	return worst
}

// conclude writes the one sentence. holds says what is true if all checks
// passed.
func (r *report) conclude(holds text) {
	worst := r.worst()
	r.Result = string(worst)
	first := func(s status) text {
		for _, c := range r.Checks {
			if c.Status == s {
				return c.text
			}
		}
		return text{}
	}
	switch why := first(worst); worst {
	case passed:
		r.Sentence = holds
	case failed:
		if bad := r.FirstBad; bad != nil {
			why = text{fmt.Sprintf("第一条有问题的是第 %d 号分录：%s", bad.Seq, bad.What.Zh), fmt.Sprintf("the first bad entry is %d: %s", bad.Seq, bad.What.En)}
		}
		r.Sentence = text{"核验不通过：" + why.Zh, "WRONG: " + why.En}
	case notChecked:
		r.Sentence = text{"未发现问题，但未能全部核验：" + why.Zh, "nothing wrong was found, but not everything was checked: " + why.En}
	}
}

// exit is the process's exit code.
func (r *report) exit() int {
	switch r.worst() {
	case failed:
		return exitWrong
	case notChecked:
		return exitNotChecked
	}
	return exitPassed
}

// write prints the report.
func (r *report) write(w io.Writer, lang string, asJSON bool) error {
	if asJSON {
		if err := json.MarshalWrite(w, r, jsontext.WithIndent("  ")); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		_, err := fmt.Fprintln(w)
		return err
	}
	var b strings.Builder
	b.WriteString(r.Sentence.in(lang) + "\n\n")
	for _, c := range r.Checks {
		mark := map[status]string{passed: "✓", failed: "✗", notChecked: "?"}[c.Status]
		b.WriteString("  " + mark + " " + c.in(lang) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
