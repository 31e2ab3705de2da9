//! A PostgreSQL cluster of its own in a temporary folder, which can be stopped and started again.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::files::{free_port, is_root, temp_dir};
use super::process::Process;

/// How a cluster is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address that it listens at.
    pub address: String,
    /// Lines of `postgresql.conf`.
    pub settings: Vec<String>,
    /// Lines of `pg_hba.conf`; everybody is believed without.
    pub access: Vec<String>,
    /// Commands run in the folder of the data before the first start, by the cluster's own user.
    pub prepare: Vec<Vec<String>>,
    /// What its command begins with: words that put it into a network of its own.
    pub within: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        let local = || "127.0.0.1".to_owned();
        let (settings, access, prepare) = Default::default();
        Self { address: local(), settings, access, prepare, within: Vec::new() }
    }
}

/// A running cluster.
pub struct Cluster {
    // Before the folder, so that it ends before its files go.
    process: Option<Process>,
    options: Options,
    port: u16,
    dir: TempDir,
}

impl Cluster {
    /// Makes and starts one with the settings of a new installation.
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// Makes and starts one that does not wait for the disk.
    pub fn quick() -> Self {
        let settings = vec!["fsync = off".to_owned()];
        Self::start_with(Options { settings, ..Options::default() })
    }

    /// Makes and starts one.
    pub fn start_with(options: Options) -> Self {
        let dir = temp_dir();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let data = dir.path().join("postgres");
        fs::create_dir(&data).unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root.
            let status = Command::new("chown").arg("postgres:").arg(&data).status().unwrap();
            assert!(status.success());
        }
        let made = as_postgres("initdb", &[])
            .args(["-U", "halftone", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        for words in &options.prepare {
            let mut command = as_user(&words[0], &[]);
            let done = command.args(&words[1..]).current_dir(&data).output().unwrap();
            assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
        if !options.access.is_empty() {
            fs::write(data.join("pg_hba.conf"), options.access.join("\n") + "\n").unwrap();
        }
        let mut settings = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        settings += &(options.settings.join("\n") + "\n");
        fs::write(data.join("postgresql.conf"), settings).unwrap();
        let mut cluster = Self { process: None, options, port: free_port(), dir };
        cluster.again();
        cluster
    }

    /// Ends it at once, as a crash does: it has to recover when it is started again.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal(Signal::SIGQUIT);
        process.wait();
    }

    /// Starts it again, and waits until it answers.
    pub fn again(&mut self) {
        let mut command = as_postgres("postgres", &self.options.within);
        command.arg("-D").arg(self.data());
        command.args(["-h", &self.options.address, "-p", &self.port.to_string()]);
        command.arg("-c").arg(format!("unix_socket_directories={}", self.dir.path().display()));
        if is_root() {
            // The socket's folder is the test's own.
            fs::set_permissions(self.dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        }
        let mut process = Process::start("postgres", self.dir.path(), &mut command);
        let url = self.local_url("postgres");
        process.wait_until("PostgreSQL answers", || {
            postgres::Client::connect(&url, postgres::NoTls).is_ok()
        });
        self.process = Some(process);
    }

    /// Makes a database, and gives its URL, of a role that may do everything.
    pub fn database(&self, name: &str) -> String {
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// Changes a database, as its owner.
    pub fn execute(&self, database: &str, sql: &str) {
        let mut client =
            postgres::Client::connect(&self.local_url(database), postgres::NoTls).unwrap();
        client.batch_execute(sql).unwrap();
    }

    /// The URL of a database.
    pub fn url(&self, name: &str) -> String {
        format!("postgresql://halftone@{}:{}/{name}", self.options.address, self.port)
    }

    /// The URL of a database by its Unix socket, which is there whatever network it is in.
    pub fn local_url(&self, name: &str) -> String {
        let folder = self.dir.path().display();
        format!("postgresql://halftone@/{name}?host={folder}&port={}", self.port)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its data.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("postgres")
    }

    /// The id of its first process.
    pub fn pid(&self) -> i32 {
        self.process.as_ref().expect("it runs").pid()
    }

    /// Whether somebody listens at its port.
    pub fn listens(&self) -> bool {
        TcpStream::connect((self.options.address.as_str(), self.port)).is_ok()
    }
}

/// A program of the newest PostgreSQL here, run by a user whom it accepts.
fn as_postgres(name: &str, within: &[String]) -> Command {
    as_user(newest().join("bin").join(name).to_str().unwrap(), within)
}

fn as_user(program: &str, within: &[String]) -> Command {
    let mut words: Vec<&str> = within.iter().map(String::as_str).collect();
    if is_root() {
        words.extend(["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    words.push(program);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir("/");
    command
}

fn newest() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = versions.map(|entry| entry.path()).filter(|path| number(path).is_some());
    versions.max_by_key(|path| number(path)).expect("install the Debian package postgresql")
}
