package web

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPosterCodes: a code that is kept is the one that would be drawn anew, also when
// many ask at once and more are asked for than are kept.
func TestPosterCodes(t *testing.T) {
	var codes qrCodes
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := range 300 {
				if _, err := codes.draw(fmt.Sprintf("https://yilu.example/c/%04d", n%150)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, text := range []string{"https://yilu.example/c/0007", "https://yilu.example/c/0149", "", "襄城县"} {
		for range 2 {
			want, errWant := newQR(text)
			got, err := codes.draw(text)
			if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (errWant == nil) {
				t.Errorf("%q: %v, %v, %s", text, err, errWant, diff)
			}
		}
	}
	if len(codes.kept) > mostQR {
		t.Errorf("%d codes are kept", len(codes.kept))
	}
}
