-- +goose NO TRANSACTION
-- Frequent words are looked up within some months of what is in albums, too.
-- +goose Up

-- +goose StatementBegin
-- An item's places for the index of words: its owner and month and, in an album,
-- the month of whatever is in albums, and of the few videos that are. Whoever sees
-- many albums finds theirs among those of a month; to name each of them would take
-- longer than to pass the others.
CREATE OR REPLACE FUNCTION media_places(owner uuid, album uuid, kind media_kind, taken timestamp) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN album IS NULL THEN ARRAY[owner::text || ' ' || (date_part('year', taken) * 12 + date_part('month', taken))::integer::text]
        WHEN kind = 'video' THEN ARRAY[owner::text || ' ' || (date_part('year', taken) * 12 + date_part('month', taken))::integer::text, 'album ' || (date_part('year', taken) * 12 + date_part('month', taken))::integer::text, 'video ' || (date_part('year', taken) * 12 + date_part('month', taken))::integer::text]
        ELSE ARRAY[owner::text || ' ' || (date_part('year', taken) * 12 + date_part('month', taken))::integer::text, 'album ' || (date_part('year', taken) * 12 + date_part('month', taken))::integer::text] END
$$;
-- +goose StatementEnd

-- Built beside the running site and put in the old one's place when it is whole;
-- what an interrupted build left is dropped first. media_place_in_time stays: the
-- version before this one calls it as long as it runs.
DROP INDEX CONCURRENTLY IF EXISTS media_search_places_idx;
CREATE INDEX CONCURRENTLY media_search_places_idx ON media USING gin (search, media_places(owner_id, album_id, kind, taken_at_local)) WITH (fastupdate = off);
DROP INDEX CONCURRENTLY IF EXISTS media_search_idx;
ALTER INDEX media_search_places_idx RENAME TO media_search_idx;
