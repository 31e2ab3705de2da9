-- Core tables: accounts, folders, images, templates, properties, tasks, statistics.
--
-- Conventions: times are milliseconds since 1970-01-01 UTC; names that ignore case have a second
-- column with the lower-case form, made by the program, that carries the unique index; paths are
-- compared byte for byte, and since they can be longer than an index takes they too have a key, which
-- is the path itself as long as that is short; folder paths start with a slash ("/" is the root),
-- image paths do not.
-- Ids are never used again, since cache keys hold them: hence AUTOINCREMENT.

CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    first_name TEXT NOT NULL DEFAULT '',
    last_name TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    -- A password hash, or NULL for an account that another authority verifies.
    password TEXT,
    -- 1 password, 2 LDAP.
    auth_type BIGINT NOT NULL DEFAULT 1,
    allow_api BOOLEAN NOT NULL DEFAULT FALSE,
    -- 0 deleted, 1 active.
    status BIGINT NOT NULL DEFAULT 1,
    created_ms BIGINT NOT NULL
);

CREATE TABLE groups (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    -- 1 system, 2 local, 3 LDAP.
    group_type BIGINT NOT NULL DEFAULT 2
);

CREATE TABLE user_groups (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX user_groups_by_group ON user_groups (group_id);

CREATE TABLE system_permissions (
    group_id BIGINT NOT NULL PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE,
    folios BOOLEAN NOT NULL DEFAULT FALSE,
    reports BOOLEAN NOT NULL DEFAULT FALSE,
    admin_users BOOLEAN NOT NULL DEFAULT FALSE,
    admin_files BOOLEAN NOT NULL DEFAULT FALSE,
    admin_folios BOOLEAN NOT NULL DEFAULT FALSE,
    admin_permissions BOOLEAN NOT NULL DEFAULT FALSE,
    admin_all BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE folders (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    path_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- NULL for the root alone.
    parent_id BIGINT REFERENCES folders (id),
    -- 0 deleted, 1 active.
    status BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX folders_by_parent ON folders (parent_id);

CREATE TABLE folder_permissions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folder_id BIGINT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    -- 0 none, 10 view, 20 download, 30 edit, 40 upload, 50 delete, 60 create folder, 70 delete folder.
    access BIGINT NOT NULL,
    UNIQUE (folder_id, group_id)
);

CREATE TABLE images (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    path_key TEXT NOT NULL UNIQUE,
    folder_id BIGINT NOT NULL REFERENCES folders (id),
    title TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    -- As displayed; NULL until the file has been opened.
    width BIGINT,
    height BIGINT,
    -- 0 deleted, 1 active.
    status BIGINT NOT NULL DEFAULT 1,
    -- Raised by every write through the server; with size and mtime it makes the source revision.
    revision_counter BIGINT NOT NULL DEFAULT 0,
    -- As last seen on disk; NULL for a row that was imported.
    size_bytes BIGINT,
    mtime_ns BIGINT,
    first_seen_ms BIGINT NOT NULL
);
CREATE INDEX images_by_folder ON images (folder_id);

CREATE TABLE templates (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    -- JSON: {"width": {"value": 200}, …}.
    template TEXT NOT NULL
);

CREATE TABLE properties (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE tasks (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- The job that does it.
    kind TEXT NOT NULL,
    -- Name for people.
    name TEXT NOT NULL,
    -- JSON object.
    params TEXT NOT NULL,
    -- At most one unfinished task has this key.
    dedupe_key TEXT,
    -- Who asked for it; NULL for the server itself.
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    -- Lower ones are taken first.
    priority BIGINT NOT NULL DEFAULT 50,
    -- 0 pending, 1 active, 2 complete: failed when "error" is set, else "result" holds.
    status BIGINT NOT NULL DEFAULT 0,
    progress_done BIGINT NOT NULL DEFAULT 0,
    progress_total BIGINT NOT NULL DEFAULT 0,
    -- JSON.
    result TEXT,
    -- Of the last attempt; kept while a next attempt is pending.
    error TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    max_attempts BIGINT NOT NULL DEFAULT 5,
    not_before_ms BIGINT NOT NULL,
    -- Names one claim; a runner whose claim was taken over can no longer write.
    lease_owner TEXT,
    lease_until_ms BIGINT,
    cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
    created_ms BIGINT NOT NULL,
    started_ms BIGINT,
    finished_ms BIGINT,
    -- The row may go this long after it finished.
    keep_for_s BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX tasks_unfinished_key ON tasks (dedupe_key) WHERE status < 2;
CREATE INDEX tasks_unfinished ON tasks (priority, id) WHERE status < 2;
CREATE INDEX tasks_finished ON tasks (finished_ms) WHERE status = 2;

-- Without a reference to "images": numbers that arrive after a purge must not fail the whole batch.
CREATE TABLE image_stats (
    image_id BIGINT NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    views BIGINT NOT NULL,
    cached_views BIGINT NOT NULL,
    downloads BIGINT NOT NULL,
    total_bytes BIGINT NOT NULL,
    request_us BIGINT NOT NULL,
    max_request_us BIGINT NOT NULL,
    PRIMARY KEY (image_id, from_ms)
);
CREATE INDEX image_stats_by_time ON image_stats (from_ms);

CREATE TABLE system_stats (
    from_ms BIGINT NOT NULL PRIMARY KEY,
    to_ms BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    views BIGINT NOT NULL,
    cached_views BIGINT NOT NULL,
    downloads BIGINT NOT NULL,
    total_bytes BIGINT NOT NULL,
    request_us BIGINT NOT NULL,
    max_request_us BIGINT NOT NULL,
    cpu_percent DOUBLE PRECISION,
    memory_percent DOUBLE PRECISION,
    cache_percent DOUBLE PRECISION
);

-- Batches of numbers that were added, so that one whose commit was not heard of is not added twice.
CREATE TABLE stats_batches (
    id TEXT NOT NULL PRIMARY KEY,
    added_ms BIGINT NOT NULL
);

-- The number of the newest migration that a program must know to work with this schema. Raised by a
-- migration that takes away or changes what older programs use.
INSERT INTO properties (key, value) VALUES ('schema_compatible_from', '1');
