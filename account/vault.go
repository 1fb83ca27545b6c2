package account

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// vault encrypts and marks what we alone may read or make, under keys that come from the
// sealing secret of the data folder: a copy of the database opens nothing.
type vault struct {
	values cipher.AEAD
	marks  []byte
}

// errVault says that something is not ours, or was changed or moved.
var errVault = errors.New("does not open")

func newVault(secret []byte) (*vault, error) {
	valueKey, err := hkdf.Key(sha256.New, secret, nil, "yilu account values v1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key of accounts: %w", err)
	}
	markKey, err := hkdf.Key(sha256.New, secret, nil, "yilu account marks v1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key of accounts: %w", err)
	}
	block, err := aes.NewCipher(valueKey)
	if err != nil {
		return nil, fmt.Errorf("set up AES: %w", err)
	}
	values, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("set up GCM: %w", err)
	}
	return &vault{values, markKey}, nil
}

// algAES256GCM is the first byte of what is encrypted, so that a certified cipher can
// follow.
const algAES256GCM = 1

// Seal encrypts a value that opens only as what it was sealed as.
func (v *vault) Seal(as string, value []byte) []byte {
	return v.values.Seal([]byte{algAES256GCM}, nil, value, []byte(as))
}

// Open is the other way.
func (v *vault) Open(as string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != algAES256GCM {
		return nil, errVault
	}
	value, err := v.values.Open(nil, nil, sealed[1:], []byte(as))
	if err != nil {
		return nil, errVault
	}
	return value, nil
}

// mark is a keyed hash of a text, as what it is.
func (v *vault) mark(as, text string) []byte {
	mac := hmac.New(sha256.New, v.marks)
	mac.Write([]byte(as + "\x00" + text))
	return mac.Sum(nil)
}

// word makes a word for the forms of a person: random, and told to be theirs.
func (v *vault) word(person string) string {
	random := rand.Text()
	return random + "." + base64.RawURLEncoding.EncodeToString(v.mark("form", person+"/"+random)[:12])
}
