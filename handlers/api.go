package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"albumen/app"
	"albumen/i18n"
)

const apiPrefix = "/api/v1"

// huma asks these package variables how an error looks; they are the only way
// to give its own errors (a body that is no JSON, a missing field) our shape.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return malformed(status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		p := malformed(status, message, errs)
		p.Reference = requestID(ctx.Context())
		p.Detail = i18n.T(ctx.Context(), shapeMessage(status))
		return p
	}
}

// shapeMessage is the message for a status of huma's own.
func shapeMessage(status int) string {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return "error.api_too_large"
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return "error.api_shape"
	case status >= http.StatusInternalServerError:
		return "error.internal"
	}
	return "error.request"
}

// malformed describes input that does not have the documented shape. What is
// said of each field is huma's, for the programmer (docs/adr/0037).
func malformed(status int, message string, errs []error) *Problem {
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: message, Code: codeOfStatus(status)}
	if status == http.StatusBadRequest {
		p.Code = string(app.CodeInvalid)
	}
	for _, err := range errs {
		var e huma.ErrorDetailer
		if errors.As(err, &e) {
			// The value stays out: it may be a password.
			p.Errors = append(p.Errors, FieldProblem{Location: e.ErrorDetail().Location, Message: e.ErrorDetail().Message})
		}
	}
	return p
}

// apiServer is /api/v1: huma describes and decodes, app decides.
type apiServer struct {
	*Server
	huma huma.API
}

type apiActorKey struct{}

// newAPI mounts the API beside the pages. The documentation page is our own
// (api_docs.go): huma's would load scripts from elsewhere.
func newAPI(s *Server) *apiServer {
	config := huma.DefaultConfig("Albumen", "1")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/openapi", "", ""
	config.CreateHooks = nil // no $schema fields in answers
	config.Info.Description = "Everything that the pages do. Make a token at /account/tokens or with POST /tokens, " +
		"and send it as `Authorization: Bearer …`. Errors are RFC 9457 problems with a `code`. " +
		"What a token's owner may not see does not exist: 404."
	config.Info.License = &huma.License{Name: "MIT", Identifier: "MIT"}
	config.Servers = []*huma.Server{{URL: strings.TrimSuffix(s.cfg.BaseURL.String(), "/") + apiPrefix}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An API token, such as albumen_…"},
	}
	config.Security = []map[string][]string{{"token": {}}}
	api := &apiServer{Server: s, huma: humaecho.NewWithGroup(s.echo, s.echo.Group(apiPrefix), config)}
	api.huma.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
		next(huma.WithValue(ctx, apiActorKey{}, s.actor(humaecho.Unwrap(ctx))))
	})
	return api
}

// operation is the common part of an operation's description.
func operation(method, path, id, tag, summary string, statuses ...int) huma.Operation {
	return huma.Operation{Method: method, Path: path, OperationID: id, Tags: []string{tag}, Summary: summary, Errors: statuses}
}

// register adds an operation. Its errors become problems in the way of every
// other route; nothing that is not meant for people leaves the server.
func register[I, O any](api *apiServer, op huma.Operation, do func(context.Context, app.Actor, *I) (*O, error)) {
	huma.Register(api.huma, op, func(ctx context.Context, in *I) (*O, error) {
		actor, _ := ctx.Value(apiActorKey{}).(app.Actor)
		out, err := do(ctx, actor, in)
		if err == nil {
			return out, nil
		}
		p := api.problem(ctx, err)
		if op.Method == http.MethodGet { // which has no body
			for i, e := range p.Errors {
				p.Errors[i].Location = strings.Replace(e.Location, "body.", "query.", 1)
			}
		}
		if p.Status >= http.StatusInternalServerError {
			api.log.ErrorContext(ctx, "request failed", "status", p.Status, "error", err)
		}
		headers := http.Header{}
		if p.Status == http.StatusUnauthorized {
			headers.Set("WWW-Authenticate", `Bearer realm="albumen"`)
		}
		if p.retryAfter > 0 {
			headers.Set("Retry-After", strconv.Itoa(p.retryAfter))
		}
		return nil, huma.ErrorWithHeaders(p, headers)
	})
}

// apiList is how every list is answered; Next is "" at the end.
type apiList[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"send it as cursor for the next page; absent at the end"`
}

// apiBody wraps an answer for huma.
type apiBody[T any] struct{ Body T }
