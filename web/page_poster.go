package web

import (
	"cmp"
	"context"
	"strings"

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
	p.QR, err = s.posterCodes.draw(p.Address)
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
