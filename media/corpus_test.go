package media

import (
	"bufio"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"albumen/media/internal/vips"
)

var updateCorpus = flag.Bool("update-corpus", false, "rewrite testdata/corpus_expected.tsv from what happens now, keeping its notes")

const corpusTable = "testdata/corpus_expected.tsv"

// corpusDir is the folder of real files, or "" where it is absent, which only a
// developer's machine may be.
func corpusDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("ALBUMEN_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the corpus is required in CI: %v", err)
		}
		t.Logf("no corpus, nothing to compare: %v", err)
		return ""
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

type expectation struct{ outcome, note string }

func readCorpusTable(t *testing.T) map[string]expectation {
	t.Helper()
	f, err := os.Open(corpusTable)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table := map[string]expectation{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		cells := strings.Split(lines.Text(), "\t")
		if len(cells) == 3 && cells[0] != "file" {
			table[cells[0]] = expectation{cells[1], cells[2]}
		}
	}
	return table
}

func corpusFiles(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// outcome says in one word what becomes of a file: ready, damaged, stored,
// refused:reason or failed:code.
func outcome(t *testing.T, p *Processor, path string) (string, Result) {
	typ, err := sniffFile(t, path)
	var refused *RefusedError
	if errors.As(err, &refused) {
		return "refused:" + refused.Reason, Result{}
	}
	var r Result
	if typ.Decodable {
		r, err = p.Still(t.Context(), path, typ)
	} else {
		var m *Metadata
		if read, metaErr := p.Metadata(t.Context(), path); metaErr == nil {
			m = &read
		}
		err = p.CheckKept(t.Context(), path, typ, m)
	}
	var pe *ProcessError
	switch {
	case errors.As(err, &pe):
		return "failed:" + pe.Code, Result{}
	case err != nil:
		t.Errorf("%s: %v", filepath.Base(path), err)
		return "error", Result{}
	case !typ.Decodable:
		return "stored", Result{}
	case r.Damaged:
		return "damaged", r
	}
	return "ready", r
}

// TestCorpus runs every real file through sniffing and decoding: each must end
// as the committed table says, look as the reference tool shows it, and all of
// them together must stay within the memory that a worker may have.
func TestCorpus(t *testing.T) {
	dir := corpusDir(t)
	if dir == "" {
		return
	}
	table := readCorpusTable(t)
	p := newTestProcessor(t)
	memory := watchMemory(t)
	names := corpusFiles(t, dir)
	outcomes := make([]string, len(names))
	thumbs := make([][]byte, len(names)) // of those that are ready
	var wg sync.WaitGroup
	next := make(chan int)
	for range 2 {
		wg.Go(func() {
			for i := range next {
				path := filepath.Join(dir, names[i])
				var r Result
				outcomes[i], r = outcome(t, p, path)
				if outcomes[i] == "ready" {
					thumbs[i] = r.Thumb
				}
			}
		})
	}
	for i := range names {
		next <- i
	}
	close(next)
	wg.Wait()
	peak := memory()
	t.Logf("%d files, peak memory of the decoders %d MiB", len(names), peak/mib)
	if peak > 500*mib {
		t.Errorf("the decoders took %d MiB together, want at most 500 beside their parent", peak/mib)
	}
	compareWithReference(t, dir, names, thumbs)
	if *updateCorpus {
		writeCorpusTable(t, names, outcomes, table)
		return
	}
	for i, name := range names {
		want, ok := table[name]
		if !ok {
			t.Errorf("%s: not in %s (%s)", name, corpusTable, outcomes[i])
		} else if outcomes[i] != want.outcome {
			t.Errorf("%s: %s, want %s", name, outcomes[i], want.outcome)
		}
	}
	for name := range table {
		if !slices.Contains(names, name) {
			t.Errorf("%s is in %s but not in the corpus", name, corpusTable)
		}
	}
}

// compareWithReference compares the thumbs with what vipsthumbnail makes, for
// the files that it can read.
func compareWithReference(t *testing.T, dir string, names []string, thumbs [][]byte) {
	links, out := t.TempDir(), t.TempDir()
	var plain, tagged []string
	for i, name := range names {
		if thumbs[i] == nil {
			continue
		}
		link := filepath.Join(links, strconv.Itoa(i)) // the tool drops extensions
		if err := os.Symlink(filepath.Join(dir, name), link); err != nil {
			t.Fatal(err)
		}
		if h, err := vips.ReadHeader(link, false, false); err == nil && h.Profile {
			tagged = append(tagged, link)
		} else if err == nil {
			plain = append(plain, link)
		}
	}
	to := filepath.Join(out, "%s.webp[Q=80]")
	// Its status is 1 as soon as one file cannot be read; what counts is what it made.
	_ = exec.Command("vipsthumbnail", append([]string{"--size", "512x512>", "-o", to}, plain...)...).Run()
	_ = exec.Command("vipsthumbnail", append([]string{"--size", "512x512>", "--eprofile", "srgb", "-o", to}, tagged...)...).Run()
	compared := 0
	for i, name := range names {
		reference := filepath.Join(out, strconv.Itoa(i)+".webp")
		if _, err := os.Stat(reference); err != nil {
			continue
		}
		compared++
		if d := difference(t, thumbs[i], reference); d > 2 {
			t.Errorf("%s: the thumb differs from the reference by %.1f levels", name, d)
		}
	}
	t.Logf("%d thumbs compared with the reference tool's", compared)
	if compared < 500 {
		t.Error("too few to prove anything")
	}
}

func writeCorpusTable(t *testing.T, names, outcomes []string, old map[string]expectation) {
	var b strings.Builder
	b.WriteString("file\toutcome\tnote\n")
	for i, name := range names {
		b.WriteString(name + "\t" + outcomes[i] + "\t" + old[name].note + "\n")
	}
	writeFile(t, corpusTable, []byte(b.String()))
}
