-- name: MonthCountDrift :many
-- Counters that differ from what they count; none when all is well.
WITH expected AS (
    SELECT m.owner_id, coalesce(m.album_id, '00000000-0000-0000-0000-000000000000') AS album_id,
           date_trunc('month', m.taken_at_local)::date AS month,
           media_count_state(m.processed_at, m.archived_at, m.trashed_at) AS state, count(*) AS n
      FROM media m GROUP BY 1, 2, 3, 4
)
SELECT coalesce(e.owner_id, c.owner_id)::uuid AS owner_id, coalesce(e.month, c.month)::date AS month,
       coalesce(e.state, c.state)::text AS state, coalesce(e.n, 0)::bigint AS expected, coalesce(c.n, 0)::bigint AS counted
  FROM (SELECT * FROM expected WHERE state IS NOT NULL) e
  FULL JOIN month_counts c ON c.owner_id = e.owner_id AND c.album_id = e.album_id AND c.month = e.month AND c.state = e.state
 WHERE coalesce(e.n, 0) <> coalesce(c.n, 0);
