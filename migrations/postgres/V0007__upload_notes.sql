-- What a client said of a resumable upload, word for word, to be told again.
ALTER TABLE uploads ADD COLUMN note TEXT NOT NULL DEFAULT '';
