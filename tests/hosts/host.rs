//! A web host: nginx, Halftone and memcached.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::network::Space;
use crate::support::config::Config;
use crate::support::files::{program, substituted, temp_dir};
use crate::support::front::make_certificate;
use crate::support::nginx;
use crate::support::process::Process;
use crate::support::wait;

/// A web host.
pub struct Host {
    // In this order: processes end before their files go, and before the network does.
    halftone: Process,
    _nginx: Process,
    _memcached: Process,
    config: Config,
    dir: TempDir,
    pub space: Space,
}

impl Host {
    /// Starts what a host runs. `config` says what all hosts share.
    pub fn start(space: Space, config: impl FnOnce(&Path, Config) -> Config) -> Self {
        let dir = temp_dir();
        for part in ["data", "run", "log"] {
            fs::create_dir(dir.path().join(part)).unwrap();
        }
        let address = space.address().to_string();
        let mut command = space.command(program("memcached", "memcached").to_str().unwrap());
        command.args(["-l", &address, "-p", "11211", "-U", "0", "-m", "64", "-u", "nobody"]);
        let memcached = Process::start("memcached", dir.path(), &mut command);
        let config = config(dir.path(), Config::alone(dir.path(), ""))
            .text("host_name", &format!("web{}", space.address().octets()[3]))
            .text("edge_cache_dir", &nginx_home(dir.path()).join("cache").display().to_string());
        fs::write(dir.path().join("halftone.toml"), config.to_toml()).unwrap();
        let mut command = space.command(env!("CARGO_BIN_EXE_halftone"));
        command.arg("fcgi").arg("--config").arg(dir.path().join("halftone.toml"));
        let mut halftone = Process::start("halftone", dir.path(), &mut command);
        let socket = dir.path().join("halftone.sock");
        halftone.wait_until("the pool listens", || socket.exists());
        let nginx = start_nginx(&space, dir.path(), &socket);
        Self { halftone, _nginx: nginx, _memcached: memcached, config, dir, space }
    }

    /// Where it answers.
    pub fn addr(&self) -> SocketAddr {
        at(&self.space, 80)
    }

    /// Changes settings, and has all workers replaced.
    pub fn set(&mut self, settings: &[(&str, &str)]) {
        for (name, value) in settings {
            self.config = self.config.clone().raw(name, value);
        }
        fs::write(self.dir.path().join("halftone.toml"), self.config.to_toml()).unwrap();
        let before = self.halftone.children();
        self.halftone.signal(Signal::SIGHUP);
        wait::until("all workers are new", || {
            let now = self.halftone.children();
            now.len() == before.len() && now.iter().all(|worker| !before.contains(worker))
        });
    }

    /// Runs a command of the binary there; gives what it wrote to its standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let mut command = self.space.command(env!("CARGO_BIN_EXE_halftone"));
        command.args(arguments).arg("--config").arg(self.dir.path().join("halftone.toml"));
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}\n{errors}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What Halftone logged and wrote.
    pub fn log(&self) -> String {
        let file: PathBuf = self.dir.path().join("log/halftone.log");
        self.halftone.output() + &fs::read_to_string(file).unwrap_or_default()
    }
}

fn at(space: &Space, port: u16) -> SocketAddr {
    SocketAddr::from((space.address(), port))
}

/// Where a host's nginx has its files.
fn nginx_home(dir: &Path) -> PathBuf {
    dir.join("nginx")
}

/// nginx with the shipped site.
fn start_nginx(space: &Space, dir: &Path, socket: &Path) -> Process {
    let home = nginx_home(dir);
    fs::create_dir(&home).unwrap();
    nginx::write_files(&home, socket, at(space, 80), at(space, 443), "", &[], &[]);
    run_nginx(space, &home)
}

fn run_nginx(space: &Space, home: &Path) -> Process {
    let mut command = space.command(program("nginx", "nginx").to_str().unwrap());
    command.arg("-p").arg(home).arg("-c").arg(home.join("nginx.conf")).args(["-e", "error.log"]);
    let mut process = Process::start("nginx", home, &mut command);
    process.wait_until("nginx listens", || space.listens(at(space, 80)));
    process
}

/// nginx with the balancer's site.
pub struct Balancer {
    _nginx: Process,
    _dir: TempDir,
    space: Space,
}

impl Balancer {
    /// Starts it before hosts.
    pub fn start(space: Space, hosts: &[SocketAddr]) -> Self {
        let dir = temp_dir();
        make_certificate(dir.path());
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let folder = dir.path().display().to_string();
        let site = substituted(
            "nginx/halftone-balancer.conf",
            &[
                ("web1.example.com:80", &hosts[0]),
                ("web2.example.com:80", &hosts[1]),
                ("web3.example.com:80", &hosts[2]),
                ("/etc/ssl/halftone", &folder),
            ],
        );
        fs::write(dir.path().join("balancer.conf"), site).unwrap();
        let main = "user www-data;\ndaemon off;\nworker_processes 2;\npid nginx.pid;\n\
                    events { worker_connections 2048; }\n\
                    http {\naccess_log off;\ninclude balancer.conf;\n}\n";
        fs::write(dir.path().join("nginx.conf"), main).unwrap();
        // What the guide says of hosts that are gone without a word.
        space.set("net.ipv4.tcp_retries2", 5);
        space.set("net.ipv4.tcp_keepalive_time", 5);
        space.set("net.ipv4.tcp_keepalive_intvl", 2);
        space.set("net.ipv4.tcp_keepalive_probes", 3);
        let nginx = run_nginx(&space, dir.path());
        Self { _nginx: nginx, _dir: dir, space }
    }

    /// Where it answers.
    pub fn addr(&self) -> SocketAddr {
        at(&self.space, 80)
    }
}
