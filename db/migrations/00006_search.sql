-- Full-text search: what an item's text is, how it is indexed and asked.
-- +goose Up

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS vector; -- for search by meaning

-- +goose StatementBegin
-- A configuration per language, all of which ignore accents; albumen_simple
-- leaves words whole. An item is indexed in its owner's language and in
-- albumen_simple, so that every language finds exact words.
DO $$
DECLARE lang text;
BEGIN
    FOREACH lang IN ARRAY ARRAY['simple', 'arabic', 'danish', 'dutch', 'english', 'finnish', 'french', 'german', 'greek', 'hungarian',
        'indonesian', 'irish', 'italian', 'lithuanian', 'nepali', 'norwegian', 'portuguese', 'romanian', 'russian', 'spanish', 'swedish',
        'tamil', 'turkish'] LOOP
        EXECUTE format('CREATE TEXT SEARCH CONFIGURATION albumen_%s (COPY = pg_catalog.%I)', lang, lang);
        EXECUTE format('ALTER TEXT SEARCH CONFIGURATION albumen_%s ALTER MAPPING FOR asciiword, word, numword, asciihword, hword, numhword,
            hword_asciipart, hword_part, hword_numpart WITH unaccent, %I', lang,
            CASE WHEN lang = 'simple' THEN 'simple' ELSE lang || '_stem' END);
    END LOOP;
END $$;

CREATE FUNCTION search_config(language text) RETURNS regconfig LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE left(language, 2)
        WHEN 'ar' THEN 'albumen_arabic' WHEN 'da' THEN 'albumen_danish' WHEN 'nl' THEN 'albumen_dutch' WHEN 'en' THEN 'albumen_english'
        WHEN 'fi' THEN 'albumen_finnish' WHEN 'fr' THEN 'albumen_french' WHEN 'de' THEN 'albumen_german' WHEN 'el' THEN 'albumen_greek'
        WHEN 'hu' THEN 'albumen_hungarian' WHEN 'id' THEN 'albumen_indonesian' WHEN 'ga' THEN 'albumen_irish' WHEN 'it' THEN 'albumen_italian'
        WHEN 'lt' THEN 'albumen_lithuanian' WHEN 'ne' THEN 'albumen_nepali' WHEN 'nb' THEN 'albumen_norwegian' WHEN 'nn' THEN 'albumen_norwegian'
        WHEN 'no' THEN 'albumen_norwegian' WHEN 'pt' THEN 'albumen_portuguese' WHEN 'ro' THEN 'albumen_romanian' WHEN 'ru' THEN 'albumen_russian'
        WHEN 'es' THEN 'albumen_spanish' WHEN 'sv' THEN 'albumen_swedish' WHEN 'ta' THEN 'albumen_tamil' WHEN 'tr' THEN 'albumen_turkish'
        ELSE 'albumen_simple' END::regconfig
$$;

-- Only words and spaces: punctuation must not make "sea.beach" a host name or
-- "-12" a number. Documents and queries go through it alike.
CREATE FUNCTION search_words(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT translate(normalize(t, NFC), '!"#$%&()*+,-./:;<=>?@[\]^_`{|}~', '                               ')
$$;

-- IMG_0123.jpg as IMG, 0123, 123, jpg; DSC0042 also as DSC and 42.
CREATE FUNCTION search_filename(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT w || CASE WHEN split <> w THEN ' ' || split ELSE '' END
             || CASE WHEN w ~ '0' THEN ' ' || coalesce((SELECT string_agg(n[1], ' ') FROM regexp_matches(w, '(?<![0-9])0+([1-9][0-9]*)', 'g') n), '') ELSE '' END
      FROM (SELECT search_words(t) AS w) s,
           LATERAL (SELECT regexp_replace(regexp_replace(w, '([[:alpha:]])([0-9])', '\1 \2', 'g'), '([0-9])([[:alpha:]])', '\1 \2', 'g') AS split) p
$$;

CREATE FUNCTION search_vector_of(config regconfig, t text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector(config, t) || to_tsvector('albumen_simple', t)
$$;

-- Weights: A title, B description and place, C file name and camera, D the description by AI.
CREATE FUNCTION search_vector(language text, title text, description text, place text, filename text, camera text, ai_description text)
RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN title = '' THEN '' ELSE setweight(search_vector_of(search_config(language), search_words(title)), 'A') END
        || CASE WHEN description = '' AND place = '' THEN '' ELSE
           setweight(search_vector_of(search_config(language), search_words(description || ' . ' || place)), 'B') END
        || setweight(to_tsvector('albumen_simple', search_filename(filename) || ' ' || search_words(camera)), 'C')
        || CASE WHEN ai_description = '' THEN '' ELSE setweight(search_vector_of(search_config(language), search_words(ai_description)), 'D') END
$$;

-- Hidden from sqlc: hundreds of bytes that no query should fetch with a row.
DO $$ BEGIN
    EXECUTE 'ALTER TABLE media ADD COLUMN search tsvector NOT NULL DEFAULT ''''';
    EXECUTE 'ALTER TABLE media ALTER COLUMN search SET STATISTICS 200';
    -- No pending list: a search would have to read it through. Not partial:
    -- PostgreSQL does not combine two indexes that share a predicate, and
    -- frequent words are looked up together with a stretch of the timeline.
    EXECUTE 'CREATE INDEX media_search_idx ON media USING gin (search) WITH (fastupdate = off)';
END $$;
-- +goose StatementEnd

-- A model has one make: without this, a camera seems to be much rarer than it is.
CREATE STATISTICS media_camera_stats (dependencies) ON camera_make, camera_model FROM media;

-- Every word of the texts, for corrections of typing errors; whose word it is
-- does not matter, since only items that the actor may see are ever shown.
CREATE TABLE lexicon (word text COLLATE "C" PRIMARY KEY);
CREATE INDEX lexicon_similar_idx ON lexicon USING gin (word gin_trgm_ops);

-- +goose StatementBegin
CREATE FUNCTION lexicon_learn(t text) RETURNS void LANGUAGE sql AS $$
    -- In order, so that two writers of the same new words do not deadlock.
    INSERT INTO lexicon (word)
    SELECT w FROM unnest(tsvector_to_array(to_tsvector('albumen_simple', search_words(t)))) w
     WHERE length(w) BETWEEN 3 AND 40 AND w !~ '[0-9]' AND NOT EXISTS (SELECT 1 FROM lexicon l WHERE l.word = w)
     ORDER BY w
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION media_search_on_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := search_vector((SELECT language FROM users WHERE id = NEW.owner_id), NEW.title, NEW.description, NEW.place, NEW.filename,
        NEW.camera_make || ' ' || NEW.camera_model || ' ' || NEW.lens, NEW.ai_description);
    PERFORM lexicon_learn(concat_ws(' ', NEW.title, NEW.description, NEW.place, NEW.camera_make, NEW.camera_model, NEW.lens, NEW.ai_description));
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER media_search_insert BEFORE INSERT ON media FOR EACH ROW EXECUTE FUNCTION media_search_on_change();
CREATE TRIGGER media_search_update BEFORE UPDATE ON media FOR EACH ROW
    WHEN ((OLD.title, OLD.description, OLD.place, OLD.filename, OLD.camera_make, OLD.camera_model, OLD.lens, OLD.ai_description, OLD.owner_id)
          IS DISTINCT FROM
          (NEW.title, NEW.description, NEW.place, NEW.filename, NEW.camera_make, NEW.camera_model, NEW.lens, NEW.ai_description, NEW.owner_id))
    EXECUTE FUNCTION media_search_on_change();
