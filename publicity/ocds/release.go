package ocds

import (
	"github.com/go-json-experiment/json/jsontext"

	"yilu/ledger"
)

// Release is what one step told of a process, or, compiled, all of it. Members are
// named and meant as in the standard.
type Release struct {
	OCID           string     `json:"ocid"`
	ID             string     `json:"id"`
	Date           string     `json:"date"`
	Tag            []string   `json:"tag"`
	InitiationType string     `json:"initiationType"`
	Language       string     `json:"language"`
	Parties        []Party    `json:"parties,omitzero"`
	Buyer          *Reference `json:"buyer,omitzero"`
	Planning       *Planning  `json:"planning,omitzero"`
	Tender         *Tender    `json:"tender,omitzero"`
	// Bids are of the extension ocds_bid_extension.
	Bids      *Bids      `json:"bids,omitzero"`
	Awards    []Award    `json:"awards,omitzero"`
	Contracts []Contract `json:"contracts,omitzero"`
}

// Party is an organisation and its roles in the process.
type Party struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Identifier *Identifier `json:"identifier,omitzero"`
	Roles      []string    `json:"roles"`
}

// Identifier is an organisation's code and its register.
type Identifier struct {
	Scheme    string `json:"scheme"`
	ID        string `json:"id"`
	LegalName string `json:"legalName"`
}

// Reference names a party.
type Reference struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Value is an amount in yuan.
type Value struct {
	Amount   Number `json:"amount"`
	Currency string `json:"currency"`
}

// Number is an amount as a JSON number with two decimals, exactly.
type Number ledger.Amount

// MarshalJSONTo writes the number.
func (n Number) MarshalJSONTo(e *jsontext.Encoder) error {
	return e.WriteValue(jsontext.Value(ledger.Amount(n).String()))
}

// yuan is an amount, nil for none.
func yuan(a ledger.Amount) *Value {
	if a == 0 {
		return nil
	}
	return &Value{Number(a), "CNY"}
}

// Planning says which project and money a process is for.
type Planning struct {
	Rationale string  `json:"rationale,omitzero"`
	Budget    *Budget `json:"budget"`
}

// Budget is the project's budget; its breakdown by fund is of the extension
// ocds_budget_breakdown_extension.
type Budget struct {
	ID          string      `json:"id,omitzero"`
	Description string      `json:"description,omitzero"`
	Amount      *Value      `json:"amount,omitzero"`
	Project     string      `json:"project"`
	ProjectID   string      `json:"projectID"`
	Breakdown   []Breakdown `json:"budgetBreakdown,omitzero"`
}

// Breakdown is one fund's part of a budget.
type Breakdown struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Amount      *Value `json:"amount,omitzero"`
}

// Tender is the lot.
type Tender struct {
	ID            string      `json:"id"`
	Title         string      `json:"title,omitzero"`
	Description   string      `json:"description,omitzero"`
	Status        string      `json:"status,omitzero"`
	Buyer         *Reference  `json:"procuringEntity,omitzero"`
	Value         *Value      `json:"value,omitzero"`
	Method        string      `json:"procurementMethod,omitzero"`
	MethodDetails string      `json:"procurementMethodDetails,omitzero"`
	Rationale     string      `json:"procurementMethodRationale,omitzero"`
	Category      string      `json:"mainProcurementCategory,omitzero"`
	Period        *Period     `json:"tenderPeriod,omitzero"`
	Bidders       int         `json:"numberOfTenderers,omitzero"`
	Tenderers     []Reference `json:"tenderers,omitzero"`
}

// Period is from one instant to another.
type Period struct {
	Start string `json:"startDate,omitzero"`
	End   string `json:"endDate,omitzero"`
}

// Bids holds the bids.
type Bids struct {
	Details []Bid `json:"details"`
}

// Bid is one bidder's bid.
type Bid struct {
	ID        string      `json:"id"`
	Date      string      `json:"date,omitzero"`
	Status    string      `json:"status"`
	Tenderers []Reference `json:"tenderers,omitzero"`
	Value     *Value      `json:"value,omitzero"`
}

// Award is the decision for a supplier.
type Award struct {
	ID        string      `json:"id"`
	Title     string      `json:"title,omitzero"`
	Status    string      `json:"status"`
	Date      string      `json:"date,omitzero"`
	Value     *Value      `json:"value,omitzero"`
	Suppliers []Reference `json:"suppliers,omitzero"`
}

// Contract is a contract with its amendments and what was paid under it.
type Contract struct {
	ID             string          `json:"id"`
	AwardID        string          `json:"awardID"`
	Title          string          `json:"title,omitzero"`
	Status         string          `json:"status"`
	Period         *Period         `json:"period,omitzero"`
	Value          *Value          `json:"value,omitzero"`
	Signed         string          `json:"dateSigned,omitzero"`
	Amendments     []Amendment     `json:"amendments,omitzero"`
	Implementation *Implementation `json:"implementation,omitzero"`
}

// Amendment is a change of a contract.
type Amendment struct {
	ID          string `json:"id"`
	Date        string `json:"date"`
	Rationale   string `json:"rationale"`
	Description string `json:"description,omitzero"`
}

// Implementation is what was paid, and what the contract came to in the end: the
// final value is of the extension ocds_contract_completion_extension.
type Implementation struct {
	Transactions      []Transaction `json:"transactions,omitzero"`
	FinalValue        *Value        `json:"finalValue,omitzero"`
	FinalValueDetails string        `json:"finalValueDetails,omitzero"`
}

// Transaction is one payment, or what came back of one.
type Transaction struct {
	ID    string     `json:"id"`
	Date  string     `json:"date,omitzero"`
	Value *Value     `json:"value"`
	Payer *Reference `json:"payer,omitzero"`
	Payee *Reference `json:"payee,omitzero"`
}
