package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/members"
	"albumen/views/ui"
)

// memberApp is what the page of an album's members needs.
type memberApp interface {
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
	Members(context.Context, app.Actor, uuid.UUID, app.MembersQuery) (app.AlbumMembers, error)
	AddMember(context.Context, app.Actor, uuid.UUID, app.NewMember) error
	SetMemberRole(ctx context.Context, actor app.Actor, album, grant uuid.UUID, role db.AlbumRole) error
	RemoveMember(ctx context.Context, actor app.Actor, album, grant uuid.UUID, revokeLinks bool) (app.MemberRemoved, error)
	LeaveAlbum(ctx context.Context, actor app.Actor, album uuid.UUID, revokeLinks bool) (app.MemberRemoved, error)
	TransferAlbum(ctx context.Context, actor app.Actor, album, to uuid.UUID) error
}

type memberHandlers struct {
	*Server
	app memberApp
}

func membersPath(album uuid.UUID) string { return albumPath(album) + "/members" }

// list shows who may see the album.
func (h memberHandlers) list(c echo.Context) error {
	return h.show(c, http.StatusOK, members.Members{}, db.AlbumRoleViewer)
}

// show shows the page with what was typed into p and the role that was chosen.
func (h memberHandlers) show(c echo.Context, status int, p members.Members, role db.AlbumRole) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	d, err := albumOf(c, h.Server, h.app.Album)
	if err != nil {
		return err
	}
	m, err := h.app.Members(ctx, actor, d.ID, app.MembersQuery{After: c.QueryParam("after")})
	if err != nil {
		return err
	}
	path := membersPath(d.ID)
	p.Head, p.Count = h.albumHead(c, d), i18n.N(ctx, "members.people", m.Total)
	switch m.Album.Visibility {
	case db.AlbumVisibilityMembers:
		p.Open = i18n.T(ctx, "members.open_members")
	case db.AlbumVisibilityPublic:
		p.Open = i18n.T(ctx, "members.open_public")
	}
	if m.Next != "" {
		p.NextURL = path + "?after=" + url.QueryEscape(m.Next)
	}
	for _, x := range m.People {
		person := members.Person{Name: x.Name, Email: x.Email, Role: roleName(ctx, x.Role), Suspended: x.Suspended}
		for _, s := range x.Sources {
			person.Sources = append(person.Sources, roleSourceText(ctx, s))
		}
		p.People = append(p.People, person)
	}
	if m.CanLeave {
		p.Leave = &members.Leave{URL: albumPath(d.ID) + "/leave", Text: i18n.T(ctx, "members.leave_sure")}
	}
	if m.CanManage {
		p.AddURL, p.Roles, p.InviteURL = path, roleOptions(ctx, role), albumInvitationsPath(d.ID)
		for _, g := range m.Groups {
			p.Groups = append(p.Groups, ui.Option{Value: g.ID.String(), Label: g.Name})
		}
		for _, g := range m.Grants {
			p.Grants = append(p.Grants, grantRow(ctx, path, g))
		}
	}
	if m.CanTransfer {
		t := &members.Transfer{URL: albumPath(d.ID) + "/transfer", Open: p.Errors["owner"] != ""}
		for _, x := range m.Heirs {
			t.Owners = append(t.Owners, ui.Option{Value: x.ID.String(), Label: x.Name + " (" + x.Email + ")"})
		}
		p.Transfer = t
	}
	return h.render(c, status, members.MembersPage(p))
}

func grantRow(ctx context.Context, path string, g app.MemberGrant) members.Grant {
	row := members.Grant{ID: g.ID.String(), Name: g.Name, Note: g.Email, Group: g.GroupID != uuid.Nil}
	if row.Group {
		row.Note = i18n.N(ctx, "groups.members", g.Members)
	}
	if g.By != "" {
		row.Note += " · " + i18n.T(ctx, "members.by", "Name", g.By)
	}
	if g.Links > 0 {
		row.Links = i18n.N(ctx, "members.links", g.Links)
	}
	if !g.Fixed {
		row.RoleURL, row.RemoveURL = path+"/"+row.ID, path+"/"+row.ID+"/remove"
		row.Roles = roleOptions(ctx, g.Role)
	}
	return row
}

func roleOptions(ctx context.Context, chosen db.AlbumRole) []ui.Option {
	var out []ui.Option
	for _, r := range []db.AlbumRole{db.AlbumRoleViewer, db.AlbumRoleContributor, db.AlbumRoleAdmin} {
		out = append(out, ui.Option{Value: string(r), Label: roleName(ctx, r), Selected: r == chosen})
	}
	return out
}

func roleName(ctx context.Context, r db.AlbumRole) string {
	switch r {
	case db.AlbumRoleViewer:
		return i18n.T(ctx, "members.viewer")
	case db.AlbumRoleContributor:
		return i18n.T(ctx, "members.contributor")
	case db.AlbumRoleAdmin:
		return i18n.T(ctx, "members.admin")
	case db.AlbumRoleOwner:
		return i18n.T(ctx, "members.owner")
	}
	return string(r)
}

// roleSourceText says where a role comes from.
func roleSourceText(ctx context.Context, s app.RoleSource) string {
	role := roleName(ctx, s.Role)
	var text string
	switch s.Kind {
	case app.SourceOwner:
		text = i18n.T(ctx, "members.from_owner")
	case app.SourceGroup:
		text = i18n.T(ctx, "members.from_group", "Role", role, "Group", s.Group)
	default:
		text = i18n.T(ctx, "members.from_grant", "Role", role)
	}
	switch {
	case s.Above && s.Kind == app.SourceOwner && s.Album != "":
		return i18n.T(ctx, "members.owner_above_named", "Album", s.Album)
	case s.Above && s.Kind == app.SourceOwner:
		return i18n.T(ctx, "members.owner_above")
	case s.Above && s.Album != "":
		return i18n.T(ctx, "members.above_named", "Source", text, "Album", s.Album)
	case s.Above:
		return i18n.T(ctx, "members.above", "Source", text)
	}
	return text
}

// act runs what a form of the page does; what is wrong with its input is shown
// there, with what was typed.
func (h memberHandlers) act(c echo.Context, do func(uuid.UUID, url.Values) (string, string, error)) error {
	album, err := albumParam(c)
	if err != nil {
		return err
	}
	fields, err := form(c)
	if err != nil {
		return err
	}
	said, back, err := do(album, fields)
	if err == nil {
		return h.done(c, layout.Receipt{Text: said}, back)
	}
	shown, status, known := fieldErrors(c.Request().Context(), err)
	if !known || app.CodeOf(err) == app.CodeUnauthenticated {
		return err
	}
	return h.show(c, status, members.Members{Email: fields.Get("email"), Errors: shown}, db.AlbumRole(fields.Get("role")))
}

func albumParam(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, app.NotFound("album")
	}
	return id, nil
}

func grantParam(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("grant"))
	if err != nil {
		return id, app.NotFound("member")
	}
	return id, nil
}

// add opens the album to an address or a group. The receipt is the same whether
// there is an account or not.
func (h memberHandlers) add(c echo.Context) error {
	ctx := c.Request().Context()
	return h.act(c, func(album uuid.UUID, fields url.Values) (string, string, error) {
		n := app.NewMember{Email: fields.Get("email"), Role: db.AlbumRole(fields.Get("role"))}
		said := i18n.T(ctx, "members.added", "Email", n.Email)
		if text := fields.Get("group"); text != "" {
			group, err := uuid.Parse(text)
			if err != nil {
				return "", "", app.NotFound("group")
			}
			n.GroupID, said = group, i18n.T(ctx, "members.added_group")
		}
		return said, membersPath(album), h.app.AddMember(ctx, h.actor(c), album, n)
	})
}

func (h memberHandlers) setRole(c echo.Context) error {
	ctx := c.Request().Context()
	return h.act(c, func(album uuid.UUID, fields url.Values) (string, string, error) {
		grant, err := grantParam(c)
		if err != nil {
			return "", "", err
		}
		role := db.AlbumRole(fields.Get("role"))
		return i18n.T(ctx, "members.changed", "Role", roleName(ctx, role)), membersPath(album), h.app.SetMemberRole(ctx, h.actor(c), album, grant, role)
	})
}

func (h memberHandlers) remove(c echo.Context) error {
	ctx := c.Request().Context()
	return h.act(c, func(album uuid.UUID, fields url.Values) (string, string, error) {
		grant, err := grantParam(c)
		if err != nil {
			return "", "", err
		}
		removed, err := h.app.RemoveMember(ctx, h.actor(c), album, grant, fields.Get("links") == "1")
		if err != nil {
			return "", "", err
		}
		said := i18n.T(ctx, "members.removed")
		if removed.Role != "" {
			said = i18n.T(ctx, "members.removed_still", "Role", roleName(ctx, removed.Role))
		}
		return said, membersPath(album), nil
	})
}

func (h memberHandlers) leave(c echo.Context) error {
	ctx := c.Request().Context()
	return h.act(c, func(album uuid.UUID, fields url.Values) (string, string, error) {
		left, err := h.app.LeaveAlbum(ctx, h.actor(c), album, fields.Get("links") == "1")
		if err != nil {
			return "", "", err
		}
		if left.Role != "" {
			return i18n.T(ctx, "members.left_still", "Role", roleName(ctx, left.Role)), albumPath(album), nil
		}
		return i18n.T(ctx, "members.left"), "/albums", nil
	})
}

func (h memberHandlers) transfer(c echo.Context) error {
	ctx := c.Request().Context()
	return h.act(c, func(album uuid.UUID, fields url.Values) (string, string, error) {
		to, err := uuid.Parse(fields.Get("owner"))
		if err != nil {
			to = uuid.Nil // nobody, which is refused after the right was asked for
		}
		return i18n.T(ctx, "members.transferred"), membersPath(album), h.app.TransferAlbum(ctx, h.actor(c), album, to)
	})
}
