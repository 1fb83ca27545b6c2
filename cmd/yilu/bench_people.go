package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"yilu/account"
	"yilu/ledger"
)

// enter makes an account with a role, logs in as a person does, and returns the header
// by which a browser shows its session.
func (b *bench) enter(ctx context.Context, user string, role ledger.Role) (cookie string, err error) {
	a, err := b.env.accounts(ctx, b.pool, account.Config{})
	if err != nil {
		return "", err
	}
	code, err := a.Create(ctx, account.Console, account.Person{ID: user, Duty: ledger.DutyOf(role), Name: "测量", Unit: "bench"})
	if err != nil {
		return "", err
	}
	o, err := a.Begin(ctx, account.Try{Person: user, Code: code, Password: "Measure-7-" + rand.Text(), Network: user, Agent: "bench"})
	if err != nil {
		return "", fmt.Errorf("begin as %s: %w", user, err)
	}
	factor, err := a.NewFactor(ctx, &o.Session, "bench")
	if err != nil {
		return "", err
	}
	if code, err = account.Code(factor.Secret, time.Now()); err != nil {
		return "", err
	}
	if o, err = a.Enrol(ctx, &o.Session, code, user); err != nil {
		return "", fmt.Errorf("enrol %s: %w", user, err)
	}
	return "__Host-yilu=" + o.Cookie, b.grant(ctx, user, role)
}

// grant gives somebody a role by two administrators.
func (b *bench) grant(ctx context.Context, user string, role ledger.Role) error {
	book, id, today := ledger.Book(b.env.Book), "role-"+user, ledger.DateOf(time.Now())
	by := ledger.By{Role: ledger.SecurityAdmin, Unit: "bench", User: "security"}
	d := ledger.Draft{ID: id + "-granted", Kind: "role.granted", On: today, By: by, Corrects: ledger.None, Body: &ledger.RoleGranted{Grant: id, Person: user, Role: role, Unit: "bench"}}
	if _, err := b.ledger.Submit(ctx, book, id, ledger.SubmissionMade{Submission: id, Title: "授权", Form: ledger.RoleForm}, []ledger.Draft{d}); err != nil {
		return fmt.Errorf("grant %s: %w", user, err)
	}
	sub, err := b.ledger.Submission(ctx, book, id)
	if err != nil {
		return err
	}
	_, err = b.ledger.Approve(ctx, book, id+"-approved", id, sub.ContentHash, today, ledger.By{Role: ledger.AuditAdmin, Unit: "bench", User: "overseer"})
	return err
}
