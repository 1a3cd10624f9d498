-- What the lists of items read (db/filter.go).
-- +goose Up

-- The shared timeline and its months ask by album.
CREATE INDEX month_counts_album_idx ON month_counts (album_id, state, owner_id);
-- A rare camera would otherwise be looked for through the whole timeline.
CREATE INDEX media_camera_idx ON media (owner_id, camera_model, taken_at_local DESC, id DESC) WHERE listed AND camera_model <> '';
CREATE INDEX media_archive_idx ON media (owner_id, taken_at_local DESC, id DESC) WHERE archived_at IS NOT NULL AND trashed_at IS NULL;
-- Videos are few among photos.
CREATE INDEX media_video_idx ON media (owner_id, taken_at_local DESC, id DESC) WHERE listed AND kind = 'video';
-- The versions in the URLs of a page of items, from the index alone.
CREATE INDEX derivatives_version_idx ON derivatives (media_id, kind) INCLUDE (version);
