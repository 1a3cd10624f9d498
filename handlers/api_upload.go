package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
)

// apiUploadApp is what uploading over the API needs.
type apiUploadApp interface {
	receiver
	Record(context.Context, app.Actor, uuid.UUID) (app.Record, error)
}

type apiUpload struct {
	*apiServer
	app apiUploadApp
}

// register adds the upload, which is streamed outside huma.
func (h apiUpload) register() {
	h.echo.POST(apiPrefix+"/media", h.create)
	op := operation(http.MethodPost, "/media", "upload-media", "media",
		"Upload a photo or video. The same bytes are kept once: a duplicate gives the existing item, out of the trash if it lay there",
		401, 403, 404, 413, 415, 422, 503)
	text := func(format, doc string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, Format: format, Description: doc}
	}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"multipart/form-data": {Schema: &huma.Schema{Type: huma.TypeObject, Required: []string{"file"}, Properties: map[string]*huma.Schema{
			"file": text("binary", "the photo or video"), "album_id": text("uuid", "an album that you may add to"),
		}}},
	}}
	item := map[string]*huma.MediaType{"application/json": {Schema: h.huma.OpenAPI().Components.Schemas.Schema(mediaType, true, "ApiMedia")}}
	op.Responses = map[string]*huma.Response{
		"201": {Description: "The new item; its status is pending until it has been processed", Content: item},
		"200": {Description: "The item that has these bytes already", Content: item},
	}
	h.document(op)
}

func (h apiUpload) create(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	got, err := h.receiveFile(c, h.app)
	if err != nil {
		return err
	}
	r, err := h.app.Record(ctx, actor, got.Media.ID)
	if app.CodeOf(err) == app.CodeForbidden { // a token that may add, but not look around
		user, _ := actor.User()
		r, err = app.Record{Media: got.Media, OwnerName: user.Name}, nil
	}
	if err != nil {
		return err
	}
	body, err := json.Marshal(mediaOf(r))
	if err != nil {
		return fmt.Errorf("write an item: %w", err)
	}
	status := http.StatusOK
	if got.Outcome == app.OutcomeCreated {
		status = http.StatusCreated
		c.Response().Header().Set("Location", apiPrefix+"/media/"+r.ID.String())
	}
	return sendText(c, status, "application/json", body)
}
