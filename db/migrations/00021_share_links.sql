-- What a share link lets its holder do, and what guests send through it.
-- +goose Up

ALTER TABLE share_links
    ADD COLUMN name text NOT NULL DEFAULT '',
    -- The token is an HMAC over (id, nonce); a new nonce is a new token.
    ADD COLUMN nonce bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()),
    -- Counts changes of token and password: what was unlocked under another one is locked again.
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN strip_metadata boolean NOT NULL DEFAULT true,
    ADD COLUMN allow_upload boolean NOT NULL DEFAULT false,
    -- How much guests may send in all, and what they have sent.
    ADD COLUMN max_upload_bytes bigint NOT NULL DEFAULT 0 CHECK (max_upload_bytes >= 0),
    ADD COLUMN max_uploads integer NOT NULL DEFAULT 0 CHECK (max_uploads >= 0),
    ADD COLUMN uploaded_bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN uploads integer NOT NULL DEFAULT 0,
    ADD COLUMN views bigint NOT NULL DEFAULT 0,
    ADD COLUMN last_used_at timestamptz,
    -- When the album's admins were last mailed that guests have sent something.
    ADD COLUMN guests_mailed_at timestamptz;
CREATE INDEX share_links_album_idx ON share_links (album_id);

-- What guests have sent. media_id is null where the owner had these bytes
-- already somewhere else, of which a guest must not learn.
CREATE TABLE guest_uploads (
    id         uuid PRIMARY KEY,
    album_id   uuid NOT NULL REFERENCES albums ON DELETE CASCADE,
    link_id    uuid REFERENCES share_links ON DELETE SET NULL,
    media_id   uuid REFERENCES media ON DELETE CASCADE,
    guest_name text NOT NULL DEFAULT '',
    -- SHA-256 of what the guest's browser keeps, by which they see their own list.
    guest_hash bytea NOT NULL,
    filename   text NOT NULL,
    sent_at    timestamptz NOT NULL,
    -- When one who may has put it into the album.
    approved_at timestamptz
);
CREATE INDEX guest_uploads_guest_idx ON guest_uploads (link_id, guest_hash, sent_at DESC);
CREATE INDEX guest_uploads_media_idx ON guest_uploads (media_id) WHERE media_id IS NOT NULL;
CREATE INDEX guest_uploads_album_idx ON guest_uploads (album_id);

-- +goose StatementBegin
-- What waits to be approved and loses its album (which was deleted, or from
-- which it was taken) is nobody's to approve any more: its owner finds it in
-- the trash. Moved to another album it is an item like any other.
CREATE FUNCTION media_guest_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.withheld := NULL;
    IF NEW.album_id IS NULL THEN
        NEW.trashed_at := coalesce(NEW.trashed_at, now());
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER media_guest_leaves BEFORE UPDATE OF album_id ON media
    FOR EACH ROW WHEN (OLD.withheld = 'guest' AND NEW.withheld = 'guest' AND OLD.album_id IS DISTINCT FROM NEW.album_id)
    EXECUTE FUNCTION media_guest_leaves();
