package web

import (
	"fmt"
	"image"
	"strings"
	"sync"

	"github.com/boombuler/barcode/qr"
)

// qrCode is a QR code as one path of squares, with a quiet zone of four around it.
type qrCode struct {
	Side int
	Path string
}

// newQR draws a text at level Q, which a torn corner does not hurt.
func newQR(text string) (*qrCode, error) {
	m, err := newModules(text)
	if err != nil {
		return nil, err
	}
	return m.draw(), nil
}

// modules are the squares of a QR code, a bit each, row after row.
type modules struct {
	side int
	dark []byte
}

func newModules(text string) (modules, error) {
	code, err := qr.Encode(text, qr.Q, qr.Auto)
	if err != nil {
		return modules{}, fmt.Errorf("draw QR code: %w", err)
	}
	m := modules{side: code.Bounds().Dx()}
	m.dark = make([]byte, (m.side*m.side+7)/8)
	for n := range m.side * m.side {
		if dark(code, n%m.side, n/m.side) {
			m.dark[n/8] |= 1 << (n % 8)
		}
	}
	return m, nil
}

func dark(code image.Image, x, y int) bool {
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}

func (m modules) at(x, y int) bool {
	n := y*m.side + x
	return m.dark[n/8]>>(n%8)&1 == 1
}

func (m modules) draw() *qrCode {
	const quiet = 4
	var path strings.Builder
	for y := range m.side {
		for x := 0; x < m.side; x++ {
			from := x
			for x < m.side && m.at(x, y) {
				x++
			}
			if n := x - from; n > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, n, n)
			}
		}
	}
	return &qrCode{m.side + 2*quiet, path.String()}
}

// mostQR bounds the codes that are kept, at some 300 bytes each.
const mostQR = 4096

// qrCodes keeps codes that were drawn: a poster has the same in both languages and in
// the batch of its township, and choosing the mask of one takes a millisecond.
type qrCodes struct {
	mu   sync.Mutex
	kept map[string]modules
}

// draw is newQR for a text that will be drawn again.
func (q *qrCodes) draw(text string) (*qrCode, error) {
	q.mu.Lock()
	m, ok := q.kept[text]
	q.mu.Unlock()
	if !ok {
		var err error
		if m, err = newModules(text); err != nil {
			return nil, err
		}
		q.mu.Lock()
		if q.kept == nil || len(q.kept) == mostQR {
			q.kept = map[string]modules{}
		}
		q.kept[text] = m
		q.mu.Unlock()
	}
	return m.draw(), nil
}
