/*
Package rule reads, checks and judges warning rules. A rule is a text file that
an auditor can read; its formula is CEL over named facts, exact to the last
digit; its verdict is a pure function of the facts, the parameters and the
file. There is no clock here, no database and no ledger.

	X.yaml ── Parse ──► Rule ── Compile: types, cost, words, use ──► Compiled
	                                                                    │
	Act{book, day, region, Facts} ──► gate ► applies ► when ► white list ──► Result

# What is guaranteed

A missing input is never read as clear: it makes the rule not evaluable, with
the reason, unless the rest of the formula decides without it. Amounts are never
rounded: a result of more than 38 digits is an error. The same act gives the
same bytes, in whatever order facts and rules come. A rule that panics harms no
other.

# What is not

A Result is a reason to look and no verdict on anyone. Deadlines are judged here
only when they open, and sweeps not at all: their timers and queries belong to
the engine.
*/
package rule
