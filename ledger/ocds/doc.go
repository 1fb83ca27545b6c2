// Package ocds brings Open Contracting data into a book: releases, records and
// packages of OCDS 1.1, as JSON, JSON lines or gzip, from any publisher.
//
// Publishers make mistakes, and a reader that stops at the first would read
// nothing. This one goes on, and says of every mistake what it found where and
// what it made of it: a finding ([Codes] lists them all). It never guesses: an
// amount without a currency is left out, a time without a zone stays one, an id
// that is used twice becomes two.
//
//	file ── walk: one release at a time ──► 128 parts in a temporary folder, by process
//	part ── index ──► releases of one process ── merge by date ── normalise ──► Process
//	Process ── compare with the book's records ── one unit of Post: what is new or changed
//
// A text that is almost JSON is mended on its way to the walk (mend.go). Of a record that
// holds a versioned release alone the last version of everything is taken (versioned.go).
//
// Memory is bounded by the largest release, the largest process and an index of
// one part, whatever the file's size; the temporary folder holds the file once,
// unpacked. The order of the log is that of the parts and ids, so that the same
// data in another order makes the same entries.
//
// Personal data: of a natural person the published name is kept and nothing else;
// contact points and addresses are kept of nobody; e-mail addresses and telephone
// numbers are masked in texts. What is known of natural persons is in person.go;
// who is not known to be one is taken for an organisation.
package ocds
