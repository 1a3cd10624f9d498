package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

var (
	called  = regexp.MustCompile(`i18n\.[TN]\(\s*[\w.()]+,\s*"([^"]+)"`)
	literal = regexp.MustCompile(`"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"`)
	// The ways in which app names a message.
	named = regexp.MustCompile(`(?:Key:\s*|Invalid\("[^"]*", |fields\[[^\]]*\] = |Fields: map\[string\]string\{[^}]*: )"([^"]*[a-z0-9_])"`)
	gone  = regexp.MustCompile(`NotFound\("([^"]+)"\)`)
)

// keys reads every message key of a language's files and complains about one that is there twice.
func keys(t *testing.T, lang string) map[string]string {
	t.Helper()
	names, err := fs.Glob(locales, "locales/*."+lang+".toml")
	if err != nil || len(names) == 0 {
		t.Fatalf("message files of %s: %v, %v", lang, names, err)
	}
	found := map[string]string{}
	for _, name := range names {
		raw, err := locales.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tree := map[string]any{}
		if err := toml.Unmarshal(raw, &tree); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		walk(tree, "", func(key string) {
			if other, twice := found[key]; twice {
				t.Errorf("%s is in %s and in %s", key, other, name)
			}
			found[key] = name
		})
	}
	return found
}

func walk(tree map[string]any, prefix string, visit func(string)) {
	if _, plural := tree["other"].(string); plural {
		visit(strings.TrimSuffix(prefix, "."))
		return
	}
	for k, v := range tree {
		switch v := v.(type) {
		case string:
			visit(prefix + k)
		case map[string]any:
			walk(v, prefix+k+".", visit)
		}
	}
}

// sources calls visit with every Go and templ file of the product, tests and generated code left out.
func sources(t *testing.T, visit func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != ".." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "bin" || name == "tmp") {
				return filepath.SkipDir
			}
			return nil
		}
		isGo := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go")
		if !isGo && !strings.HasSuffix(name, ".templ") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		visit(path, string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryKeyExistsAndIsUsed(t *testing.T) {
	known := keys(t, "en")
	used := map[string]bool{}
	sources(t, func(path, text string) {
		for _, m := range called.FindAllStringSubmatch(text, -1) {
			if _, ok := known[m[1]]; !ok {
				t.Errorf("%s: there is no message %q", path, m[1])
			}
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if _, ok := known[m[1]]; !ok {
				t.Errorf("%s: there is no message %q", path, m[1])
			}
		}
		for _, m := range gone.FindAllStringSubmatch(text, -1) {
			key := "not_found." + m[1]
			if _, ok := known[key]; !ok {
				t.Errorf("%s: there is no message %q", path, key)
			}
			used[key] = true
		}
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
			used["audit."+m[1]] = true // what is written into the audit log is also said
		}
	})
	for key, file := range known {
		if !used[key] {
			t.Errorf("%s: nothing uses %q", file, key)
		}
	}
}

func TestEveryLanguageIsComplete(t *testing.T) {
	english := keys(t, "en")
	for _, lang := range Languages() {
		there := keys(t, lang)
		for key := range english {
			if _, ok := there[key]; !ok {
				t.Errorf("%s lacks %q", lang, key)
			}
		}
	}
}

var (
	inTag      = regexp.MustCompile(`<[^>]*>`)
	attributes = regexp.MustCompile(`\b(?:alt|title|aria-label|placeholder|label)="([^"]*\pL[^"]*)"`)
	words      = regexp.MustCompile(`\pL{2,}`)
	statement  = regexp.MustCompile(`^(package|import|templ|func|return|if|else|for|switch|case|default|var|type|const|@|\{|\}|\)|//|"|\t*[a-z]+ :?=)`)
)

// hardCoded returns the words in a templ file's markup that a reader would see and no translator would.
func hardCoded(text string) []string {
	var out []string
	goCode, tag := false, false
	for line := range strings.SplitSeq(text, "\n") {
		s := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "func ") || strings.HasPrefix(line, "import (") || strings.HasPrefix(line, "var ("):
			goCode = !strings.HasSuffix(s, "}") || strings.HasSuffix(s, "{")
		case goCode:
			goCode = line != "}" && line != ")"
			continue
		}
		if goCode {
			continue
		}
		for _, m := range attributes.FindAllStringSubmatch(s, -1) {
			out = append(out, m[1])
		}
		if tag { // inside a tag of several lines: attributes only
			tag = s != ">" && !strings.HasSuffix(s, "/>") && !strings.HasPrefix(s, ">")
			if tag || !strings.HasPrefix(s, ">") {
				continue
			}
			s = strings.TrimPrefix(s, ">")
		}
		if regexp.MustCompile(`^<\w+$`).MatchString(s) {
			tag = true
			continue
		}
		if statement.MatchString(s) && !strings.HasPrefix(s, "{ i18n") {
			continue
		}
		s = stripBraces(s)
		s = inTag.ReplaceAllString(s, " ")
		if words.MatchString(s) {
			out = append(out, strings.TrimSpace(s))
		}
	}
	return out
}

// stripBraces removes templ expressions, which may be nested.
func stripBraces(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '{':
			depth++
		case r == '}' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestHardCodedTextIsFound(t *testing.T) {
	bad := "templ X() {\n\t<p>Hello there</p>\n\t<img alt=\"A cat\"/>\n\t<p>\n\t\tMore words\n\t</p>\n\t<a\n\t\thref=\"x\"\n\t>Go on</a>\n}\n"
	if got := hardCoded(bad); len(got) != 4 {
		t.Errorf("found %q, want 4 texts", got)
	}
	good := "package x\n\ntempl X() {\n\tif p.Ok {\n\t\t<p class=\"a b\">{ i18n.T(ctx, \"a.b\") }</p>\n\t}\n\t@Field(ui.Input{Name: \"x\"})\n\t<img alt=\"\"/> · –\n}\n\nfunc y() string {\n\treturn \"a word\"\n}\n"
	if got := hardCoded(good); len(got) != 0 {
		t.Errorf("found %q in good markup", got)
	}
}

func TestNoTextIsHardCoded(t *testing.T) {
	sources(t, func(path, text string) {
		if strings.HasSuffix(path, ".templ") {
			for _, s := range hardCoded(text) {
				t.Errorf("%s: %q is not in the message catalogue", path, s)
			}
		}
	})
}
