package handlers

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"albumen/app"
)

// apiGroups is /groups, for administrators with the scope admin.
type apiGroups struct {
	*apiServer
	app groupsApp
}

type apiGroup struct {
	ID      uuid.UUID `json:"id"`
	Name    string    `json:"name"`
	Members int       `json:"members"`
	Albums  int       `json:"albums" doc:"to which the group was added"`
}

type apiGroupBody struct {
	Body struct {
		Name string `json:"name" maxLength:"400"`
	}
}

type apiRenameGroup struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Name string `json:"name" maxLength:"400"`
	}
}

type apiGroupMembers struct {
	ID     uuid.UUID `path:"id"`
	Limit  int       `query:"limit" minimum:"0" maximum:"500" doc:"0: the default"`
	Cursor string    `query:"cursor" maxLength:"2000"`
}

type apiGroupMember struct {
	ID     uuid.UUID `path:"id"`
	UserID uuid.UUID `path:"user"`
}

func (h apiGroups) register() {
	register(h.apiServer, operation(http.MethodGet, "/groups", "list-groups", "groups", "List the groups, by name", 401, 403, 404), h.list)
	create := operation(http.MethodPost, "/groups", "create-group", "groups", "Make a group", 401, 403, 404, 422)
	create.DefaultStatus = http.StatusCreated
	register(h.apiServer, create, h.create)
	register(h.apiServer, operation(http.MethodPatch, "/groups/{id}", "rename-group", "groups", "Rename a group", 401, 403, 404, 422), h.rename)
	register(h.apiServer, operation(http.MethodDelete, "/groups/{id}", "delete-group", "groups", "Delete a group; its members no longer see what was given to it", 401, 403, 404), h.remove)
	register(h.apiServer, operation(http.MethodGet, "/groups/{id}/members", "list-group-members", "groups", "Who is in a group, by e-mail address", 401, 403, 404, 422), h.members)
	register(h.apiServer, operation(http.MethodPut, "/groups/{id}/members/{user}", "add-group-member", "groups", "Put a person into a group", 401, 403, 404), h.add)
	register(h.apiServer, operation(http.MethodDelete, "/groups/{id}/members/{user}", "remove-group-member", "groups", "Take a person out of a group", 401, 403, 404), h.out)
}

func (h apiGroups) list(ctx context.Context, actor app.Actor, _ *struct{}) (*apiBody[apiList[apiGroup]], error) {
	groups, err := h.app.Groups(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := apiList[apiGroup]{Items: make([]apiGroup, len(groups))}
	for i, g := range groups {
		out.Items[i] = apiGroup{g.ID, g.Name, g.Members, g.Albums}
	}
	return &apiBody[apiList[apiGroup]]{out}, nil
}

func (h apiGroups) create(ctx context.Context, actor app.Actor, in *apiGroupBody) (*apiBody[apiGroup], error) {
	g, err := h.app.CreateGroup(ctx, actor, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiGroup]{apiGroup{ID: g.ID, Name: g.Name}}, nil
}

func (h apiGroups) rename(ctx context.Context, actor app.Actor, in *apiRenameGroup) (*struct{}, error) {
	return nil, h.app.RenameGroup(ctx, actor, in.ID, in.Body.Name)
}

func (h apiGroups) remove(ctx context.Context, actor app.Actor, in *apiID) (*struct{}, error) {
	return nil, h.app.DeleteGroup(ctx, actor, in.ID)
}

func (h apiGroups) members(ctx context.Context, actor app.Actor, in *apiGroupMembers) (*apiBody[apiList[apiUser]], error) {
	g, err := h.app.Group(ctx, actor, in.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := apiList[apiUser]{Items: make([]apiUser, len(g.Members)), Next: g.Next}
	for i, u := range g.Members {
		out.Items[i] = userOf(app.UserRow{User: u})
	}
	return &apiBody[apiList[apiUser]]{out}, nil
}

func (h apiGroups) add(ctx context.Context, actor app.Actor, in *apiGroupMember) (*struct{}, error) {
	return nil, h.app.AddGroupMember(ctx, actor, in.ID, in.UserID)
}

func (h apiGroups) out(ctx context.Context, actor app.Actor, in *apiGroupMember) (*struct{}, error) {
	return nil, h.app.RemoveGroupMember(ctx, actor, in.ID, in.UserID)
}
