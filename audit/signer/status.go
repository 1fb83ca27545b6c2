package signer

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit/proof"
	"yilu/audit/tile"
	"yilu/audit/witness"
)

// Status is how the log is doing, as the file status.json says it to the pages. It
// is information and proves nothing.
type Status struct {
	Origin string `json:"origin"`
	// Keys are those that sign now, Old those that signed before.
	Keys []string `json:"keys"`
	Old  []OldKey `json:"old,omitzero"`
	// Size, Root and At are of the last signed checkpoint, which may wait for
	// witnesses.
	Size string `json:"size"`
	Root string `json:"root"`
	At   string `json:"at"`
	// Waiting says what the public checkpoint waits for, "" if for nothing.
	Waiting   string          `json:"waiting,omitzero"`
	Witnesses []WitnessStatus `json:"witnesses,omitzero"`
	// Halted and HaltedZh say why nothing is signed any more, "" while it is.
	Halted   string `json:"halted,omitzero"`
	HaltedZh string `json:"halted_zh,omitzero"`
}

// WitnessStatus is what one witness last did.
type WitnessStatus struct {
	Name string `json:"name"`
	URL  string `json:"url,omitzero"`
	Key  string `json:"key"`
	// CosignedAt is when it cosigned the last checkpoint, by its own clock, "" if
	// it has not.
	CosignedAt string `json:"cosigned_at,omitzero"`
	// Trouble is why it did not, Refused that it answered and would not: a red
	// warning.
	Trouble   string `json:"trouble,omitzero"`
	TroubleAt string `json:"trouble_at,omitzero"`
	Refused   bool   `json:"refused,omitzero"`
}

// ReadStatus reads the status file of a public folder.
func ReadStatus(d tile.Dir) (Status, error) {
	var st Status
	b, err := d.ReadFile("status.json")
	if err == nil {
		err = json.Unmarshal(b, &st)
	}
	if err != nil {
		return Status{}, fmt.Errorf("read status of the log: %w", err)
	}
	return st, nil
}

// PublishedPolicy is the policy of a public folder with the keys that signed before:
// what the log's own checkpoints can be checked with. A log that was never signed
// has no keys. Who does not trust the folder brings a policy of his own.
func PublishedPolicy(d tile.Dir) (*proof.Policy, error) {
	text, err := d.ReadFile("policy")
	if errors.Is(err, fs.ErrNotExist) {
		return proof.ParsePolicy([]byte("quorum none\n"))
	}
	if err != nil {
		return nil, fmt.Errorf("read policy of the log: %w", err)
	}
	st, err := ReadStatus(d)
	if err != nil {
		return nil, err
	}
	var old strings.Builder
	for _, k := range st.Old {
		old.WriteString("log " + k.Key + "\n")
	}
	return proof.ParsePolicy([]byte(old.String() + string(text)))
}

// warn notes and logs that a witness failed, or with nil that it works again.
func (s *Signer) warn(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.witness(name)
	if err == nil {
		w.Trouble, w.TroubleAt, w.Refused = "", "", false
		return
	}
	_, refused := errors.AsType[*witness.Refused](err)
	_, ahead := errors.AsType[*witness.Ahead](err)
	w.Trouble, w.TroubleAt, w.Refused = err.Error(), s.Now().UTC().Format(time.RFC3339), refused || ahead
	if w.Refused {
		s.Log.ErrorContext(context.Background(), "a witness refuses our checkpoint", "book", s.Book, "witness", name, "error", err)
	} else {
		s.Log.WarnContext(context.Background(), "a witness cannot be reached", "book", s.Book, "witness", name, "error", err)
	}
}

// witness is the status of a witness of the policy; mu is held.
func (s *Signer) witness(name string) *WitnessStatus {
	for i := range s.status.Witnesses {
		if s.status.Witnesses[i].Name == name {
			return &s.status.Witnesses[i]
		}
	}
	for _, w := range s.policy.Witnesses {
		if w.Name == name {
			s.status.Witnesses = append(s.status.Witnesses, WitnessStatus{Name: name, URL: w.URL, Key: w.Key})
		}
	}
	return &s.status.Witnesses[len(s.status.Witnesses)-1]
}

// report brings the status up to the last note and writes it.
func (s *Signer) report(signed *proof.Signed, missing error) {
	s.mu.Lock()
	s.status.Size, s.status.Root = fmt.Sprint(signed.Size), base64.StdEncoding.EncodeToString(signed.Root[:])
	s.status.At, s.status.Waiting = s.state.note.At.Format(time.RFC3339), ""
	if missing != nil {
		s.status.Waiting = missing.Error()
	}
	for _, w := range s.policy.Witnesses {
		s.witness(w.Name).CosignedAt = ""
	}
	for _, c := range signed.Cosignatures {
		s.witness(c.Witness).CosignedAt = c.At.UTC().Format(time.RFC3339)
	}
	s.mu.Unlock()
	s.writeStatus()
}

// writeStatus writes the policy and the status file if they changed. The pages can
// do without: a failure is logged.
func (s *Signer) writeStatus() {
	s.mu.Lock()
	st := s.status
	st.Origin, st.Old, st.Keys = s.Origin, s.Old, nil
	for _, k := range s.Keys {
		st.Keys = append(st.Keys, k.VerifierKey())
	}
	if s.halt != nil {
		st.Halted, st.HaltedZh = s.halt.Error(), s.halt.Zh()
	}
	b, err := json.Marshal(st, jsontext.WithIndent(" "))
	s.mu.Unlock()
	for name, data := range map[string][]byte{"status.json": append(b, '\n'), "policy": []byte(s.policyText())} {
		if had, readErr := s.Public.ReadFile(name); err == nil && (readErr != nil || !bytes.Equal(had, data)) {
			err = s.Public.ReplaceFile(name, data)
		}
	}
	if err != nil {
		s.Log.ErrorContext(context.Background(), "write status of the log", "book", s.Book, "error", err)
	}
}
