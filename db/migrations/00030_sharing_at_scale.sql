-- +goose NO TRANSACTION
-- Lists and counts of what others share, for those who see much.
-- +goose Up

-- Everybody's items by time, with what tells who may see them; only for lists
-- that walk it a little way (db/filter_walk.go). The check on bytes holds for
-- every item. It is repeated by those lists, so that no other statement is
-- planned as a walk, which would go on to the end where little is to be found.
-- Built beside the running site; what an interrupted build left is dropped first.
DROP INDEX CONCURRENTLY IF EXISTS media_walk_idx;
CREATE INDEX CONCURRENTLY media_walk_idx ON media (taken_at_local DESC, id DESC) INCLUDE (owner_id, album_id)
    WHERE listed AND withheld IS NULL AND bytes >= 0;
