package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
)

// Yuan come in one strict form, so that no two texts mean one amount.
func ExampleParseAmount() {
	for _, s := range []string{"1234.56", "1234", "1,234.56", "1234.5"} {
		a, err := ledger.ParseAmount(s)
		fmt.Println(int64(a), err)
	}
	// Output:
	// 123456 <nil>
	// 123400 <nil>
	// 0 want yuan as digits with no or two decimals, such as 1234.56
	// 0 want yuan as digits with no or two decimals, such as 1234.56
}

// Plans are in 万元 with up to six decimals: the last of them is one 分.
func ExampleParseWan() {
	a, err := ledger.ParseWan("2101.905898")
	fmt.Println(a.Comma(), a.Wan(), err)
	_, err = ledger.ParseWan("2101.9058981")
	fmt.Println(err)
	// Output:
	// 21,019,058.98 2101.905898 <nil>
	// "2101.9058981" is not a whole number of 分
}

func ExampleAmount_Upper() {
	for _, s := range []string{"1409.50", "1680.32", "105490000.00", "200000005.00"} {
		a, _ := ledger.ParseAmount(s)
		fmt.Println(a.Comma(), a.Upper())
	}
	// Output:
	// 1,409.50 壹仟肆佰零玖元伍角
	// 1,680.32 壹仟陆佰捌拾元零叁角贰分
	// 105,490,000.00 壹亿零伍佰肆拾玖万元整
	// 200,000,005.00 贰亿零伍元整
}

func ExampleParseUpper() {
	for _, s := range []string{"壹拾万柒仟元零伍角叁分", "壹拾萬零柒仟圓伍角叁分", "壹拾万柒仟元零伍角叁分整整齐齐"} {
		a, err := ledger.ParseUpper(s)
		fmt.Println(a, err)
	}
	// Output:
	// 107000.53 <nil>
	// 107000.53 <nil>
	// 0.00 "壹拾万柒仟元零伍角叁分整整齐齐" is not an amount in capital numerals
}

// A payment is requested, and what the book forbids is said with a reason. The
// id is the client's own: after any failure the same post is safe.
func ExampleLedger_Post() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("YILU_DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	sealer, err := audit.NewSealer(make([]byte, 32)) // of the server's secret
	if err != nil {
		log.Fatal(err)
	}
	books := ledger.New(ledger.Config{Pool: pool, Sealer: sealer, Now: time.Now})
	defer books.Close()
	amount, err := ledger.ParseAmount("20000.00")
	if err != nil {
		log.Fatal(err)
	}
	receipts, err := books.Post(ctx, "411025", ledger.Draft{
		ID: "2020-03-18-001", Kind: "payment.requested", On: "2020-03-18", Corrects: ledger.None,
		By: ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "zhang"},
		Body: &ledger.PaymentRequested{
			Payment: "ZF2020-001", Project: "XC2020-001", Fund: "F1", Amount: amount, Purpose: "第一次进度款",
			Payee: ledger.Party{Name: "某建筑公司", Code: "91350100M000100Y43"},
		},
	})
	if refused, ok := errors.AsType[*ledger.Refused](err); ok {
		for _, p := range refused.Problems {
			fmt.Println(p.Field, p.Rule, p.Zh) // body.amount over_payment 超过指标：…
		}
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("entry", receipts[0].Seq, "of the book")
}

// Where the money of a document went, to the fen: every payment names its fund.
func ExampleLedger_TraceFund() {
	ctx := context.Background()
	var books *ledger.Ledger // as in the example of Post
	trace, err := books.TraceFund(ctx, "411025", "豫财农〔2019〕12号")
	if errors.Is(err, ledger.ErrNotFound) {
		fmt.Println("no such document")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range trace.Shares {
		fmt.Println(s.Level, s.ProjectName, s.PayeeName, s.Paid.Comma())
	}
}
