// Package document keeps what officers hand in: documents (附件), under the hash of
// their content, and uploads that wait until somebody confirms what was read from
// them.
//
//	stored/ab/ab12…      a document, by its SHA-256; never changed, and removed only when
//	                     no entry and no draft names it: see Prune
//	waiting/ID.sealed,   an upload and what is known of it, sealed as drafts are (see
//	        ID.note      sealed.go); gone after a day
//	incoming/            what is on its way; swept after a day
//
// What is guaranteed: a document appears whole or not at all, and what is read back
// has the hash it was stored under. A file is judged by its content and not by its
// name: its size, its first bytes, the directory of an archive. No name that anybody
// typed becomes a path: all access goes through one [os.Root]. An upload is found by a
// random name of 128 bits, by its owner alone.
//
// What is not: text inside pictures and PDF files is not read, so personal numbers
// there are not found (Stored.Readable says so). Documents are not encrypted: the folder
// is for the server's own user alone, and so is a copy of it ([Copy]) in a backup. While a
// form is on its way, the HTTP server may hold its file in the system's temporary folder.
//
// It stands in ledger's room: it needs the book's words for files and acts and
// publicity/scan, and nothing that imports sheets or pages.
package document
