//! Connections that are kept, did one request each, and then sent half a header: what they cost
//! others.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use halftone::process::Scoreboard;

use crate::library::Library;
use crate::support::fcgi::{exchange, get_request};
use crate::support::halftone::Pool;
use crate::{spread, verdict};

const CONNECTIONS: usize = 400;
const REQUESTS: usize = 100;

/// How much later than without them the others' answers may come.
const DELAY_GOAL: Duration = Duration::from_millis(1);

/// Measures, without a front server: it would not pass half a request on.
pub fn run(library: &Library) {
    let pool = Pool::start_alone(|images| library.write(images), |config| config);
    // A style sheet is answered by a request thread, a picture that is cached by the event loop.
    let sheet = "/static/halftone.css";
    let picture = "/image?src=chart.png&width=200";
    exchange(&mut pool.connect(), picture).unwrap();
    let before = [latency(&pool, sheet), latency(&pool, picture)];
    let half = get_request(picture);
    let kept: Vec<UnixStream> = (0..CONNECTIONS)
        .map(|_| {
            let mut stream = pool.connect();
            exchange(&mut stream, picture).unwrap();
            // Begins a request and stops within the header of its second record.
            stream.write_all(&half[..20]).unwrap();
            stream
        })
        .collect();
    let board = Scoreboard::open_readonly(&pool.run_dir().join("scoreboard")).unwrap();
    let snapshot = board.snapshot().unwrap();
    let connections: u64 = snapshot.workers.iter().map(|worker| worker.connections).sum();
    assert!(connections >= CONNECTIONS as u64, "only {connections} connections are held");
    let busy = snapshot.busy_threads();
    let after = [latency(&pool, sheet), latency(&pool, picture)];
    drop(kept);

    println!("\n{CONNECTIONS} kept connections with half a header, {REQUESTS} requests of others");
    println!("busy request threads {busy}, goal 0: {}", verdict(busy == 0));
    for (name, before, after) in [
        ("style sheet, by a thread", before[0], after[0]),
        ("cached picture, by the event loop", before[1], after[1]),
    ] {
        println!(
            "{name}: {:.0} µs at the median and {:.0} at most before, {:.0} and {:.0} beside them: {}",
            before.0 * 1e6,
            before.1 * 1e6,
            after.0 * 1e6,
            after.1 * 1e6,
            verdict(after.0 <= before.0 + DELAY_GOAL.as_secs_f64())
        );
    }
}

/// Seconds that a request takes on a connection of its own: median and highest.
fn latency(pool: &Pool, target: &str) -> (f64, f64) {
    let times = (0..REQUESTS).map(|_| {
        let mut stream = pool.connect();
        let start = Instant::now();
        let answer = exchange(&mut stream, target).unwrap();
        assert!(answer.starts_with(b"Status: 200"), "{}", String::from_utf8_lossy(&answer));
        start.elapsed().as_secs_f64()
    });
    let (median, _, highest) = spread(times.collect());
    (median, highest)
}
