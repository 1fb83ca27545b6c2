package ledger

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
)

var (
	security = By{Role: SecurityAdmin, Unit: "411025", User: "sec-1"}
	overseer = By{Role: AuditAdmin, Unit: "411025", User: "aud-1"}
)

func TestRoleBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*RoleGranted]{
		{func(b *RoleGranted) { b.Grant = "" }, "grant", "字母", "letters"},
		{func(b *RoleGranted) { b.Person = "王 一" }, "holder", "字母", "letters"},
		{func(b *RoleGranted) { b.Unit = "" }, "acting_unit", "字母", "letters"},
		{func(b *RoleGranted) { b.Role = Engine }, "role", "须为", "want one of"},
		{func(b *RoleGranted) { b.Role = Public }, "role", "须为", "want one of"},
		{func(b *RoleGranted) { b.Area = "411025" }, "area", "乡镇", "township"},
		{func(b *RoleGranted) { b.Area = "411025000" }, "area", "全县则留空", "for the county"},
		{func(b *RoleGranted) { b.Area = "41102510a" }, "area", "乡镇", "township"},
		{func(b *RoleGranted) { b.Until = "soon" }, "last_day", "日期", "day"},
		{func(b *RoleGranted) { b.Role = SystemAdmin }, "role", "管理员不限", "administrators"},
	})
	testBody(t, []badBody[*RoleRevoked]{
		{func(b *RoleRevoked) { b.Grant = "" }, "grant", "字母", "letters"},
		{func(b *RoleRevoked) { b.Ground = "bored" }, "revoke_ground", "须为", "want one of"},
	})
}

// grantOf is a grant of a role to a person.
func grantOf(person string, role Role) *RoleGranted {
	return &RoleGranted{Grant: "G-" + person + "-" + string(role), Person: person, Role: role, Unit: "411025-CZ"}
}

// decideRoles submits role entries and lets somebody approve them.
func decideRoles(t *testing.T, l *Ledger, id string, maker, approver By, bodies ...Body) error {
	t.Helper()
	var ds []Draft
	for i, b := range bodies {
		ds = append(ds, draft(fmt.Sprintf("%s-%d", id, i), b, maker))
	}
	if _, err := l.Submit(t.Context(), testBook, id, SubmissionMade{Submission: id, Title: "授权"}, ds); err != nil {
		return err
	}
	sub, err := l.Submission(t.Context(), testBook, id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Approve(t.Context(), testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", approver)
	return err
}

// administered is a book with its first administrators.
func administered(t *testing.T, l *Ledger) {
	t.Helper()
	if err := decideRoles(t, l, "A1", security, overseer, grantOf("sec-1", SecurityAdmin), grantOf("aud-1", AuditAdmin), grantOf("sys-1", SystemAdmin)); err != nil {
		t.Fatal(err)
	}
}

// TestRolesAreTheLogs: what was granted and not taken back, and a rebuild says the same.
func TestRolesAreTheLogs(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	administered(t, l)
	township := grantOf("wang", ProjectOfficer)
	township.Area, township.Until = "411025103", "2020-06-30"
	if err := decideRoles(t, l, "A2", security, overseer, township, grantOf("li", Maker), grantOf("li", PublicityOfficer)); err != nil {
		t.Fatal(err)
	}
	if err := decideRoles(t, l, "A3", security, overseer, &RoleRevoked{Grant: "G-li-maker", Ground: "moved"}); err != nil {
		t.Fatal(err)
	}
	say := func(person string, on Date) (out []string) {
		held, err := l.Holdings(t.Context(), testBook, person)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range held {
			if h.InForce(on) {
				out = append(out, h.Person+" "+string(h.Role)+" "+h.Area)
			}
		}
		return out
	}
	for _, c := range []struct {
		person string
		on     Date
		want   []string
	}{
		{"wang", "2020-06-30", []string{"wang project 411025103"}},
		{"wang", "2020-07-01", nil},
		{"li", "2020-03-18", []string{"li publicity "}},
		{"", "2020-07-01", []string{"sec-1 security ", "aud-1 audit ", "sys-1 system ", "li publicity "}},
		{"nobody", "2020-07-01", nil},
	} {
		if diff := cmp.Diff(c.want, say(c.person, c.on)); diff != "" {
			t.Errorf("%q on %s (-want +got):\n%s", c.person, c.on, diff)
		}
	}
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Rebuild(t.Context(), db.Owner, testBook, Replay{Sealer: sealer}); err != nil {
		t.Errorf("rebuild: %v %v", r, err)
	}
}

// TestNobodyGivesThemselvesARole tries every way around the second person.
func TestNobodyGivesThemselvesARole(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	administered(t, l)
	other := By{Role: SecurityAdmin, Unit: "411025", User: "sec-2"}
	n := 0
	try := func(name string, want string, maker, approver By, bodies ...Body) {
		t.Helper()
		n++
		err := decideRoles(t, l, fmt.Sprintf("T%d", n), maker, approver, bodies...)
		if err == nil && want == "" {
			return
		}
		if diff := cmp.Diff([]string{want}, said(err, false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	try("own approval", "0 by.user self_approval", security, security, grantOf("zhao", Maker))
	try("a role for the proposer", "1 body.holder self_grant", security, overseer, &RoleGranted{Grant: "X0", Person: "sec-1", Role: SecurityAdmin, Unit: "411025-BM"})
	try("a role for the approver", "0 entries.0.body.holder self_grant", security, By{Role: SecurityAdmin, Unit: "411025", User: "zhao"}, grantOf("zhao", SecurityAdmin))
	try("approved by a checker", "0 by.role role", security, By{Role: Checker, Unit: "411025-CZ", User: "u2"}, grantOf("zhao", Maker))
	try("approved by an auditor", "0 by.role role", security, By{Role: Auditor, Unit: "411025", User: "a"}, grantOf("zhao", Maker))
	try("a maker who administers", "1 body.role separation", security, overseer, grantOf("sys-1", Maker))
	try("two duties at once", "2 body.role separation", security, overseer, grantOf("zhao", Maker), grantOf("zhao", AuditAdmin))
	try("another county's township", "1 body.area place", security, overseer, &RoleGranted{Grant: "X1", Person: "zhao", Role: ProjectOfficer, Unit: "U", Area: "411026103"})
	try("yesterday", "1 body.last_day past", security, overseer, &RoleGranted{Grant: "X2", Person: "zhao", Role: ProjectOfficer, Unit: "U", Until: "2020-03-17"})
	try("another approves", "", security, other, grantOf("zhao", Maker))
	again := grantOf("zhao", Maker)
	try("the same grant", "1 body.grant exists", security, overseer, again)
	twice := *again
	twice.Grant = "X3"
	try("the same role", "1 body.role held", security, overseer, &twice)
	try("no grant", "1 body.grant not_found", security, overseer, &RoleRevoked{Grant: "none", Ground: "left"})
	try("the last security administrator", "1 body.grant last", security, overseer, &RoleRevoked{Grant: "G-sec-1-security", Ground: "left"})
	try("the last audit administrator", "1 body.grant last", security, overseer, &RoleRevoked{Grant: "G-aud-1-audit", Ground: "left"})
	try("a second of them", "", security, overseer, grantOf("sec-3", SecurityAdmin))
	try("now one may go", "", security, overseer, &RoleRevoked{Grant: "G-aud-1-audit", Ground: "left"})
	try("gone already", "1 body.grant revoked", security, other, &RoleRevoked{Grant: "G-aud-1-audit", Ground: "left"})
	try("back to money", "1 body.role separation", security, other, grantOf("aud-1", Payer))
}

// TestAdministratorsTouchNoMoney: they decide on roles only, also through a submission
// of a maker's.
func TestAdministratorsTouchNoMoney(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	administered(t, l)
	d := draft("f9", &FundReceived{Fund: "F9", Document: "豫财农〔2020〕2号", Name: "专项", Level: "county", Amount: 1000, Issued: "2020-01-07", Year: "2020"}, maker)
	if _, err := l.Submit(t.Context(), testBook, "M1", SubmissionMade{Submission: "M1", Title: "指标"}, []Draft{d}); err != nil {
		t.Fatal(err)
	}
	sub, err := l.Submission(t.Context(), testBook, "M1")
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []By{security, overseer} {
		_, err := l.Approve(t.Context(), testBook, "M1-"+by.User, "M1", sub.ContentHash, "2020-03-18", by)
		if diff := cmp.Diff([]string{"0 by.role role"}, said(err, false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", by.User, diff)
		}
	}
}

// TestDutiesAreHeldBySQL: the tables themselves refuse two duties of one person.
func TestDutiesAreHeldBySQL(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	administered(t, l)
	for name, sql := range map[string]string{
		"holder_duty of another": `insert into proj.role values ($1, 'x', 'sys-1', 'business', 'maker', 'U', '', null, 1, 1, -1)`,
		"a role of no duty":      `insert into proj.role values ($1, 'x', 'sys-1', 'system', 'maker', 'U', '', null, 1, 1, -1)`,
		"a duty that is changed": `update proj.holder set duty = 'business' where book = $1 and person = 'sys-1'`,
		"a second duty":          `insert into proj.holder values ($1, 'sys-1', 'business', 1)`,
	} {
		if _, err := db.Pool.Exec(t.Context(), sql, testBook); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
