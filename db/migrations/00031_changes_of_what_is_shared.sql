-- A trace of what has changed for those who see others' items, by which counts
-- that a process keeps are known to be right or wrong (db/month_counts.go).
-- +goose Up

-- Only ever added to, so that nobody waits for anybody; the sweeper removes what
-- is older than whatever is kept.
CREATE TABLE sharing_changes (
    -- Number of the transaction: a snapshot tells whether it is part of it.
    xid  bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    -- Hash of an album, of which the listed items are others now, or of a subject
    -- of album_access, who sees other albums now. Not the id: that of somebody
    -- who has left must not stay.
    what bigint NOT NULL,
    at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sharing_changes_xid_idx ON sharing_changes (xid);
CREATE INDEX sharing_changes_at_idx ON sharing_changes (at);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION month_counts_apply(deltas jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO month_counts AS c (owner_id, album_id, month, state, n)
    SELECT owner_id, album_id, month, state, n
      FROM jsonb_to_recordset(deltas) AS d (owner_id uuid, album_id uuid, month date, state text, n bigint)
     ORDER BY owner_id, state, month, album_id
    ON CONFLICT (owner_id, state, month, album_id) DO UPDATE SET n = c.n + excluded.n;
    INSERT INTO sharing_changes (what)
    SELECT DISTINCT uuid_hash_extended(album_id, 0) FROM jsonb_to_recordset(deltas) AS d (album_id uuid, state text)
     WHERE state = 'listed' AND album_id <> '00000000-0000-0000-0000-000000000000';
$$;

CREATE FUNCTION sharing_changes_on_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sharing_changes (what) SELECT DISTINCT uuid_hash_extended(r.subject_id, 0) FROM changed r;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- A change of role changes nothing about what is seen.
CREATE TRIGGER sharing_changes_insert AFTER INSERT ON album_access REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sharing_changes_on_access();
CREATE TRIGGER sharing_changes_delete AFTER DELETE ON album_access REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sharing_changes_on_access();
