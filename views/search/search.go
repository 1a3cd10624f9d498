// Package search renders the search page: a GET whose every choice is in the URL.
package search

import (
	"context"

	"albumen/i18n"
	"albumen/views/layout"
	"albumen/views/media"
	"albumen/views/ui"
)

// Search is the search page. The box is the shell's (Page.Query); the filters are a GET form of q, mode, from, to, type, camera.
type Search struct {
	Page     layout.Page
	Mode     string   // hybrid, text, semantic
	Notes    []string // sentences about the results, such as why search by meaning is off
	Similar  string   // the id of the item whose like is looked for; ""
	From, To string   // 2006-01-02
	Type     string   // "" any, photo, video, raw
	Camera   string   // "" any
	Cameras  []string // to choose from
	Filtered bool     // a filter is set
	// The album that is searched; "" for everything.
	Album, AlbumTitle, AlbumURL, WithoutAlbumURL string
	ResetURL                                     string      // the same words without filters
	FirstURL                                     string      // of the first page of results; "" on it
	Asked                                        bool        // there is a query or a filter; without, the page invites to search
	Seed                                         *media.Tile // the item whose like is looked for
	// The same search without it.
	WithoutSeedURL string
	Hits           []Hit
	Total          int    // of the certain results; negative when it was not counted
	MoreURL        string // "" at the end
	End            string // that the list ends though there is more: a sentence, or ""
	Corrected      string // that other words were taken for those typed: a sentence; "" when they match as they are
	Errors         ui.Errors
}

// Hit is one result with the reasons for it.
type Hit struct {
	Tile        media.Tile
	Why         []Reason
	LessCertain bool // the first of the results by meaning alone that are less certain: a divider goes before it
}

// Reason is one field that matched.
type Reason struct {
	Field string // its name in the reader's language: "Title", "Camera", "Meaning"
	Text  []Span // what matched, cut short
}

// Span is a piece of text; Match pieces are what the reader searched for.
type Span struct {
	Text  string
	Match bool
}

func pageTitle(ctx context.Context, p Search) string {
	if p.Seed != nil {
		return i18n.T(ctx, "search.similar_title")
	}
	return i18n.T(ctx, "search.title")
}

func modes(ctx context.Context, chosen string) []ui.Option {
	return choose(chosen, []ui.Option{
		{Value: "hybrid", Label: i18n.T(ctx, "search.mode_hybrid")},
		{Value: "text", Label: i18n.T(ctx, "search.mode_text")},
		{Value: "semantic", Label: i18n.T(ctx, "search.mode_semantic")},
	})
}

func types(ctx context.Context, chosen string) []ui.Option {
	return choose(chosen, []ui.Option{
		{Value: "", Label: i18n.T(ctx, "search.type_any")},
		{Value: "photo", Label: i18n.T(ctx, "search.type_photo")},
		{Value: "video", Label: i18n.T(ctx, "search.type_video")},
		{Value: "raw", Label: i18n.T(ctx, "search.type_raw")},
	})
}

func cameras(ctx context.Context, chosen string, names []string) []ui.Option {
	out := []ui.Option{{Value: "", Label: i18n.T(ctx, "search.camera_any")}}
	for _, n := range names {
		out = append(out, ui.Option{Value: n, Label: n})
	}
	return choose(chosen, out)
}

func choose(value string, options []ui.Option) []ui.Option {
	for i := range options {
		options[i].Selected = options[i].Value == value
	}
	return options
}
