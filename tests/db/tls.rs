//! Encrypted connections to a PostgreSQL that has certificates of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use halftone::db::condition::condition;
use halftone::db::{self, Db, DbOptions};

use crate::setup::wait_for;
use crate::support::cluster::{Cluster, Options};

/// Two authorities, and of the first: a server for localhost, one that says so only by its common name,
/// a client; besides a server's certificate that is signed by itself, as PostgreSQL's manual makes it.
const CERTIFICATES: &str = r#"
set -e
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
for ca in ca other; do
    openssl req -x509 $key -keyout $ca.key -out $ca.pem -days 2 -subj "/CN=$ca"
done
openssl req -x509 $key -keyout self.key -out self.pem -days 2 -subj "/CN=localhost"
make() {
    openssl req $key -keyout $1.key -out $1.csr -subj "/CN=$2"
    echo "$3" >$1.extensions
    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $1.pem -days 2 \
        -extfile $1.extensions
}
make server "somebody else" "subjectAltName=DNS:localhost"
make plain localhost "basicConstraints=CA:FALSE"
make client halftone "basicConstraints=CA:FALSE"
chmod 600 *.key
"#;

fn cluster() -> Cluster {
    let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
    let cluster = Cluster::start_with(Options {
        settings: lines(&[
            "fsync = off",
            "ssl = on",
            "ssl_cert_file = 'server.pem'",
            "ssl_key_file = 'server.key'",
            "ssl_ca_file = 'ca.pem'",
        ]),
        access: lines(&[
            "local all all trust",
            "hostssl clear all 127.0.0.1/32 reject",
            "host clear all 127.0.0.1/32 trust",
            "hostssl certain all 127.0.0.1/32 cert",
            "host all all 127.0.0.1/32 scram-sha-256",
        ]),
        prepare: vec![lines(&["sh", "-c", CERTIFICATES])],
        ..Options::default()
    });
    cluster.execute("postgres", "ALTER USER halftone PASSWORD 'secret'");
    for name in ["usual", "clear", "certain"] {
        cluster.execute("postgres", &format!("CREATE DATABASE {name}"));
    }
    cluster
}

/// Whether what is said to a database is encrypted, or why nothing can be said to it.
struct Asking<'a>(&'a Cluster);

impl Asking<'_> {
    fn open(&self, host: &str, database: &str, more: &str) -> db::Result<Db> {
        let port = self.0.port();
        Db::connect(&DbOptions {
            url: format!("postgresql://halftone:secret@{host}:{port}/{database}?{more}"),
            pool_size: 1,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(20),
        })
    }

    fn ask(&self, host: &str, database: &str, more: &str) -> Result<bool, String> {
        let asked = self.open(host, database, more).and_then(|db| condition(&db));
        asked.map(|found| found.encrypted).map_err(|refused| refused.to_string())
    }

    /// Connects without the pool, which would try again for as long as it may.
    #[track_caller]
    fn refused(&self, host: &str, database: &str, more: &str, why: &str) {
        let refused = self.open(host, database, more).and_then(|db| db::migrate(&db));
        let refused = refused.expect_err("it was let in").to_string();
        assert!(!refused.contains("secret") && !refused.contains('/'), "{refused}");
        assert!(refused.contains(why), "{refused}");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.data().join(name)
    }

    fn verifying(&self, mode: &str, roots: &str) -> String {
        format!("sslmode={mode}&sslrootcert={}", self.file(roots).display())
    }

    fn set(&self, setting: &str) {
        self.0.execute("postgres", &format!("ALTER SYSTEM SET {setting}"));
        self.0.execute("postgres", "SELECT pg_reload_conf()");
    }
}

#[test]
fn connections_are_encrypted_as_the_address_says() {
    let cluster = cluster();
    let asking = Asking(&cluster);
    let (full, ca) =
        (asking.verifying("verify-full", "ca.pem"), asking.verifying("verify-ca", "ca.pem"));

    for (more, encrypted) in [
        ("", true),
        ("sslmode=prefer", true),
        ("sslmode=disable", false),
        ("sslmode=require", true),
        ("sslmode=require&channel_binding=require", true),
        (&full, true),
        (&ca, true),
    ] {
        assert_eq!(asking.ask("localhost", "usual", more), Ok(encrypted), "{more}");
    }
    let db = asking.open("localhost", "usual", &full).unwrap();
    db::migrate(&db).unwrap();
    db::check_schema(&db).unwrap();

    // Another name, an authority that is not the server's, which "require" heeds once it is named.
    assert_eq!(asking.ask("127.0.0.1", "usual", &ca), Ok(true));
    asking.refused("127.0.0.1", "usual", &full, "not valid for name");
    for mode in ["require", "verify-ca", "verify-full"] {
        asking.refused("localhost", "usual", &asking.verifying(mode, "other.pem"), "UnknownIssuer");
    }

    // A server that lets this host in only without encryption.
    assert_eq!(asking.ask("localhost", "clear", ""), Ok(false));
    asking.refused("localhost", "clear", "sslmode=require", "pg_hba.conf");
}

#[test]
fn a_client_shows_its_certificate() {
    let cluster = cluster();
    let asking = Asking(&cluster);
    asking.refused("localhost", "certain", "sslmode=require", "certificate");
    let key = asking.file("client.key");
    let shown = format!(
        "sslmode=require&sslcert={}&sslkey={}",
        asking.file("client.pem").display(),
        key.display()
    );
    assert_eq!(asking.ask("localhost", "certain", &shown), Ok(true));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    asking.refused("localhost", "certain", &shown, "others can read");
}

#[test]
fn certificates_of_the_kind_that_manuals_make_are_understood() {
    let cluster = cluster();
    let asking = Asking(&cluster);
    let full = asking.verifying("verify-full", "ca.pem");
    let own = asking.verifying("verify-full", "self.pem");

    asking.set("ssl_cert_file = 'plain.pem'");
    asking.set("ssl_key_file = 'plain.key'");
    wait_for("the certificate without a list of names", || {
        asking.ask("localhost", "usual", &full) == Ok(true)
    });
    asking.refused("127.0.0.1", "usual", &full, "not valid for name");

    asking.set("ssl_cert_file = 'self.pem'");
    asking.set("ssl_key_file = 'self.key'");
    wait_for("the certificate that is signed by itself", || {
        asking.ask("localhost", "usual", &own) == Ok(true)
    });
    asking.refused("127.0.0.1", "usual", &own, "not valid for name");
    asking.refused("localhost", "usual", &full, "invalid peer certificate");

    asking.set("ssl = off");
    wait_for("the server to speak in the clear", || {
        asking.ask("localhost", "usual", "") == Ok(false)
    });
    asking.refused("localhost", "usual", "sslmode=require", "TLS");
}
