// Package arch_test holds the rules of the tree that no linter knows: who may
// import whom, and that a file is read in one sitting.
package arch_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "albumen"

// rules lists, for packages under a path, what of this module they may not
// import, directly or through others. Tests are free to.
var rules = []struct {
	of     string
	never  []string
	reason string
}{
	{"app", []string{"handlers", "views", "jobs/worker", "cmd", "config", "ml/serve", "ml/clip"}, "rules know no transport, no screen and no process"},
	{"db", []string{"app", "handlers", "views", "jobs", "media", "storage", "mail", "ml", "config"}, "the database is the bottom"},
	{"storage", []string{"app", "handlers", "views", "jobs", "db", "media", "mail", "ml", "config"}, "the storage is the bottom"},
	{"media", []string{"app", "handlers", "views", "jobs", "db", "mail", "ml", "config"}, "bytes know nothing of users"},
	{"mail", []string{"app", "handlers", "views", "jobs", "db", "media", "ml", "config"}, "mail only formats and sends"},
	{"jobs", []string{"handlers", "views", "cmd", "config"}, "jobs have no screen"},
	{"views", []string{"handlers", "db", "storage", "jobs", "mail", "cmd", "config"}, "templates get decisions, they make no queries"},
	{"handlers", []string{"jobs/worker", "cmd"}, "requests only enqueue work"},
	{"ml", []string{"app", "db", "handlers", "views"}, "the ml process never sees the database"},
	{"config", []string{"app", "db", "handlers", "views", "jobs", "media", "storage", "mail", "ml"}, "configuration is read, not acted upon"},
	{"i18n", []string{"app", "db", "handlers", "views", "config"}, "texts know no rules"},
}

// exceptions are paths below a rule's path that the rule is not about.
var exceptions = map[string]string{
	"jobs/worker": "jobs",
	"db/dbtest":   "db",
}

type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range list(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, rule := range rules {
			if !under(path, rule.of) || exceptions[path] == rule.of {
				continue
			}
			for _, dep := range p.Deps {
				dep, ours := strings.CutPrefix(dep, module+"/")
				if !ours || under(dep, rule.of) {
					continue
				}
				for _, never := range rule.never {
					if under(dep, never) {
						t.Errorf("%s must not depend on %s: %s", path, dep, rule.reason)
					}
				}
			}
		}
	}
}

// jobs declares names and arguments for everyone, so it stands on nothing of ours.
func TestJobsImportNothingOfOurs(t *testing.T) {
	for _, p := range list(t) {
		for _, dep := range p.Imports {
			if p.ImportPath == module+"/jobs" && strings.HasPrefix(dep, module+"/") {
				t.Errorf("jobs imports %s", dep)
			}
		}
	}
}

// Only the mains load the configuration. They hand it to handlers as it is; other
// packages show what they need in their parameters.
func TestOnlyCommandsReadTheConfiguration(t *testing.T) {
	for _, p := range list(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		if under(path, "cmd") {
			continue
		}
		for _, dep := range p.Imports {
			if dep == module+"/config" && path != "handlers" {
				t.Errorf("%s imports config; pass it what it needs instead", path)
			}
		}
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(text, []byte("config.Load(")) {
				t.Errorf("%s/%s loads the configuration; only the mains do", path, name)
			}
		}
	}
}

// maxLines is what is still read in one sitting.
const maxLines = 450

func TestFilesAreReadInOneSitting(t *testing.T) {
	root := moduleRoot(t)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "bin" || name == "vendor") {
			return filepath.SkipDir
		}
		if !hasSource(name) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || isGenerated(text) {
			return err
		}
		if n := bytes.Count(text, []byte("\n")); n > maxLines {
			short, _ := filepath.Rel(root, path)
			t.Errorf("%s has %d lines, over %d: split it by noun", short, n, maxLines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func hasSource(name string) bool {
	switch filepath.Ext(name) {
	case ".go", ".templ", ".sql", ".css", ".js", ".sh":
		return !strings.HasSuffix(name, ".min.js")
	}
	return false
}

func isGenerated(text []byte) bool {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 0; n < 5 && lines.Scan(); n++ {
		if strings.HasPrefix(lines.Text(), "// Code generated ") {
			return true
		}
	}
	return false
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("go env GOMOD: %v", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// list returns every package of this module, as the go command sees them.
func list(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports,Deps", module+"/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 5 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	return packages
}
