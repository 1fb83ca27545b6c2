package formula

import (
	"slices"
	"testing"
)

// TestLongListsAreLeftToCEL: of a list that is longer than formulas are made for, cel-go
// says what becomes, as it counts what that costs.
func TestLongListsAreLeftToCEL(t *testing.T) {
	for _, text := range []string{
		"payee.names.exists(n, n == contract.id)",
		"!payee.names.all(n, n != contract.id)",
		"payee.names.exists(n, n == contract.id) && entry.amount > dec('5')",
		"entry.amount * entry.amount > dec('5') || payee.names.all(n, n != contract.id)",
		"(payee.names.exists(n, n == contract.id) ? entry.amount : contract.amount) > dec('5')",
	} {
		f := must(compile(t, text))
		for _, size := range []int{0, 1, mostElements, mostElements + 1, 2000} {
			for _, amount := range []Value{Yuan(300_000_00), Unfit("field:entry.amount"), must(ParseValue(Amount, "99999999999999999999.99"))} {
				names := slices.Repeat([]string{"K2"}, size)
				in := ordinary.with("payee.names", Strings(append(names, "K1")[:size])).with("entry.amount", amount)
				general, refused := f.Interpret(&Activation{in})
				want := general.Reason()
				if yes, ok := general.Bool(); ok {
					want = map[bool]string{true: "true", false: "false"}[yes]
				}
				if refused != nil {
					want = "error"
				}
				if got := outcome(f, in); got != want {
					t.Errorf("%s of %d: %s, by cel-go %s", text, size, got, want)
				}
			}
		}
	}
}
