package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // RFC 6238 as every authenticator has it
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// The second factor (动态码) is TOTP, RFC 6238: six digits that change each half minute,
// computed by any authenticator from a secret of 160 bits.
const (
	stepLength  = 30 * time.Second
	secretBytes = 20
)

// stepOf is the number of the half minute.
func stepOf(now time.Time) int64 { return now.Unix() / int64(stepLength/time.Second) }

// codeAt is the code of a step.
func codeAt(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

// stepOfCode is the step that a code belongs to, of the present one and its neighbours:
// clocks differ. Each step is compared, whichever fits.
func stepOfCode(secret []byte, code string, now time.Time) (step int64, ok bool) {
	code = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９': // a Chinese keyboard
			return r - '０' + '0'
		case r == ' ' || r == '\u3000':
			return -1
		}
		return r
	}, code)
	for _, s := range []int64{stepOf(now) - 1, stepOf(now), stepOf(now) + 1} {
		if subtle.ConstantTimeCompare([]byte(codeAt(secret, s)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// Factor is a new second factor, shown once.
type Factor struct {
	// Secret is typed into an authenticator, URI is for the QR code.
	Secret, URI string
}

// newFactor makes a secret.
func newFactor(person, issuer string) (Factor, []byte) {
	secret := make([]byte, secretBytes)
	rand.Read(secret)
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	label := url.PathEscape(issuer + ":" + person)
	return Factor{text, "otpauth://totp/" + label + "?secret=" + text + "&issuer=" + url.QueryEscape(issuer)}, secret
}

// Code is what an authenticator shows for a secret as it is typed.
func Code(secret string, now time.Time) (string, error) {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.ReplaceAll(secret, " ", "")))
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return codeAt(raw, stepOf(now)), nil
}
