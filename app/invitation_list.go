package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// InvitationsQuery asks for open invitations.
type InvitationsQuery struct {
	Album      uuid.UUID // of one album; zero: see Everywhere
	Everywhere bool      // all of the site, into albums too; without it and Album: those to the site alone
	Cursor     string    // of InvitationPage.Next
	Limit      int       // 0: 50; at most 200
}

// InvitationPage is a page of open invitations, newest first.
type InvitationPage struct {
	Items []Invitation
	Next  string // empty at the end
}

// Invitations lists those that were neither accepted nor taken back, expired
// ones included. Those into an album: whoever may share it; all others: site
// administrators.
func (a *App) Invitations(ctx context.Context, actor Actor, query InvitationsQuery) (InvitationPage, error) {
	if query.Album == uuid.Nil {
		if err := actor.allow(ManageSite); err != nil {
			return InvitationPage{}, err
		}
	} else if _, _, err := a.authorizeAlbum(ctx, actor, ShareAlbum, query.Album); err != nil {
		return InvitationPage{}, err
	}
	before, err := idCursor(query.Cursor)
	if err != nil {
		return InvitationPage{}, err
	}
	limit := pageLimit(query.Limit)
	rows, err := a.db.OpenInvitations(ctx, db.OpenInvitationsParams{
		Before: before, AlbumID: refOf(query.Album), Everywhere: query.Everywhere && query.Album == uuid.Nil, N: int32(limit) + 1,
	})
	if err != nil {
		return InvitationPage{}, fmt.Errorf("list the open invitations: %w", err)
	}
	var page InvitationPage
	for i, r := range rows {
		if i == limit {
			page.Next = rows[limit-1].Invitation.ID.String()
			break
		}
		page.Items = append(page.Items, a.shownInvitation(r.Invitation, r.InviterName, r.AlbumTitle, r.GroupNames))
	}
	return page, nil
}

// idCursor reads a cursor that is the id of the last row of a page that goes
// from new to old; empty: from the newest on.
func idCursor(text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Max, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, Invalid("cursor", "page.cursor_bad")
	}
	return id, nil
}

// pageLimit is how many rows a page has: 50 when nobody asks, at most 200.
func pageLimit(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, 200)
}

// ResendInvitation sends the mail once more, with a new token: the one before
// is worth nothing from then on. It holds as long again as it did at first.
// Allowed is what Invite allows. CodeNotFound when it is no longer open;
// CodeConflict when it would be worth nothing, because its inviter has lost the
// right to it.
func (a *App) ResendInvitation(ctx context.Context, actor Actor, id uuid.UUID) (Invitation, error) {
	if _, ok := actor.User(); !ok {
		return Invitation{}, Unauthenticated()
	}
	// Who may not touch it learns nothing, and uses up none of the limit.
	if _, _, err := a.openInvitation(ctx, a.db.Queries, actor, id, false); err != nil {
		return Invitation{}, err
	}
	if err := a.limitInvites(ctx, actor); err != nil {
		return Invitation{}, err
	}
	var shown Invitation
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, album, err := a.openInvitation(ctx, q, actor, id, true)
		if err != nil {
			return err
		}
		inviter, _, err := a.standingInvitation(ctx, q, row)
		if CodeOf(err) == CodeNotFound {
			return &Error{Code: CodeConflict, Key: "error.invite_void"}
		}
		if err != nil {
			return err
		}
		if err := q.DropInvitationMails(ctx, id); err != nil {
			return fmt.Errorf("drop the mails of an invitation: %w", err)
		}
		token, life := newInvitationToken(), row.ExpiresAt.Sub(row.SentAt)
		row, err = q.RenewInvitation(ctx, db.RenewInvitationParams{ID: id, TokenHash: hashSecret(token), Now: a.now(), ExpiresAt: a.now().Add(max(life, 24*time.Hour))})
		if err != nil {
			return fmt.Errorf("renew an invitation: %w", err)
		}
		if err := a.auditInvitation(ctx, q, actor, "invitation.resend", row, album.Title, nil, uuid.Nil); err != nil {
			return err
		}
		shown = a.shownInvitation(row, inviter.Name, album.Title, nil)
		// In the name of whoever invited: that is who the recipient knows.
		return a.mailInvitation(ctx, q, row, inviter, album.Title, token, false)
	})
	if err != nil {
		return Invitation{}, err
	}
	a.pushMail(ctx)
	return shown, nil
}

// RevokeInvitation takes an open invitation back; its token is worth nothing
// from then on, and a mail that has not left yet is not sent. Allowed is what
// Invite allows, and everybody may take back their own. CodeNotFound when it is
// no longer open.
func (a *App) RevokeInvitation(ctx context.Context, actor Actor, id uuid.UUID) error {
	if _, ok := actor.User(); !ok {
		return Unauthenticated()
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		row, album, err := a.openInvitation(ctx, q, actor, id, true)
		if err != nil {
			return err
		}
		if err := q.RevokeInvitation(ctx, db.RevokeInvitationParams{ID: id, Now: a.now()}); err != nil {
			return fmt.Errorf("take an invitation back: %w", err)
		}
		if err := q.DropInvitationMails(ctx, id); err != nil {
			return fmt.Errorf("drop the mails of an invitation: %w", err)
		}
		return a.auditInvitation(ctx, q, actor, "invitation.revoke", row, album.Title, nil, uuid.Nil)
	})
}

// openInvitation loads an open invitation that the actor may resend and take
// back: of an album that they may share, or of the site that they manage.
func (a *App) openInvitation(ctx context.Context, q *db.Queries, actor Actor, id uuid.UUID, lock bool) (db.Invitation, db.Album, error) {
	load := q.InvitationByID
	if lock {
		load = q.LockInvitation
	}
	row, err := load(ctx, id)
	if err != nil && !db.IsNotFound(err) {
		return db.Invitation{}, db.Album{}, fmt.Errorf("load an invitation: %w", err)
	}
	if err != nil || row.AcceptedAt != nil || row.RevokedAt != nil {
		return db.Invitation{}, db.Album{}, NotFound("invitation")
	}
	if row.AlbumID == nil {
		if err := actor.allow(ManageSite); err != nil {
			return db.Invitation{}, db.Album{}, hidden(err)
		}
		return row, db.Album{}, nil
	}
	album, own, err := authorizeAlbum(ctx, q, actor, ShareAlbum, *row.AlbumID)
	switch {
	case err != nil && CodeOf(hidden(err)) == CodeNotFound && actor.allow(ManageSite) == nil:
		// Administrators of the site see every open invitation, and end any.
		if album, err = q.InvitationAlbum(ctx, row.ID); err != nil {
			return db.Invitation{}, db.Album{}, fmt.Errorf("load the album of an invitation: %w", err)
		}
		return row, album, nil
	case err != nil:
		return db.Invitation{}, db.Album{}, hidden(err)
	case roleOf(string(invitedRole(row))) > own:
		return db.Invitation{}, db.Album{}, &Error{Code: CodeForbidden, Key: "error.invite_above"}
	}
	return row, album, nil
}

// hidden makes "not yours to see", "no such page" and "no such album" one answer.
func hidden(err error) error {
	var refused *Error
	if errors.As(err, &refused) && (refused.Code == CodeNotFound || refused.Key == "error.forbidden") {
		return NotFound("invitation")
	}
	return err
}

// InvitesStrangers reports whether the actor's invitations reach people who have
// no account: a setting of the site, which says nothing of anybody. Whoever is
// signed in may ask.
func (a *App) InvitesStrangers(ctx context.Context, actor Actor) (bool, error) {
	user, ok := actor.User()
	if !ok {
		return false, Unauthenticated()
	}
	site, err := a.siteSettings(ctx)
	if err != nil {
		return false, err
	}
	return site.Inviters == InvitersMembers || user.IsAdmin, nil
}

// InvitationGroup is a group that an invitation to the site may lead into.
type InvitationGroup struct {
	ID   uuid.UUID
	Name string
}

// InvitationGroups lists them by name. Only site admins may.
func (a *App) InvitationGroups(ctx context.Context, actor Actor) ([]InvitationGroup, error) {
	if err := actor.allow(ManageSite); err != nil {
		return nil, err
	}
	rows, err := a.db.AllGroupNames(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the groups: %w", err)
	}
	out := make([]InvitationGroup, len(rows))
	for i, r := range rows {
		out[i] = InvitationGroup{r.ID, r.Name}
	}
	return out, nil
}
