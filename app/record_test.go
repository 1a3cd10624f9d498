package app_test

import (
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func TestOwnRecordsPageThroughEverythingOnce(t *testing.T) {
	w := newWorld(t, nil)
	u, other := w.user("ann"), w.user("bob")
	ann := app.UserActor(u)
	var want []uuid.UUID // last uploaded first
	for range 7 {
		want = append([]uuid.UUID{w.media(u, uuid.Nil)}, want...)
	}
	w.media(other, uuid.Nil)
	w.exec("UPDATE media SET status = 'pending', processed_at = NULL WHERE id = $1", want[0])
	w.exec("UPDATE media SET trashed_at = now() WHERE id = $1", want[6])

	var got []uuid.UUID
	for q := (app.RecordQuery{Limit: 2}); ; {
		page, err := w.OwnRecords(t.Context(), ann, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			got = append(got, r.ID)
			if r.OwnerName != "ann" || r.ThumbVersion != 1 {
				t.Errorf("record %+v", r)
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if len(got) != 6 {
		t.Fatalf("%d records, want 6", len(got))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("record %d is %s, want %s", i, got[i], want[i])
		}
	}
	for status, n := range map[db.MediaStatus]int{db.MediaStatusPending: 1, db.MediaStatusReady: 5, db.MediaStatusFailed: 0} {
		if page, err := w.OwnRecords(t.Context(), ann, app.RecordQuery{Status: status}); err != nil || len(page.Records) != n {
			t.Errorf("%d records are %s, want %d (%v)", len(page.Records), status, n, err)
		}
	}
	if page, err := w.OwnRecords(t.Context(), ann, app.RecordQuery{Trashed: true}); err != nil || len(page.Records) != 1 || page.Records[0].ID != want[6] {
		t.Errorf("the trash holds %v (%v)", page.Records, err)
	}
	if _, err := w.OwnRecords(t.Context(), ann, app.RecordQuery{Status: "lost"}); app.CodeOf(err) != app.CodeInvalid {
		t.Errorf("an unknown status gave %v", err)
	}
}
