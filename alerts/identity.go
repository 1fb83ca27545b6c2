package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"yilu/ledger"
)

// severity orders levels, the most severe first.
func severity(level string) int {
	return slices.Index([]string{"red", "orange", "yellow", "blue"}, level)
}

// alertID names a case by what it is about: the same log gives the same names.
func alertID(book ledger.Book, m matter) string {
	return hashID("a", slices.Concat([]string{string(book), m.Code, fmt.Sprint(m.Version)}, m.place(), []string{m.Fingerprint})...)
}

func hashID(prefix string, parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return prefix + "-" + hex.EncodeToString(sum.Sum(nil)[:20])
}

// sealedOf are the parts of a warning that are not public.
func sealedOf(m matter) (map[string]string, error) {
	evidence, err := json.Marshal(&m.Finding, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	about, err := json.Marshal(about{m.region, int64(m.at), int64(m.entry), m.makers}, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	return map[string]string{
		"fingerprint": m.Fingerprint, "evidence": string(evidence), "subject": string(about), "sentence_zh": m.Sentence.Zh, "sentence_en": m.Sentence.En,
	}, nil
}

// about is what a warning concerns, in its sealed subject.
type about struct {
	Region string `json:"region"`
	// At and Entry are seqs, -1 for an attempt, which has none.
	At     int64    `json:"at,string"`
	Entry  int64    `json:"entry,string"`
	Makers []string `json:"makers"`
}

// alertOf is the case that an entry belongs to.
func alertOf(b ledger.Body) string {
	switch b := b.(type) {
	case *ledger.AlertRaised:
		return b.Alert
	case *ledger.AlertRepeated:
		return b.Alert
	case ledger.CaseStep:
		return b.Case().Alert
	}
	return ""
}
