//! Memory of the whole pool: idle, after a thousand mixed pictures, and after many more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halftone::load::{End, Load, run as put_on};

use crate::library::Library;
use crate::support::front::{Front, Kind};
use crate::support::halftone::Pool;
use crate::{load, usage, verdict};

const CLIENTS: usize = 16;

/// Pictures between two readings.
const STEP: usize = 1_000;

/// How long a client that was refused waits before it asks again.
const RETRY: Duration = Duration::from_millis(200);

const IDLE_GOAL_MB: f64 = 40.0;
const BUSY_GOAL_MB: f64 = 250.0;

/// How much more than in the middle of the run still counts as flat at its end. Before the middle the
/// memory tiers of both workers go on filling, up to their bounds.
const FLAT: f64 = 1.1;

/// Measures, with two workers, the default caches, and nginx in front.
pub fn run(library: &Arc<Library>, more: usize) {
    let pool = Pool::start_alone(|images| library.write(images), |config| config);
    let front = Front::start(Kind::Nginx, &pool.socket());
    // What a worker does in its first moments is done.
    std::thread::sleep(Duration::from_secs(2));
    let idle_mb = usage::pss_mb(pool.pid());
    println!("\nmemory (PSS) of arbiter and 2 workers, {CLIENTS} clients, distinct mixed pictures");
    println!("idle {idle_mb:.1} MB, goal ≤ {IDLE_GOAL_MB}: {}", verdict(idle_mb <= IDLE_GOAL_MB));
    let mut readings: Vec<f64> = Vec::new();
    let start = Instant::now();
    for step in 0..1 + more.div_ceil(STEP) {
        let cpu_s = usage::cpu_s(pool.pid());
        let (peak_mb, refused) = make(library, front.http(), step * STEP, pool.pid());
        let pss_mb = usage::pss_mb(pool.pid());
        println!(
            "after {:6} pictures {pss_mb:6.1} MB, while making {peak_mb:6.1} MB; {:5.1} ms CPU per \
             picture, {refused} refused, {:.0} s",
            (step + 1) * STEP,
            (usage::cpu_s(pool.pid()) - cpu_s) * 1e3 / STEP as f64,
            start.elapsed().as_secs_f64()
        );
        readings.push(pss_mb);
    }
    let (first, middle) = (readings[0], readings[readings.len() / 2]);
    let last = readings[readings.len() - 1];
    println!("after the first goal ≤ {BUSY_GOAL_MB}: {}", verdict(first <= BUSY_GOAL_MB));
    println!(
        "at the end {:.2} of the middle, goal ≤ {FLAT}: {}",
        last / middle,
        verdict(last <= FLAT * middle)
    );
}

/// Has a thousand pictures made; gives the most memory that was seen meanwhile, and how many more requests
/// were told to come back: with 16 clients on two workers one of them may have more waiting than it admits.
fn make(library: &Arc<Library>, addr: SocketAddr, from: usize, pid: i32) -> (f64, u64) {
    let library = Arc::clone(library);
    let made = Load {
        clients: CLIENTS,
        end: End::Requests(STEP as u64),
        after_refusal: RETRY,
        ..load::each(addr, &[], move |n| library.mixed(from + n as usize))
    };
    let mut peak_mb: f64 = 0.0;
    let all = std::thread::scope(|scope| {
        let made = scope.spawn(|| put_on(&made).expect("the load can be made").all());
        while !made.is_finished() {
            peak_mb = peak_mb.max(usage::pss_mb(pid));
            std::thread::sleep(Duration::from_millis(200));
        }
        made.join().expect("nothing failed")
    });
    let known = all.statuses.keys().all(|status| [200, 503].contains(status));
    assert!(known && all.failures.is_empty(), "{:?} {:?}", all.statuses, all.failures);
    assert_eq!(all.from_cache[0], 0, "a picture came from a cache");
    (peak_mb, all.statuses.get(&503).copied().unwrap_or(0))
}
