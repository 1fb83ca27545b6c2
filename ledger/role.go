package ledger

import (
	"context"
	"strings"
)

// 授权: which roles a person has. Security administrators propose them; another of them,
// or the audit administrator, approves: whoever makes accounts (系统管理员) gives no
// roles, and nobody gives one to themselves.
var roleKinds = []Spec{
	{Kind: "role.granted", Stage: StageGovernance, Text: Text{"授予角色", "role granted"}, TwoPersons: true, Roles: []Role{SecurityAdmin}, Sealed: []string{fieldNote}, new: func() Body { return new(RoleGranted) }},
	{Kind: "role.revoked", Stage: StageGovernance, Text: Text{"收回角色", "role revoked"}, TwoPersons: true, Roles: []Role{SecurityAdmin}, Sealed: []string{fieldNote}, new: func() Body { return new(RoleRevoked) }},
}

// Duties part those who look after the service from those who handle money, and from
// each other (三员分立, GB/T 22239 level 3). A person has one of them, for good.
var Duties = codes{
	DutyBusiness: {"业务", "business"},
	DutySystem:   {"系统管理", "system"},
	DutySecurity: {"安全管理", "security"},
	DutyAudit:    {"审计管理", "audit"},
}

// The duties.
const (
	DutyBusiness = "business"
	DutySystem   = "system"
	DutySecurity = "security"
	DutyAudit    = "audit"
)

// Roles are those that a person can be given.
var Roles = codes{
	string(Maker):            {"经办", "maker"},
	string(Checker):          {"复核审批", "checker"},
	string(Payer):            {"支付", "payer"},
	string(ProjectOfficer):   {"项目管理员", "project officer"},
	string(Auditor):          {"审计监督", "auditor"},
	string(PublicityOfficer): {"公开专员", "publicity officer"},
	string(Leader):           {"领导（只读）", "leader (reads only)"},
	string(SystemAdmin):      {"系统管理员", "system administrator"},
	string(SecurityAdmin):    {"安全管理员", "security administrator"},
	string(AuditAdmin):       {"审计管理员", "audit administrator"},
}

// DutyOf is the duty that a role belongs to.
func DutyOf(r Role) string {
	switch r {
	case SystemAdmin, SecurityAdmin, AuditAdmin:
		return string(r)
	}
	return DutyBusiness
}

// RevokeGrounds are why a role is taken back.
var RevokeGrounds = codes{
	"moved":   {"岗位调整", "another post"},
	"left":    {"离岗离职", "has left"},
	"misuse":  {"违规使用", "misuse"},
	"mistake": {"授权有误", "given by mistake"},
	"other":   {"其他", "other"},
}

// RoleGranted gives a person a role (授予角色), for a unit, and for an area if not for
// the county.
//
// Effect: the person may act in the role, from the approval to the last day. Refused: an
// id that is taken, a role of another duty than the person ever had, a role that the
// person has, and one that proposer or approver would get themselves. Only the first
// grants of a book may name these two: there is nobody else yet.
type RoleGranted struct {
	// Area is the division code of a township (9 digits) or village (12) that the person
	// is held to, empty for all of the county.
	Area  string `json:"area,omitzero"`
	Grant string `json:"grant"`
	// Person is the account: the name that stands in entries as the user.
	Person string `json:"holder"`
	Role   Role   `json:"role"`
	Unit   string `json:"acting_unit"`
	// Until is the last day, empty until it is taken back. Administrators have none: a
	// book must not run out of them by itself.
	Until Date `json:"last_day,omitzero"`
}

func (b *RoleGranted) check(c *checker) {
	c.id("grant", b.Grant)
	c.id("holder", b.Person)
	c.id("acting_unit", b.Unit)
	c.oneOf("role", string(b.Role), Roles)
	c.optionalDay("last_day", b.Until)
	if n := len(b.Area); n != 0 && n != 9 && n != 12 || digitCount(b.Area) != n || isCounty(b.Area) {
		c.bad("area", "须为9位乡镇或12位村的区划代码，全县则留空", "want the division code of a township (9 digits) or village (12); leave it out for the county")
	}
	if DutyOf(b.Role) != DutyBusiness && (b.Area != "" || b.Until != "") {
		c.bad("role", "管理员不限地域、不设期限，离任时收回", "administrators have no area and no last day; their role is taken back")
	}
}

// isCounty says of a division code that it means the whole county.
func isCounty(area string) bool { return len(area) > 6 && strings.Trim(area[6:], "0") == "" }

func (b *RoleGranted) touch(s *state, _ *Entry) {
	s.roles.get(b.Grant)
	s.holders.get(b.Person)
	for range rowsOf(s.rolesOf, b.Person, s.roles) {
	}
	for range rowsOf(s.rolesAs, string(SecurityAdmin), s.roles) {
	}
}

func (b *RoleGranted) apply(s *state, e *Entry) {
	if s.roles.get(b.Grant) != nil {
		s.refuse("body.grant", "exists", "授权编号 "+b.Grant+" 已存在", "grant "+b.Grant+" exists")
		return
	}
	if b.Area != "" && !strings.HasPrefix(b.Area, string(s.book)) {
		s.refuse("body.area", "place", "不在本县（"+string(s.book)+"）", "is not in this county ("+string(s.book)+")")
	}
	if b.Until != "" && b.Until < e.On {
		s.refuse("body.last_day", "past", "截止日早于业务日期 "+string(e.On), "is before the day of the entry, "+string(e.On))
	}
	s.byAdministrators()
	if (e.By.User == b.Person || s.approvedBy != nil && s.approvedBy.By.User == b.Person) && s.hasSecurity(e) {
		s.refuse("body.holder", "self_grant", "不能给提出人或审批人本人授权", "nobody gives a role to themselves, nor approves one of their own")
	}
	duty := DutyOf(b.Role)
	if h := s.holders.get(b.Person); h == nil {
		s.holders.add(b.Person, Holder{Person: b.Person, Duty: duty, At: s.at(e)})
	} else if h.Duty != duty {
		s.refuse("body.role", "separation", "三员分立：该账号属“"+Duties.Name(h.Duty).Zh+"”，不能再任“"+Roles.Name(string(b.Role)).Zh+"”，须另设账号",
			"separation of duties: the account is of "+h.Duty+" and cannot be "+string(b.Role)+"; it takes another account")
	}
	for r := range rowsOf(s.rolesOf, b.Person, s.roles) {
		if r.InForce(e.On) && r.Role == b.Role && r.Area == b.Area && r.Unit == b.Unit {
			s.refuse("body.role", "held", "该账号已有此角色（授权 "+r.Grant+"）", "the account has this role already, by grant "+r.Grant)
		}
	}
	s.roles.add(b.Grant, Holding{Grant: b.Grant, Person: b.Person, Duty: duty, Role: b.Role, Unit: b.Unit, Area: b.Area, Until: b.Until, Seq: e.Seq, At: s.at(e), Revoked: None})
	s.rolesOf.add(b.Person, b.Grant)
	s.rolesAs.add(string(b.Role), b.Grant)
}

// byAdministrators refuses that others than administrators decide on roles.
func (s *state) byAdministrators() {
	if a := s.approvedBy; a != nil && a.By.Role != SecurityAdmin && a.By.Role != AuditAdmin {
		s.refuse("by.role", "role", "授权由安全管理员或审计管理员审批", "security and audit administrators decide on roles")
	}
}

// hasSecurity says whether the book had a security administrator before the act that
// an entry takes effect by.
func (s *state) hasSecurity(e *Entry) bool {
	for r := range rowsOf(s.rolesAs, string(SecurityAdmin), s.roles) {
		if r.At < s.at(e) {
			return true
		}
	}
	return false
}

// RoleRevoked takes a role back (收回角色).
//
// Effect: the person may not act in it any more, from the approval on. Refused: what is
// no grant or was taken back, and what would leave less than two persons to decide on
// roles.
type RoleRevoked struct {
	Grant string `json:"grant"`
	// Ground is one of RevokeGrounds.
	Ground string `json:"revoke_ground"`
}

func (b *RoleRevoked) check(c *checker) {
	c.id("grant", b.Grant)
	c.oneOf("revoke_ground", b.Ground, RevokeGrounds)
}

func (b *RoleRevoked) touch(s *state, _ *Entry) {
	s.roles.get(b.Grant)
	for _, role := range []Role{SecurityAdmin, AuditAdmin} {
		for range rowsOf(s.rolesAs, string(role), s.roles) {
		}
	}
}

func (b *RoleRevoked) apply(s *state, e *Entry) {
	s.byAdministrators()
	r := s.roles.get(b.Grant)
	switch {
	case r == nil:
		s.refuse("body.grant", "not_found", "没有授权 "+b.Grant, "there is no grant "+b.Grant)
		return
	case r.Revoked != None:
		s.refuse("body.grant", "revoked", "授权 "+b.Grant+" 已收回", "grant "+b.Grant+" was taken back already")
		return
	}
	s.roles.edit(b.Grant).Revoked = s.at(e)
	if r.Role == SecurityAdmin && len(s.deciders(SecurityAdmin)) == 0 || len(s.deciders(SecurityAdmin, AuditAdmin)) < 2 {
		s.refuse("body.grant", "last", "收回后将无人能提出和审批授权，请先另行授权", "too few would be left to propose and decide on roles; give the role to somebody else first")
	}
}

// deciders are the persons that have one of some roles.
func (s *state) deciders(roles ...Role) map[string]struct{} {
	persons := map[string]struct{}{}
	for _, role := range roles {
		for r := range rowsOf(s.rolesAs, string(role), s.roles) {
			if r.Revoked == None {
				persons[r.Person] = struct{}{}
			}
		}
	}
	return persons
}

// Holder is the one duty of a person who was ever given a role.
type Holder struct {
	Person string `db:"person" json:"person"`
	Duty   string `db:"duty" json:"duty"`
	At     Seq    `db:"at_seq" json:"at_seq"`
}

func (r Holder) key() string { return r.Person }

// Holding is one role that a person was given (授权).
type Holding struct {
	Grant  string `db:"grant_id" json:"grant"`
	Person string `db:"person" json:"person"`
	Duty   string `db:"duty" json:"duty"`
	Role   Role   `db:"role" json:"role"`
	Unit   string `db:"unit" json:"unit"`
	Area   string `db:"area" json:"area"`
	Until  Date   `db:"until_day" json:"until"`
	Seq    Seq    `db:"seq" json:"seq"`
	// At is the entry by which it took effect, Revoked the one that took it back, or None.
	At      Seq `db:"at_seq" json:"at_seq"`
	Revoked Seq `db:"revoked_seq" json:"revoked_seq"`
}

func (r Holding) key() string { return r.Grant }

// InForce says whether the role can be acted in on a day.
func (r Holding) InForce(on Date) bool { return r.Revoked == None && (r.Until == "" || on <= r.Until) }

// RoleForm marks the submissions that are about roles alone.
const RoleForm = "roles"

// RoleSubmissions lists the submissions about roles in a state, newest first.
func (l *Ledger) RoleSubmissions(ctx context.Context, book Book, state string) ([]Submission, error) {
	return collect[Submission](ctx, l.Read, "submissions", submissionSchema.read+`
		where book = $1 and form = $2 and state = $3 order by seq desc limit 200`, book, RoleForm, state)
}

// Holdings returns the roles that a person was ever given, or everybody ("") was, in
// the order of the log. What a person may do is these alone.
func (l *Ledger) Holdings(ctx context.Context, book Book, person string) ([]Holding, error) {
	return collect[Holding](ctx, l.Read, "roles", roleSchema.read+` where book = $1 and ($2 = '' or person = $2) order by at_seq, seq`, book, person)
}
