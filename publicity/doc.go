// Package publicity is the two rules of 两个一律 (without exception): what a county
// allocates is always public, and what townships and villages arrange and spend is
// always announced and posted.
//
//	entries ──► Policy: who publishes what, where, by when, for how long
//	               │ Duties.CatchUp, behind a cursor over the log
//	               ▼
//	            publicity.obligation ◄── notices that meet it (complete, long enough,
//	               │                     to the 分 what the entries say)
//	               ▼
//	            Coverage = met ÷ fallen due; what is missing
//
// [Compose] makes a notice of the entries that it is about, with the mandatory fields
// filled as far as the entries know them; [Missing] names those that are empty.
//
// The package owns schema publicity, which follows from the log and can be made again
// ([Duties.Rebuild]). Notices themselves are entries of package ledger. Days are
// counted by publicity/workday, personal numbers found by publicity/scan.
//
// Not here: duties that arise from the calendar alone (P9 annual completion, P11
// arrears), which rules ask for; and the portal's part of P6, since every payment is
// on a public page once it is committed.
package publicity
