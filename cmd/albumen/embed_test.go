package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
)

func TestMediaEmbed(t *testing.T) {
	env := environment(t)
	if code, _, complaints := albumen(t, env, "", "media", "embed"); code != exitFailed || !strings.Contains(complaints, "albumen-ml serve") {
		t.Errorf("without a model: %d %s", code, complaints)
	}
	for _, flags := range []string{"--failed --again", "--prune --wait", "--x"} {
		if code, _, complaints := albumen(t, env, "", append([]string{"media", "embed"}, strings.Fields(flags)...)...); code != exitUsage {
			t.Errorf("%s: %d %s", flags, code, complaints)
		}
	}
	p := &program{environ: env, dir: t.TempDir(), in: os.Stdin, out: io.Discard, err: io.Discard}
	s, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.db.Exec(t.Context(), `INSERT INTO embedding_models (name, label, dimension, state, backlog_done)
		VALUES ('old@1', 'old', 3, 'retired', true), ('new@2', 'new', 4, 'active', true);
		SELECT create_embedding_partition(id, dimension) FROM embedding_models`); err != nil {
		t.Fatal(err)
	}
	code, out, complaints := albumen(t, env, "", "media", "embed", "--failed", "--wait", "--json")
	var said struct{ Models []modelLine }
	if err := json.Unmarshal([]byte(out), &said); code != exitDone || err != nil || len(said.Models) != 2 || said.Models[0].Name != "new" || said.Models[1].State != "retired" {
		t.Errorf("%d, %v: %s%s", code, err, out, complaints)
	}
	// All is gone through once more, for which nobody is there.
	if code, _, complaints := albumen(t, env, "", "media", "embed", "--again", "--wait"); code != exitFailed || !strings.Contains(complaints, "no ml process is ready") {
		t.Errorf("without a process: %d %s", code, complaints)
	}
	if code, out, complaints := albumen(t, env, "", "media", "embed", "--prune", "--json"); code != exitDone || !strings.Contains(out, `"old"`) || strings.Contains(out, `"new"`) {
		t.Errorf("removing: %d %s%s", code, out, complaints)
	}
	var removing int
	if err := s.db.QueryRow(t.Context(), "SELECT count(*) FROM embedding_models WHERE remove_asked IS NOT NULL").Scan(&removing); err != nil || removing != 1 {
		t.Errorf("%d models are being removed, %v", removing, err)
	}
}
