package web

import (
	"github.com/labstack/echo/v4"
)

func (s *server) document(media string) echo.HandlerFunc {
	return func(c echo.Context) error { return nil }
}
