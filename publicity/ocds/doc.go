// Package ocds publishes a book's tenders and contracts as Open Contracting data:
// releases and records of OCDS 1.1, valid against the official schema.
//
//	entries of a project ── steps, in the order of their effect ── process: one per
//	    tender, and one per contract without a tender
//	each step ── a release: what it told, with the ids of what it is about
//	all steps ── the compiled release of the process's record
//
// Merging the releases of a process by the standard's rules gives its compiled
// release. What is taken back stays: a bid is withdrawn, an award or contract
// cancelled.
//
// What is published are entries that took effect, and nothing of private persons:
// a payment to one has no payee. Amounts are exact; days are midnight in Shanghai.
// Not published: files and documents (the book has their names and hashes),
// candidates that did not win, and works without a tender or contract.
package ocds
