//! The database: there, new enough, ours to use, and of a schema that this program knows.

use std::path::Path;

use nix::unistd::{AccessFlags, access};

use super::Case;
use super::row::Row;
use crate::cli::wiring;
use crate::config::Settings;
use crate::db::condition::{Condition, condition};
use crate::db::migrate::NEWEST_SCHEMA;
use crate::db::{Db, Dialect, check_schema, schema_version};
use crate::task::reasons;

/// PostgreSQL before this one lacks what statements use, and gets no mending any more.
const OLDEST_POSTGRES: i64 = 130_000;

/// A clock that differs more makes statistics and sessions of several hosts disagree.
const MOST_APART_MS: i64 = 2_000;

pub fn look(case: &Case) -> Vec<Row> {
    let settings = &case.settings;
    if let Some(row) = sqlite_file(settings) {
        return vec![row];
    }
    let db = match wiring::database(settings) {
        Ok(db) => db,
        Err(error) => {
            return vec![Row::fail(reasons(&error), "mend the setting database")];
        }
    };
    match condition(&db) {
        Err(error) => vec![Row::fail(
            error.to_string(),
            "see whether the server runs, lets this host in (listen_addresses, pg_hba.conf), and whether \
             the setting database is right",
        )],
        Ok(found) => {
            let mut rows = vec![version(&db, &found)];
            rows.push(usable(&found).unwrap_or_else(|| schema(&db)));
            if db.dialect() == Dialect::Postgres {
                rows.push(privileges(&found));
                rows.push(connections(settings, &found));
                rows.push(clock(&found));
                rows.extend(encryption(&found, &settings.database_url()));
            }
            rows
        }
    }
}

/// What is wrong with the file of SQLite, which opening would make when it is not there.
pub(super) fn sqlite_file(settings: &Settings) -> Option<Row> {
    let url = settings.database_url();
    let path = url.strip_prefix("sqlite:")?;
    let path = Path::new(path.strip_prefix("//").unwrap_or(path));
    let shown = path.display();
    if !path.exists() {
        return Some(Row::fail(format!("{shown} is not there"), "halftone migrate makes it"));
    }
    let folder = path.parent().unwrap_or(path);
    let writable = [path, folder].iter().all(|path| access(*path, AccessFlags::W_OK).is_ok());
    (!writable).then(|| {
        Row::fail(
            format!("{shown}, or its folder, cannot be written to"),
            format!("chown halftone: {shown} {}", folder.display()),
        )
    })
}

fn version(db: &Db, found: &Condition) -> Row {
    if db.dialect() == Dialect::Postgres && found.version < OLDEST_POSTGRES {
        return Row::fail(
            format!("{} is too old", found.version_text),
            "PostgreSQL 13 or newer is needed",
        );
    }
    Row::ok(format!("{} answers", found.version_text))
}

/// What keeps any schema from being of use.
fn usable(found: &Condition) -> Option<Row> {
    if found.encoding != "UTF8" {
        return Some(Row::fail(
            format!("it keeps text as {}, and names of pictures need UTF8", found.encoding),
            "make one that does: createdb --encoding=UTF8 --template=template0",
        ));
    }
    found.read_only.then(|| {
        Row::fail(
            "nothing can be written to it: it is a standby, or set to default_transaction_read_only",
            "name the primary in the setting database, or take that setting back",
        )
    })
}

fn schema(db: &Db) -> Row {
    match (check_schema(db), schema_version(db)) {
        (Err(error), _) => {
            Row::fail(error.to_string(), "halftone migrate, as the user of the service")
        }
        (Ok(()), Ok(found)) if found < NEWEST_SCHEMA => Row::warn(
            format!("schema version {found}; this program makes {NEWEST_SCHEMA}"),
            "halftone migrate, as the user of the service",
        ),
        (Ok(()), Ok(found)) => Row::ok(format!("schema version {found}")),
        (Ok(()), Err(error)) => Row::fail(error.to_string(), "try again"),
    }
}

fn privileges(found: &Condition) -> Row {
    if !found.closed_tables.is_empty() {
        return Row::fail(
            format!("no right to read and write: {}", found.closed_tables.join(", ")),
            "let the role of the setting database own them: REASSIGN OWNED, or ALTER TABLE ... OWNER TO",
        );
    }
    if !found.may_create {
        return Row::warn(
            "tables can be used, but none made: an upgrade could not migrate",
            "let the role own the database, or: GRANT CREATE ON SCHEMA public TO the role",
        );
    }
    Row::ok("the role may use and make tables")
}

fn connections(settings: &Settings, found: &Condition) -> Row {
    let workers = settings.worker_count(wiring::cores()) as i64;
    // While workers are replaced there are the old and the new ones; and the tasks.
    let needed = i64::from(settings.database_pool) * (2 * workers + 1);
    let all = found.connections.unwrap_or(i64::MAX);
    let text = format!("{all} connections; this host may take {needed} while workers are replaced");
    if needed * 10 > all * 9 {
        return Row::warn(text, "raise max_connections of PostgreSQL, or lower database_pool");
    }
    Row::ok(text)
}

fn clock(found: &Condition) -> Row {
    let apart = found.clock_ahead_ms;
    if apart.abs() > MOST_APART_MS {
        return Row::warn(
            format!("its clock and ours are {:.1} s apart", apart as f64 / 1000.0),
            "let both be kept in step: chrony, systemd-timesyncd",
        );
    }
    Row::ok("its clock goes with ours")
}

/// Nothing where the database is on this host.
fn encryption(found: &Condition, url: &str) -> Option<Row> {
    if !found.elsewhere {
        return None;
    }
    let how = "sslmode=verify-full and sslrootcert in the setting database";
    Some(if !found.encrypted {
        let todo = format!("let the server have ssl = on and a certificate, and write {how}");
        Row::warn("what is said to it goes over the network as it is", todo)
    } else if url.contains("verify-full") || url.contains("sslrootcert=system") {
        Row::ok("the connection is encrypted, and the server proves who it is")
    } else {
        Row::ok(format!(
            "the connection is encrypted; that the server proves who it is takes {how}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::*;

    fn found() -> Condition {
        Condition {
            version: 150_013,
            version_text: "PostgreSQL 15.13".into(),
            may_create: true,
            closed_tables: Vec::new(),
            connections: Some(100),
            read_only: false,
            encoding: "UTF8".into(),
            clock_ahead_ms: 0,
            elsewhere: false,
            encrypted: false,
        }
    }

    #[test]
    fn plain_text_over_a_network_is_told() {
        let verdict = |elsewhere, encrypted| {
            let found = Condition { elsewhere, encrypted, ..found() };
            encryption(&found, "postgresql://u@h/n").map(|row| row.verdict)
        };
        assert_eq!(verdict(false, false), None);
        assert_eq!(verdict(true, false), Some(Verdict::Warn));
        assert_eq!(verdict(true, true), Some(Verdict::Ok));
    }

    #[test]
    fn what_the_server_says_is_judged() {
        assert_eq!(privileges(&found()).verdict, Verdict::Ok);
        assert_eq!(privileges(&Condition { may_create: false, ..found() }).verdict, Verdict::Warn);
        assert!(usable(&found()).is_none());
        let usable = |found| usable(&found).unwrap().verdict;
        assert_eq!(usable(Condition { read_only: true, ..found() }), Verdict::Fail);
        assert_eq!(usable(Condition { encoding: "LATIN1".into(), ..found() }), Verdict::Fail);
        let closed = Condition { closed_tables: vec!["users".into()], ..found() };
        assert_eq!(privileges(&closed).verdict, Verdict::Fail);
        assert_eq!(clock(&found()).verdict, Verdict::Ok);
        assert_eq!(clock(&Condition { clock_ahead_ms: -2_001, ..found() }).verdict, Verdict::Warn);
        let settings = Settings { workers: 2, database_pool: 4, ..Settings::default() };
        // 4 × (2 × 2 + 1) = 20, which is nine tenths of 22.2.
        let verdict =
            |all| connections(&settings, &Condition { connections: Some(all), ..found() }).verdict;
        assert_eq!((verdict(22), verdict(23)), (Verdict::Warn, Verdict::Ok));
    }
}
