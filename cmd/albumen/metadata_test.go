package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestMediaMetadata(t *testing.T) {
	env := environment(t)
	if code, _, complaints := albumen(t, env, "", "media", "metadata", "--owner", "nobody@example.org"); code != exitFailed || complaints == "" {
		t.Errorf("an unknown owner: %d %s", code, complaints)
	}
	if code, _, _ := albumen(t, env, "", "media", "metadata", "--failed"); code != exitUsage {
		t.Errorf("an unknown flag: %d", code)
	}
	code, out, complaints := albumen(t, env, "", "media", "metadata", "--json")
	var said metadataResult
	if err := json.Unmarshal([]byte(out), &said); code != exitDone || err != nil || said.Read != 0 || said.Problems == nil {
		t.Errorf("an empty album: %d, %v: %s%s", code, err, out, complaints)
	}

	p := &program{environ: env, dir: t.TempDir(), err: &strings.Builder{}}
	s, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.db.Exec(t.Context(), `
		INSERT INTO users (id, email, language, time_zone) VALUES ('00000000-0000-7000-8000-000000000001', 'ada@example.org', 'en', 'UTC');
		INSERT INTO media (id, owner_id, kind, status, filename, mime, bytes, sha256, taken_at, taken_at_local, taken_at_source)
		VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', 'photo', 'ready', 'gone.jpg', 'image/jpeg', 1, sha256('x'), now(), now()::timestamp, 'none');
		INSERT INTO media_files (id, media_id, role, storage_key, filename, mime, bytes, sha256)
		VALUES ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000002', 'original', 'media/gone', 'gone.jpg', 'image/jpeg', 1, sha256('x'))`); err != nil {
		t.Fatal(err)
	}
	code, out, complaints = albumen(t, env, "", "media", "metadata", "--owner", "ada@example.org", "--json")
	if err := json.Unmarshal([]byte(out), &said); code != exitFailed || err != nil || len(said.Problems) != 1 || said.Problems[0].Code != "original_missing" {
		t.Errorf("a lost original: %d, %v: %s%s", code, err, out, complaints)
	}
	if code, out, _ := albumen(t, env, "", "media", "metadata"); code != exitFailed || !strings.Contains(out, "gone.jpg") || !strings.Contains(out, "1 could not be read") {
		t.Errorf("in words: %d %s", code, out)
	}
}
