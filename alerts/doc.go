// Package alerts raises warnings (预警) and keeps their cases. It owns the schema
// alert.
//
//	entry ──► ledger.Post ── Rules.Judge: every event rule, under the lock ──► refused, held, or
//	             │ with a verdict beside it (proj.verdict)
//	             ▼
//	          Engine.Step: verdicts after the cursor ──► alert.raised entries; in the same
//	             │ transaction the cursor, the case, its timers and what is to be told
//	             ▼
//	          Case steps by people ──► alert.* entries, with the case in the same transaction
//
// Event rules are judged where the state is: when an entry takes effect, once, by
// the fold that a replay runs too. So a warning cannot see another state than the
// post did, and what was judged is as durable as the entry. The engine turns verdicts
// into warnings; it may lag, and never skips: its cursor moves in the transaction of
// the warnings that it raises, and only over entries that are all there.
//
// Readers list cases, follow the feed through a Watch, and open what is sealed only
// in Engine.Open. Check says beforehand what the rules would find; Attempt keeps what
// they refused.
//
// Everything that people or the engine do is an entry. The tables of this package
// can be made again from the entries (Rebuild).
package alerts
