package web

import (
	"slices"
	"strings"

	"yilu/account"
	"yilu/ledger"
)

// actor is who asks for something that the public does not see or do: a program with
// a token, or a person with a session.
type actor struct {
	// ID names the token or session in logs; it is no secret.
	ID   string
	Book ledger.Book
	// User, Unit and Role are what stands in entries. Role is empty for a person who was
	// given none.
	User, Unit string
	Role       ledger.Role
	// Area is the division that an officer of a township is held to, "" for all of the
	// county.
	Area string
	// session is the person's, nil for a program. held are the roles that the person may
	// act in, of which Role is one.
	session *account.Session
	held    []ledger.Holding
	// moved says that the role which the session acted in is gone, and another has taken its
	// place: what was meant for the one must not be done as the other.
	moved bool
}

// by is how entries name the actor.
func (a *actor) by() ledger.By { return ledger.By{Role: a.Role, Unit: a.Unit, User: a.User} }

// may says whether the actor's role has a right.
func (a *actor) may(r right) bool { return slices.Contains(rights[r], a.Role) }

// May is may for templates.
func (a *actor) May(r string) bool { return a.may(right(r)) }

// in says whether a place, by its division code, lies in the actor's area.
func (a *actor) in(place string) bool { return strings.HasPrefix(place, a.region()) }

// region is how the codes of places in the actor's area begin.
func (a *actor) region() string {
	if len(a.Area) == 12 {
		return strings.TrimSuffix(a.Area, "000") // a township, written at length
	}
	return a.Area
}

// Name is the person's, for the pages: entries hold the account alone.
func (a *actor) Name() string {
	if a.session == nil {
		return a.User
	}
	return a.session.Name
}

// right is what a page or a step of the staff side asks of whoever uses it.
type right string

// The rights. Which kinds of entries a role may post is the ledger's own list
// (ledger.Spec.Roles), and not repeated here.
const (
	// ownAccount is one's own password, sessions and choice of role.
	ownAccount right = "account"
	// useDesk opens the desk: what waits for me, and what I have entered.
	useDesk right = "desk"
	// enterForms fills in forms, drafts and sheets and submits them.
	enterForms right = "enter"
	// decide approves and rejects what others submitted.
	decide right = "decide"
	// pay records what the bank did.
	pay right = "pay"
	// publish composes notices and records that they hang.
	publish right = "publish"
	// answerObjections reads what citizens wrote, hands it on and answers it.
	answerObjections right = "objections"
	// readWarnings reads warnings: an auditor all, others those of their unit.
	readWarnings right = "warnings"
	// oversee reads trails, statistics and reports of the whole county.
	oversee right = "oversee"
	// seeRights reads this table and what each role may post.
	seeRights right = "rights"
	// seePeople reads who has which account, role and token.
	seePeople right = "people"
	// keepAccounts makes, disables and asks to reset accounts.
	keepAccounts right = "accounts"
	// proposeRoles proposes that roles be given and taken back.
	proposeRoles right = "propose_roles"
	// decideRoles approves that, and releases resets.
	decideRoles right = "decide_roles"
	// readTrail reads what was done to accounts.
	readTrail right = "trail"
	// inspect opens what is sealed, for a reason, and takes case files away.
	inspect right = "inspect"
	// changeRules proposes changes of rules and limits, and decides on those of others.
	changeRules right = "change_rules"
	// operate looks at how the service itself fares.
	operate right = "operate"
)

// rightOrder is the order in which the page of rights shows them.
var rightOrder = []right{ownAccount, seeRights, useDesk, enterForms, decide, pay, publish, answerObjections, readWarnings, oversee, inspect, changeRules, operate, seePeople, keepAccounts, proposeRoles, decideRoles, readTrail}

// roleOrder are the roles that people can have, in the order of pages.
var roleOrder = []ledger.Role{
	ledger.Maker, ledger.Checker, ledger.Payer, ledger.ProjectOfficer, ledger.PublicityOfficer, ledger.Auditor, ledger.Leader,
	ledger.SystemAdmin, ledger.SecurityAdmin, ledger.AuditAdmin,
}

// decisions are the rights whose use wants a code that was given a moment ago.
var decisions = []right{decide, decideRoles, changeRules}

// noRole is that of a person who was given none (yet).
const noRole = ledger.Role("")

// rights is the one table of who may do what on the staff side.
var rights = map[right][]ledger.Role{
	ownAccount: append([]ledger.Role{noRole}, roleOrder...),
	seeRights:  roleOrder,

	useDesk:          {ledger.Maker, ledger.Checker, ledger.Payer, ledger.ProjectOfficer, ledger.Auditor, ledger.PublicityOfficer, ledger.Leader},
	enterForms:       {ledger.Maker, ledger.ProjectOfficer, ledger.Payer, ledger.PublicityOfficer},
	decide:           {ledger.Checker, ledger.Auditor},
	pay:              {ledger.Payer},
	publish:          {ledger.Maker, ledger.ProjectOfficer, ledger.PublicityOfficer},
	answerObjections: {ledger.Maker, ledger.ProjectOfficer, ledger.PublicityOfficer, ledger.Auditor},
	readWarnings:     {ledger.Auditor, ledger.Leader, ledger.Maker, ledger.Checker, ledger.ProjectOfficer},
	oversee:          {ledger.Auditor, ledger.Leader},
	inspect:          {ledger.Auditor},
	changeRules:      {ledger.Auditor},
	operate:          {ledger.SystemAdmin, ledger.Auditor},

	seePeople:    {ledger.SystemAdmin, ledger.SecurityAdmin, ledger.AuditAdmin},
	keepAccounts: {ledger.SystemAdmin},
	proposeRoles: {ledger.SecurityAdmin},
	decideRoles:  {ledger.SecurityAdmin, ledger.AuditAdmin},
	readTrail:    {ledger.AuditAdmin},
}
