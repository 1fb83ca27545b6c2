package ledger

// Notice is a notice as its last version and its period stand (公告、公示).
type Notice struct {
	Notice  string `db:"notice" json:"notice"`
	State   string `db:"state" json:"state"`
	Stage   string `db:"stage" json:"stage"`
	Level   string `db:"level" json:"level"`
	Channel string `db:"channel" json:"channel"`
	Place   string `db:"place" json:"place"`
	Period  string `db:"period" json:"period"`
	Title   string `db:"title" json:"title"`
	Issuer  string `db:"issuer" json:"issuer"`
	// Starts and Ends are its first and last day; Ends is "" for what stays. Ended is
	// the day on which it was taken down.
	Starts Date   `db:"starts" json:"starts"`
	Ends   Date   `db:"ends" json:"ends"`
	Ended  Date   `db:"ended" json:"ended"`
	Total  Amount `db:"total" json:"total"`
	// Code is the check code of the last version.
	Code string `db:"code" json:"code"`
	// Copy marks one that records what was published elsewhere.
	Copy bool `db:"copied" json:"copy"`
	// Hung and HungEnd count its proofs of posting.
	Hung    int64 `db:"hung" json:"hung"`
	HungEnd int64 `db:"hung_end" json:"hung_end"`
	// Objections counts all, Open those without an answer.
	Objections int64 `db:"objections" json:"objections"`
	Open       int64 `db:"open_objections" json:"open_objections"`
	Versions   int64 `db:"versions" json:"versions"`
	Posted     Seq   `db:"posted_seq" json:"posted_seq"`
	Current    Seq   `db:"current_seq" json:"current_seq"`
	On         Date  `db:"on_day" json:"on"`
}

func (r Notice) key() string { return r.Notice }

// NoticeVersion is one version of a notice, by its posting, a correction or an
// extension: posters that show an older one are
// still found by its check code.
type NoticeVersion struct {
	Key     string `db:"version_key" json:"-"`
	Notice  string `db:"notice" json:"notice"`
	Version int64  `db:"version" json:"version"`
	Code    string `db:"code" json:"code"`
	Seq     Seq    `db:"seq" json:"seq"`
	On      Date   `db:"on_day" json:"on"`
}

func (r NoticeVersion) key() string { return r.Key }

// NoticeProject says that a notice is about a project.
type NoticeProject struct {
	Key     string `db:"notice_project" json:"-"`
	Notice  string `db:"notice" json:"notice"`
	Project string `db:"project" json:"project"`
	Seq     Seq    `db:"seq" json:"seq"`
}

func (r NoticeProject) key() string { return r.Key }

// NoticeProof is one proof that a notice hung (张贴存证).
type NoticeProof struct {
	Key      string `db:"proof" json:"-"`
	Notice   string `db:"notice" json:"notice"`
	Board    string `db:"board" json:"board"`
	End      bool   `db:"at_end" json:"end"`
	Hanger   string `db:"hanger" json:"hanger"`
	Photo    string `db:"photo" json:"photo"`
	Place    string `db:"place" json:"place"`
	Position string `db:"position" json:"position"`
	On       Date   `db:"on_day" json:"on"`
	Seq      Seq    `db:"seq" json:"seq"`
}

func (r NoticeProof) key() string { return r.Key }

// Objection is what a citizen wrote, without the words (群众反映).
type Objection struct {
	Objection string `db:"objection" json:"objection"`
	State     string `db:"state" json:"state"`
	// Code is base64 SHA-256 of the receipt number.
	Code    string `db:"code_hash" json:"-"`
	Notice  string `db:"notice" json:"notice"`
	Project string `db:"project" json:"project"`
	Topic   string `db:"topic" json:"topic"`
	Track   string `db:"track" json:"track"`
	Outcome string `db:"outcome" json:"outcome"`
	On      Date   `db:"on_day" json:"on"`
	Seq     Seq    `db:"seq" json:"seq"`
	// Answered is the entry of the answer, or None.
	Answered Seq `db:"answered_seq" json:"answered_seq"`
}

func (r Objection) key() string { return r.Objection }
