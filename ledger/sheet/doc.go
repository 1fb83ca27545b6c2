// Package sheet reads the tables that county offices already keep — plan,
// allocation, payment, household grants, fund ledger — from XLSX and CSV, and
// turns their rows into drafts for package ledger. It writes the same forms:
// empty templates, filled sheets, and a sheet of the bad rows with the reason.
//
//	Open (size, magic, zip directory, XML) ─► lines ─► title, unit, header
//	      ─► records by column ─► drafts, problems, totals ─► Import (ledger.Submit)
//
// What is guaranteed: every amount is exact or refused, never rounded; every bad
// row is reported with its row and column as the spreadsheet shows them; totals
// printed in the sheet are held against the sum of its rows; a file is posted
// whole or not at all; a row has the same entry id in whatever file it stands,
// so that entering it twice is noticed.
//
// What is not: a sheet is read once from top to bottom, in memory that does not
// grow with its empty parts, but the drafts of one import are held together,
// at most [ledger.MaxUnit] of them. Formulas are not computed: their last result
// counts, and a formula without one makes its row a bad one.
package sheet
