package web

import (
	"cmp"
	"context"
	"io"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/publicity/ocds"
)

// ocdsRoutes are the packages of Open Contracting data: of all projects and of each.
// They are the same in every language, and stand once.
func (s *server) ocdsRoutes(get func(path string, h echo.HandlerFunc), l language) {
	if l != chinese {
		return
	}
	for _, kind := range []ocds.Kind{ocds.Releases, ocds.Records} {
		get("/ocds/"+string(kind)+".json", s.serveOCDS(kind))
		get("/p/:project/ocds/"+string(kind)+".json", s.serveOCDS(kind))
	}
}

// Publisher says who publishes a county's contracting data. Paid is by the county's
// treasury, whatever it is called.
func Publisher(c Config) *ocds.Publisher {
	county := chinese.division(string(c.Book))
	p := &ocds.Publisher{Book: c.Book, Prefix: cmp.Or(c.Prefix, ocds.DefaultPrefix), Name: county + "扶贫资金公开账", Payer: county + "国库集中支付", Licence: c.Licence}
	if c.Origin != "" {
		p.Address = c.Origin + c.BasePath + "/ocds"
	}
	return p
}

// serveOCDS gives a package, made and sent like a list's file.
func (s *server) serveOCDS(kind ocds.Kind) echo.HandlerFunc {
	return func(c echo.Context) error {
		project := c.Param("project")
		how := sending{name: "ocds-" + cmp.Or(project, string(s.Book)) + "-" + string(kind) + ".json", mediaType: "application/json"}
		return s.send(c, how, func(ctx context.Context, w io.Writer, at *ledger.Ledger, head ledger.Head) error {
			return Publisher(s.Config).Write(ctx, w, at, head, kind, project)
		})
	}
}
