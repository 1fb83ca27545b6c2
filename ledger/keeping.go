package ledger

import (
	"fmt"
	"strings"
)

// 守账: what is done to the log itself: a change of its key, an erasure, an opening
// of what is sealed.
var keepingKinds = []Spec{
	{Kind: "key.rotated", Stage: StageGovernance, Text: Text{"更换签名公钥", "key rotated"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(KeyRotated) }},
	{Kind: "seal.erased", Stage: StageGovernance, Text: Text{"依法删除个人信息", "private value erased"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(SealErased) }},
	{Kind: "seal.disclosed", Stage: StageGovernance, Text: Text{"向审计披露个人信息", "private value disclosed"}, Roles: []Role{Maker, Auditor}, Sealed: []string{fieldNote}, new: func() Body { return new(SealDisclosed) }},
}

// KeyRotated announces the key by which the log is signed next (更换签名公钥). The
// old key signs the checkpoint that covers this entry, so that whoever trusts the
// old may trust the new; until the named day both sign.
//
// Effect: none in the book. The signer takes its keys from its own files.
type KeyRotated struct {
	// Next and Old are the keys as verifiers know them: NAME+HASH+BASE64.
	Next string `json:"next_key"`
	Old  string `json:"old_key"`
	// Until is the last day on which the old key signs too.
	Until Date `json:"until"`
}

func (b *KeyRotated) check(c *checker) {
	for field, key := range map[string]string{"next_key": b.Next, "old_key": b.Old} {
		if len(key) > 300 || strings.Count(key, "+") < 2 || strings.ContainsAny(key, " \t\n") {
			c.bad(field, "须为 名称+校验值+BASE64 形式的公钥", "want a key NAME+HASH+BASE64")
		}
	}
	if b.Next == b.Old {
		c.bad("next_key", "新旧公钥相同", "is the old key")
	}
	c.day("until", b.Until)
}

func (b *KeyRotated) touch(*state, *Entry) {}

func (b *KeyRotated) apply(*state, *Entry) {}

// ErasureGrounds are why a private value must go: 个人信息保护法 47 and decisions of
// others.
var ErasureGrounds = codes{
	"purpose":   {"处理目的已实现或不再必要", "purpose met or gone"},
	"retention": {"保存期限届满", "retention over"},
	"withdrawn": {"本人撤回同意", "consent withdrawn"},
	"unlawful":  {"违法收集或处理", "unlawfully held"},
	"order":     {"法院或主管机关决定", "order of a court or authority"},
}

// SealErased erases one private value of an earlier entry by law (依法删除个人信息).
//
// Effect: the value and its salt are deleted in the transaction that makes this
// take effect. The entry keeps its commitment, so that every proof stays valid;
// nobody can open it any more. Backups hold the value until they expire. Refused:
// an entry that does not exist or has no such field.
type SealErased struct {
	// Entry is the seq of the entry whose value goes.
	Entry Count `json:"entry"`
	// Field is the name of the value, such as "id_number".
	Field string `json:"sealed_field"`
	// Ground is one of ErasureGrounds.
	Ground string `json:"erasure_ground"`
}

func (b *SealErased) check(c *checker) {
	c.count("entry", b.Entry)
	c.id("sealed_field", b.Field)
	c.oneOf("erasure_ground", b.Ground, ErasureGrounds)
}

func (b *SealErased) touch(s *state, _ *Entry) {
	if target := s.entry(Seq(b.Entry)); target != nil {
		s.touchValue(target)
	}
}

func (b *SealErased) apply(s *state, e *Entry) {
	if !s.hasSealed(e, Seq(b.Entry), b.Field) {
		return
	}
	s.forgetValue(s.entry(Seq(b.Entry)), b.Field)
	s.erasures = append(s.erasures, erasure{Seq(b.Entry), b.Field})
	s.undo = append(s.undo, func() { s.erasures = s.erasures[:len(s.erasures)-1] })
}

// hasSealed says whether an earlier entry has a sealed field, and else refuses.
func (s *state) hasSealed(e *Entry, seq Seq, field string) bool {
	target := s.entry(seq)
	if target == nil || target.Seq >= e.Seq {
		s.refuse("body.entry", "not_found", fmt.Sprintf("没有第 %d 号分录", seq), fmt.Sprintf("there is no entry %d before this one", seq))
		return false
	}
	if _, ok := target.Commitments[field]; !ok {
		s.refuse("body.sealed_field", "not_found", "该分录没有个人信息字段 "+field, "that entry has no sealed field "+field)
		return false
	}
	return true
}

// SealDisclosed records that one private value was opened to one auditor (向审计披露
// 个人信息), with what it takes to check it against the log.
//
// Effect: none in the book. What was told cannot be taken back. Refused: an entry
// that does not exist or has no such field.
type SealDisclosed struct {
	// Entry is the seq of the entry, Field the name of its value.
	Entry Count  `json:"entry"`
	Field string `json:"sealed_field"`
	// To is the office that it was opened to, not a person.
	To string `json:"disclosed_to"`
}

func (b *SealDisclosed) check(c *checker) {
	c.count("entry", b.Entry)
	c.id("sealed_field", b.Field)
	c.text("disclosed_to", b.To, 100)
}

func (b *SealDisclosed) touch(s *state, _ *Entry) { s.entry(Seq(b.Entry)) }

func (b *SealDisclosed) apply(s *state, e *Entry) { s.hasSealed(e, Seq(b.Entry), b.Field) }

// erasure is a private value that goes with the group that says so.
type erasure struct {
	seq   Seq
	field string
}
