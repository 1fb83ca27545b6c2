// Package scan finds personal numbers in text that is to be public: ID numbers
// (身份证号), mobile numbers (手机号) and bank cards (银行卡号). Blanks, dashes,
// invisible and full-width characters do not hide one, nor does another number
// beside it (个人信息保护法 28, 政府信息公开条例 15).
//
// It is pure: the ledger refuses by it what could never be withdrawn, and the
// pages tell by it what somebody typed.
package scan

import (
	"slices"
	"strings"
	"unicode"
)

// Kind is what a number is of.
type Kind string

// The kinds of numbers, by their Chinese names.
const (
	IDNumber Kind = "身份证号"
	Mobile   Kind = "手机号"
	BankCard Kind = "银行卡号"
)

// English is the kind in English, with its article.
func (k Kind) English() string {
	switch k {
	case IDNumber:
		return "a citizen's ID number"
	case Mobile:
		return "a mobile number"
	}
	return "a bank card number"
}

// Numbers lists the kinds of personal numbers that a text holds, each once, the
// first first. A landline, a unified credit code and a document's number are none.
func Numbers(s string) []Kind {
	if digits(s) < 11 {
		return nil
	}
	var found []Kind
	note := func(row string) {
		if k := judge(row); k != "" && !slices.Contains(found, k) {
			found = append(found, k)
		}
	}
	// run is the digits since the last other character, word since the last gap.
	var run []byte
	word := 0
	for _, r := range s + "\n" {
		switch {
		case r >= '0' && r <= '9':
			run = append(run, byte(r))
			continue
		case r >= '０' && r <= '９':
			run = append(run, byte(r-'０'+'0'))
			continue
		case (r == 'x' || r == 'X' || r == 'Ｘ' || r == 'ｘ') && len(run) >= 17:
			run = append(run, 'X')
			continue
		}
		note(string(run[word:]))
		if word = len(run); unicode.In(r, unicode.Zs, unicode.Pd, unicode.Cf) {
			continue
		}
		note(string(run))
		run, word = run[:0], 0
	}
	return found
}

// judge names what a row of digits is, which may end in X; "" for nothing.
func judge(r string) Kind {
	for i := 0; i+18 <= len(r); i++ {
		if ValidIDNumber(r[i : i+18]) {
			return IDNumber
		}
	}
	if n := len(r); n >= 16 && n <= 19 && !strings.Contains(r, "X") && r[0] == '6' && ValidCard(r) {
		return BankCard
	}
	if len(r) == 13 || len(r) == 15 {
		r = strings.TrimPrefix(strings.TrimPrefix(r, "00"), "86")
	}
	if len(r) == 11 && r[0] == '1' && r[1] >= '3' {
		return Mobile
	}
	return ""
}

func digits(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' || r >= '０' && r <= '９' {
			n++
		}
	}
	return n
}
