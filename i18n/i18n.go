// Package i18n holds every sentence that a person reads, and the locale's way of writing numbers, sizes and dates.
//
// Messages live in locales/NOUN.LANG.toml and are addressed by dotted keys such as "timeline.title".
// A request carries one [Locale] in its context; templates and handlers only pass that context on.
package i18n

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
)

//go:embed locales/*.toml
var locales embed.FS

// catalogue is the parsed, never changing content of locales/.
type catalogue struct {
	bundle  *goi18n.Bundle
	tags    []language.Tag
	matcher language.Matcher
}

var load = sync.OnceValue(func() *catalogue {
	c, err := parse(locales)
	if err != nil {
		panic(err) // the files are embedded: only a broken build gets here, and the package's test stops it
	}
	return c
})

func parse(files fs.FS) (*catalogue, error) {
	bundle := goi18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	names, err := fs.Glob(files, "locales/*.toml")
	if err != nil {
		return nil, fmt.Errorf("listing message files: %w", err)
	}
	for _, name := range names {
		if _, err := bundle.LoadMessageFileFS(files, name); err != nil {
			return nil, fmt.Errorf("reading messages from %s: %w", name, err)
		}
	}
	tags := bundle.LanguageTags()
	return &catalogue{bundle: bundle, tags: tags, matcher: language.NewMatcher(tags)}, nil
}

// Locale is one reader's language and time zone. It is safe for concurrent use.
type Locale struct {
	tag       language.Tag
	localizer *goi18n.Localizer
	printer   *message.Printer
	dates     dateFormat
	zone      *time.Location
}

// Languages lists the tags that have a translation, such as "en".
func Languages() []string {
	var names []string
	for _, t := range load().tags {
		names = append(names, t.String())
	}
	return names
}

// LanguageName is a language's name in itself, such as "English".
func LanguageName(tag string) string { return display.Self.Name(language.Make(tag)) }

// Match returns the locale that suits a reader best: preferred (the language of the profile, may be empty)
// comes before acceptLanguage (the request header, may be empty); English is the last resort.
// A nil zone means UTC.
func Match(preferred, acceptLanguage string, zone *time.Location) *Locale {
	c := load()
	var wanted []language.Tag
	if t, err := language.Parse(preferred); err == nil {
		wanted = append(wanted, t)
	}
	if ts, _, err := language.ParseAcceptLanguage(acceptLanguage); err == nil {
		wanted = append(wanted, ts...)
	}
	_, i, _ := c.matcher.Match(wanted...)
	tag := c.tags[i]
	if zone == nil {
		zone = time.UTC
	}
	return &Locale{
		tag:       tag,
		localizer: goi18n.NewLocalizer(c.bundle, tag.String()),
		printer:   message.NewPrinter(tag),
		dates:     datesFor(tag),
		zone:      zone,
	}
}

type contextKey struct{}

// With returns a context that carries l.
func With(ctx context.Context, l *Locale) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

var fallback = sync.OnceValue(func() *Locale { return Match("", "", time.UTC) })

// From returns the locale of ctx, or English in UTC when it carries none.
func From(ctx context.Context) *Locale {
	if l, ok := ctx.Value(contextKey{}).(*Locale); ok {
		return l
	}
	return fallback()
}

// Lang is the BCP 47 tag of ctx's locale, for the lang attribute.
func Lang(ctx context.Context) string { return From(ctx).tag.String() }

// Zone is the reader's time zone; never nil.
func Zone(ctx context.Context) *time.Location { return From(ctx).zone }

// T returns the message with that key. pairs fill its placeholders: name, value, name, value …
// An unknown key comes back as it is, so that a page never breaks over a missing sentence.
func T(ctx context.Context, key string, pairs ...any) string {
	return From(ctx).text(key, nil, pairs)
}

// N is [T] for a message with plural forms: n picks the form and is available as {{.Count}}, written as the locale writes numbers.
func N(ctx context.Context, key string, n int, pairs ...any) string {
	return From(ctx).text(key, n, append(pairs, "Count", From(ctx).printer.Sprint(n)))
}

func (l *Locale) text(key string, count any, pairs []any) string {
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			data[name] = pairs[i+1]
		}
	}
	s, err := l.localizer.Localize(&goi18n.LocalizeConfig{MessageID: key, PluralCount: count, TemplateData: data})
	if err != nil && s == "" {
		return key
	}
	return s
}
