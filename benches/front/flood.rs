//! A hundred clients that ask for pictures which nobody has asked for before, and a few that ask for
//! cached ones meanwhile: how long these wait, how many new ones are made beside the best rate, and how
//! long anybody waits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use halftone::load::{End, Load, OfKind, Pace, Tally, run as put_on};

use crate::library::Library;
use crate::support::config::Config;
use crate::support::front::{Front, Kind};
use crate::support::halftone::Pool;
use crate::support::http::Client;
use crate::{load, verdict};

/// Clients that keep two cores at work, with a short queue and a longer one: the best rate is theirs.
const FEW: [usize; 2] = [4, 16];
const MANY: usize = 100;
/// Cached pictures that are asked for each second, whether or not earlier ones have come.
const CACHED_PER_S: f64 = 600.0;
/// How long a client that was refused waits before it asks for the next.
const RETRY: Duration = Duration::from_millis(500);

/// The longest that a request may wait for its turn, in seconds: less than the queue of many is long, so that
/// it has to be kept to.
const WAIT_S: u64 = 1;

const P99_GOAL_MS: f64 = 50.0;
const RATE_GOAL: f64 = 0.9;

/// What those saw who asked for new pictures, and those who asked for cached ones.
struct Seen {
    new: Tally,
    cached: OfKind,
}

/// Measures, with cached pictures in memory, and with those that only the shared tier has.
pub fn run(library: &Arc<Library>, time: Duration) {
    println!(
        "\nflood, nginx, 2 workers, {} s each; {CACHED_PER_S} cached pictures are asked for each second",
        time.as_secs()
    );
    for (name, memory_mb) in [("memory", "64"), ("disk", "0")] {
        let settings = |config: Config| {
            config
                .raw("image_wait_s", &WAIT_S.to_string())
                .raw("memory_cache_mb", memory_mb)
                // The program answers, not nginx.
                .raw("edge_cache_s", "0")
        };
        let pool = Pool::start_alone(|images| library.write(images), settings);
        let front = Front::start(Kind::Nginx, &pool.socket());
        let next = Arc::new(AtomicU64::new(0));
        let (cached, _) = library.find_picture(&mut Client::connect(front.http()).unwrap());
        println!("\ncached ones from {name}");
        let flood = |clients| flood(library, front.http(), &next, clients, &cached, time);
        let best_rate =
            FEW.map(|few| print(few, &flood(few), time)).into_iter().fold(0.0, f64::max);
        let many = flood(MANY);
        let rate = print(MANY, &many, time);
        let p99_ms = many.cached.within_ms(0.99);
        println!("p99 of cached ones, goal ≤ {P99_GOAL_MS} ms: {}", verdict(p99_ms <= P99_GOAL_MS));
        let ratio = rate / best_rate;
        println!("rate {ratio:.2} × the best, goal ≥ {RATE_GOAL}: {}", verdict(ratio >= RATE_GOAL));
        // Once it is its turn a picture has to be made as well.
        let bound_ms = (WAIT_S + 2) as f64 * 1e3;
        let longest_ms = many.new.all().longest_ms();
        println!("longest wait, goal ≤ {WAIT_S} s and making: {}", verdict(longest_ms <= bound_ms));
    }
}

fn flood(
    library: &Arc<Library>,
    addr: SocketAddr,
    next: &Arc<AtomicU64>,
    clients: usize,
    cached: &str,
    time: Duration,
) -> Seen {
    let (library, next) = (Arc::clone(library), Arc::clone(next));
    let target = move |_| library.mixed(next.fetch_add(1, Ordering::SeqCst) as usize);
    let new = Load {
        clients,
        end: End::After(time),
        after_refusal: RETRY,
        ..load::each(addr, &[], target)
    };
    let cached = Load { pace: Pace::Open { per_s: CACHED_PER_S }, ..load::same(addr, cached, &[]) };
    let (new, cached) = std::thread::scope(|scope| {
        let new = scope.spawn(|| put_on(&new).expect("the load can be made"));
        let cached = load::put_on(&cached, time).all();
        (new.join().expect("nothing failed"), cached)
    });
    let all = new.all();
    let known = all.statuses.keys().all(|status| [200, 503].contains(status));
    assert!(known && all.failures.is_empty(), "{:?} {:?}", all.statuses, all.failures);
    Seen { new, cached }
}

/// Prints what was seen; gives the pictures per second.
fn print(clients: usize, seen: &Seen, time: Duration) -> f64 {
    let all = seen.new.all();
    let of = |status| all.statuses.get(&status).copied().unwrap_or(0);
    // What came after the end was made within the time as well, but for its last moments.
    let rate = of(200) as f64 / seen.new.elapsed.max(time).as_secs_f64();
    println!(
        "{clients:4} clients of new ones: {rate:6.1} made/s, {:4} refused, longest {:5.2} s; cached ones: \
         {} answered, median {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        of(503),
        all.longest_ms() / 1e3,
        seen.cached.requests(),
        seen.cached.within_ms(0.5),
        seen.cached.within_ms(0.99),
        seen.cached.longest_ms()
    );
    rate
}
