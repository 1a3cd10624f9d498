package app

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/i18n"
)

const (
	// InvitationDays is how long an invitation holds when nobody says otherwise.
	InvitationDays = 14
	// MaxInvitationDays is the longest that it may hold.
	MaxInvitationDays = 90
	// maxInvitationMessage is the length of the inviter's words, in characters.
	maxInvitationMessage = 1000
	// invitesPerDay is how many mails of invitation one person may cause; those
	// who manage the site may cause more.
	invitesPerDay      = 100
	adminInvitesPerDay = 1000
)

// NewInvitation says who is invited, and to what.
type NewInvitation struct {
	Email    string
	Album    uuid.UUID    // zero: to the site
	Role     db.AlbumRole // on the album: viewer, contributor or admin; empty for the site
	Groups   []uuid.UUID  // of the site, which whoever accepts joins; only without an album
	Message  string       // the inviter's own words, may be empty
	Language string       // of the mail; empty: that of the site
	Days     int          // how long it holds; 0: InvitationDays
}

// Invitation is one that was neither accepted nor taken back.
type Invitation struct {
	ID          uuid.UUID
	Email       string
	Album       uuid.UUID // zero: to the site
	AlbumTitle  string
	Role        db.AlbumRole
	Groups      []string
	InviterID   uuid.UUID
	InviterName string
	Message     string
	CreatedAt   time.Time
	SentAt      time.Time // the last mail
	Sends       int
	ExpiresAt   time.Time
	Expired     bool
}

// Invite sends an invitation by mail. Into an album: whoever may share it, with
// a role not above their own. To the site: administrators. An open invitation
// of the same address to the same album is replaced. Whether the address has an
// account makes no difference to the answer or to the work; where only
// administrators may invite people without one, the mail is held back later.
//
// CodeInvalid names the fields email, role, message, days, groups or language;
// CodeForbidden: the role is above one's own; CodeRateLimited: too many today.
func (a *App) Invite(ctx context.Context, actor Actor, n NewInvitation) (Invitation, error) {
	invitation, err := a.invite(ctx, actor, n, false)
	if err != nil {
		return Invitation{}, err
	}
	a.pushMail(ctx)
	return invitation, nil
}

func (a *App) invite(ctx context.Context, actor Actor, n NewInvitation, bulk bool) (Invitation, error) {
	inviter, ok := actor.User()
	if !ok {
		return Invitation{}, Unauthenticated()
	}
	album, _, err := a.mayInvite(ctx, a.db.Queries, actor, n.Album, n.Role)
	if err != nil {
		return Invitation{}, err
	}
	fields := map[string]string{}
	n.Email = checkEmail(n.Email, fields)
	n.check(fields)
	if n.Email == inviter.Email {
		fields["email"] = "error.invite_self"
	}
	if len(fields) > 0 {
		return Invitation{}, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	if err := a.limitInvites(ctx, actor); err != nil {
		return Invitation{}, err
	}
	now := a.now()
	token := newInvitationToken()
	row := db.Invitation{
		ID: newID(), Email: n.Email, InviterID: inviter.ID, AlbumID: refOf(n.Album), Message: n.Message, Language: n.Language,
		TokenHash: hashSecret(token), CreatedAt: now, SentAt: now, Sends: 1, ExpiresAt: now.AddDate(0, 0, n.Days),
	}
	if n.Album != uuid.Nil {
		row.Role = &n.Role
	}
	var groups []string
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		// Once more, now that the row is written together with the right to it.
		if album, _, err = a.mayInvite(ctx, q, actor, n.Album, n.Role); err != nil {
			return err
		}
		if groups, err = groupNames(ctx, q, n.Groups); err != nil {
			return err
		}
		return a.storeInvitation(ctx, q, actor, row, n.Groups, groups, album.Title, token, bulk)
	})
	if err != nil {
		return Invitation{}, err
	}
	return a.shownInvitation(row, inviter.Name, album.Title, groups), nil
}

// mayInvite loads the album, the zero one for the site, when the actor may
// invite people to it with this role.
func (a *App) mayInvite(ctx context.Context, q *db.Queries, actor Actor, id uuid.UUID, role db.AlbumRole) (db.Album, Role, error) {
	if id == uuid.Nil {
		return db.Album{}, RoleNone, actor.allow(ManageSite)
	}
	album, own, err := authorizeAlbum(ctx, q, actor, ShareAlbum, id)
	if err != nil {
		return db.Album{}, own, err
	}
	wanted := roleOf(string(role))
	if wanted < RoleViewer || wanted > RoleAdmin {
		return album, own, Invalid("role", "error.role_unknown")
	}
	if wanted > own {
		return album, own, &Error{Code: CodeForbidden, Key: "error.invite_above"}
	}
	return album, own, nil
}

// check completes the input and says what is wrong with it.
func (n *NewInvitation) check(fields map[string]string) {
	n.Message = strings.TrimSpace(strings.ReplaceAll(n.Message, "\r\n", "\n"))
	if utf8.RuneCountInString(n.Message) > maxInvitationMessage || !utf8.ValidString(n.Message) ||
		strings.ContainsFunc(n.Message, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		fields["message"] = "error.invite_message"
	}
	if n.Days == 0 {
		n.Days = InvitationDays
	}
	if n.Days < 1 || n.Days > MaxInvitationDays {
		fields["days"] = "error.invite_days"
	}
	if n.Language != "" {
		checkLocale(n.Language, "UTC", fields)
	}
	if n.Album != uuid.Nil && len(n.Groups) > 0 || n.Album == uuid.Nil && n.Role != "" {
		fields["groups"] = "error.invite_groups"
	}
}

// limitInvites keeps one account from being used to send mails to the world.
func (a *App) limitInvites(ctx context.Context, actor Actor) error {
	if a.attempts == nil { // only the web process has people who could
		return nil
	}
	most := invitesPerDay
	if actor.IsAdmin() {
		most = adminInvitesPerDay
	}
	return a.attempts.Take(ctx, Limit{"invite " + actor.UserID().String(), most, 24 * time.Hour})
}

// newInvitationToken has 160 bits; only its hash is stored.
func newInvitationToken() string { return randomText(20) }

func groupNames(ctx context.Context, q *db.Queries, ids []uuid.UUID) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := q.GroupsByID(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("load the groups of an invitation: %w", err)
	}
	found := map[uuid.UUID]bool{}
	var names []string
	for _, r := range rows {
		found[r.ID] = true
		names = append(names, r.Name)
	}
	for _, id := range ids {
		if !found[id] {
			return nil, Invalid("groups", "error.group_unknown")
		}
	}
	return names, nil
}

func (a *App) storeInvitation(ctx context.Context, q *db.Queries, actor Actor, row db.Invitation, groups []uuid.UUID, names []string, title, token string, bulk bool) error {
	err := q.ReplaceInvitations(ctx, db.ReplaceInvitationsParams{Now: row.CreatedAt, Email: row.Email, AlbumID: row.AlbumID})
	if err != nil {
		return fmt.Errorf("replace an open invitation: %w", err)
	}
	err = q.AddInvitation(ctx, db.AddInvitationParams{
		ID: row.ID, Email: row.Email, InviterID: row.InviterID, AlbumID: row.AlbumID, Role: row.Role, Message: row.Message,
		Language: row.Language, TokenHash: row.TokenHash, Now: row.CreatedAt, ExpiresAt: row.ExpiresAt,
	})
	if db.UniqueViolation(err) != "" {
		return &Error{Code: CodeConflict, Key: "error.changed_meanwhile"} // somebody invites the same address right now
	}
	if err != nil {
		return fmt.Errorf("store an invitation: %w", err)
	}
	for _, id := range groups {
		if err := q.AddInvitationGroup(ctx, db.AddInvitationGroupParams{InvitationID: row.ID, GroupID: id}); err != nil {
			return fmt.Errorf("store the groups of an invitation: %w", err)
		}
	}
	if err := a.auditInvitation(ctx, q, actor, "invitation.create", row, title, names, uuid.Nil); err != nil {
		return err
	}
	inviter, _ := actor.User()
	return a.mailInvitation(ctx, q, row, inviter, title, token, bulk)
}

// mailInvitation queues the mail with the token; nothing else has it.
func (a *App) mailInvitation(ctx context.Context, q *db.Queries, row db.Invitation, inviter db.User, title, token string, bulk bool) error {
	// Looked up for everybody, so that it takes as long for addresses without an account.
	user, err := q.UserByEmail(ctx, row.Email)
	if err != nil && !db.IsNotFound(err) {
		return fmt.Errorf("look up an account: %w", err)
	}
	lang := row.Language
	if lang == "" {
		lang = user.Language
	}
	if lang == "" {
		lang = a.mail.Language
	}
	if lang == "" {
		lang = "en"
	}
	reader := i18n.With(ctx, i18n.Match(lang, "", a.defaultZone))
	m := Mail{
		To: row.Email, UserID: user.ID, By: inviter.ID, Invitation: row.ID, Template: "invitation_site", Language: lang, Bulk: bulk,
		Data: map[string]string{
			"Inviter": inviter.Name, "Message": row.Message, "InvitationLink": a.link("invitations", token),
			"Expires": i18n.Date(reader, row.ExpiresAt),
		},
	}
	if row.AlbumID != nil {
		m.Template, m.Album = "invitation_album", *row.AlbumID
		m.Data["Album"], m.Data["Can"] = title, i18n.T(reader, canMessages[invitedRole(row)])
	}
	return a.queueMail(ctx, q, m)
}

// canMessages say what a role lets one do, as part of a sentence.
var canMessages = map[db.AlbumRole]string{
	db.AlbumRoleViewer: "invitation.can_viewer", db.AlbumRoleContributor: "invitation.can_contributor", db.AlbumRoleAdmin: "invitation.can_admin",
}

func (a *App) auditInvitation(ctx context.Context, q *db.Queries, actor Actor, action AuditAction, row db.Invitation, title string, groups []string, subject uuid.UUID) error {
	detail := map[string]any{"email": row.Email}
	if row.AlbumID != nil {
		detail["album_id"], detail["album"], detail["role"] = row.AlbumID.String(), title, string(invitedRole(row))
	}
	if len(groups) > 0 {
		detail["groups"] = groups
	}
	return a.audit(ctx, q, actor, auditEvent{Action: action, Kind: "invitation", Object: row.ID, Subject: subject, Detail: detail})
}

func (a *App) shownInvitation(row db.Invitation, inviter, title string, groups []string) Invitation {
	i := Invitation{
		ID: row.ID, Email: row.Email, AlbumTitle: title, Role: invitedRole(row), Groups: groups, InviterID: row.InviterID, InviterName: inviter,
		Message: row.Message, CreatedAt: row.CreatedAt, SentAt: row.SentAt, Sends: int(row.Sends), ExpiresAt: row.ExpiresAt,
		Expired: !a.now().Before(row.ExpiresAt),
	}
	if row.AlbumID != nil {
		i.Album = *row.AlbumID
	}
	return i
}

// invitedRole is the role on the album, empty for the site.
func invitedRole(row db.Invitation) db.AlbumRole {
	if row.Role == nil {
		return ""
	}
	return *row.Role
}
