package handlers

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
)

// registerFiles adds the routes that carry files. They are streamed outside
// huma, by the handlers of the pages, and documented here all the same.
func (api *apiServer) registerFiles(bytes bytesHandlers) {
	for kind, h := range map[string]echo.HandlerFunc{
		"thumb": bytes.thumb, "preview": bytes.preview, "original": bytes.original, "video": bytes.video,
	} {
		api.get(apiPrefix+"/media/:id/"+kind, h)
		op := operation(http.MethodGet, "/media/{id}/"+kind, "get-"+kind, "files", fileSummaries[kind], 401, 403, 404)
		op.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString, Format: "uuid"}}}
		mime := "image/webp"
		if kind == "original" || kind == "video" {
			mime = "*/*"
			op.Parameters = append(op.Parameters, &huma.Param{Name: "stripped", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"1"}},
				Description: "A copy without position, serial numbers, names, dates and other metadata; 415 where none can be made"})
			op.Errors = append(op.Errors, 415)
		}
		op.Responses = map[string]*huma.Response{
			"200": {Description: "The file; Range and If-None-Match are honoured", Content: map[string]*huma.MediaType{
				mime: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
			}},
		}
		api.document(op)
	}
}

var fileSummaries = map[string]string{
	"thumb":    "A small picture that fits 512 × 512 pixels",
	"preview":  "A picture that fits 2048 × 2048 pixels",
	"original": "The file as it was uploaded",
	"video":    "A video in a form that browsers play",
}

var (
	problemType = reflect.TypeFor[Problem]()
	mediaType   = reflect.TypeFor[apiMedia]()
)

// document adds an operation that is answered outside huma to the document.
func (api *apiServer) document(op huma.Operation) {
	for _, status := range op.Errors {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{
				"application/problem+json": {Schema: api.huma.OpenAPI().Components.Schemas.Schema(problemType, true, "Problem")},
			},
		}
	}
	api.huma.OpenAPI().AddOperation(&op)
}
