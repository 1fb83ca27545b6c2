// Package web is everything that speaks HTTP: the JSON API, the public pages,
// and the administrator's health and metrics. It decodes strictly, says who is
// asking, makes one call to ledger, and renders.
//
// It owns schema web (machine tokens). It is the only package that imports echo,
// so that the next major version of echo is a change of this package alone.
package web
