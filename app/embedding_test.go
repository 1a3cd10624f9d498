package app_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/ml"
)

var modelA, modelB = ml.Model{ID: "a@1", Name: "a", Dimension: 3}, ml.Model{ID: "b@2", Name: "b", Dimension: 4}

// ready lets one process be ready with each of the models.
func (w *world) ready(models ...ml.Model) {
	w.ml = nil
	for _, m := range models {
		w.ml = append(w.ml, ml.Status{State: ml.StateReady, Model: m})
	}
}

// dispatch runs one round and returns what it sent.
func (w *world) dispatch(l lengths) (app.Dispatched, []ml.EmbedImage) {
	w.t.Helper()
	w.logs.jobs = nil
	d, err := w.DispatchEmbeddings(context.Background(), system, l)
	if err != nil {
		w.t.Fatal(err)
	}
	var sent []ml.EmbedImage
	for _, j := range w.logs.jobs {
		if e, ok := j.(ml.EmbedImage); ok {
			sent = append(sent, e)
		}
	}
	if len(sent) != d.Sent {
		w.t.Fatalf("%d of %d sent", len(sent), d.Sent)
	}
	return d, sent
}

// unit is a vector of unit length that is the item's own.
func unit(id uuid.UUID, dimension int) []float32 {
	v := make([]float32, dimension)
	sin, cos := math.Sincos(float64(id[15]))
	v[0], v[1] = float32(sin), float32(cos)
	return v
}

func answerTo(e ml.EmbedImage, dimension int) ml.StoreEmbedding {
	return ml.StoreEmbedding{MediaID: e.MediaID, Model: e.Model, Attempt: e.Attempt,
		Vector: ml.EncodeVector(unit(uuid.MustParse(e.MediaID), dimension))}
}

func (w *world) answer(answers ...ml.StoreEmbedding) {
	w.t.Helper()
	for _, a := range answers {
		if err := w.StoreEmbedding(context.Background(), system, a); err != nil {
			w.t.Fatal(err)
		}
	}
}

// ai is the state of an item with a model.
type ai struct {
	state             db.AiState
	code              string
	attempts, crashes int
}

func (w *world) ai(id uuid.UUID, model string) (s ai) {
	w.t.Helper()
	if err := w.db.QueryRow(context.Background(), `SELECT a.state, a.error_code, a.attempts, a.crashes FROM media_ai a JOIN embedding_models m ON m.id = a.model_id
		WHERE a.media_id = $1 AND m.name = $2`, id, model).Scan(&s.state, &s.code, &s.attempts, &s.crashes); err != nil {
		w.t.Fatalf("the state of %s with %s: %v", id, model, err)
	}
	return s
}

func (w *world) vectors(model string) int {
	w.t.Helper()
	return int(w.count(fmt.Sprintf("SELECT count(*) FROM embeddings e JOIN embedding_models m ON m.id = e.model_id WHERE m.name = '%s'", model)))
}

func (w *world) loseLeases() {
	w.exec("UPDATE media_ai SET lease_until = now() - interval '1 second' WHERE state = 'processing'")
}

func (w *world) modelState(name string) (s db.EmbeddingModelState) {
	w.t.Helper()
	if err := w.db.QueryRow(context.Background(), "SELECT state FROM embedding_models WHERE name = $1", name).Scan(&s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestWhatWasThereBeforeTheModelIsEmbedded(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	var items []uuid.UUID
	for range 3 {
		items = append(items, w.media(owner, uuid.Nil))
	}
	unready := w.pending(owner)
	bare := w.media(owner, uuid.Nil) // a video, say
	w.exec("DELETE FROM derivatives WHERE media_id = $1", bare)
	if d, _ := w.dispatch(nil); d != (app.Dispatched{}) {
		t.Errorf("without a model: %+v", d)
	}
	w.ready(modelA)
	d, sent := w.dispatch(nil)
	if d.Added != 3 || len(sent) != 3 {
		t.Fatalf("%+v, sent %v", d, sent)
	}
	for n, e := range sent {
		want := ml.EmbedImage{MediaID: items[2-n].String(), Model: "a@1", Attempt: 1, StorageKey: "derivatives/preview" + items[2-n].String()}
		if e != want { // the newest first
			t.Errorf("sent %+v, want %+v", e, want)
		}
	}
	w.answer(answerTo(sent[0], 3), answerTo(sent[1], 3), answerTo(sent[1], 3))
	if w.vectors("a@1") != 2 || w.ai(items[2], "a@1") != (ai{state: db.AiStateDone, attempts: 1}) || w.ai(items[0], "a@1").state != db.AiStateProcessing {
		t.Errorf("%d vectors, %+v, %+v", w.vectors("a@1"), w.ai(items[2], "a@1"), w.ai(items[0], "a@1"))
	}
	if e := w.logs.events; len(e) != 2 || e[0] != (app.Event{UserID: owner.ID, MediaID: items[2], Kind: app.EventEmbedded}) {
		t.Errorf("published %v", e)
	}
	if n := w.count(fmt.Sprintf("SELECT count(*) FROM media_ai WHERE media_id IN ('%s', '%s')", unready, bare)); n != 0 {
		t.Errorf("%d states of items without a preview", n)
	}
	if d, sent := w.dispatch(nil); d.Added+len(sent) != 0 {
		t.Errorf("the second round: %+v", d)
	}
	// Gone meanwhile: the answer finds nothing, which is nobody's fault.
	w.exec("DELETE FROM media WHERE id = $1", items[0])
	w.answer(answerTo(sent[2], 3))
	if w.vectors("a@1") != 2 {
		t.Errorf("%d vectors after a late answer for a deleted item", w.vectors("a@1"))
	}
}

func TestNothingIsHandedOutWithoutAProcess(t *testing.T) {
	w := newWorld(t, nil)
	w.ready(modelA)
	w.dispatch(nil)
	w.media(w.user("ada"), uuid.Nil)
	w.exec("UPDATE embedding_models SET backlog_done = false")
	for _, s := range []ml.State{ml.StateNoModel, ml.StateFetching, ml.StateLoading, ml.StateFailed} {
		w.ml = []ml.Status{{State: s, Model: modelA}}
		if _, sent := w.dispatch(nil); len(sent) != 0 {
			t.Errorf("sent %v to a process that is %s", sent, s)
		}
	}
	w.ml = nil
	if _, sent := w.dispatch(nil); len(sent) != 0 {
		t.Errorf("sent %v to nobody", sent)
	}
	w.ready(modelB) // ready, but with another model
	if _, sent := w.dispatch(nil); len(sent) != 1 || sent[0].Model != modelB.ID {
		t.Errorf("sent %v", sent)
	}
}

func TestFewItemsAreAwayAtATime(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	for range 40 {
		w.media(owner, uuid.Nil)
	}
	w.ready(modelA)
	if _, sent := w.dispatch(nil); len(sent) != 16 {
		t.Errorf("one process of unknown speed got %d", len(sent))
	}
	if _, sent := w.dispatch(nil); len(sent) != 0 {
		t.Errorf("with all of them away it got %d more", len(sent))
	}
	w.ml[0].ImagesPerSecond = 9
	_, sent := w.dispatch(nil)
	if len(sent) != 2 {
		t.Errorf("at 9 images a second it got %d more, want 2", len(sent))
	}
	w.answer(answerTo(sent[0], 3))
	if _, sent = w.dispatch(nil); len(sent) != 1 {
		t.Errorf("after one answer it got %d", len(sent))
	}
	w.ml[0].ImagesPerSecond = 1e9
	if _, sent = w.dispatch(nil); len(sent) != 21 {
		t.Errorf("a fast one got %d", len(sent))
	}
}

// A slow model holds its items for long: nobody takes them back meanwhile.
func TestLeasesFollowTheRate(t *testing.T) {
	w := newWorld(t, nil)
	w.media(w.user("ada"), uuid.Nil)
	lease := func() (seconds float64) {
		t.Helper()
		if err := w.db.QueryRow(t.Context(), "SELECT extract(epoch FROM lease_until - updated_at) FROM media_ai WHERE state = 'processing'").Scan(&seconds); err != nil {
			t.Fatal(err)
		}
		return seconds
	}
	for _, c := range []struct{ rate, expected, want float64 }{
		{50, 0, 120}, {0.8, 0, 120}, {0.1, 9, 640}, {0.001, 0, 1800},
		{0, 12, 120}, {0, 0.1, 640}, {0, 0, 120}, // before the first picture
	} {
		w.exec("UPDATE media_ai SET state = 'pending', lease_until = NULL")
		w.ready(modelA)
		w.ml[0].ImagesPerSecond, w.ml[0].Expected = c.rate, c.expected
		_, sent := w.dispatch(nil)
		if got := lease(); len(sent) != 1 || math.Abs(got-c.want) > 0.01 {
			t.Errorf("at %g images a second: %d sent for %g s, want %g", c.rate, len(sent), got, c.want)
		}
		w.loseLeases()
		w.exec("UPDATE media_ai SET updated_at = now()")
		w.dispatch(lengths{ml.EmbedImageKind("a@1"): 1})
		if got := lease(); got < c.want-0.01 {
			t.Errorf("at %g images a second: renewed for %g s, want %g", c.rate, got, c.want)
		}
	}
}

func TestAnAnswerThatCannotBeRightIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	id := w.media(w.user("ada"), uuid.Nil)
	w.ready(modelA)
	nan := float32(math.NaN())
	for name, v := range map[string][]float32{
		"too long": {1, 0, 0, 0}, "too short": {1, 0}, "nothing": {}, "not a number": {nan, 0, 1}, "infinite": {float32(math.Inf(1)), 0, 0},
		"not unit": {1, 1, 0}, "zero": {0, 0, 0},
	} {
		w.exec("DELETE FROM media_ai")
		w.exec("UPDATE embedding_models SET backlog_done = false, backlog_after = DEFAULT")
		_, sent := w.dispatch(nil)
		if len(sent) != 1 {
			t.Fatalf("sent %v", sent)
		}
		a := answerTo(sent[0], 3)
		a.Vector = ml.EncodeVector(v)
		stale := a
		stale.Attempt = 0
		if err := w.StoreEmbedding(t.Context(), system, stale); !errors.Is(err, app.ErrEmbeddingRefused) || w.ai(id, "a@1").state != db.AiStateProcessing {
			t.Errorf("%s, of another attempt: %v, %+v", name, err, w.ai(id, "a@1"))
		}
		if err := w.StoreEmbedding(t.Context(), system, a); !errors.Is(err, app.ErrEmbeddingRefused) {
			t.Errorf("%s: %v", name, err)
		}
		if s := w.ai(id, "a@1"); s != (ai{db.AiStateFailed, app.CodeEmbedInvalid, 1, 0}) || w.vectors("a@1") != 0 {
			t.Errorf("%s: %+v, %d vectors", name, s, w.vectors("a@1"))
		}
	}
	a := ml.StoreEmbedding{MediaID: id.String(), Model: "c@3", Attempt: 1, Vector: ml.EncodeVector([]float32{1, 0, 0})}
	if err := w.StoreEmbedding(t.Context(), system, a); !errors.Is(err, app.ErrEmbeddingRefused) {
		t.Errorf("of a model that nobody knows: %v", err)
	}
	a.Model, a.MediaID = "a@1", "x"
	if err := w.StoreEmbedding(t.Context(), system, a); !errors.Is(err, app.ErrEmbeddingRefused) {
		t.Errorf("for an item that cannot be: %v", err)
	}
	a.MediaID = id.String()
	w.answer(a) // late, of an attempt that failed, and right
	if s := w.ai(id, "a@1"); s.state != db.AiStateDone || s.code != "" || w.vectors("a@1") != 1 {
		t.Errorf("after the right answer: %+v", s)
	}
}

func TestFailuresEndOrAreTriedAgain(t *testing.T) {
	w := newWorld(t, nil)
	id := w.media(w.user("ada"), uuid.Nil)
	w.ready(modelA)
	fail := func(attempt int, code string) {
		w.answer(ml.StoreEmbedding{MediaID: id.String(), Model: "a@1", Attempt: attempt, Error: code, Reason: "why"})
	}
	for try := 1; try <= app.MaxCrashes; try++ {
		if _, sent := w.dispatch(nil); len(sent) != 1 || sent[0].Attempt != try {
			t.Fatalf("try %d: sent %v", try, sent)
		}
		fail(try-1, ml.EmbedDecode) // of the attempt before: no longer of interest
		fail(try, ml.EmbedInternal)
	}
	if s := w.ai(id, "a@1"); s != (ai{db.AiStateFailed, ml.EmbedInternal, 3, 3}) {
		t.Errorf("after three: %+v", s)
	}
	if err := w.RetryEmbedding(t.Context(), system, id); err != nil {
		t.Fatal(err)
	}
	w.dispatch(nil)
	fail(4, ml.EmbedDecode)
	if s := w.ai(id, "a@1"); s != (ai{db.AiStateFailed, ml.EmbedDecode, 4, 0}) {
		t.Errorf("what cannot be decoded: %+v", s)
	}
	// A new preview is a new chance.
	w.exec("UPDATE media SET status = 'pending' WHERE id = $1", id)
	if err := w.FinishMedia(t.Context(), system, w.claim(id), app.Outcome{}); err != nil {
		t.Fatal(err)
	}
	if _, sent := w.dispatch(nil); len(sent) != 1 || sent[0].Attempt != 5 {
		t.Errorf("after a new preview: sent %v", sent)
	}
}

// A picture that kills the process that has it in hand is given up after three
// times, and takes none of those along that were in hand with it.
func TestAPoisonPictureTakesNoNeighbourAlong(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	var items []uuid.UUID
	for range 4 {
		items = append(items, w.media(owner, uuid.Nil))
	}
	poison := items[1]
	w.ready(modelA)
	sizes := []int{}
	for range 20 {
		_, sent := w.dispatch(nil)
		if len(sent) == 0 {
			break
		}
		sizes = append(sizes, len(sent))
		dies := slices.ContainsFunc(sent, func(e ml.EmbedImage) bool { return e.MediaID == poison.String() })
		for _, e := range sent {
			if !dies {
				w.answer(answerTo(e, 3))
			}
		}
		w.loseLeases()
	}
	w.dispatch(nil)
	if s := w.ai(poison, "a@1"); s != (ai{db.AiStateFailed, ml.EmbedCrashed, 3, 3}) {
		t.Errorf("the poison: %+v", s)
	}
	if w.vectors("a@1") != 3 {
		t.Errorf("%d of three neighbours are embedded", w.vectors("a@1"))
	}
	if !slices.Equal(sizes, []int{4, 4, 1, 1, 1, 1}) {
		t.Errorf("sent in rounds of %v", sizes)
	}
	if !slices.Contains(w.logs.events, app.Event{UserID: owner.ID, MediaID: poison, Kind: app.EventEmbedded}) {
		t.Errorf("nobody was told of the poison: %v", w.logs.events)
	}
}

// While jobs wait in a queue, their items are not lost, however long it takes.
func TestWaitingInTheQueueIsNoCrash(t *testing.T) {
	w := newWorld(t, nil)
	owner := w.user("ada")
	for range 3 {
		w.media(owner, uuid.Nil)
	}
	w.ready(modelA)
	_, sent := w.dispatch(nil)
	w.loseLeases()
	w.exec("UPDATE media_ai SET lease_until = now() - interval '1 minute' WHERE media_id = $1", sent[0].MediaID)
	if d, sent := w.dispatch(lengths{ml.EmbedImageKind("a@1"): 2, "store_embedding": 1}); d.Expired+len(sent) != 0 {
		t.Errorf("all in the queue: %+v", d)
	}
	w.loseLeases()
	w.exec("UPDATE media_ai SET lease_until = now() - interval '1 minute' WHERE media_id = $1", sent[0].MediaID)
	if d, again := w.dispatch(lengths{ml.EmbedImageKind("a@1"): 2}); d.Expired != 1 || len(again) != 1 || again[0].MediaID != sent[0].MediaID || again[0].Attempt != 2 {
		t.Errorf("one of three lost: %+v, sent %v", d, again)
	}
}

// What got lost with Redis, and no process had in hand, is sent again however
// often that happens: the picture is not to blame.
func TestALostQueueIsNoCrash(t *testing.T) {
	w := newWorld(t, nil)
	id := w.media(w.user("ada"), uuid.Nil)
	w.ready(modelA)
	w.flushed = true
	for try := 1; try <= app.MaxCrashes+1; try++ {
		d, sent := w.dispatch(nil)
		if len(sent) != 1 || sent[0].Attempt != try || d.Failed != 0 {
			t.Fatalf("try %d: %+v, sent %v", try, d, sent)
		}
		w.loseLeases()
	}
	if s := w.ai(id, "a@1"); s.crashes != 0 {
		t.Errorf("%+v", s)
	}
	w.flushed = false // this time it is in hand
	if d, sent := w.dispatch(nil); len(sent) != 1 || w.ai(id, "a@1").crashes != 1 {
		t.Errorf("%+v, sent %v, %+v", d, sent, w.ai(id, "a@1"))
	}
}
