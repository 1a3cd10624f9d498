package app

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// Longest texts that a person may give an item, in characters.
const (
	maxTitle       = 500
	maxDescription = 10_000
)

// MediaDetail is one item with all that its page shows, and what the actor
// may do to it.
type MediaDetail struct {
	db.Media
	Favourite   bool // of this actor
	ThumbWidth  int
	ThumbHeight int
	Thumb       int // version of the thumb; 0 while there is none
	Preview     int // version of the preview; 0 while there is none
	AIStatus    AIStatus
	AIErrorCode string    // why AIStatus is failed
	PurgeAt     time.Time // when the trash lets go of it; zero: it lies in none

	CanEdit, CanTrash, CanDelete, CanRetry, CanFavourite, CanDownload bool
	// To another album, or out of the one that it is in.
	CanMove, CanRemove bool
	CanReport          bool // as something that should not be here
}

// Media returns one item.
func (a *App) Media(ctx context.Context, actor Actor, id uuid.UUID) (MediaDetail, error) {
	m, role, err := a.authorizeMedia(ctx, actor, ViewMedia, id)
	if err != nil {
		return MediaDetail{}, err
	}
	d := MediaDetail{Media: m}
	trashed := m.TrashedAt != nil
	may := func(action Action) bool { return actor.allowOn(action, "photo", role, trashed) == nil }
	d.CanEdit, d.CanTrash, d.CanFavourite = may(EditMedia), may(TrashMedia), may(FavouriteMedia)
	d.CanDownload = may(DownloadMedia)
	d.CanDelete = may(DeleteMedia) && trashed
	d.CanMove, d.CanRemove = may(MoveMedia), may(RemoveMedia) && m.AlbumID != nil
	d.CanReport = may(ReportMedia) && role != RoleOwner
	d.CanRetry = may(RetryMedia) && m.Status == db.MediaStatusFailed
	if actor.SignedIn() {
		if d.Favourite, err = a.db.IsFavourite(ctx, db.IsFavouriteParams{UserID: actor.UserID(), MediaID: id}); err != nil {
			return MediaDetail{}, fmt.Errorf("load the favourite mark of %s: %w", id, err)
		}
	}
	if trashed {
		settings, err := a.siteSettings(ctx)
		if err != nil {
			return MediaDetail{}, err
		}
		d.PurgeAt = m.TrashedAt.AddDate(0, 0, settings.TrashDays)
	}
	derivatives, err := a.db.MediaDerivatives(ctx, id)
	if err != nil {
		return MediaDetail{}, fmt.Errorf("load the derivatives of %s: %w", id, err)
	}
	for _, v := range derivatives {
		switch DerivativeKind(v.Kind) {
		case Thumb:
			d.Thumb, d.ThumbWidth, d.ThumbHeight = int(v.Version), int(v.Width), int(v.Height)
		case Preview:
			d.Preview = int(v.Version)
		}
	}
	ai, err := a.aiStatuses(ctx, id)
	if err != nil {
		return MediaDetail{}, err
	}
	d.AIStatus, d.AIErrorCode = ai[id].Status, ai[id].Code
	return d, nil
}

// MediaEdit says what to change; nil fields stay as they are.
type MediaEdit struct {
	// Version is the row_version that the person saw; 0 skips the check.
	Version     int
	Title       *string
	Description *string
	Rating      *int // 0 (none) to 5
	Archived    *bool
	Favourite   *bool
}

func (e *MediaEdit) normalise() error {
	fields := map[string]string{}
	trim := func(s *string, field string, limit int) {
		if s == nil {
			return
		}
		*s = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(*s, "\x00", ""), "�"))
		if utf8.RuneCountInString(*s) > limit {
			fields[field] = "error.field.too_long"
		}
	}
	trim(e.Title, "title", maxTitle)
	trim(e.Description, "description", maxDescription)
	if e.Rating != nil && (*e.Rating < 0 || *e.Rating > 5) {
		fields["rating"] = "error.field.rating"
	}
	if len(fields) > 0 {
		return &Error{Code: CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	return nil
}

// EditMedia changes one item and returns a receipt that can undo it, with no
// OperationID when nothing changed. CodeConflict when the item is no longer at
// e.Version, CodeInvalid with the fields that break a rule.
func (a *App) EditMedia(ctx context.Context, actor Actor, id uuid.UUID, e MediaEdit) (Receipt, error) {
	action := EditMedia
	if e.Title == nil && e.Description == nil && e.Rating == nil && e.Archived == nil && e.Favourite != nil {
		action = FavouriteMedia // a mark of one's own, which a viewer may set
	}
	if _, _, err := a.authorizeMedia(ctx, actor, action, id); err != nil {
		return Receipt{}, err
	}
	if e.Archived != nil {
		// Archiving hides the item from its owner's timeline.
		if _, _, err := a.authorizeMedia(ctx, actor, TrashMedia, id); err != nil {
			return Receipt{}, err
		}
	}
	if err := e.normalise(); err != nil {
		return Receipt{}, err
	}
	return a.change(ctx, actor, "edit", id, func(q *db.Queries, m db.Media) ([]change, error) {
		if e.Version != 0 && int32(e.Version) != m.RowVersion {
			return nil, &Error{Code: CodeConflict, Key: "error.changed_meanwhile"}
		}
		var changes []change
		add := func(field string, before, after any) {
			if before != after {
				changes = append(changes, change{field, before, after})
			}
		}
		if e.Title != nil {
			add(fieldTitle, m.Title, *e.Title)
		}
		if e.Description != nil {
			add(fieldDescription, m.Description, *e.Description)
		}
		if e.Rating != nil {
			add(fieldRating, int(m.Rating), *e.Rating)
		}
		if e.Archived != nil {
			add(fieldArchived, m.ArchivedAt != nil, *e.Archived)
		}
		if e.Favourite != nil {
			is, err := q.IsFavourite(ctx, db.IsFavouriteParams{UserID: actor.UserID(), MediaID: id})
			if err != nil {
				return nil, fmt.Errorf("load the favourite mark: %w", err)
			}
			add(fieldFavourite, is, *e.Favourite)
		}
		return changes, nil
	})
}

// TrashMedia puts an item into the trash, from where it can come back until it
// is purged. Trashing what lies there already changes nothing.
func (a *App) TrashMedia(ctx context.Context, actor Actor, id uuid.UUID) (Receipt, error) {
	return a.setTrashed(ctx, actor, id, true)
}

// RestoreMedia takes an item out of the trash.
func (a *App) RestoreMedia(ctx context.Context, actor Actor, id uuid.UUID) (Receipt, error) {
	return a.setTrashed(ctx, actor, id, false)
}

func (a *App) setTrashed(ctx context.Context, actor Actor, id uuid.UUID, trashed bool) (Receipt, error) {
	if _, _, err := a.authorizeMedia(ctx, actor, TrashMedia, id); err != nil {
		return Receipt{}, err
	}
	kind := "restore"
	if trashed {
		kind = "trash"
	}
	return a.change(ctx, actor, kind, id, func(_ *db.Queries, m db.Media) ([]change, error) {
		if (m.TrashedAt != nil) == trashed {
			return nil, nil
		}
		return []change{{fieldTrashed, !trashed, trashed}}, nil
	})
}

// DeleteMedia removes an item from the trash for ever: row, files and quota.
// CodeConflict when it does not lie in the trash.
func (a *App) DeleteMedia(ctx context.Context, actor Actor, id uuid.UUID) error {
	if _, _, err := a.authorizeMedia(ctx, actor, DeleteMedia, id); err != nil {
		return err
	}
	return a.deleteTrashed(ctx, actor, id)
}

func (a *App) deleteTrashed(ctx context.Context, actor Actor, id uuid.UUID) error {
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		m, err := q.LockMedia(ctx, id)
		if db.IsNotFound(err) {
			return NotFound("photo")
		}
		if err != nil {
			return fmt.Errorf("lock media %s: %w", id, err)
		}
		if m.TrashedAt == nil {
			return &Error{Code: CodeConflict, Key: "error.not_in_trash"}
		}
		if err := deleteItems(ctx, q, []uuid.UUID{id}); err != nil {
			return err
		}
		// Not what it was called: that is nobody's business but the owner's.
		return a.audit(ctx, q, actor, auditEvent{Action: "media.delete", Kind: "media", Object: id, Detail: map[string]any{"items": 1}})
	})
}

// deleteItems removes locked items for ever: rows, files and quota.
func deleteItems(ctx context.Context, q *db.Queries, ids []uuid.UUID) error {
	if err := q.QueueObjectsForDeletion(ctx, ids); err != nil {
		return fmt.Errorf("queue the files of %d items for deletion: %w", len(ids), err)
	}
	if err := q.DeleteMediaRows(ctx, ids); err != nil {
		return fmt.Errorf("delete %d items: %w", len(ids), err)
	}
	return nil
}
