package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
	"yilu/ledger/document"
)

// TestRetentionOfDraftsAndTheirDocuments: drafts of a closed account go after their time,
// others stay, and so does a document that only a draft names.
func TestRetentionOfDraftsAndTheirDocuments(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	ctx := t.Context()
	store, err := document.Open(d.dir, d.db.Pool, d.l.Sealer)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	put := func(name string) document.Stored {
		t.Helper()
		f, err := store.Put(ctx, pageBook, document.Stored{Unit: "411025-CZ", User: "maker-1", Name: name, At: d.now.AddDate(-2, 0, 0)}, strings.NewReader("%PDF-"+name))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	held, free := put("草稿.pdf"), put("无人.pdf")
	left := d.as(ledger.Maker, "maker-7")
	for user, b := range map[string]*browser{"maker-1": d.as(ledger.Maker, "maker-1"), "maker-7": left} {
		form := fill(t, b, "payment.requested", &ledger.PaymentRequested{Payment: "ZF-" + user, Project: "XC2020-020", Fund: "2020-SJ-1"}, url.Values{"0.body.files.0.sha256": {held.Hash()}})
		if w := press(b, form, "save"); w.Code != http.StatusOK {
			t.Fatalf("%d", w.Code)
		}
	}
	if _, err := d.db.Owner.Exec(ctx, `update account.person set disabled_at = $1 where id = 'maker-7'`, d.now); err != nil {
		t.Fatal(err)
	}
	r := &Retention{Ledger: d.l, Pool: d.db.Pool, Accounts: d.accounts(func() time.Time { return d.now }, true), Files: store, Book: pageBook, Keep: DefaultKeep}
	drafts := func() (users []string) {
		t.Helper()
		rows, err := d.db.Pool.Query(ctx, `select user_id from web.draft order by user_id`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var user string
			if err := rows.Scan(&user); err != nil {
				t.Fatal(err)
			}
			users = append(users, user)
		}
		return users
	}
	if g, err := r.Prune(ctx, d.now.AddDate(0, 0, DefaultKeep.Drafts)); err != nil || g.Drafts != 0 || len(drafts()) != 2 || g.Files.Hidden != 1 {
		t.Fatalf("within their time: %+v %v, left %v", g, err, drafts())
	}
	if g, err := r.Prune(ctx, d.now.AddDate(0, 0, DefaultKeep.Drafts+1)); err != nil || g.Drafts != 1 || len(drafts()) != 1 || drafts()[0] != "maker-1" {
		t.Fatalf("after it: %+v %v, left %v", g, err, drafts())
	}
	if _, err := store.Find(ctx, pageBook, held.Hash(), ""); err != nil {
		t.Errorf("what a draft names: %v", err)
	}
	if _, err := store.Find(ctx, pageBook, free.Hash(), ""); err == nil {
		t.Error("what nothing names is still offered")
	}
	for _, k := range []Keep{{183, 1096, 92, 366}, {366, 183, 92, 366}, {366, 1096, 0, 366}, {366, 1096, 92, 30}} {
		if k.Check() == nil {
			t.Errorf("%+v is enough", k)
		}
	}
	if err := DefaultKeep.Check(); err != nil {
		t.Error(err)
	}
}
