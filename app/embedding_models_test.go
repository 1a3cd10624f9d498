package app_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/ml"
)

func TestSearchSwitchesWhenTheNewModelIsComplete(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	id, other := w.media(owner, uuid.Nil), w.media(owner, uuid.Nil)
	w.ready(modelA)
	_, sent := w.dispatch(nil)
	for _, e := range sent {
		w.answer(answerTo(e, 3))
	}
	w.ready(modelA, modelB)
	_, sent = w.dispatch(nil)
	if len(sent) != 2 || sent[0].Model != "b@2" || w.modelState("a@1") != "active" || w.modelState("b@2") != "building" {
		t.Fatalf("sent %v; a is %s, b is %s", sent, w.modelState("a@1"), w.modelState("b@2"))
	}
	w.answer(answerTo(sent[0], 4))
	w.dispatch(nil)
	if w.modelState("b@2") != "building" {
		t.Error("the new model is used before it is complete")
	}
	w.answer(ml.StoreEmbedding{MediaID: sent[1].MediaID, Model: "b@2", Attempt: 1, Error: ml.EmbedDecode})
	if d, _ := w.dispatch(nil); d.Switched != 1 || w.modelState("a@1") != "retired" || w.modelState("b@2") != "active" {
		t.Errorf("%+v; a is %s, b is %s", d, w.modelState("a@1"), w.modelState("b@2"))
	}
	if w.vectors("a@1") != 2 || w.vectors("b@2") != 1 {
		t.Errorf("%d and %d vectors", w.vectors("a@1"), w.vectors("b@2"))
	}
	// Both processes still run: the newer one stays.
	w.dispatch(nil)
	if w.modelState("a@1") != "retired" {
		t.Error("the old model is taken up again beside the new one")
	}
	// The configuration goes back to the old one: it is completed and used again.
	added := w.media(owner, uuid.Nil)
	w.ready(modelA)
	w.exec("UPDATE embedding_models SET seen_at = now() - interval '1 hour'")
	if _, sent = w.dispatch(nil); len(sent) != 1 || sent[0].MediaID != added.String() || w.modelState("a@1") != "building" {
		t.Fatalf("sent %v; a is %s", sent, w.modelState("a@1"))
	}
	if removed, err := w.PruneModels(t.Context(), system); err != nil || len(removed) != 0 {
		t.Errorf("removed %v, %v: nothing is retired", removed, err)
	}
	w.answer(answerTo(sent[0], 3))
	w.dispatch(nil)
	w.remove("b")
	if n := w.count("SELECT (SELECT count(*) FROM embeddings) + (SELECT count(*) FROM media_ai) + (SELECT count(*) FROM embedding_models)"); n != 7 {
		t.Errorf("%d rows are left of three vectors, three states and one model", n)
	}
	if s := w.ai(id, "a@1"); s.state != db.AiStateDone || w.ai(other, "a@1").state != db.AiStateDone {
		t.Errorf("%+v", s)
	}
}

func TestATrainedModelReplacesARandomOneAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	random := ml.Model{ID: "tiny@1", Name: "tiny", Dimension: 3, Random: true}
	w.media(w.user("ada"), uuid.Nil)
	w.ready(random)
	w.dispatch(nil)
	w.ready(random, modelA)
	w.dispatch(nil)
	if w.modelState("tiny@1") != "retired" || w.modelState("a@1") != "active" {
		t.Errorf("the random one is %s, the trained one %s", w.modelState("tiny@1"), w.modelState("a@1"))
	}
}

func TestEmbedAllAndUseModel(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	done, failed := w.media(owner, uuid.Nil), w.media(owner, uuid.Nil)
	w.ready(modelA)
	_, sent := w.dispatch(nil)
	w.answer(answerTo(sent[1], 3), ml.StoreEmbedding{MediaID: failed.String(), Model: "a@1", Attempt: 1, Error: ml.EmbedDecode})
	w.ready() // nothing is sent: what is asked for stays to be seen
	missed := w.media(owner, uuid.Nil)
	states := func() string {
		w.dispatch(nil)
		return fmt.Sprint(w.ai(done, "a@1").state, " ", w.ai(failed, "a@1").state, " ", w.count("SELECT count(*) FROM media_ai"))
	}
	for _, c := range []struct {
		o    app.EmbedOptions
		want string
	}{{app.EmbedOptions{FailedOnly: true}, "done pending 2"}, {app.EmbedOptions{}, "done pending 3"}, {app.EmbedOptions{Again: true}, "pending pending 3"}} {
		if asked, err := w.EmbedAll(t.Context(), system, c.o); err != nil || !slices.Equal(asked, []string{"a"}) {
			t.Errorf("%+v: %v, %v", c.o, asked, err)
		}
		if got := states(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
	if w.vectors("a@1") != 1 || w.ai(missed, "a@1").state != db.AiStatePending {
		t.Error("what was embedded is gone before its successor is there")
	}
	w.ready(modelB)
	w.dispatch(nil)
	models, err := w.db.EmbeddingModels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := int(models[1].ID)
	if err := w.UseModel(t.Context(), system, b); err != nil || w.modelState("b@2") != "active" || w.modelState("a@1") != "retired" {
		t.Errorf("%v; b is %s", err, w.modelState("b@2"))
	}
	if err := w.UseModel(t.Context(), system, b); app.CodeOf(err) != app.CodeConflict {
		t.Errorf("again: %v", err)
	}
	if err := w.UseModel(t.Context(), system, b+1); app.CodeOf(err) != app.CodeNotFound {
		t.Errorf("one that is not there: %v", err)
	}
}

// Somebody asks for everything again in the moment in which the backlog moves on.
func TestTheBacklogDoesNotUndoARestart(t *testing.T) {
	w := newWorld(t, nil)
	id := w.media(w.user("ada"), uuid.Nil)
	w.ready(modelA)
	w.dispatch(nil)
	w.ready()
	w.exec("UPDATE media_ai SET state = 'done', updated_at = now() - interval '1 hour'")
	w.exec("UPDATE embedding_models SET backlog_done = false") // and at its end
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // it is committed below, or the test has failed
	models, err := w.db.EmbeddingModels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.WithTx(tx).RestartBacklog(t.Context(), db.RestartBacklogParams{ID: models[0].ID, Again: true}); err != nil {
		t.Fatal(err)
	}
	moved := make(chan error)
	go func() {
		_, err := w.DispatchEmbeddings(context.Background(), system, lengths(nil))
		moved <- err
	}()
	for w.count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-moved; err != nil {
		t.Fatal(err)
	}
	w.dispatch(nil)
	if s := w.ai(id, "a@1"); s.state != db.AiStatePending {
		t.Errorf("after everything was asked for again: %+v", s)
	}
}

// remove has one retired model removed, and does so.
func (w *world) remove(label string) {
	w.t.Helper()
	if asked, err := w.PruneModels(w.t.Context(), system); err != nil || !slices.Equal(asked, []string{label}) {
		w.t.Fatalf("asked to remove %v, %v", asked, err)
	}
	if asked, err := w.PruneModels(w.t.Context(), system); err != nil || len(asked) != 0 {
		w.t.Fatalf("asked to remove %v again, %v", asked, err)
	}
	if _, err := w.DoChores(w.t.Context(), system); err != nil {
		w.t.Fatal(err)
	}
}

// A model whose vectors somebody is reading is removed later; until then the
// rest goes on, and nobody takes it up again.
func TestAModelThatIsReadIsRemovedLater(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	w.media(owner, uuid.Nil)
	w.ready(modelA)
	_, sent := w.dispatch(nil)
	w.answer(answerTo(sent[0], 3))
	w.exec("UPDATE embedding_models SET state = 'retired'")
	w.trashed(owner, 3, w.now.Add(-time.Hour))
	if err := w.db.AddEmptyTrash(t.Context(), db.AddEmptyTrashParams{UserID: owner.ID, Asked: w.now}); err != nil {
		t.Fatal(err)
	}
	tx, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT count(*) FROM embeddings"); err != nil {
		t.Fatal(err)
	}
	w.remove("a")
	if models, left := w.count("SELECT count(*) FROM embedding_models"), w.count("SELECT count(*) FROM chores"); models != 1 || left != 0 || w.vectors("a@1") != 1 {
		t.Errorf("while it is read: %d models, %d vectors, %d chores", models, w.vectors("a@1"), left)
	}
	if _, sent := w.dispatch(nil); len(sent) != 0 || w.modelState("a@1") != "retired" {
		t.Errorf("it is taken up again: %v", sent)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DoChores(t.Context(), system); err != nil {
		t.Fatal(err)
	}
	if n := w.count("SELECT (SELECT count(*) FROM embeddings) + (SELECT count(*) FROM media_ai) + (SELECT count(*) FROM embedding_models)"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if d, _ := w.dispatch(nil); d.Added != 1 || w.modelState("a@1") != "active" {
		t.Errorf("the process that is there anew: %+v", d)
	}
}

// What is wrong with one model does not keep the others waiting.
func TestAnErrorWithOneModelLetsTheOthersGoOn(t *testing.T) {
	w := newWorld(t, nil)
	w.media(w.user("ada"), uuid.Nil)
	w.ready(modelA, modelB)
	w.dispatch(nil)
	w.exec("DELETE FROM media_ai")
	w.exec("UPDATE embedding_models SET backlog_done = false, backlog_after = DEFAULT")
	models, err := w.db.EmbeddingModels(t.Context())
	if err != nil || len(models) != 2 {
		t.Fatal(models, err)
	}
	w.exec(fmt.Sprintf("ALTER TABLE media_ai ADD CHECK (model_id <> %d)", models[0].ID))
	d, err := w.DispatchEmbeddings(t.Context(), system, lengths{})
	if err == nil || d.Sent != 1 {
		t.Errorf("%+v, %v", d, err)
	}
	w.ready(ml.Model{ID: "c@3", Name: "c", Dimension: 5}, modelA, modelB)
	w.exec("ALTER TABLE embedding_models ADD CHECK (dimension <> 5)")
	w.media(w.user("bob"), uuid.Nil)
	w.exec("UPDATE embedding_models SET backlog_done = false")
	if d, err = w.DispatchEmbeddings(t.Context(), system, lengths{}); err == nil || d.Sent != 1 {
		t.Errorf("beside a model that cannot be added: %+v, %v", d, err)
	}
}
