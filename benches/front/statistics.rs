//! The front server's log, followed and counted while it is under load.

use std::time::{Duration, Instant};

use halftone::db::Db;
use halftone::db::stats::{Numbers, system_sum};
use halftone::load::Tally;

use crate::people::database;
use crate::support::front::Front;
use crate::support::halftone::{Pool, binary};
use crate::support::process::Process;
use crate::{usage, verdict};

/// How long the counting may lag behind the load.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running `halftone stats follow`.
pub struct Followed {
    process: Process,
    db: Db,
    before: Numbers,
}

impl Followed {
    /// Starts it at the end of what was logged so far.
    pub fn start(pool: &Pool, front: &Front) -> Self {
        let db = database(pool);
        // nginx writes its log at most a second late.
        std::thread::sleep(Duration::from_secs(2));
        let mut once = binary();
        once.args(["stats", "follow", "--once"])
            .arg(front.log())
            .arg("--config")
            .arg(pool.config());
        assert!(once.status().unwrap().success());
        let before = settled(&db);
        let mut command = binary();
        command.arg("stats").arg("follow").arg(front.log()).arg("--config").arg(pool.config());
        let process = Process::start("follow", &pool.run_dir(), &mut command);
        Self { process, db, before }
    }

    /// Compares what clients got with what was counted.
    pub fn compare(&self, tallies: &[Tally]) {
        let mut sent = halftone::load::OfKind::default();
        tallies.iter().for_each(|tally| sent.add(&tally.all()));
        let told: Vec<String> = ["HIT", "REVALIDATED", "EXPIRED", "MISS", "none"]
            .iter()
            .map(|name| format!("{name} {}", sent.verdict(name)))
            .collect();
        println!("sent by the front server: {}", told.join(", "));
        let expected = (sent.requests(), sent.bytes);
        let end = Instant::now() + PATIENCE;
        let begun = Instant::now();
        let mut counted = self.counted();
        while counted != expected && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
            counted = self.counted();
        }
        println!(
            "sent {} pictures and {} bytes, counted {} and {}: {}; the counting was {:.1} s behind and \
             took {:.2} µs of CPU time a request",
            expected.0,
            expected.1,
            counted.0,
            counted.1,
            verdict(counted == expected),
            begun.elapsed().as_secs_f64(),
            usage::cpu_s(self.process.pid()) * 1e6 / expected.0 as f64
        );
    }

    fn counted(&self) -> (u64, u64) {
        let now = system_sum(&self.db, 0, i64::MAX).unwrap();
        let more = |now: i64, before: i64| u64::try_from(now - before).unwrap();
        (more(now.views, self.before.views), more(now.total_bytes, self.before.total_bytes))
    }
}

/// What is counted once the workers have written all that they counted.
fn settled(db: &Db) -> Numbers {
    let sum = || system_sum(db, 0, i64::MAX).unwrap();
    loop {
        let before = sum();
        std::thread::sleep(Duration::from_secs(3));
        if sum() == before {
            return before;
        }
    }
}
