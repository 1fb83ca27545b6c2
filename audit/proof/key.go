package proof

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// The first bytes of a public key in a signed note say what it signs with.
const (
	algEd25519       = 0x01
	algCosignature   = 0x04 // Ed25519 with the time, c2sp.org/tlog-cosignature
	algCosignatureML = 0x06 // the same with ML-DSA-44
	algOther         = 0xff // followed by a name
)

// keyHash is the key id of a signed note.
func keyHash(name string, key []byte) uint32 {
	b := append(append([]byte(name), '\n'), key...)
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint32(sum[:])
}

// parseBase64 reads the one base64 text of some bytes.
func parseBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil && base64.StdEncoding.EncodeToString(b) != s {
		err = errors.New("not the one base64 text of its bytes")
	}
	return b, err
}

// LogVerifier takes a log's vkey, by Ed25519 or SM2: the text that stands in a
// policy after "log". Its key hash must be that of its name and key.
func LogVerifier(vkey string) (note.Verifier, error) {
	v, err := logVerifier(vkey)
	if err != nil {
		return nil, err
	}
	return v.Verifier, nil
}

// logVerifier is LogVerifier with the key itself.
func logVerifier(vkey string) (verifier, error) {
	name, hash, algorithm, key, err := cutKey(vkey)
	if err != nil {
		return verifier{}, err
	}
	switch algorithm {
	case algEd25519:
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return verifier{}, fmt.Errorf("the log's key of %s: %w", name, err)
		}
		return verifier{v, string(key)}, nil
	case algOther:
		v, err := newSM2Verifier(name, hash, key)
		if err != nil {
			return verifier{}, err
		}
		return verifier{v, string(key)}, nil
	case algCosignature, algCosignatureML:
		return verifier{}, fmt.Errorf("the key of %s is a witness's (type %02x), a log signs with type 01", name, algorithm)
	}
	return verifier{}, fmt.Errorf("the log's key of %s has type %02x, want 01", name, algorithm)
}

// witnessVerifier takes a witness's vkey.
func witnessVerifier(vkey string) (verifier, error) {
	name, _, algorithm, key, err := cutKey(vkey)
	if err != nil {
		return verifier{}, err
	}
	switch algorithm {
	case algCosignature, algCosignatureML:
		v, err := cosignature.NewVerifierForCosignatureV1(vkey)
		if err != nil {
			return verifier{}, fmt.Errorf("the witness's key of %s: %w", name, err)
		}
		return verifier{v, string(key)}, nil
	case algEd25519:
		if right, err := cosignature.VKeyToCosignatureV1(vkey); err == nil {
			return verifier{}, fmt.Errorf("the key of %s is of type 01, with which a log signs; if it is the witness's, its text is %s", name, right)
		}
	}
	return verifier{}, fmt.Errorf("the witness's key of %s has type %02x, want 04", name, algorithm)
}
