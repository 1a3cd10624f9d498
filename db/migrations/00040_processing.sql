-- How often the processing of an item died in a row. Attempts only ever grow,
-- because they fence off workers that lost their lease; this can be reset.
-- +goose Up
ALTER TABLE media ADD COLUMN crashes smallint NOT NULL DEFAULT 0;
