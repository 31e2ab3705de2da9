//! A cached picture through a front server beside the same bytes as a static file.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::library::Library;
use crate::support::config::Config;
use crate::support::files::{free_port, is_root, program, temp_dir};
use crate::support::front::{Front, Kind};
use crate::support::halftone::Pool;
use crate::support::http::Client;
use crate::support::process::Process;
use crate::{load, spread, usage, verdict};

/// Which tier answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    Memory,
    Memcached,
    Disk,
}

/// A front server, a tier, and what is asked of them.
pub struct Case {
    pub name: &'static str,
    kind: Kind,
    tier: Tier,
    goal: f64,
}

/// Every case.
pub const CASES: [Case; 4] = [
    Case { name: "nginx-memory", kind: Kind::Nginx, tier: Tier::Memory, goal: 0.4 },
    Case { name: "nginx-memcached", kind: Kind::Nginx, tier: Tier::Memcached, goal: 0.25 },
    Case { name: "nginx-disk", kind: Kind::Nginx, tier: Tier::Disk, goal: 0.3 },
    Case { name: "apache-memory", kind: Kind::Apache, tier: Tier::Memory, goal: 0.5 },
];

/// What one run of the load cost: the rate, and microseconds of CPU time per request.
#[derive(Clone, Copy)]
struct Run {
    rate: f64,
    front_us: f64,
    halftone_us: f64,
    memcached_us: f64,
    load_us: f64,
}

/// What is measured.
struct Stage<'a> {
    front: &'a Front,
    pool: &'a Pool,
    memcached: Option<&'a Memcached>,
    time: Duration,
}

/// Says what the figures are.
pub fn print_head(rounds: usize, time: Duration) {
    println!(
        "a cached picture of about 45 KB, {} connections, {rounds} rounds of {} s in turns; medians \
         (lowest–highest)",
        load::CONNECTIONS,
        time.as_secs()
    );
    println!("CPU: microseconds per request");
}

/// Measures one case.
pub fn run(case: &Case, library: &Library, rounds: usize, time: Duration) {
    let memcached = (case.tier == Tier::Memcached).then(Memcached::start);
    let pool = Pool::start_alone(
        |images| library.write(images),
        |config| settings(config, case.tier, memcached.as_ref()),
    );
    let files = temp_dir();
    let fixed = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let front =
        Front::start_with(case.kind, &pool.socket(), &static_site(case.kind, fixed, files.path()));
    let mut client = Client::connect(front.http()).unwrap();
    let (target, picture) = library.find_picture(&mut client);
    fs::write(files.path().join("picture.jpg"), &picture).unwrap();
    check(&target, &picture, &front, fixed);

    let stage = Stage { front: &front, pool: &pool, memcached: memcached.as_ref(), time };
    // One round more, which fills caches and connections and is not counted.
    let (mut plain, mut made) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let file = stage.run(fixed, "/picture.jpg");
        let picture = stage.run(front.http(), &target);
        if round > 0 {
            plain.push(file);
            made.push(picture);
        }
    }
    print(case, picture.len(), &plain, &made);
}

impl Stage<'_> {
    fn run(&self, addr: SocketAddr, target: &str) -> Run {
        let before = self.cpu_s();
        let answered = load::Load::at(addr, target).run(self.time);
        let after = self.cpu_s();
        let us = |index: usize| (after[index] - before[index]) * 1e6 / answered.requests;
        Run {
            rate: answered.rate(),
            front_us: us(0),
            halftone_us: us(1),
            memcached_us: us(2),
            load_us: us(3),
        }
    }

    fn cpu_s(&self) -> [f64; 4] {
        [
            usage::cpu_s(self.front.pid()),
            usage::cpu_s(self.pool.pid()),
            self.memcached.map_or(0.0, |memcached| usage::cpu_s(memcached.process.pid())),
            usage::ended_children_cpu_s(),
        ]
    }
}

fn settings(config: Config, tier: Tier, memcached: Option<&Memcached>) -> Config {
    match (tier, memcached) {
        (Tier::Memory, _) => config,
        (_, Some(memcached)) => config
            .raw("memory_cache_mb", "0")
            .raw("memcached_servers", &format!("['{}']", memcached.addr)),
        (_, None) => config.raw("memory_cache_mb", "0"),
    }
}

/// The picture as a file, served as the packages' own configuration would.
fn static_site(kind: Kind, addr: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    match kind {
        Kind::Nginx => format!(
            "sendfile on;
    tcp_nopush on;
    server {{ listen {addr}; root {folder}; types {{ image/jpeg jpg; }} }}"
        ),
        Kind::Apache => format!(
            "Listen {addr}
<VirtualHost {addr}>
    DocumentRoot {folder}
    <Directory {folder}>
        Require all granted
        ForceType image/jpeg
    </Directory>
    CustomLog ${{APACHE_LOG_DIR}}/static-access.log combined
</VirtualHost>"
        ),
    }
}

/// Both answer with the same bytes, and the picture comes from a cache.
fn check(target: &str, picture: &[u8], front: &Front, fixed: SocketAddr) {
    let made = Client::connect(front.http()).unwrap().get(target).unwrap();
    assert_eq!(made.header("x-from-cache"), Some("True"));
    let file = Client::connect(fixed).unwrap().get("/picture.jpg").unwrap();
    assert_eq!(file.status, 200, "{}{}", file.text(), front.errors());
    assert!(file.body == picture && made.body == picture, "the answers differ");
}

fn print(case: &Case, bytes: usize, plain: &[Run], made: &[Run]) {
    let ratio =
        spread(made.iter().zip(plain).map(|(made, plain)| made.rate / plain.rate).collect());
    println!("\n{}, {bytes} bytes", case.name);
    println!(
        "{:12}{:>26}{:>10}{:>10}{:>11}{:>8}",
        "", "requests/s", "front", "halftone", "memcached", "load"
    );
    for (name, runs) in [("static file", plain), ("picture", made)] {
        let of = |part: fn(&Run) -> f64| spread(runs.iter().map(part).collect());
        let (rate, low, high) = of(|run| run.rate);
        println!(
            "{name:12}{:>26}{:>10.1}{:>10.1}{:>11.1}{:>8.1}",
            format!("{rate:.0} ({low:.0}–{high:.0})"),
            of(|run| run.front_us).0,
            of(|run| run.halftone_us).0,
            of(|run| run.memcached_us).0,
            of(|run| run.load_us).0
        );
    }
    println!(
        "ratio {:.3} ({:.3}–{:.3}), goal ≥ {}: {}",
        ratio.0,
        ratio.1,
        ratio.2,
        case.goal,
        verdict(ratio.0 >= case.goal)
    );
}

/// memcached on a port of its own.
struct Memcached {
    // Before the folder, so that it ends before its output goes.
    process: Process,
    addr: SocketAddr,
    _dir: TempDir,
}

impl Memcached {
    fn start() -> Self {
        let dir = temp_dir();
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = Command::new(program("memcached", "memcached"));
        command.args(["-l", "127.0.0.1", "-p", &addr.port().to_string(), "-U", "0"]);
        if is_root() {
            command.args(["-u", "nobody"]);
        }
        let mut process = Process::start("memcached", dir.path(), &mut command);
        process.wait_until("memcached listens", || TcpStream::connect(addr).is_ok());
        Self { process, addr, _dir: dir }
    }
}
