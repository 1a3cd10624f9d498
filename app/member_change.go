package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// NewMember says to whom an album is to be opened: to an address or to a group.
type NewMember struct {
	Email   string
	GroupID uuid.UUID
	Role    db.AlbumRole // viewer, contributor or admin
}

// AddMember grants a role on an album to a group or to the person with that
// address, where the actor sees that person's address already: site admins do,
// and admins of another album in which the person is. Everybody else is invited
// by mail, whether they have an account or not, and becomes a member by
// accepting: nothing tells which addresses have one, nor do answer and work. All
// count against the limit of invitations. A group must be one of the actor's
// own; site admins may name any.
//
// CodeInvalid names the fields email or role; CodeConflict: the person or group
// is a member already, the owner, or oneself; CodeRateLimited: too many
// addresses today.
func (a *App) AddMember(ctx context.Context, actor Actor, album uuid.UUID, n NewMember) error {
	fields := map[string]string{}
	var email string
	if n.GroupID == uuid.Nil {
		email = checkEmail(n.Email, fields)
	}
	checkRole(n.Role, fields)
	// What is wrong with the input is no news for one who may not share the album.
	if _, _, err := a.authorizeAlbum(ctx, actor, ShareAlbum, album); err != nil {
		return err
	}
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	if n.GroupID == uuid.Nil {
		if err := a.limitInvites(ctx, actor); err != nil {
			return err
		}
	}
	err := a.changeMembers(ctx, actor, ShareAlbum, album, func(q *db.Queries, al db.Album, role Role) error {
		if roleOf(string(n.Role)) > role {
			return &Error{Code: CodeForbidden, Key: "error.member_above"}
		}
		if n.GroupID != uuid.Nil {
			return a.addGroup(ctx, q, actor, al, n)
		}
		return a.addPerson(ctx, q, actor, al, email, n.Role)
	})
	return a.mailed(ctx, err)
}

// mailed wakes a worker for the mails of what was done, unless it failed.
func (a *App) mailed(ctx context.Context, err error) error {
	if err == nil {
		a.pushMail(ctx)
	}
	return err
}

func (a *App) addPerson(ctx context.Context, q *db.Queries, actor Actor, al db.Album, email string, role db.AlbumRole) error {
	// All is looked up for everybody, so that it takes as long where there is no account.
	user, err := q.UserByEmail(ctx, email)
	if err != nil && !db.IsNotFound(err) {
		return fmt.Errorf("look up an account: %w", err)
	}
	_, err = q.GrantOfUser(ctx, db.GrantOfUserParams{AlbumID: al.ID, UserID: user.ID})
	member := err == nil
	if err != nil && !db.IsNotFound(err) {
		return fmt.Errorf("look for a grant: %w", err)
	}
	seen, err := q.SeesAddressOf(ctx, db.SeesAddressOfParams{ViewerID: actor.UserID(), UserID: user.ID})
	if err != nil {
		return fmt.Errorf("ask whether an address is known: %w", err)
	}
	switch {
	case user.ID == al.OwnerID:
		return &Error{Code: CodeConflict, Key: "error.member_owner"}
	case user.ID == actor.UserID() && user.ID != uuid.Nil:
		return &Error{Code: CodeConflict, Key: "error.member_self"}
	case member:
		return &Error{Code: CodeConflict, Key: "error.member_already"}
	case user.ID == uuid.Nil, !seen && !actor.IsAdmin():
		return a.inviteMember(ctx, q, actor, al, email, role)
	}
	err = q.ReplaceInvitations(ctx, db.ReplaceInvitationsParams{Now: a.now(), Email: email, AlbumID: &al.ID})
	if err != nil {
		return fmt.Errorf("end the open invitations of a member: %w", err)
	}
	return a.addGrant(ctx, q, actor, al, db.AddGrantParams{UserID: &user.ID, Role: role}, user.Name)
}

func (a *App) addGroup(ctx context.Context, q *db.Queries, actor Actor, al db.Album, n NewMember) error {
	groups, err := q.GroupsToShareWith(ctx, db.GroupsToShareWithParams{Every: actor.IsAdmin(), UserID: actor.UserID()})
	if err != nil {
		return fmt.Errorf("list the groups to share with: %w", err)
	}
	for _, g := range groups {
		if g.ID != n.GroupID {
			continue
		}
		switch _, err := q.GrantOfGroup(ctx, db.GrantOfGroupParams{AlbumID: al.ID, GroupID: g.ID}); {
		case err == nil:
			return &Error{Code: CodeConflict, Key: "error.member_already"}
		case !db.IsNotFound(err):
			return fmt.Errorf("look for a grant: %w", err)
		}
		return a.addGrant(ctx, q, actor, al, db.AddGrantParams{GroupID: &g.ID, Role: n.Role}, g.Name)
	}
	return NotFound("group")
}

func (a *App) addGrant(ctx context.Context, q *db.Queries, actor Actor, al db.Album, g db.AddGrantParams, name string) error {
	g.ID, g.AlbumID, g.Now, g.GrantedBy = newID(), al.ID, a.now(), actor.userRef()
	grant, err := q.AddGrant(ctx, g)
	if err != nil {
		return fmt.Errorf("grant a role on an album: %w", err)
	}
	return a.memberChanged(ctx, q, actor, "member.add", al, grant, name, "", string(grant.Role))
}

// SetMemberRole changes what was granted on the album itself. The grant must be
// one of this album: CodeNotFound otherwise. CodeForbidden: the owner's is not
// to be touched, no one grants more than they are, or raises themselves.
func (a *App) SetMemberRole(ctx context.Context, actor Actor, album, grant uuid.UUID, role db.AlbumRole) error {
	fields := map[string]string{}
	checkRole(role, fields)
	err := a.changeGrant(ctx, actor, album, grant, func(q *db.Queries, al db.Album, g db.AlbumGrant, own Role) error {
		wanted := roleOf(string(role))
		switch {
		case len(fields) > 0:
			return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
		case wanted > own:
			return &Error{Code: CodeForbidden, Key: "error.member_above"}
		case g.UserID != nil && *g.UserID == actor.UserID() && wanted > roleOf(string(g.Role)):
			return &Error{Code: CodeForbidden, Key: "error.member_self_raise"}
		case role == g.Role:
			return nil
		}
		n, err := q.SetGrantRole(ctx, db.SetGrantRoleParams{ID: g.ID, AlbumID: al.ID, Role: role, GrantedBy: actor.userRef(), Now: a.now()})
		if err != nil || n != 1 {
			return fmt.Errorf("change the role of a member (%d rows): %w", n, err)
		}
		name, err := grantName(ctx, q, g)
		if err != nil {
			return err
		}
		before := string(g.Role)
		g.Role = role
		return a.memberChanged(ctx, q, actor, "member.change", al, g, name, before, string(role))
	})
	return a.mailed(ctx, err)
}

// MemberRemoved says what is left after a grant was taken back.
type MemberRemoved struct {
	Role  db.AlbumRole // what the person still is, through a group, an album above or because it is open to all; "" for nothing
	Links int          // open links that were revoked
}

// RemoveMember takes back what was granted on the album itself; what the person
// was given elsewhere stays. With revokeLinks, the open links that the person
// made here and below stop working where the person may no longer share. The
// errors are those of SetMemberRole.
func (a *App) RemoveMember(ctx context.Context, actor Actor, album, grant uuid.UUID, revokeLinks bool) (MemberRemoved, error) {
	var removed MemberRemoved
	err := a.changeGrant(ctx, actor, album, grant, func(q *db.Queries, al db.Album, g db.AlbumGrant, _ Role) (err error) {
		removed, err = a.removeGrant(ctx, q, actor, "member.remove", al, g, revokeLinks)
		return err
	})
	return removed, a.mailed(ctx, err)
}

// LeaveAlbum gives up what the actor was granted on the album in person. What
// comes from elsewhere stays, and is told. CodeConflict: the owner cannot leave,
// nor one who was granted nothing in person.
func (a *App) LeaveAlbum(ctx context.Context, actor Actor, album uuid.UUID, revokeLinks bool) (MemberRemoved, error) {
	var removed MemberRemoved
	err := a.changeMembers(ctx, actor, LeaveAlbum, album, func(q *db.Queries, al db.Album, role Role) error {
		if role == RoleOwner {
			return &Error{Code: CodeConflict, Key: "error.leave_owner"}
		}
		g, err := q.GrantOfUser(ctx, db.GrantOfUserParams{AlbumID: album, UserID: actor.UserID()})
		if db.IsNotFound(err) {
			return &Error{Code: CodeConflict, Key: "error.leave_none"}
		}
		if err != nil {
			return fmt.Errorf("load one's own grant: %w", err)
		}
		removed, err = a.removeGrant(ctx, q, actor, "member.leave", al, g, revokeLinks)
		return err
	})
	return removed, err
}

func (a *App) removeGrant(ctx context.Context, q *db.Queries, actor Actor, action AuditAction, al db.Album, g db.AlbumGrant, revokeLinks bool) (MemberRemoved, error) {
	name, err := grantName(ctx, q, g)
	if err != nil {
		return MemberRemoved{}, err
	}
	n, err := q.RemoveGrant(ctx, db.RemoveGrantParams{ID: g.ID, AlbumID: al.ID})
	if err != nil || n != 1 {
		return MemberRemoved{}, fmt.Errorf("remove a member (%d rows): %w", n, err)
	}
	var removed MemberRemoved
	if g.UserID != nil {
		left, err := q.RoleOfUser(ctx, db.RoleOfUserParams{AlbumID: al.ID, UserID: *g.UserID})
		if err != nil {
			return removed, fmt.Errorf("look up what a person still is: %w", err)
		}
		removed.Role = db.AlbumRole(left)
		if revokeLinks {
			if removed.Links, err = a.revokeLinksOf(ctx, q, actor, al, *g.UserID); err != nil {
				return removed, err
			}
		}
	}
	return removed, a.memberChanged(ctx, q, actor, action, al, g, name, string(g.Role), string(removed.Role))
}

// revokeLinksOf ends the links that a person made where that person may no
// longer share.
func (a *App) revokeLinksOf(ctx context.Context, q *db.Queries, actor Actor, al db.Album, user uuid.UUID) (int, error) {
	links, err := q.LinksToRevoke(ctx, db.LinksToRevokeParams{AlbumID: al.ID, UserID: user})
	if err != nil {
		return 0, fmt.Errorf("list the links of a member: %w", err)
	}
	ids := make([]uuid.UUID, len(links))
	for i, l := range links {
		ids[i] = l.ID
		err := a.audit(ctx, q, actor, auditEvent{Action: "link.revoke", Kind: "link", Object: l.ID, Subject: user, Detail: map[string]any{
			"album": l.Title, "album_id": l.AlbumID, "reason": "member_removed",
		}})
		if err != nil {
			return 0, err
		}
	}
	return len(ids), wrap(q.RevokeLinks(ctx, db.RevokeLinksParams{Ids: ids, Now: a.now()}), "revoke the links of a member")
}

// changeMembers runs change while nobody else changes the album's members; the
// right to do so is asked for once that is sure.
func (a *App) changeMembers(ctx context.Context, actor Actor, action Action, album uuid.UUID, change func(*db.Queries, db.Album, Role) error) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.LockAlbumForSharing(ctx, album); err != nil && !db.IsNotFound(err) {
			return fmt.Errorf("lock an album: %w", err)
		}
		al, role, err := authorizeAlbum(ctx, q, actor, action, album)
		if err != nil {
			return err
		}
		return change(q, al, role)
	})
}

// changeGrant is changeMembers for a grant that is there already.
func (a *App) changeGrant(ctx context.Context, actor Actor, album, id uuid.UUID, change func(*db.Queries, db.Album, db.AlbumGrant, Role) error) error {
	return a.changeMembers(ctx, actor, ShareAlbum, album, func(q *db.Queries, al db.Album, role Role) error {
		g, err := q.GrantOn(ctx, db.GrantOnParams{ID: id, AlbumID: album})
		switch {
		case db.IsNotFound(err):
			return NotFound("member")
		case err != nil:
			return fmt.Errorf("load a grant: %w", err)
		case g.UserID != nil && *g.UserID == al.OwnerID:
			return &Error{Code: CodeForbidden, Key: "error.member_owner"}
		case roleOf(string(g.Role)) > role:
			return &Error{Code: CodeForbidden, Key: "error.member_above"}
		}
		return change(q, al, g, role)
	})
}

// memberChanged writes down what happened to a grant and tells those whom it
// concerns. before and after are
// roles, "" for none.
func (a *App) memberChanged(ctx context.Context, q *db.Queries, actor Actor, action AuditAction, al db.Album, g db.AlbumGrant, name, before, after string) error {
	e := auditEvent{Action: action, Kind: "album", Object: al.ID, Detail: map[string]any{"album": al.Title, "before": before, "after": after}}
	if g.UserID != nil {
		e.Subject, e.Detail["name"] = *g.UserID, name
	} else {
		e.Detail["group"], e.Detail["group_id"] = name, *g.GroupID
	}
	if err := a.audit(ctx, q, actor, e); err != nil {
		return err
	}
	return a.mailMembers(ctx, q, actor, action, al, g, after)
}

// grantName is what the person or group is called.
func grantName(ctx context.Context, q *db.Queries, g db.AlbumGrant) (string, error) {
	if g.UserID != nil {
		user, err := userForChange(ctx, q, *g.UserID)
		return user.Name, err
	}
	group, err := q.GroupByID(ctx, *g.GroupID)
	return group.Name, wrap(err, "load a group")
}

func checkRole(role db.AlbumRole, fields map[string]string) {
	switch role {
	case db.AlbumRoleViewer, db.AlbumRoleContributor, db.AlbumRoleAdmin:
	default:
		fields["role"] = "error.member_role"
	}
}

// userRef is the actor's user for a column that may be null.
func (a Actor) userRef() *uuid.UUID {
	if a.user == nil {
		return nil
	}
	id := a.user.ID
	return &id
}
