package app

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/jobs"
)

// LinkPurpose says what a mailed link is good for.
type LinkPurpose string

// The purposes of mailed links.
const (
	LinkVerify LinkPurpose = "verify" // confirm the address of a new account
	LinkReset  LinkPurpose = "reset"  // set a new password
	LinkEmail  LinkPurpose = "email"  // confirm the new address of an account
	LinkRevert LinkPurpose = "revert" // bring the old address back
	LinkProve  LinkPurpose = "prove"  // no link but a code: stand in for a password, see MailProof
)

// linkLives is how long each is good, and its path below BASE_URL.
var linkLives = map[LinkPurpose]struct {
	life time.Duration
	path string
}{
	LinkVerify: {7 * 24 * time.Hour, "verify"},
	LinkReset:  {time.Hour, "reset"},
	LinkEmail:  {24 * time.Hour, "email"},
	LinkRevert: {7 * 24 * time.Hour, "email-back"},
}

// unverifiedLife is how long an account waits for its address to be confirmed.
const unverifiedLife = 7 * 24 * time.Hour

// addLink makes a link for the user within the transaction and returns its
// address. Earlier ones of the purpose end, but those that undo.
func (a *App) addLink(ctx context.Context, q *db.Queries, user db.User, purpose LinkPurpose, email string) (token, address string, err error) {
	if purpose != LinkRevert {
		if err := q.DeleteMailedLinksOf(ctx, db.DeleteMailedLinksOfParams{UserID: user.ID, Purposes: []string{string(purpose)}}); err != nil {
			return "", "", fmt.Errorf("end earlier links: %w", err)
		}
	}
	token = randomText(32)
	err = q.AddMailedLink(ctx, db.AddMailedLinkParams{
		TokenHash: hashSecret(token), UserID: user.ID, Purpose: string(purpose), Email: email,
		Now: a.now(), ExpiresAt: a.now().Add(linkLives[purpose].life),
	})
	if err != nil {
		return "", "", fmt.Errorf("store a link: %w", err)
	}
	return token, a.link(linkLives[purpose].path, token), nil
}

// findLink returns a link that is still good, and whose it is. One of a
// suspended user's is not.
func (a *App) findLink(ctx context.Context, q *db.Queries, purpose LinkPurpose, token string) (db.MailedLinkRow, error) {
	row, err := q.MailedLink(ctx, db.MailedLinkParams{TokenHash: hashSecret(token), Purpose: string(purpose), Now: a.now()})
	if db.IsNotFound(err) || err == nil && row.User.SuspendedAt != nil {
		return db.MailedLinkRow{}, NotFound("mailed_link")
	}
	if err != nil {
		return db.MailedLinkRow{}, fmt.Errorf("look up a link: %w", err)
	}
	return row, nil
}

// useLink is findLink within the transaction that acts on it: of several at
// once, one gets it. The user is locked, and as it is now.
func (a *App) useLink(ctx context.Context, q *db.Queries, purpose LinkPurpose, token string) (db.MailedLinkRow, error) {
	row, err := a.findLink(ctx, q, purpose, token)
	if err != nil {
		return row, err
	}
	if row.User, err = q.LockUser(ctx, row.User.ID); err != nil {
		return row, fmt.Errorf("lock a user: %w", err)
	}
	n, err := q.UseMailedLink(ctx, row.MailedLink.TokenHash)
	if err != nil {
		return row, fmt.Errorf("use a link: %w", err)
	}
	if n == 0 || row.User.SuspendedAt != nil {
		return row, NotFound("mailed_link")
	}
	return row, nil
}

// CheckLink returns the address that a mailed link is about; CodeNotFound when
// it is unknown, used or expired.
func (a *App) CheckLink(ctx context.Context, purpose LinkPurpose, token string) (email string, err error) {
	row, err := a.findLink(ctx, a.db.Queries, purpose, token)
	return row.MailedLink.Email, err
}

// plainEmail is the address in the form that limits are counted by; an
// impossible one is counted, too.
func plainEmail(email string) string {
	email = strings.ToLower(strings.TrimSpace(email))
	if len(email) > maxEmailBytes || !utf8.ValidString(email) || strings.ContainsRune(email, 0) {
		return "invalid"
	}
	return email
}

// entryLimits bound what visitors ask for: by network and address together, and
// by network.
func entryLimits(what, email string, from netip.Addr) []Limit {
	return []Limit{
		{what + " pair " + origin(from) + " " + email, 5, time.Hour},
		{what + " address " + origin(from), 30, time.Hour},
	}
}

// RequestLink has a link mailed to whoever has an account with the address:
// LinkReset, or LinkVerify where it is not confirmed yet. It does the same work
// and answers the same whether there is one: a worker looks. CodeInvalid names
// the field email, CodeRateLimited comes after too many.
func (a *App) RequestLink(ctx context.Context, purpose LinkPurpose, email string, from netip.Addr) error {
	fields := map[string]string{}
	plain := checkEmail(email, fields)
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	if err := a.attempts.Take(ctx, entryLimits("mailed link", plain, from)...); err != nil {
		return err
	}
	job := jobs.MailAccount{Purpose: string(purpose), Email: plain, RequestID: OriginOf(ctx).RequestID}
	if from.IsValid() {
		job.Addr = from.String()
	}
	if err := a.jobs.Enqueue(ctx, job); err != nil {
		return &Error{Code: CodeUnavailable, Key: "error.unavailable", Err: fmt.Errorf("ask for a mail: %w", err)}
	}
	return nil
}

// MailAccount does what RequestLink asked for. Only the system may.
func (a *App) MailAccount(ctx context.Context, actor Actor, job jobs.MailAccount) error {
	if err := actor.allowSystem(); err != nil {
		return err
	}
	addr, _ := netip.ParseAddr(job.Addr) // none is none
	ctx = WithOrigin(ctx, Origin{Addr: addr, RequestID: job.RequestID})
	user, err := a.db.UserByEmail(ctx, job.Email)
	if db.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up an account: %w", err)
	}
	purpose := LinkPurpose(job.Purpose)
	if user.SuspendedAt != nil || purpose == LinkVerify && user.EmailVerifiedAt != nil {
		return nil
	}
	// Whoever sends from many networks must not fill somebody's mailbox either.
	if err := a.attempts.Take(ctx, Limit{"mailed link account " + job.Email, 10, time.Hour}); CodeOf(err) == CodeRateLimited {
		return nil
	} else if err != nil {
		return err
	}
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		_, address, err := a.addLink(ctx, q, user, purpose, user.Email)
		if err != nil {
			return err
		}
		m := Mail{To: user.Email, UserID: user.ID, Template: "reset_password", Data: map[string]string{"ResetLink": address, "Name": user.Name}}
		action := AuditAction("user.reset_asked")
		if purpose == LinkVerify {
			m.Template, m.Data, action = "verify_email", map[string]string{"VerifyLink": address, "Name": user.Name}, "user.verify_asked"
		}
		if err := a.queueMail(ctx, q, m); err != nil {
			return err
		}
		return a.audit(ctx, q, Actor{}, auditEvent{Action: action, Kind: "user", Object: user.ID, Subject: user.ID})
	})
	if err != nil {
		return err
	}
	a.pushMail(ctx)
	return nil
}

// SweepAccounts removes links that nobody followed and accounts whose address
// nobody confirmed. Only the system may.
func (a *App) SweepAccounts(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	links, err := a.db.DeleteExpiredMailedLinks(ctx, a.now())
	if err != nil {
		return 0, fmt.Errorf("remove expired links: %w", err)
	}
	users, err := a.db.DeleteUnverifiedUsers(ctx, a.now().Add(-unverifiedLife))
	if err != nil {
		return int(links), fmt.Errorf("remove accounts that were never confirmed: %w", err)
	}
	return int(links + users), nil
}
