-- What is left to do to a person's items and goes on in the background.
-- +goose Up

CREATE TABLE chores (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    kind    text NOT NULL CHECK (kind IN ('empty_trash', 'reindex')),
    -- When it was asked for: what is thrown away later stays in the trash.
    asked   timestamptz NOT NULL,
    -- The last item that is done, in the order of their ids.
    after   uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    PRIMARY KEY (user_id, kind)
);

-- +goose StatementBegin
-- Indexes up to n of the owner's items anew, in the language that the owner has
-- now; returns the last one, null when there was none.
CREATE FUNCTION media_search_again(owner uuid, after_id uuid, n integer) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE ids uuid[];
BEGIN
    ids := ARRAY(SELECT id FROM media WHERE owner_id = owner AND id > after_id ORDER BY id LIMIT n FOR UPDATE);
    UPDATE media SET search = search_vector((SELECT language FROM users WHERE id = owner), title, description, place, filename,
           camera_make || ' ' || camera_model || ' ' || lens, ai_description)
     WHERE id = ANY (ids);
    RETURN ids[cardinality(ids)];
END $$;
-- +goose StatementEnd
