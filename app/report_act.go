package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// withheldByReport is the value of media.withheld for what was hidden.
const withheldByReport = "report"

// HideReported withholds a reported item at once from everybody but its owner.
// Only site admins may, as with all that is done about reports. CodeConflict
// when the case is closed or the item gone.
func (a *App) HideReported(ctx context.Context, actor Actor, id uuid.UUID) error {
	return a.onCase(ctx, actor, id, func(q *db.Queries, c db.ReportCase, m *db.Media) error {
		if m == nil {
			return &Error{Code: CodeConflict, Key: "error.report_gone"}
		}
		if c.HiddenAt != nil {
			return nil
		}
		now, why := a.now(), withheldByReport
		if err := q.SetReportHidden(ctx, db.SetReportHiddenParams{ID: id, HiddenAt: &now, WithheldBefore: m.Withheld}); err != nil {
			return fmt.Errorf("note that %s is hidden: %w", m.ID, err)
		}
		if err := q.SetMediaWithheld(ctx, db.SetMediaWithheldParams{ID: m.ID, Withheld: &why}); err != nil {
			return fmt.Errorf("hide %s: %w", m.ID, err)
		}
		return a.tellOfCase(ctx, q, actor, auditReportHide, c, m)
	})
}

// RestoreReported shows a hidden item again as before; the case stays open.
func (a *App) RestoreReported(ctx context.Context, actor Actor, id uuid.UUID) error {
	return a.onCase(ctx, actor, id, func(q *db.Queries, c db.ReportCase, m *db.Media) error {
		if m == nil {
			return &Error{Code: CodeConflict, Key: "error.report_gone"}
		}
		if c.HiddenAt == nil {
			return nil
		}
		if err := a.unhide(ctx, q, c, m); err != nil {
			return err
		}
		return a.tellOfCase(ctx, q, actor, auditReportRestore, c, m)
	})
}

// DismissReport closes the case: the item may stay, and is shown again where it
// was hidden. It also closes the case of an item that its owner has deleted.
func (a *App) DismissReport(ctx context.Context, actor Actor, id uuid.UUID) error {
	return a.onCase(ctx, actor, id, func(q *db.Queries, c db.ReportCase, m *db.Media) error {
		outcome := "dismissed"
		if m == nil {
			outcome = "gone"
		} else if c.HiddenAt != nil {
			if err := a.unhide(ctx, q, c, m); err != nil {
				return err
			}
		}
		if err := a.closeCase(ctx, q, actor, c, outcome); err != nil {
			return err
		}
		return a.tellOfCase(ctx, q, actor, auditReportDismiss, c, m)
	})
}

// DeleteReported deletes the item for ever and closes the case, which keeps the
// evidence.
func (a *App) DeleteReported(ctx context.Context, actor Actor, id uuid.UUID) error {
	return a.onCase(ctx, actor, id, func(q *db.Queries, c db.ReportCase, m *db.Media) error {
		if m == nil {
			return &Error{Code: CodeConflict, Key: "error.report_gone"}
		}
		if err := deleteItems(ctx, q, []uuid.UUID{m.ID}); err != nil {
			return err
		}
		if err := a.closeCase(ctx, q, actor, c, "deleted"); err != nil {
			return err
		}
		return a.tellOfCase(ctx, q, actor, auditReportDelete, c, m)
	})
}

// onCase decides about an open case. The item, nil when it is gone, is locked
// before the case, as a report does.
func (a *App) onCase(ctx context.Context, actor Actor, id uuid.UUID, do func(*db.Queries, db.ReportCase, *db.Media) error) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	row, err := a.db.ReportCaseByID(ctx, id)
	if db.IsNotFound(err) {
		return NotFound("report")
	}
	if err != nil {
		return fmt.Errorf("load case %s: %w", id, err)
	}
	var item *db.Media
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		item = nil
		m, err := q.LockMedia(ctx, row.ReportCase.MediaID)
		if err == nil {
			item = &m
		} else if !db.IsNotFound(err) {
			return fmt.Errorf("lock media %s: %w", row.ReportCase.MediaID, err)
		}
		c, err := lockCase(ctx, q, id)
		if err != nil {
			return err
		}
		if c.ClosedAt != nil {
			return &Error{Code: CodeConflict, Key: "error.report_closed"}
		}
		return do(q, c, item)
	})
	if err != nil {
		return err
	}
	a.pushMail(ctx)
	if item != nil {
		a.publish(ctx, Event{UserID: item.OwnerID, MediaID: item.ID, Kind: EventChanged})
	}
	return nil
}

// unhide shows the item as it was before.
func (a *App) unhide(ctx context.Context, q *db.Queries, c db.ReportCase, m *db.Media) error {
	if err := q.SetMediaWithheld(ctx, db.SetMediaWithheldParams{ID: m.ID, Withheld: c.WithheldBefore}); err != nil {
		return fmt.Errorf("show %s again: %w", m.ID, err)
	}
	if err := q.SetReportHidden(ctx, db.SetReportHiddenParams{ID: c.ID}); err != nil {
		return fmt.Errorf("note that %s is shown again: %w", m.ID, err)
	}
	return nil
}

// closeCase also says until when the evidence stays.
func (a *App) closeCase(ctx context.Context, q *db.Queries, actor Actor, c db.ReportCase, outcome string) error {
	site, err := readSiteSettings(ctx, q)
	if err != nil {
		return err
	}
	now := a.now()
	err = q.CloseReportCase(ctx, db.CloseReportCaseParams{
		ID: c.ID, Now: now, ClosedBy: refOf(actor.UserID()), Outcome: outcome, KeepUntil: now.AddDate(0, 0, site.EvidenceDays),
	})
	if err != nil {
		return fmt.Errorf("close case %s: %w", c.ID, err)
	}
	return nil
}

// ownerMails is what the owner hears of each decision; nothing of a dismissal
// that changed nothing for them.
var ownerMails = map[AuditAction]string{
	auditReportHide: "report_hidden", auditReportRestore: "report_restored", auditReportDelete: "report_deleted",
}

// tellOfCase writes the decision down and tells the owner, where the site does.
func (a *App) tellOfCase(ctx context.Context, q *db.Queries, actor Actor, action AuditAction, c db.ReportCase, m *db.Media) error {
	shown, err := reportCase(c)
	if err != nil {
		return err
	}
	err = a.audit(ctx, q, actor, auditEvent{Action: action, Kind: "media", Object: c.MediaID, Subject: orNil(c.OwnerID), Detail: map[string]any{
		"case": c.ID.String(), "filename": shown.Evidence.Filename, "sha256": shown.Evidence.SHA256, "hidden_before": c.HiddenAt != nil,
	}})
	if err != nil || m == nil {
		return err
	}
	template := ownerMails[action]
	if action == auditReportDismiss && c.HiddenAt != nil {
		template = ownerMails[auditReportRestore]
	}
	site, err := readSiteSettings(ctx, q)
	if err != nil || !site.MailOnReport || template == "" {
		return err
	}
	owner, err := q.UserByID(ctx, m.OwnerID)
	if err != nil {
		return fmt.Errorf("load the owner of %s: %w", m.ID, err)
	}
	if owner.SuspendedAt != nil || owner.ID == actor.UserID() {
		return nil
	}
	data := map[string]string{"File": m.Filename}
	if template != "report_deleted" {
		data["PhotoLink"] = a.link("media", m.ID.String())
	}
	return a.queueMail(ctx, q, Mail{To: owner.Email, UserID: owner.ID, Template: template, Data: data})
}

// SweepReports forgets closed cases whose time is over, with their evidence. It
// returns how many. Only the system may.
func (a *App) SweepReports(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	due, err := a.db.DueReportCases(ctx, db.DueReportCasesParams{Now: a.now(), N: sweepBatch})
	if err != nil {
		return 0, fmt.Errorf("list the cases whose time is over: %w", err)
	}
	swept := 0
	var errs []error
	for _, c := range due {
		err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
			if _, err := q.LockMedia(ctx, c.MediaID); err != nil && !db.IsNotFound(err) {
				return err
			}
			n, err := q.ForgetReportCase(ctx, db.ForgetReportCaseParams{ID: c.ID, Now: a.now()})
			swept += int(n)
			return err
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("forget case %s: %w", c.ID, err))
		}
	}
	return swept, errors.Join(errs...)
}
