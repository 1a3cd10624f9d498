package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/i18n"
)

// memberMails is the text of the mail about each change.
var memberMails = map[AuditAction]string{
	"member.add": "member_added", "member.change": "member_changed", "member.remove": "member_removed", "album.transfer": "album_transferred",
}

// mailMembers tells those whom a change concerns, but not who did it, where the
// site is set to. Of a group, everybody hears.
func (a *App) mailMembers(ctx context.Context, q *db.Queries, actor Actor, action AuditAction, al db.Album, g db.AlbumGrant, role string) error {
	site, err := readSiteSettings(ctx, q)
	if err != nil || !site.MailOnChange || memberMails[action] == "" {
		return err
	}
	if g.UserID != nil {
		user, err := userForChange(ctx, q, *g.UserID)
		if err != nil {
			return err
		}
		return a.mailMember(ctx, q, actor, action, al, user, "", role)
	}
	group, err := q.GroupByID(ctx, *g.GroupID)
	if err != nil {
		return fmt.Errorf("load a group: %w", err)
	}
	for after := ""; ; {
		members, err := q.GroupMembers(ctx, db.GroupMembersParams{GroupID: group.ID, After: after, N: MaxPageSize})
		if err != nil {
			return fmt.Errorf("list the members of a group: %w", err)
		}
		for _, user := range members {
			if err := a.mailMember(ctx, q, actor, action, al, user, group.Name, role); err != nil {
				return err
			}
		}
		if len(members) < MaxPageSize {
			return nil
		}
		after = strings.ToLower(members[len(members)-1].Email)
	}
}

// mailMember tells one person. role is what the change gave; after a removal,
// the mail says what the person still is.
func (a *App) mailMember(ctx context.Context, q *db.Queries, actor Actor, action AuditAction, al db.Album, user db.User, group, role string) error {
	by, known := actor.User()
	if !known || user.ID == by.ID || user.SuspendedAt != nil || user.ID == al.OwnerID && action != "album.transfer" {
		return nil
	}
	reader := i18n.With(ctx, i18n.Match(user.Language, "", a.defaultZone))
	data := map[string]string{"By": by.Name, "Album": al.Title}
	if action != "member.remove" {
		data["Link"] = a.link("albums", al.ID.String())
	}
	switch action {
	case "member.add", "member.change":
		data["Can"], data["Group"] = i18n.T(reader, canMessages[db.AlbumRole(role)]), group
	case "member.remove":
		left, err := q.RoleOfUser(ctx, db.RoleOfUserParams{AlbumID: al.ID, UserID: user.ID})
		if err != nil {
			return fmt.Errorf("look up what a person still is: %w", err)
		}
		data["Group"], data["Still"] = group, ""
		if key := canMessages[db.AlbumRole(left)]; key != "" {
			data["Still"] = i18n.T(reader, key)
		}
	}
	return a.queueMail(ctx, q, Mail{
		To: user.Email, UserID: user.ID, By: by.ID, Album: mailedAlbum(action, al), Template: memberMails[action], Data: data, Bulk: group != "",
	})
}

// mailedAlbum is the album whose cover a mail shows: none for who was removed.
func mailedAlbum(action AuditAction, al db.Album) uuid.UUID {
	if action == "member.remove" {
		return uuid.Nil
	}
	return al.ID
}

// inviteMember invites an address without an account, within the transaction
// that would have added the person: the same answer after the same work.
func (a *App) inviteMember(ctx context.Context, q *db.Queries, actor Actor, al db.Album, email string, role db.AlbumRole) error {
	inviter, ok := actor.User()
	if !ok {
		return NotFound("user") // Albumen itself invites nobody
	}
	n, fields := NewInvitation{Email: email, Album: al.ID, Role: role}, map[string]string{}
	if n.check(fields); len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	now, token := a.now(), newInvitationToken()
	return a.storeInvitation(ctx, q, actor, db.Invitation{
		ID: newID(), Email: email, InviterID: inviter.ID, AlbumID: &al.ID, Role: &role, TokenHash: hashSecret(token),
		CreatedAt: now, SentAt: now, Sends: 1, ExpiresAt: now.AddDate(0, 0, n.Days),
	}, nil, nil, al.Title, token, false)
}
