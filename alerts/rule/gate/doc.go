/*
Package gate holds rules to their tests. Beside every rule file X.yaml stands
X.test.yaml with cases that an auditor can read and add to. A rule passes when

  - each case gives what it expects,
  - there is one flag, one clear, one not_evaluable, and a boundary pair: two
    cases that differ in a single input by its smallest step, one flagged and
    one clear,
  - and every mutation of the rule (a comparison turned, a condition dropped,
    a fact swapped, a threshold moved by its smallest step) breaks a case. One
    that breaks none survives, and shows what the tests do not look at.

A case gives facts directly, or entries to be posted; the latter need a [World],
which is the ledger's part. Nothing here knows a ledger.
*/
package gate
