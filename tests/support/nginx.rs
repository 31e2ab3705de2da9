//! A real nginx with the files of `nginx/`.
//!
//! nginx has no variables where it listens and connects, so those addresses are replaced in a copy;
//! [`super::files::substituted`] fails when one is no longer there to replace.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::files::{free_port, is_root, program, substituted, temp_dir};
use super::front::make_certificate;
use super::process::Process;

/// A running nginx: two workers, HTTP and HTTPS.
pub struct Nginx {
    // Before the folder, so that it ends before its files go.
    process: Process,
    dir: TempDir,
    http: SocketAddr,
    https: SocketAddr,
}

impl Nginx {
    /// Starts it before the program that listens on `socket`.
    pub fn start(socket: &Path) -> Self {
        Self::start_with(socket, "")
    }

    /// Starts it with more lines for its `http` block.
    pub fn start_with(socket: &Path, more: &str) -> Self {
        Self::start_changed(socket, more, &[])
    }

    /// Starts it with names and passwords asked for in the location, and the name told to the program.
    pub fn start_authenticating(socket: &Path, users: &Path) -> Self {
        let lines = format!(
            "fastcgi_keep_conn on;\nauth_basic \"Halftone\";\nauth_basic_user_file {};\n\
             fastcgi_param REMOTE_USER $remote_user;\n",
            users.display()
        );
        Self::start_changed(socket, "", &[("fastcgi_keep_conn on;", &lines)])
    }

    /// Starts it with texts of the locations replaced.
    pub fn start_changed(socket: &Path, more: &str, changes: &[(&str, &str)]) -> Self {
        Self::start_changed_in(socket, more, changes, &[])
    }

    /// Starts it with texts of the locations, and of the site, replaced.
    pub fn start_changed_in(
        socket: &Path,
        more: &str,
        changes: &[(&str, &str)],
        of_site: &[(&str, &str)],
    ) -> Self {
        let nginx = program("nginx", "nginx");
        let dir = temp_dir();
        let http = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let https = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        write_files(dir.path(), socket, http, https, more, changes, of_site);
        let main = dir.path().join("nginx.conf");
        let mut command = Command::new(nginx);
        command.arg("-p").arg(dir.path()).arg("-c").arg(&main).arg("-e").arg("error.log");
        let mut process = Process::start("nginx", dir.path(), &mut command);
        process.wait_until("nginx listens", || {
            TcpStream::connect(http).is_ok() && TcpStream::connect(https).is_ok()
        });
        Self { process, dir, http, https }
    }

    /// The id of its master process.
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
        self.dir.path().join("halftone.log")
    }

    /// Its certificate, which it has signed itself.
    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("fullchain.pem")
    }

    /// The folder in which it keeps answers.
    pub fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    /// The folder that it would use for temporary files of responses.
    pub fn temporary_files(&self) -> usize {
        super::files::count(&self.dir.path().join("tmp/fastcgi"), &|_| true)
    }

    /// What it logged as errors.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
            + &self.process.output()
    }
}

/// Writes the files of a site, and `nginx.conf`, which reads them.
pub fn write_files(
    dir: &Path,
    socket: &Path,
    http: SocketAddr,
    https: SocketAddr,
    more: &str,
    changes: &[(&str, &str)],
    of_site: &[(&str, &str)],
) {
    fs::create_dir_all(dir.join("snippets")).unwrap();
    fs::create_dir_all(dir.join("tmp")).unwrap();
    make_certificate(dir);
    // A pool keeps its files beside its socket.
    let home = socket.parent().unwrap_or(dir);
    let (images, data) = (home.join("images"), home.join("data"));
    let (images, data) = (images.display().to_string(), data.display().to_string());
    let share = home.join("share").display().to_string();
    let folders = [
        ("/srv/images", images.as_str()),
        ("/var/lib/halftone", data.as_str()),
        ("/usr/share/halftone", share.as_str()),
    ];
    let locations = substituted("nginx/halftone-locations.conf", &[changes, &folders].concat());
    fs::write(dir.join("snippets/halftone-locations.conf"), locations).unwrap();
    let places = [
        ("unix:/run/halftone/halftone.sock", &*format!("unix:{}", socket.display())),
        ("listen 80;", &format!("listen {http};")),
        ("listen [::]:80;", ""),
        ("/var/lib/nginx/halftone ", &format!("{}/cache ", dir.display())),
        ("/var/log/nginx", &dir.display().to_string()),
    ];
    let site = substituted("nginx/halftone.conf", &[of_site, &places].concat());
    fs::write(dir.join("halftone.conf"), site).unwrap();
    let tls = substituted(
        "nginx/halftone.tls.conf",
        &[
            ("listen 443 ssl http2;", &format!("listen {https} ssl http2;")),
            ("listen [::]:443 ssl http2;", ""),
            ("/etc/ssl/halftone", &dir.display().to_string()),
            ("/var/log/nginx", &dir.display().to_string()),
        ],
    );
    fs::write(dir.join("halftone.tls.conf"), tls).unwrap();
    let user = if is_root() { "user www-data;" } else { "" };
    let main = format!(
        "{user}
daemon off;
worker_processes 2;
pid nginx.pid;
events {{ worker_connections 2048; }}
http {{
    # As in Debian's own nginx.conf.
    sendfile on;
    tcp_nopush on;
    gzip on;
    client_body_temp_path tmp/body;
    proxy_temp_path tmp/proxy;
    fastcgi_temp_path tmp/fastcgi;
    uwsgi_temp_path tmp/uwsgi;
    scgi_temp_path tmp/scgi;
    include halftone.*conf;
    {more}
}}
"
    );
    fs::write(dir.join("nginx.conf"), main).unwrap();
}
