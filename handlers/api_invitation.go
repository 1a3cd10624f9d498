package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// apiInvitationApp is what invitations need of the API.
type apiInvitationApp interface {
	Invite(context.Context, app.Actor, app.NewInvitation) (app.Invitation, error)
	Invitations(context.Context, app.Actor, app.InvitationsQuery) (app.InvitationPage, error)
	ResendInvitation(context.Context, app.Actor, uuid.UUID) (app.Invitation, error)
	RevokeInvitation(context.Context, app.Actor, uuid.UUID) error
}

type apiInvitations struct {
	*apiServer
	app apiInvitationApp
}

// apiInvitation never holds the token: that is only in the mail.
type apiInvitation struct {
	ID         uuid.UUID  `json:"id"`
	Email      string     `json:"email"`
	AlbumID    *uuid.UUID `json:"album_id" doc:"null: to the site"`
	AlbumTitle *string    `json:"album_title"`
	Role       *string    `json:"role" enum:"viewer,contributor,admin" doc:"on the album"`
	Groups     []string   `json:"groups" doc:"names of the groups of the site that whoever accepts joins"`
	InviterID  uuid.UUID  `json:"inviter_id"`
	Inviter    string     `json:"inviter"`
	Message    string     `json:"message"`
	CreatedAt  time.Time  `json:"created_at"`
	SentAt     time.Time  `json:"sent_at" doc:"of the last mail"`
	Sends      int        `json:"sends"`
	ExpiresAt  time.Time  `json:"expires_at"`
	Expired    bool       `json:"expired"`
}

func apiInvitationOf(i app.Invitation) apiInvitation {
	out := apiInvitation{
		ID: i.ID, Email: i.Email, Groups: i.Groups, InviterID: i.InviterID, Inviter: i.InviterName, Message: i.Message, CreatedAt: i.CreatedAt.UTC(),
		SentAt: i.SentAt.UTC(), Sends: i.Sends, ExpiresAt: i.ExpiresAt.UTC(), Expired: i.Expired,
	}
	if out.Groups == nil {
		out.Groups = []string{}
	}
	if i.Album != uuid.Nil {
		role := string(i.Role)
		out.AlbumID, out.AlbumTitle, out.Role = &i.Album, &i.AlbumTitle, &role
	}
	return out
}

type apiNewInvitation struct {
	Body struct {
		Email    string      `json:"email" format:"email" maxLength:"254"`
		AlbumID  *uuid.UUID  `json:"album_id,omitempty" doc:"absent: to the site, which only its administrators may"`
		Role     string      `json:"role,omitempty" enum:"viewer,contributor,admin" doc:"on the album, required with one"`
		Groups   []uuid.UUID `json:"groups,omitempty" maxItems:"100" doc:"of the site, only without an album"`
		Message  string      `json:"message,omitempty" maxLength:"1000"`
		Language string      `json:"language,omitempty" maxLength:"35" doc:"of the mail; absent: the recipient's or the site's"`
		Days     int         `json:"days,omitempty" minimum:"1" maximum:"90" doc:"how long it holds; absent: 14"`
	}
}

type apiInvitationsQuery struct {
	AlbumID uuid.UUID `query:"album_id" doc:"of one album; absent: all of the site, which only its administrators may"`
	Limit   int       `query:"limit" minimum:"1" maximum:"200"`
	Cursor  string    `query:"cursor"`
}

func (h apiInvitations) register() {
	create := operation(http.MethodPost, "/invitations", "create-invitation", "invitations", "Invite somebody by mail; the answer does not tell whether there is an account", 401, 403, 404, 409, 422, 429)
	create.DefaultStatus = http.StatusCreated
	register(h.apiServer, create, h.create)
	register(h.apiServer, operation(http.MethodGet, "/invitations", "list-invitations", "invitations", "List the open invitations, newest first", 401, 403, 404, 422), h.list)
	register(h.apiServer, operation(http.MethodPost, "/invitations/{id}/resend", "resend-invitation", "invitations", "Send an invitation again, with a new link", 401, 403, 404, 409, 429), h.resend)
	register(h.apiServer, operation(http.MethodDelete, "/invitations/{id}", "revoke-invitation", "invitations", "Take an invitation back", 401, 403, 404), h.revoke)
}

func (h apiInvitations) create(ctx context.Context, actor app.Actor, in *apiNewInvitation) (*apiBody[apiInvitation], error) {
	n := app.NewInvitation{
		Email: in.Body.Email, Role: db.AlbumRole(in.Body.Role), Groups: in.Body.Groups, Message: in.Body.Message, Language: in.Body.Language, Days: in.Body.Days,
	}
	if in.Body.AlbumID != nil {
		n.Album = *in.Body.AlbumID
	}
	i, err := h.app.Invite(ctx, actor, n)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiInvitation]{apiInvitationOf(i)}, nil
}

func (h apiInvitations) list(ctx context.Context, actor app.Actor, in *apiInvitationsQuery) (*apiBody[apiList[apiInvitation]], error) {
	page, err := h.app.Invitations(ctx, actor, app.InvitationsQuery{Album: in.AlbumID, Everywhere: true, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := apiList[apiInvitation]{Items: make([]apiInvitation, len(page.Items)), Next: page.Next}
	for n, i := range page.Items {
		out.Items[n] = apiInvitationOf(i)
	}
	return &apiBody[apiList[apiInvitation]]{out}, nil
}

func (h apiInvitations) resend(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiInvitation], error) {
	i, err := h.app.ResendInvitation(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiInvitation]{apiInvitationOf(i)}, nil
}

func (h apiInvitations) revoke(ctx context.Context, actor app.Actor, in *apiID) (*struct{}, error) {
	return nil, h.app.RevokeInvitation(ctx, actor, in.ID)
}
