package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/security.md claims that tests hold its sentences up.
func TestSecurityNamesTestsThatExist(t *testing.T) {
	var code strings.Builder
	err := filepath.WalkDir("../..", func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == "node_modules" || entry.Name() == ".data":
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			b, err := os.ReadFile(path)
			code.Write(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(read(t, "../../docs/security.md"), -1)
	if len(named) == 0 {
		t.Fatal("docs/security.md names no test")
	}
	for _, n := range named {
		if !strings.Contains(code.String(), "func "+n[1]+"(") {
			t.Errorf("docs/security.md names %s, which does not exist", n[1])
		}
	}
}

func TestEveryDecisionIsListed(t *testing.T) {
	index := read(t, "../../docs/adr/README.md")
	files, err := filepath.Glob("../../docs/adr/0*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no decisions found", err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		title, _, _ := strings.Cut(read(t, f), "\n")
		if line := "- [" + name[:4] + "](" + name + ") " + strings.TrimPrefix(title, "# "+name[:4]+" "); !strings.Contains(index, line+"\n") {
			t.Errorf("docs/adr/README.md lacks the line %q", line)
		}
	}
}

// link matches no pictures: screenshots are made by a test of their own.
var link = regexp.MustCompile(`(?:^|[^!])\[[^\]]*\]\(([^)#:]+)\)`)

func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, more...) {
		for _, l := range link.FindAllStringSubmatch(read(t, f), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(f), l[1])); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(f), l[1], err)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
