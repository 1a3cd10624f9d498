package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// cursorPending is the kind of the queue's cursors.
const cursorPending = 'g'

// PendingItem is what a guest has sent and nobody has approved yet.
type PendingItem struct {
	Item
	Guest  string // what the guest calls themselves; may be empty
	Link   string // name of the link through which it came; may be empty
	SentAt time.Time
}

// PendingPage is one page of an album's queue, oldest first.
type PendingPage struct {
	Items []PendingItem
	Total int       // that wait in the album
	Next  string    // cursor; "" at the end
	Until time.Time // deciding on all means what had come until then
}

// Pending returns what waits to be approved in the album; for those who may
// edit it.
func (a *App) Pending(ctx context.Context, actor Actor, album uuid.UUID, cursor string) (PendingPage, error) {
	if _, _, err := a.authorizeAlbum(ctx, actor, EditAlbum, album); err != nil {
		return PendingPage{}, err
	}
	key, err := decodeCursor("cursor", cursorPending, cursor)
	if err != nil {
		return PendingPage{}, err
	}
	page := PendingPage{Until: a.now()}
	total, err := a.db.CountPendingGuestMedia(ctx, album)
	if err != nil {
		return PendingPage{}, fmt.Errorf("count what guests sent: %w", err)
	}
	page.Total = int(total)
	params := db.PendingGuestMediaParams{AlbumID: album, N: DefaultPageSize + 1}
	if key != nil {
		params.After, params.AfterID = key.At, key.ID
	}
	rows, err := a.db.PendingGuestMedia(ctx, params)
	if err != nil {
		return PendingPage{}, fmt.Errorf("list what guests sent: %w", err)
	}
	if len(rows) > DefaultPageSize {
		rows = rows[:DefaultPageSize]
		last := rows[len(rows)-1].Media
		page.Next = encodeCursor(cursorPending, db.Key{At: last.UploadedAt, ID: last.ID})
	}
	for _, r := range rows {
		m := r.Media
		page.Items = append(page.Items, PendingItem{
			Item: Item{
				ID: m.ID, OwnerID: m.OwnerID, AlbumID: m.AlbumID, Kind: m.Kind, Status: m.Status, ErrorCode: m.ErrorCode,
				Damaged: m.Damaged, Mime: m.Mime, Width: int(m.Width), Height: int(m.Height), Thumbhash: m.Thumbhash,
				TakenAtLocal: m.TakenAtLocal, Title: m.Title, Description: m.Description, Filename: m.Filename,
				ThumbVersion: int(r.ThumbVersion),
			},
			Guest: r.GuestName, Link: r.LinkName, SentAt: m.UploadedAt,
		})
	}
	return page, nil
}

// PendingChoice says on which of the waiting items is decided.
type PendingChoice struct {
	IDs   []uuid.UUID
	Until time.Time // with no IDs: all that had come until then
}

// ApprovePending puts what guests sent into the album for all to see, and
// returns how many items that were. What does not wait in this album is passed over.
func (a *App) ApprovePending(ctx context.Context, actor Actor, album uuid.UUID, choice PendingChoice) (int, error) {
	return a.decidePending(ctx, actor, album, choice, "guest.approve", func(q *db.Queries, ids []uuid.UUID) error {
		if err := q.ApproveGuestMedia(ctx, db.ApproveGuestMediaParams{Ids: ids, Now: a.now()}); err != nil {
			return err
		}
		return q.NoteGuestApproval(ctx, db.NoteGuestApprovalParams{Ids: ids, Now: a.now()})
	})
}

// RejectPending takes what guests sent out of the album, into the trash of its
// owner, and returns how many items that were.
func (a *App) RejectPending(ctx context.Context, actor Actor, album uuid.UUID, choice PendingChoice) (int, error) {
	return a.decidePending(ctx, actor, album, choice, "guest.reject", func(q *db.Queries, ids []uuid.UUID) error {
		return q.RejectGuestMedia(ctx, db.RejectGuestMediaParams{Ids: ids, Now: a.now()})
	})
}

func (a *App) decidePending(ctx context.Context, actor Actor, album uuid.UUID, choice PendingChoice, action AuditAction, decide func(*db.Queries, []uuid.UUID) error) (int, error) {
	parent, _, err := a.authorizeAlbum(ctx, actor, EditAlbum, album)
	if err != nil {
		return 0, err
	}
	if len(choice.IDs) == 0 && choice.Until.IsZero() {
		return 0, Invalid("until", "error.request")
	}
	var rows []db.LockPendingGuestMediaRow
	err = a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		rows, err = q.LockPendingGuestMedia(ctx, db.LockPendingGuestMediaParams{
			AlbumID: album, Ids: choice.IDs, Everything: len(choice.IDs) == 0, Until: choice.Until,
		})
		if err != nil {
			return fmt.Errorf("lock what guests sent: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		ids, names := make([]uuid.UUID, len(rows)), []string{}
		for i, r := range rows {
			ids[i] = r.ID
			if len(names) < maxAuditNames {
				names = append(names, r.Filename)
			}
		}
		if err := decide(q, ids); err != nil {
			return fmt.Errorf("decide on what guests sent: %w", err)
		}
		return a.audit(ctx, q, actor, auditEvent{
			Action: action, Kind: "album", Object: album, Subject: rows[0].OwnerID,
			Detail: map[string]any{"album": parent.Title, "count": len(rows), "files": names},
		})
	})
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		a.publish(ctx, Event{UserID: r.OwnerID, MediaID: r.ID, Kind: EventChanged})
	}
	return len(rows), nil
}

// maxAuditNames is how many files one row of the audit log names.
const maxAuditNames = 20
