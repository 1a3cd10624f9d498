package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/live"
)

const (
	// eventsHeartbeat keeps proxies from closing a silent stream, and is how
	// often a session is looked at again.
	eventsHeartbeat = 20 * time.Second
	// eventsRetry is how long a browser waits before it connects again.
	eventsRetry = 3 * time.Second
	// eventsWrite bounds one write to a client that takes nothing any more.
	eventsWrite = 10 * time.Second
)

// eventsApp is what live updates need.
type eventsApp interface {
	Media(context.Context, app.Actor, uuid.UUID) (app.MediaDetail, error)
}

// eventsHub is where the news comes from.
type eventsHub interface {
	Listen(user uuid.UUID) (*live.Listener, error)
	Leave(*live.Listener)
}

type eventHandlers struct {
	*Server
	app eventsApp
	hub eventsHub
}

// stream sends what happens to the actor's items while a page is open, as
// server-sent events: "media" with {"id", "kind"}, and "resync" when something
// may have been missed, upon which the page reads again.
func (h eventHandlers) stream(c echo.Context) error {
	actor := h.actor(c)
	if !actor.SignedIn() {
		return &app.Error{Code: app.CodeUnauthenticated, Key: "error.unauthenticated"}
	}
	listener, err := h.hub.Listen(actor.UserID())
	if errors.Is(err, live.ErrTooMany) {
		return &statusError{http.StatusTooManyRequests, "too_many_streams", "error.too_many_streams", err}
	}
	if err != nil {
		return err
	}
	defer h.hub.Leave(listener)

	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/event-stream; charset=utf-8")
	header.Set(echo.HeaderCacheControl, "private, no-cache")
	header.Set("X-Accel-Buffering", "no") // nginx
	c.Response().WriteHeader(http.StatusOK)
	out := &eventWriter{w: c.Response(), control: http.NewResponseController(c.Response())}
	// A browser that comes back has missed what happened meanwhile.
	out.text("retry: %d\n\n", eventsRetry.Milliseconds())
	if c.Request().Header.Get("Last-Event-ID") != "" {
		out.event("resync", struct{}{})
	}
	out.flush()
	h.forward(c, listener, out)
	return nil
}

// forward runs until the client, the session, the hub or the process ends.
// What happens then is for the browser: it connects again and reads again.
func (h eventHandlers) forward(c echo.Context, listener *live.Listener, out *eventWriter) {
	heartbeat := time.NewTicker(eventsHeartbeat)
	defer heartbeat.Stop()
	for out.err == nil {
		select {
		case <-c.Request().Context().Done():
			return
		case <-h.closing:
			return
		case <-heartbeat.C:
			if !h.stillSignedIn(c) {
				return
			}
			out.text(": still here\n\n")
		case news, ok := <-listener.C:
			if !ok || !h.tell(c, news, out) {
				return
			}
		}
		out.flush()
	}
}

// tell passes one piece of news on, unless its reader may not know (any more).
func (h eventHandlers) tell(c echo.Context, news live.News, out *eventWriter) bool {
	if news.Resync {
		out.event("resync", struct{}{})
		return true
	}
	if !h.stillSignedIn(c) {
		return false
	}
	ctx, id := c.Request().Context(), news.Event.MediaID
	_, err := h.app.Media(ctx, h.actor(c), id)
	switch {
	case app.CodeOf(err) == app.CodeNotFound:
		return true
	case err != nil:
		if ctx.Err() == nil {
			h.log.WarnContext(ctx, "could not pass an event on", "media", id, "error", err)
		}
		return false
	}
	out.event("media", mediaEvent{ID: id, Kind: news.Event.Kind})
	return true
}

type mediaEvent struct {
	ID   uuid.UUID     `json:"id"`
	Kind app.EventKind `json:"kind"`
}

// stillSignedIn looks the session up again and renews the actor.
func (h eventHandlers) stillSignedIn(c echo.Context) bool {
	ctx, was := c.Request().Context(), h.actor(c)
	actor, err := h.actorOfSession(ctx)
	if err != nil {
		if ctx.Err() == nil {
			h.log.WarnContext(ctx, "could not look at a session", "error", err)
		}
		return false
	}
	c.Set(actorKey, actor)
	return actor.SignedIn() && actor.UserID() == was.UserID()
}

// eventWriter writes server-sent events, and remembers the first failure.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (o *eventWriter) text(format string, args ...any) {
	if o.err != nil {
		return
	}
	if o.err = o.control.SetWriteDeadline(time.Now().Add(eventsWrite)); errors.Is(o.err, http.ErrNotSupported) {
		o.err = nil
	}
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format, args...)
	}
}

func (o *eventWriter) event(name string, data any) {
	encoded, err := json.Marshal(data)
	if err != nil {
		o.err = err
		return
	}
	// The id only says, on the next connection, that there was one before.
	o.text("id: %d\nevent: %s\ndata: %s\n\n", time.Now().UnixMilli(), name, encoded)
}

func (o *eventWriter) flush() {
	if o.err == nil {
		o.err = o.control.Flush()
	}
}
