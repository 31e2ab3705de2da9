//! A real Apache with the files of `apache/`, unchanged: their addresses are variables that this
//! module defines before including them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::files::{free_port, is_root, program, repository, temp_dir};
use super::front::make_certificate;
use super::process::Process;

/// Modules in the order in which Debian's own configuration would load them.
const MODULES: [&str; 9] = [
    "mpm_event",
    "env",
    "authz_core",
    "authn_core",
    "proxy",
    "proxy_fcgi",
    "socache_shmcb",
    "ssl",
    "reqtimeout",
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
        let apache = program("apache2", "apache2");
        let dir = temp_dir();
        let http = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let https = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        write_files(dir.path(), socket, http, https, more);
        let mut command = Command::new(apache);
        command
            .arg("-d")
            .arg(dir.path())
            .arg("-f")
            .arg(dir.path().join("apache.conf"))
            .arg("-DFOREGROUND")
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

    /// What it logged as errors.
    pub fn errors(&self) -> String {
        ["error.log", "halftone-error.log"]
            .iter()
            .map(|name| fs::read_to_string(self.dir.path().join(name)).unwrap_or_default())
            .chain([self.process.output()])
            .collect()
    }
}

fn write_files(dir: &Path, socket: &Path, http: SocketAddr, https: SocketAddr, more: &str) {
    make_certificate(dir);
    fs::create_dir_all(dir.join("conf-available")).unwrap();
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
LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b\" combined
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
Include {site}
Include {tls}
{more}
",
        dir = dir.display(),
        socket = socket.display(),
        site = repository("apache/halftone.conf").display(),
        tls = repository("apache/halftone-tls.conf").display(),
    );
    fs::write(dir.join("apache.conf"), main).unwrap();
}
