package app_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/ml"
)

func TestAIStatusOfItems(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	me := app.UserActor(owner)
	items := map[app.AIStatus]uuid.UUID{}
	for _, s := range []app.AIStatus{app.AIDone, app.AIFailed, app.AIProcessing} {
		items[s] = w.media(owner, uuid.Nil)
	}
	bare := w.media(owner, uuid.Nil)
	w.exec("DELETE FROM derivatives WHERE media_id = $1", bare)
	statuses := func() map[uuid.UUID]app.AIStatus {
		page, err := w.OwnRecords(t.Context(), me, app.RecordQuery{})
		if err != nil {
			t.Fatal(err)
		}
		found := map[uuid.UUID]app.AIStatus{}
		for _, r := range page.Records {
			found[r.ID] = r.AIStatus
			detail, err := w.Media(t.Context(), me, r.ID)
			if err != nil || detail.AIStatus != r.AIStatus {
				t.Errorf("the page of %s says %q, the list %q, %v", r.ID, detail.AIStatus, r.AIStatus, err)
			}
		}
		return found
	}
	for id, s := range statuses() {
		if s != app.AIOff {
			t.Errorf("without a model %s is %s", id, s)
		}
	}
	w.ready(modelA)
	_, sent := w.dispatch(nil)
	for _, e := range sent {
		switch uuid.MustParse(e.MediaID) {
		case items[app.AIDone]:
			w.answer(answerTo(e, 3))
		case items[app.AIFailed]:
			w.answer(ml.StoreEmbedding{MediaID: e.MediaID, Model: e.Model, Attempt: e.Attempt, Error: ml.EmbedDecode})
		}
	}
	w.restart()
	fresh := w.pending(owner)
	late := w.media(owner, uuid.Nil)
	w.exec("INSERT INTO media_ai (media_id, model_id) SELECT $1, id FROM embedding_models", late)
	found := statuses()
	for want, id := range items {
		if found[id] != want {
			t.Errorf("%s is %q, want %q", id, found[id], want)
		}
	}
	if found[bare] != app.AIOff || found[fresh] != app.AIPending || found[late] != app.AIPending {
		t.Errorf("without a picture %q, not processed %q, waiting %q", found[bare], found[fresh], found[late])
	}
	if d, err := w.Media(t.Context(), me, items[app.AIFailed]); err != nil || d.AIErrorCode != ml.EmbedDecode {
		t.Errorf("the reason is %q, %v", d.AIErrorCode, err)
	}

	// The filter finds what is shown, also while the backlog is gone through.
	agree := func() {
		t.Helper()
		shown := map[app.AIStatus]map[uuid.UUID]bool{}
		for id, s := range statuses() {
			if shown[s] == nil {
				shown[s] = map[uuid.UUID]bool{}
			}
			shown[s][id] = true
		}
		for _, s := range app.AllAIStatuses() {
			page, err := w.OwnRecords(t.Context(), me, app.RecordQuery{Filter: app.Filter{AIStatus: s}})
			if err != nil {
				t.Fatal(err)
			}
			found := map[uuid.UUID]bool{}
			for _, r := range page.Records {
				found[r.ID] = true
			}
			if !maps.Equal(found, shown[s]) {
				t.Errorf("%s finds %v, shown are %v", s, found, shown[s])
			}
		}
	}
	agree()
	unreached := w.media(owner, uuid.Nil)
	w.exec("UPDATE embedding_models SET backlog_done = false")
	if agree(); statuses()[unreached] != app.AIPending {
		t.Error("what the backlog has yet to reach does not count as waiting")
	}
	w.exec("UPDATE embedding_models SET state = 'retired'")
	if agree(); statuses()[fresh] != app.AIOff {
		t.Error("something waits for no model")
	}
	w.exec("UPDATE embedding_models SET state = 'active', backlog_done = true")
	w.exec("DELETE FROM media WHERE id = $1", unreached)
	for status, want := range map[app.AIStatus][]uuid.UUID{
		app.AIDone: {items[app.AIDone]}, app.AIFailed: {items[app.AIFailed]}, app.AIProcessing: {items[app.AIProcessing]},
		app.AIPending: {late}, app.AIOff: {bare},
	} {
		found, err := w.Search(t.Context(), me, app.SearchQuery{Mode: app.SearchText, Scope: db.ScopeAll, Filter: app.Filter{AIStatus: status}})
		if err != nil {
			t.Fatal(err)
		}
		var got []uuid.UUID
		for _, h := range found.Hits {
			got = append(got, h.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", status, got, want)
		}
	}
	if _, err := w.OwnRecords(t.Context(), me, app.RecordQuery{Filter: app.Filter{AIStatus: "x"}}); app.CodeOf(err) != app.CodeInvalid {
		t.Errorf("an unknown status: %v", err)
	}
}
