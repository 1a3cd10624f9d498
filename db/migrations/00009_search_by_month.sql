-- Frequent words are looked up within some months of one owner's.
-- +goose Up

-- +goose StatementBegin
-- An item's place for the index of words: its owner and month. An array, because
-- GIN takes one as it is, and finds any of several places in one pass.
CREATE FUNCTION media_place_in_time(owner uuid, taken timestamp) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[owner::text || ' ' || (date_part('year', taken) * 12 + date_part('month', taken))::integer::text]
$$;

-- In one index with the words, so that the lists of a word's items are skipped
-- through instead of being read. The column search is hidden from sqlc.
DO $$ BEGIN
    EXECUTE 'DROP INDEX media_search_idx';
    EXECUTE 'CREATE INDEX media_search_idx ON media USING gin (search, media_place_in_time(owner_id, taken_at_local)) WITH (fastupdate = off)';
END $$;
-- +goose StatementEnd
