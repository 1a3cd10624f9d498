package handlers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"path"
	"strings"
)

type requestIDKey struct{}

// newRequestID is always ours: an id from outside could forge log lines.
func newRequestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: the runtime stops the program instead
	return hex.EncodeToString(b[:])
}

func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// LogHandler adds the request's id to whatever is logged while it is answered.
func LogHandler(next slog.Handler) slog.Handler { return idHandler{next} }

type idHandler struct{ slog.Handler }

func (h idHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := requestID(ctx); id != "" {
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h idHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return idHandler{h.Handler.WithAttrs(attrs)}
}

func (h idHandler) WithGroup(name string) slog.Handler { return idHandler{h.Handler.WithGroup(name)} }

// secretPaths are the first segments behind which the next one is a token.
var secretPaths = map[string]bool{"s": true, "invitations": true, "reset": true, "verify": true, "email": true, "email-back": true, "exports": true}

// isSecret reports a page whose address is a secret: below a share link, or with a
// token from a mail.
func isSecret(r *http.Request) bool { return isShare(r) || hasToken(r) }

// hasToken reports a page whose address holds a token from a mail.
func hasToken(r *http.Request) bool {
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return rest != "" && first != "s" && secretPaths[first]
}

// loggedPath is the path with tokens replaced. Queries are never logged.
func loggedPath(p string) string {
	segments := strings.Split(path.Clean("/"+p), "/")
	for i := 1; i+1 < len(segments); i++ {
		if secretPaths[strings.ToLower(segments[i])] {
			segments[i+1] = "{token}"
		}
	}
	return strings.Join(segments, "/")
}
