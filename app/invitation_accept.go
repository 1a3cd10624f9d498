package app

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// InvitationOffer is an invitation as the holder of its token sees it.
type InvitationOffer struct {
	Email      string // to which it is bound
	Inviter    string
	Album      uuid.UUID // zero: to the site
	AlbumTitle string
	Role       db.AlbumRole
	Message    string
	ExpiresAt  time.Time
	HasAccount bool // whoever accepts signs in; otherwise they sign up
	Mine       bool // the actor is that account
	Taken      bool // the actor has accepted it already
}

// NewInvited is what somebody without an account says to accept.
type NewInvited struct {
	Name     string
	Password string
	Language string // BCP 47 tag
	TimeZone string // IANA name
	Consent  Consent
}

// Invitation returns what the token stands for. CodeNotFound when it is none,
// or no longer: accepted by somebody, taken back, expired, or void because its
// inviter has lost the right to it.
func (a *App) Invitation(ctx context.Context, actor Actor, token string) (InvitationOffer, error) {
	row, err := a.db.InvitationByToken(ctx, hashSecret(token))
	if db.IsNotFound(err) {
		return InvitationOffer{}, NotFound("invitation")
	}
	if err != nil {
		return InvitationOffer{}, fmt.Errorf("load an invitation: %w", err)
	}
	own := row.AcceptedBy != nil && *row.AcceptedBy == actor.UserID()
	if !own && !a.isOpen(row) {
		return InvitationOffer{}, NotFound("invitation")
	}
	offer := InvitationOffer{Email: row.Email, Role: invitedRole(row), Message: row.Message, ExpiresAt: row.ExpiresAt, Taken: own, Mine: own, HasAccount: own}
	if row.AlbumID != nil {
		offer.Album = *row.AlbumID
	}
	if own {
		return offer, nil
	}
	inviter, album, err := a.standingInvitation(ctx, a.db.Queries, row)
	if err != nil {
		return InvitationOffer{}, err
	}
	offer.Inviter, offer.AlbumTitle = inviter.Name, album.Title
	account, err := a.db.UserByEmail(ctx, row.Email)
	if err != nil && !db.IsNotFound(err) {
		return InvitationOffer{}, fmt.Errorf("look up an account: %w", err)
	}
	if err == nil {
		offer.HasAccount, offer.Mine = true, account.ID == actor.UserID()
		return offer, nil
	}
	return offer, a.mayInviteStrangers(ctx, a.db.Queries, inviter)
}

func (a *App) isOpen(row db.Invitation) bool {
	return row.AcceptedAt == nil && row.RevokedAt == nil && a.now().Before(row.ExpiresAt)
}

// standingInvitation asks whether the inviter may still invite to this; the
// album is the zero one for the site. CodeNotFound when not: it is void.
func (a *App) standingInvitation(ctx context.Context, q *db.Queries, row db.Invitation) (db.User, db.Album, error) {
	inviter, err := q.UserByID(ctx, row.InviterID)
	if err != nil {
		return db.User{}, db.Album{}, fmt.Errorf("load the inviter: %w", err)
	}
	id := uuid.Nil
	if row.AlbumID != nil {
		id = *row.AlbumID
	}
	// A suspended inviter becomes nobody here. Trashed albums refuse to be shared.
	album, _, err := a.mayInvite(ctx, q, UserActor(inviter), id, invitedRole(row))
	switch CodeOf(err) {
	case CodeNotFound, CodeForbidden, CodeConflict, CodeUnauthenticated:
		return inviter, db.Album{}, NotFound("invitation")
	}
	if err != nil {
		return inviter, db.Album{}, fmt.Errorf("ask whether an invitation stands: %w", err)
	}
	return inviter, album, nil
}

// mayInviteStrangers says whether the inviter may bring in people who have no
// account: CodeNotFound when not.
func (a *App) mayInviteStrangers(ctx context.Context, q *db.Queries, inviter db.User) error {
	site, err := readSiteSettings(ctx, q)
	if err != nil {
		return err
	}
	if site.Inviters != InvitersMembers && !inviter.IsAdmin {
		return NotFound("invitation")
	}
	return nil
}

// AcceptInvitation takes the invitation up for the actor's account, and returns
// the album, the zero UUID for the site. Of several who try at once one
// succeeds. Accepting twice is no error. CodeNotFound as of Invitation;
// CodeForbidden when it is bound to another address, which Args["Email"] names:
// whoever holds the token may know it.
func (a *App) AcceptInvitation(ctx context.Context, actor Actor, token string) (uuid.UUID, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return uuid.Nil, err
	}
	user, ok := actor.User()
	if !ok {
		return uuid.Nil, Unauthenticated()
	}
	album := uuid.Nil
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := a.lockInvitation(ctx, q, token)
		if err != nil {
			return err
		}
		if row.AlbumID != nil {
			album = *row.AlbumID
		}
		if row.AcceptedBy != nil && *row.AcceptedBy == user.ID {
			return nil
		}
		if !a.isOpen(row) {
			return NotFound("invitation")
		}
		// As it is now: the address may have been changed since the sign-in.
		current, err := q.UserByID(ctx, user.ID)
		if err != nil {
			return fmt.Errorf("load the account of who accepts: %w", err)
		}
		if current.Email != row.Email {
			return &Error{Code: CodeForbidden, Key: "error.invitation_address", Args: map[string]any{"Email": row.Email}}
		}
		return a.takeInvitation(ctx, q, actor, row, current)
	})
	if err != nil {
		return uuid.Nil, err
	}
	return album, nil
}

// AcceptInvitationAsNew makes the account for the invited address and takes the
// invitation up, also where nobody may sign up by themselves. It needs no actor:
// the token is what allows it. CodeNotFound as of Invitation, CodeInvalid names
// the fields name, password, language or time_zone; CodeConflict when the
// address has got an account meanwhile: sign in then.
func (a *App) AcceptInvitationAsNew(ctx context.Context, token string, n NewInvited, from netip.Addr) (db.User, uuid.UUID, error) {
	offer, err := a.Invitation(ctx, Actor{}, token)
	if err != nil {
		return db.User{}, uuid.Nil, err
	}
	if offer.HasAccount {
		return db.User{}, uuid.Nil, &Error{Code: CodeConflict, Key: "error.invitation_account"}
	}
	if a.attempts != nil { // hashing passwords is work
		if err := a.attempts.Take(ctx, Limit{"accept invitation " + origin(from), 60, signInWindow}); err != nil {
			return db.User{}, uuid.Nil, err
		}
	}
	fields := map[string]string{}
	checkName(n.Name, fields)
	if len(fields) > 0 {
		return db.User{}, uuid.Nil, &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	params, err := a.prepareUser(ctx, NewUser{Email: offer.Email, Name: n.Name, Password: n.Password, Language: n.Language, TimeZone: n.TimeZone})
	if err != nil {
		return db.User{}, uuid.Nil, err
	}
	var user db.User
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, err := a.lockInvitation(ctx, q, token)
		if err != nil {
			return err
		}
		if !a.isOpen(row) {
			return NotFound("invitation")
		}
		inviter, _, err := a.standingInvitation(ctx, q, row)
		if err != nil {
			return err
		}
		if err := a.mayInviteStrangers(ctx, q, inviter); err != nil {
			return err
		}
		if user, err = insertUser(ctx, q, params); CodeOf(err) == CodeInvalid {
			return &Error{Code: CodeConflict, Key: "error.invitation_account"}
		} else if err != nil {
			return err
		}
		agreed, err := checkConsent(ctx, q, n.Consent)
		if err != nil {
			return err
		}
		if err := a.recordConsent(ctx, q, UserActor(user), user, agreed); err != nil {
			return err
		}
		return a.takeInvitation(ctx, q, UserActor(user), row, user)
	})
	if err != nil {
		return db.User{}, uuid.Nil, err
	}
	return user, offer.Album, nil
}

func (a *App) lockInvitation(ctx context.Context, q *db.Queries, token string) (db.Invitation, error) {
	row, err := q.LockInvitationByToken(ctx, hashSecret(token))
	if db.IsNotFound(err) {
		return db.Invitation{}, NotFound("invitation")
	}
	if err != nil {
		return db.Invitation{}, fmt.Errorf("lock an invitation: %w", err)
	}
	return row, nil
}

// takeInvitation gives the user what the invitation offers, and nothing else:
// one grant on one album, or the groups. The row is locked.
func (a *App) takeInvitation(ctx context.Context, q *db.Queries, actor Actor, row db.Invitation, user db.User) error {
	inviter, album, err := a.standingInvitation(ctx, q, row)
	if err != nil {
		return err
	}
	if row.AlbumID != nil && album.OwnerID != user.ID {
		_, err := q.GrantByInvitation(ctx, db.GrantByInvitationParams{
			ID: newID(), AlbumID: album.ID, UserID: user.ID, Role: invitedRole(row), GrantedBy: inviter.ID, Now: a.now(),
		})
		if err != nil {
			return fmt.Errorf("grant what an invitation offers: %w", err)
		}
	}
	groups, err := q.InvitationGroups(ctx, row.ID)
	if err != nil {
		return fmt.Errorf("list the groups of an invitation: %w", err)
	}
	for _, id := range groups {
		if err := q.JoinGroup(ctx, db.JoinGroupParams{GroupID: id, UserID: user.ID}); err != nil {
			return fmt.Errorf("join a group by an invitation: %w", err)
		}
	}
	if err := q.AcceptInvitation(ctx, db.AcceptInvitationParams{ID: row.ID, AcceptedBy: user.ID, Now: a.now()}); err != nil {
		return fmt.Errorf("accept an invitation: %w", err)
	}
	names, err := groupNames(ctx, q, groups)
	if err != nil {
		return err
	}
	return a.auditInvitation(ctx, q, actor, "invitation.accept", row, album.Title, names, inviter.ID)
}
