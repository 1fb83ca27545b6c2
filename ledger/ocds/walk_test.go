package ocds

import "testing"

// TestLines: a text is lines if its first line says so; a package may have an object on
// each of its lines.
func TestLines(t *testing.T) {
	t.Parallel()
	const release = `{"ocid":"o1","date":"2020-01-01T00:00:00Z"}`
	for text, want := range map[string]bool{
		release + "\n" + release:                                        true,
		"\n" + release + "\n" + release + "\n":                          true,
		release + " \r\n" + release:                                     true,
		"{\"ocid\":\"o1\",\"tag\":[\"pl\n" + release + "\n":             true,
		"{\"ocid\":\"o1\",\"tag\":[\n" + release + "\n" + release:       true,
		"not json\n" + release + "\n":                                   true,
		release:                                                         false,
		release + "\n":                                                  false,
		"{\"releases\":[\n" + release + ",\n" + release + "\n]}":        false,
		"{\"releases\":[\n" + release + "\n]}\n":                        false,
		"[\n" + release + ",\n" + release + "\n]":                       false,
		"{\"uri\":\"x\",\n\"releases\":[\n" + release + ",\n" + release: false,
		"{\n\"ocid\":\"o1\"\n}\n" + release:                             false,
		release + " " + release + "\n" + release:                        false,
		"":                                                              false,
	} {
		if got := isLines([]byte(text)); got != want {
			t.Errorf("%q: lines %v", text, got)
		}
	}
}

// TestPackageWithAnObjectOnEachLine is read whole, the last release as the others.
func TestPackageWithAnObjectOnEachLine(t *testing.T) {
	t.Parallel()
	ps, said := read(t, `{"uri":"x","releases":[
{"ocid":"o1","date":"2020-01-01T00:00:00Z","tender":{"title":"一"}},
{"ocid":"o2","date":"2020-01-01T00:00:00Z","tender":{"title":"二"}}
]}
`, Options{Currency: "CNY"})
	if len(ps) != 2 || len(said) > 0 {
		t.Errorf("%d processes, %q", len(ps), said)
	}
}
