package audit_test

import (
	"encoding/hex"
	"fmt"
	"time"

	"yilu/audit"
)

// One text for one meaning: blanks, escapes and the order of members vanish.
func ExampleCanonical() {
	text, err := audit.Canonical([]byte(`{ "b": "\u5f20三", "a": [true] }`))
	fmt.Println(string(text), err)
	_, err = audit.Canonical([]byte(`{"amount": 1234.56}`))
	fmt.Println(err)
	// Output:
	// {"a":[true],"b":"张三"} <nil>
	// malformed entry at /amount: a number; write it as a string
}

// An act is prepared without a lock, then given its place. The head is a
// value: what is appended to a copy is forgotten with the copy.
func ExampleHead_Append() {
	p, err := audit.Prepare(audit.Act{
		Book: "411025", ID: "N-1", Kind: "notice.posted", On: "2020-03-18",
		By:   audit.By{Role: "clerk", Unit: "411025-FP", User: "u3"},
		Body: []byte(`{"place":"village board"}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	head := audit.Head{Book: "411025"}
	tried := head
	row := tried.Append(p, time.Date(2020, 3, 18, 1, 0, 0, 0, time.UTC))
	leaf, err := audit.ParseLeaf(row.Leaf)
	if err != nil {
		fmt.Println(err)
		return
	}
	root := tried.Root()
	fmt.Println(leaf.Seq, leaf.At.Format(time.RFC3339), leaf.ID, p.Same(row.Leaf))
	fmt.Println(root == row.LeafHash, head.Size, tried.Size)
	fmt.Println(hex.EncodeToString(p.Hash[:4]) == hex.EncodeToString(leaf.Hash[:4]))
	// Output:
	// 0 2020-03-18T01:00:00Z N-1 true
	// true 0 1
	// true
}
