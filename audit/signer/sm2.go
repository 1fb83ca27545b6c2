package signer

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/mod/sumdb/note"

	"yilu/audit/durable"
	"yilu/audit/proof"
)

// sm2Key signs by SM2 with SM3 beside the Ed25519 key, for those who must have a
// signature of their country's kind (密评). This one keeps its key in a file, to show
// and test the format: production takes a certified device that implements Key.
type sm2Key struct {
	note.Verifier // for the name and the hash
	public        string
	key           *sm2.PrivateKey
}

// sm2User is the user id that GB/T 32918 gives whoever has none.
const sm2User = "1234567812345678"

// CreateSM2Key writes a new SM2 key to path.sm2, readable by its owner alone. It
// signs from the next start of the signer on. It never replaces a file.
func CreateSM2Key(path, origin string) (Key, error) {
	if _, err := os.Lstat(path + ".sm2"); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create SM2 key: %s.sm2 is there already", path)
	}
	k, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("create SM2 key: %w", err)
	}
	text := base64.StdEncoding.EncodeToString(k.D.FillBytes(make([]byte, 32))) + "\n"
	if err := durable.WriteFile(path+".sm2", []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("create SM2 key: %w", err)
	}
	return loadSM2Key(path+".sm2", origin)
}

// loadSM2Key reads the file that CreateSM2Key writes.
func loadSM2Key(path, origin string) (Key, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("read SM2 key: %w", err)
	}
	k, err := parseSM2Key(text, origin)
	if err != nil { // never with the text itself
		return nil, fmt.Errorf("read SM2 key %s: not 32 bytes of a key in base64", path)
	}
	return k, nil
}

func parseSM2Key(text, origin string) (Key, error) {
	d, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(text, "\n"))
	if err != nil {
		return nil, err
	}
	k, err := sm2.NewPrivateKey(d)
	if err != nil {
		return nil, err
	}
	exchange, err := k.ECDH()
	if err != nil {
		return nil, err
	}
	public, err := proof.SM2Key(origin, exchange.PublicKey().Bytes())
	if err != nil {
		return nil, err
	}
	v, err := proof.LogVerifier(public)
	if err != nil {
		return nil, err
	}
	return &sm2Key{v, public, k}, nil
}

// Sign makes a signature that differs each time: what counts is the one in the
// state.
func (k *sm2Key) Sign(msg []byte) ([]byte, error) {
	sig, err := k.key.SignWithSM2(rand.Reader, []byte(sm2User), msg)
	if err != nil {
		return nil, fmt.Errorf("sign by SM2: %w", err)
	}
	return sig, nil
}

// VerifierKey is the public half.
func (k *sm2Key) VerifierKey() string { return k.public }
