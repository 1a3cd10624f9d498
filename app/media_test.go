package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

func TestEditMediaIsRecordedAndUndone(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	ann, id := app.UserActor(u), w.media(u, uuid.Nil)
	description, rating := "By the lake", 4
	name := "  Summer  "
	receipt, err := w.EditMedia(t.Context(), ann, id, app.MediaEdit{Version: 1, Title: &name, Description: &description, Rating: &rating})
	if err != nil || receipt.OperationID == uuid.Nil {
		t.Fatal(receipt, err)
	}
	got, err := w.Media(t.Context(), ann, id)
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != "Summer" || got.Description != description || got.Rating != 4 || !slices.Equal(slices.Sorted(slices.Values(got.Edited)), []string{"description", "rating", "title"}) {
		t.Errorf("after the edit: %q %q %d %v", got.Title, got.Description, got.Rating, got.Edited)
	}

	// A newer edit of the title survives undoing the older one.
	newer := "Autumn"
	if _, err := w.EditMedia(t.Context(), ann, id, app.MediaEdit{Title: &newer}); err != nil {
		t.Fatal(err)
	}
	undone, err := w.Undo(t.Context(), ann, receipt.OperationID)
	if err != nil || undone != (app.Undone{Restored: 2, Skipped: 1}) {
		t.Fatal(undone, err)
	}
	if got, err = w.Media(t.Context(), ann, id); err != nil || got.Title != "Autumn" || got.Description != "" || got.Rating != 0 {
		t.Errorf("after undo: %q %q %d %v", got.Title, got.Description, got.Rating, err)
	}
	if _, err := w.Undo(t.Context(), ann, receipt.OperationID); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("a second undo gave %v", err)
	}
}

func TestEditMediaRefusesAStaleVersion(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	ann, id := app.UserActor(u), w.media(u, uuid.Nil)
	if _, err := w.EditMedia(t.Context(), ann, id, title("First")); err != nil {
		t.Fatal(err)
	}
	stale := title("Second")
	stale.Version = 1
	if _, err := w.EditMedia(t.Context(), ann, id, stale); app.CodeOf(err) != app.CodeConflict {
		t.Errorf("a stale edit gave %v", err)
	}
	long := title(strings.Repeat("x", 501))
	if _, err := w.EditMedia(t.Context(), ann, id, long); app.CodeOf(err) != app.CodeInvalid {
		t.Errorf("a title of 501 characters gave %v", err)
	}
}

// Undoing leads back through what one did of late oneself, one act at a time.
func TestUndoWalksBack(t *testing.T) {
	w := newWorld(t, nil)
	u, other := w.user("ann"), w.user("bob")
	ann, bob := app.UserActor(u), app.UserActor(other)
	trash := func(actor app.Actor, owner db.User) uuid.UUID {
		t.Helper()
		receipt, err := w.TrashMedia(t.Context(), actor, w.media(owner, uuid.Nil))
		if err != nil {
			t.Fatal(err)
		}
		return receipt.OperationID
	}
	old := trash(ann, u)
	w.exec("UPDATE operations SET created_at = now() - interval '2 hours' WHERE id = $1", old)
	first, second := trash(ann, u), trash(ann, u)
	trash(bob, other)
	gone, third := trash(ann, u), trash(ann, u)
	w.exec("DELETE FROM media WHERE id IN (SELECT media_id FROM operation_items WHERE operation_id = $1)", gone)
	if undone, err := w.Undo(t.Context(), ann, second); err != nil || undone != (app.Undone{Restored: 1, Before: first}) {
		t.Errorf("the second: %+v, %v", undone, err)
	}
	// Past what is undone, not there any more, somebody else's or long ago.
	if undone, err := w.Undo(t.Context(), ann, third); err != nil || undone != (app.Undone{Restored: 1, Before: first}) {
		t.Errorf("the third: %+v, %v", undone, err)
	}
	if undone, err := w.Undo(t.Context(), ann, first); err != nil || undone != (app.Undone{Restored: 1}) {
		t.Errorf("the first: %+v, %v", undone, err)
	}
}

func TestUndoBelongsToWhoDidIt(t *testing.T) {
	w := newWorld(t, nil)
	u, other := w.user("ann"), w.user("bob")
	id := w.media(u, uuid.Nil)
	receipt, err := w.TrashMedia(t.Context(), app.UserActor(u), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Undo(t.Context(), app.UserActor(other), receipt.OperationID); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("somebody else's undo gave %v", err)
	}
	w.now = w.now.Add(31 * 24 * time.Hour)
	if _, err := w.Undo(t.Context(), app.UserActor(u), receipt.OperationID); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("undo after 31 days gave %v", err)
	}
}

func TestTrashPurgeGivesBackQuotaAndQueuesTheFiles(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	ann := app.UserActor(u)
	kept, old, fresh := w.media(u, uuid.Nil), w.media(u, uuid.Nil), w.media(u, uuid.Nil)
	for _, id := range []uuid.UUID{old, fresh} {
		if _, err := w.TrashMedia(t.Context(), ann, id); err != nil {
			t.Fatal(err)
		}
	}
	w.exec("UPDATE media SET trashed_at = now() - interval '31 days' WHERE id = $1", old)
	if n, err := w.PurgeTrash(t.Context(), app.SystemActor()); err != nil || n != 1 {
		t.Fatalf("purged %d, %v", n, err)
	}
	var used, objects int
	if err := w.db.QueryRow(t.Context(), "SELECT used_bytes, (SELECT count(*) FROM pending_objects WHERE delete_at <= now()) FROM users WHERE id = $1", u.ID).Scan(&used, &objects); err != nil {
		t.Fatal(err)
	}
	if used != 2000 || objects != 3 {
		t.Errorf("%d bytes used and %d objects queued, want 2000 and 3", used, objects)
	}
	if n, err := w.EmptyTrash(t.Context(), ann); err != nil || n != (app.Emptied{Deleted: 1}) {
		t.Errorf("emptied %+v, %v", n, err)
	}
	if _, err := w.Media(t.Context(), ann, kept); err != nil {
		t.Errorf("what was never trashed: %v", err)
	}
}

func TestAccessRelationFollowsItsSources(t *testing.T) {
	w := newWorld(t, nil)
	owner, ann, bob := w.user("owner"), w.user("ann"), w.user("bob")
	top, below := w.album(owner, db.AlbumVisibilityPrivate), w.album(owner, db.AlbumVisibilityPrivate)
	item := w.media(owner, below)
	sees := func(u db.User) bool {
		_, err := w.Media(t.Context(), app.UserActor(u), item)
		if err != nil && app.CodeOf(err) != app.CodeNotFound {
			t.Fatal(err)
		}
		return err == nil
	}
	group := w.grantGroup(top, db.AlbumRoleViewer, ann.ID)
	check := func(what string, wantAnn, wantBob bool) {
		t.Helper()
		if sees(ann) != wantAnn || sees(bob) != wantBob {
			t.Errorf("%s: ann sees it: %v, bob: %v; want %v, %v", what, sees(ann), sees(bob), wantAnn, wantBob)
		}
		if drift, err := w.db.AlbumAccessDrift(t.Context()); err != nil || len(drift) > 0 {
			t.Errorf("%s: the relation drifted: %v %v", what, drift, err)
		}
	}
	check("before nesting", false, false)
	w.exec("UPDATE albums SET parent_id = $1 WHERE id = $2", top, below)
	check("nested below the shared album", true, false)
	w.exec("INSERT INTO group_members (group_id, user_id) VALUES ($1, $2)", group, bob.ID)
	check("bob joined the group", true, true)
	w.exec("DELETE FROM group_members WHERE user_id = $1", ann.ID)
	check("ann left the group", false, true)
	w.exec("UPDATE albums SET trashed_at = now() WHERE id = $1", below)
	check("album trashed", false, false)
	w.exec("UPDATE albums SET trashed_at = NULL, visibility = 'members' WHERE id = $1", below)
	check("open to members", true, true)
	w.exec("DELETE FROM groups WHERE id = $1", group)
	w.exec("UPDATE albums SET visibility = 'private' WHERE id = $1", below)
	check("group deleted", false, false)
}

// With one connection left, whoever asked for a second inside a transaction
// would wait for ever.
func TestChangesNeedOneConnection(t *testing.T) {
	w := newWorld(t, nil)
	u := w.user("ann")
	ann, id := app.UserActor(u), w.media(u, uuid.Nil)
	for range w.db.Config().MaxConns - 1 {
		c, err := w.db.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Release()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	receipt, err := w.TrashMedia(ctx, ann, id)
	if err != nil {
		t.Fatal(err)
	}
	if undone, err := w.Undo(ctx, ann, receipt.OperationID); err != nil || undone.Restored != 1 {
		t.Fatalf("undo: %+v, %v", undone, err)
	}
	if _, err := w.TrashMedia(ctx, ann, id); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteMedia(ctx, ann, id); err != nil {
		t.Fatal(err)
	}
}
