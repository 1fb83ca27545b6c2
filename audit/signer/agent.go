package signer

import (
	"crypto/ed25519"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/note"
)

// agentKey is an Ed25519 key that an ssh-agent holds, which may have it in a
// hardware token: our process never sees the private half.
type agentKey struct {
	note.Verifier // for the name and the hash
	public        string
	socket        string
	key           ssh.PublicKey
}

// AgentKey finds a key of an ssh-agent by its fingerprint, SHA256:…, and uses it
// under the log's origin.
func AgentKey(origin, socket, fingerprint string) (Key, error) {
	k := &agentKey{socket: socket}
	err := k.ask(func(a agent.Agent) error {
		keys, err := a.List()
		if err != nil {
			return err
		}
		for _, key := range keys {
			public, err := ssh.ParsePublicKey(key.Blob)
			if err != nil || ssh.FingerprintSHA256(public) != fingerprint {
				continue
			}
			c, ok := public.(ssh.CryptoPublicKey)
			if !ok {
				break
			}
			ed, ok := c.CryptoPublicKey().(ed25519.PublicKey)
			if !ok {
				break
			}
			if k.public, err = note.NewEd25519VerifierKey(origin, ed); err != nil {
				return err
			}
			k.key = public
			k.Verifier, err = note.NewVerifier(k.public)
			return err
		}
		return fmt.Errorf("no Ed25519 key with the fingerprint %q", fingerprint)
	})
	if err != nil {
		return nil, fmt.Errorf("find key in ssh-agent: %w", err)
	}
	return k, nil
}

// ask connects anew each time: an agent may be restarted.
func (k *agentKey) ask(do func(agent.Agent) error) error {
	conn, err := net.Dial("unix", k.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	return do(agent.NewClient(conn))
}

// Sign has the agent sign, and checks what it did: a wrong signature must not
// become a state.
func (k *agentKey) Sign(msg []byte) (sig []byte, err error) {
	err = k.ask(func(a agent.Agent) error {
		s, err := a.Sign(k.key, msg)
		if err != nil {
			return err
		}
		if !k.Verify(msg, s.Blob) {
			return fmt.Errorf("a signature of format %q that does not verify", s.Format)
		}
		sig = s.Blob
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sign by ssh-agent: %w", err)
	}
	return sig, nil
}

// VerifierKey is the public half.
func (k *agentKey) VerifierKey() string { return k.public }
