package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// Record is one item in full, as the API gives it.
type Record struct {
	db.Media
	OwnerName      string
	Favourite      bool // of the actor
	ThumbVersion   int  // 0: there is none (yet)
	PreviewVersion int
	AIStatus       AIStatus
}

// Record returns one item in full.
func (a *App) Record(ctx context.Context, actor Actor, id uuid.UUID) (Record, error) {
	if _, _, err := a.authorizeMedia(ctx, actor, ViewMedia, id); err != nil {
		return Record{}, err
	}
	records, err := a.records(ctx, actor, []uuid.UUID{id})
	if err != nil {
		return Record{}, err
	}
	if len(records) == 0 {
		return Record{}, NotFound("photo") // deleted in between
	}
	return records[0], nil
}

// Records returns the items in full, in the order of ids, leaving out those
// that the actor may not see.
func (a *App) Records(ctx context.Context, actor Actor, ids []uuid.UUID) ([]Record, error) {
	if err := actor.allow(ListOwn); err != nil {
		return nil, err
	}
	return a.records(ctx, actor, ids)
}

func (a *App) records(ctx context.Context, actor Actor, ids []uuid.UUID) ([]Record, error) {
	rows, err := a.db.MediaRecords(ctx, db.MediaRecordsParams{Ids: ids, Subjects: actor.Subjects(), UserID: actor.UserID()})
	if err != nil {
		return nil, fmt.Errorf("load %d items: %w", len(ids), err)
	}
	seen := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		seen[i] = r.Media.ID
	}
	ai, err := a.aiStatuses(ctx, seen...)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]Record, len(rows))
	for _, r := range rows {
		byID[r.Media.ID] = Record{
			Media: r.Media, OwnerName: r.OwnerName, Favourite: r.Favourite,
			ThumbVersion: int(r.ThumbVersion), PreviewVersion: int(r.PreviewVersion),
			AIStatus: ai[r.Media.ID].Status,
		}
	}
	records := make([]Record, 0, len(rows))
	for _, id := range ids {
		if r, ok := byID[id]; ok {
			records = append(records, r)
		}
	}
	return records, nil
}

// RecordQuery asks for one page of the actor's own items, last uploaded first.
type RecordQuery struct {
	Filter
	Status  db.MediaStatus // empty: any, also what is not processed yet
	Trashed bool           // what lies in the trash instead, last thrown away first
	Cursor  string
	Limit   int // 0: DefaultPageSize; at most MaxPageSize
}

// RecordPage is one page of records; Next is "" at the end.
type RecordPage struct {
	Records []Record
	Next    string
}

// OwnRecords returns a page of the actor's own items in full.
func (a *App) OwnRecords(ctx context.Context, actor Actor, q RecordQuery) (RecordPage, error) {
	if err := actor.allow(ListOwn); err != nil {
		return RecordPage{}, err
	}
	f, err := q.Filter.sql(actor, db.ScopeOwn)
	if err != nil {
		return RecordPage{}, err
	}
	switch q.Status {
	case "", db.MediaStatusPending, db.MediaStatusProcessing, db.MediaStatusReady, db.MediaStatusFailed:
		f.Status = q.Status
	default:
		return RecordPage{}, Invalid("status", "filter.status_unknown")
	}
	var kind byte = cursorUpload
	f.State = db.StateKept
	if q.Trashed {
		kind, f.State = cursorTrashed, db.StateTrashed
	}
	page, err := a.itemPage(ctx, f, kind, pageQuery{Before: q.Cursor, Limit: q.Limit})
	if err != nil {
		return RecordPage{}, err
	}
	ids := make([]uuid.UUID, len(page.Items))
	for i, item := range page.Items {
		ids[i] = item.ID
	}
	records, err := a.records(ctx, actor, ids)
	return RecordPage{Records: records, Next: page.Next}, err
}
