-- The portfolio into which somebody gathers pictures while looking through the library.
CREATE TABLE baskets (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    folio_id BIGINT NOT NULL REFERENCES folios (id) ON DELETE CASCADE
);
CREATE INDEX baskets_by_folio ON baskets (folio_id);
