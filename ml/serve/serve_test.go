package serve_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gocraft/work"
	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"albumen/ml"
)

func TestPicturesAndTextsAreEmbedded(t *testing.T) {
	r := newRig(t)
	r.collect()
	if _, err := r.client.EmbedText(t.Context(), "some@model", "sunset"); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("without a process: %v, want ErrUnavailable", err)
	}
	_, stop := r.start(tinySource(t))
	model := r.waitState(1, ml.StateReady).Model
	if !model.Random || model.Dimension == 0 || !strings.HasPrefix(model.ID, model.Name+"@") {
		t.Errorf("the model is %+v", model)
	}
	content := photo(t, 320, 240)
	one, two, other := r.add(model.ID, content), r.add(model.ID, content), r.add(model.ID, photo(t, 240, 320))
	for _, job := range []ml.EmbedImage{one, two, other} {
		r.enqueue(job)
	}
	r.waitAnswers(3)
	a, b, c := r.embedding(r.answer(one.MediaID), model), r.embedding(r.answer(two.MediaID), model), r.embedding(r.answer(other.MediaID), model)
	if length := dot(a, a); math.Abs(length-1) > 1e-3 {
		t.Errorf("the length is %g", length)
	}
	if dot(a, b) < 0.9999 || dot(a, c) > 0.9999 {
		t.Errorf("the same picture: %g; another: %g", dot(a, b), dot(a, c))
	}

	text, err := r.client.EmbedText(t.Context(), model.ID, "sunset")
	if err != nil || len(text) != model.Dimension || math.Abs(dot(text, text)-1) > 1e-3 {
		t.Fatalf("text: %v, %v", text, err)
	}
	again, err := r.client.EmbedText(t.Context(), model.ID, "sunset")
	if err != nil || !slices.Equal(text, again) {
		t.Errorf("the same text again: %v, %v", again, err)
	}
	if _, err := r.client.EmbedText(t.Context(), "other@model", "sunset"); !errors.Is(err, ml.ErrNoModel) {
		t.Errorf("another model: %v, want ErrNoModel", err)
	}
	if _, err := r.client.EmbedText(t.Context(), model.ID, strings.Repeat("väry long ", 100_000)); err != nil {
		t.Errorf("a very long text: %v", err)
	}
	r.waitFor("the pictures are counted", func() bool {
		s, err := r.client.Status(context.Background())
		return err == nil && s.Images == 3 && s.ImagesPerSecond > 0
	})
	stop()
	if _, err := r.client.Status(t.Context()); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("after the process has ended: %v, want ErrUnavailable", err)
	}
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestABadPictureHurtsNoOther(t *testing.T) {
	r := newRig(t)
	r.collect()
	r.start(tinySource(t))
	model := r.waitState(1, ml.StateReady).Model
	content := photo(t, 320, 240)
	bad := map[string]ml.EmbedImage{
		"no picture": r.add(model.ID, []byte("this is no picture")),
		"truncated":  r.add(model.ID, content[:len(content)/2]),
		"empty":      r.add(model.ID, nil),
	}
	gone := ml.EmbedImage{MediaID: uuid.NewString(), Model: model.ID, StorageKey: "preview/gone", Attempt: 3}
	hostile := ml.EmbedImage{MediaID: uuid.NewString(), Model: model.ID, StorageKey: "../../etc/passwd", Attempt: 3}
	var good []ml.EmbedImage
	for range 5 {
		good = append(good, r.add(model.ID, photo(t, 64, 64)))
	}
	r.enqueue(good[0])
	for _, job := range bad {
		r.enqueue(job)
	}
	r.enqueue(gone)
	r.enqueue(hostile)
	for _, job := range good[1:] {
		r.enqueue(job)
	}
	r.waitAnswers(10)
	for _, job := range good {
		r.embedding(r.answer(job.MediaID), model)
	}
	for name, job := range bad {
		if a := r.answer(job.MediaID); a.Error != ml.EmbedDecode || a.Reason == "" || a.Vector != nil || a.Attempt != 3 {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for _, job := range []ml.EmbedImage{gone, hostile} {
		if a := r.answer(job.MediaID); a.Error != ml.EmbedMissing || a.Vector != nil {
			t.Errorf("%s: %+v", job.StorageKey, a)
		}
	}
}

func TestRubbishInTheQueuesIsDropped(t *testing.T) {
	r := newRig(t)
	r.collect()
	loaded, err := tinySource(t).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	model := loaded.Identity()
	loaded.Close()
	conn := r.redis.Get()
	defer conn.Close()
	list := ml.Keys{Prefix: r.prefix}.Text(ml.ModelKey(model.ID))
	push := func(raw []byte) {
		t.Helper()
		if _, err := conn.Do("RPUSH", list, raw); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(request ml.TextRequest) {
		t.Helper()
		encoded, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		push(encoded)
	}
	ask(ml.TextRequest{ID: "late", Text: "a", Deadline: time.Now().Add(-time.Second)})
	push([]byte("rubbish"))
	push([]byte(`{"text":"nobody"}`))
	push(nil)
	ask(ml.TextRequest{ID: strings.Repeat("x", 10_000), Text: "a", Deadline: time.Now().Add(time.Minute)})
	ask(ml.TextRequest{ID: "long", Text: strings.Repeat("x", ml.MaxTextBytes+1), Deadline: time.Now().Add(time.Minute)})
	for range 20 {
		push([]byte("[]"))
	}
	ask(ml.TextRequest{ID: "good", Text: "a", Deadline: time.Now().Add(time.Minute)})

	enqueuer := work.NewEnqueuer(r.namespace, r.redis)
	for _, args := range []work.Q{
		nil, {"media_id": 7}, {"media_id": "x", "model": model.ID}, {"media_id": uuid.NewString(), "model": "other@model"},
		{"media_id": uuid.NewString(), "model": model.ID, "attempt": "x"},
	} {
		if _, err := enqueuer.Enqueue(ml.EmbedImageKind(model.ID), args); err != nil {
			t.Fatal(err)
		}
	}
	good := r.add(model.ID, photo(t, 64, 64))
	r.enqueue(good)

	r.start(tinySource(t))
	keys := ml.Keys{Prefix: r.prefix}
	read := func(id string) (reply ml.TextReply) {
		t.Helper()
		raw, err := redis.ByteSlices(redis.DoWithTimeout(conn, patience+time.Second, "BLPOP", keys.Reply(id), patience.Seconds()))
		if err != nil {
			t.Fatalf("the answer to %s: %v", id, err)
		}
		if err := json.Unmarshal(raw[1], &reply); err != nil {
			t.Fatal(err)
		}
		return reply
	}
	if reply := read("good"); reply.Error != "" || len(reply.Vector) != 4*model.Dimension {
		t.Errorf("the good request behind bad ones: %+v", reply)
	}
	if reply := read("long"); reply.Error != ml.ReplyInvalid || reply.Vector != nil {
		t.Errorf("a long text: %+v", reply)
	}
	if n, err := redis.Int(conn.Do("EXISTS", keys.Reply("late"))); err != nil || n != 0 {
		t.Errorf("the late request was answered (%v)", err)
	}
	r.waitAnswers(1)
	r.embedding(r.answer(good.MediaID), model)
	r.waitIdle()
	if n := r.answered(); n != 1 {
		t.Errorf("%d answers, want one", n)
	}
}

// waitIdle waits until no job is queued or in hand, and makes sure that none
// was put aside.
func (r *rig) waitIdle() {
	r.t.Helper()
	r.waitFor("the queue becomes idle", func() bool {
		s, err := r.queue.State(context.Background(), time.Now())
		if err != nil {
			r.t.Fatal(err)
		}
		waiting := s.Retries + s.Dead
		for _, q := range s.Queues {
			waiting += q.Waiting
		}
		return waiting == 0 && len(s.Running) == 0
	})
}

func TestSeveralProcessesShareTheWork(t *testing.T) {
	r := newRig(t)
	r.collect()
	r.start(tinySource(t))
	r.start(tinySource(t))
	model := r.waitState(2, ml.StateReady).Model
	var want []ml.EmbedImage
	for range 200 {
		want = append(want, r.add(model.ID, photo(t, 64, 64)))
	}
	for _, job := range want {
		r.enqueue(job)
	}
	r.waitAnswers(len(want))
	r.waitIdle()
	for _, job := range want {
		r.embedding(r.answer(job.MediaID), model)
	}
	r.waitFor("both have worked", func() bool {
		all, err := r.client.Statuses(context.Background())
		return err == nil && len(all) == 2 && all[0].Images+all[1].Images == int64(len(want)) && min(all[0].Images, all[1].Images) > 0
	})
}

func TestATextOvertakesPictures(t *testing.T) {
	r := newRig(t)
	r.collect()
	r.start(tinySource(t))
	model := r.waitState(1, ml.StateReady).Model
	content := photo(t, 640, 480)
	const pictures = 200
	for range pictures {
		r.enqueue(r.add(model.ID, content))
	}
	if _, err := r.client.EmbedText(t.Context(), model.ID, "sunset"); err != nil {
		t.Fatal(err)
	}
	if n := r.answered(); n >= pictures {
		t.Error("the text was answered after all pictures")
	}
	r.waitAnswers(pictures)
}

func TestAStopGivesPicturesBack(t *testing.T) {
	r := newRig(t)
	r.collect()
	_, stop := r.start(tinySource(t))
	model := r.waitState(1, ml.StateReady).Model
	content := photo(t, 800, 600)
	var want []ml.EmbedImage
	for range 100 {
		job := r.add(model.ID, content)
		want = append(want, job)
		r.enqueue(job)
	}
	r.waitAnswers(1)
	stop()
	if r.answered() == len(want) {
		t.Fatal("everything was answered before the stop")
	}
	r.start(tinySource(t))
	r.waitAnswers(len(want))
	r.waitIdle()
	for _, job := range want {
		r.embedding(r.answer(job.MediaID), model)
	}
}

func TestAClientWaitsNoLongerThanItsDeadline(t *testing.T) {
	r := newRig(t)
	conn := r.redis.Get()
	defer conn.Close()
	// A status without a process: it was killed a moment ago.
	keys := ml.Keys{Prefix: r.prefix}
	if _, err := conn.Do("SET", keys.Status("gone"), `{"state":"ready","model":{"id":"some@model"}}`, "EX", 60); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Do("SADD", keys.Processes(), "gone", "long gone"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.client.EmbedText(ctx, "some@model", "sunset"); !errors.Is(err, ml.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if left, err := redis.Strings(conn.Do("SMEMBERS", keys.Processes())); err != nil || !slices.Equal(left, []string{"gone"}) {
		t.Errorf("processes %v, %v", left, err)
	}
}
