package ocds

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"yilu/ledger"
)

// Codes are the repairs and observations, by the word that stands in entries:
// what was found, and what was made of it.
var Codes = map[string]ledger.Text{
	// The file.
	"bad_json":         {Zh: "这一行不是 JSON，已跳过", En: "the line is not JSON; skipped"},
	"json_mended":      {Zh: "有不合 JSON 语法之处（控制字符、NaN、前导零、多余逗号），已补正", En: "places that are no JSON (control characters, NaN, zeros in front, commas behind the last); mended"},
	"charset_other":    {Zh: "文件不是 UTF-8 编码，按 Windows-1252 读取", En: "the file is not UTF-8; read as Windows-1252"},
	"charset_broken":   {Zh: "含不是 UTF-8 的字节，无法读出的字符以 � 代替", En: "bytes that are no UTF-8; � stands for what cannot be read"},
	"too_deep":         {Zh: "嵌套过深，已跳过", En: "nested too deep; skipped"},
	"process_too_big":  {Zh: "同一过程的发布总量过大，已跳过", En: "the releases of this process are too large together; skipped"},
	"not_a_release":    {Zh: "不是发布、记录或数据包，已跳过", En: "neither a release nor a record nor a package; skipped"},
	"linked_release":   {Zh: "只给出链接的发布，未读取", En: "releases that are only linked to; not read"},
	"versioned_only":   {Zh: "记录只含版本化发布，取各项最后一版", En: "a record with a versioned release only; the last version of everything is taken"},
	"ocid_missing":     {Zh: "缺 ocid，以其他编号代替", En: "no ocid; another id stands for it"},
	"member_repeated":  {Zh: "同一对象内字段重复且内容不同，取后者", En: "a member given twice with other content; the later is taken"},
	"release_repeated": {Zh: "同一发布编号内容不同，按日期合并", En: "one release id with different contents; merged by date"},
	"release_twice":    {Zh: "同一发布出现多次，只取一次", En: "the same release several times; taken once"},
	"release_undated":  {Zh: "发布无日期，排在最前", En: "a release without a date; merged before all others"},
	"null_removed":     {Zh: "后来的发布以 null 撤销此前内容，不再计入", En: "taken back by a null in a later release; left out"},
	"same_date":        {Zh: "同一日期的发布互相矛盾，按编号排序合并", En: "releases of one date contradict each other; merged in the order of their ids"},
	// Ids and shapes.
	"id_missing":    {Zh: "缺编号，按位置编号", En: "no id; numbered by its place"},
	"id_number":     {Zh: "编号写成数字，转为文字", En: "an id written as a number; taken as text"},
	"id_repeated":   {Zh: "同一编号用于不同内容，两者都保留", En: "one id for different contents; both are kept, the second under another id"},
	"id_twice":      {Zh: "同一内容列出多次，只取一次", En: "the same thing listed several times; taken once"},
	"id_hashed":     {Zh: "编号过长或含个人信息，以摘要代替", En: "an id too long or with something personal; its hash stands for it"},
	"list_wanted":   {Zh: "应为列表，作为单项列表", En: "one thing where a list is wanted; taken as a list of one"},
	"object_wanted": {Zh: "应为对象，未计入", En: "not an object; left out"},
	"object_listed": {Zh: "应为对象，写成只有一项的列表，取该项", En: "a list of one where one thing is wanted; that one is taken"},
	"text_wanted":   {Zh: "应为文字，已转换或未计入", En: "not a text; converted or left out"},
	"list_cut":      {Zh: "列表过长，只取前若干项", En: "a list too long; cut"},
	"text_cut":      {Zh: "文字过长，已截短", En: "a text too long; cut"},
	"text_html":     {Zh: "文字含网页标记，已去除", En: "markup in a text; removed"},
	"text_masked":   {Zh: "文字含邮箱、电话或个人号码，已隐去", En: "an e-mail address, telephone or personal number in a text; masked"},
	"status_other":  {Zh: "状态不在标准代码表内，未计入或归入", En: "a status that is on no list; left out, or taken as the one it means"},
	"method_other":  {Zh: "采购方式不在标准代码表内，未计入", En: "a method that is on no list; left out"},
	"kind_other":    {Zh: "采购类别不在标准代码表内，未计入或归入", En: "a category that is on no list; left out, or taken as the one it belongs to"},
	"old_form":      {Zh: "使用旧版字段，已读取", En: "a member of an older version; read"},
	// Amounts and times.
	"amount_text":      {Zh: "金额写成文字，已转换", En: "an amount written as text; converted"},
	"amount_currency":  {Zh: "金额里写有币种，已与数字分开", En: "a currency in the text of an amount; parted from the number"},
	"amount_unread":    {Zh: "金额无法读出，未计入", En: "an amount that cannot be read; left out"},
	"amount_rounded":   {Zh: "金额超过两位小数，四舍五入", En: "an amount with more than two decimals; rounded"},
	"amount_gross":     {Zh: "只有含税金额，未计入", En: "only an amount with tax; left out"},
	"amount_zero":      {Zh: "金额为零，视为未填", En: "an amount of zero; taken as none"},
	"amount_negative":  {Zh: "金额为负，未计入", En: "a negative amount; left out"},
	"refund":           {Zh: "付款为负，作为退回登记", En: "a negative transaction; recorded as money that came back"},
	"amount_single":    {Zh: "合同金额是中标金额按单精度舍入的结果，取中标金额", En: "a contract's amount that is its award's in single precision; the award's is taken"},
	"amount_big":       {Zh: "金额超出可登记范围，未计入", En: "an amount beyond what an entry can hold; left out"},
	"quantity_unread":  {Zh: "数量无法读出，未计入", En: "a quantity that cannot be read; left out"},
	"count_unread":     {Zh: "家数无法读出，未计入", En: "a number of bidders that cannot be read; left out"},
	"currency_missing": {Zh: "金额缺币种，未计入", En: "an amount without a currency; left out"},
	"currency_assumed": {Zh: "金额缺币种，按指定币种计", En: "an amount without a currency; taken as the one you named"},
	"currency_differs": {Zh: "金额里写的币种与币种字段（或指定币种）不同，金额未计入", En: "another currency in the text of an amount than beside it, or than you named; the amount is left out"},
	"currency_form":    {Zh: "币种写法不规范，已改正", En: "a currency in another spelling; corrected"},
	"currency_unread":  {Zh: "币种无法识别，金额未计入", En: "a currency that is none; the amount is left out"},
	"currency_other":   {Zh: "币种与账套不同，金额未计入", En: "another currency than the book's; the amount is left out"},
	"date_form":        {Zh: "时间写法不规范，已改正", En: "a time in another form; corrected"},
	"date_no_zone":     {Zh: "时间未报时区，照原样保留，不与其他时间比较", En: "a time without a zone; kept so, and compared with no other"},
	"date_day":         {Zh: "只报了日期，照原样保留", En: "a day without a time; kept so"},
	"date_unread":      {Zh: "时间无法读出，未计入", En: "a time that cannot be read; left out"},
	// Parties.
	"party_unknown":     {Zh: "引用的主体不在主体列表中", En: "a reference to a party that is not listed; taken as it stands"},
	"party_repeated":    {Zh: "同一主体编号内容不同，取其一", En: "one party id with different contents; one of them is taken"},
	"party_text":        {Zh: "主体写成文字，作为名称", En: "a party written as text; taken as its name"},
	"party_nameless":    {Zh: "主体既无名称也无编号，未计入", En: "a party with neither name nor id; left out"},
	"identifier_unread": {Zh: "主体代码为占位内容，未计入", En: "an identifier that is a placeholder; left out"},
	"person_code":       {Zh: "自然人：只保留公开的姓名，代码不入账", En: "a natural person: the published name is kept, the identifier is not"},
	"contacts":          {Zh: "联系人和地址不入账", En: "contact points and addresses; not entered"},
	// The process.
	"tender_missing":    {Zh: "过程没有招标信息", En: "the process has no tender"},
	"lot_unknown":       {Zh: "所属标段不在标段列表中", En: "a lot that the tender does not have"},
	"item_no_lot":       {Zh: "采购内容未注明属于哪个标段，未计入", En: "items that name none of several lots; left out"},
	"award_unknown":     {Zh: "合同所依中标不在数据中", En: "a contract without its award"},
	"award_no_supplier": {Zh: "中标没有供应商", En: "an award in force without a supplier"},
	"award_joint":       {Zh: "多个供应商共一金额，不予拆分", En: "several suppliers with one amount; not divided"},
	"bids_list":         {Zh: "投标写成列表，已读取", En: "bids as a plain list; read"},
	"bids_tenderers":    {Zh: "只有投标人名单，按每人一份投标登记，无金额", En: "bidders without bids; recorded as a bid each, without an amount"},
	"bid_by_lot":        {Zh: "一份投标按标段分别报价，按标段分开登记", En: "a bid with a price for each lot; recorded lot by lot"},
	"bid_late":          {Zh: "投标时间晚于截止时间（按时刻比较）", En: "a bid after the deadline, compared as instants"},
	"bid_time_unknown":  {Zh: "投标与截止时间缺时区，无法比较", En: "bid and deadline cannot be compared: a zone is missing"},
	// The book. These are said of one run and are not entered.
	"older":    {Zh: "账套中已有更新的发布，只补缺项", En: "the book holds a newer release; only gaps are filled"},
	"vanished": {Zh: "账套中有而此次发布中没有，账套保留", En: "in the book and not in this release; kept in the book"},
	"fault":    {Zh: "程序未能整理该过程，已跳过，请报告", En: "the program could not make sense of this process; skipped, please report it"},
	"refused":  {Zh: "账套拒绝，该过程未入账", En: "refused by the book; the process is not entered"},
}

// Report is a finding with the process it is about, "" for the file itself.
type Report struct {
	Process string `json:"process,omitempty"`
	ledger.Finding
}

// notes gathers the findings of one process, each once.
type notes struct {
	currency, assume string
	found            []ledger.Finding
	seen             map[ledger.Finding]bool
}

func newNotes(o Options) *notes {
	return &notes{currency: o.Currency, assume: o.Assume, seen: map[ledger.Finding]bool{}}
}

// silent takes the same readings without a note.
func (n *notes) silent() *notes {
	return &notes{currency: n.currency, assume: n.assume, seen: map[ledger.Finding]bool{}}
}

// add notes a finding. What was found is shown short, and without what may be
// personal.
func (n *notes) add(code, path, found, made string) {
	f := ledger.Finding{Code: code, Path: shown(path, 200), Found: shown(found, 80), Made: shown(made, 80)}
	if !n.seen[f] {
		n.seen[f] = true
		n.found = append(n.found, f)
	}
}

// sorted are the findings in an order that does not depend on that of the data.
func (n *notes) sorted() []ledger.Finding {
	slices.SortFunc(n.found, func(a, b ledger.Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Found, b.Found), cmp.Compare(a.Made, b.Made))
	})
	return n.found
}

// shown is a text as a finding may show it.
func shown(s string, most int) string {
	s, _ = mask(plain(s))
	return cut(s, most)
}

// cut shortens a text to so many runes.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}
