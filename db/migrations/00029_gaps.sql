-- What is left of those who leave, and codes that are mailed to those who have
-- no password to prove themselves with.
-- +goose Up

-- Reports by accounts that are gone tell nothing of them any more, nor of links that are gone.
UPDATE reports SET email = '', message = '', ip = '' WHERE reporter_kind IN ('user', 'token') AND reporter_id IS NULL;
UPDATE reports r SET link_id = NULL WHERE NOT EXISTS (SELECT 1 FROM share_links l WHERE l.id = r.link_id);
ALTER TABLE reports ADD FOREIGN KEY (link_id) REFERENCES share_links ON DELETE SET NULL;
CREATE INDEX reports_link_idx ON reports (link_id) WHERE link_id IS NOT NULL;
CREATE INDEX reports_email_idx ON reports (lower(email)) WHERE email <> '';

ALTER TABLE mailed_links DROP CONSTRAINT mailed_links_purpose_check;
ALTER TABLE mailed_links ADD CONSTRAINT mailed_links_purpose_check CHECK (purpose IN ('verify', 'reset', 'email', 'revert', 'prove'));
