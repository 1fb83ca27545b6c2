package main

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/audit/proof"
)

// proofJob is the verification of one entry by a proof file, offline.
type proofJob struct {
	file        proof.File
	entry       []byte
	disclosures []disclosure
	policy      *proof.Policy // nil for none
	report      *report
}

// disclosure is a private value that was opened to one auditor: a JSON object of
// name, value and salt (base64 or hex), and of seq and book if given.
type disclosure struct {
	file  string
	Book  string         `json:"book"`
	Seq   jsontext.Value `json:"seq"`
	Name  string         `json:"name"`
	Value string         `json:"value"`
	Salt  string         `json:"salt"`
}

// readDisclosure reads one file.
func readDisclosure(name string) (disclosure, error) {
	d := disclosure{file: name}
	b, err := os.ReadFile(name)
	if err != nil {
		return d, fmt.Errorf("read disclosure: %w", err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return d, fmt.Errorf("read disclosure %s: %w", name, err)
	}
	if d.Name == "" || d.Salt == "" {
		return d, fmt.Errorf("read disclosure %s: want an object with name, value and salt", name)
	}
	return d, nil
}

// salt takes 32 bytes in base64 or hex.
func (d *disclosure) salt() (proof.Salt, error) {
	b, err := base64.StdEncoding.DecodeString(d.Salt)
	if err != nil || len(b) != len(proof.Salt{}) {
		b, err = hex.DecodeString(d.Salt)
	}
	if err != nil || len(b) != len(proof.Salt{}) {
		return proof.Salt{}, errors.New("the salt is not 32 bytes in base64 or hex")
	}
	return proof.Salt(b), nil
}

// run checks that the entry stands in the log that the file's checkpoint is of,
// and fills the report.
func (j *proofJob) run() {
	r := j.report
	signed := j.open()
	if signed == nil {
		r.conclude(text{})
		return
	}
	r.Origin, r.Size, r.Root = signed.Origin, signed.Size, base64.StdEncoding.EncodeToString(signed.Root[:])
	seq := int64(j.file.Index)
	if err := proof.CheckInclusion(j.file.Hashes, signed.Size, signed.Root, j.file.Index, proof.LeafHash(j.entry)); err != nil {
		r.found(fault(seq, "", "这些字节不是签名账簿中的该号分录", "these bytes are not the entry of this number in the signed log"))
	} else {
		r.pass("这些字节就是签名账簿第 %d 条（共 %d 条）", "these bytes are entry %d of the %d in the signed log", seq, signed.Size)
	}
	leaf, err := proof.ParseLeaf(j.entry)
	switch {
	case err != nil:
		r.found(malformed(seq, "", err))
	case leaf.Seq != j.file.Index:
		r.found(fault(seq, "", "分录自称第 %d 号", "the entry says that it is number %d", leaf.Seq))
	default:
		r.pass("分录内容：%s %s，%s 记账", "it is %s %s, recorded at %s", leaf.Kind, leaf.ID, leaf.At.Format(proof.InstantLayout))
		for i := range j.disclosures {
			j.disclose(&leaf, &j.disclosures[i])
		}
	}
	r.conclude(text{
		fmt.Sprintf("第 %d 号分录确在 %s 签名、%d 个见证会签的账簿中，一字未改。", seq, signed.Origin, len(r.Cosigned)),
		fmt.Sprintf("entry %d stands unchanged in the log that %s signed and %d of the policy's witnesses cosigned.", seq, signed.Origin, len(r.Cosigned)),
	})
}

// open reads the checkpoint in the file. Without a policy it is read, and the
// report says that nobody vouches for it.
func (j *proofJob) open() *proof.Signed {
	r := j.report
	if j.policy == nil {
		c, err := proof.Unsigned(j.file.Note)
		if err != nil {
			r.found(malformed(-1, "checkpoint", err))
			return nil
		}
		r.unsure("未给出策略文件，签名与见证未核验", "no policy was given, so signatures and witnesses were not checked")
		return &proof.Signed{Checkpoint: c}
	}
	signed, err := j.policy.Open(j.file.Note)
	if err != nil {
		r.found(malformed(-1, "checkpoint", err))
		return nil
	}
	r.pass("检查点由 %s 签名", "the checkpoint is signed by %s", signed.Origin)
	r.witnesses(signed, j.policy)
	return signed
}

// disclose checks one opened value.
func (j *proofJob) disclose(leaf *proof.Leaf, d *disclosure) {
	salt, err := d.salt()
	if err == nil && len(d.Seq) > 0 && sizeOf(d.Seq) != int64(leaf.Seq) {
		err = fmt.Errorf("it is of entry %s", d.Seq)
	}
	if err == nil && d.Book != "" && d.Book != leaf.Book {
		err = fmt.Errorf("it is of book %s", d.Book)
	}
	if err == nil {
		err = leaf.VerifyCommitment(d.Name, d.Value, salt)
	}
	if err != nil {
		j.report.fail("保密字段披露 %s 不符：%v", "the disclosure %s does not fit: %v", d.file, err)
		return
	}
	j.report.pass("保密字段 %s 的披露值与分录中的承诺相符", "the disclosed value of %s is what the entry commits to", d.Name)
}
