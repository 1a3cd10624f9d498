package handlers

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// apiMediaApp is what the media part of the API needs.
type apiMediaApp interface {
	Record(context.Context, app.Actor, uuid.UUID) (app.Record, error)
	OwnRecords(context.Context, app.Actor, app.RecordQuery) (app.RecordPage, error)
	EditMedia(context.Context, app.Actor, uuid.UUID, app.MediaEdit) (app.Receipt, error)
	MoveMedia(context.Context, app.Actor, uuid.UUID, *uuid.UUID) (app.Receipt, error)
	TrashMedia(context.Context, app.Actor, uuid.UUID) (app.Receipt, error)
	RestoreMedia(context.Context, app.Actor, uuid.UUID) (app.Receipt, error)
	DeleteMedia(context.Context, app.Actor, uuid.UUID) error
	RetryMedia(context.Context, app.Actor, uuid.UUID) error
}

type apiMediaHandlers struct {
	*apiServer
	app apiMediaApp
}

type apiMediaQuery struct {
	Status    string `query:"status" enum:"pending,processing,ready,failed"`
	Kind      string `query:"kind" enum:"photo,video"`
	AIStatus  string `query:"ai_status" enum:"off,pending,processing,done,failed"`
	Favourite bool   `query:"favourite" doc:"only favourites"`
	Trashed   bool   `query:"trashed" doc:"what lies in the trash instead"`
	Limit     int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor    string `query:"cursor" maxLength:"200"`
}

type apiMediaPatch struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Version     int       `json:"version,omitempty" minimum:"1" doc:"the version that you saw: 409 when it has changed since; absent: no check"`
		Title       *string   `json:"title,omitempty"`
		Description *string   `json:"description,omitempty"`
		Rating      *int      `json:"rating,omitempty" minimum:"0" maximum:"5"`
		Archived    *bool     `json:"archived,omitempty"`
		Favourite   *bool     `json:"favourite,omitempty"`
		AlbumID     apiSentID `json:"album_id,omitempty" doc:"another home album, one that you may add to; null: none"`
	}
}

type apiMediaDelete struct {
	ID        uuid.UUID `path:"id"`
	Permanent bool      `query:"permanent" doc:"delete for ever what lies in the trash"`
}

func (h apiMediaHandlers) register() {
	const tag = "media"
	register(h.apiServer, operation(http.MethodGet, "/media", "list-media", tag, "List one's own photos and videos, last uploaded first", 401, 403, 422), h.list)
	register(h.apiServer, operation(http.MethodGet, "/media/{id}", "get-media", tag, "One photo or video", 401, 403, 404), h.get)
	register(h.apiServer, operation(http.MethodPatch, "/media/{id}", "edit-media", tag, "Change what is given, leave the rest", 401, 403, 404, 409, 422), h.patch)
	register(h.apiServer, operation(http.MethodDelete, "/media/{id}", "delete-media", tag, "Move to the trash, or delete for ever from there", 401, 403, 404, 409), h.remove)
	register(h.apiServer, operation(http.MethodPost, "/media/{id}/restore", "restore-media", tag, "Take out of the trash", 401, 403, 404), h.restore)
	register(h.apiServer, operation(http.MethodPost, "/media/{id}/retry", "retry-media", tag, "Process again what failed", 401, 403, 404, 409), h.retry)
}

func (h apiMediaHandlers) list(ctx context.Context, actor app.Actor, in *apiMediaQuery) (*apiBody[apiList[apiMedia]], error) {
	page, err := h.app.OwnRecords(ctx, actor, app.RecordQuery{
		Filter: app.Filter{Kind: db.MediaKind(in.Kind), Favourite: in.Favourite, AIStatus: app.AIStatus(in.AIStatus)},
		Status: db.MediaStatus(in.Status), Trashed: in.Trashed, Limit: in.Limit, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return &apiBody[apiList[apiMedia]]{apiList[apiMedia]{mediaList(page.Records), page.Next}}, nil
}

func mediaList(records []app.Record) []apiMedia {
	items := make([]apiMedia, len(records))
	for i, r := range records {
		items[i] = mediaOf(r)
	}
	return items
}

func (h apiMediaHandlers) get(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiMedia], error) {
	return h.record(ctx, actor, in.ID)
}

func (h apiMediaHandlers) record(ctx context.Context, actor app.Actor, id uuid.UUID) (*apiBody[apiMedia], error) {
	r, err := h.app.Record(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiMedia]{mediaOf(r)}, nil
}

func (h apiMediaHandlers) patch(ctx context.Context, actor app.Actor, in *apiMediaPatch) (*apiBody[apiMedia], error) {
	b := in.Body
	_, err := h.app.EditMedia(ctx, actor, in.ID, app.MediaEdit{
		Version: b.Version, Title: b.Title, Description: b.Description, Rating: b.Rating, Archived: b.Archived, Favourite: b.Favourite,
	})
	if err != nil {
		return nil, err
	}
	if b.AlbumID.Sent { // after the version has been compared
		if _, err := h.app.MoveMedia(ctx, actor, in.ID, b.AlbumID.ID); err != nil {
			return nil, err
		}
	}
	return h.record(ctx, actor, in.ID)
}

func (h apiMediaHandlers) remove(ctx context.Context, actor app.Actor, in *apiMediaDelete) (*struct{}, error) {
	if in.Permanent {
		return nil, h.app.DeleteMedia(ctx, actor, in.ID)
	}
	_, err := h.app.TrashMedia(ctx, actor, in.ID)
	return nil, err
}

func (h apiMediaHandlers) restore(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiMedia], error) {
	if _, err := h.app.RestoreMedia(ctx, actor, in.ID); err != nil {
		return nil, err
	}
	return h.record(ctx, actor, in.ID)
}

func (h apiMediaHandlers) retry(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiMedia], error) {
	if err := h.app.RetryMedia(ctx, actor, in.ID); err != nil {
		return nil, err
	}
	return h.record(ctx, actor, in.ID)
}
