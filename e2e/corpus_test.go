package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxWorkerMemory bounds the worker and its decoders together, in megabytes.
const maxWorkerMemory = 600

// The whole corpus goes in through the command line: good, broken and hostile
// files side by side. Each ends as the table says, none is missing, none is
// there twice, and the worker stays within its memory.
func TestImportOfTheCorpus(t *testing.T) {
	dir := os.Getenv("ALBUMEN_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the corpus is required in CI: %v", err)
		}
		t.Logf("no corpus beside the project, nothing to import: %v", err)
		return
	}
	i := start(t)
	peaks := watchMemory(t, i)
	// Standard output alone: progress goes to standard error.
	cmd := exec.Command(filepath.Join(bins, "albumen"), "import", dir, "--owner", adminEmail, "--wait", "--json")
	var messages bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stderr = i.env, i.dir, &messages
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) { // 1: some files could not be processed
		t.Fatalf("import: %v\n%s", err, out)
	}
	if peak := peaks()["worker"]; peak > maxWorkerMemory {
		t.Errorf("the worker and its decoders took %.0f MB at their peak, more than %d", peak, maxWorkerMemory)
	} else {
		t.Logf("the worker and its decoders took %.0f MB at their peak", peak)
	}

	var told struct {
		Problems []struct{ File, Outcome, Reason string }
	}
	if err := json.Unmarshal(out, &told); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, messages.String())
	}
	refused := map[string]string{}
	for _, p := range told.Problems {
		if p.Outcome == "refused" {
			refused[filepath.Base(p.File)] = p.Reason
		}
	}
	items := i.items()
	for name, want := range corpusTable(t) {
		got, reason := "missing", refused[name]
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("the table names %s: %v", name, err)
			continue
		}
		sum := sha256.Sum256(content)
		item, kept := items[hex.EncodeToString(sum[:])]
		switch {
		case reason != "":
			got = "refused"
		case kept && item.Status == "failed":
			got, reason = "failed", item.Error
		case kept && item.Status == "ready" && item.Damaged:
			got = "damaged"
		case kept && item.Status == "ready" && !item.thumb(t, i):
			got = "stored"
		case kept:
			got = item.Status
		}
		want, _, _ := strings.Cut(want, ":")
		if got != want {
			t.Errorf("%s: %s (%s), the table says %s", name, got, reason, want)
		}
		if (got == "failed" || got == "refused") && reason == "" {
			t.Errorf("%s is %s without a reason", name, got)
		}
	}
}

// corpusTable is the expected outcome of every file of the corpus.
func corpusTable(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "media", "testdata", "corpus_expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if columns := strings.Split(strings.TrimRight(line, "\n"), "\t"); len(columns) >= 2 && columns[0] != "file" {
			table[columns[0]] = columns[1]
		}
	}
	return table
}

// apiItem is what this test reads of an item.
type apiItem struct {
	ID, Status, Error, SHA256 string
	Damaged                   bool
	token                     string
}

// items are the administrator's items by checksum, read over the API.
func (i *instance) items() map[string]apiItem {
	i.t.Helper()
	credentials := `{"email":"` + adminEmail + `","password":"` + adminPassword + `"}`
	resp, err := http.Post(i.url+"/api/v1/tokens", "application/json", strings.NewReader(credentials))
	if err != nil {
		i.t.Fatal(err)
	}
	var made struct{ Token string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.Token == "" {
		i.t.Fatalf("make a token: %d %v", resp.StatusCode, err)
	}
	resp.Body.Close()
	items := map[string]apiItem{}
	for next := ""; ; {
		var page struct {
			Items []apiItem
			Next  string
		}
		if err := json.Unmarshal(i.get(made.Token, "/api/v1/media?limit=500&cursor="+next, http.StatusOK), &page); err != nil {
			i.t.Fatal(err)
		}
		for _, item := range page.Items {
			if _, twice := items[item.SHA256]; twice {
				i.t.Errorf("%s is there twice", item.SHA256)
			}
			item.token = made.Token
			items[item.SHA256] = item
		}
		if next = page.Next; next == "" {
			return items
		}
	}
}

// thumb reports whether the item has a picture.
func (item apiItem) thumb(t *testing.T, i *instance) bool {
	t.Helper()
	return bytes.HasPrefix(i.get(item.token, "/api/v1/media/"+item.ID+"/thumb", 0), []byte("RIFF"))
}

// get reads a path of the API; status 0 takes any.
func (i *instance) get(token, path string, status int) []byte {
	i.t.Helper()
	r, err := http.NewRequest(http.MethodGet, i.url+path, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		i.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || status != 0 && resp.StatusCode != status {
		i.t.Fatalf("GET %s: %d %v\n%s", path, resp.StatusCode, err, body)
	}
	return body
}
