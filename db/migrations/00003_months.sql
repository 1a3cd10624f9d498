-- Counters of the timeline's months.
-- +goose Up

-- How many items an owner has in an album (zero uuid: in none) and month, by
-- state; kept by the statement that changes media, verified by albumen check.
CREATE TABLE month_counts (
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    album_id uuid NOT NULL,
    month    date NOT NULL,
    state    text NOT NULL CHECK (state IN ('listed', 'archived', 'trashed')),
    n        bigint NOT NULL,
    PRIMARY KEY (owner_id, state, month, album_id)
);
-- The shared timeline and its months ask by album.
CREATE INDEX month_counts_album_idx ON month_counts (album_id, state, owner_id);

-- +goose StatementBegin
CREATE FUNCTION media_count_state(processed_at timestamptz, archived_at timestamptz, trashed_at timestamptz)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN trashed_at IS NOT NULL THEN 'trashed'
                WHEN archived_at IS NOT NULL THEN 'archived'
                WHEN processed_at IS NOT NULL THEN 'listed' END
$$;

CREATE FUNCTION month_counts_apply(deltas jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO month_counts AS c (owner_id, album_id, month, state, n)
    SELECT owner_id, album_id, month, state, n
      FROM jsonb_to_recordset(deltas) AS d (owner_id uuid, album_id uuid, month date, state text, n bigint)
     ORDER BY owner_id, state, month, album_id
    ON CONFLICT (owner_id, state, month, album_id) DO UPDATE SET n = c.n + excluded.n
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- One function for all three statements: sums what left and what came, so that
-- a bulk change costs one upsert per month touched and not one per row.
CREATE FUNCTION month_counts_on_media() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas jsonb;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                   date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at) AS state, count(*) AS n
              FROM new_rows GROUP BY 1, 2, 3, 4) d WHERE state IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                   date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at) AS state, -count(*) AS n
              FROM old_rows GROUP BY 1, 2, 3, 4) d WHERE state IS NOT NULL;
    ELSE
        SELECT jsonb_agg(d) INTO deltas FROM (
            SELECT owner_id, album_id, month, state, sum(n) AS n FROM (
                SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
                       date_trunc('month', taken_at_local)::date AS month, media_count_state(processed_at, archived_at, trashed_at) AS state, 1 AS n
                  FROM new_rows
                UNION ALL
                SELECT owner_id, coalesce(album_id, '00000000-0000-0000-0000-000000000000'),
                       date_trunc('month', taken_at_local)::date, media_count_state(processed_at, archived_at, trashed_at), -1
                  FROM old_rows) x
             WHERE state IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0) d;
    END IF;
    IF deltas IS NOT NULL THEN PERFORM month_counts_apply(deltas); END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER month_counts_insert AFTER INSERT ON media REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION month_counts_on_media();
CREATE TRIGGER month_counts_update AFTER UPDATE ON media REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION month_counts_on_media();
CREATE TRIGGER month_counts_delete AFTER DELETE ON media REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION month_counts_on_media();
