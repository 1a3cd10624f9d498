package handlers

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	tusd "github.com/tus/tusd/v2/pkg/handler"
	tuslog "golang.org/x/exp/slog"

	"albumen/app"
	"albumen/db"
)

const (
	tusPath = "/upload/tus/"
	// tusMetadataMax bounds the Upload-Metadata header, in bytes.
	tusMetadataMax = 4 << 10
	// tusResult is the header with what became of a finished upload.
	tusResult = "Albumen-Result"
)

// tusApp is what resumable uploads need.
type tusApp interface {
	CreateUpload(context.Context, app.Actor, app.NewUpload) (db.Upload, error)
	UploadByID(context.Context, app.Actor, uuid.UUID) (db.Upload, error)
	TakeUpload(context.Context, app.Actor, uuid.UUID) (uuid.UUID, error)
	AppendUpload(context.Context, app.Actor, uuid.UUID, uuid.UUID, int64, io.Reader) (int64, error)
	FinishUpload(context.Context, app.Actor, uuid.UUID) (app.Received, error)
	CancelUpload(context.Context, app.Actor, uuid.UUID) error
}

// tusHandlers is the tus 1.0 endpoint: tusd speaks the protocol, app keeps the
// bytes, and errors are answered as everywhere else.
type tusHandlers struct {
	*Server
	app tusApp
	tus *tusd.UnroutedHandler
}

func newTusHandlers(s *Server, a tusApp) tusHandlers {
	h := tusHandlers{Server: s, app: a}
	store := tusStore{h}
	composer := tusd.NewStoreComposer()
	composer.UseCore(store)
	composer.UseTerminater(store)
	composer.UseLocker(store)
	var err error
	h.tus, err = tusd.NewUnroutedHandler(tusd.Config{
		StoreComposer: composer, BasePath: tusPath, DisableDownload: true, DisableConcatenation: true,
		Cors: &tusd.CorsConfig{Disable: true}, Logger: tuslog.New(tuslog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		panic(err) // only a wrong configuration, which is written right here
	}
	return h
}

// options tells what the endpoint can do.
func (h tusHandlers) options(c echo.Context) error {
	header := c.Response().Header()
	header.Set("Tus-Resumable", "1.0.0")
	header.Set("Tus-Version", "1.0.0")
	header.Set("Tus-Max-Size", strconv.FormatInt(h.cfg.MaxUploadBytes, 10))
	header.Set("Tus-Extension", "creation,creation-with-upload,termination,expiration")
	return c.NoContent(http.StatusNoContent)
}

// serve answers POST on the endpoint and HEAD, PATCH and DELETE on uploads.
func (h tusHandlers) serve(c echo.Context) error {
	r, w := c.Request(), c.Response()
	r.Header.Del("X-HTTP-Method-Override")
	actor := h.actor(c)
	if !actor.SignedIn() {
		return &app.Error{Code: app.CodeUnauthenticated, Key: "error.unauthenticated"}
	}
	if len(r.Header.Get("Upload-Metadata")) > tusMetadataMax {
		return &app.Error{Code: app.CodeInvalid, Key: "receive.metadata"}
	}
	call := &tusCall{Context: r.Context(), actor: actor, writer: &tusWriter{ResponseWriter: w}}
	if err := h.recall(c, call); err != nil {
		return err
	}
	serve := h.tus.PostFile
	switch r.Method {
	case http.MethodHead:
		serve = h.tus.HeadFile
	case http.MethodPatch:
		serve = h.tus.PatchFile
	case http.MethodDelete:
		serve = h.tus.DelFile
	}
	body := r.Body
	r = r.WithContext(context.WithValue(r.Context(), tusCallKey{}, call))
	h.tus.Middleware(http.StripPrefix(strings.TrimSuffix(tusPath, "/"), http.HandlerFunc(serve))).ServeHTTP(call.writer, r)
	// tusd leaves its deadline on the connection, which may carry a long download next.
	defer call.writer.deadlines(time.Time{})
	err := call.err
	if err == nil && call.writer.refused != 0 {
		err = &statusError{call.writer.refused, codeOfStatus(call.writer.refused), "error.request", fmt.Errorf("tus: %s", call.writer.said)}
	}
	if err != nil {
		drain(call.writer, body)
	}
	return err
}

// recall looks after uploads whose bytes are all there: a client that lost the
// last answer gets it on any request, and one that was never put together is.
func (h tusHandlers) recall(c echo.Context, call *tusCall) error {
	r := c.Request()
	if r.Method != http.MethodHead && r.Method != http.MethodPatch {
		return nil
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return app.NotFound("upload")
	}
	u, err := h.app.UploadByID(r.Context(), call.actor, id)
	if err != nil {
		return err
	}
	call.expires(u.ExpiresAt)
	if u.Received < u.Bytes {
		return nil
	}
	got, err := h.app.FinishUpload(r.Context(), call.actor, id)
	if err != nil {
		return err
	}
	return call.result(got)
}

// drainMax covers the pieces that our own page sends.
const drainMax = 17 << 20

// drain reads what the client is still sending, within reason: a browser that
// is cut off in the middle does not look at the answer.
func drain(w *tusWriter, body io.Reader) {
	w.deadlines(time.Now().Add(30 * time.Second))
	_, _ = io.CopyN(io.Discard, body, drainMax)
}

// tusCall is one request on its way through tusd, which passes contexts on but
// knows nothing of actors.
type tusCall struct {
	context.Context
	actor  app.Actor
	fence  uuid.UUID // the right to add to the upload
	writer *tusWriter
	err    error // what a use-case said; tusd only hears that there was an error
}

type tusCallKey struct{}

func tusCallOf(ctx context.Context) (*tusCall, error) {
	call, ok := ctx.Value(tusCallKey{}).(*tusCall)
	if !ok {
		return nil, fmt.Errorf("tus: the request's context is lost")
	}
	return call, nil
}

// errTusApp stands in for call.err.
var errTusApp = tusd.NewError("ERR_APP", "see the problem", http.StatusInternalServerError)

func (call *tusCall) fail(err error) error {
	call.err = err
	return errTusApp
}

func (call *tusCall) expires(at time.Time) {
	call.writer.Header().Set("Upload-Expires", at.UTC().Format(http.TimeFormat))
}

// result says what became of the file.
func (call *tusCall) result(got app.Received) error {
	text, err := json.Marshal(outcomeOf(call.Context, "", got))
	if err != nil {
		return fmt.Errorf("write the result of an upload: %w", err)
	}
	call.writer.Header().Set(tusResult, base64.StdEncoding.EncodeToString(text))
	return nil
}

// tusWriter holds back tusd's own error texts, and keeps Location relative:
// behind a proxy tusd would guess the address wrong.
type tusWriter struct {
	http.ResponseWriter
	refused int
	said    string
}

func (w *tusWriter) WriteHeader(status int) {
	if status >= 400 {
		w.refused = status
		return
	}
	if location := w.Header().Get("Location"); location != "" {
		if u, err := url.Parse(location); err == nil {
			w.Header().Set("Location", u.EscapedPath())
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *tusWriter) Write(b []byte) (int, error) {
	if w.refused != 0 {
		w.said += strings.TrimSpace(string(b))
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets tusd reach the connection.
func (w *tusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// deadlines are of reading and writing; a zero time lifts them. Where the
// connection has none, there is nothing to do.
func (w *tusWriter) deadlines(at time.Time) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(at)
	_ = rc.SetWriteDeadline(at)
}
