package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"albumen/db"
	"albumen/ml"
)

const (
	textWait = 2 * time.Second // for the ml process to embed what was typed
	// searchLimit is how long a search may take in all, and meaningLimit how much
	// of that goes to comparing: what is left is for the words alone.
	searchLimit  = 8 * time.Second
	meaningLimit = 4 * time.Second

	// fuseWindow is how many of each ranking are fused, fewestNear how many of
	// the nearest are asked of the index where a filter makes each of them dear.
	fuseWindow = 400
	fewestNear = 105
	// mostNear is how far a list by meaning alone goes.
	mostNear = 1_000
	// lookups is how many items can be compared one by one in the time in which
	// the index proposes one.
	lookups = 6
)

// meaning is what a search by meaning compares with.
type meaning struct {
	model  db.EmbeddingModel
	vector []float32
	except uuid.UUID // the item whose like is looked for
	notes  []string
}

// meaningOf has the search's text embedded. Without an answer in time vector is
// nil, and the note says why.
func (a *App) meaningOf(ctx context.Context, q SearchQuery) (meaning, error) {
	m := meaning{}
	off := func(note string) (meaning, error) {
		m.notes = append(m.notes, note)
		return m, nil
	}
	text := wordsOf(q.Q)
	model, ok, err := a.activeModel(ctx)
	if err != nil || text == "" {
		return m, err
	}
	if !ok || a.ml == nil {
		return off(a.whyNoModel(ctx, ""))
	}
	m.model = model
	limited, cancel := context.WithTimeout(ctx, textWait) // not for what comes after the answer
	defer cancel()
	m.vector, err = a.ml.EmbedText(limited, model.Name, text)
	switch {
	case err == nil && len(m.vector) == int(model.Dimension):
		m.notes, err = a.modelNotes(ctx, model)
		return m, err
	case errors.Is(err, ml.ErrNoModel):
		m.vector = nil
		return off(a.whyNoModel(ctx, model.Name))
	case !errors.Is(err, ml.ErrUnavailable):
		a.log.WarnContext(ctx, "could not have a search embedded", "dimension", len(m.vector), "error", err)
		m.vector = nil
	}
	return off(NoteModelAway)
}

// SearchNotes are the notes that a search by meaning would come with now, for
// the page on which nothing is searched yet.
func (a *App) SearchNotes(ctx context.Context, actor Actor) ([]string, error) {
	if err := actor.allow(ListOwn); err != nil {
		return nil, err
	}
	model, ok, err := a.activeModel(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		return []string{a.whyNoModel(ctx, "")}, nil
	}
	return a.modelNotes(ctx, model)
}

// wordsOf is what a search says positively, as one text, emoji included.
func wordsOf(q string) string {
	var alternatives []string
	for _, g := range parseSigns(q) {
		var words []string
		for _, t := range g {
			if !t.negated {
				words = append(words, t.text)
			}
		}
		if len(words) > 0 {
			alternatives = append(alternatives, strings.Join(words, " "))
		}
	}
	return strings.Join(alternatives, ", ")
}

// whyNoModel says why no process has the model that is searched, "" for none:
// what the best of the processes is at decides.
func (a *App) whyNoModel(ctx context.Context, active string) string {
	if a.ml == nil {
		return NoteNoModel
	}
	all, err := a.ml.Statuses(ctx)
	if err != nil {
		a.log.WarnContext(ctx, "could not ask for the ml processes", "error", err)
		return NoteModelAway
	}
	if len(all) == 0 {
		if active != "" {
			return NoteModelAway
		}
		return NoteNoModel
	}
	switch best := all[0]; {
	case best.State == ml.StateReady && active == "", best.State == ml.StateLoading, best.State == ml.StateFetching:
		return NoteModelLoading
	case best.State == ml.StateReady && slices.ContainsFunc(all, func(s ml.Status) bool { return s.State == ml.StateReady && s.Model.ID == active }):
		return NoteModelAway // it has just come
	case best.State == ml.StateReady:
		return NoteModelChanging
	case best.State == ml.StateFailed:
		return NoteModelFailed
	}
	return NoteNoModel
}

// modelNotes is what a person should know of results by the model.
func (a *App) modelNotes(ctx context.Context, model db.EmbeddingModel) ([]string, error) {
	var notes []string
	if model.Random {
		notes = append(notes, NoteRandom)
	}
	unfinished, err := a.db.Unfinished(ctx, model.ID)
	if err != nil {
		return nil, fmt.Errorf("look for items without an embedding: %w", err)
	}
	if unfinished || !model.BacklogDone {
		notes = append(notes, NoteBuilding)
	}
	return notes, nil
}

// near finds what lies nearest to the meaning, at least wanted of it where there
// is as much; full tells that there is more. What the filter leaves is compared
// item by item where that is quicker than to have the index propose so many
// that enough pass: n proposals leave n·left/all, and each costs as much as lookups.
func (a *App) near(ctx context.Context, f db.Filter, n db.Near, months []Month, wanted int) (found []db.NearRow, full bool, err error) {
	all, err := a.db.EmbeddedRows(ctx, n.Model)
	if err != nil {
		return nil, false, err
	}
	visible := 0.0
	for _, m := range months {
		visible += float64(m.Count)
	}
	all = max(all, visible)
	share, err := a.db.EstimateShare(ctx, f)
	if err != nil {
		return nil, false, err
	}
	left := visible * share
	if f.Album != (uuid.UUID{}) || f.Uploader != (uuid.UUID{}) || f.Favourite {
		left = min(visible, all*share) // these say themselves whose items they are
	}
	n.Limit = max(wanted, int(min(fuseWindow, max(fewestNear, fuseWindow*left/all))))
	if n.Exact = left*left <= lookups*float64(n.Limit)*all; n.Exact {
		n.Limit = mostNear
	}
	if found, err = a.db.NearItems(ctx, f, n); err != nil {
		return nil, false, err
	}
	return found, len(found) >= n.Limit, nil
}

// searchMeaning answers a page of a search by meaning, or by words and meaning.
// Where meaning is off, the words alone are searched, and a note says why.
func (a *App) searchMeaning(ctx context.Context, actor Actor, f db.Filter, q SearchQuery) (SearchPage, error) {
	started := cursorKind(q.Cursor)
	if started == cursorSearch { // it began without meaning and goes on so
		return a.searchText(ctx, actor, f, q)
	}
	m, err := a.meaningOf(ctx, q)
	if err != nil {
		return SearchPage{}, err
	}
	page := SearchPage{}
	if m.vector != nil {
		limited, cancel := db.Limit(ctx, meaningLimit)
		page, err = a.fusedPage(limited, actor, f, q, m)
		err = db.Slow(limited, err)
		cancel()
		if err == nil || !db.IsTooSlow(err) || started == cursorMeaning {
			page.Notes = m.notes
			return page, err
		}
		a.log.WarnContext(ctx, "search by meaning took too long", "error", err)
		m.notes = []string{NoteTooHeavy}
	}
	if started == cursorMeaning {
		return SearchPage{}, &Error{Code: CodeUnavailable, Key: "search.meaning_gone"}
	}
	page, err = a.searchText(ctx, actor, f, q)
	page.Notes = m.notes
	return page, err
}

// cursorKind is the letter that a cursor starts with; 0 for none.
func cursorKind(cursor string) byte {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) == 0 {
		return 0
	}
	return b[0]
}
