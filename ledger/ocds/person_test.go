package ocds

import (
	"strings"
	"testing"
)

// TestPersonNumbers: numbers by which registers tell natural persons from organisations.
// All are made up.
func TestPersonNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ scheme, person, organisation string }{
		{"COL-IDCARD", "1000000001", ""},
		{"CO-CC", "79000001", ""},
		{"UA-EDR", "3000000001", "30000001"},
		{"MX-RFC", "XAXX800101AB1", "AAA800101AB1"},
		{"Registro Federal de Contribuyentes de México", "XAXX800101AB1", "AAA800101AB1"},
		{"PE-RUC", "PE-RUC-10400000001", "20400000001"},
		{"PY-RUC", "1234567-8", "80012345-6"},
		{"EC-RUC", "1710000001001", "1790000001001"},
		{"HN-RTN", "08011980000010", "08019000000001"},
		{"AR-CUIT", "20-30000001-5", "30-30000001-5"},
		{"CL-RUT", "12.345.678-K", "76.345.678-5"},
		{"DO-RNC", "00100000001", "101000001"},
		{"RU-INN", "500100000001", "5001000001"},
		{"KG-INN", "11111198000001", "01111201410001"},
		{"MD-IDNO", "2000000000001", "1000000000001"},
		{"PT-NIPPC", "200000001", "500000001"},
		{"ES-NIF", "00000001R", "B00000001"},
	} {
		if !isPerson(nil, c.scheme, c.person, "") {
			t.Errorf("%s %s is a person's", c.scheme, c.person)
		}
		if c.organisation != "" && isPerson(nil, c.scheme, c.organisation, "") {
			t.Errorf("%s %s is an organisation's", c.scheme, c.organisation)
		}
	}
	ps, said := read(t, strings.Replace(clean, `"identifier":{"scheme":"GB-COH","id":"01"}`, `"identifier":{"scheme":"COL-IDCARD","id":"1000000001"}`, 1), Options{})
	if got := entries(t, ps); strings.Contains(got+strings.Join(said, ""), "1000000001") || !strings.Contains(got, `{"name":"Alpha","natural_person":true}`) {
		t.Errorf("%q\n%s", said, got)
	}
}

// TestIdentifierWithoutScheme: 1 for everybody is no identifier.
func TestIdentifierWithoutScheme(t *testing.T) {
	t.Parallel()
	for id, none := range map[string]bool{`"1"`: true, `1`: true, `"99999999"`: true, `"org-0001"`: true, `"800123456"`: false, `"AB"`: false} {
		content := strings.Replace(strings.ReplaceAll(clean, `"S1"`, `"1"`), `"identifier":{"scheme":"GB-COH","id":"01"}`, `"identifier":{"id":`+id+`}`, 1)
		ps, said := read(t, content, Options{})
		got := entries(t, ps)
		if strings.Contains(strings.Join(said, "\n"), "identifier_unread") != none || strings.Contains(got, `"suppliers":[{"name":"Alpha"}]`) != none {
			t.Errorf("%s: %q\n%s", id, said, got)
		}
	}
}
