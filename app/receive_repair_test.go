package app_test

import (
	"io"
	"strings"
	"testing"

	"albumen/app"
)

// Where the storage has lost an original, sending the same file again brings
// the bytes back instead of answering that they are there already.
func TestTheSameFileRepairsALostOriginal(t *testing.T) {
	content := png("twenty years ago")
	for name, again := range map[string]func(*world, app.Actor) (app.Received, error){
		"in one go": func(w *world, actor app.Actor) (app.Received, error) { return w.send(actor, "b.png", content) },
		"resumable": func(w *world, actor app.Actor) (app.Received, error) {
			u, err := w.CreateUpload(t.Context(), actor, app.NewUpload{Filename: "b.png", Bytes: int64(len(content))})
			if err != nil {
				return app.Received{}, err
			}
			writer, err := w.TakeUpload(t.Context(), actor, u.ID)
			if err != nil {
				return app.Received{}, err
			}
			if _, err := w.AppendUpload(t.Context(), actor, u.ID, writer, 0, strings.NewReader(content)); err != nil {
				return app.Received{}, err
			}
			return w.FinishUpload(t.Context(), actor, u.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := openFolder(t, t.TempDir())
			w := newWorld(t, store)
			ann := app.UserActor(w.user("ann"))
			first, err := w.send(ann, "a.png", content)
			if err != nil {
				t.Fatal(err)
			}
			w.exec("UPDATE media SET status = 'failed', error_code = 'original_missing'")
			if err := store.Delete(t.Context(), "media/"+first.Media.ID.String()); err != nil {
				t.Fatal(err)
			}

			got, err := again(w, ann)
			if err != nil || got.Outcome != app.OutcomeDuplicate || got.Media.ID != first.Media.ID {
				t.Fatalf("%+v, %v", got, err)
			}
			original, err := w.Original(t.Context(), ann, first.Media.ID)
			if err != nil {
				t.Fatal(err)
			}
			body, err := original.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			if back, err := io.ReadAll(body); err != nil || string(back) != content {
				t.Errorf("the original is %q, %v", back, err)
			}
			if n := w.count("SELECT count(*) FROM media WHERE status = 'pending'"); n != 1 {
				t.Error("it is not processed again")
			}
			// A healthy one is left alone.
			before := len(w.objects())
			if _, err := w.send(ann, "c.png", content); err != nil || len(w.objects()) != before {
				t.Errorf("after one more: %v, %d objects, want %d", err, len(w.objects()), before)
			}
		})
	}
}
