//! A cached picture through a front server beside the same bytes as a static file of the same server.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use halftone::load::{Load, Tally};
use tempfile::TempDir;

use crate::beside::{free_address, static_site, static_site_like_ours};
use crate::library::Library;
use crate::people::{self, Fields};
use crate::statistics::Followed;
use crate::support::config::Config;
use crate::support::files::temp_dir;
use crate::support::front::{Front, Kind};
use crate::support::halftone::Pool;
use crate::support::http::Client;
use crate::support::memcached::Memcached;
use crate::{load, spread, usage, verdict};

/// Connections of which the program must not become slower.
const MANY: usize = 256;

/// The part of the rate with few connections that is still no fall with many: beyond what the machine's
/// own noise makes.
const NO_FALL: f64 = 0.9;

const P99_GOAL_MS: f64 = 5.0;

/// Who answers, and with what.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The front server by itself, while its log is followed and counted.
    Edge,
    /// A worker from memory, to everybody.
    Public,
    /// A worker, to somebody who is signed in and alone may see it.
    Private,
    /// A worker: what the client has is still right.
    Unchanged,
    /// A worker, from memcached.
    Memcached,
    /// A worker, from disk.
    Disk,
}

/// A front server, and how it comes to its answers.
pub struct Case {
    pub name: &'static str,
    kind: Kind,
    way: Way,
    goal: f64,
}

/// Every case.
pub const CASES: [Case; 8] = [
    Case { name: "nginx-edge", kind: Kind::Nginx, way: Way::Edge, goal: 0.95 },
    Case { name: "apache-edge", kind: Kind::Apache, way: Way::Edge, goal: 0.8 },
    Case { name: "nginx-memory", kind: Kind::Nginx, way: Way::Public, goal: 0.5 },
    Case { name: "nginx-private", kind: Kind::Nginx, way: Way::Private, goal: 0.35 },
    Case { name: "nginx-304", kind: Kind::Nginx, way: Way::Unchanged, goal: 0.6 },
    Case { name: "nginx-memcached", kind: Kind::Nginx, way: Way::Memcached, goal: 0.25 },
    Case { name: "nginx-disk", kind: Kind::Nginx, way: Way::Disk, goal: 0.3 },
    Case { name: "apache-memory", kind: Kind::Apache, way: Way::Public, goal: 0.5 },
];

/// What one run of the load cost: the rate, and microseconds of CPU time per request.
struct Run {
    rate: f64,
    p99_ms: f64,
    front_us: f64,
    halftone_us: f64,
    memcached_us: f64,
    load_us: f64,
    tally: Tally,
}

/// What is measured.
struct Stage {
    // In this order: whoever asks ends before whoever answers.
    front: Front,
    pool: Pool,
    memcached: Option<Memcached>,
    fixed: SocketAddr,
    /// The static file with the log and the open files of Halftone's own site.
    like_ours: Option<SocketAddr>,
    _files: TempDir,
    target: String,
    /// Header fields of requests for the picture, and for the file.
    fields: [Fields; 2],
    bytes: usize,
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
    let stage = Stage::start(case, library, time);
    let followed = (case.way == Way::Edge).then(|| Followed::start(&stage.pool, &stage.front));
    let (file, picture) = (stage.file(), stage.picture());
    let like_ours = stage.like_ours.map(|addr| load::same(addr, "/picture.jpg", &[]));
    let (mut plain, mut made, mut like) = (Vec::new(), Vec::new(), Vec::new());
    let mut all = Vec::new();
    // One round more, which fills caches and connections and is not counted.
    for round in 0..=rounds {
        let runs = (stage.run(&file), stage.run(&picture));
        all.push(runs.1.tally.clone());
        if round > 0 {
            plain.push(runs.0);
            made.push(runs.1);
        }
        if let Some(file) = &like_ours {
            like.push(stage.run(file));
        }
    }
    print(case, stage.bytes, &plain, &made);
    if like_ours.is_some() {
        let rates = made.iter().zip(&like[1..]);
        let (ratio, low, high) = spread(rates.map(|(made, like)| made.rate / like.rate).collect());
        let front_us = spread(like[1..].iter().map(|run| run.front_us).collect()).0;
        println!(
            "beside a static file with the same log and open files ({front_us:.1} µs): {ratio:.3} \
             ({low:.3}–{high:.3})"
        );
    }
    if let Some(followed) = followed {
        followed.compare(&all);
    }
    if matches!(case.way, Way::Public | Way::Private) && case.kind == Kind::Nginx {
        many(&stage, &picture, &made, rounds);
    }
}

/// The same with many connections, beside the rates with few.
fn many(stage: &Stage, picture: &Load, few: &[Run], rounds: usize) {
    let picture = Load { clients: MANY, ..picture.clone() };
    let runs: Vec<Run> = (0..=rounds).map(|_| stage.run(&picture)).skip(1).collect();
    let (few_rate, ..) = spread(few.iter().map(|run| run.rate).collect());
    let (p99_ms, ..) = spread(few.iter().map(|run| run.p99_ms).collect());
    println!(
        "p99 of {} clients {p99_ms:.2} ms, goal ≤ {P99_GOAL_MS}: {}",
        load::CONNECTIONS,
        verdict(p99_ms <= P99_GOAL_MS)
    );
    let (rate, low, high) = spread(runs.iter().map(|run| run.rate).collect());
    let (p99_ms, ..) = spread(runs.iter().map(|run| run.p99_ms).collect());
    println!(
        "{MANY} clients: {rate:.0} ({low:.0}–{high:.0}), {:.2} of the rate with {}, goal ≥ {NO_FALL}: {}; \
         p99 {p99_ms:.2} ms",
        rate / few_rate,
        load::CONNECTIONS,
        verdict(rate >= NO_FALL * few_rate)
    );
}

impl Stage {
    fn start(case: &Case, library: &Library, time: Duration) -> Self {
        let memcached = (case.way == Way::Memcached).then(Memcached::start);
        let pool = Pool::start_alone(
            |images| library.write(images),
            |config| settings(config, case.way, memcached.as_ref()),
        );
        let files = temp_dir();
        let fixed = free_address();
        let mut more = static_site(case.kind, fixed, files.path());
        let edge_of_nginx = case.way == Way::Edge && case.kind == Kind::Nginx;
        let like_ours = edge_of_nginx.then(free_address);
        if let Some(addr) = like_ours {
            more += &static_site_like_ours(addr, files.path());
        }
        let start = match case.way {
            Way::Edge => Front::start_with,
            _ => Front::start_keeping_nothing,
        };
        let front = start(case.kind, &pool.socket(), &more);
        let mut client = Client::connect(front.http()).unwrap();
        let (target, picture) = library.find_picture(&mut client);
        fs::write(files.path().join("picture.jpg"), &picture).unwrap();
        let session = match case.way {
            Way::Private => people::close(&pool, &front),
            _ => Fields::new(),
        };
        check(&target, &picture, &front, fixed, &session);
        let fields = if case.way == Way::Unchanged {
            [conditional(front.http(), &target), conditional(fixed, "/picture.jpg")]
        } else {
            [session, Fields::new()]
        };
        let bytes = if case.way == Way::Unchanged { 0 } else { picture.len() };
        Self {
            front,
            pool,
            memcached,
            fixed,
            like_ours,
            _files: files,
            target,
            fields,
            bytes,
            time,
        }
    }

    fn picture(&self) -> Load {
        load::same(self.front.http(), &self.target, &self.fields[0])
    }

    fn file(&self) -> Load {
        load::same(self.fixed, "/picture.jpg", &self.fields[1])
    }

    fn run(&self, load: &Load) -> Run {
        let before = self.cpu_s();
        let tally = load::put_on(load, self.time);
        let after = self.cpu_s();
        let all = tally.all();
        let requests = all.requests() as f64;
        assert_eq!(all.bytes, all.requests() * self.bytes as u64, "the answers differ in size");
        let us = |index: usize| (after[index] - before[index]) * 1e6 / requests;
        Run {
            rate: tally.rate(),
            p99_ms: all.within_ms(0.99),
            front_us: us(0),
            halftone_us: us(1),
            memcached_us: us(2),
            load_us: tally.client_cpu.as_secs_f64() * 1e6 / requests,
            tally,
        }
    }

    fn cpu_s(&self) -> [f64; 3] {
        [
            usage::cpu_s(self.front.pid()),
            usage::cpu_s(self.pool.pid()),
            self.memcached.as_ref().map_or(0.0, |memcached| usage::cpu_s(memcached.pid())),
        ]
    }
}

fn settings(config: Config, way: Way, memcached: Option<&Memcached>) -> Config {
    if way == Way::Edge {
        return config.raw("stats_flush_s", "1");
    }
    // What is measured is the program: the front server keeps nothing.
    let config = config.raw("edge_cache_s", "0");
    match (way, memcached) {
        (Way::Memcached, Some(memcached)) => config
            .raw("memory_cache_mb", "0")
            .raw("memcached_servers", &format!("['{}']", memcached.address())),
        (Way::Disk, _) => config.raw("memory_cache_mb", "0"),
        _ => config,
    }
}

/// The field by which a client says what it has.
fn conditional(addr: SocketAddr, target: &str) -> Fields {
    let response = Client::connect(addr).unwrap().get(target).unwrap();
    let tag = response.header("etag").expect("there is an entity tag").to_owned();
    let fields = vec![("If-None-Match".to_owned(), tag.clone())];
    let again = Client::connect(addr)
        .unwrap()
        .request("GET", target.as_bytes(), &[("If-None-Match", &tag)], b"")
        .unwrap();
    assert_eq!(again.status, 304);
    fields
}

/// Both answer with the same bytes, and the picture comes from a cache; only to whom it is for.
fn check(target: &str, picture: &[u8], front: &Front, fixed: SocketAddr, session: &Fields) {
    let get = |fields: &Fields| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut client = Client::connect(front.http()).unwrap();
        client.request("GET", target.as_bytes(), &fields, b"").unwrap()
    };
    let made = get(session);
    assert_eq!(made.header("x-from-cache"), Some("True"), "{}", made.text());
    if !session.is_empty() {
        assert_eq!(get(&Fields::new()).status, 403);
    }
    let file = Client::connect(fixed).unwrap().get("/picture.jpg").unwrap();
    assert_eq!(file.status, 200, "{}{}", file.text(), front.errors());
    assert!(file.body == picture && made.body == picture, "the answers differ");
}

fn print(case: &Case, bytes: usize, plain: &[Run], made: &[Run]) {
    let ratio =
        spread(made.iter().zip(plain).map(|(made, plain)| made.rate / plain.rate).collect());
    println!("\n{}, {bytes} bytes", case.name);
    println!(
        "{:12}{:>26}{:>9}{:>10}{:>10}{:>11}{:>8}",
        "", "requests/s", "p99 ms", "front", "halftone", "memcached", "load"
    );
    for (name, runs) in [("static file", plain), ("picture", made)] {
        let of = |part: fn(&Run) -> f64| spread(runs.iter().map(part).collect());
        let (rate, low, high) = of(|run| run.rate);
        println!(
            "{name:12}{:>26}{:>9.2}{:>10.1}{:>10.1}{:>11.1}{:>8.1}",
            format!("{rate:.0} ({low:.0}–{high:.0})"),
            of(|run| run.p99_ms).0,
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
