package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"albumen/config"
	"albumen/ml/hub"
)

func TestFetchModel(t *testing.T) {
	const name = "someone/small"
	mirror := httptest.NewServer(http.StripPrefix("/"+name+"/resolve/main/", http.FileServer(http.Dir(tiny))))
	defer mirror.Close()
	dir := t.TempDir()
	env := []string{"CLIP_MODEL_DIR=" + dir, "CLIP_MODEL_URL=" + mirror.URL, "REDIS_URL=" + redisURL(t)}
	var first, again struct {
		Name, Folder, Fingerprint string
		Bytes                     int64
		Unchecked                 []string
	}
	code, out, complaints := albumenML(t, env, "fetch-model", name, "--json")
	if err := json.Unmarshal([]byte(out), &first); code != exitDone || err != nil {
		t.Fatalf("%d, %v: %s%s", code, err, out, complaints)
	}
	if first.Name != name || !strings.HasPrefix(first.Folder, dir) || len(first.Fingerprint) != 12 || first.Bytes == 0 {
		t.Errorf("got %+v", first)
	}
	if !strings.Contains(complaints, "100 %") {
		t.Errorf("no progress: %s", complaints)
	}
	// A plain file server publishes no checksums.
	if !slices.Contains(first.Unchecked, "model.safetensors") || !strings.Contains(complaints, "no checksum") {
		t.Errorf("nobody says that the weights were not checked: %v, %s", first.Unchecked, complaints)
	}
	if _, err := os.Stat(filepath.Join(first.Folder, "model.safetensors")); err != nil {
		t.Error(err)
	}
	mirror.Close()
	code, out, complaints = albumenML(t, append(env, "CLIP_MODEL="+name), "fetch-model", "--json")
	if err := json.Unmarshal([]byte(out), &again); code != exitDone || err != nil || again.Fingerprint != first.Fingerprint || again.Bytes != first.Bytes || len(again.Unchecked) > 0 {
		t.Errorf("what is there: %d, %v: %s%s", code, err, out, complaints)
	}
	if code, _, complaints := albumenML(t, append(env, "CLIP_MODEL="+name), "embed-text", "sunset"); code != exitDone {
		t.Errorf("the fetched model: %d, %s", code, complaints)
	}

	code, out, complaints = albumenML(t, env, "fetch-model", "someone/other")
	if code != exitFailed || out != "" || !strings.Contains(complaints, "someone/other") || !strings.Contains(complaints, "CLIP_MODEL_URL") {
		t.Errorf("without network: %d, %s%s", code, out, complaints)
	}
	if code, _, complaints := albumenML(t, env, "embed-text", "sunset"); code != exitFailed || !strings.Contains(complaints, "fetch-model") {
		t.Errorf("without a model: %d, %s", code, complaints)
	}
	if code, _, complaints := albumenML(t, append(env, "CLIP_MODEL="+dir), "fetch-model"); code != exitFailed || !strings.Contains(complaints, "is a folder") {
		t.Errorf("a folder: %d, %s", code, complaints)
	}
}

// The configuration knows no hub, so it has the name written out.
func TestTheDefaultModelIsOne(t *testing.T) {
	cfg, err := config.Load(nil, t.TempDir(), config.NeedNothing)
	if err != nil || cfg.CLIPModel != hub.DefaultModel {
		t.Errorf("CLIP_MODEL is %q unless set, want %q; %v", cfg.CLIPModel, hub.DefaultModel, err)
	}
}
