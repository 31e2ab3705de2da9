//! Every difference between the SQL of PostgreSQL and that of SQLite.
//!
//! Statements are written once and name a difference in braces, such as `{now_ms}`; the name is
//! replaced when the statement is prepared. A statement must not contain braces otherwise.

use std::borrow::Cow;

/// Which database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL 13 or newer.
    Postgres,
    /// SQLite, compiled in.
    Sqlite,
}

/// One difference.
struct Difference {
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    // The database's own clock, so that the clocks of several hosts need not agree.
    Difference {
        name: "{now_ms}",
        postgres: "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)",
        sqlite: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    },
    Difference { name: "{greatest}", postgres: "GREATEST", sqlite: "MAX" },
    // A sum of whole numbers, around the column: the largest one where it is larger than that. SQLite adds up
    // exactly to 2 to the power of 53.
    Difference { name: "{sum_begin}", postgres: "CAST(LEAST(COALESCE(SUM(", sqlite: "CAST(TOTAL(" },
    Difference {
        name: "{sum_end}",
        postgres: "), 0), 9223372036854775807) AS BIGINT)",
        sqlite: ") AS INTEGER)",
    },
    // The texts of a JSON list that is the first parameter: a statement for any number of them.
    Difference {
        name: "{texts_of_1}",
        postgres: "SELECT jsonb_array_elements_text(CAST(CAST($1 AS TEXT) AS jsonb))",
        sqlite: "SELECT value FROM json_each($1)",
    },
    // The names and values of a JSON object, as texts, around its place.
    Difference {
        name: "{pairs_begin}",
        postgres: "jsonb_each_text(CAST(CAST(",
        sqlite: "json_each(",
    },
    Difference { name: "{pairs_end}", postgres: " AS TEXT) AS jsonb))", sqlite: ")" },
    // SQLite lets one transaction write at a time, so that there is nothing to skip.
    Difference { name: "{skip_locked}", postgres: "FOR UPDATE SKIP LOCKED", sqlite: "" },
    Difference {
        name: "{tables_named}",
        postgres: "SELECT table_name FROM information_schema.tables \
                   WHERE table_schema = current_schema() AND table_name = $1",
        sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1",
    },
    // Full text. The words of a document come ready made, see `super::search`; $1 is the image.
    Difference {
        name: "{search_put}",
        postgres: "INSERT INTO image_search (image_id, words) \
                   VALUES ($1, CAST(CAST($2 AS TEXT) AS tsvector)) \
                   ON CONFLICT (image_id) DO UPDATE SET words = excluded.words",
        sqlite: "INSERT OR REPLACE INTO image_search (rowid, name, title, tags, words) \
                 VALUES ($1, $2, $3, $4, $5)",
    },
    // Where a text has another one in it, from 1; 0 where it has not.
    Difference { name: "{contains}", postgres: "strpos", sqlite: "instr" },
    Difference { name: "{search_id}", postgres: "s.image_id", sqlite: "s.rowid" },
    Difference {
        name: "{search_matches}",
        postgres: "s.words @@ CAST(CAST($1 AS TEXT) AS tsquery)",
        sqlite: "image_search MATCH $1",
    },
    // Higher is better; the weights are those of name, title, tags and words.
    Difference {
        name: "{search_rank}",
        postgres: "CAST(ts_rank(ARRAY[0.1, 0.3, 0.6, 0.8]::real[], s.words, CAST(CAST($1 AS TEXT) AS tsquery)) \
                   AS DOUBLE PRECISION)",
        sqlite: "-bm25(image_search, 8.0, 6.0, 3.0, 1.0)",
    },
    // The columns of a table, in their order, with the types they were declared with.
    Difference {
        name: "{columns_of_1}",
        postgres: "SELECT column_name, CAST(data_type AS TEXT) FROM information_schema.columns \
                   WHERE table_schema = current_schema() AND table_name = $1 \
                   ORDER BY ordinal_position",
        sqlite: "SELECT name, type FROM pragma_table_info($1)",
    },
    // Table, column, whether it may be NULL; without the migrations' own history, and without the
    // full text, which is not alike.
    Difference {
        name: "{all_columns}",
        postgres: "SELECT table_name, column_name, is_nullable = 'YES' \
                   FROM information_schema.columns WHERE table_schema = current_schema() \
                   AND table_name <> 'refinery_schema_history' AND table_name <> 'image_search'",
        sqlite: "SELECT t.name, c.name, c.\"notnull\" = 0 \
                 FROM sqlite_master t JOIN pragma_table_info(t.name) c \
                 WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' \
                 AND t.name <> 'refinery_schema_history' AND t.name NOT LIKE 'image_search%'",
    },
];

impl Dialect {
    /// The statement with every difference filled in.
    #[must_use]
    pub fn render<'a>(self, sql: &'a str) -> Cow<'a, str> {
        if !sql.contains('{') {
            return Cow::Borrowed(sql);
        }
        let mut rendered = sql.to_owned();
        for difference in DIFFERENCES {
            let text = match self {
                Self::Postgres => difference.postgres,
                Self::Sqlite => difference.sqlite,
            };
            rendered = rendered.replace(difference.name, text);
        }
        Cow::Owned(rendered)
    }

    /// Starts a transaction that writes.
    ///
    /// SQLite takes its write lock at once: one that is taken later may have to fail.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Postgres => "BEGIN",
            Self::Sqlite => "BEGIN IMMEDIATE",
        }
    }

    /// Starts a transaction that reads one state of the database.
    pub(super) fn begin_snapshot(self) -> &'static str {
        match self {
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Sqlite => "BEGIN",
        }
    }

    /// Makes the next generated id of `table` follow those that were given by hand, or nothing
    /// where that happens by itself.
    pub(super) fn advance_ids(self, table: &'static str) -> Option<String> {
        match self {
            Self::Postgres => Some(format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}"
            )),
            Self::Sqlite => None,
        }
    }

    /// Asks for the highest id that was ever generated in `table`, NULL or no row when none was.
    pub(super) fn highest_id(self, table: &str) -> String {
        match self {
            Self::Postgres => format!(
                "SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence('{table}', 'id') AS regclass))"
            ),
            Self::Sqlite => format!("SELECT seq FROM sqlite_sequence WHERE name = '{table}'"),
        }
    }

    /// Makes the ids generated in `table` follow the first parameter: statements to be asked in turn.
    pub(super) fn follow_id(self, table: &str) -> Vec<String> {
        match self {
            Self::Postgres => vec![format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), CAST($1 AS BIGINT))"
            )],
            Self::Sqlite => vec![
                format!("DELETE FROM sqlite_sequence WHERE name = '{table}'"),
                format!("INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', $1)"),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_filled_in() {
        for difference in DIFFERENCES {
            for dialect in [Dialect::Postgres, Dialect::Sqlite] {
                let rendered = dialect.render(difference.name).into_owned();
                assert!(!rendered.contains('{'), "{rendered}");
            }
        }
    }

    #[test]
    fn plain_statements_are_left_alone() {
        assert!(matches!(Dialect::Sqlite.render("SELECT $1"), Cow::Borrowed("SELECT $1")));
    }
}
