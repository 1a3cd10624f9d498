package worker_test

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/ml"
)

// mlProcess is as much of an ml process as the worker sees: it says in Redis
// that it is ready, takes jobs and sends vectors.
type mlProcess struct {
	r     *rig
	name  string
	model ml.Model
	stop  func()
	mu    sync.Mutex
	took  []ml.EmbedImage
}

// runML starts a process. After dies jobs it takes one more, with which it
// ends as after kill -9: the job is gone and its status stays until it expires;
// -1 is never.
func (r *rig) runML(model ml.Model, dies int) *mlProcess {
	r.t.Helper()
	p := &mlProcess{r: r, name: uuid.NewString(), model: model}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	p.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	r.t.Cleanup(p.stop)
	running.Go(func() {
		for ctx.Err() == nil {
			p.say()
			job, ok := p.take()
			if !ok {
				time.Sleep(20 * time.Millisecond)
				continue
			}
			if dies == 0 {
				return
			}
			dies--
			p.answer(job)
		}
	})
	return p
}

func (p *mlProcess) do(command string, args ...any) (any, error) {
	conn := p.r.redis.Get()
	defer conn.Close()
	return conn.Do(command, args...)
}

func (p *mlProcess) say() {
	keys := ml.Keys{Prefix: p.r.namespace + ":ml"}
	status, err := json.Marshal(ml.Status{Process: p.name, State: ml.StateReady, Model: p.model})
	if err == nil {
		_, err = p.do("SET", keys.Status(p.name), status, "PX", 1000)
	}
	if err == nil {
		_, err = p.do("SADD", keys.Processes(), p.name)
	}
	if err != nil {
		p.r.t.Error(err)
	}
}

func (p *mlProcess) take() (ml.EmbedImage, bool) {
	raw, err := redis.Bytes(p.do("RPOP", p.r.namespace+":jobs:"+ml.EmbedImageKind(p.model.ID)))
	if err == redis.ErrNil {
		return ml.EmbedImage{}, false
	}
	var job struct{ Args ml.EmbedImage }
	if err == nil {
		err = json.Unmarshal(raw, &job)
	}
	if err != nil {
		p.r.t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took = append(p.took, job.Args)
	return job.Args, true
}

// vectorOf is what the process makes of an item.
func vectorOf(mediaID string, dimension int) []float32 {
	v := make([]float32, dimension)
	id := uuid.MustParse(mediaID)
	sin, cos := math.Sincos(float64(id[14]))
	v[0], v[1] = float32(sin), float32(cos)
	return v
}

func (p *mlProcess) answer(e ml.EmbedImage) {
	if _, err := p.r.store.Stat(context.Background(), e.StorageKey); err != nil {
		p.r.t.Errorf("the preview of %s: %v", e.MediaID, err)
	}
	err := p.r.queue.Enqueue(context.Background(), ml.StoreEmbedding{MediaID: e.MediaID, Model: e.Model, Attempt: e.Attempt,
		Vector: ml.EncodeVector(vectorOf(e.MediaID, p.model.Dimension))})
	if err != nil {
		p.r.t.Error(err)
	}
}

func (p *mlProcess) taken() []ml.EmbedImage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.took)
}

var tiny = ml.Model{ID: "tiny@1", Name: "tiny", Dimension: 8}

// photos puts photos on the way to being ready.
func (r *rig) photos(n int) (ids []uuid.UUID) {
	r.t.Helper()
	for range n {
		id := r.add("photo.jpg", "image/jpeg", photo(r.t, 100, 80))
		r.enqueue(id)
		ids = append(ids, id)
	}
	return ids
}

// waitEmbedded waits until the items are done with the model, and looks at
// their vectors.
func (r *rig) waitEmbedded(model ml.Model, ids []uuid.UUID) {
	r.t.Helper()
	r.waitFor("everything is embedded by "+model.ID, func() bool {
		var n int
		if err := r.db.QueryRow(context.Background(), `SELECT count(*) FROM media_ai a JOIN embedding_models m ON m.id = a.model_id
			WHERE m.name = $1 AND a.state = 'done' AND a.media_id = ANY ($2)`, model.ID, ids).Scan(&n); err != nil {
			r.t.Fatal(err)
		}
		return n == len(ids)
	})
	for _, id := range ids {
		var distance float64
		vector, err := json.Marshal(vectorOf(id.String(), model.Dimension))
		if err != nil {
			r.t.Fatal(err)
		}
		if err := r.db.QueryRow(context.Background(), `SELECT e.embedding <-> $3::text::halfvec FROM embeddings e JOIN embedding_models m ON m.id = e.model_id
			WHERE m.name = $1 AND e.media_id = $2`, model.ID, id, string(vector)).Scan(&distance); err != nil || distance > 1e-2 {
			r.t.Errorf("the vector of %s is %g away from what was sent, %v", id, distance, err)
		}
	}
}

func (r *rig) loseLeases() {
	r.exec("UPDATE media_ai SET lease_until = now() - interval '1 second' WHERE state = 'processing'")
}

func (r *rig) away() (n int) {
	r.t.Helper()
	if err := r.db.QueryRow(context.Background(), "SELECT count(*) FROM media_ai WHERE state = 'processing'").Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func TestAFreshPhotoIsEmbedded(t *testing.T) {
	r := newRig(t)
	r.start(r.media)
	process := r.runML(tiny, -1)
	ids := r.photos(3)
	r.waitEmbedded(tiny, ids)
	r.waitIdle()
	if took := process.taken(); len(took) != 3 {
		t.Errorf("it was asked %d times for three photos", len(took))
	}
	if got := r.eventsOf(ids[0]); !slices.Equal(got, []app.EventKind{app.EventReady, app.EventEmbedded}) {
		t.Errorf("published %v", got)
	}
}

func TestWhatADeadMLProcessHeldIsEmbeddedByAnother(t *testing.T) {
	r := newRig(t)
	r.start(r.media)
	ids := r.photos(6)
	for _, id := range ids {
		r.waitStatus(id, db.MediaStatusReady)
	}
	dying := r.runML(tiny, 2)
	r.waitFor("the process takes a third job and dies", func() bool { return len(dying.taken()) == 3 })
	dying.stop()
	r.loseLeases() // what still waits in the queue is not lost
	second := r.runML(tiny, -1)
	r.waitEmbedded(tiny, ids)
	if took := second.taken(); len(took) != 4 {
		t.Errorf("the second process was asked %d times for what the first had not done, want 4", len(took))
	}
}

func TestEmbeddingsOutliveAnEmptiedQueue(t *testing.T) {
	r := newRig(t)
	r.start(r.media)
	ids := r.photos(5)
	for _, id := range ids {
		r.waitStatus(id, db.MediaStatusReady)
	}
	dying := r.runML(tiny, 0)
	r.waitFor("everything is on its way", func() bool { return r.away() == 5 && len(dying.taken()) == 1 })
	dying.stop()
	r.emptyRedis()
	r.loseLeases()
	r.runML(tiny, -1)
	r.waitEmbedded(tiny, ids)
}

func TestTwoModelsAreServedSideBySide(t *testing.T) {
	r := newRig(t)
	r.start(r.media)
	r.runML(tiny, -1)
	ids := r.photos(3)
	r.waitEmbedded(tiny, ids)
	other := ml.Model{ID: "other@2", Name: "other", Dimension: 5}
	r.runML(other, -1)
	r.waitEmbedded(other, ids)
	r.waitFor("search uses the new model", func() bool {
		m, err := r.db.ActiveModel(context.Background())
		return err == nil && m.Name == other.ID
	})
	r.waitEmbedded(tiny, ids) // the old one's are still there
}

// What a worker that is stopped could not store is stored by the next one,
// without the picture being looked at once more.
func TestAStopLosesNoEmbedding(t *testing.T) {
	r := newRig(t)
	stop := r.start(r.media)
	process := r.runML(tiny, -1)
	r.waitEmbedded(tiny, r.photos(1))
	lock, err := r.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback(context.Background()) //nolint:errcheck // it is rolled back below, or the test has failed
	if _, err := lock.Exec(t.Context(), "LOCK TABLE embeddings IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	ids := r.photos(1)
	r.waitFor("the worker waits for the lock", func() bool {
		var n int
		if err := r.db.QueryRow(context.Background(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND wait_event_type = 'Lock' AND query LIKE '%PutEmbedding%'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n == 1
	})
	stop()
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.start(r.media)
	r.waitEmbedded(tiny, ids)
	if took := process.taken(); len(took) != 2 {
		t.Errorf("the picture was looked at %d times", len(took)-1)
	}
}
