-- The API lists everything of one's own by upload.
-- +goose Up
CREATE INDEX media_upload_idx ON media (owner_id, uploaded_at DESC, id DESC) WHERE trashed_at IS NULL;
