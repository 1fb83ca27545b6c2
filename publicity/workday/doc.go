// Package workday counts the working days (工作日) by which publication and
// cases are due: the calendar the State Council announces each year, with its
// make-up days (调休), and the arithmetic of days of the Civil Code.
//
// A Calendar is a value: it never changes, costs one look-up a day and knows no
// clock and no database. StateCouncil returns the one in days.csv, which people
// may edit; With lays later notices over it, from a file or from entries:
//
//	2020-02-01,班,春节,国办发明电〔2019〕16号,…   at first to be worked,
//	2020-02-01,休,春节,国办发明电〔2020〕1号,…    then a rest day: the later notice holds.
//
// A year is known once a notice names its 元旦, which each yearly notice does
// first. Whatever touches another year is an *UnknownYear, never a guess that
// Saturdays rest. The notice for next year, published in late autumn, may still
// move the last days of December: until it is laid over, they are as the
// current one says.
//
// Not known here: the days of rest of one province or nationality, and half
// days.
package workday
