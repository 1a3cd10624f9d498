package clip

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func mustFingerprint(t *testing.T, dir string) string {
	t.Helper()
	fingerprint, err := Fingerprint(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(fingerprint) != 12 {
		t.Fatalf("fingerprint %q", fingerprint)
	}
	return fingerprint
}

// copyOf copies a whole model folder.
func copyOf(t *testing.T, model string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", model))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFingerprintFollowsWhatCounts(t *testing.T) {
	dir := copyOf(t, "tiny")
	seen := map[string]string{mustFingerprint(t, dir): "nothing"}
	for _, name := range []string{"config.json", "preprocessor_config.json", "tokenizer.json", "special_tokens_map.json", "model.safetensors"} {
		path := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)-2] ^= 1
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		fingerprint := mustFingerprint(t, dir)
		if other, ok := seen[fingerprint]; ok {
			t.Errorf("the same after changing %s as after %s", name, other)
		}
		seen[fingerprint] = name
	}
	before := mustFingerprint(t, dir)
	for _, name := range []string{"vocab.json", "README.md"} { // not read where tokenizer.json is
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if mustFingerprint(t, dir) != before {
		t.Error("follows files that do not count")
	}
	if err := os.Remove(filepath.Join(dir, "tokenizer.json")); err != nil {
		t.Fatal(err)
	}
	if mustFingerprint(t, dir) == before {
		t.Error("the other form of the tokenizer counts for nothing")
	}
}

func TestFingerprintOfEqualFoldersIsEqual(t *testing.T) {
	a, b := copyOf(t, "tiny"), copyOf(t, "tiny")
	if mustFingerprint(t, a) != mustFingerprint(t, b) {
		t.Error("differs between two copies")
	}
	if mustFingerprint(t, a) == mustFingerprint(t, copyOf(t, "tiny-gelu")) {
		t.Error("equal for two models")
	}
}

// The side file saves the reading, and never speaks for files that changed.
func TestFingerprintIsRemembered(t *testing.T) {
	dir := copyOf(t, "tiny")
	fingerprint := mustFingerprint(t, dir)
	weights := filepath.Join(dir, "model.safetensors")
	info, err := os.Stat(weights)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(weights, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(weights, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if mustFingerprint(t, dir) != fingerprint {
		t.Error("was read again although sizes and times are the same")
	}
	if err := os.Chtimes(weights, time.Time{}, info.ModTime().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	changed := mustFingerprint(t, dir)
	if changed == fingerprint {
		t.Error("the changed weights were not read")
	}
	if err := os.WriteFile(filepath.Join(dir, fingerprintFile), []byte(`{"fingerprint":"aaaaaaaaaaaa","files":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if mustFingerprint(t, dir) != changed {
		t.Error("believes a side file about other files")
	}
}

func TestFingerprintNamesWhatIsMissing(t *testing.T) {
	dir := copyOf(t, "tiny")
	if err := os.Remove(filepath.Join(dir, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	_, err := Fingerprint(dir)
	var folder *FolderError
	if !errors.As(err, &folder) || folder.File != "model.safetensors" {
		t.Errorf("got %v", err)
	}
}
