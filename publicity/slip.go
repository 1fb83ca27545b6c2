package publicity

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

// Printer makes the papers on which households stand by name (明白卡、领款凭条 and
// 到户公示名单). Names are opened for one village of one batch at a time, and each time
// is written down first. Any number of processes may call it.
type Printer struct {
	Ledger *ledger.Ledger
	// Pool writes schema publicity, as the service role.
	Pool *pgxpool.Pool
	// Names says how names stand on a board: one of BoardNames.
	Names string
}

// How names of households stand on a village's board, where a county has decided so
// [assumed: masked]. On the web they never stand.
const (
	NamesMasked = "masked"
	NamesFull   = "full"
	NamesNone   = "none"
)

// BoardNames are the policies of names on boards.
var BoardNames = []string{NamesMasked, NamesFull, NamesNone}

// Kinds of papers.
const (
	PaperSlips = "slips"
	PaperList  = "list"
)

// mostPrinted is how many households are printed at once: no village has as many.
const mostPrinted = 2000

// ErrNothingToPrint is a batch, village or line that has no paper.
var ErrNothingToPrint = errors.New("nothing to print")

// ErrTooManyToPrint is a village of more than mostPrinted households.
var ErrTooManyToPrint = fmt.Errorf("more than %d households at once", mostPrinted)

// Wanted is the paper that is asked for, and who asks.
type Wanted struct {
	Payment, Place string
	// Line is one household alone, 0 for all of the village.
	Line int64
	By   ledger.By
}

// Sheet is the paper of one village of a batch.
type Sheet struct {
	Payment        ledger.Payment
	Place, Village string
	Households     []Household
	Total          ledger.Amount
	// Notice is the posted notice of the batch, if there is one that hangs or hung:
	// what stands on the board is checked by its code.
	Notice *ledger.Notice
	// Contacts are whom to turn to, as the notice has them.
	Contacts ledger.NoticeContacts
	// Names is the policy by which the names of a list are written.
	Names string
	Day   ledger.Date
}

// Household is one household on paper.
type Household struct {
	Line int64
	// Name is that of the head of household: as it is on a slip, by the policy on a
	// list; "" once erased.
	Name string
	// Tail are the last four of the ID number, on slips, where two of the village have
	// the same name.
	Tail     string
	Standard ledger.Amount
	Quantity string
	Amount   ledger.Amount
	// Code is that of the slip, "" on lists.
	Code SlipCode
}

// Slips prints new slips for a village of a batch, or one of its households. The codes
// of earlier slips of these households end with it: what is lost or was handed to the
// wrong door opens nothing any more. Two who print at the same time end up with the
// slips of the later one.
func (p *Printer) Slips(ctx context.Context, book ledger.Book, w Wanted) (Sheet, error) {
	s, lines, err := p.sheet(ctx, book, w)
	if err != nil {
		return s, err
	}
	printing, err := p.record(ctx, book, w, PaperSlips, len(lines))
	if err != nil {
		return s, err
	}
	if err := p.open(ctx, book, &s, lines, true); err != nil {
		return s, err
	}
	tokens, numbers := make([][]byte, len(lines)), make([]int64, len(lines))
	for i := range s.Households {
		h := &s.Households[i]
		if h.Code, err = NewSlipCode(); err != nil {
			return s, err
		}
		numbers[i], tokens[i] = h.Line, p.token(book, h.Code)
	}
	_, err = p.Pool.Exec(ctx, `
		insert into publicity.slip (book, payment, line, place, code_token, printing)
		select $1, $2, n.line, $3, n.token, $4 from unnest($5::bigint[], $6::bytea[]) as n(line, token) order by n.line
		on conflict (book, payment, line) do update set code_token = excluded.code_token, printing = excluded.printing, place = excluded.place`,
		book, w.Payment, w.Place, printing, numbers, tokens)
	if err != nil {
		return s, fmt.Errorf("keep codes of slips of %s: %w", w.Payment, err)
	}
	return s, nil
}

// List prints the list of households for a village's board, its names by the policy.
func (p *Printer) List(ctx context.Context, book ledger.Book, w Wanted) (Sheet, error) {
	s, lines, err := p.sheet(ctx, book, w)
	if err != nil {
		return s, err
	}
	s.Names = cmp.Or(p.Names, NamesMasked)
	if s.Names == NamesNone {
		return s, nil
	}
	if _, err := p.record(ctx, book, w, PaperList, len(lines)); err != nil {
		return s, err
	}
	if err := p.open(ctx, book, &s, lines, false); err != nil {
		return s, err
	}
	if s.Names == NamesMasked {
		for i := range s.Households {
			s.Households[i].Name = MaskName(s.Households[i].Name)
		}
	}
	return s, nil
}

// sheet is the paper without names and codes.
func (p *Printer) sheet(ctx context.Context, book ledger.Book, w Wanted) (s Sheet, lines []ledger.Line, err error) {
	if s.Payment, err = p.Ledger.Payment(ctx, book, w.Payment); err != nil {
		return s, nil, err
	}
	if s.Payment.Lines == 0 || !s.Payment.Effective() {
		return s, nil, fmt.Errorf("payment %s: %w", w.Payment, ErrNothingToPrint)
	}
	if lines, err = p.Ledger.LinesIn(ctx, book, w.Payment, w.Place, w.Line); err != nil {
		return s, nil, err
	}
	switch {
	case len(lines) == 0:
		return s, nil, fmt.Errorf("payment %s in %s: %w", w.Payment, w.Place, ErrNothingToPrint)
	case len(lines) > mostPrinted:
		return s, nil, ErrTooManyToPrint
	}
	seqs := make([]ledger.Seq, len(lines))
	for i, l := range lines {
		seqs[i] = l.Seq
	}
	for part := range slices.Chunk(seqs, 500) {
		entries, err := p.Ledger.EntriesAt(ctx, book, part)
		if err != nil {
			return s, nil, err
		}
		for _, q := range part {
			b, ok := entries[q].Body.(*ledger.GrantLine)
			if !ok {
				return s, nil, fmt.Errorf("entry %d is no grant: %w", q, ledger.ErrNotFound)
			}
			s.Households = append(s.Households, Household{Line: int64(b.Line), Standard: b.Standard, Quantity: b.Quantity, Amount: b.Amount})
			s.Total += b.Amount
		}
	}
	s.Place, s.Day = w.Place, ledger.DateOf(p.Ledger.Now())
	names, err := p.Ledger.Places(ctx, book)
	if err != nil {
		return s, nil, err
	}
	if s.Village, err = placeName(ctx, p.Ledger, names, book, w.Place); err != nil {
		return s, nil, err
	}
	return s, lines, p.notice(ctx, book, &s)
}

// notice finds the notice of the batch: the last posted one that names it.
func (p *Printer) notice(ctx context.Context, book ledger.Book, s *Sheet) error {
	notices, err := p.Ledger.NoticesOf(ctx, book, s.Payment.Project)
	if err != nil {
		return err
	}
	for _, n := range slices.Backward(notices) {
		if n.Stage != "P8" || n.State == ledger.StateWithdrawn {
			continue
		}
		content, err := noticeContent(ctx, p.Ledger, book, n.Notice, n.Current+1)
		if err != nil {
			return err
		}
		if slices.Contains(content.About, s.Payment.Requested) {
			s.Notice, s.Contacts = &n, content.Contacts
			return nil
		}
	}
	return nil
}

// record writes down who has names opened, before they are.
func (p *Printer) record(ctx context.Context, book ledger.Book, w Wanted, what string, lines int) (printing string, err error) {
	printing = rand.Text()
	_, err = p.Pool.Exec(ctx, `
		insert into publicity.printing (book, printing, what, payment, place, lines, by_user, by_unit, by_role, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		book, printing, what, w.Payment, w.Place, lines, w.By.User, w.By.Unit, w.By.Role, p.Ledger.Now())
	if err != nil {
		return "", fmt.Errorf("record printing of %s: %w", w.Payment, err)
	}
	return printing, nil
}

// open opens the sealed names of a sheet, and where two are the same, on slips, the end
// of their ID numbers.
func (p *Printer) open(ctx context.Context, book ledger.Book, s *Sheet, lines []ledger.Line, slips bool) error {
	same, tails := map[string]int{}, make([]string, len(lines))
	at := map[uint64]int{}
	seqs := make([]uint64, len(lines))
	for i, l := range lines {
		seqs[i] = uint64(l.Seq)
		at[seqs[i]] = i
	}
	for part := range slices.Chunk(seqs, 500) {
		opened, err := p.Ledger.Sealer.OpenMany(ctx, p.Ledger.Read, string(book), part)
		if err != nil {
			return fmt.Errorf("open names of %s: %w", s.Payment.Payment, err)
		}
		for seq, fields := range opened {
			i := at[seq]
			s.Households[i].Name = strings.TrimSpace(fields["payee_name"].Value)
			if number := fields["id_number"].Value; len(number) >= 4 {
				tails[i] = number[len(number)-4:]
			}
			same[s.Households[i].Name]++
		}
	}
	for i := range s.Households {
		if h := &s.Households[i]; slips && same[h.Name] > 1 {
			h.Tail = tails[i]
		}
	}
	return nil
}

// token is what is kept of a code: a keyed hash, so that a copy of the database alone
// opens nothing.
func (p *Printer) token(book ledger.Book, code SlipCode) []byte {
	t := p.Ledger.Sealer.Token("yilu slip " + string(book) + " " + string(code))
	return t[:]
}

// Grants lists what the household with a code got, newest first, and the line that the
// slip is of. It is ErrSlipCode for what no slip can have, and ledger.ErrNotFound for a
// code that was never printed and for one that ended alike.
func (p *Printer) Grants(ctx context.Context, book ledger.Book, typed string) ([]ledger.HouseholdGrant, error) {
	code, err := ParseSlipCode(typed)
	if err != nil {
		return nil, err
	}
	var payment string
	var line int64
	err = p.Ledger.Read.QueryRow(ctx, `select payment, line from publicity.slip where code_token = $1 and book = $2`, p.token(book, code), book).Scan(&payment, &line)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("slip: %w", ledger.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("look up slip: %w", err)
	}
	return p.Ledger.HouseholdGrants(ctx, book, payment, line)
}

// Printing is one time at which names were opened for paper (打印记录).
type Printing struct {
	What, Place string
	Lines       int64
	By          ledger.By
	At          time.Time
	// InForce is how many slips of it are still good.
	InForce int64
}

// Printings lists the printings of a batch in a place, a division code or the beginning
// of one, newest first.
func (p *Printer) Printings(ctx context.Context, book ledger.Book, payment, place string) ([]Printing, error) {
	rows, err := p.Ledger.Read.Query(ctx, `
		select p.what, p.place, p.lines, p.by_role, p.by_unit, p.by_user, p.at,
			(select count(*) from publicity.slip s where s.printing = p.printing and s.book = p.book and s.payment = p.payment)
		from publicity.printing p where p.book = $1 and p.payment = $2 and starts_with(p.place, $3)
		order by p.at desc, p.what, p.printing limit 200`, book, payment, place)
	if err != nil {
		return nil, fmt.Errorf("printings of %s: %w", payment, err)
	}
	var all []Printing
	var x Printing
	_, err = pgx.ForEachRow(rows, []any{&x.What, &x.Place, &x.Lines, &x.By.Role, &x.By.Unit, &x.By.User, &x.At, &x.InForce}, func() error {
		all = append(all, x)
		return nil
	})
	return all, err
}

// MaskName masks a name as boards show it (姓名遮挡): the first and the last character
// stay, of two the first alone: 张*, 张*三, 欧**明.
func MaskName(name string) string {
	r := []rune(strings.Join(strings.Fields(name), ""))
	switch len(r) {
	case 0:
		return ""
	case 1:
		return "*"
	case 2:
		return string(r[:1]) + "*"
	}
	return string(r[:1]) + strings.Repeat("*", len(r)-2) + string(r[len(r)-1:])
}
