package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/publicity"
)

// 查我的补贴: whoever has a slip types its code and sees what the household got, and
// nothing of a neighbour. The code comes by POST: it stands in no address and no log.

// mostCode is how many characters of what is typed are looked at.
const mostCode = 60

// mineView is the form for a code, or what its household got.
type mineView struct {
	*frame
	// Typed is what was typed, where it led to nothing.
	Typed string
	// Mistyped is a code that no slip can have, Unknown one that no slip has now, Busy
	// that enough were asked for.
	Mistyped, Unknown, Busy bool
	Grants                  []ledger.HouseholdGrant
	// Paid is what was paid of all of them and was not returned.
	Paid ledger.Amount
}

// Problem says whether the form comes with a problem.
func (p *mineView) Problem() bool { return p.Mistyped || p.Unknown || p.Busy }

// printer prints what names households, and finds slips by their codes.
func (s *server) printer() *publicity.Printer {
	return &publicity.Printer{Ledger: s.ledger, Pool: s.ledger.Pool, Names: s.BoardNames}
}

// minePage asks for a code, and shows what its household got. A code that was never
// printed and one that ended get the same answer.
func (s *server) minePage(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "private, no-store")
	p := &mineView{frame: s.newFrame(c, "mine", "payments")}
	if c.Request().Method != http.MethodPost {
		return s.render(c, http.StatusOK, p)
	}
	typed := c.Request().PostFormValue("code") // never from the address
	p.Typed = clip(typed, mostCode)
	if !s.slips.take(c.RealIP(), s.Now()) {
		p.Busy = true
		return s.render(c, http.StatusTooManyRequests, p)
	}
	grants, err := s.printer().Grants(c.Request().Context(), s.Book, p.Typed)
	switch {
	case errors.Is(err, publicity.ErrSlipCode):
		p.Mistyped = true
		return s.render(c, http.StatusUnprocessableEntity, p)
	case errors.Is(err, ledger.ErrNotFound):
		p.Unknown = true
		return s.render(c, http.StatusNotFound, p)
	case err != nil:
		return err
	}
	p.Typed, p.Grants = "", grants
	for _, g := range grants {
		if g.State == ledger.StatePaid {
			p.Paid += g.Net()
		}
	}
	return s.render(c, http.StatusOK, p)
}
