package signer

import "fmt"

// Reason is why a signer halts.
type Reason string

// The reasons, see the table of Halt.
const (
	EntriesMissing Reason = "entries_missing"
	StateOld       Reason = "state_old"
	Forked         Reason = "forked"
	HistoryChanged Reason = "history_changed"
	HeadWrong      Reason = "head_wrong"
	LeafWrong      Reason = "leaf_wrong"
	WitnessAhead   Reason = "witness_ahead"
)

// Halt says that the signer found what must not be and signs no more until it is
// started again: two persons look first.
//
//	entries_missing  more was signed than there is: an old backup, a cut tail
//	state_old        more was published than the state knows: it was lost or is old
//	forked           another note is stored for the size last signed
//	history_changed  entries that were signed are not what they were
//	head_wrong       the head does not count the entries that are there
//	leaf_wrong       an entry is not one that this log writes at that place
//	witness_ahead    a witness has cosigned more than there is
type Halt struct {
	Reason Reason
	Book   string
	// Signed is the size last signed, Found what stands against it.
	Signed, Found uint64
}

// StopsPosting says whether nothing may be entered either: what is entered now
// would take numbers that were given out and published before.
func (h *Halt) StopsPosting() bool {
	return h.Reason == EntriesMissing || h.Reason == HeadWrong || h.Reason == WitnessAhead
}

// Error says in English what was found and what to do.
func (h *Halt) Error() string {
	what := map[Reason]string{
		EntriesMissing: "the database has %[2]d entries, %[1]d were signed: entries %[2]d to %[3]d are missing (an old backup, or a cut tail). Nothing may be entered. Bring them back from the public bundles with `yilu signer recover`",
		StateOld:       "the signer's state knows %[1]d entries, %[2]d were published: the state file was lost or is old. Two persons put the newest state file back",
		Forked:         "another checkpoint is stored for size %[1]d than the one that was signed: a second signer, or a forged row. Two persons compare both with a witness's",
		HistoryChanged: "entries that were signed (%[1]d) have been changed: the root of the %[2]d entries is not an extension of the signed one. Keep the database as evidence, find the entry with `yilu verify --all`, restore a backup",
		HeadWrong:      "the head counts %[2]d entries and the entries are others. Nothing may be entered. Find the difference with `yilu verify --all`",
		LeafWrong:      "entry %[2]d, which is to be signed next, is not one that this log writes there: it was slipped in past the program. Keep the database as evidence, look at the entry with `yilu verify`",
		WitnessAhead:   "a witness has cosigned %[2]d entries, %[1]d are signed here: the log went back. Nothing may be entered. Compare with the witness's checkpoint and restore what is missing",
	}[h.Reason]
	return h.say("book %s: signing has halted: ", what)
}

// Zh is Error in Chinese.
func (h *Halt) Zh() string {
	what := map[Reason]string{
		EntriesMissing: "数据库只有 %[2]d 条分录，已签名的有 %[1]d 条：第 %[2]d 至 %[3]d 号缺失（恢复了旧备份，或尾部被删）。现已停止记账。请用 yilu signer recover 从公开的分录包恢复",
		StateOld:       "签名状态只到 %[1]d 条，已公布到 %[2]d 条：状态文件丢失或过旧。请两人共同放回最新的状态文件",
		Forked:         "规模 %[1]d 存有另一份检查点：有第二个签名程序，或被人伪造。请两人共同与见证方核对",
		HistoryChanged: "已签名的 %[1]d 条分录被改动：现有 %[2]d 条的树根不是已签名树根的延续。请保全数据库作为证据，用 yilu verify --all 找出改动，再恢复备份",
		HeadWrong:      "账簿头记 %[2]d 条，与实际分录不符。现已停止记账。请用 yilu verify --all 查明",
		LeafWrong:      "第 %[2]d 号分录（待签名）不是本程序在该处写入的：有人绕过程序塞入。请保全数据库作为证据，用 yilu verify 查看",
		WitnessAhead:   "见证方已见证 %[2]d 条，这里只签到 %[1]d 条：账簿退回过。现已停止记账。请与见证方的检查点核对并恢复缺失部分",
	}[h.Reason]
	return h.say("账套 %s 已停止签名：", what)
}

func (h *Halt) say(head, what string) string {
	return fmt.Sprintf(head, h.Book) + fmt.Sprintf(what, h.Signed, h.Found, h.Signed-1)
}
