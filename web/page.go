package web

import "github.com/labstack/echo/v4"

func (s *server) pageRoutes(g *echo.Group) {}
