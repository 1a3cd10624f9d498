-- Items, their files, marks, and what was done to them.
-- +goose Up

CREATE TYPE media_kind AS ENUM ('photo', 'video');
CREATE TYPE media_status AS ENUM ('pending', 'processing', 'ready', 'failed');

CREATE TABLE media (
    id              uuid PRIMARY KEY,
    owner_id        uuid NOT NULL REFERENCES users,
    album_id        uuid REFERENCES albums ON DELETE SET NULL,
    kind            media_kind NOT NULL,
    status          media_status NOT NULL DEFAULT 'pending',
    -- Machine-readable reason and plain sentence of the last failure.
    error_code      text NOT NULL DEFAULT '',
    error           text NOT NULL DEFAULT '',
    damaged         boolean NOT NULL DEFAULT false,
    -- Processing attempts; also the fencing number of the running one. They only
    -- ever grow; how often processing died in a row can be reset.
    attempts        integer NOT NULL DEFAULT 0,
    crashes         smallint NOT NULL DEFAULT 0,
    lease_until     timestamptz,
    -- First time that processing ended, well or not: from then on the item is listed.
    processed_at    timestamptz,

    title           text NOT NULL DEFAULT '',
    description     text NOT NULL DEFAULT '',
    ai_description  text NOT NULL DEFAULT '',
    filename        text NOT NULL,
    mime            text NOT NULL,
    bytes           bigint NOT NULL CHECK (bytes >= 0),
    sha256          bytea NOT NULL CHECK (octet_length(sha256) = 32),
    -- As shown, after orientation; 0 while unknown.
    width           integer NOT NULL DEFAULT 0,
    height          integer NOT NULL DEFAULT 0,
    duration_ms     integer,
    animated        boolean NOT NULL DEFAULT false,
    thumbhash       bytea,
    phash           bigint,

    taken_at        timestamptz NOT NULL,
    taken_at_local  timestamp NOT NULL,
    -- Minutes east of UTC; null when the file does not say and none was assumed.
    taken_offset    integer CHECK (taken_offset BETWEEN -1080 AND 1080),
    taken_at_source text NOT NULL,

    camera_make     text NOT NULL DEFAULT '',
    camera_model    text NOT NULL DEFAULT '',
    lens            text NOT NULL DEFAULT '',
    iso             integer,
    f_number        double precision,
    exposure_s      double precision,
    focal_mm        double precision,
    focal_35mm      double precision,
    latitude        double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude       double precision CHECK (longitude BETWEEN -180 AND 180),
    altitude_m      double precision,
    place           text NOT NULL DEFAULT '',
    rating          smallint NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5),

    -- Names of the columns that a person has edited; processing leaves them alone.
    edited          text[] NOT NULL DEFAULT '{}',
    archived_at     timestamptz,
    trashed_at      timestamptz,
    row_version     integer NOT NULL DEFAULT 1,
    uploaded_at     timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),

    listed          boolean NOT NULL GENERATED ALWAYS AS
                    (processed_at IS NOT NULL AND trashed_at IS NULL AND archived_at IS NULL) STORED,
    UNIQUE (owner_id, sha256)
);
CREATE INDEX media_timeline_idx ON media (owner_id, taken_at_local DESC, id DESC) WHERE listed;
CREATE INDEX media_album_idx ON media (album_id, taken_at_local DESC, id DESC) WHERE listed AND album_id IS NOT NULL;
CREATE INDEX media_trash_idx ON media (owner_id, trashed_at DESC, id DESC) WHERE trashed_at IS NOT NULL;
CREATE INDEX media_purge_idx ON media (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX media_unfinished_idx ON media (uploaded_at) WHERE status IN ('pending', 'processing');
CREATE INDEX media_failed_idx ON media (owner_id, uploaded_at DESC) WHERE status = 'failed';
-- The API lists everything of one's own by upload.
CREATE INDEX media_upload_idx ON media (owner_id, uploaded_at DESC, id DESC) WHERE trashed_at IS NULL;

-- The same relation for single items: what a subject may do with one. Only the
-- uploader owns an item, so a role that comes from its album stops at admin.
-- Point checks join this; lists merge over album_access (db/filter.go).
CREATE VIEW media_access AS
    SELECT m.owner_id AS subject_id, m.id AS media_id, 'owner'::album_role AS role FROM media m
    UNION ALL
    SELECT x.subject_id, m.id, least(x.role, 'admin'::album_role) FROM media m JOIN album_access x ON x.album_id = m.album_id;

-- The files that make up one item: its original and what belongs to it.
CREATE TABLE media_files (
    id          uuid PRIMARY KEY,
    media_id    uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    role        text NOT NULL CHECK (role IN ('original', 'motion', 'sidecar', 'raw', 'edited')),
    storage_key text NOT NULL UNIQUE,
    filename    text NOT NULL,
    mime        text NOT NULL,
    bytes       bigint NOT NULL,
    sha256      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX media_files_original_key ON media_files (media_id) WHERE role = 'original';
CREATE INDEX media_files_media_idx ON media_files (media_id);

-- Files made from the original, which can be made again from it.
CREATE TABLE derivatives (
    media_id    uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('thumb', 'preview')),
    -- Grows when the derivative is made anew; part of its URL.
    version     integer NOT NULL,
    storage_key text NOT NULL UNIQUE,
    mime        text NOT NULL,
    width       integer NOT NULL,
    height      integer NOT NULL,
    bytes       bigint NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (media_id, kind)
);

-- Objects written or to be deleted whose fate no other row knows yet. A row is
-- inserted before the object is written and deleted by the transaction that
-- gives the object its row; the sweeper removes what stays behind.
CREATE TABLE pending_objects (
    storage_key text PRIMARY KEY,
    -- When the sweeper may delete the object.
    delete_at   timestamptz NOT NULL
);
CREATE INDEX pending_objects_due_idx ON pending_objects (delete_at);

CREATE TABLE favourites (
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    media_id   uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, media_id)
);
CREATE INDEX favourites_media_idx ON favourites (media_id);

-- What a person did, item by item and field by field, so that it can be undone.
CREATE TABLE operations (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    undone_at  timestamptz
);
CREATE INDEX operations_user_idx ON operations (user_id, created_at DESC);

CREATE TABLE operation_items (
    operation_id uuid NOT NULL REFERENCES operations ON DELETE CASCADE,
    media_id     uuid NOT NULL REFERENCES media ON DELETE CASCADE,
    field        text NOT NULL,
    before       jsonb,
    after        jsonb,
    PRIMARY KEY (operation_id, media_id, field)
);
CREATE INDEX operation_items_media_idx ON operation_items (media_id);

-- What else the lists of items read (db/filter.go).

-- A rare camera would otherwise be looked for through the whole timeline.
CREATE INDEX media_camera_idx ON media (owner_id, camera_model, taken_at_local DESC, id DESC) WHERE listed AND camera_model <> '';
CREATE INDEX media_archive_idx ON media (owner_id, taken_at_local DESC, id DESC) WHERE archived_at IS NOT NULL AND trashed_at IS NULL;
-- Videos are few among photos.
CREATE INDEX media_video_idx ON media (owner_id, taken_at_local DESC, id DESC) WHERE listed AND kind = 'video';
-- The versions in the URLs of a page of items, from the index alone.
CREATE INDEX derivatives_version_idx ON derivatives (media_id, kind) INCLUDE (version);
