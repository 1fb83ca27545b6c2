package account

import (
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"yilu/ledger"
)

// Policy is what a password must be (口令策略). The Chinese standard demands what the
// American one forbids, so it is a choice.
type Policy struct {
	Name string
	// Shortest is in characters; Classes of lower, upper, digit and other it must have.
	Shortest, Classes int
	// Longest is how long it is good for, zero for ever; Former are not taken again.
	Longest time.Duration
	Former  int
}

// The policies: GB/T 22239-2019 level 3 (8.1.4.1 a), and OWASP ASVS 5.0 (6.2).
var (
	MLPS3 = Policy{Name: "mlps3", Shortest: 12, Classes: 3, Longest: 90 * 24 * time.Hour, Former: 5}
	ASVS  = Policy{Name: "asvs", Shortest: 15}
)

// PolicyOf is the policy with a name, and whether there is one.
func PolicyOf(name string) (Policy, bool) {
	for _, p := range []Policy{MLPS3, ASVS} {
		if p.Name == name {
			return p, true
		}
	}
	return Policy{}, false
}

// longest bounds what is hashed.
const longest = 128

// Weak says why a password is not taken.
type Weak struct{ Reasons []ledger.Text }

func (e *Weak) Error() string { return "weak password" }

func weak(zh, en string) *Weak { return &Weak{[]ledger.Text{{Zh: zh, En: en}}} }

// check says everything that is wrong with a new password of a person.
func (p Policy) check(password string, of Person) error {
	w := &Weak{}
	bad := func(zh, en string) { w.Reasons = append(w.Reasons, ledger.Text{Zh: zh, En: en}) }
	switch n := utf8.RuneCountInString(password); {
	case n < p.Shortest:
		bad(fmt.Sprintf("至少%d位，现有%d位", p.Shortest, n), fmt.Sprintf("at least %d characters, has %d", p.Shortest, n))
	case n > longest:
		bad(fmt.Sprintf("最多%d位", longest), fmt.Sprintf("at most %d characters", longest))
	}
	if classesOf(password) < p.Classes {
		bad(fmt.Sprintf("须含大写字母、小写字母、数字、符号中的%d类", p.Classes), fmt.Sprintf("needs %d of capital letters, small letters, digits and signs", p.Classes))
	}
	if isCommon(password) {
		bad("过于常见，容易被猜中", "too common, easily guessed")
	}
	lower := strings.ToLower(password)
	for _, known := range []string{of.ID, of.Name, of.Unit} {
		if len(known) >= 3 && strings.Contains(lower, strings.ToLower(known)) {
			bad("不得含账号、姓名或单位代码", "must not hold the account, the name or the unit")
			break
		}
	}
	if len(w.Reasons) > 0 {
		return w
	}
	return nil
}

// classesOf counts the classes of characters.
func classesOf(password string) int {
	var lower, upper, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

//go:embed common.txt
var commonText string

var commonPasswords = sync.OnceValue(func() map[string]struct{} {
	all := map[string]struct{}{}
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all[line] = struct{}{}
		}
	}
	return all
})

// isCommon says whether a password is a common one, or one with signs and digits around
// it or in place of letters, as people dress it to get past a rule, or hardly any
// different characters.
func isCommon(password string) bool {
	lower := strings.ToLower(password)
	plain := strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t").Replace(lower)
	edge := func(r rune) bool { return !unicode.IsLetter(r) }
	for _, word := range []string{lower, plain, strings.TrimFunc(lower, edge), strings.TrimFunc(plain, edge), strings.TrimRightFunc(lower, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) })} {
		if _, ok := commonPasswords()[word]; ok {
			return true
		}
	}
	different := map[rune]struct{}{}
	for _, r := range lower {
		different[r] = struct{}{}
	}
	return len(different) < 5
}

// Cost is what one hash costs whoever guesses, and us.
type Cost struct {
	Passes, MemoryKiB uint32
	Threads           uint8
}

// DefaultCost takes 64 MiB and some 60 ms.
var DefaultCost = Cost{Passes: 3, MemoryKiB: 64 << 10, Threads: 4}

const hashBytes, saltBytes = 32, 16

// hashOf makes the text that is stored, in the form of the reference implementation:
// $argon2id$v=19$m=65536,t=3,p=4$salt$hash.
func hashOf(password string, c Cost) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	sum := argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Threads, hashBytes)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, c.Threads, b64(salt), b64(sum))
}

// fits says whether a password is the one that was stored. What was stored is hashed as
// it was then.
func fits(password, stored string) bool {
	parts := strings.Split(stored, "$")
	var c Cost
	var version int
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Passes, &c.Threads); err != nil || c.Passes == 0 || c.Threads == 0 {
		return false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, hashErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || hashErr != nil || len(want) < hashBytes/2 || len(password) > 4*longest {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}
