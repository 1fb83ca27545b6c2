// Package rules is the folder of warning rules: one file a rule, and its tests
// beside it. What the keys mean is written at rule.Rule, what a test file says
// at gate.File. A change to a rule needs a new version and passing tests.
//
// Some rules (P01, P02, P06, A01, E08, L09) watch what the ledger refuses by itself. They stand
// here too, so that people see the limit with its basis, and so that what is
// recorded after the fact is found.
package rules

import "embed"

// Files are the rules and their tests.
//
//go:embed *.yaml
var Files embed.FS
