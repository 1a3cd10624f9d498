package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"albumen/db"
)

// SimilarQuery asks for a page of an item's like.
type SimilarQuery struct {
	Cursor string
	Limit  int // 0: DefaultPageSize; at most MaxPageSize
}

// Similar returns what the actor sees that looks like the item, most similar
// first. While the item itself is not embedded there are no hits, and a note
// says why. CodeNotFound where the actor may not see it; otherwise as Search.
func (a *App) Similar(ctx context.Context, actor Actor, id uuid.UUID, q SimilarQuery) (SearchPage, error) {
	if id == uuid.Nil { // for Search, no item at all
		return SearchPage{}, NotFound("photo")
	}
	return a.Search(ctx, actor, SearchQuery{Similar: id, Cursor: q.Cursor, Limit: q.Limit})
}

// searchSimilar answers a page of a search for an item's like.
func (a *App) searchSimilar(ctx context.Context, actor Actor, f db.Filter, q SearchQuery) (SearchPage, error) {
	if _, _, err := a.authorizeMedia(ctx, actor, ViewMedia, q.Similar); err != nil {
		return SearchPage{}, err
	}
	if n := len(parseSearch(q.Q)); n == 0 && strings.TrimSpace(q.Q) != "" {
		return SearchPage{}, nil // no words that could match
	}
	q.Mode = SearchHybrid
	model, ok, err := a.activeModel(ctx)
	if err != nil {
		return SearchPage{}, err
	}
	if !ok {
		return SearchPage{Notes: []string{NoteSimilarOff}}, nil
	}
	vector, err := a.db.EmbeddingOf(ctx, db.EmbeddingOfParams{ModelID: model.ID, MediaID: q.Similar})
	if db.IsNotFound(err) {
		note, err := a.whyNotEmbedded(ctx, q.Similar)
		return SearchPage{Notes: []string{note}}, err
	}
	if err != nil {
		return SearchPage{}, fmt.Errorf("load the embedding of %s: %w", q.Similar, err)
	}
	s, err := a.begin(ctx, actor, f, q, &model)
	if err != nil {
		return SearchPage{}, err
	}
	m := meaning{model: model, vector: vector.Slice(), except: q.Similar}
	page := SearchPage{}
	found, err := s.rankWords(ctx)
	if err == nil {
		page, err = s.fusedPage(ctx, m, found)
	}
	if db.IsTooSlow(err) {
		return SearchPage{}, &Error{Code: CodeUnavailable, Key: "search.similar_too_heavy", Err: err}
	}
	page.Notes = modelNotes(model, s.facts.Unfinished)
	return page, err
}

// whyNotEmbedded says why an item's like cannot be looked for.
func (a *App) whyNotEmbedded(ctx context.Context, id uuid.UUID) (string, error) {
	known, err := a.aiStatuses(ctx, id)
	switch known[id].Status {
	case AIOff:
		return NoteNoPicture, err
	case AIFailed:
		return NoteNotReadable, err
	}
	return NoteNotEmbedded, err
}
