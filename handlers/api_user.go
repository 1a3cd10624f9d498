package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"albumen/app"
)

// apiUsers is /users, for administrators with the scope admin.
type apiUsers struct {
	*apiServer
	app usersApp
}

type apiUser struct {
	ID          uuid.UUID  `json:"id"`
	Email       string     `json:"email"`
	Name        string     `json:"name"`
	Admin       bool       `json:"admin"`
	State       string     `json:"state" enum:"active,suspended,leaving" doc:"leaving: being deleted"`
	SuspendedAt *time.Time `json:"suspended_at"`
	QuotaBytes  *int64     `json:"quota_bytes" doc:"null: no limit"`
	UsedBytes   int64      `json:"used_bytes"`
	CreatedAt   time.Time  `json:"created_at"`
}

type apiUserDetail struct {
	apiUser
	Groups []apiGroupName `json:"groups"`
	Items  int            `json:"items" doc:"photos and videos, also in the trash"`
	Albums int            `json:"albums"`
	Heir   string         `json:"heir,omitempty" doc:"while leaving: who gets albums and items"`
}

type apiGroupName struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

type apiUsersQuery struct {
	Q      string    `query:"q" maxLength:"200" doc:"part of a name or an e-mail address"`
	Role   string    `query:"role" enum:"admin,member,"`
	State  string    `query:"state" enum:"active,suspended,leaving,"`
	Group  uuid.UUID `query:"group" doc:"members of this group"`
	Limit  int       `query:"limit" minimum:"0" maximum:"500" doc:"0: the default"`
	Cursor string    `query:"cursor" maxLength:"2000"`
}

type apiNewUser struct {
	Body struct {
		Email      string `json:"email" maxLength:"254"`
		Name       string `json:"name,omitempty" maxLength:"400"`
		Password   string `json:"password" maxLength:"1024"`
		Admin      bool   `json:"admin,omitempty"`
		QuotaBytes *int64 `json:"quota_bytes,omitempty" minimum:"0" doc:"absent: what the site gives new accounts"`
	}
}

// apiQuota tells null (no limit) from nothing sent.
type apiQuota struct {
	sent  bool
	bytes *int64
}

// UnmarshalJSON implements json.Unmarshaler.
func (q *apiQuota) UnmarshalJSON(text []byte) error {
	q.sent = true
	return json.Unmarshal(text, &q.bytes)
}

// Schema implements huma.SchemaProvider.
func (apiQuota) Schema(huma.Registry) *huma.Schema {
	least := 0.0
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &least, Nullable: true, Description: "null: no limit"}
}

type apiChangeUser struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Admin      *bool    `json:"admin,omitempty"`
		Suspended  *bool    `json:"suspended,omitempty"`
		QuotaBytes apiQuota `json:"quota_bytes,omitempty"`
		Password   *string  `json:"password,omitempty" maxLength:"1024" doc:"ends all sessions and tokens of the account"`
	}
}

type apiDeleteUser struct {
	ID      uuid.UUID `path:"id"`
	Confirm string    `query:"confirm" maxLength:"254" required:"true" doc:"the e-mail address of the account"`
	Heir    uuid.UUID `query:"heir_id" doc:"who gets albums and items; absent: they are deleted"`
}

type apiUserDeleted struct {
	Done bool `json:"done" doc:"false: the rest goes on in the background"`
}

func (h apiUsers) register() {
	register(h.apiServer, operation(http.MethodGet, "/users", "list-users", "users", "List the accounts, by e-mail address", 401, 403, 404, 422), h.list)
	create := operation(http.MethodPost, "/users", "create-user", "users", "Create an account", 401, 403, 404, 422)
	create.DefaultStatus = http.StatusCreated
	register(h.apiServer, create, h.create)
	register(h.apiServer, operation(http.MethodGet, "/users/{id}", "get-user", "users", "One account: how much it holds, not what", 401, 403, 404), h.get)
	register(h.apiServer, operation(http.MethodPatch, "/users/{id}", "change-user", "users", "Change an account; what is not sent stays", 401, 403, 404, 409, 422), h.change)
	register(h.apiServer, operation(http.MethodDelete, "/users/{id}", "delete-user", "users", "Delete an account for ever", 401, 403, 404, 409, 413, 422), h.remove)
}

func userOf(u app.UserRow) apiUser {
	return apiUser{u.ID, u.Email, u.Name, u.IsAdmin, u.State(), u.SuspendedAt, u.QuotaBytes, u.UsedBytes, u.CreatedAt.UTC()}
}

func (h apiUsers) list(ctx context.Context, actor app.Actor, in *apiUsersQuery) (*apiBody[apiList[apiUser]], error) {
	page, err := h.app.UserPage(ctx, actor, app.UserQuery{
		Q: in.Q, Role: in.Role, State: in.State, Group: in.Group, After: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := apiList[apiUser]{Items: make([]apiUser, len(page.Users)), Next: page.Next}
	for i, u := range page.Users {
		out.Items[i] = userOf(u)
	}
	return &apiBody[apiList[apiUser]]{out}, nil
}

func (h apiUsers) create(ctx context.Context, actor app.Actor, in *apiNewUser) (*apiBody[apiUser], error) {
	b := in.Body
	user, err := h.app.CreateUser(ctx, actor, app.NewUser{Email: b.Email, Name: b.Name, Password: b.Password, Admin: b.Admin, Quota: b.QuotaBytes})
	if err != nil {
		return nil, err
	}
	return &apiBody[apiUser]{userOf(app.UserRow{User: user})}, nil
}

func (h apiUsers) get(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiUserDetail], error) {
	d, err := h.app.UserDetail(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := apiUserDetail{apiUser: userOf(d.UserRow), Groups: []apiGroupName{}, Items: d.Items, Albums: d.Albums, Heir: d.Heir}
	for _, g := range d.Groups {
		out.Groups = append(out.Groups, apiGroupName{g.ID, g.Name})
	}
	return &apiBody[apiUserDetail]{out}, nil
}

func (h apiUsers) change(ctx context.Context, actor app.Actor, in *apiChangeUser) (*apiBody[apiUserDetail], error) {
	b := in.Body
	if b.Password != nil {
		if err := h.app.ResetPassword(ctx, actor, in.ID, *b.Password); err != nil {
			return nil, err
		}
	}
	if b.QuotaBytes.sent {
		if err := h.app.SetUserQuota(ctx, actor, in.ID, b.QuotaBytes.bytes); err != nil {
			return nil, err
		}
	}
	if b.Suspended != nil {
		if err := h.app.SuspendUser(ctx, actor, in.ID, *b.Suspended); err != nil {
			return nil, err
		}
	}
	if b.Admin != nil {
		if err := h.app.SetUserAdmin(ctx, actor, in.ID, *b.Admin); err != nil {
			return nil, err
		}
	}
	return h.get(ctx, actor, &apiID{in.ID})
}

func (h apiUsers) remove(ctx context.Context, actor app.Actor, in *apiDeleteUser) (*apiBody[apiUserDeleted], error) {
	deleted, err := h.app.DeleteUser(ctx, actor, in.ID, app.UserDeletion{Confirm: in.Confirm, Heir: in.Heir})
	if err != nil {
		return nil, err
	}
	return &apiBody[apiUserDeleted]{apiUserDeleted{!deleted.Left}}, nil
}
