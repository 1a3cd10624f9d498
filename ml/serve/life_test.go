package serve_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"albumen/ml"
	"albumen/ml/serve"
)

// tinyFolder holds the small model with random weights.
const tinyFolder = "../clip/testdata/tiny"

func tinySource(t testing.TB) *serve.ModelSource {
	t.Helper()
	return serve.NewModelSource(serve.ModelConfig{Name: tinyFolder, Folder: tinyFolder, Threads: 1})
}

// copyTiny copies the small model's files into dir, which is made.
func copyTiny(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(tinyFolder)); err != nil && !isExist(err) {
		t.Fatal(err)
	}
}

func isExist(err error) bool { return err != nil && strings.Contains(err.Error(), fs.ErrExist.Error()) }

func TestAFolderThatIsMissingIsFoundWhenItComes(t *testing.T) {
	r := newRig(t)
	folder := filepath.Join(t.TempDir(), "models", "small")
	r.start(serve.NewModelSource(serve.ModelConfig{Name: folder, Folder: folder, Threads: 1}))
	s := r.waitState(1, ml.StateNoModel)
	if s.Detail == nil || s.Detail.Code != ml.DetailFolder || !strings.Contains(s.Detail.Text, folder) || s.Model.ID != "" || s.Model.Name != "small" {
		t.Errorf("status %+v, %+v", s, s.Detail)
	}
	copyTiny(t, folder)
	if s = r.waitState(1, ml.StateReady); s.Detail != nil || !strings.HasPrefix(s.Model.ID, "small@") {
		t.Errorf("status %+v, %+v", s, s.Detail)
	}
	if _, err := r.client.EmbedText(context.Background(), s.Model.ID, "sunset"); err != nil {
		t.Error(err)
	}
}

func TestABrokenFolderIsLoadedOnceItIsMended(t *testing.T) {
	r := newRig(t)
	folder := filepath.Join(t.TempDir(), "small")
	copyTiny(t, folder)
	weights := filepath.Join(folder, "model.safetensors")
	whole, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(weights, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	r.start(serve.NewModelSource(serve.ModelConfig{Name: folder, Folder: folder, Threads: 1}))
	s := r.waitState(1, ml.StateFailed)
	if s.Detail == nil || s.Detail.Code != ml.DetailFolder || !strings.Contains(s.Detail.Text, "model.safetensors") {
		t.Errorf("status %+v, %+v", s, s.Detail)
	}
	if err := os.WriteFile(weights, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	r.waitState(1, ml.StateReady)
}

// mirror serves the small model under a name, as Hugging Face serves models.
func mirror(t *testing.T, name string) *httptest.Server {
	t.Helper()
	prefix := "/" + name + "/resolve/main/"
	s := httptest.NewServer(http.StripPrefix(prefix, http.FileServer(http.Dir(tinyFolder))))
	t.Cleanup(s.Close)
	return s
}

func TestTheModelIsFetchedAtTheFirstStart(t *testing.T) {
	r := newRig(t)
	const name = "someone/small"
	from := mirror(t, name)
	dir := t.TempDir()
	config := serve.ModelConfig{Name: name, Dir: dir, URL: from.URL, Threads: 1}
	_, stop := r.start(serve.NewModelSource(config))
	first := r.waitState(1, ml.StateReady)
	if !strings.HasPrefix(first.Model.ID, name+"@") || first.Model.Name != name || first.Fetched != 0 {
		t.Errorf("status %+v", first)
	}
	stop()
	from.Close() // what was fetched is there
	r.start(serve.NewModelSource(config))
	if again := r.waitState(1, ml.StateReady); again.Model != first.Model {
		t.Errorf("the second time the model is %+v", again.Model)
	}
}

// What was in the way leaves no trace in the model's own files when it goes.
func TestAFolderThatCouldNotBeWrittenIsTriedAgain(t *testing.T) {
	r := newRig(t)
	const name = "someone/small"
	dir := filepath.Join(t.TempDir(), "models")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.start(serve.NewModelSource(serve.ModelConfig{Name: name, Dir: dir, URL: mirror(t, name).URL, Threads: 1}))
	if s := r.waitState(1, ml.StateNoModel); s.Detail == nil || s.Detail.Code != ml.DetailFolder {
		t.Errorf("status %+v, %+v", s, s.Detail)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	r.waitState(1, ml.StateReady)
}

func TestFilesThatChangeWhileTheyAreReadAreNoModel(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "small")
	copyTiny(t, folder)
	ctx, cancel := context.WithCancel(t.Context())
	touched, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for at := time.Now(); ctx.Err() == nil; at = at.Add(time.Second) {
			if err := os.Chtimes(filepath.Join(folder, "model.safetensors"), at, at); err != nil {
				t.Error(err)
			}
			select {
			case touched <- struct{}{}:
			default:
			}
		}
	}()
	<-touched
	source := serve.NewModelSource(serve.ModelConfig{Name: folder, Folder: folder, Threads: 1})
	_, err := source.Load(t.Context())
	cancel()
	<-ended
	if problem, ok := errors.AsType[*serve.Problem](err); !ok || problem.Detail.Code != ml.DetailFolder || !strings.Contains(problem.Detail.Text, "changed") {
		t.Errorf("got %v", err)
	}
	model, err := source.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	model.Close()
}

func TestWithoutNetworkTheProcessStaysAndSaysHowToGetTheModel(t *testing.T) {
	r := newRig(t)
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	source := serve.NewModelSource(serve.ModelConfig{Name: "someone/small", Dir: t.TempDir(), URL: away.URL, Threads: 1})
	server, _ := r.start(source)
	s := r.waitState(1, ml.StateNoModel)
	if s.Detail == nil || s.Detail.Code != ml.DetailOffline || !strings.Contains(s.Detail.Text, source.Folder()) || !strings.Contains(s.Detail.Text, "CLIP_MODEL_URL") {
		t.Errorf("status %+v, %+v", s, s.Detail)
	}
	w := httptest.NewRecorder()
	server.Health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"no_model"`) || !strings.Contains(w.Body.String(), "CLIP_MODEL_URL") {
		t.Errorf("/readyz: %d %s", w.Code, w.Body)
	}
	copyTiny(t, source.Folder())
	r.waitState(1, ml.StateReady)
}

func TestAModelThatTheSourceDoesNotHave(t *testing.T) {
	r := newRig(t)
	from := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(from.Close)
	r.start(serve.NewModelSource(serve.ModelConfig{Name: "someone/unknown", Dir: t.TempDir(), URL: from.URL, Threads: 1}))
	if s := r.waitState(1, ml.StateNoModel); s.Detail == nil || s.Detail.Code != ml.DetailRefused || !strings.Contains(s.Detail.Text, "someone/unknown") {
		t.Errorf("status %+v, %+v", s, s.Detail)
	}
}

func TestCUDAIsRefusedWithASentence(t *testing.T) {
	r := newRig(t)
	r.start(serve.NewModelSource(serve.ModelConfig{Name: tinyFolder, Folder: tinyFolder, Device: "cuda"}))
	if s := r.waitState(1, ml.StateFailed); s.Detail == nil || s.Detail.Code != ml.DetailDevice || !strings.Contains(s.Detail.Text, "ML_DEVICE") {
		t.Errorf("status %+v, %+v", s, s.Detail)
	}
}
