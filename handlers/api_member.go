package handlers

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// apiMembers is /albums/{id}/members.
type apiMembers struct {
	*apiServer
	app memberApp
}

type apiRoleSource struct {
	Kind  string `json:"kind" enum:"owner,direct,group"`
	Role  string `json:"role"`
	Group string `json:"group,omitempty" doc:"its name"`
	Above bool   `json:"above,omitempty" doc:"given on an album above this one"`
	Album string `json:"album,omitempty" doc:"title of that album, where one may see it"`
}

type apiMember struct {
	ID        *uuid.UUID      `json:"id" doc:"of what was given to the person on this very album; null where the role comes from elsewhere"`
	UserID    uuid.UUID       `json:"user_id"`
	Name      string          `json:"name"`
	Email     string          `json:"email,omitempty" doc:"only for those who may share the album"`
	Role      string          `json:"role" enum:"viewer,contributor,admin,owner" doc:"the effective one"`
	Suspended bool            `json:"suspended,omitempty"`
	Sources   []apiRoleSource `json:"sources,omitempty" doc:"where the role comes from; only for those who may share the album"`
}

type apiMemberGroup struct {
	ID      uuid.UUID `json:"id" doc:"of what was given to the group"`
	GroupID uuid.UUID `json:"group_id"`
	Name    string    `json:"name"`
	Members int       `json:"members"`
	Role    string    `json:"role" enum:"viewer,contributor,admin"`
}

type apiMemberList struct {
	apiList[apiMember]
	Groups []apiMemberGroup `json:"groups,omitempty" doc:"groups to which the album was given; only for those who may share it"`
}

type apiMembersQuery struct {
	ID     uuid.UUID `path:"id"`
	Limit  int       `query:"limit" minimum:"0" maximum:"500" doc:"0: the default"`
	Cursor string    `query:"cursor" maxLength:"2000"`
}

type apiAddMember struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Email   string     `json:"email,omitempty" maxLength:"254" doc:"of a person; this or group_id"`
		GroupID *uuid.UUID `json:"group_id,omitempty"`
		Role    string     `json:"role" enum:"viewer,contributor,admin"`
	}
}

type apiAddedMember struct {
	Email   string     `json:"email,omitempty"`
	GroupID *uuid.UUID `json:"group_id,omitempty"`
	Role    string     `json:"role"`
}

type apiChangeMember struct {
	ID     uuid.UUID `path:"id"`
	Member uuid.UUID `path:"member" doc:"the id of the member, not of the user"`
	Body   struct {
		Role string `json:"role" enum:"viewer,contributor,admin"`
	}
}

type apiRemoveMember struct {
	ID          uuid.UUID `path:"id"`
	Member      uuid.UUID `path:"member" doc:"the id of the member, not of the user"`
	RevokeLinks bool      `query:"revoke_links" doc:"also end the links that the person made here and below"`
}

type apiLeave struct {
	ID          uuid.UUID `path:"id"`
	RevokeLinks bool      `query:"revoke_links" doc:"also end the links that one made"`
}

type apiMemberRemoved struct {
	Role         *string `json:"role" doc:"what the person still is through a group or an album above; null: nothing"`
	LinksRevoked int     `json:"links_revoked"`
}

type apiTransfer struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		OwnerID uuid.UUID `json:"owner_id" doc:"the user_id of one of the album's admins"`
	}
}

func (h apiMembers) register() {
	const path = "/albums/{id}/members"
	register(h.apiServer, operation(http.MethodGet, path, "list-members", "members", "Who may see an album, by name", 401, 403, 404, 409, 422), h.list)
	add := operation(http.MethodPost, path, "add-member", "members", "Give an album to a person or a group; the answer does not tell whether there is an account", 401, 403, 404, 409, 422, 429)
	add.DefaultStatus = http.StatusCreated
	register(h.apiServer, add, h.add)
	register(h.apiServer, operation(http.MethodPatch, path+"/{member}", "change-member", "members", "Change a member's role", 401, 403, 404, 409, 422), h.change)
	register(h.apiServer, operation(http.MethodDelete, path+"/{member}", "remove-member", "members", "Take back what was given on this album", 401, 403, 404, 409), h.remove)
	register(h.apiServer, operation(http.MethodPost, "/albums/{id}/leave", "leave-album", "members", "Leave an album", 401, 403, 404, 409), h.leave)
	register(h.apiServer, operation(http.MethodPost, "/albums/{id}/transfer", "transfer-album", "members", "Hand an album over to one of its admins", 401, 403, 404, 409, 422), h.transfer)
}

func (h apiMembers) list(ctx context.Context, actor app.Actor, in *apiMembersQuery) (*apiBody[apiMemberList], error) {
	m, err := h.app.Members(ctx, actor, in.ID, app.MembersQuery{After: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	grants := map[uuid.UUID]uuid.UUID{}
	var out apiMemberList
	for _, g := range m.Grants {
		if g.GroupID != uuid.Nil {
			out.Groups = append(out.Groups, apiMemberGroup{g.ID, g.GroupID, g.Name, g.Members, string(g.Role)})
		} else {
			grants[g.UserID] = g.ID
		}
	}
	out.Items, out.Next = make([]apiMember, len(m.People)), m.Next
	for i, p := range m.People {
		member := apiMember{UserID: p.ID, Name: p.Name, Email: p.Email, Role: string(p.Role), Suspended: p.Suspended}
		if id, ok := grants[p.ID]; ok {
			member.ID = &id
		}
		for _, s := range p.Sources {
			member.Sources = append(member.Sources, apiRoleSource{s.Kind, string(s.Role), s.Group, s.Above, s.Album})
		}
		out.Items[i] = member
	}
	return &apiBody[apiMemberList]{out}, nil
}

func (h apiMembers) add(ctx context.Context, actor app.Actor, in *apiAddMember) (*apiBody[apiAddedMember], error) {
	n := app.NewMember{Email: in.Body.Email, Role: db.AlbumRole(in.Body.Role)}
	if in.Body.GroupID != nil {
		n.GroupID = *in.Body.GroupID
	}
	if err := h.app.AddMember(ctx, actor, in.ID, n); err != nil {
		return nil, err
	}
	return &apiBody[apiAddedMember]{apiAddedMember{in.Body.Email, in.Body.GroupID, in.Body.Role}}, nil
}

func (h apiMembers) change(ctx context.Context, actor app.Actor, in *apiChangeMember) (*struct{}, error) {
	return nil, h.app.SetMemberRole(ctx, actor, in.ID, in.Member, db.AlbumRole(in.Body.Role))
}

func (h apiMembers) remove(ctx context.Context, actor app.Actor, in *apiRemoveMember) (*apiBody[apiMemberRemoved], error) {
	return removedOf(h.app.RemoveMember(ctx, actor, in.ID, in.Member, in.RevokeLinks))
}

func (h apiMembers) leave(ctx context.Context, actor app.Actor, in *apiLeave) (*apiBody[apiMemberRemoved], error) {
	return removedOf(h.app.LeaveAlbum(ctx, actor, in.ID, in.RevokeLinks))
}

func removedOf(r app.MemberRemoved, err error) (*apiBody[apiMemberRemoved], error) {
	if err != nil {
		return nil, err
	}
	out := apiMemberRemoved{LinksRevoked: r.Links}
	if r.Role != "" {
		role := string(r.Role)
		out.Role = &role
	}
	return &apiBody[apiMemberRemoved]{out}, nil
}

func (h apiMembers) transfer(ctx context.Context, actor app.Actor, in *apiTransfer) (*struct{}, error) {
	return nil, h.app.TransferAlbum(ctx, actor, in.ID, in.Body.OwnerID)
}
