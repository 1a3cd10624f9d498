-- Counts of the timeline, from the counters alone.

-- name: OwnMonths :many
SELECT c.month, sum(c.n)::bigint AS n FROM month_counts c
 WHERE c.owner_id = sqlc.arg(owner_id) AND c.state = 'listed'
 GROUP BY c.month HAVING sum(c.n) > 0 ORDER BY c.month DESC;

-- name: SharedMonths :many
SELECT c.month, sum(c.n)::bigint AS n FROM month_counts c
 WHERE c.state = 'listed' AND c.owner_id <> sqlc.arg(user_id)
   AND c.album_id IN (SELECT x.album_id FROM album_access x WHERE x.subject_id = ANY (sqlc.arg(subjects)::uuid[]))
 GROUP BY c.month HAVING sum(c.n) > 0 ORDER BY c.month DESC;

-- name: HasShared :one
-- Whether others' items are among those that the actor may see; ends at the first.
SELECT EXISTS (SELECT 1 FROM album_access x WHERE x.subject_id = ANY (sqlc.arg(subjects)::uuid[])
   AND EXISTS (SELECT 1 FROM month_counts c
     WHERE c.album_id = x.album_id AND c.state = 'listed' AND c.n > 0 AND c.owner_id <> sqlc.arg(user_id)));

-- name: OwnCounts :one
SELECT coalesce(sum(n) FILTER (WHERE state = 'listed'), 0)::bigint AS listed,
       coalesce(sum(n) FILTER (WHERE state = 'archived'), 0)::bigint AS archived,
       coalesce(sum(n) FILTER (WHERE state = 'trashed'), 0)::bigint AS trashed
  FROM month_counts WHERE owner_id = sqlc.arg(owner_id);

-- name: CountFavourites :one
-- Favourites that the actor may still see; a person has thousands at most.
SELECT count(*) FROM favourites f JOIN media m ON m.id = f.media_id
 WHERE f.user_id = sqlc.arg(user_id) AND m.listed AND m.withheld IS NULL
   AND (m.owner_id = sqlc.arg(user_id)
        OR m.album_id IN (SELECT x.album_id FROM album_access x WHERE x.subject_id = ANY (sqlc.arg(subjects)::uuid[])));

-- name: MonthCountsDrift :many
-- Counters that differ from the items; none when all is well. Reads everything: for albumen check.
WITH expected AS (
    SELECT m.owner_id, coalesce(m.album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
           date_trunc('month', m.taken_at_local)::date AS month,
           media_count_state(m.processed_at, m.archived_at, m.trashed_at, m.withheld) AS state, count(*) AS n
      FROM media m GROUP BY 1, 2, 3, 4)
SELECT coalesce(e.owner_id, c.owner_id)::uuid AS owner_id, coalesce(e.album_id, c.album_id)::uuid AS album_id,
       coalesce(e.month, c.month)::date AS month, coalesce(e.state, c.state)::text AS state,
       coalesce(e.n, 0)::bigint AS expected, coalesce(c.n, 0)::bigint AS counted
  FROM (SELECT * FROM expected WHERE expected.state IS NOT NULL) e
  FULL JOIN month_counts c ON c.owner_id = e.owner_id AND c.album_id = e.album_id AND c.month = e.month AND c.state = e.state
 WHERE coalesce(e.n, 0) <> coalesce(c.n, 0);
