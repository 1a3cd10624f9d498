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

-- name: AddressesOf :many
-- All addresses in small letters that are or were the person's, without those of
-- other accounts. One that was asked for and never confirmed is somebody else's,
-- as far as anybody knows: whoever asks for it and leaves must not take away what
-- is told about that one.
WITH said AS (
    SELECT u.email FROM users u WHERE u.id = sqlc.arg(user_id)
    UNION SELECT l.email FROM mailed_links l WHERE l.user_id = sqlc.arg(user_id) AND l.purpose = 'revert'
    UNION SELECT v.email FROM audit_log a, unnest(ARRAY[a.detail ->> 'before', a.detail ->> 'after']) AS v(email)
     WHERE a.object_id = sqlc.arg(user_id) AND a.action IN ('user.email', 'user.email_back')
)
SELECT DISTINCT lower(s.email)::text AS email FROM said s
 WHERE s.email LIKE '%@%' AND NOT EXISTS (SELECT 1 FROM users u WHERE lower(u.email) = lower(s.email) AND u.id <> sqlc.arg(user_id));

-- name: ForgetMailsTo :exec
-- Also those that were sent before the address had an account, those in the
-- person's name, and those that asked to confirm an address.
DELETE FROM mails WHERE by_id = sqlc.arg(user_id)::uuid OR user_id IS NULL AND lower(recipient) = ANY (sqlc.arg(emails)::text[])
    OR user_id IS NULL AND template = 'email_change' AND lower(recipient) IN
       (SELECT lower(l.email) FROM mailed_links l WHERE l.user_id = sqlc.arg(user_id)::uuid AND l.purpose = 'email');

-- name: ForgetInvitationsOf :exec
DELETE FROM invitations WHERE lower(email) = ANY (sqlc.arg(emails)::text[]);

-- name: ForgetReporter :exec
-- That there was a report, when and why, is the case's; who made it, in which
-- words and from where goes. Also of reports that were made with one of the
-- addresses by somebody who was not signed in.
UPDATE reports SET reporter_id = NULL, email = '', message = '', ip = ''
 WHERE reporter_id = sqlc.arg(user_id)::uuid OR reporter_id IS NULL AND email <> '' AND lower(email) = ANY (sqlc.arg(emails)::text[]);

-- name: EndDismissedCasesOf :exec
-- A photo of theirs that might stay is evidence of nothing.
UPDATE report_cases SET keep_until = sqlc.arg(now)::timestamptz WHERE owner_id = sqlc.arg(user_id)::uuid AND outcome = 'dismissed' AND keep_until > sqlc.arg(now);

-- name: ForgetAlbumsInCases :exec
-- Evidence about the items of others that lay in albums which go.
UPDATE report_cases c SET evidence = c.evidence - 'album' - 'album_id'
 WHERE c.evidence ->> 'album_id' = ANY (SELECT a.id::text FROM albums a WHERE a.id = ANY (sqlc.arg(ids)::uuid[]) AND a.owner_id IS DISTINCT FROM c.owner_id);

-- name: ForgetWords :exec
-- Takes words out of those that searches are corrected to; what others wrote
-- brings them back when it is next edited.
DELETE FROM lexicon WHERE word = ANY (sqlc.arg(words)::text[]);

-- name: WordsOf :one
-- The words of a text as the lexicon has them.
SELECT tsvector_to_array(to_tsvector('albumen_simple', search_words(sqlc.arg(text)::text)))::text[] AS words;
