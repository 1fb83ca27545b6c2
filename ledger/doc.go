// Package ledger is the book of a county's poverty-relief money: every
// allocation, project, tender, payment and acceptance as an append-only entry,
// and the balances and states that follow from them.
//
// There is one write path, [Ledger.Post], and one value, [Entry], that travels
// from a form to the hashed bytes and back to a page:
//
//	Draft ── prepare (pure: decode, validate, canonical bytes) ──┐
//	                                                             ▼
//	   queue of the book ──► group ── lock head, load touched state ──► judge each
//	                                  unit in order ──► number, hash, write ──► commit
//
// Entries are judged one unit at a time against an in-memory [state] that holds
// exactly the rows the group touches; a refused unit is undone there and hurts
// nobody else. The same judging code replays the log in [Ledger.Rebuild], so a
// projection can never say something the entries do not.
//
// What is a constraint and what is a suspicion: this package refuses only what
// arithmetic or law makes impossible (money that is not there, a second person
// missing, a closed month). What merely looks wrong is posted, and judged later
// by package alerts.
//
// The package owns the tables of schema proj. The log itself (schema log) and
// the personal values (schema seal) belong to package audit.
package ledger
