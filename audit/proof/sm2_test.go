package proof

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/mod/sumdb/note"
)

// sm2Signer signs as a device would.
type sm2Signer struct {
	note.Verifier
	key *sm2.PrivateKey
}

func (s sm2Signer) Sign(msg []byte) ([]byte, error) {
	return s.key.SignWithSM2(rand.Reader, []byte(sm2User), msg)
}

func TestSM2Line(t *testing.T) {
	key, err := sm2.NewPrivateKey(goldenSeed())
	if err != nil {
		t.Fatal(err)
	}
	ecdh, err := key.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	point := ecdh.PublicKey().Bytes()
	vkey, err := SM2Key(goldenOrigin, point)
	if err != nil {
		t.Fatal(err)
	}
	v, err := LogVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{goldenOrigin, 3, Hash{7}}
	signed := sign(t, c, goldenSigner(t), sm2Signer{v, key})

	plain, err := policy(t, "log "+goldenVKey, "quorum none").Open(signed)
	if err != nil || plain.Unknown != 1 || len(plain.Logs) != 1 {
		t.Errorf("without knowing SM2: %+v, %v", plain, err)
	}
	both := policy(t, "log "+goldenVKey, "log "+vkey, "quorum none")
	s, err := both.Open(signed)
	if err != nil || len(s.Logs) != 2 || s.Unknown != 0 {
		t.Errorf("with both keys: %+v, %v", s, err)
	}
	other := c
	other.Root[0]++
	mixed := append([]byte(other.Text()), signed[len(c.Text()):]...)
	if _, err := both.Open(mixed); err == nil {
		t.Error("another root was accepted under the same signatures")
	}
	last := bytes.LastIndexByte(bytes.TrimSuffix(signed, []byte("\n")), ' ')
	for i := last + 1; i < len(signed)-1; i++ {
		flipped := bytes.Clone(signed)
		flipped[i] ^= 1
		if s, err := both.Open(flipped); err == nil && len(s.Logs) == 2 {
			t.Errorf("byte %d of the SM2 line flipped and it still counts", i)
		}
	}
	for _, bad := range [][]byte{nil, point[:64], append([]byte{2}, point[1:]...), make([]byte, 65)} {
		if _, err := SM2Key(goldenOrigin, bad); err == nil {
			t.Errorf("%x was accepted as a point", bad)
		}
	}
	if _, err := SM2Key("two words", point); err == nil {
		t.Error("a name with a blank was accepted")
	}
	if _, err := LogVerifier(strings.Replace(vkey, "+", "+0", 1)); err == nil {
		t.Error("a vkey with another hash was accepted")
	}
}
