package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/gocraft/work"
	"github.com/google/uuid"

	"albumen/internal/nice"
	"albumen/jobs"
	"albumen/media"
	"albumen/ml"
	"albumen/ml/clip"
	"albumen/redisdb"
	"albumen/storage"
)

const (
	// readWithin bounds one try to read a preview, which shall not use up the
	// lease of the picture.
	readWithin = 30 * time.Second
	// tries is how often a preview is asked for when the storage fails.
	tries = 3
	// maxSlots bounds the pictures in hand at once.
	maxSlots = 128
	// sendWithin is for an answer that is ready when the work must end.
	sendWithin = 2 * time.Second
)

// errEnding says that a picture was not begun, or not done, because of a stop.
var errEnding = errors.New("the ml process is stopping")

// imageLane takes pictures from the work queue.
type imageLane struct {
	cfg     Config
	model   Model
	batches *batcher
	queue   *jobs.Queue
	status  *status
	log     *slog.Logger
	crew    *nice.Crew // the threads that decode

	readWithin time.Duration

	stopping context.Context // ends when no picture shall be begun any more
	working  context.Context // ends when those in hand are given back
}

func newImageLane(cfg Config, model Model, s *status) (*imageLane, error) {
	size := cfg.Batch
	if size == 0 {
		size = model.Batch()
	}
	crew, err := nice.NewCrew(runtime.NumCPU())
	if err != nil {
		return nil, err
	}
	return &imageLane{
		cfg: cfg, model: model, batches: newBatcher(model, size), queue: jobs.NewQueue(cfg.Namespace, cfg.Redis),
		status: s, log: cfg.Log, crew: crew, readWithin: readWithin,
	}, nil
}

// run works until stopping ends, and returns when nothing is in hand any more.
func (l *imageLane) run(stopping, working context.Context) {
	l.stopping, l.working = stopping, working
	kind := ml.EmbedImageKind(l.model.Identity().ID)
	// One batch is embedded while the next is read and decoded.
	pool := work.NewWorkerPool(struct{}{}, uint(min(2*l.batches.size, maxSlots)), l.cfg.Namespace, redisdb.Patient(stopping, l.cfg.Redis))
	// gocraft/work shall not retry: the set of its retries is one for all
	// processes, and whichever looks first drops the kinds that it does not know.
	pool.JobWithOptions(kind, work.JobOptions{MaxFails: 1, SkipDead: true, Priority: 1}, l.handle)
	pool.Start()
	var helpers sync.WaitGroup
	helping, end := context.WithCancel(working)
	helpers.Go(func() { l.batches.run(helping) })
	bell := make(chan struct{}, 1)
	go answer(stopping, bell, pool)
	helpers.Go(func() { l.listen(stopping, kind, bell) })
	<-stopping.Done()
	pool.Stop()
	end()
	helpers.Wait()
	l.crew.Close()
}

// listen rings the bell whenever a picture is enqueued, and once after each
// time that the connection was lost.
func (l *imageLane) listen(ctx context.Context, kind string, bell chan<- struct{}) {
	ring := func() {
		select {
		case bell <- struct{}{}:
		default: // rung already
		}
	}
	redisdb.Subscription{
		Pool: l.cfg.Redis, Channel: jobs.BellChannel(l.cfg.Namespace),
		Connected: ring,
		Message: func(enqueued []byte) {
			if string(enqueued) == kind {
				ring()
			}
		},
		Lost: func(err error) { l.log.DebugContext(ctx, "lost the bell; trying again", "error", err) },
	}.Run(ctx)
}

// answer makes the pool look for jobs at each ring: left alone, an idle worker
// looks every 5 s. Drain may never return from a pool that is being stopped,
// which is why nobody waits for it.
func answer(ctx context.Context, bell <-chan struct{}, pool *work.WorkerPool) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-bell:
			pool.Drain()
		}
	}
}

// handle does one job. It returns when the answer is in the queue, so that a
// process that is killed before leaves the job behind for another.
func (l *imageLane) handle(job *work.Job) error {
	request, err := l.read(job)
	if err != nil {
		l.log.Error("dropped a job that cannot be read", "job", job.ID, "error", err)
		return nil
	}
	if l.taken(request) {
		l.untaken(request)
		return l.send(ml.StoreEmbedding{MediaID: request.MediaID, Model: request.Model, Attempt: request.Attempt,
			Error: ml.EmbedCrashed, Reason: "The ml process that had this picture in hand died, twice."})
	}
	answer, err := l.embed(request)
	defer l.untaken(request)
	if errors.Is(err, errEnding) {
		return l.send(request) // back to the queue, for others
	}
	if err != nil {
		l.log.Warn("could not embed a picture", "media", request.MediaID, "code", answer.Error, "error", err)
		answer.Reason = err.Error()
	} else {
		l.status.embedded(1)
	}
	return l.send(answer)
}

func (l *imageLane) read(job *work.Job) (ml.EmbedImage, error) {
	var request ml.EmbedImage
	encoded, err := json.Marshal(job.Args)
	if err == nil {
		err = json.Unmarshal(encoded, &request)
	}
	if err != nil {
		return request, fmt.Errorf("read the arguments: %w", err)
	}
	if _, err := uuid.Parse(request.MediaID); err != nil {
		return request, fmt.Errorf("read the media id: %w", err)
	}
	if want := l.model.Identity().ID; request.Model != want {
		return request, fmt.Errorf("it is for the model %q, not for %q", request.Model, want)
	}
	return request, nil
}

// embed makes the answer to a request. The error is errEnding, or says why the
// answer has an Error.
func (l *imageLane) embed(request ml.EmbedImage) (ml.StoreEmbedding, error) {
	answer := ml.StoreEmbedding{MediaID: request.MediaID, Model: request.Model, Attempt: request.Attempt}
	if l.stopping.Err() != nil {
		return answer, errEnding
	}
	content, err := l.preview(request.StorageKey)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrBadKey) {
		answer.Error = ml.EmbedMissing
		return answer, err
	}
	if err == nil && len(content) > media.MaxPreviewBytes {
		answer.Error = ml.EmbedDecode
		return answer, fmt.Errorf("the preview has more than %d bytes", media.MaxPreviewBytes)
	}
	var px clip.Pixels
	if err == nil {
		px, err = l.prepare(content)
		if err != nil {
			answer.Error = ml.EmbedDecode
			return answer, err
		}
		var vector []float32
		vector, err = l.batches.embed(l.working, px)
		answer.Vector = ml.EncodeVector(vector)
	}
	switch {
	case err == nil:
		return answer, nil
	case l.working.Err() != nil:
		return answer, errEnding
	}
	answer.Vector, answer.Error = nil, ml.EmbedInternal
	return answer, err
}

func (l *imageLane) prepare(content []byte) (px clip.Pixels, err error) {
	l.crew.Do(func() {
		var im clip.RGBImage
		if im, err = clip.Decode(content); err == nil {
			px, err = l.model.Prepare(im)
		}
	})
	return px, err
}

// preview reads the object, at most a byte more than allowed. A storage that
// fails is asked again, one that hangs is not.
func (l *imageLane) preview(key string) ([]byte, error) {
	for try := 1; ; try++ {
		content, err := l.readObject(key)
		if err == nil || errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrBadKey) ||
			errors.Is(err, context.DeadlineExceeded) || try == tries || l.working.Err() != nil {
			return content, err
		}
		sleep(l.working, time.Duration(try)*pause)
	}
}

// readObject returns within the time limit even where a read of a mounted
// folder cannot be interrupted; then that read ends whenever the mount answers.
func (l *imageLane) readObject(key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(l.working, l.readWithin)
	defer cancel()
	type result struct {
		content []byte
		err     error
	}
	read := make(chan result, 1)
	go func() {
		content, err := readAll(ctx, l.cfg.Storage, key)
		read <- result{content, err}
	}()
	select {
	case r := <-read:
		return r.content, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("read the preview: %w", ctx.Err())
	}
}

func readAll(ctx context.Context, store storage.Store, key string) ([]byte, error) {
	object, err := store.Open(ctx, key, 0, media.MaxPreviewBytes+1)
	if err != nil {
		return nil, fmt.Errorf("read the preview: %w", err)
	}
	defer object.Close()
	content, err := io.ReadAll(object)
	if err != nil {
		return nil, fmt.Errorf("read the preview: %w", err)
	}
	return content, nil
}

// send enqueues a job; while Redis is away it waits. An error means that the
// process ends before it could: then whoever asked will ask again.
func (l *imageLane) send(job jobs.Job) error {
	for {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(l.working), sendWithin)
		err := l.queue.Enqueue(ctx, job)
		cancel()
		if err == nil {
			return nil
		}
		if l.working.Err() != nil {
			l.log.Error("could not send an answer", "job", job.Kind(), "error", err)
			return err
		}
		sleep(l.working, pause)
	}
}
