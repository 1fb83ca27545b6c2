package web

import (
	"context"

	"yilu/ledger"
)

// placeNames are the names of places as they stood after an entry.
type placeNames struct {
	at    ledger.Seq
	names ledger.Places
}

// namesAt are the names of places in the state of the book that a ledger reads. They
// change rarely, and are read when they have.
func (s *server) namesAt(ctx context.Context, at *ledger.Ledger) (ledger.Places, error) {
	seq, err := at.PlacesAt(ctx, s.Book)
	if err != nil {
		return ledger.Places{}, err
	}
	if known := s.names.Load(); known != nil && known.at == seq {
		return known.names, nil
	}
	names, err := at.Places(ctx, s.Book)
	if err == nil {
		s.names.Store(&placeNames{seq, names})
	}
	return names, err
}

// read lets the page read one state of the book, with the names of that time.
func (s *server) read(ctx context.Context, f *frame, at *ledger.Ledger) (err error) {
	f.ledger = at
	f.names, err = s.namesAt(ctx, at)
	f.County = f.division(string(s.Book))
	return err
}

// division names a division of any length in the page's language.
func (f *frame) division(code string) string {
	d := f.names.Of(code)
	return f.lang.pick(ledger.Text{Zh: d.Name, En: d.En})
}

// Called names a place: the county as a whole, a township, or a village with its township
// before it. A village without a name is called by its township alone.
func (f *frame) Called(code string) string {
	switch {
	case len(code) >= 9 && code[6:9] == "000":
		return f.t("place.county_level", f.division(code[:6]))
	case !isVillage(code):
		return f.division(code)
	case f.names.Knows(code):
		return f.t("place.village", f.division(code[:9]), f.division(code))
	}
	return f.division(code[:9])
}

// village is the name of a village: as it was entered, else as a project gives it, else
// its code.
func (f *frame) village(told map[string]string, code string) string {
	if name := told[code]; name != "" && !f.names.Knows(code) {
		return name
	}
	return f.division(code)
}
