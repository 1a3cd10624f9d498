-- Copies of originals without metadata, which are made when somebody first asks.
-- +goose Up

ALTER TABLE derivatives DROP CONSTRAINT derivatives_kind_check;
ALTER TABLE derivatives ADD CONSTRAINT derivatives_kind_check CHECK (kind IN ('thumb', 'preview', 'stripped'));
