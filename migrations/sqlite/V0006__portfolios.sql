-- Portfolios: ordered collections of images, with changes of their own, that are shown and published.

CREATE TABLE folios (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- Stands in addresses.
    human_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    owner_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    last_updated_ms BIGINT NOT NULL
);
CREATE INDEX folios_by_name ON folios (name_key);

-- What a group may do with a portfolio: 0 nothing, 10 view, 20 download. Public: everybody; Normal
-- users: everybody who is signed in.
CREATE TABLE folio_permissions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folio_id BIGINT NOT NULL REFERENCES folios (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    access BIGINT NOT NULL,
    UNIQUE (folio_id, group_id)
);

CREATE TABLE folio_images (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folio_id BIGINT NOT NULL REFERENCES folios (id) ON DELETE CASCADE,
    image_id BIGINT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    -- JSON, as in templates.
    parameters TEXT NOT NULL,
    -- The name in exports; blank for the image's own.
    filename TEXT NOT NULL,
    -- Images with the same number come in the order in which they were added.
    order_num BIGINT NOT NULL,
    UNIQUE (folio_id, image_id)
);
CREATE INDEX folio_images_by_image ON folio_images (image_id);

CREATE TABLE folio_history (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folio_id BIGINT NOT NULL REFERENCES folios (id) ON DELETE CASCADE,
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    -- 1 created, 2 edited, 3 picture change, 4 published, 5 downloaded, 6 unpublished.
    action BIGINT NOT NULL,
    detail TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX folio_history_by_folio ON folio_history (folio_id, id);

CREATE TABLE folio_exports (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folio_id BIGINT NOT NULL REFERENCES folios (id) ON DELETE CASCADE,
    description TEXT NOT NULL,
    -- zip or pdf.
    format TEXT NOT NULL,
    originals BOOLEAN NOT NULL,
    -- JSON, as in templates.
    parameters TEXT NOT NULL,
    -- The task that makes the file; NULL when there is nothing left to do. Without a reference: tasks
    -- are forgotten sooner.
    task_id BIGINT,
    -- Blank until the file is there.
    filename TEXT NOT NULL,
    filesize BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    keep_until_ms BIGINT NOT NULL
);
CREATE INDEX folio_exports_by_folio ON folio_exports (folio_id, id);
CREATE INDEX folio_exports_by_end ON folio_exports (keep_until_ms);
