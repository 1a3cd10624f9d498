package app_test

import (
	"context"
	"maps"

	"github.com/google/uuid"

	"albumen/app"
)

// unknownManaged is a use-case of administrators about something that is not
// there, which only they learn.
const unknownManaged = "unnffnu"

// policyAccess has the rows of reports, policies and the contact form.
var policyAccess = map[string]ownCase{
	"Reports": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.Reports(ctx, x, app.ReportsQuery{}))
	}, managing},
	"ReportCase": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.ReportCase(ctx, x, uuid.New()))
	}, unknownManaged},
	"HideReported": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.HideReported(ctx, x, uuid.New())
	}, unknownManaged},
	"RestoreReported": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.RestoreReported(ctx, x, uuid.New())
	}, unknownManaged},
	"DismissReport": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.DismissReport(ctx, x, uuid.New())
	}, unknownManaged},
	"DeleteReported": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.DeleteReported(ctx, x, uuid.New())
	}, unknownManaged},
	"ReportedPreview": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.ReportedPreview(ctx, x, uuid.New()))
	}, unknownManaged},
	"ReportedOriginal": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.ReportedOriginal(ctx, x, uuid.New()))
	}, unknownManaged},
	"SweepReports": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SweepReports(ctx, x)) }, systemOnly},
}

func init() { maps.Copy(ownAccess, policyAccess) }
