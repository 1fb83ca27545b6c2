// Package witness asks witnesses for cosignatures (c2sp.org/tlog-witness): each
// checks that a checkpoint extends all that it saw of the log before, and signs.
//
// What comes back is believed as far as it is signed: a line is returned only if
// the policy's key of that witness verifies it. A witness that lies can refuse,
// or claim to know a larger log; it can never make another one count.
package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"yilu/audit/proof"
)

const (
	// deadline is for one witness, all tries together.
	deadline = 5 * time.Second
	// maxAnswer is far more than the signature lines of one witness.
	maxAnswer = 16 << 10
)

// Refused says that a witness answered and would not cosign: by the protocol 403
// for a signature it does not know, 404 for a log it does not know, 422 for a
// proof that does not hold, which means that the log's past has changed.
type Refused struct {
	Witness string
	Status  int
	// Said is the beginning of what the witness wrote, in plain ASCII.
	Said string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("witness %s refuses with status %d: %s", r.Witness, r.Status, r.Said)
}

// Ahead says that a witness has cosigned more of the log than there is: the log
// went back. No later checkpoint may be signed before it is known why.
type Ahead struct {
	Witness     string
	Size, Known uint64
}

func (a *Ahead) Error() string {
	return fmt.Sprintf("witness %s has cosigned %d entries of a log of %d", a.Witness, a.Known, a.Size)
}

// Client asks. The zero Client is ready.
type Client struct {
	// HTTP sends the requests; nil takes one that follows no redirects.
	HTTP *http.Client
}

var plain = &http.Client{
	Timeout:       deadline,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Ask submits a signed checkpoint to one witness of the policy, which by our
// knowledge has cosigned old entries. prove makes the proof from a size on. An
// error that is neither *Refused nor *Ahead means: not reachable, try later.
func (c *Client) Ask(ctx context.Context, p *proof.Policy, w proof.Witness, signed []byte, old uint64, prove func(old uint64) ([]proof.Hash, error)) (proof.Cosignature, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	s, err := p.Open(signed)
	if err != nil {
		return proof.Cosignature{}, fmt.Errorf("ask witness %s: %w", w.Name, err)
	}
	for range 3 { // the witness may hear of us from elsewhere meanwhile
		hashes, err := prove(old)
		if err != nil {
			return proof.Cosignature{}, fmt.Errorf("prove to witness %s from %d: %w", w.Name, old, err)
		}
		status, answer, err := c.post(ctx, w.URL, proof.Submission{Old: old, Hashes: hashes, Note: signed}.Text())
		switch {
		case err != nil:
			return proof.Cosignature{}, fmt.Errorf("ask witness %s: %w", w.Name, err)
		case status == http.StatusOK:
			return cosigned(p, w, s, answer)
		case status >= 500 || status == http.StatusTooManyRequests:
			return proof.Cosignature{}, fmt.Errorf("ask witness %s: status %d", w.Name, status)
		case status != http.StatusConflict:
			return proof.Cosignature{}, &Refused{w.Name, status, legible(answer)}
		}
		known, err := proof.ParseConflict(answer)
		if err != nil {
			return proof.Cosignature{}, &Refused{w.Name, status, legible(answer)}
		}
		if known > s.Size {
			return proof.Cosignature{}, &Ahead{w.Name, s.Size, known}
		}
		old = known
	}
	return proof.Cosignature{}, &Refused{w.Name, http.StatusConflict, "another size at each try"}
}

// cosigned finds the witness's own line in its answer.
func cosigned(p *proof.Policy, w proof.Witness, s *proof.Signed, answer []byte) (proof.Cosignature, error) {
	lines, err := p.Cosignatures(s.Text(), answer)
	if err != nil {
		return proof.Cosignature{}, &Refused{w.Name, http.StatusOK, "no valid cosignature: " + legible([]byte(err.Error()))}
	}
	for _, line := range lines {
		if line.Witness == w.Name {
			return line, nil
		}
	}
	return proof.Cosignature{}, &Refused{w.Name, http.StatusOK, "no cosignature of its own key"}
}

func (c *Client) post(ctx context.Context, url string, body []byte) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(url, "/")+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	r.Header.Set("User-Agent", "yilu")
	client := c.HTTP
	if client == nil {
		client = plain
	}
	response, err := client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = errors.New("the answer is too long")
	}
	return response.StatusCode, answer, err
}

// legible makes a stranger's text fit for a log and a page.
func legible(b []byte) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, string(b[:min(len(b), 120)]))
	return strings.TrimSpace(text)
}
