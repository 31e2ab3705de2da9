//! New pictures through nginx for four clients, beside the engine alone on all cores, in turns.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use halftone::load::Load;
use halftone::pixel::decode::Input;
use halftone::pixel::{Cancel, Engine, EngineOptions, Format, Quality, Recipe};

use crate::library::Library;
use crate::support::front::{Front, Kind};
use crate::support::halftone::Pool;
use crate::{load, spread, usage, verdict};

const CLIENTS: usize = 4;
const GOAL: f64 = 0.95;
const QUALITY: u8 = 80;

/// The width of picture number `n`: sizes of galleries, in no order.
fn width(n: u64) -> u32 {
    (300 + n * 67 % 161) as u32
}

/// Measures.
pub fn run(library: &Library, rounds: usize, time: Duration) {
    let pool = Pool::start_alone(
        |images| library.write(images),
        |config| {
            // Every picture is made, from its original.
            config
                .raw("memory_cache_mb", "0")
                .raw("disk_cache_mb", "0")
                .raw("edge_cache_s", "0")
                .raw("reductions_disk_mb", "0")
        },
    );
    let front = Front::start(Kind::Nginx, &pool.socket());
    let names: Vec<String> = library.names().map(str::to_owned).collect();
    let paths: Vec<PathBuf> = names.iter().map(|name| pool.images().join(name)).collect();
    let cores = std::thread::available_parallelism().unwrap().get();
    let asked = Load {
        clients: CLIENTS,
        ..load::each(front.http(), &[], move |n| {
            let name = &names[(n % names.len() as u64) as usize];
            format!("/image?src={name}&width={}&format=jpg&quality={QUALITY}", width(n))
        })
    };
    println!(
        "\ncold, {CLIENTS} clients, 300–460 px, beside the engine on {cores} threads; {rounds} rounds of \
         {} s in turns",
        time.as_secs()
    );
    let (mut alone, mut whole, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let engine = engine_alone(&paths, cores, time);
        let before = (usage::cpu_s(front.pid()), usage::cpu_s(pool.pid()));
        let tally = load::put_on(&asked, time);
        let of =
            |before: f64, pid| (usage::cpu_s(pid) - before) * 1e3 / tally.all().requests() as f64;
        let each_ms = (of(before.0, front.pid()), of(before.1, pool.pid()));
        assert_eq!(tally.all().from_cache[0], 0, "a picture came from a cache");
        // What the client took of the cores would have been the server's.
        let rate = tally.rate() / (1.0 - tally.client_share() / cores as f64);
        println!(
            "engine {engine:.1}/s; whole {:.1}/s, {rate:.1}/s with the client's {:.3} cores apart; CPU ms a \
             picture: nginx {:.2}, halftone {:.2}; p99 {:.0} ms",
            tally.rate(),
            tally.client_share(),
            each_ms.0,
            each_ms.1,
            tally.all().within_ms(0.99)
        );
        if round > 0 {
            alone.push(engine);
            whole.push(rate);
            ratios.push(rate / engine);
        }
    }
    let (ratio, low, high) = spread(ratios);
    println!(
        "engine {:.1}/s, whole {:.1}/s, ratio {ratio:.3} ({low:.3}–{high:.3}), goal ≥ {GOAL}: {}",
        spread(alone).0,
        spread(whole).0,
        verdict(ratio >= GOAL)
    );
}

/// Pictures a second that the engine makes of the same originals, in the same sizes, on all cores.
fn engine_alone(paths: &[PathBuf], threads: usize, time: Duration) -> f64 {
    let engine = Engine::new(EngineOptions::default()).expect("defaults are good");
    let next = AtomicU64::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while start.elapsed() < time {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let path = &paths[(n % paths.len() as u64) as usize];
                    assert!(make(&engine, path, width(n)) > 500, "no picture");
                }
            });
        }
    });
    next.into_inner() as f64 / start.elapsed().as_secs_f64()
}

/// Bytes of one picture.
fn make(engine: &Engine, path: &Path, width: u32) -> usize {
    let size = fs::metadata(path).expect("the file is there").len();
    let input = Input::of_file(File::open(path).expect("it opens"), size, None).expect("it reads");
    let quality = Quality { lossy: QUALITY, ..Quality::default() };
    let recipe = Recipe { width, quality, ..Recipe::unchanged(Format::Jpeg) };
    let opened = engine.open(input, &recipe.opening()).expect("a picture");
    engine.make(opened, &recipe, &Cancel::never(), &|_| ()).expect("it is made").bytes.len()
}
