package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"albumen/app"
)

// apiReportApp is what reports need of the API.
type apiReportApp interface {
	ReportMedia(context.Context, app.Actor, uuid.UUID, app.NewReport) error
	Reports(context.Context, app.Actor, app.ReportsQuery) (app.ReportPage, error)
	ReportCase(context.Context, app.Actor, uuid.UUID) (app.ReportCase, error)
	HideReported(context.Context, app.Actor, uuid.UUID) error
	RestoreReported(context.Context, app.Actor, uuid.UUID) error
	DismissReport(context.Context, app.Actor, uuid.UUID) error
	DeleteReported(context.Context, app.Actor, uuid.UUID) error
}

type apiReports struct {
	*apiServer
	app apiReportApp
}

type apiNewReport struct {
	ID   uuid.UUID `path:"id"`
	Body struct {
		Reason  string `json:"reason" enum:"child_abuse,consent,violence,hate,copyright,personal_data,something_else"`
		Message string `json:"message,omitempty" maxLength:"5000" doc:"required with something_else"`
	}
}

type apiReportsQuery struct {
	Status string `query:"status" enum:"open,closed" doc:"absent: open"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor"`
}

// apiReportCase is what was reported about one item.
type apiReportCase struct {
	ID        uuid.UUID    `json:"id"`
	MediaID   uuid.UUID    `json:"media_id" doc:"also of an item that is gone"`
	OwnerID   *uuid.UUID   `json:"owner_id" doc:"null: the account is gone"`
	Exists    bool         `json:"exists" doc:"the item is still there"`
	Hidden    bool         `json:"hidden"`
	Count     int          `json:"count" doc:"of reports"`
	Reasons   []string     `json:"reasons"`
	OpenedAt  time.Time    `json:"opened_at"`
	LastAt    time.Time    `json:"last_at" doc:"of the last report"`
	Outcome   *string      `json:"outcome" enum:"dismissed,deleted,gone" doc:"null: open"`
	ClosedAt  *time.Time   `json:"closed_at"`
	KeepUntil *time.Time   `json:"keep_until" doc:"when the evidence goes; null while open"`
	Evidence  app.Evidence `json:"evidence" doc:"the item as it was at the first report"`
	Reports   []apiReport  `json:"reports,omitempty" doc:"only of one case, the last ones first"`
}

type apiReport struct {
	Reason    string     `json:"reason"`
	Message   string     `json:"message"`
	Kind      string     `json:"kind" enum:"user,token,link,visitor" doc:"who reported"`
	UserID    *uuid.UUID `json:"user_id"`
	Email     string     `json:"email" doc:"where an answer may go; empty: nowhere"`
	IP        string     `json:"ip"`
	CreatedAt time.Time  `json:"created_at"`
}

func apiReportCaseOf(c app.ReportCase) apiReportCase {
	out := apiReportCase{
		ID: c.ID, MediaID: c.MediaID, Exists: c.There, Hidden: c.Hidden, Count: c.Count, Reasons: []string{}, OpenedAt: c.OpenedAt.UTC(), LastAt: c.ReportedAt.UTC(), Evidence: c.Evidence,
	}
	if c.OwnerID != uuid.Nil {
		out.OwnerID = &c.OwnerID
	}
	if c.Outcome != "" {
		closed, kept := c.ClosedAt.UTC(), c.KeepUntil.UTC()
		out.Outcome, out.ClosedAt, out.KeepUntil = &c.Outcome, &closed, &kept
	}
	seen := map[app.ReportReason]bool{}
	for _, r := range c.Reports {
		one := apiReport{Reason: string(r.Reason), Message: r.Message, Kind: r.Kind, Email: r.Email, IP: r.IP, CreatedAt: r.At.UTC()}
		if r.UserID != uuid.Nil {
			one.UserID = &r.UserID
		}
		out.Reports = append(out.Reports, one)
		if !seen[r.Reason] {
			seen[r.Reason] = true
			out.Reasons = append(out.Reasons, string(r.Reason))
		}
	}
	for _, r := range c.Reasons {
		out.Reasons = append(out.Reasons, string(r))
	}
	return out
}

func (h apiReports) register() {
	const tag = "reports"
	create := operation(http.MethodPost, "/media/{id}/reports", "report-media", tag, "Report an item as something that should not be here", 401, 403, 404, 409, 422, 429)
	create.DefaultStatus = http.StatusNoContent
	register(h.apiServer, create, h.create)
	register(h.apiServer, operation(http.MethodGet, "/reports", "list-reports", tag, "List what was reported (administrators)", 401, 403, 404, 422), h.list)
	register(h.apiServer, operation(http.MethodGet, "/reports/{id}", "get-report", tag, "One reported item with its reports (administrators)", 401, 403, 404), h.show)
	for _, act := range []struct {
		name, summary string
		do            func(context.Context, app.Actor, uuid.UUID) error
	}{
		{"hide", "Hide a reported item from everybody but its owner (administrators)", h.app.HideReported},
		{"restore", "Show a hidden item again (administrators)", h.app.RestoreReported},
		{"dismiss", "Close the case: the item may stay (administrators)", h.app.DismissReport},
		{"delete", "Delete a reported item for ever, keep the evidence and close the case (administrators)", h.app.DeleteReported},
	} {
		register(h.apiServer, operation(http.MethodPost, "/reports/{id}/"+act.name, act.name+"-report", tag, act.summary, 401, 403, 404, 409),
			func(ctx context.Context, actor app.Actor, in *apiID) (*struct{}, error) {
				return nil, act.do(ctx, actor, in.ID)
			})
	}
}

// create asks for a token: there is no form that could tell people from machines.
func (h apiReports) create(ctx context.Context, actor app.Actor, in *apiNewReport) (*struct{}, error) {
	if !actor.SignedIn() {
		return nil, app.Unauthenticated()
	}
	return nil, h.app.ReportMedia(ctx, actor, in.ID, app.NewReport{Reason: app.ReportReason(in.Body.Reason), Message: in.Body.Message})
}

func (h apiReports) list(ctx context.Context, actor app.Actor, in *apiReportsQuery) (*apiBody[apiList[apiReportCase]], error) {
	page, err := h.app.Reports(ctx, actor, app.ReportsQuery{Closed: in.Status == "closed", Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := apiList[apiReportCase]{Items: make([]apiReportCase, len(page.Items)), Next: page.Next}
	for n, c := range page.Items {
		out.Items[n] = apiReportCaseOf(c)
	}
	return &apiBody[apiList[apiReportCase]]{out}, nil
}

func (h apiReports) show(ctx context.Context, actor app.Actor, in *apiID) (*apiBody[apiReportCase], error) {
	c, err := h.app.ReportCase(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return &apiBody[apiReportCase]{apiReportCaseOf(c)}, nil
}
