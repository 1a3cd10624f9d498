package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/internal/aside"
	"albumen/views/search"
	"albumen/views/ui"
)

// searchApp is what searching needs.
type searchApp interface {
	Search(context.Context, app.Actor, app.SearchQuery) (app.SearchPage, error)
	SearchNotes(context.Context, app.Actor) ([]string, error)
	Media(context.Context, app.Actor, uuid.UUID) (app.MediaDetail, error)
	Cameras(context.Context, app.Actor) ([]app.Camera, error)
	Album(context.Context, app.Actor, uuid.UUID) (app.AlbumDetail, error)
}

type searchHandlers struct {
	*Server
	app searchApp
}

// show is a GET whose every choice is in the address. What breaks a rule comes
// back with what was typed and no results.
func (h searchHandlers) show(c echo.Context) error {
	ctx, actor := c.Request().Context(), h.actor(c)
	list := fromSearch(c.QueryParams())
	cameras := sync.OnceValues(func() ([]app.Camera, error) { return h.app.Cameras(ctx, actor) })
	if !wantsFragment(c.Request()) { // the form lists them: beside the search, since they are not looked at yet
		defer aside.Run(ctx, func(context.Context) ([]app.Camera, error) { return cameras() }).Stop()
	}
	view := h.view(list)
	q, err := searchQuery(list.fields, cameras)
	if err == nil && q.Similar != (uuid.UUID{}) {
		if err := h.showSeed(ctx, actor, &view, list, q.Similar); err != nil {
			return err
		}
	}
	if err == nil && q.Album != uuid.Nil {
		d, err := h.app.Album(ctx, actor, q.Album)
		if err != nil {
			return err
		}
		view.Album, view.AlbumTitle, view.AlbumURL = q.Album.String(), d.Title, albumPath(d.ID)
		view.WithoutAlbumURL = without(list, "album")
	}
	if err == nil && !view.Asked && q.Mode != app.SearchText {
		notes, err := h.app.SearchNotes(ctx, actor)
		if err != nil {
			return err
		}
		view.Notes = noteTexts(ctx, notes)
	}
	if err == nil && view.Asked {
		if q.Cursor = c.QueryParam("cursor"); q.Cursor != "" {
			view.FirstURL = list.list()
		}
		var found app.SearchPage
		if found, err = h.app.Search(ctx, actor, q); err == nil {
			view.MoreURL = moreURL(list, found.Next)
			if found.Cut {
				view.End = i18n.T(ctx, "search.cut")
			}
			view.Hits = hitsOf(ctx, found.Hits, list)
			view.Corrected = correctedText(ctx, found.Corrected)
			view.Notes = noteTexts(ctx, found.Notes)
			if view.Total = found.Total; found.AtLeast {
				view.Total = -1
			}
		}
	}
	status := http.StatusOK
	if e, ok := errors.AsType[*app.Error](err); ok && e.Code == app.CodeInvalid && e.Fields["cursor"] == "" && e.Fields["before"] == "" {
		view.Errors, status, _ = fieldErrors(ctx, err)
		view.Asked = false
	} else if ok && e.Code == app.CodeUnavailable { // too much to compare: what was typed can be changed
		view.Errors, status = ui.Errors{"q": text(ctx, e.Key, e.Args)}, statuses[e.Code]
	} else if err != nil {
		return err
	}
	if wantsFragment(c.Request()) && status == http.StatusOK {
		return h.render(c, status, search.HitsPage(view.Hits, view.MoreURL, view.End))
	}
	known, err := cameras()
	if err != nil {
		return err
	}
	view.Cameras = cameraNames(known, view.Camera)
	view.Page = h.page(c)
	view.Page.Query = list.fields.Get("q")
	return h.render(c, status, search.SearchPage(view))
}

func (h searchHandlers) view(list origin) search.Search {
	get := list.fields.Get
	v := search.Search{
		Mode: get("mode"), From: get("from"), To: get("to"), Type: get("type"), Camera: get("camera"),
		Filtered: slices.ContainsFunc(filterFields, func(field string) bool { return get(field) != "" }),
	}
	if v.Mode == "" {
		v.Mode = string(app.SearchHybrid)
	}
	v.Similar = get("similar")
	v.Asked = v.Filtered || strings.TrimSpace(get("q")) != "" || v.Similar != ""
	words := url.Values{}
	for _, field := range []string{"q", "mode", "similar", "album"} {
		if get(field) != "" {
			words.Set(field, get(field))
		}
	}
	v.ResetURL = "/search?" + words.Encode()
	return v
}

// cameraNames are the choices of the form.
func cameraNames(cameras []app.Camera, chosen string) []string {
	var names []string
	for _, camera := range cameras {
		names = append(names, cameraName(camera.Make, camera.Model))
	}
	if chosen != "" && !slices.Contains(names, chosen) {
		names = append(names, chosen) // it stays, though it finds nothing
	}
	return names
}

// searchQuery reads the choices. Cameras translate the name that a person sees.
func searchQuery(values url.Values, cameras func() ([]app.Camera, error)) (app.SearchQuery, error) {
	q := app.SearchQuery{Q: values.Get("q"), Mode: app.SearchMode(values.Get("mode"))}
	fields := map[string]string{}
	day := func(field string) time.Time {
		if values.Get(field) == "" {
			return time.Time{}
		}
		t, err := time.Parse(time.DateOnly, values.Get(field))
		if err != nil {
			fields[field] = "error.field.date"
		}
		return t
	}
	q.From, q.To = day("from"), day("to")
	if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1) // the last day counts, too
	}
	switch kind := values.Get("type"); kind {
	case "":
	case string(db.MediaKindPhoto), string(db.MediaKindVideo):
		q.Kind = db.MediaKind(kind)
	default:
		q.Type = kind
	}
	q.AIStatus = app.AIStatus(values.Get("ai_status"))
	if q.CameraModel = values.Get("camera"); q.CameraModel != "" {
		known, err := cameras()
		if err != nil {
			return q, err
		}
		for _, camera := range known {
			if cameraName(camera.Make, camera.Model) == q.CameraModel {
				q.CameraModel = camera.Model
				break
			}
		}
	}
	if seed := values.Get("similar"); seed != "" {
		id, err := uuid.Parse(seed)
		if err != nil || id == uuid.Nil {
			return q, app.NotFound("photo")
		}
		q.Similar = id
	}
	if album := values.Get("album"); album != "" {
		id, err := uuid.Parse(album)
		if err != nil || id == uuid.Nil {
			return q, app.NotFound("album")
		}
		q.Album = id
	}
	if len(fields) > 0 {
		return q, &app.Error{Code: app.CodeInvalid, Key: "error.invalid", Fields: fields}
	}
	return q, nil
}

func moreURL(list origin, cursor string) string {
	if cursor == "" {
		return ""
	}
	return list.list() + "&cursor=" + url.QueryEscape(cursor)
}

func hitsOf(ctx context.Context, found []app.Hit, list origin) []search.Hit {
	hits := make([]search.Hit, len(found))
	for i, f := range found {
		hits[i] = search.Hit{Tile: tile(ctx, f.Item, list), LessCertain: f.Divider}
		for _, m := range f.Explain {
			reason := search.Reason{Field: fieldName(ctx, m.Field)}
			if m.Field == app.FieldMeaning {
				reason.Text = []search.Span{{Text: strengthText(ctx, m.Strength)}}
			}
			for _, s := range m.Snippet {
				reason.Text = append(reason.Text, search.Span{Text: s.Text, Match: s.Match})
			}
			hits[i].Why = append(hits[i].Why, reason)
		}
	}
	return hits
}

// fieldName is what a person calls the field that matched.
func fieldName(ctx context.Context, field string) string {
	key, ok := map[string]string{
		"title": "matched.title", "description": "matched.text", "place": "matched.place", "filename": "matched.filename",
		"camera": "matched.camera", "lens": "matched.lens", "ai_description": "matched.picture",
		app.FieldMeaning: "matched.meaning",
	}[field]
	if !ok {
		return field
	}
	return i18n.T(ctx, key)
}

// strengthText says how close in meaning: in words, since the numbers of two
// searches cannot be compared.
func strengthText(ctx context.Context, s app.Strength) string {
	key, ok := map[app.Strength]string{
		app.StrengthStrong: "matched.meaning_strong", app.StrengthClear: "matched.meaning_clear", app.StrengthFaint: "matched.meaning_faint",
	}[s]
	if !ok {
		key = "matched.meaning_unknown"
	}
	return i18n.T(ctx, key)
}

func noteTexts(ctx context.Context, notes []string) []string {
	var texts []string
	for _, n := range notes {
		texts = append(texts, i18n.T(ctx, n))
	}
	return texts
}

// showSeed puts the item whose like is looked for on the page.
func (h searchHandlers) showSeed(ctx context.Context, actor app.Actor, v *search.Search, list origin, id uuid.UUID) error {
	m, err := h.app.Media(ctx, actor, id)
	if err != nil {
		return err
	}
	seed := tile(ctx, detailItem(m), fromTimeline)
	v.Seed = &seed
	v.WithoutSeedURL = without(list, "similar")
	return nil
}

// without is the same search, one choice left away.
func without(list origin, left string) string {
	rest := url.Values{}
	for field, value := range list.fields {
		if field != left {
			rest[field] = value
		}
	}
	return "/search?" + rest.Encode()
}

// correctedText says which words were looked for instead of those typed.
func correctedText(ctx context.Context, corrected map[string][]string) string {
	if len(corrected) == 0 {
		return ""
	}
	var typed, meant []string
	for word := range corrected {
		typed = append(typed, word)
	}
	slices.Sort(typed)
	for _, word := range typed {
		meant = append(meant, corrected[word]...)
	}
	return i18n.T(ctx, "search.corrected", "Typed", strings.Join(typed, ", "), "Meant", strings.Join(meant, ", "))
}

// whyText is the reasons of a hit as the panel of the viewer lists them.
func whyText(ctx context.Context, reasons []app.Match) []string {
	var why []string
	for _, m := range reasons {
		text := strings.Builder{}
		if m.Field == app.FieldMeaning {
			text.WriteString(strengthText(ctx, m.Strength))
		}
		for _, s := range m.Snippet {
			text.WriteString(s.Text)
		}
		why = append(why, fieldName(ctx, m.Field)+": "+text.String())
	}
	return why
}
