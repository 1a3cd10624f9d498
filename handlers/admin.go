package handlers

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/i18n"
	"albumen/jobs"
	"albumen/views/admin"
	"albumen/views/layout"
)

// adminApp is what looking after the site needs.
type adminApp interface {
	SiteState(context.Context, app.Actor) (app.SiteState, error)
	RetryFailed(context.Context, app.Actor, uuid.UUID) error
	RetryAllFailed(context.Context, app.Actor) (int, error)
	MeaningState(context.Context, app.Actor) (app.MeaningState, error)
}

// QueueState tells how the job queue is doing.
type QueueState interface {
	State(ctx context.Context, now time.Time) (jobs.State, error)
}

type adminHandlers struct {
	*Server
	app     adminApp
	queue   QueueState
	version string
}

// status tells whether the machinery runs and what it could not do.
func (h adminHandlers) status(c echo.Context) error {
	ctx := c.Request().Context()
	site, err := h.app.SiteState(ctx, h.actor(c))
	if err != nil {
		return err
	}
	queue, err := h.queue.State(ctx, time.Now())
	if err != nil {
		return fmt.Errorf("read the queue: %w", err)
	}
	meaning, err := h.app.MeaningState(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p := admin.Status{
		Page: h.page(c), Version: h.version, Processes: processesOf(ctx, queue), Queues: queuesOf(ctx, queue),
		Totals: totalsOf(ctx, site), Failed: failuresOf(ctx, site), MeaningURL: modelPath,
	}
	p.Meaning, p.MeaningOn = meaningRow(ctx, meaning)
	if site.Failed > 0 {
		p.RetryURL = "/admin/retry"
	}
	return h.render(c, http.StatusOK, admin.StatusPage(p))
}

// processesOf are the workers that were heard of lately; none is a fault.
func processesOf(ctx context.Context, queue jobs.State) []admin.Process {
	if len(queue.Workers) == 0 {
		return []admin.Process{{Name: i18n.T(ctx, "admin.worker"), State: i18n.T(ctx, "admin.no_worker")}}
	}
	var out []admin.Process
	for _, w := range queue.Workers {
		out = append(out, admin.Process{
			Name: i18n.T(ctx, "admin.worker"), Host: fmt.Sprintf("%s:%d", w.Host, w.PID), OK: true, Since: w.Started,
			State: i18n.N(ctx, "admin.slots", w.Slots),
		})
	}
	return out
}

func queuesOf(ctx context.Context, queue jobs.State) []admin.Queue {
	running := map[string]int{}
	for _, r := range queue.Running {
		running[r.Kind]++
	}
	var out []admin.Queue
	waiting := 0
	for _, q := range queue.Queues {
		waiting += int(q.Waiting)
		out = append(out, admin.Queue{
			Name: q.Kind, Waiting: int(q.Waiting), Running: running[q.Kind], Oldest: time.Duration(q.LatencySeconds) * time.Second,
		})
	}
	// Retries and what was given up are kept for all kinds together.
	return append(out, admin.Queue{
		Name: i18n.T(ctx, "admin.all_kinds"), Waiting: waiting, Running: len(queue.Running),
		Retry: int(queue.Retries), Dead: int(queue.Dead),
	})
}

func totalsOf(ctx context.Context, site app.SiteState) []admin.Total {
	number := func(n int) string { return i18n.Number(ctx, n) }
	return []admin.Total{
		{Label: i18n.T(ctx, "admin.total_users"), Value: number(site.Users)},
		{Label: i18n.T(ctx, "admin.total_items"), Value: number(site.Items)},
		{Label: i18n.T(ctx, "admin.total_bytes"), Value: i18n.Bytes(ctx, site.Bytes)},
		{Label: i18n.T(ctx, "admin.total_unfinished"), Value: number(site.Unfinished)},
		{Label: i18n.T(ctx, "admin.total_failed"), Value: number(site.Failed)},
	}
}

// failuresOf names the files of others by their owner: what they are called is
// nobody else's business.
func failuresOf(ctx context.Context, site app.SiteState) []admin.Failure {
	var out []admin.Failure
	for _, f := range site.Failures {
		out = append(out, failureOf(ctx, f))
	}
	return out
}

func failureOf(ctx context.Context, f app.SiteFailure) admin.Failure {
	shown := admin.Failure{
		Filename: f.Filename, Reason: failureText(ctx, f.Code), Attempts: f.Attempts, At: f.At,
		RetryURL: "/admin/media/" + f.ID.String() + "/retry",
	}
	if f.Filename == "" {
		shown.Filename = i18n.T(ctx, "admin.file_of", "Owner", f.Owner)
	} else {
		shown.Href = fromTimeline.viewer(f.ID)
	}
	return shown
}

func (h adminHandlers) retry(c echo.Context) error {
	id, err := mediaID(c)
	if err != nil {
		return err
	}
	if err := h.app.RetryFailed(c.Request().Context(), h.actor(c), id); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "receipt_of.retried")}, "/admin")
}

func (h adminHandlers) retryAll(c echo.Context) error {
	n, err := h.app.RetryAllFailed(c.Request().Context(), h.actor(c))
	if err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.N(c.Request().Context(), "receipt_of.retried_all", n)}, "/admin")
}
