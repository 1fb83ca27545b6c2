package alerts

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"yilu/ledger"
)

// TestEscalationMakesSense: what a person reports goes to a unit that there can be and that
// does not have the case yet, and of a day that has come since the warning.
func TestEscalationMakesSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.at("2020-03-18T12:00:00")
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	if err := w.twin("z2", 1); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.at("2020-03-20T12:00:00")
	n := 0
	take := func(b func(ledger.Step) ledger.Body) error {
		n++
		c := w.find("P13")
		_, err := w.engine.Take(t.Context(), testBook, w.draft(fmt.Sprintf("step-%d", n), b(ledger.Step{Alert: c.Alert, Seen: ledger.Count(c.Step)}), auditor))
		return err
	}
	if err := take(func(s ledger.Step) ledger.Body { return &ledger.AlertAssigned{Step: s, Unit: "411025103-ZF"} }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		to     string
		due    ledger.Date
		fields string
	}{
		{"411025-CZ", "2020-03-17", "body.due"},
		{"411025-CZ", "2020-03-21", "body.due"},
		{"411025103-ZF", "2020-03-20", "body.to_unit"},
		{"nobody", "2020-03-20", "body.to_unit"},
		{"411024-CZ", "2020-03-20", "body.to_unit"},
		{"4110251-CZ", "2020-03-20", "body.to_unit"},
		{"411025abc-CZ", "2020-03-21", "body.to_unit body.due"},
		{"411025104-ZF", "2020-03-18", ""},
		{"411000-CZ", "2020-03-20", ""},
		{"410000", "2020-03-20", ""},
		{"office", "2020-03-20", ""},
	} {
		if c.to == "office" { // as its own units have it
			w.grant(ledger.RoleGranted{Grant: "R1", Role: ledger.Auditor, Unit: "office", Person: "z"})
		}
		err := take(func(s ledger.Step) ledger.Body { return &ledger.AlertEscalated{Step: s, Overdue: c.due, To: c.to} })
		if got := fieldsOf(err); got != c.fields || err != nil && c.fields == "" {
			t.Errorf("to %s, due on %s: %q, want %q: %v", c.to, c.due, got, c.fields, err)
		}
	}
	w.rebuilds()
}

// fieldsOf are the fields that a step was refused for.
func fieldsOf(err error) string {
	refused, ok := errors.AsType[*ledger.Refused](err)
	if !ok {
		return ""
	}
	var fields []string
	for _, p := range refused.Problems {
		fields = append(fields, p.Field)
	}
	return strings.Join(fields, " ")
}

// grant gives somebody a role.
func (w *world) grant(b ledger.RoleGranted) {
	w.Helper()
	by := ledger.By{Role: ledger.SecurityAdmin, Unit: "411025-BM", User: "hu"}
	if _, err := w.ledger.Submit(w.Context(), testBook, b.Grant, ledger.SubmissionMade{Submission: b.Grant, Title: "授权"}, []ledger.Draft{w.draft("give-"+b.Grant, &b, by)}); err != nil {
		w.Fatal(err)
	}
	sub, err := w.ledger.Submission(w.Context(), testBook, b.Grant)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.ledger.Approve(w.Context(), testBook, b.Grant+"-ok", b.Grant, sub.ContentHash, "2020-03-20", ledger.By{Role: ledger.AuditAdmin, Unit: "411025-BM", User: "he"}); err != nil {
		w.Fatal(err)
	}
}
