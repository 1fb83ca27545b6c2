package ocds

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
)

// Who is a natural person, and what of a text may be personal.

// personSchemes are identifier schemes that number natural persons, without the
// country in front of them.
var personSchemes = map[string]bool{
	"CPF": true, "DNI": true, "CI": true, "CC": true, "CURP": true, "NINO": true, "SSN": true, "PESEL": true,
	"IPN": true, "RNOKPP": true, "DRFO": true, "IIN": true, "PASSPORT": true, "CEDULA": true, "IDCARD": true,
}

// personWords are what publishers write where they say what a party is.
var personWords = []string{
	"individual", "natural", "naturalperson", "person", "physicalperson", "soletrader", "selfemployed", "personafisica", "personanatural",
	"personafísica", "persona", "fop", "фоп", "фізичнаособа", "физическоелицо", "自然人", "个人", "个体工商户",
}

// personNames are how names of sole traders begin, or an entry for a person.
var personNames = regexp.MustCompile(`(?i)^(фоп|физлицо|ип|чп|фізична особа|фізична особа[ -]підприємець|физическое лицо|индивидуальный предприниматель|persona física|persona natural|个体工商户)[\s.:«"]`)

// paraguayan are tax numbers (RUC): those of organisations begin with 80, those
// of natural persons are their identity card's number.
var paraguayan = regexp.MustCompile(`^([0-9]{5,8})-[0-9]$`)

// personNumbers are schemes that number persons and organisations alike, and how the
// number of a natural person looks, without blanks and points.
var personNumbers = map[string]*regexp.Regexp{
	"UA-EDR": tenDigits, "UA-EDRPOU": tenDigits, // 8 digits for organisations
	"MX-RFC": mexican, "RFC": mexican, // of 12 characters for organisations
	"PE-RUC":  regexp.MustCompile(`^1[057][0-9]{9}$`),                  // 20 for organisations
	"EC-RUC":  regexp.MustCompile(`^[0-9]{2}[0-5][0-9]{7}[0-9]{3}$`),   // the third digit is 6 or 9 for organisations
	"HN-RTN":  regexp.MustCompile(`^[0-9]{4}(19|20)[0-9]{8}$`),         // the year of birth, 9 for organisations
	"AR-CUIT": regexp.MustCompile(`^2[0347]-?[0-9]{8}-?[0-9]$`),        // 30, 33, 34 for organisations
	"CL-RUT":  regexp.MustCompile(`^([1-4][0-9]{7}|[0-9]{7})-[0-9K]$`), // from 50 million for organisations
	"DO-RNC":  regexp.MustCompile(`^[0-9]{11}$`),                       // 9 digits for organisations
	"RU-INN":  regexp.MustCompile(`^[0-9]{12}$`),                       // 10 digits for organisations
	"KG-INN":  regexp.MustCompile(`^[12][0-9]{13}$`),                   // 0 for organisations
	"MD-IDNO": regexp.MustCompile(`^[02][0-9]{12}$`),                   // 1 for organisations
	"PT-NIF":  portuguese, "PT-NIPC": portuguese, "PT-NIPPC": portuguese,
	"ES-NIF": regexp.MustCompile(`^[0-9XYZ][0-9]{7}-?[A-Z]$`), // a letter first for organisations
}

var (
	tenDigits  = regexp.MustCompile(`^[0-9]{10}$`)
	mexican    = regexp.MustCompile(`^[A-ZÑ&]{4}[0-9]{6}[A-Z0-9]{3}$`)
	portuguese = regexp.MustCompile(`^[123][0-9]{8}$`) // 5 and 6 for organisations
)

// numbersPerson says whether a number is that of a natural person by its scheme. Some
// publishers put the scheme in front of the number too.
func numbersPerson(scheme, id string) bool {
	scheme, id = strings.ToUpper(strings.TrimSpace(scheme)), strings.ToUpper(id)
	if strings.HasPrefix(scheme, "REGISTRO FEDERAL DE CONTRIBUYENTES") {
		scheme = "MX-RFC"
	}
	form := personNumbers[scheme]
	bare := strings.NewReplacer(" ", "", ".", "").Replace(strings.TrimPrefix(id, scheme+"-"))
	return form != nil && form.MatchString(bare)
}

// isPerson says whether a party is known to be a natural person.
func isPerson(p map[string]any, scheme, id, name string) bool {
	country, rest, listed := strings.Cut(strings.ToUpper(scheme), "-")
	if listed && (len(country) == 2 || len(country) == 3) && personSchemes[rest] || personSchemes[country] && !listed || numbersPerson(scheme, id) {
		return true
	}
	if strings.EqualFold(scheme, "PY-RUC") || strings.Contains(strings.ToLower(scheme), "registro único de contribuyente") {
		if m := paraguayan.FindStringSubmatch(id); m != nil && !(len(m[1]) == 8 && strings.HasPrefix(m[1], "80")) {
			return true
		}
	}
	for _, at := range [][]string{{"details", "entityType"}, {"details", "legalEntityType"}, {"details", "legalEntityTypeDetail"}, {"details", "type"}, {"details", "kind"}, {"details", "partyType"}, {"entityType"}, {"kind"}, {"type"}} {
		word := strings.ToLower(strings.Join(strings.FieldsFunc(idText(p, at...), func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), ""))
		if slices.Contains(personWords, word) {
			return true
		}
	}
	for _, named := range []string{name, str(p, "name"), str(p, "identifier", "legalName")} {
		if personNames.MatchString(strings.TrimSpace(named)) {
			return true
		}
	}
	return ledger.HoldsCitizenNumber(id)
}

func idText(v any, names ...string) string {
	switch x := at(v, names...).(type) {
	case string:
		return x
	case number:
		return string(x)
	}
	return ""
}

var (
	email = regexp.MustCompile(`[\p{L}0-9._%+'-]+@[\p{L}0-9-]+(\.[\p{L}0-9-]+)+`)
	// phone is a number with a country's code, or one that a word announces.
	phone = regexp.MustCompile(`(?i)\+[0-9][0-9 ()./\x{00a0}-]{6,20}[0-9]|(^|[^\p{L}])(tel|tél|phone|mobile|fax|cell|telefon|teléfono|телефон|тел|电话|手机|传真)[\p{L}]{0,4}[.:：\s(#°ºn]{0,6}[0-9(][0-9 ()./\x{00a0}-]{4,20}[0-9]`)
	// digits are long enough to be a number that the book refuses.
	digits = regexp.MustCompile(`[0-9０-９][0-9０-９\p{Zs}\p{Pd}\p{Cf}]{8,}[0-9０-９xXＸ]`)
)

// hidden stands for what was masked.
const hidden = "▮▮▮"

// mask hides e-mail addresses and telephone numbers in a text, and numbers of
// citizens, and says whether there were any.
func mask(s string) (string, bool) {
	before := s
	if strings.ContainsRune(s, '@') {
		s = email.ReplaceAllString(s, hidden)
	}
	if strings.ContainsAny(s, "0123456789") {
		s = phone.ReplaceAllString(s, "${1}"+hidden)
	}
	if ledger.HoldsPersonalNumber(s) {
		s = digits.ReplaceAllString(s, hidden)
	}
	if ledger.HoldsPersonalNumber(s) {
		s = hidden
	}
	return s, s != before
}

// listedScheme is a scheme of the org-id register, such as GB-COH.
var listedScheme = regexp.MustCompile(`^[A-Z]{2,3}-[A-Za-z0-9_-]{1,40}$`)

// localID is an id by which a release tells its own parties apart and no more: another
// release gives it to others.
var localID = regexp.MustCompile(`(?i)^((org|party|tpo|supplier|buyer|bidder|tenderer)[-_ ]?[0-9]{1,4}|[0-9]{1,2})$`)

// isLocal says whether an id tells nobody apart beyond its release.
func isLocal(id string) bool {
	return localID.MatchString(id) || id != "" && id[0] >= '0' && id[0] <= '9' && strings.Trim(id, id[:1]) == ""
}

// placeholders are what stands where there is no identifier.
var placeholders = []string{"null", "none", "n/a", "na", "-", "--", "0", "unknown", "undefined", "x", "xxx", "s/n", "sin datos", "не указано", "n.n.", "nn", "n.a.", "k.a.", "not applicable", "no aplica", "keine angabe"}

// idTold is an id as it is told, and notes one that is neither text nor number.
func (n *notes) idTold(path string, v any) string {
	switch v.(type) {
	case nil, string, number:
	default:
		n.add("text_wanted", path, short(v), "")
	}
	return idText(v)
}

// participant reads a party where it is named: what stands there, and what the
// list of parties adds by its id.
func (p *process) participant(path string, v any) ledger.Participant {
	n := p.notes
	ref, ok := v.(map[string]any)
	if s, isText := v.(string); isText && strings.TrimSpace(s) != "" {
		n.add("party_text", path, s, "")
		ref, ok = map[string]any{"name": s}, true
		if p.parties[strings.TrimSpace(s)] != nil {
			ref = map[string]any{"id": s}
		}
	}
	if !ok {
		if v != nil {
			n.add("object_wanted", path, short(v), "")
		}
		return ledger.Participant{}
	}
	id := strings.TrimSpace(n.idTold(path+"/id", ref["id"]))
	listed := p.parties[id]
	if id != "" && listed == nil && len(p.parties) > 0 {
		n.add("party_unknown", path, "", "")
	}
	out := ledger.Participant{}
	for _, x := range []any{ref["name"], at(listed, "name"), at(ref, "identifier", "legalName"), at(listed, "identifier", "legalName")} {
		if out.Name = n.text(path+"/name", x, 200); out.Name != "" {
			break
		}
	}
	scheme, code := p.identifier(path, ref["identifier"])
	if code == "" {
		scheme, code = p.identifier(path, at(listed, "identifier"))
	}
	if isPerson(ref, scheme, code, out.Name) || listed != nil && isPerson(listed, scheme, code, out.Name) {
		if code != "" || id != "" {
			n.add("person_code", path, "", "")
		}
		if out.Person = true; out.Name == "" {
			n.add("party_nameless", path, "", "")
			return ledger.Participant{}
		}
		return out
	}
	switch {
	case code != "" && listedScheme.MatchString(scheme):
		out.Code = n.id(path+"/identifier", scheme+":"+code)
	case code != "":
		out.Code = n.id(path+"/identifier", code)
	case id != "" && !strings.HasPrefix(id, made) && !(out.Name != "" && isLocal(id)):
		out.Code = n.id(path+"/id", id)
	}
	if out == (ledger.Participant{}) {
		n.add("party_nameless", path, "", "")
	}
	return out
}

// identifier reads a party's identifier, unless it only fills the place of one.
func (p *process) identifier(path string, v any) (scheme, code string) {
	scheme, code = strings.TrimSpace(str(v, "scheme")), plain(p.notes.idTold(path+"/identifier/id", at(v, "id")))
	if slices.Contains(placeholders, strings.ToLower(code)) || code != "" && strings.Trim(code, "0-. ") == "" || scheme == "" && isLocal(code) {
		p.notes.add("identifier_unread", path+"/identifier/id", code, "")
		code = ""
	}
	return scheme, code
}

// participants reads a list of parties, each once.
func (p *process) participants(path string, v any) []ledger.Participant {
	var out []ledger.Participant
	for i, x := range p.notes.list(path, v) {
		party := p.participant(path+"/"+strconv.Itoa(i), x)
		if party != (ledger.Participant{}) && !slices.Contains(out, party) {
			out = append(out, party)
		}
	}
	return capped(p.notes, path, out, roomOfParties)
}
