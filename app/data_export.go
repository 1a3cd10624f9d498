package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/i18n"
)

const (
	// ExportDays is how long a copy of somebody's data is kept.
	ExportDays = 7
	// exportTries is how often a copy is begun before it is given up.
	exportTries = 3
	// exportLease is how long a worker may be silent before another one begins
	// the copy anew, and exportBeat how often it says that it lives.
	exportLease = 2 * time.Minute
	exportBeat  = 5 * time.Second
)

// DataExport is a copy of a person's data, or the making of one.
type DataExport struct {
	State     db.ExportState
	Total     int // items
	Done      int
	Bytes     int64
	AskedAt   time.Time
	ExpiresAt time.Time // zero while it is made
	Token     string    // of the link, for the person alone; "" while there is none
}

// RequestExport has a copy of all the actor's data made: one zip with originals,
// JSON and pages to read. A mail with a link tells when it is ready. An older copy
// goes. CodeConflict while one is being made.
func (a *App) RequestExport(ctx context.Context, actor Actor) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	if !actor.SignedIn() { // the system has nothing of its own
		return Unauthenticated()
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.LockUser(ctx, actor.UserID()); err != nil { // one request at a time
			return fmt.Errorf("lock an account: %w", err)
		}
		old, err := q.DataExportOf(ctx, actor.UserID())
		if err != nil && !db.IsNotFound(err) {
			return fmt.Errorf("look for a copy of somebody's data: %w", err)
		}
		if err == nil {
			if old.State == db.ExportStateWaiting || old.State == db.ExportStateRunning {
				return &Error{Code: CodeConflict, Key: "error.export_running"}
			}
			if _, err := q.DeleteDataExport(ctx, actor.UserID()); err != nil {
				return fmt.Errorf("remove a copy of somebody's data: %w", err)
			}
		}
		if err := q.AddDataExport(ctx, db.AddDataExportParams{ID: newID(), UserID: actor.UserID(), AskedAt: a.now()}); err != nil {
			return fmt.Errorf("ask for a copy of somebody's data: %w", err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "user.export_ask", Kind: "user", Object: actor.UserID()})
	})
}

// OwnExport returns the copy of the actor's data. CodeNotFound when there is none.
func (a *App) OwnExport(ctx context.Context, actor Actor) (DataExport, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return DataExport{}, err
	}
	row, err := a.db.DataExportOf(ctx, actor.UserID())
	if db.IsNotFound(err) || err == nil && row.ExpiresAt != nil && !a.now().Before(*row.ExpiresAt) {
		return DataExport{}, NotFound("export")
	}
	if err != nil {
		return DataExport{}, fmt.Errorf("look for a copy of somebody's data: %w", err)
	}
	e := DataExport{State: row.State, Total: int(row.Total), Done: int(row.Done), Bytes: row.Bytes, AskedAt: row.AskedAt}
	if row.ExpiresAt != nil {
		e.ExpiresAt = *row.ExpiresAt
	}
	if row.State == db.ExportStateReady {
		e.Token = a.exportToken(row.ID)
	}
	return e, nil
}

// RemoveExport takes the copy of the actor's data away, or stops its making.
func (a *App) RemoveExport(ctx context.Context, actor Actor) error {
	if err := actor.allow(ManageAccount); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.DeleteDataExport(ctx, actor.UserID())
		if err != nil {
			return fmt.Errorf("remove a copy of somebody's data: %w", err)
		}
		if n == 0 {
			return NotFound("export")
		}
		return a.audit(ctx, q, actor, auditEvent{Action: "user.export_remove", Kind: "user", Object: actor.UserID()})
	})
}

// OpenExport returns the zip that the token of the link names, for the person
// whose data it holds and nobody else. CodeNotFound when it is not theirs, or gone.
func (a *App) OpenExport(ctx context.Context, actor Actor, token string) (Object, error) {
	if err := actor.allow(ManageAccount); err != nil {
		return Object{}, err
	}
	row, err := a.db.DataExportByToken(ctx, db.DataExportByTokenParams{UserID: actor.UserID(), TokenHash: hashSecret(token), Now: a.now()})
	if db.IsNotFound(err) {
		return Object{}, NotFound("export")
	}
	if err != nil {
		return Object{}, fmt.Errorf("look for a copy of somebody's data: %w", err)
	}
	return Object{
		MIME: "application/zip", Bytes: row.Bytes, Filename: "albumen-" + row.AskedAt.UTC().Format(time.DateOnly) + ".zip",
		ETag: hex.EncodeToString(row.TokenHash[:16]), Modified: *row.EndedAt, store: a.storage, key: *row.StorageKey,
	}, nil
}

// exportToken can be told again to the person; the row keeps its hash only.
func (a *App) exportToken(id uuid.UUID) string {
	return base32Lower.EncodeToString(a.derive("data export", id[:]))
}

// SweepExports removes copies that are too old and returns how many. Only the
// system may.
func (a *App) SweepExports(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	n, err := a.db.DeleteExpiredDataExports(ctx, a.now())
	return int(n), wrap(err, "remove old copies of people's data")
}

// RunExports makes the copies that people have asked for, one after the other,
// and those anew whose worker died. It returns how many became ready. Only the
// system may; several may run at once.
func (a *App) RunExports(ctx context.Context, actor Actor) (int, error) {
	if err := actor.allowSystem(); err != nil {
		return 0, err
	}
	for made := 0; ; made++ {
		now := a.now()
		row, err := a.db.ClaimDataExport(ctx, db.ClaimDataExportParams{LeaseUntil: now.Add(exportLease), Now: now})
		if db.IsNotFound(err) {
			return made, nil
		}
		if err != nil {
			return made, fmt.Errorf("look for copies to make: %w", err)
		}
		if err := a.runExport(ctx, row); err != nil {
			return made, errors.Join(fmt.Errorf("make the copy %s of somebody's data: %w", row.ID, err), a.releaseExport(ctx, row))
		}
	}
}

// releaseExport leaves a copy for another try, or gives it up after too many. It
// does so although ctx has ended: that is when a worker stops.
func (a *App) releaseExport(ctx context.Context, row db.DataExport) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	if row.Attempts < exportTries {
		_, err := a.db.ReleaseDataExport(ctx, db.ReleaseDataExportParams{ID: row.ID, Attempts: row.Attempts})
		return wrap(err, "leave a copy for another try")
	}
	now := a.now()
	_, err := a.db.FailDataExport(ctx, db.FailDataExportParams{ID: row.ID, Attempts: row.Attempts, Now: now, ExpiresAt: now.AddDate(0, 0, ExportDays)})
	return wrap(err, "give a copy up")
}

var errExportLost = errors.New("the copy was taken away, or another worker has it")

// runExport writes the zip and tells that it is ready.
func (a *App) runExport(ctx context.Context, row db.DataExport) error {
	user, err := a.db.UserByID(ctx, row.UserID)
	if err != nil {
		return fmt.Errorf("load user %s: %w", row.UserID, err)
	}
	key := fmt.Sprintf("exports/%s-%d", row.ID, row.Attempts)
	if err := a.reserveObject(ctx, key); err != nil {
		return err
	}
	w := newExportWriter(a, user)
	bytes, err := a.writeExport(ctx, row, key, w)
	if err == nil {
		err = a.finishExport(ctx, row, user, key, bytes)
	}
	if err != nil {
		a.dropObjects(ctx, key)
		if errors.Is(err, errExportLost) {
			return nil // nothing to be done about
		}
		return err
	}
	a.pushMail(ctx)
	return nil
}

func (a *App) finishExport(ctx context.Context, row db.DataExport, user db.User, key string, bytes int64) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		now := a.now()
		token, expires := a.exportToken(row.ID), now.AddDate(0, 0, ExportDays)
		n, err := q.FinishDataExport(ctx, db.FinishDataExportParams{
			ID: row.ID, Attempts: row.Attempts, StorageKey: key, Bytes: bytes, TokenHash: hashSecret(token), Now: now, ExpiresAt: expires,
		})
		if err != nil {
			return fmt.Errorf("note that a copy is ready: %w", err)
		}
		if n == 0 {
			return errExportLost
		}
		if err := keepObject(ctx, q, key); err != nil {
			return err
		}
		reader := a.readerOf(ctx, user)
		err = a.queueMail(ctx, q, Mail{To: user.Email, UserID: user.ID, Template: "data_export", Data: map[string]string{
			"Name": user.Name, "DownloadLink": a.link("exports", token), "Until": i18n.Moment(reader, expires), "Size": i18n.Bytes(reader, bytes),
		}})
		if err != nil {
			return err
		}
		return a.audit(ctx, q, SystemActor(), auditEvent{Action: "user.export", Kind: "user", Object: user.ID, Subject: user.ID, Detail: map[string]any{"bytes": bytes}})
	})
}

// readerOf is a context in the user's own language and time zone, for what is
// written for them while they are not here.
func (a *App) readerOf(ctx context.Context, user db.User) context.Context {
	zone, err := time.LoadLocation(user.TimeZone)
	if err != nil {
		zone = a.defaultZone
	}
	return i18n.With(ctx, i18n.Match(user.Language, "", zone))
}
