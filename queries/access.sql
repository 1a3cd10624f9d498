-- The access relation, asked about one object. Lists merge over album_access
-- in db/filter.go.

-- name: MediaWithRole :one
SELECT sqlc.embed(m),
       coalesce((SELECT max(x.role) FROM media_access x
         WHERE x.media_id = m.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))::text, '')::text AS role
  FROM media m WHERE m.id = sqlc.arg(id);

-- name: AlbumWithRole :one
SELECT sqlc.embed(a),
       coalesce((SELECT max(x.role) FROM album_access x
         WHERE x.album_id = a.id AND x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))::text, '')::text AS role
  FROM albums a WHERE a.id = sqlc.arg(id);

-- name: AlbumAccessDrift :many
-- Rows in which the derived relation differs from its sources; none when all is well.
SELECT subject_id, album_id FROM album_access_drift;
