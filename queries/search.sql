-- What search asks beside the composed statement of db/filter_search.go.

-- name: SearchTerms :many
-- Each term (a word or a phrase) in the tsquery syntax of the server: in the
-- actor's language and whole; lexemes are its words without accents. A stop
-- word of the language has an empty stemmed form.
SELECT phraseto_tsquery(search_config(sqlc.arg(language)::text), search_words(t.term))::text AS stemmed,
       phraseto_tsquery('albumen_simple', search_words(t.term))::text AS whole,
       tsvector_to_array(to_tsvector('albumen_simple', search_words(t.term)))::text[] AS lexemes
  FROM unnest(sqlc.arg(terms)::text[]) WITH ORDINALITY AS t (term, n) ORDER BY t.n;

-- name: SimilarWords :many
-- Candidates for what a mistyped word was meant to be: similar by trigrams, or
-- one of its edits (a swap in a short word leaves few trigrams alike).
(SELECT word FROM lexicon WHERE word % sqlc.arg(word)::text ORDER BY similarity(word, sqlc.arg(word)::text) DESC, word LIMIT 60)
UNION
SELECT word FROM lexicon WHERE word = ANY (sqlc.arg(edits)::text[]);

-- name: WordLexemes :many
-- The lexeme of each word whole and in each language given, for telling what matched.
SELECT w.word::text AS word,
       coalesce(tsvector_to_array(to_tsvector('albumen_simple', w.word)), '{}')::text[] AS whole,
       coalesce(tsvector_to_array(to_tsvector(search_config(sqlc.arg(language)::text), w.word)), '{}')::text[] AS stemmed
  FROM unnest(sqlc.arg(words)::text[]) AS w (word);

-- name: SearchTexts :many
-- The searched texts that a list row lacks.
SELECT id, place, camera_make, camera_model, lens, ai_description FROM media WHERE id = ANY (sqlc.arg(ids)::uuid[]);
