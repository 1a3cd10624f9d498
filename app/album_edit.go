package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// AlbumEdit says what to change; nil fields stay as they are. The zero UUID as
// category or cover takes the album out of any, or lets the cover be chosen.
type AlbumEdit struct {
	// Version is the row_version that the person saw; 0 skips the check.
	Version     int
	Title       *string
	Description *string
	CategoryID  *uuid.UUID
	CoverID     *uuid.UUID // an item that is listed in this very album
	Sort        *db.AlbumSort
	Visibility  *db.AlbumVisibility // changing it needs the right to share
}

// EditAlbum changes one album. CodeConflict when it is no longer at e.Version,
// CodeInvalid with the fields that break a rule.
func (a *App) EditAlbum(ctx context.Context, actor Actor, id uuid.UUID, e AlbumEdit) error {
	if _, _, err := a.authorizeAlbum(ctx, actor, EditAlbum, id); err != nil {
		return err
	}
	fields := map[string]string{}
	albumText(e.Title, "title", maxAlbumTitle, true, fields)
	albumText(e.Description, "description", maxDescription, false, fields)
	albumChoice(e.Sort, e.Visibility, fields)
	if err := invalidFields(fields); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if _, err := q.LockAlbum(ctx, id); err != nil && !db.IsNotFound(err) {
			return fmt.Errorf("lock album %s: %w", id, err)
		}
		album, _, err := authorizeAlbum(ctx, q, actor, EditAlbum, id)
		if err != nil {
			return err
		}
		if e.Version != 0 && int32(e.Version) != album.RowVersion {
			return &Error{Code: CodeConflict, Key: "error.changed_meanwhile"}
		}
		if err := a.editAlbum(ctx, q, actor, album, e); err != nil {
			return err
		}
		return a.setVisibility(ctx, q, actor, album, e.Visibility)
	})
}

// editAlbum writes everything but the visibility to the locked album.
func (a *App) editAlbum(ctx context.Context, q *db.Queries, actor Actor, album db.Album, e AlbumEdit) error {
	row := db.UpdateAlbumParams{
		ID: album.ID, Title: album.Title, Description: album.Description, CategoryID: album.CategoryID,
		CoverID: album.CoverID, Sort: album.Sort, Now: a.now(),
	}
	before, after := map[string]any{}, map[string]any{}
	note := func(field string, was, is any) {
		if was != is {
			before[field], after[field] = was, is
		}
	}
	if e.Title != nil {
		note("title", album.Title, *e.Title)
		row.Title = *e.Title
	}
	if e.Description != nil {
		note("description", album.Description, *e.Description)
		row.Description = *e.Description
	}
	if e.Sort != nil {
		note("sort", album.Sort, *e.Sort)
		row.Sort = *e.Sort
	}
	if e.CategoryID != nil {
		note("category_id", idOrNil(album.CategoryID), *e.CategoryID)
		row.CategoryID = someID(*e.CategoryID)
		if err := categoryExists(ctx, q, row.CategoryID); err != nil {
			return err
		}
	}
	if e.CoverID != nil {
		note("cover_id", idOrNil(album.CoverID), *e.CoverID)
		if row.CoverID = someID(*e.CoverID); row.CoverID != nil {
			ok, err := q.ItemCanBeCover(ctx, db.ItemCanBeCoverParams{ID: *e.CoverID, AlbumID: album.ID})
			if err != nil {
				return fmt.Errorf("look for the cover: %w", err)
			}
			if !ok {
				return Invalid("cover_id", "error.field.album_cover")
			}
		}
	}
	if len(after) == 0 {
		return nil
	}
	if err := q.UpdateAlbum(ctx, row); err != nil {
		return fmt.Errorf("edit album %s: %w", album.ID, err)
	}
	if row.Sort == db.AlbumSortManual && album.Sort != db.AlbumSortManual { // begin with the order that was there
		params := db.PlaceAlbumItemsParams{AlbumID: album.ID, By: string(album.Sort), Gap: placeGap}
		if err := q.PlaceAlbumItems(ctx, params); err != nil {
			return fmt.Errorf("place the items of album %s: %w", album.ID, err)
		}
	}
	return a.audit(ctx, q, actor, auditEvent{Action: auditAlbumEdit, Kind: "album", Object: album.ID,
		Detail: map[string]any{"title": album.Title, "before": before, "after": after}})
}

// setVisibility changes who may see the locked album without having been
// named, where that is wanted and allowed.
func (a *App) setVisibility(ctx context.Context, q *db.Queries, actor Actor, album db.Album, to *db.AlbumVisibility) error {
	if to == nil || *to == album.Visibility {
		return nil
	}
	if _, _, err := authorizeAlbum(ctx, q, actor, ShareAlbum, album.ID); err != nil {
		return err
	}
	if err := a.mayBePublic(ctx, *to, album.Visibility); err != nil {
		return err
	}
	if err := q.SetAlbumVisibility(ctx, db.SetAlbumVisibilityParams{ID: album.ID, Visibility: *to}); err != nil {
		return fmt.Errorf("set the visibility of album %s: %w", album.ID, err)
	}
	return a.audit(ctx, q, actor, auditEvent{Action: auditAlbumVisibility, Kind: "album", Object: album.ID,
		Detail: map[string]any{"title": album.Title, "before": album.Visibility, "after": *to}})
}

func someID(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func idOrNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
