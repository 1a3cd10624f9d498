package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

type apiLinks struct {
	*apiServer
	app linkApp
}

// apiLink is a share link; url is "" where it cannot be shown again.
type apiLink struct {
	ID            uuid.UUID  `json:"id"`
	URL           string     `json:"url" doc:"to be passed on; empty for a revoked link, and for one made under an earlier SECRET_KEY: rotate that one"`
	Name          string     `json:"name"`
	State         string     `json:"state" enum:"good,expired,revoked"`
	Password      bool       `json:"password" doc:"it asks for one"`
	ExpiresAt     *time.Time `json:"expires_at"`
	Download      bool       `json:"download"`
	StripMetadata bool       `json:"strip_metadata"`
	Upload        bool       `json:"upload"`
	UploadBytes   int64      `json:"upload_bytes" doc:"that guests may send in all"`
	UploadCount   int32      `json:"upload_count"`
	UploadedBytes int64      `json:"uploaded_bytes"`
	Uploaded      int32      `json:"uploaded"`
	Views         int64      `json:"views"`
	LastUsedAt    *time.Time `json:"last_used_at"`
	CreatedAt     time.Time  `json:"created_at"`
	CreatedBy     uuid.UUID  `json:"created_by"`
	RevokedAt     *time.Time `json:"revoked_at"`
}

type apiLinkBody struct {
	Name          *string    `json:"name,omitempty" maxLength:"400"`
	Password      *string    `json:"password,omitempty" maxLength:"1024" doc:"empty: none"`
	ExpiresAt     *time.Time `json:"expires_at,omitempty"`
	Forever       bool       `json:"forever,omitempty" doc:"takes the expiry away"`
	Download      *bool      `json:"download,omitempty" doc:"default false"`
	StripMetadata *bool      `json:"strip_metadata,omitempty" doc:"default true"`
	Upload        *bool      `json:"upload,omitempty" doc:"default false; needs the scope media.write"`
	UploadBytes   *int64     `json:"upload_bytes,omitempty" minimum:"1" doc:"default 2 GiB"`
	UploadCount   *int32     `json:"upload_count,omitempty" minimum:"1" doc:"default 200"`
}

func (b apiLinkBody) edit() app.LinkEdit {
	e := app.LinkEdit{
		Name: b.Name, Password: b.Password, Download: b.Download, Strip: b.StripMetadata, Upload: b.Upload,
		UploadBytes: b.UploadBytes, UploadCount: b.UploadCount,
	}
	if b.ExpiresAt != nil || b.Forever {
		at := b.ExpiresAt
		if b.Forever {
			at = nil
		}
		e.ExpiresAt = &at
	}
	return e
}

type apiAlbumLink struct {
	ID   uuid.UUID `path:"id"`
	Link uuid.UUID `path:"link"`
}

type apiLinkNew struct {
	ID   uuid.UUID `path:"id"`
	Body apiLinkBody
}

type apiLinkPatch struct {
	ID   uuid.UUID `path:"id"`
	Link uuid.UUID `path:"link"`
	Body apiLinkBody
}

func (h apiLinks) register() {
	create := operation(http.MethodPost, "/albums/{id}/links", "create-link", "links", "Make a share link", 401, 403, 404, 409, 422)
	create.DefaultStatus = http.StatusCreated
	register(h.apiServer, create, h.create)
	register(h.apiServer, operation(http.MethodGet, "/albums/{id}/links", "list-links", "links", "List the share links of an album", 401, 403, 404), h.list)
	register(h.apiServer, operation(http.MethodGet, "/albums/{id}/links/{link}", "get-link", "links", "One share link", 401, 403, 404), h.get)
	register(h.apiServer, operation(http.MethodPatch, "/albums/{id}/links/{link}", "edit-link", "links", "Change a share link", 401, 403, 404, 409, 422), h.edit)
	register(h.apiServer, operation(http.MethodPost, "/albums/{id}/links/{link}/rotate", "rotate-link", "links", "Give a share link a new address; the old one stops working", 401, 403, 404, 409), h.rotate)
	register(h.apiServer, operation(http.MethodDelete, "/albums/{id}/links/{link}", "revoke-link", "links", "Revoke a share link for ever", 401, 403, 404), h.revoke)
}

func (h apiLinks) link(l app.AlbumLink) *apiBody[apiLink] {
	return &apiBody[apiLink]{apiLink{
		ID: l.ID, URL: h.linkURL(l), Name: l.Name, State: string(l.State), Password: l.HasPassword(), ExpiresAt: l.ExpiresAt,
		Download: l.AllowDownload, StripMetadata: l.StripMetadata, Upload: l.AllowUpload, UploadBytes: l.MaxUploadBytes,
		UploadCount: l.MaxUploads, UploadedBytes: l.UploadedBytes, Uploaded: l.Uploads, Views: l.Views, LastUsedAt: l.LastUsedAt,
		CreatedAt: l.CreatedAt, CreatedBy: l.CreatedBy, RevokedAt: l.RevokedAt,
	}}
}

func (h apiLinks) create(ctx context.Context, actor app.Actor, in *apiLinkNew) (*apiBody[apiLink], error) {
	l, err := h.app.CreateLink(ctx, actor, in.ID, in.Body.edit())
	if err != nil {
		return nil, err
	}
	return h.link(l), nil
}

func (h apiLinks) list(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiList[apiLink]], error) {
	links, err := h.app.Links(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := apiList[apiLink]{Items: make([]apiLink, len(links))}
	for i, l := range links {
		out.Items[i] = h.link(l).Body
	}
	return &apiBody[apiList[apiLink]]{out}, nil
}

func (h apiLinks) get(ctx context.Context, actor app.Actor, in *apiAlbumLink) (*apiBody[apiLink], error) {
	l, err := h.app.Link(ctx, actor, in.ID, in.Link)
	if err != nil {
		return nil, err
	}
	return h.link(l), nil
}

func (h apiLinks) edit(ctx context.Context, actor app.Actor, in *apiLinkPatch) (*apiBody[apiLink], error) {
	l, err := h.app.EditLink(ctx, actor, in.ID, in.Link, in.Body.edit())
	if err != nil {
		return nil, err
	}
	return h.link(l), nil
}

func (h apiLinks) rotate(ctx context.Context, actor app.Actor, in *apiAlbumLink) (*apiBody[apiLink], error) {
	l, err := h.app.RotateLink(ctx, actor, in.ID, in.Link)
	if err != nil {
		return nil, err
	}
	return h.link(l), nil
}

func (h apiLinks) revoke(ctx context.Context, actor app.Actor, in *apiAlbumLink) (*struct{}, error) {
	return nil, h.app.RevokeLink(ctx, actor, in.ID, in.Link)
}
