package serve_test

import (
	"testing"

	"albumen/ml"
)

// The queue brings back for ever what killed its process. The third time that
// an attempt is begun, it is answered instead, so that the worker counts it.
func TestAPictureThatKillsItsProcessIsNotBegunForEver(t *testing.T) {
	r := newRig(t)
	r.collect()
	r.start(tinySource(t))
	model := r.waitState(1, ml.StateReady).Model
	conn := r.redis.Get()
	defer conn.Close()
	begun := func(times int) ml.EmbedImage {
		e := r.add(model.ID, photo(t, 64, 64))
		if _, err := conn.Do("SET", ml.Keys{Prefix: r.prefix}.Taken(e), times, "EX", 60); err != nil {
			t.Fatal(err)
		}
		r.enqueue(e)
		return e
	}
	killer, unlucky := begun(2), begun(1)
	r.waitAnswers(2)
	if a := r.answer(killer.MediaID); a.Error != ml.EmbedCrashed || a.Attempt != killer.Attempt || a.Reason == "" || a.Vector != nil {
		t.Errorf("begun twice: %+v", a)
	}
	r.embedding(r.answer(unlucky.MediaID), model)
	r.waitFor("what is answered is not counted any more", func() bool {
		for _, e := range []ml.EmbedImage{killer, unlucky} {
			if left, err := conn.Do("EXISTS", ml.Keys{Prefix: r.prefix}.Taken(e)); err != nil || left != int64(0) {
				return false
			}
		}
		return true
	})
}
