package sheet

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// TestPlacesAreRead reads the county's own list and the statistics' file of codes, with
// what is wrong in each.
func TestPlacesAreRead(t *testing.T) {
	t.Parallel()
	type named struct{ place, name, english, basis string }
	for _, c := range []struct {
		name, file string
		want       []named
		problems   []string
	}{
		{"own list.csv", "区划名称表\n序号,区划代码,名称,英文名称,备注\n1,411025103205,后楚村,Houchu,\n2,411025103,颍阳镇,,改名\n3,411025,襄城县,,\n", []named{
			{"411025103205", "后楚村", "Houchu", "own list.csv"}, {"411025103000", "颍阳镇", "", "own list.csv"}, {"411025000000", "襄城县", "", "own list.csv"}}, []string{}},
		{"villages.csv", "code,name,streetCode,provinceCode,cityCode,areaCode\n411025103205,\"后楚村委会\",411025103,41,4110,411025\n", []named{{"411025103205", "后楚村委会", "", "villages.csv"}}, []string{}},
		{"bad.csv", "代码,名称\n411025103205,后楚村\n411025103205,前楚村\n411002001001,他县村\n41102510320,短\n,无码\n411025103206,\n411025103207,持证人411025199001010012\n",
			[]named{{"411025103205", "后楚村", "", "bad.csv"}}, []string{"A3 twice", "A4 place", "A5 form", "A6 required", "B7 required", "B8 personal_data"}},
	} {
		b := read(t, c.name, []byte(c.file), Places)
		var got []named
		for _, d := range b.Drafts {
			x := d.Body.(*ledger.PlaceNamed)
			got = append(got, named{x.Place, x.Name, x.English, x.Basis})
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(named{})); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.problems, seen(b.Problems)); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
	if Places.HoldsMoney() || !Payment.HoldsMoney() || !FundLedger.HoldsMoney() || !Plan.HoldsMoney() || !Allocation.HoldsMoney() || !Grant.HoldsMoney() || Poor.HoldsMoney() {
		t.Error("which forms are of money")
	}
}
