package handlers

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
)

// apiSearchApp is what searching needs.
type apiSearchApp interface {
	Search(context.Context, app.Actor, app.SearchQuery) (app.SearchPage, error)
	Similar(context.Context, app.Actor, uuid.UUID, app.SimilarQuery) (app.SearchPage, error)
	Records(context.Context, app.Actor, []uuid.UUID) ([]app.Record, error)
}

type apiSearch struct {
	*apiServer
	app apiSearchApp
}

type apiSearchQuery struct {
	Q           string `query:"q" maxLength:"500" doc:"words, \"phrases\", -without, OR"`
	Mode        string `query:"mode" enum:"hybrid,text,semantic" default:"hybrid"`
	Sort        string `query:"sort" enum:"relevance,date" default:"relevance"`
	Scope       string `query:"scope" enum:"own,shared,all" default:"all"`
	From        string `query:"from" doc:"first day, such as 2024-07-01"`
	To          string `query:"to" doc:"last day"`
	Kind        string `query:"kind" enum:"photo,video"`
	Type        string `query:"type" doc:"such as jpeg, heic or raw"`
	CameraMake  string `query:"camera_make"`
	CameraModel string `query:"camera_model"`
	Lens        string `query:"lens"`
	Favourite   bool   `query:"favourite"`
	AIStatus    string `query:"ai_status" enum:"off,pending,processing,done,failed"`
	AlbumID     string `query:"album_id" format:"uuid"`
	Similar     string `query:"similar" format:"uuid" doc:"an item whose like is looked for, most similar first; words then only narrow down"`
	Limit       int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor      string `query:"cursor" maxLength:"400"`
}

type apiHit struct {
	apiMedia
	Score   float32    `json:"score" doc:"only for comparing hits of one search"`
	Explain []apiMatch `json:"explain" doc:"why it was found"`
	// The items below the divider of the page.
	LessCertain bool `json:"less_certain" doc:"no word matches, and the likeness is no more than chance would bring; such items come last"`
}

type apiMatch struct {
	Field    string       `json:"field" doc:"a field of the item, or meaning"`
	Snippet  []apiSegment `json:"snippet" doc:"empty for meaning"`
	Strength string       `json:"strength,omitempty" enum:"strong,clear,faint" doc:"how close in meaning, for this search"`
}

type apiSegment struct {
	Text  string `json:"text"`
	Match bool   `json:"match"`
}

type apiHits struct {
	apiList[apiHit]
	Total     int                 `json:"total" doc:"how many match, less certain ones aside"`
	AtLeast   bool                `json:"total_at_least" doc:"counting stopped at total"`
	Cut       bool                `json:"cut" doc:"the list ends with this page though less similar items exist: by meaning, the nearest are listed, at most 1,000"`
	Note      *string             `json:"note" doc:"for the person who searches, such as that meaning is off"`
	Corrected map[string][]string `json:"corrected,omitempty" doc:"typed words and what was searched instead"`
}

func (h apiSearch) register() {
	register(h.apiServer, operation(http.MethodGet, "/search", "search", "search", "Find photos and videos", 401, 403, 404, 422, 503), h.search)
	register(h.apiServer, operation(http.MethodGet, "/media/{id}/similar", "similar-media", "search", "What looks like a photo or video", 401, 403, 404, 422, 503), h.similar)
}

func (h apiSearch) search(ctx context.Context, actor app.Actor, in *apiSearchQuery) (*apiBody[apiHits], error) {
	q := app.SearchQuery{
		Q: in.Q, Mode: app.SearchMode(in.Mode), Sort: app.SearchSort(in.Sort), Scope: db.Scope(in.Scope), Cursor: in.Cursor, Limit: in.Limit,
		Filter: app.Filter{
			Kind: db.MediaKind(in.Kind), Type: in.Type, CameraMake: in.CameraMake, CameraModel: in.CameraModel, Lens: in.Lens,
			Favourite: in.Favourite, AIStatus: app.AIStatus(in.AIStatus),
		},
	}
	var err error
	if q.From, err = apiDay("from", in.From); err != nil {
		return nil, err
	}
	if q.To, err = apiDay("to", in.To); err != nil {
		return nil, err
	}
	if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1) // the last day belongs to the range
	}
	if in.AlbumID != "" {
		if q.Album, err = uuid.Parse(in.AlbumID); err != nil {
			return nil, app.Invalid("album_id", "error.field.uuid")
		}
	}
	if in.Similar != "" {
		if q.Similar, err = uuid.Parse(in.Similar); err != nil {
			return nil, app.Invalid("similar", "error.field.uuid")
		}
		if q.Similar == uuid.Nil {
			return nil, app.NotFound("photo")
		}
	}
	page, err := h.app.Search(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return h.page(ctx, actor, page)
}

type apiSimilarQuery struct {
	ID     uuid.UUID `path:"id"`
	Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor string    `query:"cursor" maxLength:"400"`
}

func (h apiSearch) similar(ctx context.Context, actor app.Actor, in *apiSimilarQuery) (*apiBody[apiHits], error) {
	page, err := h.app.Similar(ctx, actor, in.ID, app.SimilarQuery{Limit: in.Limit, Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	return h.page(ctx, actor, page)
}

func (h apiSearch) page(ctx context.Context, actor app.Actor, page app.SearchPage) (*apiBody[apiHits], error) {
	hits, err := h.hits(ctx, actor, page.Hits)
	if err != nil {
		return nil, err
	}
	out := apiHits{apiList: apiList[apiHit]{hits, page.Next}, Total: page.Total, AtLeast: page.AtLeast, Cut: page.Cut, Corrected: page.Corrected}
	if len(page.Notes) > 0 {
		out.Note = some(strings.Join(noteTexts(ctx, page.Notes), " "))
	}
	return &apiBody[apiHits]{out}, nil
}

// hits loads the items in full; one that has vanished since is left out.
func (h apiSearch) hits(ctx context.Context, actor app.Actor, found []app.Hit) ([]apiHit, error) {
	ids := make([]uuid.UUID, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	records, err := h.app.Records(ctx, actor, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]app.Record, len(records))
	for _, r := range records {
		byID[r.ID] = r
	}
	hits := make([]apiHit, 0, len(found))
	for _, f := range found {
		r, ok := byID[f.ID]
		if !ok {
			continue
		}
		hit := apiHit{apiMedia: mediaOf(r), Score: f.Score, LessCertain: f.LessCertain, Explain: make([]apiMatch, len(f.Explain))}
		for i, m := range f.Explain {
			hit.Explain[i] = apiMatch{Field: m.Field, Strength: string(m.Strength), Snippet: make([]apiSegment, 0, len(m.Snippet))}
			for _, s := range m.Snippet {
				hit.Explain[i].Snippet = append(hit.Explain[i].Snippet, apiSegment(s))
			}
		}
		hits = append(hits, hit)
	}
	return hits, nil
}

// apiDay reads a calendar day; "" is none.
func apiDay(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, app.Invalid(field, "error.field.day")
	}
	return day, nil
}
