package app

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/language"

	"albumen/db"
)

// Themes are the values of a user's theme.
func Themes() []string { return []string{"system", "light", "dark"} }

// NewUser describes an account to be made. Language and TimeZone may be empty.
type NewUser struct {
	Email    string
	Name     string // empty: what stands before the @
	Password string
	Admin    bool
	Language string // BCP 47 tag
	TimeZone string // IANA name
	Quota    *int64 // bytes of originals; nil: what the site gives new accounts

	unverified bool // the address must be confirmed before anybody signs in
}

const (
	maxEmailBytes = 254
	maxNameChars  = 100
)

// signInWindow and the numbers beside it stop guessing long before bcrypt
// would; see docs/adr for why they differ.
const signInWindow = 15 * time.Minute

func signInLimits(email string, from netip.Addr) (limits []Limit, pair string) {
	address := origin(from)
	pair = "sign-in pair " + address + " " + email
	return []Limit{
		{pair, 10, signInWindow},
		{"sign-in address " + address, 60, signInWindow},
		{"sign-in account " + email, 100, signInWindow},
	}, pair
}

// SignIn returns the user with that e-mail address and password. Attempts are
// limited by account and by the client's address. It takes the same work and
// gives the same answer, CodeUnauthenticated, whether the account does not
// exist, is suspended, or has another password; CodeRateLimited after too many
// attempts. Whoever has the right password but has not confirmed the address is
// told so: see IsUnverified.
func (a *App) SignIn(ctx context.Context, email, password string, from netip.Addr) (db.User, error) {
	// An impossible address is looked up all the same, so that it costs the same.
	email = plainEmail(email)
	limits, pair := signInLimits(email, from)
	if err := a.attempts.Take(ctx, limits...); err != nil {
		return db.User{}, a.noteLockout(ctx, email, pair, err)
	}
	user, err := a.db.UserByEmail(ctx, email)
	if err != nil && !db.IsNotFound(err) {
		return db.User{}, fmt.Errorf("look up an account: %w", err)
	}
	ok, err := a.passwords.matches(ctx, user.PasswordHash, password)
	if err != nil {
		return db.User{}, err
	}
	if !ok || user.SuspendedAt != nil {
		if err := a.noteStranger(ctx, "session.fail", user.ID); err != nil {
			return db.User{}, err
		}
		return db.User{}, &Error{Code: CodeUnauthenticated, Key: "error.wrong_password"}
	}
	if err := a.attempts.Forget(ctx, pair); err != nil {
		return db.User{}, err
	}
	if user.EmailVerifiedAt == nil {
		return db.User{}, &Error{Code: CodeUnauthenticated, Key: keyUnverified}
	}
	return user, nil
}

const keyUnverified = "error.unverified"

// IsUnverified reports SignIn's refusal of whoever has the right password but
// has not yet confirmed the address.
func IsUnverified(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Key == keyUnverified
}

// NoteSignIn writes into the audit log that a session of the actor's begins, and
// by which way.
func (a *App) NoteSignIn(ctx context.Context, actor Actor, way Way) error {
	if !actor.SignedIn() {
		return Unauthenticated()
	}
	event := auditEvent{Action: "session.begin", Kind: "user", Object: actor.UserID()}
	if way != "" {
		event.Detail = map[string]any{"way": way}
	}
	return a.audit(ctx, a.db.Queries, actor, event)
}

// CreateUser makes an account; only site admins and the system may.
// CodeInvalid names the fields email, name, password, quota, language or time_zone.
func (a *App) CreateUser(ctx context.Context, actor Actor, n NewUser) (db.User, error) {
	if err := actor.allow(ManageSite); err != nil {
		return db.User{}, err
	}
	params, err := a.prepareUser(ctx, n)
	if err != nil {
		return db.User{}, err
	}
	if !actor.system {
		params.PolicyRound = neverAsked // the person is, when they sign in
	}
	var user db.User
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if user, err = insertUser(ctx, q, params); err != nil {
			return err
		}
		if user.IsAdmin {
			if err := q.EndFirstRun(ctx); err != nil {
				return fmt.Errorf("end the first run: %w", err)
			}
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "user.create", Kind: "user", Object: user.ID, Subject: user.ID, Detail: map[string]any{
			"name": user.Name, "email": user.Email, "admin": user.IsAdmin,
		}})
	})
	return user, err
}

// prepareUser checks the input, hashes the password and gives the account its id.
func (a *App) prepareUser(ctx context.Context, n NewUser) (db.CreateUserParams, error) {
	fields := map[string]string{}
	email := checkEmail(n.Email, fields)
	name := strings.TrimSpace(n.Name)
	if name != "" {
		checkName(name, fields)
	} else {
		name, _, _ = strings.Cut(email, "@")
	}
	if err := a.judgePassword(ctx, n.Password, fields, email, name); err != nil {
		return db.CreateUserParams{}, err
	}
	lang, zone := n.Language, n.TimeZone
	if lang == "" {
		lang = "en"
	}
	if zone == "" {
		zone = a.defaultZone.String()
	}
	checkLocale(lang, zone, fields)
	if n.Quota != nil && *n.Quota < 0 {
		fields["quota"] = "error.quota_invalid"
	}
	if len(fields) > 0 {
		return db.CreateUserParams{}, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	hash, err := a.passwords.hash(ctx, n.Password)
	if err != nil {
		return db.CreateUserParams{}, err
	}
	quota := n.Quota
	if quota == nil {
		site, err := a.siteSettings(ctx)
		if err != nil {
			return db.CreateUserParams{}, err
		}
		if site.DefaultQuota > 0 {
			quota = &site.DefaultQuota
		}
	}
	return db.CreateUserParams{
		ID: newID(), Email: email, Name: name, PasswordHash: hash, IsAdmin: n.Admin, Language: lang, TimeZone: zone, QuotaBytes: quota,
		Unverified: n.unverified,
	}, nil
}

func insertUser(ctx context.Context, q *db.Queries, params db.CreateUserParams) (db.User, error) {
	user, err := q.CreateUser(ctx, params)
	if db.UniqueViolation(err) == "users_email_key" {
		return db.User{}, Invalid("email", "error.email_taken")
	}
	if err != nil {
		return db.User{}, fmt.Errorf("create an account: %w", err)
	}
	return user, nil
}

// checkEmail returns the address in the one form in which it is stored.
func checkEmail(text string, fields map[string]string) string {
	email := strings.ToLower(strings.TrimSpace(text))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email || len(email) > maxEmailBytes ||
		strings.ContainsFunc(email, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '"' }) {
		fields["email"] = "error.email_invalid"
	}
	return email
}

func checkName(name string, fields map[string]string) {
	if name == "" || utf8.RuneCountInString(name) > maxNameChars || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		fields["name"] = "error.name_invalid"
	}
}

func checkLocale(lang, zone string, fields map[string]string) {
	if _, err := language.Parse(lang); err != nil {
		fields["language"] = "error.language_unknown"
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		fields["time_zone"] = "error.time_zone_unknown"
	}
}

// Settings are what a person chooses for themselves.
type Settings struct {
	Name     string `json:"name"`
	Language string `json:"language"`  // BCP 47 tag
	TimeZone string `json:"time_zone"` // IANA name
	Theme    string `json:"theme"`     // one of Themes
}

func settingsOfUser(u db.User) Settings { return Settings{u.Name, u.Language, u.TimeZone, u.Theme} }

// UpdateSettings stores the actor's own settings and returns the user as it is
// now. After a change of language the actor's items are indexed anew in the
// background. CodeInvalid names the fields name, language, time_zone or theme.
func (a *App) UpdateSettings(ctx context.Context, actor Actor, s Settings) (db.User, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return db.User{}, err
	}
	s.Name = strings.TrimSpace(s.Name)
	fields := map[string]string{}
	checkName(s.Name, fields)
	checkLocale(s.Language, s.TimeZone, fields)
	if !slices.Contains(Themes(), s.Theme) {
		fields["theme"] = "error.theme_unknown"
	}
	if len(fields) > 0 {
		return db.User{}, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	var user db.User
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		before, err := q.LockUser(ctx, actor.UserID())
		if err != nil {
			return fmt.Errorf("load the settings: %w", err)
		}
		user, err = q.SetUserSettings(ctx, db.SetUserSettingsParams{
			ID: actor.UserID(), Name: s.Name, Language: s.Language, TimeZone: s.TimeZone, Theme: s.Theme,
		})
		if err != nil {
			return fmt.Errorf("store settings: %w", err)
		}
		was, is, err := changes(settingsOfUser(before), settingsOfUser(user))
		if err == nil && len(is) > 0 {
			err = a.audit(ctx, q, actor, auditEvent{
				Action: "user.update", Kind: "user", Object: user.ID, Detail: map[string]any{"before": was, "after": is},
			})
		}
		if err != nil {
			return err
		}
		err = q.AddReindex(ctx, db.AddReindexParams{UserID: user.ID, Asked: a.now(), Was: before.Language, IsNow: user.Language})
		if err != nil {
			return fmt.Errorf("note that the items are to be indexed anew: %w", err)
		}
		return nil
	})
	return user, err
}

// SetTheme stores the actor's theme alone.
func (a *App) SetTheme(ctx context.Context, actor Actor, theme string) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	if !slices.Contains(Themes(), theme) {
		return Invalid("theme", "error.theme_unknown")
	}
	if err := a.db.SetUserTheme(ctx, db.SetUserThemeParams{ID: actor.UserID(), Theme: theme}); err != nil {
		return fmt.Errorf("store the theme: %w", err)
	}
	return nil
}

// Me returns the actor's own account; any scope will do, since it says what
// the token can be used for.
func (a *App) Me(ctx context.Context, actor Actor) (db.User, error) {
	if !actor.SignedIn() {
		return db.User{}, &Error{Code: CodeUnauthenticated, Key: "error.unauthenticated"}
	}
	u, err := a.db.UserByID(ctx, actor.UserID())
	if err != nil {
		return db.User{}, fmt.Errorf("load user %s: %w", actor.UserID(), err)
	}
	return u, nil
}
