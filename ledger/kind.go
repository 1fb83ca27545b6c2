package ledger

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind names what an entry records, such as "payment.paid".
type Kind string

// Role is what a person acts as. Who has which is said by entries (role.granted); here
// each kind lists the roles that may post it.
type Role string

// The roles of the money side (三员分立 keeps administrators out of it).
const (
	// Maker is 经办: enters allocations, plans, contracts and payment requests.
	Maker Role = "maker"
	// Checker is 复核、审批: approves or rejects what a maker entered.
	Checker Role = "checker"
	// Payer is 支付: records what treasury and bank did with approved payments.
	Payer Role = "payer"
	// ProjectOfficer is 项目管理员 of a township or bureau: tenders, works,
	// acceptance and files.
	ProjectOfficer Role = "project"
	// Auditor is 审计监督: looks into warnings and decides on them.
	Auditor Role = "auditor"
	// PublicityOfficer is 公开专员: posts notices and answers objections.
	PublicityOfficer Role = "publicity"
	// Leader is 领导: reads, and enters nothing.
	Leader Role = "leader"
	// SystemAdmin is 系统管理员: makes accounts and gives no roles.
	SystemAdmin Role = "system"
	// SecurityAdmin is 安全管理员: proposes and approves roles.
	SecurityAdmin Role = "security"
	// AuditAdmin is 审计管理员: reads what the administrators did, and approves roles.
	AuditAdmin Role = "audit"
	// Engine is the service itself, when the rules find something.
	Engine Role = "engine"
	// Public is 群众: whoever writes in the form for objections. No token has it.
	Public Role = "public"
)

// Stage is one of the five stages of the mission, or governance.
type Stage string

// The stages in order.
const (
	StageFund       Stage = "fund"       // 资金分配
	StageProject    Stage = "project"    // 项目安排
	StageTender     Stage = "tender"     // 招投标
	StagePayment    Stage = "payment"    // 资金拨付
	StageAcceptance Stage = "acceptance" // 验收
	StageNotice     Stage = "notice"     // 公开公示
	StageAlert      Stage = "alert"      // 预警
	StageGovernance Stage = "governance" // 更正与治理
)

// Spec is what the book knows of a kind besides its body.
type Spec struct {
	Kind  Kind
	Stage Stage
	Text
	// TwoPersons marks kinds that move money or change a limit: they are posted
	// inside a submission and take effect when a second person approves it.
	TwoPersons bool
	// Roles may post the kind.
	Roles []Role
	// Sealed lists the personal fields the kind may carry.
	Sealed []string
	// opened are those that its effect or rules read: they are opened again when the
	// entry is approved, replayed or looked back on.
	opened []string
	new    func() Body
	// body is the type that new makes.
	body reflect.Type
}

// kinds is the one list of what the book records. A kind is added here and in
// the file of its stage, nowhere else.
var kinds = index(slices.Concat(fundKinds, projectKinds, tenderKinds, paymentKinds, acceptanceKinds, noticeKinds, photoKinds, placeKinds, alertKinds, caseKinds, governanceKinds, rulebookKinds, registerKinds, roleKinds, keepingKinds, processKinds))

func index(specs []Spec) map[Kind]*Spec {
	m := make(map[Kind]*Spec, len(specs))
	for i := range specs {
		specs[i].body = reflect.TypeOf(specs[i].new())
		m[specs[i].Kind] = &specs[i]
	}
	return m
}

// Kinds lists every kind in the order of the stages.
func Kinds() []Spec {
	order := []Stage{StageFund, StageProject, StageTender, StagePayment, StageAcceptance, StageNotice, StageAlert, StageGovernance}
	specs := slices.Collect(maps.Values(kinds))
	slices.SortFunc(specs, func(a, b *Spec) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Stage), slices.Index(order, b.Stage)), cmp.Compare(a.Kind, b.Kind))
	})
	out := make([]Spec, len(specs))
	for i, s := range specs {
		out[i] = *s
	}
	return out
}

// SpecOf returns the kind's spec and whether there is such a kind.
func SpecOf(k Kind) (Spec, bool) {
	s, ok := kinds[k]
	if !ok {
		return Spec{}, false
	}
	return *s, true
}

// KindOf is the kind that a body is of, empty for none.
func KindOf(b Body) Kind { return kindsByBody[reflect.TypeOf(b)] }

var kindsByBody = func() map[reflect.Type]Kind {
	m := make(map[reflect.Type]Kind, len(kinds))
	for kind, spec := range kinds {
		m[spec.body] = kind
	}
	return m
}()

// NewBody returns an empty body of the kind to be filled, or nil.
func NewBody(k Kind) Body {
	if s, ok := kinds[k]; ok {
		return s.new()
	}
	return nil
}

// codes is a closed list of words with their names.
type codes map[string]Text

func (c codes) list() string { return strings.Join(slices.Sorted(maps.Keys(c)), ", ") }

// listZh is list with the Chinese names.
func (c codes) listZh() string {
	var names []string
	for _, code := range slices.Sorted(maps.Keys(c)) {
		names = append(names, code+"（"+c[code].Zh+"）")
	}
	return strings.Join(names, "、")
}

// Levels are the levels of government a fund comes from (资金来源级次).
var Levels = codes{
	"central":  {"中央", "central"},
	"province": {"省级", "province"},
	"city":     {"市级", "city"},
	"county":   {"县级", "county"},
	"other":    {"其他", "other"},
}

// ProjectTypes are the types of the project library (项目类型) [doc domain §5].
var ProjectTypes = codes{
	"industry":     {"产业发展", "industry"},
	"employment":   {"就业项目", "employment"},
	"construction": {"乡村建设行动", "rural construction"},
	"relocation":   {"易地搬迁后扶", "support after relocation"},
	"guarantees":   {"巩固三保障成果", "schooling, health and housing"},
	"governance":   {"乡村治理和精神文明建设", "village governance"},
	"management":   {"项目管理费", "project management fee"},
	"other":        {"其他", "other"},
}

// Reasons are the grounds for a correction or rejection. Free text goes to the
// sealed field "note": people type names, and a public leaf cannot be recalled.
var Reasons = codes{
	"amount":     {"金额错误", "wrong amount"},
	"payee":      {"收款人错误", "wrong payee"},
	"fund":       {"资金来源错误", "wrong fund"},
	"project":    {"项目错误", "wrong project"},
	"duplicate":  {"重复录入", "entered twice"},
	"date":       {"日期错误", "wrong date"},
	"incomplete": {"资料不全", "papers missing"},
	"plan":       {"计划调整", "change of plan"},
	"surplus":    {"结余收回", "surplus"},
	"idle":       {"闲置收回", "idle money"},
	"quantity":   {"工程量变化", "change of quantities"},
	"design":     {"设计变更", "change of design"},
	"returned":   {"银行退回", "returned by the bank"},
	"account":    {"账号有误", "wrong account"},
	"other":      {"其他", "other"},
}

// States of the things in the book. A thing never returns to an earlier state
// but by a reversal.
const (
	StateListed     = "listed"
	StateRequested  = "requested"
	StateOpen       = "open"
	StateApproved   = "approved"
	StateRejected   = "rejected"
	StateStarted    = "started"
	StateCompleted  = "completed"
	StateAccepted   = "accepted"
	StatePaid       = "paid"
	StateAnnounced  = "announced"
	StateOpened     = "opened"
	StateCandidates = "candidates"
	StateAwarded    = "awarded"
	StateFailed     = "failed"
	StateCancelled  = "cancelled"
	StateWithdrawn  = "withdrawn"
	StatePosted     = "posted"
	StateEnded      = "ended"
	StateReceived   = "received"
	StateAnswered   = "answered"
)

// States names the states for people.
var States = codes{
	StateListed:     {"已入库", "listed"},
	StateRequested:  {"已申请", "requested"},
	StateOpen:       {"待审批", "waiting for approval"},
	StateApproved:   {"已批复", "approved"},
	StateRejected:   {"已退回", "rejected"},
	StateStarted:    {"已开工", "under way"},
	StateCompleted:  {"已完工", "completed"},
	StateAccepted:   {"已验收", "accepted"},
	StatePaid:       {"已支付", "paid"},
	StateAnnounced:  {"招标中", "open for bids"},
	StateOpened:     {"已开标", "bids opened"},
	StateCandidates: {"候选人公示", "candidates named"},
	StateAwarded:    {"已中标", "awarded"},
	StateFailed:     {"流标", "failed"},
	StateCancelled:  {"已取消", "cancelled"},
	StateWithdrawn:  {"已冲销", "withdrawn"},
	StatePosted:     {"公开中", "posted"},
	StateEnded:      {"已结束", "ended"},
	StateReceived:   {"待答复", "waiting for an answer"},
	StateAnswered:   {"已答复", "answered"},
}

// Name returns the Chinese and English name of a code, or the code itself.
func (c codes) Name(code string) Text {
	if t, ok := c[code]; ok {
		return t
	}
	return Text{code, code}
}

// Count is a whole number in a body. Leaves hold no JSON numbers (they would
// pass through floating point), so it is a string of digits.
type Count int64

var errCount = errors.New("want a whole number in digits, as a string")

// MarshalText writes plain digits.
func (n Count) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(n), 10), nil }

// UnmarshalText reads plain digits without leading zeros.
func (n *Count) UnmarshalText(b []byte) error {
	v, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || strconv.FormatInt(v, 10) != string(b) {
		return errCount
	}
	*n = Count(v)
	return nil
}

// MarshalText writes plain digits.
func (n Seq) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(n), 10), nil }

// UnmarshalText reads plain digits without leading zeros.
func (n *Seq) UnmarshalText(b []byte) error {
	var c Count
	if err := c.UnmarshalText(b); err != nil || c < 0 {
		return errCount
	}
	*n = Seq(c)
	return nil
}

// File names a document by its content (文件); the bytes live outside the log.
type File struct {
	// Name is the document's title as filed, without personal data.
	Name string `json:"name"`
	// SHA256 and SM3 (商用密码, GB/T 32905) are base64 digests of the content; a
	// client that knows no SM3 leaves it out.
	SHA256 string `json:"sha256"`
	// Size is in bytes.
	Size Count  `json:"size"`
	SM3  string `json:"sm3,omitzero"`
}

const maxFiles = 30

func (c *checker) files(field string, fs []File) {
	if len(fs) > maxFiles {
		c.bad(field, "最多30个文件", "at most 30 files")
	}
	for i, f := range fs {
		c.file(field+"."+strconv.Itoa(i), f)
	}
}

func (c *checker) optionalFile(field string, f File) {
	if f != (File{}) {
		c.file(field, f)
	}
}

func (c *checker) file(field string, f File) {
	c.text(field+".name", f.Name, 200)
	c.hash(field+".sha256", f.SHA256)
	if f.SM3 != "" {
		c.hash(field+".sm3", f.SM3)
	}
	c.count(field+".size", f.Size)
}

// Party is a firm, office or collective in its public role (单位): never a
// private person, who is sealed instead.
type Party struct {
	// Code is the unified social credit code (统一社会信用代码) if known. Early
	// codes may fail their check digit, so it is not refused here.
	Code string `json:"code,omitzero"`
	Name string `json:"name"`
}

// codePattern holds credit codes, and the organisation codes (12345678-9) and
// registration numbers before them. No code looks like the key of a person or of
// a grant batch (payeeKey, personKey, grantPayee).
var codePattern = regexp.MustCompile(`^[0-9A-Z][0-9A-Z-]{0,31}$`)

func (c *checker) party(field string, p Party) {
	c.text(field+".name", p.Name, 200)
	switch {
	case p.Code == "":
	case !codePattern.MatchString(p.Code):
		c.bad(field+".code", "统一社会信用代码须为大写字母和数字", "want the code in capital letters and digits")
	default:
		c.optional(field+".code", p.Code, 32)
	}
}
