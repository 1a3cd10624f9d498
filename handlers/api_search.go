package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
)

// apiSearchApp is what searching needs.
type apiSearchApp interface {
	Search(context.Context, app.Actor, app.SearchQuery) (app.SearchPage, error)
	Records(context.Context, app.Actor, []uuid.UUID) ([]app.Record, error)
}

type apiSearch struct {
	*apiServer
	app apiSearchApp
}

type apiSearchQuery struct {
	Q           string `query:"q" maxLength:"2000" doc:"words, \"phrases\", -without, OR"`
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
	Limit       int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor      string `query:"cursor" maxLength:"400"`
}

type apiHit struct {
	apiMedia
	Score   float32    `json:"score" doc:"only for comparing hits of one search"`
	Explain []apiMatch `json:"explain" doc:"why it was found"`
}

type apiMatch struct {
	Field   string       `json:"field"`
	Snippet []apiSegment `json:"snippet"`
}

type apiSegment struct {
	Text  string `json:"text"`
	Match bool   `json:"match"`
}

type apiHits struct {
	apiList[apiHit]
	Total     int                 `json:"total"`
	AtLeast   bool                `json:"total_at_least" doc:"counting stopped at total"`
	Note      *string             `json:"note" doc:"for the person who searches, such as that meaning is off"`
	Corrected map[string][]string `json:"corrected,omitempty" doc:"typed words and what was searched instead"`
}

func (h apiSearch) register() {
	register(h.apiServer, operation(http.MethodGet, "/search", "search", "search", "Find photos and videos", 401, 403, 422), h.search)
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
	page, err := h.app.Search(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	hits, err := h.hits(ctx, actor, page.Hits)
	if err != nil {
		return nil, err
	}
	out := apiHits{apiList: apiList[apiHit]{hits, page.Next}, Total: page.Total, AtLeast: page.AtLeast, Corrected: page.Corrected}
	if page.Note != "" {
		out.Note = some(i18n.T(ctx, page.Note))
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
		hit := apiHit{apiMedia: mediaOf(r), Score: f.Score, Explain: make([]apiMatch, len(f.Explain))}
		for i, m := range f.Explain {
			hit.Explain[i].Field = m.Field
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
