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
//	cron pumps ──► slot (a row of alert.job_run) ──► sweep: reviewed SQL over rules_v1, read-only,
//	             │ up to the last entry of the slot
//	             ▼
//	          alert.raised entries and the slot's row, in one transaction
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
// What needs many rows or peers is a sweep. Its slot is done when its row is there, so
// a late, killed or doubled process neither misses nor repeats one. A sweep sees views
// in yuan, without personal values, as a role that has no other right. What the views
// keep of the past is written at each: where it is only the state of now, a late run
// may find what a punctual one would not.
//
// Each night the entries of the day before are judged once more from the log alone
// (runReplay): verdicts that differ from the stored ones are a fault, and payments that
// rules would have hit before they were eased (easing) a warning.
//
// BackTest judges the past by proposed rules on a book in memory (ledger.Fold), and
// World posts the entries of test files to one.
//
// Everything that people or the engine do is an entry. The tables of this package
// can be made again from the entries (Rebuild).
package alerts
