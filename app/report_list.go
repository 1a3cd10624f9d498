package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// ReportsQuery asks for cases, newest first.
type ReportsQuery struct {
	Closed bool   // those that are decided instead of those that are open
	Cursor string // of ReportPage.Next
	Limit  int    // 0: 50; at most 200
}

// ReportCase is what was reported about one item, and what became of it.
type ReportCase struct {
	ID         uuid.UUID
	MediaID    uuid.UUID
	OwnerID    uuid.UUID // zero: the account is gone
	Evidence   Evidence
	Reasons    []ReportReason
	Count      int // of reports
	OpenedAt   time.Time
	ReportedAt time.Time // last
	There      bool      // the item still exists
	Pictured   bool      // there is a preview to look at
	Hidden     bool
	Outcome    string // empty: open; dismissed, deleted or gone
	ClosedAt   time.Time
	ClosedBy   string    // a name; empty: nobody, or no longer known
	KeepUntil  time.Time // when the evidence goes; zero while open
	Reports    []Report  // the last ones first; only of ReportCase
}

// Report is one of the reports of a case.
type Report struct {
	ID      uuid.UUID
	Reason  ReportReason
	Message string
	Email   string // where an answer may go; empty: nowhere
	Kind    string // user, token, link or visitor
	UserID  uuid.UUID
	Name    string // of the user
	IP      string
	At      time.Time
}

// ReportPage is a page of cases.
type ReportPage struct {
	Items []ReportCase
	Next  string // empty at the end
	Open  int    // how many are open
}

// reportsShown is how many reports a case shows.
const reportsShown = 200

// Reports lists the cases. Only site admins may.
func (a *App) Reports(ctx context.Context, actor Actor, query ReportsQuery) (ReportPage, error) {
	if err := actor.allow(ManageSite); err != nil {
		return ReportPage{}, err
	}
	before, err := idCursor(query.Cursor)
	if err != nil {
		return ReportPage{}, err
	}
	limit := pageLimit(query.Limit)
	rows, err := a.db.ReportCases(ctx, db.ReportCasesParams{Closed: query.Closed, Before: before, N: int32(limit) + 1})
	if err != nil {
		return ReportPage{}, fmt.Errorf("list the reports: %w", err)
	}
	var page ReportPage
	for i, r := range rows {
		if i == limit {
			page.Next = rows[limit-1].ReportCase.ID.String()
			break
		}
		c, err := reportCase(r.ReportCase)
		if err != nil {
			return ReportPage{}, err
		}
		c.There = r.There
		for _, reason := range r.Reasons {
			c.Reasons = append(c.Reasons, ReportReason(reason))
		}
		page.Items = append(page.Items, c)
	}
	open, err := a.db.CountOpenReportCases(ctx)
	if err != nil {
		return ReportPage{}, fmt.Errorf("count the reports: %w", err)
	}
	page.Open = int(open)
	return page, nil
}

func reportCase(r db.ReportCase) (ReportCase, error) {
	c := ReportCase{
		ID: r.ID, MediaID: r.MediaID, Count: int(r.Reports), OpenedAt: r.OpenedAt, ReportedAt: r.ReportedAt, Hidden: r.HiddenAt != nil,
	}
	if r.OwnerID != nil {
		c.OwnerID = *r.OwnerID
	}
	if r.Outcome != nil {
		c.Outcome = *r.Outcome
	}
	if r.ClosedAt != nil && r.KeepUntil != nil {
		c.ClosedAt, c.KeepUntil = *r.ClosedAt, *r.KeepUntil
	}
	if err := json.Unmarshal(r.Evidence, &c.Evidence); err != nil {
		return c, fmt.Errorf("read the evidence of case %s: %w", r.ID, err)
	}
	return c, nil
}

// ReportCase returns one case with its reports. Only site admins may.
func (a *App) ReportCase(ctx context.Context, actor Actor, id uuid.UUID) (ReportCase, error) {
	if err := actor.allow(ManageSite); err != nil {
		return ReportCase{}, err
	}
	row, err := a.db.ReportCaseByID(ctx, id)
	if db.IsNotFound(err) {
		return ReportCase{}, NotFound("report")
	}
	if err != nil {
		return ReportCase{}, fmt.Errorf("load case %s: %w", id, err)
	}
	c, err := reportCase(row.ReportCase)
	if err != nil {
		return ReportCase{}, err
	}
	c.There, c.Pictured, c.ClosedBy = row.There, row.Pictured, row.CloserName
	reports, err := a.db.ReportsOfCase(ctx, db.ReportsOfCaseParams{CaseID: id, N: reportsShown})
	if err != nil {
		return ReportCase{}, fmt.Errorf("list the reports of case %s: %w", id, err)
	}
	for _, r := range reports {
		one := Report{
			ID: r.Report.ID, Reason: ReportReason(r.Report.Reason), Message: r.Report.Message, Email: r.Report.Email, Kind: r.Report.ReporterKind,
			Name: r.ReporterName, IP: r.Report.Ip, At: r.Report.CreatedAt,
		}
		if r.Report.ReporterID != nil {
			one.UserID = *r.Report.ReporterID
			if one.Email == "" {
				one.Email = r.ReporterEmail
			}
		}
		c.Reports = append(c.Reports, one)
	}
	return c, nil
}

// ReportedPreview returns the picture of a reported item. It is the one way in
// which administrators see what is not theirs, and each look is written down.
// CodeNotFound where there is none (any more).
func (a *App) ReportedPreview(ctx context.Context, actor Actor, id uuid.UUID) (Object, error) {
	return a.reportedObject(ctx, actor, id, "preview", func(q *db.Queries, _ db.ReportCase) (Object, error) {
		row, err := q.ReportedPreview(ctx, id)
		if db.IsNotFound(err) {
			return Object{}, NotFound("picture")
		}
		if err != nil {
			return Object{}, fmt.Errorf("load the preview of case %s: %w", id, err)
		}
		return Object{
			MIME: row.Mime, Bytes: row.Bytes, ETag: id.String() + "-" + strconv.Itoa(int(row.Version)), Modified: row.CreatedAt, store: a.storage, key: row.StorageKey,
		}, nil
	})
}

// ReportedOriginal returns the evidence itself, also after its owner has deleted
// the item. Each look is written down.
func (a *App) ReportedOriginal(ctx context.Context, actor Actor, id uuid.UUID) (Object, error) {
	return a.reportedObject(ctx, actor, id, "original", func(_ *db.Queries, row db.ReportCase) (Object, error) {
		c, err := reportCase(row)
		if err != nil {
			return Object{}, err
		}
		return Object{
			MIME: c.Evidence.MIME, Bytes: c.Evidence.Bytes, Filename: c.Evidence.Filename, ETag: c.Evidence.SHA256[:32], Modified: c.OpenedAt, store: a.storage, key: row.StorageKey,
		}, nil
	})
}

func (a *App) reportedObject(ctx context.Context, actor Actor, id uuid.UUID, what string, find func(*db.Queries, db.ReportCase) (Object, error)) (Object, error) {
	if err := actor.allow(ManageSite); err != nil {
		return Object{}, err
	}
	var o Object
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		c, err := lockCase(ctx, q, id)
		if err != nil {
			return err
		}
		if o, err = find(q, c); err != nil {
			return err
		}
		return a.audit(ctx, q, actor, auditEvent{
			Action: auditReportView, Kind: "media", Object: c.MediaID, Subject: orNil(c.OwnerID), Detail: map[string]any{"case": id.String(), "file": what},
		})
	})
	return o, err
}

func lockCase(ctx context.Context, q *db.Queries, id uuid.UUID) (db.ReportCase, error) {
	c, err := q.LockReportCase(ctx, id)
	if db.IsNotFound(err) {
		return db.ReportCase{}, NotFound("report")
	}
	if err != nil {
		return db.ReportCase{}, fmt.Errorf("lock case %s: %w", id, err)
	}
	return c, nil
}

func orNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
