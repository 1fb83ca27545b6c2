package web

import (
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"yilu/alerts"
	"yilu/ledger"
)

// openAPI is the hand-written part of the API's document: addresses, parameters
// and answers by name, and x-fields, which says in two languages what a member
// is. The shapes come from the Go types themselves, so that they cannot differ.
//
//go:embed openapi.json
var openAPI []byte

// document serves the API's document. It is made when the server starts: a
// mistake in it stops every test.
func (s *server) document(media string) echo.HandlerFunc {
	body, err := describeAPI(s.BasePath + "/api/v1")
	if err != nil {
		panic("web: openapi.json: " + err.Error()) // embedded: a bug
	}
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-cache")
		return c.Blob(http.StatusOK, media, body)
	}
}

// described are the types that addresses name; what they hold comes along.
var described = []any{
	problem{}, entryRequest{}, unitRequest{}, submissionRequest{}, approveRequest{}, rejectRequest{}, personRequest{}, receipts{},
	list[ledger.Head]{}, list[*ledger.Entry]{}, list[ledger.Submission]{}, submissionPage{}, list[ledger.Spec]{}, list[ledger.Fund]{}, ledger.FundTrace{},
	list[ledger.Project]{}, projectPage{}, list[ledger.TimelineEvent]{}, list[ledger.Share]{}, list[ledger.PersonShare]{}, list[ledger.Payment]{}, linePage{},
	list[ledger.Notice]{}, noticeAnswer{}, list[objectionAnswer]{}, objectionAnswer{},
	list[ledger.Payee]{}, list[ledger.Account]{}, ledger.Summary{}, list[ledger.Flow]{},
	alerts.Precheck{}, list[alerts.Current]{}, list[alerts.Event]{}, alerts.Detail{},
}

// rendered are the types that answers show as another, see rendering.
var rendered = map[reflect.Type]reflect.Type{
	reflect.TypeFor[ledger.Entry]():   reflect.TypeFor[renderedEntry](),
	reflect.TypeFor[ledger.Head]():    reflect.TypeFor[renderedHead](),
	reflect.TypeFor[ledger.Receipt](): reflect.TypeFor[renderedReceipt](),
	reflect.TypeFor[ledger.Spec]():    reflect.TypeFor[renderedSpec](),
}

// codes are the members of bodies that take a word of a closed list.
var codes = map[string]map[string]ledger.Text{
	"FundReceived.level": ledger.Levels, "FundReceived.uses": ledger.ProjectTypes, "FundRecalled.reason": ledger.Reasons,
	"ProjectListed.type": ledger.ProjectTypes, "ProjectApproved.type": ledger.ProjectTypes, "ProjectChanged.reason": ledger.Reasons, "ProjectCancelled.reason": ledger.Reasons,
	"TenderAnnounced.method": ledger.Methods, "TenderAnnounced.category": ledger.Categories, "TenderFailed.reason": ledger.FailReasons,
	"TenderExempted.ground": ledger.Grounds, "TenderExempted.method": ledger.Methods, "ContractSigned.category": ledger.Categories, "ContractAmended.reason": ledger.Reasons,
	"ContractSigned.pricing": ledger.Pricings, "ContractSubcontracted.subcontract_part": ledger.SubcontractParts, "AssetDisposed.disposal_way": ledger.DisposalWays,
	"PaymentRequested.method": ledger.PayMethods, "PaymentRequested.stage": ledger.PayStages, "PaymentRejected.reason": ledger.Reasons, "PaymentReturned.reason": ledger.Reasons,
	"AcceptancePassed.level": ledger.AcceptanceLevels, "AcceptanceFailed.level": ledger.AcceptanceLevels, "AssetRegistered.class": ledger.AssetClasses, "AssetRegistered.state": ledger.AssetStates, "SealErased.erasure_ground": ledger.ErasureGrounds, "RegisterLoaded.list": ledger.Lists, "RoleGranted.role": ledger.Roles, "RoleRevoked.revoke_ground": ledger.RevokeGrounds,
	"SubmissionRejected.reason": ledger.Reasons, "EntryReversed.reason": ledger.Reasons,
	"AlertRaised.level": ledger.AlertLevels, "AlertRaised.handling": ledger.Handlings, "AlertRaised.origin": ledger.Origins, "AlertRaised.outcome": ledger.Outcomes,
	"AlertRepeated.level": ledger.AlertLevels, "AlertAcknowledged.ground": ledger.AckGrounds, "RuleActivated.state": ledger.RuleStates, "FreezeSet.frozen_kind": ledger.Freezable,
	"AlertDismissed.dismiss_ground": ledger.DismissGrounds, "AlertConfirmed.violation": ledger.Violations, "AlertReturned.reason": ledger.Reasons, "AlertSilenced.silence_ground": ledger.SilenceGrounds,
	"NoticeContent.channel": ledger.NoticeChannels, "NoticeContent.matter": ledger.NoticeStages, "NoticeContent.publisher_level": ledger.NoticeLevels,
	"NoticeCorrected.reason": ledger.Reasons, "NoticeExtended.reason": ledger.Reasons, "NoticeEnded.notice_outcome": ledger.NoticeOutcomes,
	"NoticeWaived.matter": ledger.NoticeStages, "NoticeWaived.publisher_level": ledger.NoticeLevels, "NoticeRequired.matter": ledger.NoticeStages, "NoticeRequired.publisher_level": ledger.NoticeLevels,
	"NoticeRequired.day_count": ledger.NoticeModes, "NoticeRequired.term_unit": ledger.TermUnits, "ObjectionReceived.topic": ledger.ObjectionTopics, "ObjectionReceived.track": ledger.ObjectionTracks,
	"ObjectionAnswered.objection_outcome": ledger.ObjectionOutcomes, "PhotoReleased.photo_check": ledger.PhotoChecks, "PhotoWithdrawn.photo_ground": ledger.PhotoGrounds,
	"ProcessTender.category": ledger.Categories, "ProcessTender.way": ledger.ProcessMethods, "ProcessTender.status_told": ledger.TenderStatuses,
	"ProcessBid.status_told": ledger.BidStatuses, "ProcessAward.status_told": ledger.AwardStatuses, "ProcessContract.status_told": ledger.ContractStatuses,
}

// filled are members that the server fills in when they are left out.
var filled = map[string]bool{"SubmissionMade.content_hash": true, "Step.alert": true, "GrantRequested.lines_hash": true}

// apiDocument gathers the shapes of types under the names of components.
type apiDocument struct {
	schemas map[string]any
	fields  map[string]any
}

// describeAPI joins the written part, the shapes of Go types and the kinds of
// the ledger. Bodies are chosen by their kind, so that a program can check an
// entry before sending it.
func describeAPI(url string) ([]byte, error) {
	var doc map[string]any
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		return nil, err
	}
	d := &apiDocument{schemas: doc["components"].(map[string]any)["schemas"].(map[string]any), fields: doc["x-fields"].(map[string]any)}
	delete(doc, "x-fields")
	doc["servers"] = []any{map[string]any{"url": url}}
	for _, v := range described {
		d.shape(reflect.TypeOf(v))
	}
	var byKind []any
	for _, spec := range ledger.Kinds() {
		body := reflect.TypeOf(ledger.NewBody(spec.Kind)).Elem()
		shape := d.shape(body)
		d.schemas[schemaName(body)].(map[string]any)["description"] = string(spec.Kind) + "：" + spec.Zh + " / " + spec.En
		byKind = append(byKind, map[string]any{
			"properties": map[string]any{"kind": map[string]any{"const": string(spec.Kind)}, "body": shape},
		})
	}
	d.schemas["KindAndBody"] = map[string]any{"description": "内容依业务类型 / the body goes by the kind", "oneOf": byKind}
	for _, name := range []string{"Entry", "EntryRequest"} {
		d.schemas[name].(map[string]any)["allOf"] = []any{reference("KindAndBody")}
	}
	return json.Marshal(doc, json.Deterministic(true))
}

// reference points to a component; JSON Schema lets other keywords stand by it.
func reference(name string) map[string]any {
	return map[string]any{"$ref": "#/components/schemas/" + name}
}

// schemaName is the component that a struct is described under: entryRequest is
// EntryRequest, list[ledger.Fund] is FundList.
func schemaName(t reflect.Type) string {
	name := strings.TrimPrefix(t.Name(), "rendered")
	prefix := "" // what package alerts calls Current is a current what?
	if strings.Contains(name, "alerts.") || t.PkgPath() == reflect.TypeFor[alerts.Current]().PkgPath() {
		prefix = "Alert"
	}
	if of, ok := strings.CutPrefix(name, "list["); ok {
		of = strings.TrimSuffix(of[strings.LastIndex(of, ".")+1:], "]")
		return prefix + strings.ToUpper(of[:1]) + of[1:] + "List"
	}
	if t == reflect.TypeFor[problem]() {
		return "ProblemDetails"
	}
	if prefix != "" {
		return prefix + name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// scalars are the types with a text or number form of their own.
var scalars = map[reflect.Type]string{
	reflect.TypeFor[ledger.Amount](): "Amount", reflect.TypeFor[ledger.Count](): "Count", reflect.TypeFor[ledger.Seq](): "Seq",
	reflect.TypeFor[ledger.Date](): "Date", reflect.TypeFor[ledger.Moment](): "Moment", reflect.TypeOf(ledger.Instant(time.Time{})): "Instant",
	reflect.TypeFor[time.Time](): "Instant",
}

// shape describes a type as rendering writes it and decode reads it. Structs
// become components, described once.
func (d *apiDocument) shape(t reflect.Type) map[string]any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if as, ok := rendered[t]; ok {
		t = as
	}
	if name, ok := scalars[t]; ok {
		return reference(name)
	}
	switch kind := t.Kind(); {
	case t == reflect.TypeFor[jsontext.Value]():
		return map[string]any{"type": "object"}
	case kind == reflect.String:
		return map[string]any{"type": "string"}
	case kind == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case kind == reflect.Int, kind == reflect.Int64:
		return map[string]any{"type": "integer"}
	case (kind == reflect.Slice || kind == reflect.Array) && t.Elem().Kind() == reflect.Uint8:
		return reference("Hash")
	case kind == reflect.Slice:
		return map[string]any{"type": "array", "items": d.shape(t.Elem())}
	case kind == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": d.shape(t.Elem())}
	case kind == reflect.Struct:
		name := schemaName(t)
		if _, known := d.schemas[name]; !known {
			object := map[string]any{"type": "object", "additionalProperties": false}
			d.schemas[name] = object
			properties, required := map[string]any{}, []any{}
			d.members(t, properties, &required)
			object["properties"], object["required"] = properties, required
		}
		return reference(name)
	}
	panic(fmt.Sprintf("no description for %v", t))
}

// members describes the members of a struct and of those it embeds. A member that
// is left out when empty is not required; a day of a projection (a db column) may
// be empty, one of a body may not.
func (d *apiDocument) members(t reflect.Type, properties map[string]any, required *[]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, tagged := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			d.members(f.Type, properties, required)
			continue
		case name == "-" || name == "":
			continue
		}
		shape := d.shape(f.Type)
		if f.Type == reflect.TypeFor[ledger.Date]() && f.Tag.Get("db") != "" {
			shape = reference("DateOrNone")
		}
		at := t.Name() + "." + name
		if words, ok := codes[at]; ok {
			shape = oneOf(words, shape)
		}
		if text, ok := d.fields[name]; ok {
			shape["description"] = text
		}
		properties[name] = shape
		if !(tagged && strings.Contains(option, "omitzero")) && !filled[at] {
			*required = append(*required, name)
		}
	}
}

// oneOf narrows a string, or the strings of a list, to the words of a code.
func oneOf(words map[string]ledger.Text, shape map[string]any) map[string]any {
	enum := map[string]any{"type": "string", "enum": sortedWords(words)}
	if shape["type"] == "array" {
		return map[string]any{"type": "array", "items": enum}
	}
	return enum
}

// sortedWords keeps the document the same from start to start.
func sortedWords(words map[string]ledger.Text) []any {
	codes := slices.Sorted(maps.Keys(words))
	if i := slices.Index(codes, "other"); i >= 0 { // 其他 is what is left
		codes = append(slices.Delete(codes, i, i+1), "other")
	}
	var out []any
	for _, w := range codes {
		out = append(out, w)
	}
	return out
}
