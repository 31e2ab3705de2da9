//! A PostgreSQL cluster of its own in a temporary folder, with the settings of a new installation.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::files::{free_port, is_root, temp_dir};
use crate::support::process::Process;

/// A running cluster.
pub struct Cluster {
    // Before the folder, so that it ends before its files go.
    process: Process,
    port: u16,
    _dir: TempDir,
}

impl Cluster {
    /// Makes and starts it.
    pub fn start() -> Self {
        let dir = temp_dir();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let data = dir.path().join("postgres");
        fs::create_dir(&data).unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root.
            let status = Command::new("chown").arg("postgres:").arg(&data).status().unwrap();
            assert!(status.success());
        }
        let made = as_postgres("initdb")
            .args(["-U", "halftone", "-A", "trust", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut command = as_postgres("postgres");
        command.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-c", "unix_socket_directories="]);
        let mut process = Process::start("postgres", dir.path(), &mut command);
        let url = url(port, "postgres");
        process.wait_until("PostgreSQL answers", || {
            postgres::Client::connect(&url, postgres::NoTls).is_ok()
        });
        Self { process, port, _dir: dir }
    }

    /// Makes a database, and gives its URL, of a role that may do everything.
    pub fn database(&self, name: &str) -> String {
        let mut client = postgres::Client::connect(&url(self.port, "postgres"), postgres::NoTls)
            .expect("PostgreSQL answers");
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        url(self.port, name)
    }

    /// The id of its first process.
    #[allow(dead_code, reason = "not every benchmark asks what it costs")]
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }
}

fn url(port: u16, database: &str) -> String {
    format!("postgresql://halftone@127.0.0.1:{port}/{database}")
}

/// A program of the newest PostgreSQL here, run by a user whom it accepts.
fn as_postgres(name: &str) -> Command {
    let program = newest().join("bin").join(name);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command.current_dir("/");
    command
}

fn newest() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = versions.map(|entry| entry.path()).filter(|path| number(path).is_some());
    versions.max_by_key(|path| number(path)).expect("install the Debian package postgresql")
}
