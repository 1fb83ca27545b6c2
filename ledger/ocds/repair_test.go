package ocds

import (
	"encoding/binary"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// repair is a mistake made in the clean process, what is said of it, and what
// the entries then hold and do not hold.
type repair struct {
	name        string
	old, new    string
	says        []string
	holds, lack []string
}

// p1 begins the findings of the clean process.
const p1 = "ocds-abc-1 "

var repairs = []repair{
	// Amounts.
	{"string for a number", `"amount":1000,`, `"amount":"1000",`, []string{"amount_text tender/value/amount: 1000 → 1000"}, []string{`"amount":"1000.00"`}, nil},
	{"grouped thousands", `"amount":1000,`, `"amount":"1,234,567.8",`, []string{"amount_text tender/value/amount: 1,234,567.8 → 1234567.8"}, []string{`"amount":"1234567.80"`}, nil},
	{"comma for a point", `"amount":1000,`, `"amount":"1.234,50",`, []string{"amount_text tender/value/amount: 1.234,50 → 1234.50"}, []string{`"amount":"1234.50"`}, nil},
	{"blanks for thousands", `"amount":1000,`, "\"amount\":\"12 345\u00a0678,9\",", []string{"amount_text tender/value/amount: 12 345 678,9 → 12345678.9"}, []string{`"amount":"12345678.90"`}, nil},
	{"a comma that may be either", `"amount":1000,`, `"amount":"1,234",`, []string{"amount_unread tender/value/amount: 1,234 →"}, nil, []string{`"amount":"1.23`, `"amount":"1234`}},
	{"a point that may be either", `"amount":1000,`, `"amount":"1.234",`, []string{"amount_unread tender/value/amount: 1.234 →"}, nil, []string{`"amount":"1.23`, `"amount":"1234`}},
	{"points for thousands", `"amount":1000,`, `"amount":"1.234.567",`, []string{"amount_text tender/value/amount: 1.234.567 → 1234567"}, []string{`"amount":"1234567.00"`}, nil},
	{"lakhs and crores", `"amount":1000,`, `"amount":"12,34,567.80",`, []string{"amount_text tender/value/amount: 12,34,567.80 → 1234567.80"}, []string{`"amount":"1234567.80"`}, nil},
	{"words for a number", `"amount":1000,`, `"amount":"a thousand",`, []string{"amount_unread tender/value/amount: a thousand →"}, nil, []string{`"amount":"1000`}},
	{"no number", `"amount":1000,`, `"amount":true,`, []string{"amount_unread tender/value/amount: true →"}, nil, nil},
	{"null", `"amount":1000,`, `"amount":null,`, nil, nil, []string{`"amount":"1000`}},
	{"empty", `"amount":1000,`, `"amount":" ",`, nil, nil, nil},
	{"three decimals", `"amount":1000,`, `"amount":1000.005,`, []string{"amount_rounded tender/value/amount: 1000.005 → 1000.01"}, []string{`"amount":"1000.01"`}, nil},
	{"floating point noise", `"amount":1000,`, `"amount":1234.560000000001,`, []string{"amount_rounded tender/value/amount: 1234.560000000001 → 1234.56"}, []string{`"amount":"1234.56"`}, nil},
	{"exponent", `"amount":1000,`, `"amount":1.5e3,`, nil, []string{`"amount":"1500.00"`}, nil},
	{"zero", `"amount":1000,`, `"amount":0.00,`, []string{"amount_zero tender/value/amount: 0.00 →"}, nil, nil},
	{"negative", `"amount":1000,`, `"amount":-5,`, []string{"amount_negative tender/value: -5.00 →"}, nil, []string{"-5.00"}},
	{"beyond an entry", `"amount":1000,`, `"amount":1e14,`, []string{"amount_big tender/value/amount: 1e14 →"}, nil, nil},
	{"a number of an export", `"amount":1000,`, `"amount":{"$numberInt":1000},`, []string{"amount_text tender/value/amount: 1000 → 1000"}, []string{`"amount":"1000.00"`}, nil},
	{"a number of an export, as text", `"amount":1000,`, `"amount":{"$numberLong":"1000"},`, []string{"amount_text tender/value/amount: 1000 → 1000"}, []string{`"amount":"1000.00"`}, nil},
	{"absurd", `"amount":1000,`, `"amount":1e999,`, []string{"amount_unread tender/value/amount: 1e999 →"}, nil, nil},
	{"refund", `"amount":100,`, `"amount":-100,`, []string{"refund contracts[c1]/transactions[t1]/value: -100.00 →"}, []string{`"amount":"-100.00"`}, nil},
	{"bare value", `"value":{"amount":1000,"currency":"CNY"}`, `"value":1000`, []string{"currency_missing tender/value: 1000 →"}, nil, []string{`"amount":"1000`}},
	{"no currency", `"amount":1000,"currency":"CNY"`, `"amount":1000`, []string{"currency_missing tender/value/amount: 1000 →"}, nil, []string{`"amount":"1000`}},
	{"currency in small letters", `"amount":1000,"currency":"CNY"`, `"amount":1000,"currency":" cny"`, []string{"currency_form tender/value/amount: cny → CNY"}, []string{`"amount":"1000.00"`}, nil},
	{"no such currency", `"amount":1000,"currency":"CNY"`, `"amount":1000,"currency":"yuan"`, []string{"currency_unread tender/value/amount: yuan →"}, nil, []string{`"amount":"1000`}},
	{"another currency", `"amount":1000,"currency":"CNY"`, `"amount":1000,"currency":"EUR"`, []string{"currency_other tender/value/amount: 1000 EUR →"}, []string{`"foreign_currency":"EUR"`}, []string{`"amount":"1000`}},
	{"currency in the text", `"amount":1000,"currency":"CNY"`, `"amount":"100 CNY"`, []string{"amount_currency tender/value/amount: 100 CNY → 100", "amount_text tender/value/amount: 100 → 100"}, []string{`"amount":"100.00"`}, nil},
	{"currency in the text and beside it", `"amount":1000,"currency":"CNY"`, `"amount":"CNY1.234.567,89","currency":"CNY"`, []string{"amount_currency tender/value/amount: CNY1.234.567,89 → 1.234.567,89", "amount_text tender/value/amount: 1.234.567,89 → 1234567.89"}, []string{`"amount":"1234567.89"`}, nil},
	{"currency in the text of a bare value", `"value":{"amount":1000,"currency":"CNY"}`, `"value":"1,000.00 人民币"`, []string{"amount_currency tender/value: 1,000.00 人民币 → 1,000.00", "amount_text tender/value: 1,000.00 → 1000.00"}, []string{`"amount":"1000.00"`}, nil},
	{"another currency in the text", `"amount":1000,"currency":"CNY"`, `"amount":"1.234.567,89 €"`, []string{"amount_currency tender/value/amount: 1.234.567,89 € → 1.234.567,89", "amount_text tender/value/amount: 1.234.567,89 → 1234567.89", "currency_other tender/value/amount: 1.234.567,89 € EUR →"}, []string{`"foreign_currency":"EUR"`}, nil},
	{"a contradiction of currencies", `"amount":1000,"currency":"CNY"`, `"amount":"1000 USD","currency":"CNY"`, []string{"amount_currency tender/value/amount: 1000 USD → 1000", "amount_text tender/value/amount: 1000 → 1000", "currency_differs tender/value/amount: 1000 USD → CNY"}, nil, []string{`"amount":"1000`}},
	{"a sign of many currencies", `"amount":1000,"currency":"CNY"`, `"amount":"-$1,000.00"`, []string{"amount_currency tender/value/amount: -$1,000.00 → -1,000.00", "amount_text tender/value/amount: -1,000.00 → -1000.00", "currency_missing tender/value/amount: -$1,000.00 →"}, nil, []string{`"amount":"1000`, `"amount":"-1000`}},
	{"a sign that does not contradict", `"amount":1000,"currency":"CNY"`, `"amount":"¥ 1,000.00","currency":"CNY"`, []string{"amount_currency tender/value/amount: ¥ 1,000.00 → 1,000.00", "amount_text tender/value/amount: 1,000.00 → 1000.00"}, []string{`"amount":"1000.00"`}, nil},
	{"a sign for a currency", `"amount":1000,"currency":"CNY"`, `"amount":1000,"currency":"€"`, []string{"currency_form tender/value/amount: € → EUR", "currency_other tender/value/amount: 1000 EUR →"}, []string{`"foreign_currency":"EUR"`}, nil},
	{"a word that is no currency", `"amount":1000,"currency":"CNY"`, `"amount":"77 mil","currency":"CNY"`, []string{"amount_unread tender/value/amount: 77 mil →"}, nil, []string{`"amount":"77`}},
	{"a currency before and behind", `"amount":1000,"currency":"CNY"`, `"amount":"$ 77.00 USD","currency":"CNY"`, []string{"amount_unread tender/value/amount: $ 77.00 USD →"}, nil, []string{`"amount":"77`}},
	{"with tax only", `"amount":1000,`, `"amountGross":1200,`, []string{"amount_gross tender/value/amountGross: 1200 →"}, nil, []string{`"amount":"1000`, `"amount":"1200`}},
	// Times.
	{"no zone", `"date":"2020-02-19T09:00:00Z"`, `"date":"2020-02-19T09:00:00"`, []string{"bid_time_unknown bids[b1]/date: 2020-02-19T09:00:00 → 2020-02-20T09:00:00Z", "date_no_zone bids[b1]/date: 2020-02-19T09:00:00 → 2020-02-19T09:00:00"}, []string{`"told_at":"2020-02-19T09:00:00"`}, nil},
	{"a day", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2020-02-28"`, []string{"date_day contracts[c1]/dateSigned: 2020-02-28 →"}, []string{`"signed_at":"2020-02-28"`}, nil},
	{"a blank for T", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2020-02-28 10:00:00"`, []string{"date_form contracts[c1]/dateSigned: 2020-02-28 10:00:00 → 2020-02-28T10:00:00", "date_no_zone contracts[c1]/dateSigned: 2020-02-28 10:00:00 → 2020-02-28T10:00:00"}, []string{`"signed_at":"2020-02-28T10:00:00"`}, nil},
	{"offset without colon", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2020-02-28T10:00:00.120+0200"`, []string{"date_form contracts[c1]/dateSigned: 2020-02-28T10:00:00.120+0200 → 2020-02-28T10:00:00.12+02:00"}, []string{`"signed_at":"2020-02-28T10:00:00.12+02:00"`}, nil},
	{"UTC spelled out", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2020-02-28T10:00:00.000+00:00"`, nil, []string{`"signed_at":"2020-02-28T10:00:00Z"`}, nil},
	{"nanoseconds", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2020-02-28T10:00:00.123456789Z"`, []string{"date_form contracts[c1]/dateSigned: 2020-02-28T10:00:00.123456789Z → 2020-02-28T10:00:00.123456Z"}, nil, nil},
	{"day first", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"28/02/2020"`, []string{"date_form contracts[c1]/dateSigned: 28/02/2020 → 2020-02-28"}, []string{`"signed_at":"2020-02-28"`}, nil},
	{"month first", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"02/28/2020"`, []string{"date_form contracts[c1]/dateSigned: 02/28/2020 → 2020-02-28"}, []string{`"signed_at":"2020-02-28"`}, nil},
	{"either first", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"03/02/2020"`, []string{"date_unread contracts[c1]/dateSigned: 03/02/2020 →"}, nil, []string{"signed_at"}},
	{"no such day", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2020-02-30"`, []string{"date_unread contracts[c1]/dateSigned: 2020-02-30 →"}, nil, []string{"signed_at"}},
	{"year one", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"0001-01-01T00:00:00Z"`, []string{"date_unread contracts[c1]/dateSigned: 0001-01-01T00:00:00Z →"}, nil, []string{"signed_at"}},
	{"seconds since 1970", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":1582848000`, []string{"date_form contracts[c1]/dateSigned: 1582848000 → 2020-02-28T00:00:00Z"}, []string{`"signed_at":"2020-02-28T00:00:00Z"`}, nil},
	{"seconds that would be an hour of the year 1583", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":1583020800`, []string{"date_form contracts[c1]/dateSigned: 1583020800 → 2020-03-01T00:00:00Z"}, []string{`"signed_at":"2020-03-01T00:00:00Z"`}, nil},
	{"seconds with decimals", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":1582848000.25`, []string{"date_form contracts[c1]/dateSigned: 1582848000.25 → 2020-02-28T00:00:00.25Z"}, []string{`"signed_at":"2020-02-28T00:00:00.25Z"`}, nil},
	{"seconds as text", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"1582848000"`, []string{"date_form contracts[c1]/dateSigned: 1582848000 → 2020-02-28T00:00:00Z"}, []string{`"signed_at":"2020-02-28T00:00:00Z"`}, nil},
	{"milliseconds", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":1582848000500`, []string{"date_form contracts[c1]/dateSigned: 1582848000500 → 2020-02-28T00:00:00.5Z"}, []string{`"signed_at":"2020-02-28T00:00:00.5Z"`}, nil},
	{"milliseconds as text, of a release", `"date":"2020-03-01T00:00:00Z"`, `"date":"1583020800000"`, []string{"date_form date: 1583020800000 → 2020-03-01T00:00:00Z"}, []string{`"released":"2020-03-01T00:00:00Z"`}, nil},
	{"seconds that may be an hour", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":2020022810`, []string{"date_unread contracts[c1]/dateSigned: 2020022810 →"}, nil, []string{"signed_at"}},
	{"figures that are no time", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":158284800`, []string{"date_unread contracts[c1]/dateSigned: 158284800 →"}, nil, []string{"signed_at"}},
	{"figures of a day and time", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"20200228101500"`, []string{"date_form contracts[c1]/dateSigned: 20200228101500 → 2020-02-28T10:15:00", "date_no_zone contracts[c1]/dateSigned: 20200228101500 → 2020-02-28T10:15:00"}, []string{`"signed_at":"2020-02-28T10:15:00"`}, nil},
	{"a time of an export", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":{"$date":1582848000500}`, []string{"date_form contracts[c1]/dateSigned: 1582848000500 → 2020-02-28T00:00:00.5Z"}, []string{`"signed_at":"2020-02-28T00:00:00.5Z"`}, nil},
	{"a time of an export, as text", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":{"$date":"2020-02-28T10:00:00Z"}`, []string{"date_form contracts[c1]/dateSigned: 2020-02-28T10:00:00Z → 2020-02-28T10:00:00Z"}, []string{`"signed_at":"2020-02-28T10:00:00Z"`}, nil},
	{"a blank before the zone", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2020-02-28T10:00:00 -03:00"`, []string{"date_form contracts[c1]/dateSigned: 2020-02-28T10:00:00 -03:00 → 2020-02-28T10:00:00-03:00"}, []string{`"signed_at":"2020-02-28T10:00:00-03:00"`}, nil},
	{"day first, with dashes", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"28-02-2020"`, []string{"date_form contracts[c1]/dateSigned: 28-02-2020 → 2020-02-28"}, []string{`"signed_at":"2020-02-28"`}, nil},
	{"either first, with dashes", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"03-02-2020"`, []string{"date_unread contracts[c1]/dateSigned: 03-02-2020 →"}, nil, []string{"signed_at"}},
	{"day first, to the minute", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"28/02/2020 23:59"`, []string{"date_form contracts[c1]/dateSigned: 28/02/2020 23:59 → 2020-02-28T23:59:00", "date_no_zone contracts[c1]/dateSigned: 28/02/2020 23:59 → 2020-02-28T23:59:00"}, []string{`"signed_at":"2020-02-28T23:59:00"`}, nil},
	{"month first, by half days", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2/28/2020 11:59:00 PM"`, []string{"date_form contracts[c1]/dateSigned: 2/28/2020 11:59:00 PM → 2020-02-28T23:59:00", "date_no_zone contracts[c1]/dateSigned: 2/28/2020 11:59:00 PM → 2020-02-28T23:59:00"}, []string{`"signed_at":"2020-02-28T23:59:00"`}, nil},
	{"points, to the minute", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"28.02.2020 23:59"`, []string{"date_form contracts[c1]/dateSigned: 28.02.2020 23:59 → 2020-02-28T23:59:00", "date_no_zone contracts[c1]/dateSigned: 28.02.2020 23:59 → 2020-02-28T23:59:00"}, []string{`"signed_at":"2020-02-28T23:59:00"`}, nil},
	{"the month in letters", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"28 Feb 2020"`, []string{"date_form contracts[c1]/dateSigned: 28 Feb 2020 → 2020-02-28"}, []string{`"signed_at":"2020-02-28"`}, nil},
	{"the month in letters, first", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"February 3, 2020"`, []string{"date_form contracts[c1]/dateSigned: February 3, 2020 → 2020-02-03"}, []string{`"signed_at":"2020-02-03"`}, nil},
	{"the month in letters, with dashes", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"3-FEB-2020"`, []string{"date_form contracts[c1]/dateSigned: 3-FEB-2020 → 2020-02-03"}, []string{`"signed_at":"2020-02-03"`}, nil},
	{"UTC in letters", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"2020-02-28 10:00:00 UTC"`, []string{"date_form contracts[c1]/dateSigned: 2020-02-28 10:00:00 UTC → 2020-02-28T10:00:00Z"}, []string{`"signed_at":"2020-02-28T10:00:00Z"`}, nil},
	{"as HTTP has it", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"Fri, 28 Feb 2020 10:00:00 GMT"`, []string{"date_form contracts[c1]/dateSigned: Fri, 28 Feb 2020 10:00:00 GMT → 2020-02-28T10:00:00Z"}, []string{`"signed_at":"2020-02-28T10:00:00Z"`}, nil},
	{"either first, by half days", `"dateSigned":"2020-02-28T00:00:00Z"`, `"dateSigned":"03/02/2020 11:59:00 PM"`, []string{"date_unread contracts[c1]/dateSigned: 03/02/2020 11:59:00 PM →"}, nil, []string{"signed_at"}},
	{"no date", `"date":"2020-03-01T00:00:00Z",`, ``, []string{"release_undated date: r1 →"}, nil, []string{`"released"`}},
	// Ids and shapes.
	{"no id", `{"id":"b1","date"`, `{"date"`, []string{"id_missing bids/details/0:  → ~1"}, []string{`"object":"~1"`}, nil},
	{"number for an id", `{"id":"b1","date"`, `{"id":7,"date"`, []string{"id_number bids/details/0/id: 7 → 7"}, []string{`"object":"7"`}, nil},
	{"one id twice", `{"id":"b2","date"`, `{"id":"b1","date"`, []string{"id_repeated bids/details: b1 → b1~2"}, []string{`"object":"b1"`, `"object":"b1~2"`, `"amount":"950.00"`, `"amount":"900.50"`}, nil},
	{"long id", `{"id":"b1","date"`, `{"id":"` + strings.Repeat("b", 300) + `","date"`, []string{"id_hashed bids/details/0/id:  → sha256-" + hashed(strings.Repeat("b", 300))}, []string{"sha256-"}, nil},
	{"citizen's number for an id", `{"id":"b1","date"`, `{"id":"411025199001010012","date"`, []string{"id_hashed bids/details/0/id:  → sha256-" + hashed("411025199001010012")}, nil, []string{"411025199001010012"}},
	{"one for a list", `"suppliers":[{"id":"S1","name":"Alpha"}]`, `"suppliers":{"id":"S1","name":"Alpha"}`, []string{"list_wanted awards[a1]/suppliers: {…} →"}, []string{`"suppliers":[{"code":"GB-COH:01","name":"Alpha"}]`}, nil},
	{"lists for objects", `"value":{"amount":1000,"currency":"CNY"}`, `"value":[{"amount":1000,"currency":"CNY"}]`, []string{"object_listed tender/value: [1] → {…}"}, []string{`"amount":"1000.00"`}, nil},
	{"a list for a period", `"tenderPeriod":{"startDate":"2020-02-01T00:00:00Z","endDate":"2020-02-20T09:00:00Z"}`, `"tenderPeriod":[{"endDate":"2020-02-20T09:00:00Z"}]`, []string{"object_listed tender/tenderPeriod: [1] → {…}"}, []string{`"2020-02-20T09:00:00Z"`}, nil},
	{"a list of transactions' holders", `"implementation":{"transactions":[`, `"implementation":[{},{}],"x":{"transactions":[`, []string{"object_wanted contracts/0/implementation: [2] →"}, nil, []string{"process.transaction"}},
	{"no list at all", `"suppliers":[{"id":"S1","name":"Alpha"}]`, `"suppliers":true`, []string{"award_no_supplier awards[a1]/suppliers:  →", "list_wanted awards[a1]/suppliers: true →"}, nil, nil},
	{"no object", `"awards":[{`, `"awards":["x",null,{`, []string{"object_wanted awards/0: x →"}, []string{`"object":"a1"`}, nil},
	{"a quantity that is none", `"quantity":2,`, `"quantity":"two",`, []string{"quantity_unread tender/items/0/quantity: two →"}, nil, []string{`"quantity"`}},
	{"a quantity below zero", `"quantity":2,`, `"quantity":-2,`, []string{"quantity_unread tender/items/0/quantity: -2 →"}, nil, []string{`"quantity"`}},
	{"a quantity of seven places", `"quantity":2,`, `"quantity":0.1234567,`, []string{"quantity_unread tender/items/0/quantity: 0.1234567 →"}, nil, []string{`"quantity"`}},
	{"text for an item", `"items":[{`, `"items":["gravel",{`, []string{"object_wanted tender/items/0: gravel →"}, []string{`"name":"road"`}, nil},
	{"text for a unit", `"unit":{"name":"km"}`, `"unit":"km"`, []string{"object_wanted tender/items/0/unit: km →"}, nil, []string{"unit_name"}},
	{"number for a period", `"period":{"startDate":"2020-03-01T00:00:00Z","endDate":"2020-09-01T00:00:00Z"}`, `"period":90`, []string{"object_wanted contracts/0/period: 90 →"}, nil, []string{"period_from"}},
	{"text for a document", `"title":"Road"`, `"title":"Road","documents":["notice.pdf",{"documentType":"tenderNotice"}]`, []string{"object_wanted tender/documents/0: notice.pdf →"}, []string{`"tenderNotice"`}, nil},
	{"text for an amendment", `"title":"Road"`, `"title":"Road","amendments":["later"]`, []string{"object_wanted tender/amendments/0: later →"}, nil, []string{"later"}},
	{"object for an id of a party", `"tenderers":[{"id":"S2","name":"Beta"}]`, `"tenderers":[{"id":{"v":"S2"},"name":"Beta"}]`, []string{"text_wanted bids[b2]/tenderers/0/id: {…} →"}, []string{`"bidders":[{"name":"Beta"}]`}, nil},
	{"a reference without an id", `"relatedBids":["b1"]`, `"relatedBids":[{"bid":"b1"}]`, []string{"text_wanted awards[a1]/relatedBids/0: {…} →"}, nil, []string{"of_bids"}},
	{"number for a text", `"title":"Road"`, `"title":12`, []string{"text_wanted tender/title: 12 → 12"}, []string{`"name":"12"`}, nil},
	{"object for a text", `"title":"Road"`, `"title":{"en":"Road"}`, []string{"text_wanted tender/title: {…} →"}, nil, nil},
	{"member twice", `"title":"Road"`, `"title":"Street","title":"Road"`, []string{"member_repeated /tender/title: Street → Road"}, []string{`"name":"Road"`}, nil},
	{"member twice, the same", `"title":"Road"`, `"title":"Road","title":"Road"`, nil, []string{`"name":"Road"`}, nil},
	{"markup", `"title":"Road"`, `"title":"<p>Road &amp; <b>bridge</b></p>"`, []string{"text_html tender/title:  →"}, []string{`"name":"Road & bridge"`}, nil},
	{"control characters", `"title":"Road"`, `"title":"Ro\u0007ad\n\nbridge\u200b"`, nil, []string{`Ro ad bridge`}, nil},
	{"characters that turn text", `"title":"Road"`, `"title":"\u202bRo\u202ead\u202c 1"`, nil, []string{`"name":"Road 1"`}, nil},
	{"half a character", `"title":"Road"`, "\"title\":\"Ro\xffad\"", []string{"charset_broken :  →"}, []string{`Ro�ad`}, nil},
	{"half a pair", `"title":"Road"`, `"title":"Ro\ud83dad"`, nil, []string{`Ro�ad`}, nil},
	{"long text", `"title":"Road"`, `"title":"` + strings.Repeat("é", 600) + `"`, []string{"text_cut tender/title:  → 500"}, []string{strings.Repeat("é", 499) + "…"}, nil},
	{"long list", `"relatedBids":["b1"]`, `"relatedBids":[` + strings.TrimSuffix(strings.Repeat(`"b1",`, 3), ",") + `,` + many(400) + `]`, []string{"list_cut awards[a1]/relatedBids: 401 → 200"}, nil, []string{`"x200"`}},
	{"address for an id", `{"id":"b1","date"`, `{"id":"jane@city.example","date"`, []string{"id_hashed bids/details/0/id:  → sha256-" + hashed("jane@city.example")}, nil, []string{"jane"}},
	{"other status", `"status":"complete"`, `"status":"finished"`, []string{"status_other tender/status: finished →"}, nil, []string{"finished"}},
	{"object for a status", `"status":"complete"`, `"status":{"code":"complete"}`, []string{"status_other tender/status: {…} →"}, nil, []string{"status_told\":\"complete"}},
	{"bid in another word", `"status":"valid"`, `"status":"Qualified"`, []string{"status_other bids[b1]/status: Qualified → valid"}, []string{`"status_told":"valid"`}, nil},
	{"bid rejected in another word", `"status":"disqualified"`, `"status":"invalid.pre-qualification"`, []string{"status_other bids[b2]/status: invalid.pre-qualification → disqualified"}, []string{`"status_told":"disqualified"`}, nil},
	{"bid in capitals", `"status":"disqualified"`, `"status":"Disqualified"`, []string{"status_other bids[b2]/status: Disqualified → disqualified"}, []string{`"status_told":"disqualified"`}, nil},
	{"bid of a status that may mean two things", `"status":"disqualified"`, `"status":"unsuccessful"`, []string{"status_other bids[b2]/status: unsuccessful → other"}, []string{`"status_told":"other"`}, nil},
	{"bid of no status", `"status":"disqualified"`, `"status":" "`, nil, nil, []string{`"status_told":"other"`}},
	{"award of another status", `"status":"active","suppliers"`, `"status":"Adjudicado","suppliers"`, []string{"status_other awards[a1]/status: Adjudicado → other"}, []string{`"status_told":"other"`}, nil},
	{"award not in force yet, in other words", `"status":"active","suppliers"`, `"status":"pending.payment","suppliers"`, []string{"status_other awards[a1]/status: pending.payment → pending"}, []string{`"status_told":"pending"`}, nil},
	{"award cancelled, in another spelling", `"status":"active","suppliers"`, `"status":"Canceled","suppliers"`, []string{"status_other awards[a1]/status: Canceled → cancelled"}, []string{`"status_told":"cancelled"`}, nil},
	{"award of no status", `"status":"active","suppliers"`, `"status":"","suppliers"`, nil, nil, []string{`"status_told":"other"`}},
	{"award of a status that is none", `"status":"active","suppliers"`, `"status":7,"suppliers"`, []string{"status_other awards[a1]/status: 7 → other"}, []string{`"status_told":"other"`}, nil},
	{"number for a method", `"procurementMethod":"open"`, `"procurementMethod":7`, []string{"method_other tender/procurementMethod: 7 →"}, nil, nil},
	{"list for a category", `"mainProcurementCategory":"works"`, `"mainProcurementCategory":["works"]`, []string{"kind_other tender/mainProcurementCategory: [1] →"}, nil, nil},
	{"capital status", `"status":"complete"`, `"status":"Complete"`, []string{"status_other tender/status: Complete → complete"}, []string{`"status_told":"complete"`}, nil},
	{"other method", `"procurementMethod":"open"`, `"procurementMethod":"lottery"`, []string{"method_other tender/procurementMethod: lottery →"}, nil, []string{"lottery"}},
	{"wider category", `"mainProcurementCategory":"works"`, `"mainProcurementCategory":"consultingServices"`, []string{"kind_other tender/mainProcurementCategory: consultingServices → services"}, []string{`"category":"services"`}, nil},
	{"old members", `"value":{"amount":100,"currency":"CNY"},"payer"`, `"amount":{"amount":100,"currency":"CNY"},"payer"`, []string{"old_form contracts[c1]/transactions[t1]/amount: amount → value"}, []string{`"amount":"100.00"`}, nil},
	{"one supplier of an award", `"suppliers":[{"id":"S1","name":"Alpha"}]`, `"supplier":{"id":"S1","name":"Alpha"}`, []string{"old_form awards[a1]/supplier: supplier → suppliers"}, []string{`"suppliers":[{"code":"GB-COH:01","name":"Alpha"}]`}, nil},
	{"old amendment", `"title":"Road"`, `"title":"Road","amendment":{"date":"2020-02-10T00:00:00Z","rationale":"later"}`, []string{"old_form tender/amendment: amendment → amendments"}, []string{`"reason_told":"later"`}, nil},
	{"bidders counted", `"title":"Road"`, `"title":"Road","numberOfTenderers":"3"`, nil, []string{`"bidders_told":"3"`}, nil},
	{"bidders counted in vain", `"title":"Road"`, `"title":"Road","numberOfTenderers":2.5`, []string{"count_unread tender/numberOfTenderers: 2.5 →"}, nil, []string{"bidders_told"}},
	{"bidders in the statistics", `"bids":{`, `"bids":{"statistics":[{"id":"1","measure":"bids","value":4},{"id":"2","measure":"bidders","value":2}],`, nil, []string{`"bidders_told":"2"`}, nil},
	// Parties and what is personal.
	{"unknown party", `"tenderers":[{"id":"S2","name":"Beta"}]`, `"tenderers":[{"id":"S9","name":"Beta"}]`, []string{"party_unknown bids[b2]/tenderers/0:  →"}, []string{`"code":"S9","name":"Beta"`}, nil},
	{"party as text", `"tenderers":[{"id":"S2","name":"Beta"}]`, `"tenderers":["Beta Ltd"]`, []string{"party_text bids[b2]/tenderers/0: Beta Ltd →"}, []string{`"name":"Beta Ltd"`}, nil},
	{"party as reference", `"tenderers":[{"id":"S2","name":"Beta"}]`, `"tenderers":["S2"]`, []string{"party_text bids[b2]/tenderers/0: S2 →"}, []string{`"code":"S2","name":"Beta"`}, nil},
	{"an id of one release", `"tenderers":[{"id":"S2","name":"Beta"}]`, `"tenderers":[{"id":"org-2","name":"Beta"}]`, []string{"party_unknown bids[b2]/tenderers/0:  →"}, []string{`"bidders":[{"name":"Beta"}]`}, []string{"org-2"}},
	{"an id of one release, nameless", `"tenderers":[{"id":"S2","name":"Beta"}]`, `"tenderers":[{"id":7}]`, []string{"party_unknown bids[b2]/tenderers/0:  →"}, []string{`"bidders":[{"code":"7"}]`}, nil},
	{"nameless party", `"tenderers":[{"id":"S2","name":"Beta"}]`, `"tenderers":[{}]`, []string{"party_nameless bids[b2]/tenderers/0:  →"}, nil, nil},
	{"party listed twice", `{"id":"S2","name":"Beta"}],`, `{"id":"S2","name":"Beta"},{"id":"S2","name":"Gamma"}],`, []string{"party_repeated parties:  →"}, nil, nil},
	{"placeholder", `"identifier":{"scheme":"GB-COH","id":"01"}`, `"identifier":{"scheme":"GB-COH","id":"N/A"}`, nil, []string{`"code":"S1","name":"Alpha"`}, []string{"N/A"}},
	{"placeholder of another language", `"identifier":{"scheme":"GB-COH","id":"01"}`, `"identifier":{"id":"N.N."}`, nil, []string{`"code":"S1","name":"Alpha"`}, []string{"N.N."}},
	{"nothing but zeros", `"identifier":{"scheme":"GB-COH","id":"01"}`, `"identifier":{"scheme":"GB-COH","id":"00000-0"}`, nil, []string{`"code":"S1","name":"Alpha"`}, []string{"00000-0"}},
	{"natural person by scheme", `"identifier":{"scheme":"GB-COH","id":"01"}`, `"identifier":{"scheme":"BR-CPF","id":"123.456.789-09"},"contactPoint":{"email":"a@b.example"},"address":{"streetAddress":"x"}`, nil, []string{`{"name":"Alpha","natural_person":true}`}, []string{"123.456", "S1", "b.example"}},
	{"natural person by what it is", `{"id":"S2","name":"Beta"}],`, `{"id":"S2","name":"Beta","details":{"entityType":"Natural Person"}}],`, []string{"person_code bids[b2]/tenderers/0:  →"}, []string{`{"name":"Beta","natural_person":true}`}, []string{`"S2"`}},
	{"sole trader by name", `{"id":"S2","name":"Beta"}`, `{"id":"S2","name":"ФОП Бета"}`, []string{"person_code bids[b2]/tenderers/0:  →"}, []string{`{"name":"Beta","natural_person":true}`}, []string{`"S2"`}},
	{"contact points", `"buyer":{"id":"B","name":"Buyer"},`, `"buyer":{"id":"B","name":"Buyer","contactPoint":{"name":"Jane","email":"j@b.example"}},`, []string{"contacts : 1 →"}, nil, []string{"Jane", "b.example"}},
	{"address in a text", `"title":"Road"`, `"title":"Road, ask jane.doe@city.example or tel. (0)20 7946 0018 or +44 20 7946 0018"`, []string{"text_masked tender/title:  →"}, []string{`"name":"Road, ask ▮▮▮ or ▮▮▮ or ▮▮▮"`}, []string{"7946", "jane"}},
	{"mobile number in a text", `"title":"Road"`, `"title":"Road 13800138000"`, []string{"text_masked tender/title:  →"}, nil, []string{"13800138000"}},
	// The process.
	{"no tender", `"tender":{`, `"tenders":{`, []string{"tender_missing :  →"}, []string{"process.award"}, []string{"process.tender"}},
	{"contract without its award", `"awardID":"a1"`, `"awardID":"a9"`, []string{"award_unknown contracts[c1]/awardID: a9 →"}, []string{`"of_awards":["a9"]`}, nil},
	{"contract without any award", `"awardID":"a1",`, ``, []string{"award_unknown contracts[c1]/awardID:  →"}, nil, nil},
	{"award without supplier", `"suppliers":[{"id":"S1","name":"Alpha"}]`, `"suppliers":[]`, []string{"award_no_supplier awards[a1]/suppliers:  →"}, nil, nil},
	{"joint award", `"suppliers":[{"id":"S1","name":"Alpha"}]`, `"suppliers":[{"id":"S1"},{"id":"S2"}]`, []string{"award_joint awards[a1]/suppliers: 2 →"}, []string{`"suppliers":[{"code":"GB-COH:01","name":"Alpha"},{"code":"S2","name":"Beta"}]`}, nil},
	{"bids as a list", `"bids":{"details":[`, `"bids":[`, nil, nil, nil},
	{"unknown lot", `"relatedBids":["b1"]`, `"relatedLots":["L9"]`, nil, []string{`"of_lots":["L9"]`}, nil},
	{"late bid", `"date":"2020-02-19T09:00:00Z"`, `"date":"2020-02-20T09:00:01Z"`, []string{"bid_late bids[b1]/date: 2020-02-20T09:00:01Z → 2020-02-20T09:00:00Z"}, nil, nil},
	{"at the deadline", `"date":"2020-02-19T09:00:00Z"`, `"date":"2020-02-20T10:00:00+01:00"`, nil, nil, nil},
}

func many(n int) string {
	var out []string
	for i := range n {
		out = append(out, `"x`+strconv.Itoa(i)+`"`)
	}
	return strings.Join(out, ",")
}

// TestRepairs makes each mistake alone, and wants exactly what is said of it.
func TestRepairs(t *testing.T) {
	t.Parallel()
	for _, c := range repairs {
		content := strings.Replace(clean, c.old, c.new, 1)
		if content == clean {
			t.Errorf("%s: nothing was changed", c.name)
		}
		if c.name == "bids as a list" {
			content = strings.Replace(content, `"value":{"amount":950,"currency":"CNY"}}]},`, `"value":{"amount":950,"currency":"CNY"}}],`, 1)
			c.says = []string{"bids_list bids: 2 →"}
		}
		switch c.name {
		case "placeholder":
			c.says = everyAlpha("identifier_unread", "/identifier/id: N/A →")
		case "placeholder of another language":
			c.says = everyAlpha("identifier_unread", "/identifier/id: N.N. →")
		case "nothing but zeros":
			c.says = everyAlpha("identifier_unread", "/identifier/id: 00000-0 →")
		case "natural person by scheme":
			c.says = append([]string{"contacts : 2 →"}, everyAlpha("person_code", ":  →")...)
		}
		ps, said := read(t, content, Options{})
		for i := range said {
			said[i] = strings.TrimPrefix(said[i], p1)
		}
		if diff := cmp.Diff(c.says, said); diff != "" && len(c.says)+len(said) > 0 {
			t.Errorf("%s: findings (-want +got):\n%s", c.name, diff)
		}
		got := entries(t, ps)
		for _, s := range c.holds {
			if !strings.Contains(got, s) {
				t.Errorf("%s: the entries lack %s:\n%s", c.name, s, got)
			}
		}
		for _, s := range c.lack {
			if strings.Contains(got+strings.Join(said, "\n"), s) && s != "x" && !slices.ContainsFunc(c.says, func(f string) bool { return strings.Contains(f, s) }) {
				t.Errorf("%s: the entries hold %s:\n%s", c.name, s, got)
			}
		}
	}
}

// everyAlpha is a finding at each place where Alpha is named.
func everyAlpha(code, rest string) []string {
	return []string{code + " awards[a1]/suppliers/0" + rest, code + " bids[b1]/tenderers/0" + rest, code + " contracts[c1]/transactions[t1]/payee" + rest}
}

// TestRepairsOfFiles are what is found between releases.
func TestRepairsOfFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, content string
		says          []string
	}{
		{"line breaks in a text", strings.Replace(clean, `"title":"Road"`, "\"title\":\"Ro\nad\"", 1), []string{"json_mended byte " + strconv.Itoa(strings.Index(clean, `"Road"`)+3) + ": 1 →"}},
		{"control characters in lines", oneLine(clean) + "\n" + strings.Replace(strings.Replace(oneLine(clean), "ocds-abc-1", "o", 1), "Road", "Ro\tad\x00", 1) + "\n", []string{"json_mended line 2: 2 →"}},
		{"no number", `[{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"value":{"amount":NaN,"currency":"CNY"}}}]`, []string{"json_mended byte 71: 1 →"}},
		{"a comma behind the last", `[{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"title":"x" , },},]`, []string{"json_mended byte 65: 3 →"}},
		{"lines of a list", oneLine(clean) + ",\n{bad},\n" + strings.Replace(oneLine(clean), "ocds-abc-1", "o", 1) + ",\n", []string{"json_mended line 1: 1 →", "bad_json line 2: {bad}, →", "json_mended line 3: 1 →"}},
		{"half a character of UTF-16", strings.Replace(utf16Of(`{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"title":"x"}}`, binary.LittleEndian), "x\x00", "\x00\xd8", 1), []string{"o charset_broken :  →"}},
		{"zeros in front", `[{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"value":{"amount": 007,"currency":"CNY"}}}]`, []string{"json_mended byte 72: 1 →", "o amount_text tender/value/amount: 007 → 007"}},
		{"a sequence of texts", "\x1e" + oneLine(clean) + "\n\x1e" + strings.Replace(oneLine(clean), "ocds-abc-1", "o", 1) + "\n", []string{"json_mended line 1: 1 →", "json_mended line 2: 1 →"}},
		{"in Windows-1252", "{\"ocid\":\"o\",\"date\":\"2020-01-01T00:00:00Z\",\"tender\":{\"title\":\"Contrataci\xf3n p\xfablica \x96 a\xf1o\"}}", []string{"charset_other :  →"}},
		{"in another alphabet of one byte", `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"title":"` + "\xc4\xee\xf0\xee\xe3\xe0" + `"}}`, []string{"o charset_broken :  →"}},
		{"a line that is none", oneLine(clean) + "\n{bad\n" + oneLine(clean) + "\n", []string{"bad_json line 2: {bad →", p1 + "release_twice : r1 →"}},
		{"the first line is none", "{bad\n" + oneLine(clean) + "\n", []string{"bad_json line 1: {bad →"}},
		{"two values on a line", oneLine(clean) + "\n{\"ocid\":\"x\"} {}\n", []string{`bad_json line 2: {"ocid":"x"} {} →`}},
		{"what is no release", "[7," + clean + `,{"a":1},{},"x",[]]`, nil},
		{"in an answer of an API", `{"data":[{"release":{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{}}}],"links":{"next":"x"}}`, nil},
		{"in pages of results", `{"results":[{"releases":[{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{}}]}]}`, nil},
		{"data of a release's own", `{"ocid":"o","date":"2020-01-01T00:00:00Z","data":[1],"tender":{}}`, nil},
		{"linked", `{"records":[{"ocid":"o","releases":[{"url":"https://x","date":"2020-01-01T00:00:00Z","tag":["tender"]}]}]}`, []string{"o linked_release : 1 →"}},
		{"linked, and compiled", `{"records":[{"ocid":"o","releases":[{"url":"https://x","date":"2020-01-01T00:00:00Z"}],"compiledRelease":{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{}}}]}`, nil},
		{"linked packages", `{"records":[{"ocid":"o","compiledRelease":{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{}}}],"packages":["https://x","https://y"]}`, nil},
		{"a tender in a list", `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":[{"title":"x"}]}`, []string{"o object_listed tender: [1] → {…}"}},
		{"a tender in words, and bids", `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":"x","bids":"y"}`, []string{"o tender_missing :  →", "o object_wanted bids: y →", "o object_wanted tender: x →"}},
		{"linked alone", `{"ocid":"o","url":"https://x"}`, []string{"o linked_release : 1 →"}},
		{"versioned", `{"records":[{"ocid":"o","versionedRelease":{"ocid":"o"}}]}`, []string{"o versioned_only :  →"}},
		{"linked, and versioned", `{"records":[{"ocid":"o","releases":[{"url":"https://x","date":"2020-01-01T00:00:00Z"}],"versionedRelease":{"ocid":"o","tender":{"title":[{"releaseID":"r","releaseDate":"2020-01-01T00:00:00Z","value":"x"}]}}}]}`, []string{"o versioned_only :  →"}},
		{"versioned, and all releases", `{"records":[{"ocid":"o","releases":[{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{}}],"versionedRelease":{"ocid":"o"}}]}`, nil},
		{"deadlines of lots", `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"tenderPeriod":{"endDate":"2020-01-02T00:00:00Z"},"lots":[{"id":"L1"},{"id":"L2","tenderPeriod":{"endDate":"2020-01-05T00:00:00Z"}}]},"bids":{"details":[
			{"id":"b1","date":"2020-01-04T00:00:00Z","relatedLots":["L1"]},{"id":"b2","date":"2020-01-04T00:00:00Z","relatedLots":["L2"]},{"id":"b3","date":"2020-01-06T00:00:00Z"}]}}`,
			[]string{"o bid_late bids[b1]/date: 2020-01-04T00:00:00Z → 2020-01-02T00:00:00Z", "o bid_late bids[b3]/date: 2020-01-06T00:00:00Z → 2020-01-05T00:00:00Z"}},
		{"a price for each lot", byLot, []string{"o bid_by_lot bids[b1]/lotValues: 2 →", "o bid_by_lot bids[b2]/lotValues: 1 →"}},
		{"no ocid", `{"id":"r","date":"2020-01-01T00:00:00Z","tender":{"title":"x"}}`, []string{"~r ocid_missing :  → ~r"}},
		{"one release id", `[{"ocid":"o","id":"r","date":"2020-01-01T00:00:00Z","tender":{"title":"x"}},{"ocid":"o","id":"r","date":"2020-01-02T00:00:00Z","tender":{"title":"y"}}]`, []string{"o release_repeated id: r →"}},
		{"one date", `[{"ocid":"o","id":"r1","date":"2020-01-01T00:00:00Z","tender":{"title":"x"}},{"ocid":"o","id":"r2","date":"2020-01-01T01:00:00+01:00","tender":{"title":"y"}}]`, []string{"o same_date : r1 → r2"}},
		{"one date, no contradiction", `[{"ocid":"o","id":"r1","date":"2020-01-01T00:00:00Z","tender":{"title":"x"}},{"ocid":"o","id":"r2","date":"2020-01-01T00:00:00Z","tender":{"status":"active"}}]`, nil},
		{"deep", `{"ocid":"o","tender":` + strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100) + "}", []string{"o too_deep :  →"}},
		{"bidders without bids", `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"title":"x","tenderers":[{"name":"A"},{"name":"B"}]}}`, []string{"o bids_tenderers tender/tenderers/0:  →", "o bids_tenderers tender/tenderers/1:  →"}},
		{"unknown lot", `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"lots":[{"id":"L1"},{"id":"L2"}]},"bids":{"details":[{"id":"b","relatedLots":["L2","L9"]}]}}`, []string{"o lot_unknown bids[b]/relatedLots: L9 →"}},
		{"one name after all", `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{},"contracts":[{"id":"a/b","extendsContractID":"x","implementation":{"transactions":[{"id":"c"}]}},{"id":"a","extendsContractID":"x","implementation":{"transactions":[{"id":"b/c"}]}}]}`, []string{"o id_repeated : a/b/c → ~" + hashed("a/b/c\na/b/c")}},
		{"the same thing twice", `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{},"awards":[{"id":"a","title":"x"},{"title":"x","id":"a"},{"id":"a","title":"y"}]}`, []string{"o id_repeated awards: a → a~2", "o id_twice awards: a →"}},
	} {
		ps, said := read(t, c.content, Options{})
		entries(t, ps)
		if c.name == "what is no release" {
			if len(said) != 4 || len(ps) != 1 || strings.Count(strings.Join(said, "\n"), "not_a_release") != 4 {
				t.Errorf("%s: %q", c.name, said)
			}
			continue
		}
		if diff := cmp.Diff(c.says, said); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	big := `{"ocid":"o","tender":{"title":"` + strings.Repeat("x", maxRelease/2) + `"}}` + "\n"
	if _, said := read(t, strings.Repeat(big, 5), Options{}); len(said) != 1 || !strings.HasPrefix(said[0], "o process_too_big") {
		t.Errorf("%q", said)
	}
	_, said := read(t, strings.Replace(clean, `"amount":1000,"currency":"CNY"`, `"amount":1000`, 1), Options{Assume: "CNY"})
	if diff := cmp.Diff([]string{p1 + "currency_assumed tender/value/amount: 1000 → CNY"}, said); diff != "" {
		t.Error(diff)
	}
}

// TestAnythingAnywhere puts every sort of value in the place of each value of the clean
// process: the rest is read, and what is read makes entries.
func TestAnythingAnywhere(t *testing.T) {
	t.Parallel()
	odd := []string{`null`, `true`, `7`, `-1e400`, `""`, `" "`, `"x"`, `[]`, `{}`, `[null]`, `[[]]`, `[7]`, `["x"]`, `[{}]`, `{"id":{}}`, `{"id":"x","amount":[]}`, `"` + strings.Repeat("长", 3000) + `"`}
	whole, err := parse([]byte(clean), newNotes(Options{}))
	if err != nil {
		t.Fatal(err)
	}
	places := 0
	var at func(holder func(any), v any)
	at = func(put func(any), v any) {
		places++
		for _, o := range odd {
			value, err := parse([]byte(o), newNotes(Options{}))
			if err != nil {
				t.Fatal(err)
			}
			put(value)
			content := text(withNumbers(whole))
			ps, said, err := tryRead(t, content+"\n"+oneLine(strings.ReplaceAll(clean, "ocds-abc-1", "ocds-abc-2")), Options{})
			if err != nil || len(ps) == 0 || strings.Contains(strings.Join(said, "\n"), " fault ") {
				t.Errorf("%d processes, %v, %q of %s", len(ps), err, said, content)
			}
			entries(t, ps)
		}
		put(v)
		switch x := v.(type) {
		case map[string]any:
			for name, inner := range x {
				at(func(v any) { x[name] = v }, inner)
			}
		case []any:
			for i, inner := range x {
				at(func(v any) { x[i] = v }, inner)
			}
		}
	}
	for name, v := range whole.(map[string]any) {
		at(func(v any) { whole.(map[string]any)[name] = v }, v)
	}
	if places < 100 {
		t.Errorf("only %d places", places)
	}
}

// TestSinglePrecision: amounts as programs of single precision have them, from the data of
// Paraguay, and those that are another amount after all.
func TestSinglePrecision(t *testing.T) {
	t.Parallel()
	for told, want := range map[ledger.Amount]ledger.Amount{
		280999999900: 280999987200, 260717840000: 260717849600, 77215000000: 77215001600, 18094145000: 18094145600, 67008411600: 67008409600,
		94735496100: 94735494400, 1677721500: 1677721500, 1677721700: 1677721600, 1677721900: 1677722000, 90050: 90050, 0: 0, -500: -500, 280999999950: 280999999950,
	} {
		if got := inSinglePrecision(told); got != want {
			t.Errorf("%s becomes %s, want %s", told, got, want)
		}
	}
	contract := func(amount string) ([]*Process, []string) {
		return read(t, `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{},"awards":[{"id":"a","value":{"amount":2809999999,"currency":"CNY"},"suppliers":[{"name":"A"}]}],
			"contracts":[{"id":"c","awardID":"a","value":{"amount":`+amount+`,"currency":"CNY"}}]}`, Options{})
	}
	ps, said := contract("2809999872")
	if diff := cmp.Diff([]string{"o amount_single contracts[c]/value/amount: 2809999872.00 → 2809999999.00"}, said); diff != "" || !strings.Contains(entries(t, ps), `"of_awards":["a"]`) || strings.Contains(entries(t, ps), "2809999872") {
		t.Errorf("%s %s", diff, entries(t, ps))
	}
	if ps, said = contract("2809999744"); len(said) > 0 || !strings.Contains(entries(t, ps), "2809999744") {
		t.Errorf("another amount: %q", said)
	}
}

// TestFaultCostsOneProcess: a fault of the program is a finding.
func TestFaultCostsOneProcess(t *testing.T) {
	t.Parallel()
	n := newNotes(Options{})
	if p := tryNormalise("o", []*release{nil}, n); p != nil || len(n.found) != 1 || n.found[0].Code != "fault" {
		t.Errorf("%+v, %+v", p, n.found)
	}
}

// TestEveryCodeIsTested: what can be found is found in a test, here or in that
// of the import.
func TestEveryCodeIsTested(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, name := range []string{"repair_test.go", "merge_test.go", "import_test.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for code := range Codes {
		if !regexp.MustCompile(`[" ]` + code + `[" ]`).MatchString(all.String()) {
			t.Errorf("no test finds %s", code)
		}
	}
}

// byLot is a process of two lots as Ukraine's own data have it.
const byLot = `{"ocid":"o","date":"2020-01-01T00:00:00Z","tender":{"lots":[{"id":"L1"},{"id":"L2"}]},"bids":{"details":[
	{"id":"b1","date":"2020-01-02T00:00:00Z","tenderers":[{"name":"A"}],"lotValues":[{"relatedLot":"L1","value":{"amount":10,"currency":"CNY"}},{"relatedLot":"L2","date":"2020-01-03T00:00:00Z","value":{"amount":20,"currency":"CNY"}}]},
	{"id":"b2","tenderers":[{"name":"B"}],"lotValues":[{"relatedLot":"L2","value":{"amount":21,"currency":"CNY"}}]}]},
	"awards":[{"id":"a1","bid_id":"b1","lotID":"L2","suppliers":[{"name":"A"}],"value":{"amount":20,"currency":"CNY"}}]}`

func TestBidsByLot(t *testing.T) {
	t.Parallel()
	ps, _ := read(t, byLot, Options{})
	got := entries(t, ps)
	for _, s := range []string{
		`"object":"b1/L1","process":"o","released":"2020-01-01T00:00:00Z","version":"1","amount":"10.00","told_at":"2020-01-02T00:00:00Z","bidders":[{"name":"A"}],"of_lots":["L1"]`,
		`"object":"b1/L2","process":"o","released":"2020-01-01T00:00:00Z","version":"1","amount":"20.00","told_at":"2020-01-03T00:00:00Z","bidders":[{"name":"A"}],"of_lots":["L2"]`,
		`"object":"b2","process":"o","released":"2020-01-01T00:00:00Z","version":"1","amount":"21.00","bidders":[{"name":"B"}],"of_lots":["L2"]`, `"of_bids":["b1/L2"]`,
	} {
		if !strings.Contains(got, s) {
			t.Errorf("the entries lack %s:\n%s", s, got)
		}
	}
}
