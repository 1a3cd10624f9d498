-- Accounts whose people asked for their end.

-- name: AddAccountDeletion :execrows
-- No row: it was asked for already.
INSERT INTO account_deletions (user_id, asked_at, due_at) VALUES ($1, $2, $3) ON CONFLICT (user_id) DO NOTHING;

-- name: AccountDeletion :one
SELECT * FROM account_deletions WHERE user_id = $1;

-- name: CancelAccountDeletion :execrows
-- Too late once the removal has begun.
DELETE FROM account_deletions d WHERE d.user_id = sqlc.arg(user_id) AND NOT EXISTS (SELECT 1 FROM user_removals r WHERE r.user_id = d.user_id);

-- name: DeletionsToRemind :many
-- Those that end soon and whose people were not reminded: ahead, or when half the time is over.
SELECT user_id FROM account_deletions
 WHERE reminded_at IS NULL AND due_at - least(make_interval(secs => sqlc.arg(ahead_seconds)), (due_at - asked_at) / 2) <= sqlc.arg(now)::timestamptz ORDER BY due_at LIMIT sqlc.arg(n);

-- name: DueDeletions :many
SELECT d.user_id FROM account_deletions d
 WHERE d.due_at <= sqlc.arg(now) AND NOT EXISTS (SELECT 1 FROM user_removals r WHERE r.user_id = d.user_id)
 ORDER BY d.due_at LIMIT sqlc.arg(n);

-- name: LockAccountDeletion :one
SELECT * FROM account_deletions WHERE user_id = $1 FOR UPDATE;

-- name: SetDeletionReminded :exec
UPDATE account_deletions SET reminded_at = sqlc.arg(now)::timestamptz WHERE user_id = sqlc.arg(user_id);

-- name: ForgetMailsTo :exec
-- Also those that were sent before the address had an account, those in the
-- person's name, and those to an address that was to become the person's.
DELETE FROM mails WHERE lower(recipient) = lower(sqlc.arg(email)::text) OR by_id = sqlc.arg(user_id)::uuid
    OR user_id IS NULL AND lower(recipient) IN (SELECT lower(l.email) FROM mailed_links l WHERE l.user_id = sqlc.arg(user_id)::uuid);

-- name: ForgetInvitationsOf :exec
DELETE FROM invitations WHERE lower(email) = lower(sqlc.arg(email)::text);

-- name: ForgetWords :exec
-- Takes words out of those that searches are corrected to; what others wrote
-- brings them back when it is next edited.
DELETE FROM lexicon WHERE word = ANY (sqlc.arg(words)::text[]);

-- name: WordsOf :one
-- The words of a text as the lexicon has them.
SELECT tsvector_to_array(to_tsvector('albumen_simple', search_words(sqlc.arg(text)::text)))::text[] AS words;
