//! A real Apache with the files of `apache/`, unchanged: their addresses are variables that this
//! module defines before including them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::files::{free_port, is_root, program, repository, substituted, temp_dir};
use super::front::make_certificate;
use super::process::Process;

/// Modules in the order in which Debian's own configuration would load them.
const MODULES: [&str; 15] = [
    "mpm_event",
    "env",
    "authz_core",
    "authn_core",
    "proxy",
    "proxy_fcgi",
    "socache_shmcb",
    "ssl",
    "reqtimeout",
    "cache",
    "cache_disk",
    "headers",
    "rewrite",
    "unique_id",
    "xsendfile",
];

/// A running Apache, HTTP and HTTPS.
pub struct Apache {
    // Before the folder, so that it ends before its files go.
    process: Process,
    dir: TempDir,
    http: SocketAddr,
    https: SocketAddr,
}

impl Apache {
    /// Starts it before the program that listens on `socket`.
    pub fn start(socket: &Path) -> Self {
        Self::start_with(socket, "")
    }

    /// Starts it with more lines at the end of its configuration.
    pub fn start_with(socket: &Path, more: &str) -> Self {
        Self::start_changed(socket, more, &[])
    }

    /// Starts it with texts of the HTTPS site replaced.
    pub fn start_changed(socket: &Path, more: &str, changes: &[(&str, &str)]) -> Self {
        Self::start_defining(&[], socket, more, changes)
    }

    /// Starts it with these names defined.
    pub fn start_defining(
        names: &[&str],
        socket: &Path,
        more: &str,
        changes: &[(&str, &str)],
    ) -> Self {
        let apache = program("apache2", "apache2");
        let dir = temp_dir();
        let http = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let https = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        write_files(dir.path(), socket, http, https, more, changes);
        let mut command = Command::new(apache);
        command
            .arg("-d")
            .arg(dir.path())
            .arg("-f")
            .arg(dir.path().join("apache.conf"))
            .arg("-DFOREGROUND")
            .args(names.iter().map(|name| format!("-D{name}")))
            .env("APACHE_LOG_DIR", dir.path());
        let mut process = Process::start("apache", dir.path(), &mut command);
        process.wait_until("Apache listens", || {
            TcpStream::connect(http).is_ok() && TcpStream::connect(https).is_ok()
        });
        Self { process, dir, http, https }
    }

    /// Starts it with names and passwords asked for everywhere.
    pub fn start_authenticating(socket: &Path, users: &Path) -> Self {
        let modules: String = ["auth_basic", "authn_file", "authz_user"]
            .map(|name| {
                format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
            })
            .concat();
        let more = format!(
            "{modules}<Location \"/\">\nAuthType Basic\nAuthName Halftone\nAuthUserFile {}\n\
             Require valid-user\n</Location>",
            users.display()
        );
        Self::start_with(socket, &more)
    }

    /// The id of its parent process.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Where it answers HTTP.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Where it answers HTTPS.
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// Its log of requests.
    pub fn log(&self) -> PathBuf {
        self.dir.path().join("halftone-access.log")
    }

    /// Its certificate, which it has signed itself.
    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("fullchain.pem")
    }

    /// The folder in which it keeps answers.
    pub fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    /// What it logged as errors.
    pub fn errors(&self) -> String {
        ["error.log", "halftone-error.log"]
            .iter()
            .map(|name| fs::read_to_string(self.dir.path().join(name)).unwrap_or_default())
            .chain([self.process.output()])
            .collect()
    }
}

fn write_files(
    dir: &Path,
    socket: &Path,
    http: SocketAddr,
    https: SocketAddr,
    more: &str,
    changes: &[(&str, &str)],
) {
    make_certificate(dir);
    fs::write(dir.join("tls.conf"), substituted("apache/halftone-tls.conf", changes)).unwrap();
    // A pool keeps its files beside its socket.
    let home = socket.parent().unwrap_or(dir).display();
    fs::create_dir_all(dir.join("conf-available")).unwrap();
    // Apache's own user writes there.
    fs::create_dir(dir.join("cache")).unwrap();
    fs::set_permissions(dir.join("cache"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::copy(
        repository("apache/halftone-proxy.conf"),
        dir.join("conf-available/halftone-proxy.conf"),
    )
    .unwrap();
    let modules: String = MODULES
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let user = if is_root() { "User www-data\nGroup www-data\n" } else { "" };
    let main = format!(
        "{modules}{user}ServerName localhost
PidFile {dir}/apache.pid
ErrorLog {dir}/error.log
DefaultRuntimeDir {dir}
Mutex fcntl:{dir}
Listen {http}
Listen {https}
KeepAlive On
MaxKeepAliveRequests 0
StartServers 2
ThreadsPerChild 25
MaxRequestWorkers 150
Define HALFTONE_HTTP {http}
Define HALFTONE_HTTPS {https}
Define HALFTONE_SOCKET {socket}
Define HALFTONE_TLS_DIR {dir}
Define HALFTONE_CACHE_DIR {dir}/cache
Define HALFTONE_STATIC_DIR {home}/share/static
Define HALFTONE_MAINTENANCE_DIR {maintenance}
Define HALFTONE_IMAGES_DIR {home}/images
Define HALFTONE_EXPORTS_DIR {home}/data/exports
Include {site}
Include {dir}/tls.conf
{more}
",
        dir = dir.display(),
        socket = socket.display(),
        site = repository("apache/halftone.conf").display(),
        maintenance = repository("web/maintenance").display(),
    );
    fs::write(dir.join("apache.conf"), main).unwrap();
}
