package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// FactsOf says what a search wants to know before it looks for anything.
type FactsOf struct {
	MonthsOf
	Language string
	Terms    []string        // see SearchTerms
	Model    *EmbeddingModel // that is searched; nil: none
}

// Facts are what a search asks before it looks for anything.
type Facts struct {
	MonthCounts
	Terms []SearchTermsRow
	Items float64 // about how many there are, of everybody's; 0 without statistics
	// Embedded is about how many of them the model has embedded (0 while nothing
	// is known), Unfinished whether others are still waiting for it.
	Embedded   float64
	Unfinished bool
}

type sizes struct{ Items, Embedded float64 }

const sizesSQL = `SELECT greatest(m.reltuples, 0)::float8,
       greatest(coalesce((SELECT e.reltuples FROM pg_class e WHERE e.oid = to_regclass(nullif($1, ''))), 0), 0)::float8
  FROM pg_class m WHERE m.oid = 'media'::regclass`

// SearchFacts asks for all of it at once.
func (p *Pool) SearchFacts(ctx context.Context, of FactsOf) (Facts, error) {
	f, b := Facts{}, &batch{}
	var size []sizes
	var busy []bool
	partition := ""
	var asOf []string
	b.months(&f.MonthCounts, &asOf, of.MonthsOf)
	if len(of.Terms) > 0 {
		queue(b, &f.Terms, pgx.RowToStructByPos[SearchTermsRow], searchTerms, of.Language, of.Terms)
	}
	if of.Model != nil {
		partition = fmt.Sprintf("embeddings_%d", of.Model.ID)
		queue(b, &busy, pgx.RowTo[bool], unfinished, of.Model.ID)
	}
	queue(b, &size, pgx.RowToStructByPos[sizes], sizesSQL, partition)
	if err := p.send(ctx, b); err != nil {
		return f, fmt.Errorf("begin a search: %w", err)
	}
	f.Items, f.Embedded = size[0].Items, size[0].Embedded
	f.Unfinished = len(busy) == 1 && busy[0]
	var err error
	f.MonthCounts, err = p.settle(ctx, f.MonthCounts, asOf, of.MonthsOf)
	return f, err
}

// SimilarWordsOf is SimilarWords for several words at once.
func (p *Pool) SimilarWordsOf(ctx context.Context, words []SimilarWordsParams) ([][]string, error) {
	found, b := make([][]string, len(words)), &batch{}
	for i, w := range words {
		queue(b, &found[i], pgx.RowTo[string], similarWords, w.Word, w.Edits)
	}
	if err := p.send(ctx, b); err != nil {
		return nil, fmt.Errorf("look for similar words: %w", err)
	}
	return found, nil
}
