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
	"albumen/internal/aside"
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

// askMeaning has the search's text embedded while words are looked up. Without
// an answer in time vector is nil, and the note says why.
func (a *App) askMeaning(ctx context.Context, q SearchQuery, model db.EmbeddingModel, ok bool) *aside.Task[meaning] {
	return aside.Run(ctx, func(ctx context.Context) (meaning, error) {
		m := meaning{model: model}
		text := wordsOf(q.Q)
		if text == "" {
			return m, nil
		}
		if !ok || a.ml == nil {
			m.notes = []string{a.whyNoModel(ctx, "")}
			return m, nil
		}
		limited, cancel := context.WithTimeout(ctx, textWait)
		defer cancel()
		vector, err := a.ml.EmbedText(limited, model.Name, text)
		switch {
		case err == nil && len(vector) == int(model.Dimension):
			m.vector = vector
			return m, nil
		case errors.Is(err, ml.ErrNoModel):
			m.notes = []string{a.whyNoModel(ctx, model.Name)}
			return m, nil
		case !errors.Is(err, ml.ErrUnavailable) && ctx.Err() == nil:
			a.log.WarnContext(ctx, "could not have a search embedded", "dimension", len(vector), "error", err)
		}
		m.notes = []string{NoteModelAway}
		return m, nil
	})
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
	unfinished, err := a.db.Unfinished(ctx, model.ID)
	if err != nil {
		return nil, fmt.Errorf("look for items without an embedding: %w", err)
	}
	return modelNotes(model, unfinished), nil
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

// modelNotes is what a person should know of results by the model; unfinished
// says that it has not looked at every item.
func modelNotes(model db.EmbeddingModel, unfinished bool) []string {
	var notes []string
	if model.Random {
		notes = append(notes, NoteRandom)
	}
	if unfinished || !model.BacklogDone {
		notes = append(notes, NoteBuilding)
	}
	return notes
}

// width is how many of the nearest are asked for, and whether what the filter
// leaves is compared item by item: where that is quicker than to have the index
// propose so many that enough pass. N proposals leave n·left/all, and each costs
// as much as lookups.
func (s *searching) width(f db.Filter, wanted int, share float64) (limit int, exact bool) {
	visible := float64(s.visible)
	all := max(s.facts.Embedded, visible)
	left := visible * share
	if f.Album != (uuid.UUID{}) || f.Uploader != (uuid.UUID{}) || f.Favourite {
		left = min(visible, all*share) // these say themselves whose items they are
	}
	limit = max(wanted, int(min(fuseWindow, max(fewestNear, fuseWindow*left/max(all, 1)))))
	return limit, left*left <= lookups*float64(limit)*all
}

// surelyExact tells that whatever the filter leaves is compared item by item.
func (s *searching) surelyExact() bool {
	_, exact := s.width(db.Filter{}, 0, 1)
	return exact
}

// nearest finds what lies nearest to the meaning, at least wanted of it where
// there is as much, and a sample of what lies anywhere; full tells that there is more.
func (s *searching) nearest(ctx context.Context, f db.Filter, n db.Near, wanted int) (found []db.NearRow, sample []float32, full bool, err error) {
	n.Exact = s.surelyExact()
	if !n.Exact {
		if s.nearShare == nil {
			share, err := s.share(ctx, f)
			if err != nil {
				return nil, nil, false, err
			}
			s.nearShare = &share
		}
		n.Limit, n.Exact = s.width(f, wanted, *s.nearShare)
	}
	if n.Exact {
		n.Limit = mostNear
	}
	if found, sample, err = s.db.Nearest(ctx, f, n, s.sample()); err != nil {
		return nil, nil, false, err
	}
	return found, sample, len(found) >= n.Limit, nil
}

// byMeaning reports a search that ranks by words and meaning.
func (s *searching) byMeaning() bool { return s.model != nil && s.q.fuses() }

// isOff reports that meaning has turned out to be off.
func isOff(asked *aside.Task[meaning]) bool {
	if !asked.Ended() {
		return false
	}
	m, err := asked.Wait()
	return err != nil || m.vector == nil
}

// searchMeaning answers a page of a search by meaning, or by words and meaning.
// Where meaning is off, the words alone are searched, and a note says why.
func (a *App) searchMeaning(ctx context.Context, actor Actor, f db.Filter, q SearchQuery) (SearchPage, error) {
	started := cursorKind(q.Cursor)
	if started == cursorSearch { // it began without meaning and goes on so
		return a.searchText(ctx, actor, f, q)
	}
	model, ok, err := a.activeModel(ctx)
	if err != nil {
		return SearchPage{}, err
	}
	asked := a.askMeaning(ctx, q, model, ok)
	defer asked.Stop()
	var searched *db.EmbeddingModel
	if ok {
		searched = &model
	}
	s, err := a.begin(ctx, actor, f, q, searched)
	if err != nil {
		return SearchPage{}, err
	}
	var found ranked
	began := time.Now()
	if ok && !isOff(asked) {
		limited, cancel := db.Limit(ctx, meaningLimit)
		found, err = s.rankWords(limited)
		err = db.Slow(limited, err)
		cancel()
	}
	spent := time.Since(began)
	m, askErr := asked.Wait()
	if askErr != nil {
		return SearchPage{}, askErr
	}
	page := SearchPage{}
	if m.vector != nil {
		if err == nil { // what waiting for the vector took does not count
			limited, cancel := db.Limit(ctx, meaningLimit-spent)
			page, err = s.fusedPage(limited, m, found)
			err = db.Slow(limited, err)
			cancel()
		}
		if err == nil || !db.IsTooSlow(err) || started == cursorMeaning {
			page.Notes = modelNotes(model, s.facts.Unfinished)
			return page, err
		}
		a.log.WarnContext(ctx, "search by meaning took too long", "error", err)
		m.notes = []string{NoteTooHeavy}
	}
	if started == cursorMeaning {
		return SearchPage{}, &Error{Code: CodeUnavailable, Key: "search.meaning_gone"}
	}
	page, err = s.text(ctx)
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
