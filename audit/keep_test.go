package audit

import (
	"bytes"
	"errors"
	"testing"
)

func TestKeptOpensOnlyWhereItIsKept(t *testing.T) {
	t.Parallel()
	s, err := NewSealer(make([]byte, secretSize))
	if err != nil {
		t.Fatal(err)
	}
	secret := bytes.Repeat([]byte{1}, secretSize)
	other, err := NewSealer(secret)
	if err != nil {
		t.Fatal(err)
	}
	kept := s.Keep("draft/a", []byte("张三"))
	if got, err := s.Kept("draft/a", kept); err != nil || string(got) != "张三" {
		t.Fatalf("%q %v", got, err)
	}
	if bytes.Contains(kept, []byte("张三")) || bytes.Equal(kept, s.Keep("draft/a", []byte("张三"))) {
		t.Error("the value shows, or two are the same")
	}
	changed := bytes.Clone(kept)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another place":  func() ([]byte, error) { return s.Kept("draft/b", kept) },
		"another secret": func() ([]byte, error) { return other.Kept("draft/a", kept) },
		"a changed byte": func() ([]byte, error) { return s.Kept("draft/a", changed) },
		"nothing":        func() ([]byte, error) { return s.Kept("draft/a", nil) },
		"another kind":   func() ([]byte, error) { return s.Kept("draft/a", append([]byte{9}, kept[1:]...)) },
	} {
		if _, err := open(); !errors.Is(err, ErrUnsealable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
