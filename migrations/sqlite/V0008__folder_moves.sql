-- Moves of folders that are under way: written before a folder gets another name on disk, and taken
-- away with the change of the rows. As long as a row is there, the records of the old place hold at the
-- new one too.
CREATE TABLE folder_moves (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    folder_id BIGINT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    from_path TEXT NOT NULL,
    to_path TEXT NOT NULL,
    -- The task that does it, whose lease tells whether anybody is at it.
    task_id BIGINT,
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    -- 0 announced: nothing has been done on disk; 1 going; 2 copied to another disk, the old one goes.
    state BIGINT NOT NULL DEFAULT 0,
    begun_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL
);

-- What groups could do in a folder that was deleted, as JSON; blank for files.
ALTER TABLE recycled ADD COLUMN rights TEXT NOT NULL DEFAULT '';

-- When the folder was first seen; 0 for those of older releases.
ALTER TABLE folders ADD COLUMN first_seen_ms BIGINT NOT NULL DEFAULT 0;
