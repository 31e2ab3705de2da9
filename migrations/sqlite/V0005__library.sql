-- The library: what a walk over the files needs to remember, what is read from files, search, tags,
-- history, the recycle folder, uploads under way.

-- The last walk that met the folder, and the last that has been through it.
ALTER TABLE folders ADD COLUMN seen_run BIGINT NOT NULL DEFAULT 0;
ALTER TABLE folders ADD COLUMN walked_run BIGINT NOT NULL DEFAULT 0;
CREATE INDEX folders_to_walk ON folders (walked_run, seen_run);

-- The walk that missed the image's file.
ALTER TABLE images ADD COLUMN missing_run BIGINT;
CREATE INDEX images_missing ON images (missing_run) WHERE missing_run IS NOT NULL;
-- A file that moved has kept its length and time.
CREATE INDEX images_by_state ON images (size_bytes, mtime_ns);

-- Folders that were mount points when a host last saw them.
CREATE TABLE folder_mounts (
    folder_id BIGINT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    host TEXT NOT NULL,
    device BIGINT NOT NULL,
    PRIMARY KEY (folder_id, host)
);

-- What the files themselves say. A row holds as long as the file's length, time and revision are
-- those it was read from, and the reader's version is not older than the program's.
CREATE TABLE image_metadata (
    image_id BIGINT NOT NULL PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
    reader BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    revision_counter BIGINT NOT NULL,
    -- Why the file could not be read; the rest is empty then.
    error TEXT,
    format TEXT NOT NULL DEFAULT '',
    pages BIGINT NOT NULL DEFAULT 0,
    -- The camera's clock, taken for UTC.
    taken_ms BIGINT,
    camera TEXT NOT NULL DEFAULT '',
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    headline TEXT NOT NULL DEFAULT '',
    caption TEXT NOT NULL DEFAULT '',
    -- One a line.
    keywords TEXT NOT NULL DEFAULT '',
    creator TEXT NOT NULL DEFAULT '',
    copyright TEXT NOT NULL DEFAULT ''
);
CREATE INDEX image_metadata_by_time ON image_metadata (taken_ms);

-- Lists of tags that the administrator keeps; tags outside of them are free.
CREATE TABLE tag_lists (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE
);

CREATE TABLE tags (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    list_id BIGINT REFERENCES tag_lists (id) ON DELETE SET NULL
);

CREATE TABLE image_tags (
    image_id BIGINT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    tag_id BIGINT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (image_id, tag_id)
);
CREATE INDEX image_tags_by_tag ON image_tags (tag_id);

-- The words of each image, by weight.
CREATE VIRTUAL TABLE image_search USING fts5 (
    name, title, tags, words, tokenize = "unicode61 remove_diacritics 0", prefix = '2 3'
);

CREATE TABLE image_history (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    image_id BIGINT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    -- Who did it; NULL for the server itself.
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    -- 0 deleted, 1 created, 2 replaced, 3 edited, 4 moved.
    action BIGINT NOT NULL,
    detail TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX image_history_by_image ON image_history (image_id, id);

-- What lies in the recycle folder.
CREATE TABLE recycled (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- Where it was: the path of a file, or of a folder.
    path TEXT NOT NULL,
    is_folder BOOLEAN NOT NULL,
    -- Its name in the recycle folder.
    stored_as TEXT NOT NULL UNIQUE,
    image_id BIGINT REFERENCES images (id) ON DELETE SET NULL,
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    size_bytes BIGINT NOT NULL,
    recycled_ms BIGINT NOT NULL
);
CREATE INDEX recycled_by_time ON recycled (recycled_ms);

-- Resumable uploads under way; what has arrived is the length of the hidden file in the target folder.
CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    -- yes, no or rename.
    overwrite TEXT NOT NULL,
    length_bytes BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE INDEX uploads_by_expiry ON uploads (expires_ms);
