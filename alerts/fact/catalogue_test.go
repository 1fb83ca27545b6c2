package fact

import (
	"testing"

	"yilu/alerts/rule"
	"yilu/ledger"
)

func TestKindsAreThoseOfTheLedger(t *testing.T) {
	for kind := range Catalogue() {
		if _, ok := ledger.SpecOf(ledger.Kind(kind)); !ok {
			t.Errorf("the ledger knows no %s", kind)
		}
	}
}

func TestNamesMeanOneThing(t *testing.T) {
	if _, err := rule.NewCompiler(rule.Surroundings{Catalogue: Catalogue()}); err != nil {
		t.Error(err)
	}
}
