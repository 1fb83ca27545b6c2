package web

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/publicity"
)

// The poster of a notice (海报): A3 or A4, black and white, for the village's board.

// posterView is a notice as it is printed.
type posterView struct {
	*noticeView
	// Address is the check page of this version, Code its check code; QR draws it.
	Address string
	QR      *qrCode
}

// qrCode is a QR code as one path of squares, with a quiet zone of four around it.
type qrCode struct {
	Side int
	Path string
}

// newQR draws a text at level Q, which a torn corner does not hurt.
func newQR(text string) (*qrCode, error) {
	code, err := qr.Encode(text, qr.Q, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	const quiet = 4
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			from := x
			for x < size && dark(code, x, y) {
				x++
			}
			if n := x - from; n > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, n, n)
			}
		}
	}
	return &qrCode{size + 2*quiet, path.String()}, nil
}

func dark(code image.Image, x, y int) bool {
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}

// poster is a notice as it is printed now.
func (s *server) poster(ctx context.Context, f *frame, n ledger.Notice) (*posterView, error) {
	v := &noticeView{frame: f, noticeRow: s.noticeRows([]ledger.Notice{n})[0]}
	if err := s.readVersions(ctx, v); err != nil {
		return nil, err
	}
	if n.Ends != "" {
		v.Strict, v.Inclusive = publicity.PostingDays(n.Starts, n.Ends)
	}
	p := &posterView{noticeView: v, Address: cmp.Or(strings.TrimSuffix(s.PublicURL, "/"), s.Origin+s.BasePath) + "/c/" + n.Code}
	var err error
	p.QR, err = newQR(p.Address)
	return p, err
}

func (s *server) posterPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	n, err := f.ledger.Notice(ctx, s.Book, c.Param("notice"))
	if err != nil {
		return nil, err
	}
	return s.poster(ctx, f, n)
}

// posters are those of a township that hang now, on one page.
type postersView struct {
	*frame
	Place   string
	Posters []*posterView
}

// mostPosters bounds a batch: more are printed village by village.
const mostPosters = 60

func (s *server) postersPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &postersView{frame: f, Place: c.QueryParam("place")}
	notices, _, err := f.ledger.Notices(ctx, s.Book, ledger.NoticeFilter{Place: p.Place, State: ledger.StatePosted}, ledger.Page{Limit: ledger.MaxPage})
	if err != nil {
		return nil, err
	}
	for _, n := range notices {
		_, hanging := publicity.DaysLeft(n.Starts, n.Ends, s.today())
		if len(p.Posters) == mostPosters || n.Channel != "board" && n.Channel != "site" || n.Ends != "" && !hanging {
			continue
		}
		poster, err := s.poster(ctx, f, n)
		if err != nil {
			return nil, err
		}
		p.Posters = append(p.Posters, poster)
	}
	return p, nil
}
