package publicity

import (
	"fmt"
	"strings"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// Change is one thing that a new version of a notice says otherwise: old beside new.
type Change struct {
	// Field is a code of ledger.NoticeFields, or "title", "total", "starts", "ends",
	// "issuer", "contacts", "row".
	Field    string
	Old, New string
}

// Changes compares two versions of a notice, member by member and row by row.
func Changes(old, new *ledger.NoticeContent) []Change {
	var changes []Change
	add := func(field, a, b string) {
		if a != b {
			changes = append(changes, Change{field, a, b})
		}
	}
	add("title", old.Title, new.Title)
	add("issuer", old.Issuer, new.Issuer)
	add("starts", string(old.Starts), string(new.Starts))
	add("ends", string(old.Ends), string(new.Ends))
	add("total", old.Total.Comma(), new.Total.Comma())
	add("contacts", contactLine(old.Contacts), contactLine(new.Contacts))
	seen := map[string]bool{}
	for _, f := range append(append([]ledger.NoticeFact{}, old.Facts...), new.Facts...) {
		if !seen[f.Field] {
			seen[f.Field] = true
			add(f.Field, old.Fact(f.Field), new.Fact(f.Field))
		}
	}
	for i := range max(len(old.Lines), len(new.Lines)) {
		add("row", rowText(old, i), rowText(new, i))
	}
	return changes
}

func contactLine(c ledger.NoticeContacts) string {
	return strings.Join([]string{c.Hotline, c.Phone, c.Mail, c.Address}, " ")
}

// rowText is a row of a notice's table in one line, "" where there is none.
func rowText(c *ledger.NoticeContent, i int) string {
	if i >= len(c.Lines) {
		return ""
	}
	l := c.Lines[i]
	return fmt.Sprintf("%d. %s %s", i+1, strings.Join(l.Values, " · "), l.Amount.Comma())
}

// DaysLeft is how many calendar days a posting still hangs after a day, and false for
// one that stays or is over.
func DaysLeft(starts, ends, today ledger.Date) (int, bool) {
	if ends == "" || today > ends {
		return 0, false
	}
	n := 0
	for d := max(today, starts); d < ends; d = d.AddDays(1) {
		n++
	}
	return n, true
}

// PostingDays is how many days a posting lasts, as the law counts (strict: the first
// day is not counted) and as most notices print it (inclusive).
func PostingDays(starts, ends ledger.Date) (strict, inclusive int) {
	for d := starts; d < ends; d = d.AddDays(1) {
		strict++
	}
	return strict, strict + 1
}

// AnswerDue is the last day on which an objection is answered: 3 days for a tender
// (招标投标法实施条例54), 7 working days for a procurement (政府采购法53), else 5 working
// days [assumed]. "" where the calendar does not know the year.
func AnswerDue(c workday.Calendar, track string, on ledger.Date) ledger.Date {
	var due ledger.Date
	var err error
	switch track {
	case "tender":
		due, err = c.Roll(on.AddDays(3))
	case "procurement":
		due, err = c.Add(on, 7)
	default:
		due, err = c.Add(on, 5)
	}
	if err != nil {
		return ""
	}
	return due
}
