-- What signing in needs: revoking sessions, named API keys, counting failed attempts, one-time
-- passwords, and the record of administrative acts.

-- Raised when every session and token of the account is to end.
ALTER TABLE users ADD COLUMN session_epoch BIGINT NOT NULL DEFAULT 0;

-- Sessions that were ended before their time.
CREATE TABLE ended_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    -- When the session would have run out by itself, and the row may go.
    until_ms BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- SHA-256 of the key in hexadecimal digits; the key itself is not kept.
    key_hash TEXT NOT NULL UNIQUE,
    -- Sum of 1 read, 2 write, 4 administer.
    scopes BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    -- NULL: it does not run out.
    expires_ms BIGINT,
    last_used_ms BIGINT
);
CREATE INDEX api_keys_by_user ON api_keys (user_id);

-- Failed attempts to sign in, for an account's name or a client's address.
CREATE TABLE login_attempts (
    key TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    blocked_until_ms BIGINT NOT NULL
);
CREATE INDEX login_attempts_by_time ON login_attempts (last_ms);

-- One-time passwords (RFC 6238).
CREATE TABLE user_totp (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- In Base32.
    secret TEXT NOT NULL,
    -- FALSE until the user has shown that the code is known.
    confirmed BOOLEAN NOT NULL DEFAULT FALSE,
    -- The time step of the last code that was accepted: none is accepted twice.
    last_step BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE recovery_codes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the code in hexadecimal digits.
    code_hash TEXT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE audit_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at_ms BIGINT NOT NULL,
    -- Who did it; NULL for the command line and for what happens by itself.
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    -- The name at that time.
    username TEXT NOT NULL,
    -- Where from: an IP address, or empty.
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_log_by_time ON audit_log (at_ms);
