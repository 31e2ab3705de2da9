//! A running server, whoever made it; and ours.

use std::any::Any;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use crate::ask::Ask;
use crate::support::config::Config;
use crate::support::front::{Front, Kind};
use crate::support::halftone::{Pool, run};
use crate::usage;

/// A server that is asked over HTTP.
pub struct Server {
    pub name: &'static str,
    pub addr: SocketAddr,
    /// The address of a picture.
    pub target: Box<dyn Fn(&Ask) -> String + Sync>,
    /// Its first process.
    pub pid: i32,
    /// The front server's first process, where there is one.
    pub front: Option<i32>,
    /// What ends when the server is dropped.
    pub _keep: Box<dyn Any + Sync>,
}

impl Server {
    /// CPU milliseconds so far: of all processes, and of the front server's among them.
    pub fn cpu_ms(&self) -> (f64, f64) {
        let front = self.front.map_or(0.0, usage::cpu_s) * 1e3;
        (usage::cpu_s(self.pid) * 1e3 + front, front)
    }

    /// Memory of its own processes.
    pub fn pss_mb(&self) -> f64 {
        usage::pss_mb(self.pid)
    }
}

/// Ours with two workers behind nginx, its defaults but for `adjust`.
pub fn halftone(
    name: &'static str,
    files: &[(&str, &[u8])],
    adjust: impl FnOnce(Config) -> Config,
) -> (Server, Made) {
    let write = |images: &Path| {
        for (name, bytes) in files {
            fs::write(images.join(name), bytes).expect("there is room for the originals");
        }
    };
    let pool = Pool::start_alone(write, adjust);
    let made = Made { config: pool.config() };
    let front = Front::start(Kind::Nginx, &pool.socket());
    let server = Server {
        name,
        addr: front.http(),
        target: Box::new(|ask| {
            let Ask { file, width, format, quality } = ask;
            // PNGs lose nothing: their quality is the effort, and it is as it comes.
            let quality = if format == "png" { String::new() } else { format!("&quality={quality}") };
            format!("/image?src={file}&width={width}&format={format}{quality}")
        }),
        pid: pool.pid(),
        front: Some(front.pid()),
        _keep: Box::new((front, pool)),
    };
    (server, made)
}

/// Ours without reductions.
pub fn unprepared(files: &[(&str, &[u8])]) -> Server {
    halftone("halftone", files, |config| config.raw("reductions_disk_mb", "0")).0
}

/// What can be done to a running pool of ours.
pub struct Made {
    config: std::path::PathBuf,
}

impl Made {
    /// Prepares reductions of everything; CPU seconds, and what the program said.
    pub fn prepare(&self) -> (f64, String) {
        let before = usage::ended_children_cpu_s();
        let config = self.config.to_str().expect("a plain path");
        let said = run(&["reductions", "prepare", "--config", config]);
        (usage::ended_children_cpu_s() - before, said)
    }
}
