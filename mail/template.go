package mail

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// Each file is a template in one language, NAME.LANG.txt: lines "About: …" and
// "Subject: …", a line for each placeholder with a sample ("*" before those that
// must appear), a blank line, the body. footer.LANG.txt stands below every mail.
//
//go:embed texts/*.txt
var files embed.FS

// Template is a kind of mail in one language.
type Template struct {
	Name     string
	Language string // BCP 47 tag
	About    string // what the mail is, for administrators
	Fields   []Field
	Text     Text // as built in
	footer   string
}

// common are the placeholders of every template.
var common = []Field{{Name: "Site", Sample: "Albumen"}, {Name: "Home", Sample: "https://photos.example.org"}}

type library struct {
	names     []string
	languages []language.Tag
	matcher   language.Matcher
	templates map[string]Template // by NAME.LANG
}

var load = sync.OnceValue(func() *library {
	l, err := parseLibrary(files)
	if err != nil {
		panic(err) // the files are embedded: only a broken build gets here, and the package's test stops it
	}
	return l
})

func parseLibrary(from fs.FS) (*library, error) {
	l := &library{templates: map[string]Template{}, languages: []language.Tag{language.English}}
	paths, err := fs.Glob(from, "texts/*.txt")
	if err != nil {
		return nil, fmt.Errorf("list the texts of mails: %w", err)
	}
	footers := map[string]string{}
	for _, path := range paths {
		raw, err := fs.ReadFile(from, path)
		if err != nil {
			return nil, fmt.Errorf("read the texts of mails: %w", err)
		}
		name, lang, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(path, "texts/"), ".txt"), ".")
		tag, err := language.Parse(lang)
		if err != nil {
			return nil, fmt.Errorf("%s names no language: %w", path, err)
		}
		if name == "footer" {
			footers[lang] = strings.TrimSpace(string(raw))
			continue
		}
		t, err := parseTemplate(name, lang, string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		l.templates[name+"."+lang] = t
		if !slices.Contains(l.names, name) {
			l.names = append(l.names, name)
		}
		if !slices.Contains(l.languages, tag) {
			l.languages = append(l.languages, tag)
		}
	}
	for key, t := range l.templates {
		t.footer = footers[t.Language]
		l.templates[key] = t
	}
	l.matcher = language.NewMatcher(l.languages)
	return l, nil
}

func parseTemplate(name, lang, raw string) (Template, error) {
	head, body, _ := strings.Cut(strings.ReplaceAll(raw, "\r\n", "\n"), "\n\n")
	t := Template{Name: name, Language: lang, Fields: slices.Clone(common), Text: Text{Body: strings.TrimSpace(body) + "\n"}}
	for _, l := range strings.Split(head, "\n") {
		key, value, ok := strings.Cut(l, ": ")
		switch {
		case !ok:
			return t, fmt.Errorf("the line %q has no value", l)
		case key == "About":
			t.About = value
		case key == "Subject":
			t.Text.Subject = value
		default:
			field, required := strings.CutPrefix(key, "*")
			t.Fields = append(t.Fields, Field{Name: field, Sample: value, Required: required})
		}
	}
	_, _, err := t.Text.check(t.Fields)
	return t, err
}

// Names lists the templates, in order.
func Names() []string { return slices.Clone(load().names) }

// Languages lists the languages that templates are written in, English first.
func Languages() []string {
	var out []string
	for _, t := range load().languages {
		out = append(out, t.String())
	}
	return out
}

// Match returns the language of templates that suits a reader of lang best.
func Match(lang string) string {
	l := load()
	tag, err := language.Parse(lang)
	if err != nil {
		return language.English.String()
	}
	_, i, _ := l.matcher.Match(tag)
	return l.languages[i].String()
}

// Find returns a template in a language, in English where it lacks that one.
func Find(name, lang string) (Template, bool) {
	l := load()
	t, ok := l.templates[name+"."+lang]
	if !ok {
		t, ok = l.templates[name+".en"]
	}
	return t, ok
}

// Check reports as a *TextError why a text cannot stand in for the built-in one.
func (t Template) Check(text Text) error {
	_, _, err := text.check(t.Fields)
	return err
}

// Samples are values for a preview.
func (t Template) Samples() map[string]string {
	values := map[string]string{}
	for _, f := range t.Fields {
		values[f.Name] = f.Sample
	}
	return values
}

// CheckValues reports values that the template has no placeholder for: a slip of
// whoever asked for the mail.
func (t Template) CheckValues(values map[string]string) error {
	for name := range values {
		if !slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Name == name }) {
			return fmt.Errorf("the mail %s has no placeholder %s", t.Name, name)
		}
	}
	return nil
}
