package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts"
	"yilu/ledger"
)

// localeFiles are the sentences of the pages, one file per language. The Chinese
// text prevails where the two differ.
//
//go:embed locales/zh.json locales/en.json
var localeFiles embed.FS

// language is one of the two languages a page can be read in.
type language struct {
	// Code names the locale file, Tag is what HTML calls the language, Prefix
	// stands in front of every path, so that a link keeps its language.
	Code, Tag, Prefix string
}

var (
	chinese   = language{"zh", "zh-CN", ""}
	english   = language{"en", "en", "/en"}
	languages = []language{chinese, english}
)

// pick chooses the language's part of a bilingual name.
func (l language) pick(t ledger.Text) string {
	if l == english {
		return t.En
	}
	return t.Zh
}

// division names a division of any length in the language.
func (l language) division(code string) string {
	d := ledger.DivisionOf(code)
	return l.pick(ledger.Text{Zh: d.Name, En: d.En})
}

// locale holds the sentences of one language by key.
type locale map[string]sentence

// sentence is a text with places {0}, {1}… for its arguments. One is the form
// for a first argument of 1, where a language has such a form.
type sentence struct{ One, Other string }

// UnmarshalJSON reads a plain string, or an object with the members one and other.
func (s *sentence) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &s.Other)
	}
	var forms struct{ One, Other string }
	if err := json.Unmarshal(b, &forms); err != nil {
		return err
	}
	*s = sentence(forms)
	return nil
}

func readLocale(l language) (locale, error) {
	b, err := localeFiles.ReadFile("locales/" + l.Code + ".json")
	if err != nil {
		return nil, err
	}
	m := locale{}
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("locale %s: %w", l.Code, err)
	}
	return m, nil
}

// text fills a sentence. A key that is not there is a fault of ours and shows as
// an error at once, so that no reader ever sees a bare key.
func (m locale) text(key string, args ...any) (string, error) {
	s, ok := m[key]
	if !ok {
		return "", fmt.Errorf("no sentence %q", key)
	}
	form := s.Other
	if len(args) > 0 && s.One != "" && fmt.Sprint(args[0]) == "1" {
		form = s.One
	}
	if len(args) == 0 {
		return form, nil
	}
	return fillIn(form, args), nil
}

// fillIn puts arguments in their places. It goes over the form once, so that an argument
// that looks like a place stays as it is.
func fillIn(form string, args []any) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(form, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		number, after, closed := strings.Cut(rest, "}")
		i, err := strconv.Atoi(number)
		if form = rest; !closed || err != nil || i < 0 || i >= len(args) || number != strconv.Itoa(i) {
			b.WriteString("{") // no place of an argument
			continue
		}
		b.WriteString(argument(args[i]))
		form = after
	}
}

// argument is fmt.Sprint, without its cost for what most arguments are.
func argument(a any) string {
	switch a := a.(type) {
	case string:
		return a
	case ledger.Seq:
		return strconv.FormatInt(int64(a), 10)
	case ledger.Date:
		return string(a)
	}
	return fmt.Sprint(a)
}

// has says whether there is a sentence with the key.
func (m locale) has(key string) bool {
	_, ok := m[key]
	return ok
}

// codeNames translate the codes of the ledger's closed lists, by the list's name
// as templates write it.
var codeNames = map[string]func(string) ledger.Text{
	"level":      ledger.Levels.Name,
	"type":       ledger.ProjectTypes.Name,
	"state":      ledger.States.Name,
	"reason":     ledger.Reasons.Name,
	"failure":    ledger.FailReasons.Name,
	"method":     ledger.Methods.Name,
	"category":   ledger.Categories.Name,
	"ground":     ledger.Grounds.Name,
	"rejection":  ledger.RejectGrounds.Name,
	"part":       ledger.PayStages.Name,
	"pay_method": ledger.PayMethods.Name,
	"acceptance": ledger.AcceptanceLevels.Name,
	"asset":      ledger.AssetClasses.Name,
	"condition":  ledger.AssetStates.Name,
	"erasure":    ledger.ErasureGrounds.Name,
	"list":       ledger.Lists.Name,
	"pricing":    ledger.Pricings.Name,
	"subpart":    ledger.SubcontractParts.Name,
	"disposal":   ledger.DisposalWays.Name,

	"role":          ledger.Roles.Name,
	"duty":          ledger.Duties.Name,
	"revoke_ground": ledger.RevokeGrounds.Name,

	"alert_level": ledger.AlertLevels.Name,
	"handling":    ledger.Handlings.Name,
	"origin":      ledger.Origins.Name,
	"outcome":     ledger.Outcomes.Name,
	"ack":         ledger.AckGrounds.Name,
	"rule_state":  ledger.RuleStates.Name,
	"frozen":      ledger.Freezable.Name,
	"dismissal":   ledger.DismissGrounds.Name,
	"violation":   ledger.Violations.Name,
	"case":        func(state string) ledger.Text { return alerts.StateName(alerts.State(state)) },
	"silence":     ledger.SilenceGrounds.Name,
	"way":         ledger.ProcessMethods.Name,

	"notice_stage":      ledger.NoticeStages.Name,
	"notice_level":      ledger.NoticeLevels.Name,
	"channel":           ledger.NoticeChannels.Name,
	"notice_field":      ledger.NoticeFields.Name,
	"notice_outcome":    ledger.NoticeOutcomes.Name,
	"day_count":         ledger.NoticeModes.Name,
	"term_unit":         ledger.TermUnits.Name,
	"topic":             ledger.ObjectionTopics.Name,
	"track":             ledger.ObjectionTracks.Name,
	"objection_outcome": ledger.ObjectionOutcomes.Name,
	"photo_check":       ledger.PhotoChecks.Name,
	"photo_ground":      ledger.PhotoGrounds.Name,

	"tender_status":   ledger.TenderStatuses.Name,
	"bid_status":      ledger.BidStatuses.Name,
	"award_status":    ledger.AwardStatuses.Name,
	"contract_status": ledger.ContractStatuses.Name,
	"kind": func(kind string) ledger.Text {
		if s, ok := ledger.SpecOf(ledger.Kind(kind)); ok {
			return s.Text
		}
		return ledger.Text{Zh: kind, En: kind}
	},
}

// projectStates are the states a project can be filtered by, in their order.
var projectStates = []string{
	ledger.StateListed, ledger.StateApproved, ledger.StateStarted, ledger.StateCompleted, ledger.StateAccepted,
	ledger.StateCancelled, ledger.StateWithdrawn,
}

// paymentStates are those of a payment.
var paymentStates = []string{
	ledger.StateRequested, ledger.StateApproved, ledger.StatePaid, ledger.StateRejected, ledger.StateWithdrawn,
}

// objectionStates are those of an objection.
var objectionStates = []string{ledger.StateReceived, ledger.StateAnswered}

// projectTypes are the codes of the project types, in the order of the official list.
func projectTypes() []string {
	order := []string{"industry", "employment", "construction", "relocation", "guarantees", "governance", "management", "other"}
	known := maps.Clone(ledger.ProjectTypes)
	for _, code := range order {
		delete(known, code)
	}
	return append(order, slices.Sorted(maps.Keys(known))...) // a type added to the ledger is not lost here
}
