-- Templates that hold in a folder and all below it, as far as no nearer record of the same group says
-- otherwise.

CREATE TABLE folder_templates (
    folder_id BIGINT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    -- TRUE: it holds whatever a request names. FALSE: it holds when a request names none.
    required BOOLEAN NOT NULL,
    -- NULL frees the group of what a folder further up says. A template that is in use stays.
    template_id BIGINT REFERENCES templates (id),
    PRIMARY KEY (folder_id, group_id, required)
);
CREATE INDEX folder_templates_by_template ON folder_templates (template_id);
