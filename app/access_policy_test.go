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
	"Policies": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.Policies(ctx, x)) }, managing},
	"PolicyHistory": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.PolicyHistory(ctx, x, "terms"))
	}, managing},
	"PreviewPolicy": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.PreviewPolicy(ctx, x, "terms", "x"))
	}, managing},
	"PublishPolicy": {func(ctx context.Context, a *app.App, x app.Actor) error {
		err := a.PublishPolicy(ctx, x, "about", -1, app.NewPolicy{Text: "x", Note: "x"})
		if app.CodeOf(err) == app.CodeConflict {
			return nil // allowed, and too late
		}
		return err
	}, managing},
	// Everybody may ask whether they owe it; visitors and the suspended do not.
	"OwesTerms": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.OwesTerms(ctx, x)) }, "ooooooo"},
	"TermsQuestion": {func(ctx context.Context, a *app.App, x app.Actor) error {
		err := second(a.TermsQuestion(ctx, x))
		if app.CodeOf(err) == app.CodeNotFound {
			return nil // allowed, and owes nothing
		}
		return err
	}, accounting},
	"AcceptTerms": {func(ctx context.Context, a *app.App, x app.Actor) error {
		err := a.AcceptTerms(ctx, x, 99)
		if app.CodeOf(err) == app.CodeConflict {
			return nil // allowed, and another version counts
		}
		return err
	}, accounting},
	// Everybody may write; an empty message is refused for what it says.
	"SendContact": {func(ctx context.Context, a *app.App, x app.Actor) error {
		err := a.SendContact(ctx, x, app.NewContact{})
		if app.CodeOf(err) == app.CodeInvalid {
			return nil
		}
		return err
	}, "ooooooo"},
	"ContactMessages": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.ContactMessages(ctx, x, app.ContactQuery{}))
	}, managing},
	"AnswerContact": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.AnswerContact(ctx, x, uuid.New(), true)
	}, unknownManaged},
	"DeleteContact": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return a.DeleteContact(ctx, x, uuid.New())
	}, unknownManaged},
	"SweepContactMessages": {func(ctx context.Context, a *app.App, x app.Actor) error {
		return second(a.SweepContactMessages(ctx, x))
	}, systemOnly},
	"SweepReports": {func(ctx context.Context, a *app.App, x app.Actor) error { return second(a.SweepReports(ctx, x)) }, systemOnly},
}

func init() { maps.Copy(ownAccess, policyAccess) }
