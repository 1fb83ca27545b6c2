// Package site copies the public site into a folder that any web server can host:
// pages, files, feeds, the log with its proofs. It asks the site's own handler, in
// process, so that each file has the bytes that the site serves.
//
//	start pages ── ask ── write ── links of what was written ── ask …
//	page PATH    ─► PATH/index.html
//	file PATH    ─► PATH
//
// Links with a question mark lead to pages that only a running server has, such as
// the result of a search; in a copy they lead to the page without the question,
// which says so.
//
// The copy is made beside the old one and takes its place at the end, in one step:
// whatever ends the copying, the folder holds the old copy or the new one.
// SHA256SUMS in it names every file.
package site
