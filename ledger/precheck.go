package ledger

// Check names everything wrong with a draft that can be said without the book:
// what Post would refuse as Invalid. Hashes that the server fills in are not
// missed. Imports call it row by row, so that all bad rows are known before
// anything is posted.
func Check(d Draft) []Problem {
	if d.Body == nil {
		return []Problem{problem("body", "必填", "is required")}
	}
	if h, ok := d.Body.(header); ok && h.hash() == "" {
		d.Body = h.withHash(encodeHash(make([]byte, 32)))
	}
	return checkDraft(d)
}
