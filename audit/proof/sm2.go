package proof

import (
	"crypto/ecdsa"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/emmansun/gmsm/sm2"
)

// sm2Name follows the type ff in a key that signs by SM2 with SM3.
const sm2Name = "gm.sm2.sm3/v1"

// sm2User is the user id that GB/T 32918 gives whoever has none.
const sm2User = "1234567812345678"

// SM2Key is the vkey of a log's SM2 key, given as its uncompressed point of 65
// bytes. A checkpoint may carry a line by such a key beside that by Ed25519,
// which the formats demand; programs that do not know it leave it aside.
//
//	key id    = SHA-256(name, newline, ff, "gm.sm2.sm3/v1", point)[:4]
//	signature = DER, over the signed body, with the user id 1234567812345678
//
// The library that verifies is no certified product. Where the law wants one
// (密评), it is to sign, and to verify as well.
func SM2Key(name string, point []byte) (string, error) {
	if err := checkName(name); err != nil {
		return "", fmt.Errorf("name of SM2 key %q: %w", name, err)
	}
	if _, err := sm2.NewPublicKey(point); err != nil {
		return "", fmt.Errorf("SM2 key of %s: %w", name, err)
	}
	key := append([]byte{algOther}, sm2Name...)
	key = append(key, point...)
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, key), base64.StdEncoding.EncodeToString(key)), nil
}

// sm2Verifier implements note.Verifier.
type sm2Verifier struct {
	name   string
	hash   uint32
	public *ecdsa.PublicKey
}

// newSM2Verifier takes what follows the type ff in a key.
func newSM2Verifier(name string, hash uint32, key []byte) (*sm2Verifier, error) {
	point, ok := strings.CutPrefix(string(key), sm2Name)
	if !ok {
		return nil, fmt.Errorf("the log's key of %s is of a kind that is not known here", name)
	}
	public, err := sm2.NewPublicKey([]byte(point))
	if err != nil {
		return nil, fmt.Errorf("the SM2 key of %s: %w", name, err)
	}
	return &sm2Verifier{name, hash, public}, nil
}

// Name implements note.Verifier.
func (v *sm2Verifier) Name() string { return v.name }

// KeyHash implements note.Verifier.
func (v *sm2Verifier) KeyHash() uint32 { return v.hash }

// Verify implements note.Verifier.
func (v *sm2Verifier) Verify(msg, sig []byte) bool {
	return sm2.VerifyASN1WithSM2(v.public, []byte(sm2User), msg, sig)
}
