package web

import (
	"slices"

	"yilu/ledger"
)

// actor is who asks for something that the public does not see or do: a program with
// a token, or a person with a session.
type actor struct {
	// ID names the token or session in logs; it is no secret.
	ID   string
	Book ledger.Book
	// User, Unit and Role are what stands in entries.
	User, Unit string
	Role       ledger.Role
	// Area is the division that an officer of a township is held to, "" for all of the
	// county.
	Area string
}

// by is how entries name the actor.
func (a *actor) by() ledger.By { return ledger.By{Role: a.Role, Unit: a.Unit, User: a.User} }

// may says whether the actor's role has a right.
func (a *actor) may(r right) bool { return slices.Contains(rights[r], a.Role) }

// May is may for templates, by the right's word.
func (a *actor) May(word string) bool { return a.may(right(word)) }

// right is what a page or a step of the staff side asks of whoever uses it.
type right string

// The rights. Which kinds of entries a role may post is the ledger's own list
// (ledger.Spec.Roles), and not repeated here.
const (
	// useDesk opens the desk: what waits for me, and what I have entered.
	useDesk right = "desk"
	// enterForms fills in forms, drafts and sheets and submits them.
	enterForms right = "enter"
	// decide approves and rejects what others submitted.
	decide right = "decide"
	// pay records what the bank did.
	pay right = "pay"
	// readWarnings reads warnings: an auditor all, others those of their unit.
	readWarnings right = "warnings"
	// oversee reads trails, statistics and reports of the whole county.
	oversee right = "oversee"
)

// rights is the one table of who may do what on the staff side.
var rights = map[right][]ledger.Role{
	useDesk:      {ledger.Maker, ledger.Checker, ledger.Payer, ledger.ProjectOfficer, ledger.Auditor},
	enterForms:   {ledger.Maker, ledger.ProjectOfficer, ledger.Payer},
	decide:       {ledger.Checker, ledger.Auditor},
	pay:          {ledger.Payer},
	readWarnings: {ledger.Auditor, ledger.Maker, ledger.Checker, ledger.ProjectOfficer},
	oversee:      {ledger.Auditor},
}
