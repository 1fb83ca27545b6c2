package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

// tokenRoles are the roles a token may have.
var tokenRoles = []ledger.Role{ledger.Maker, ledger.Checker, ledger.Payer, ledger.ProjectOfficer, ledger.Auditor, ledger.PublicityOfficer}

// Token lets a program act as one user, unit and role in one book until a day.
// Its secret is shown once, when it is made, and stored nowhere.
type Token struct {
	// ID names the token for its operator; it is no secret.
	ID   string      `db:"id"`
	Book ledger.Book `db:"book"`
	User string      `db:"user_id"`
	Unit string      `db:"unit"`
	Role ledger.Role `db:"role"`
	// Area is the township or village that it is held to, "" for the county.
	Area    string    `db:"area"`
	Created time.Time `db:"created_at"`
	Expires time.Time `db:"expires_at"`
	// Revoked is when it was taken back, nil while it was not.
	Revoked *time.Time `db:"revoked_at"`
}

// actor is whoever shows the token.
func (t *Token) actor() *actor {
	return &actor{ID: t.ID, Book: t.Book, User: t.User, Unit: t.Unit, Role: t.Role, Area: t.Area}
}

// ErrToken is a wish for a token that cannot be made.
var ErrToken = errors.New("no such token can be made")

// namePattern is that of ids in the ledger, which would refuse others later.
var namePattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)

// areaPattern is that of a township or village.
var areaPattern = regexp.MustCompile(`^[0-9]{9}([0-9]{3})?$`)

// badToken is an ErrToken that names what is wrong, in both languages.
func badToken(field, zh, en string) error {
	return fmt.Errorf("%w: %w", ErrToken, &ledger.Invalid{Problems: []ledger.Problem{{Field: field, Text: ledger.Text{Zh: zh, En: en}}}})
}

// CreateToken stores a token and returns its secret, yilu_ and 43 digits and
// letters of 256 random bits. The pool must have the owner's rights; Book, User,
// Unit, Role, Created and Expires are the caller's.
func CreateToken(ctx context.Context, owner *pgxpool.Pool, t Token) (secret string, err error) {
	switch {
	case !slices.Contains(tokenRoles, t.Role):
		return "", badToken("role", fmt.Sprintf("角色须为 %v 之一", tokenRoles), fmt.Sprintf("the role is one of %v", tokenRoles))
	case !t.Book.Valid():
		return "", badToken("book", "账套须为6位县级区划代码，或公开采购数据账套的名称", "the book is a county's code of 6 digits, or the name of a book of published records")
	case !namePattern.MatchString(t.User):
		return "", badToken("user", "用户须为1–64个字母、数字、点、连字符或下划线", "the user is 1 to 64 letters, digits, dots, hyphens or underscores")
	case !namePattern.MatchString(t.Unit):
		return "", badToken("unit", "单位须为1–64个字母、数字、点、连字符或下划线", "the unit is 1 to 64 letters, digits, dots, hyphens or underscores")
	case t.Area != "" && !areaPattern.MatchString(t.Area), !strings.HasPrefix(t.Area, string(t.Book)) && t.Area != "":
		return "", badToken("area", "范围须为本账套的乡镇（9位）或村（12位）区划代码", "the area is the code of a township (9 digits) or village (12) of the book")
	case !t.Expires.After(t.Created):
		return "", badToken("days", "失效时间早于生效时间", "it ends before it begins")
	}
	var random [32]byte
	rand.Read(random[:])
	digits := new(big.Int).SetBytes(random[:]).Text(62)
	secret = tokenPrefix + strings.Repeat("0", tokenDigits-len(digits)) + digits
	hash := sha256.Sum256([]byte(secret))
	_, err = owner.Exec(ctx, `
		insert into web.token (hash, id, book, user_id, unit, role, area, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		hash[:], rand.Text()[:8], t.Book, t.User, t.Unit, t.Role, t.Area, t.Created, t.Expires)
	if err != nil {
		return "", fmt.Errorf("store token: %w", err)
	}
	return secret, nil
}

const (
	tokenPrefix = "yilu_"
	// tokenDigits of base 62 hold 256 bits.
	tokenDigits = 43
)

// Tokens lists the tokens of a book, newest first.
func Tokens(ctx context.Context, pool *pgxpool.Pool, book ledger.Book) ([]Token, error) {
	rows, err := pool.Query(ctx, `
		select id, book, user_id, unit, role, area, created_at, expires_at, revoked_at
		from web.token where book = $1 order by created_at desc, id`, book)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Token])
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return list, nil
}

// RevokeToken takes a token back; servers notice within tokenAge. It is
// ledger.ErrNotFound if the book has no such token that is still good.
func RevokeToken(ctx context.Context, owner *pgxpool.Pool, book ledger.Book, id string, now time.Time) error {
	tag, err := owner.Exec(ctx, `
		update web.token set revoked_at = $3 where book = $1 and id = $2 and revoked_at is null`, book, id, now)
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("token %s: %w", id, ledger.ErrNotFound)
	}
	return nil
}

const (
	// tokenAge is how long a looked-up token is believed: so long may a revoked
	// one still work.
	tokenAge = 10 * time.Second
	// maxTokens bounds the memory for them.
	maxTokens = 4096
)

// tokens remembers verified tokens by the hash of their secret, so that posting
// does not look each of them up. Unknown secrets are not remembered: strangers
// could push the known ones out.
type tokens struct {
	pool *pgxpool.Pool
	now  func() time.Time

	mu    sync.RWMutex
	known map[[sha256.Size]byte]verified
}

// verified is a token as it was when it was looked up.
type verified struct {
	token *Token
	until time.Time
}

// newTokens remembers nothing yet.
func newTokens(pool *pgxpool.Pool, now func() time.Time) *tokens {
	return &tokens{pool: pool, now: now, known: map[[sha256.Size]byte]verified{}}
}

// verify returns the token of an Authorization header: errNoToken if there is
// none, errBadToken if it is not good (any more).
func (t *tokens) verify(ctx context.Context, header string) (*Token, error) {
	if header == "" {
		return nil, errNoToken
	}
	scheme, secret, _ := strings.Cut(header, " ")
	hash, ok := hashOf(secret)
	if !strings.EqualFold(scheme, "Bearer") || !ok {
		return nil, errBadToken
	}
	return t.verifyHash(ctx, hash)
}

// hashOf is the hash under which a secret is stored, if it looks like one.
func hashOf(secret string) (hash [sha256.Size]byte, ok bool) {
	if len(secret) != len(tokenPrefix)+tokenDigits || !strings.HasPrefix(secret, tokenPrefix) {
		return hash, false
	}
	return sha256.Sum256([]byte(secret)), true
}

// verifyHash returns the token with the hash of its secret, or errBadToken.
func (t *tokens) verifyHash(ctx context.Context, hash [sha256.Size]byte) (*Token, error) {
	now := t.now()
	t.mu.RLock()
	v, ok := t.known[hash]
	t.mu.RUnlock()
	if !ok || now.After(v.until) {
		var err error
		if v.token, err = t.lookUp(ctx, hash); err != nil {
			return nil, err
		}
		t.remember(hash, verified{v.token, now.Add(tokenAge)})
	}
	if v.token.Revoked != nil || !now.Before(v.token.Expires) {
		return nil, errBadToken
	}
	return v.token, nil
}

// lookUp asks the database. A fault there is not a bad token: the caller may try
// again.
func (t *tokens) lookUp(ctx context.Context, hash [sha256.Size]byte) (*Token, error) {
	rows, err := t.pool.Query(ctx, `
		select id, book, user_id, unit, role, area, created_at, expires_at, revoked_at
		from web.token where hash = $1`, hash[:])
	if err != nil {
		return nil, fmt.Errorf("look up token: %w: %w", ledger.ErrUnavailable, err)
	}
	token, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[Token])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errBadToken
	}
	if err != nil {
		return nil, fmt.Errorf("look up token: %w: %w", ledger.ErrUnavailable, err)
	}
	return token, nil
}

// remember keeps a verified token, and makes room first by forgetting those
// whose time is over, or all.
func (t *tokens) remember(hash [sha256.Size]byte, v verified) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxTokens {
		now := t.now()
		maps.DeleteFunc(t.known, func(_ [sha256.Size]byte, v verified) bool { return now.After(v.until) })
		if len(t.known) >= maxTokens {
			clear(t.known)
		}
	}
	t.known[hash] = v
}
