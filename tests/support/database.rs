//! The databases and caches that `scripts/test` starts.

use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

/// Names the PostgreSQL server: a URL of a role that may create databases.
pub const POSTGRES: &str = "HALFTONE_TEST_POSTGRES";
/// Names the memcached server: host and port.
pub const MEMCACHED: &str = "HALFTONE_TEST_MEMCACHED";

/// A variable that `scripts/test` sets.
///
/// # Panics
/// When it is not set.
pub fn from_environment(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the tests through scripts/test"))
}

/// A PostgreSQL database of its own, dropped with the value.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Creates it.
    pub fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = from_environment(POSTGRES);
        let name = format!(
            "halftone_front_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::SeqCst)
        );
        let mut client = Client::connect(&server, NoTls).expect("PostgreSQL answers");
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        Self { server, name }
    }

    /// Changes it behind the program's back.
    pub fn execute(&self, sql: &str) {
        Client::connect(&self.url(), NoTls).unwrap().batch_execute(sql).unwrap();
    }

    /// Gives everybody this level of access where nothing else is said, and has workers notice.
    pub fn give_everybody(&self, level: u8) {
        self.execute(&format!(
            "UPDATE folder_permissions SET access = {level};
             UPDATE properties SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)
             WHERE key = 'rights_version'"
        ));
    }

    /// Its URL: the server's with the database's name as its path.
    pub fn url(&self) -> String {
        let (base, query) = match self.server.split_once('?') {
            Some((base, query)) => (base, format!("?{query}")),
            None => (self.server.as_str(), String::new()),
        };
        let host_start = base.find("://").map_or(0, |at| at + 3);
        let host_end = base[host_start..].find('/').map_or(base.len(), |at| host_start + at);
        format!("{}/{}{query}", &base[..host_end], self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = Client::connect(&self.server, NoTls) {
            let _ = client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}
