//! The load of a site's users, as `halftone bench` makes it: how many requests a second, whether a set rate
//! is held, and whether memory and descriptors stay flat over a million requests.

use std::sync::Arc;
use std::time::Duration;

use halftone::load::{End, KINDS, Load, Mix, MixOptions, Pace, Replay, Shares, Tally, Visitor};

use crate::beside::{free_address, static_site};
use crate::library::Library;
use crate::support::config::Config;
use crate::support::files::temp_dir;
use crate::support::front::{Front, Kind};
use crate::support::halftone::{Pool, run};
use crate::{load, usage, verdict};

/// What the server that this one succeeds answered at 90 % cached and four clients, in a second, on a
/// machine on which nginx sent so many static files of 45 KB in a second.
const PREDECESSOR: f64 = 82.0;
const STATIC_THERE: f64 = 72_400.0;
/// How many times its predecessor it should be.
const TIMES: f64 = 12.0;

const CLIENTS: usize = 4;
const CACHED_PERCENT: f64 = 90.0;
/// Of a million requests: more new ones would take most of an hour.
const SOAK_CACHED_PERCENT: f64 = 98.0;

/// Kinds of requests that are no pictures.
const NO_PICTURES: [&str; 2] = ["details", "list"];

/// A hundred million pictures a day.
const HELD_PER_S: f64 = 1_160.0;
const HELD_P99_MS: f64 = 100.0;
/// Connections of the open loop, more than ever wait.
const MOST_CLIENTS: usize = 512;

/// How much more memory still counts as flat.
const FLAT: f64 = 1.1;
/// How many descriptors more may be open at the end than after a tenth: files that a job has open just then.
const DESCRIPTORS: usize = 4;
/// Within this time a pool notices that nobody is connected any more, and gives back memory that lies free.
const SETTLED: Duration = Duration::from_secs(35);

/// A pool behind nginx, with pictures.
struct Site {
    front: Front,
    pool: Pool,
}

impl Site {
    fn start(library: &Library, prepared: bool, more: &str) -> Self {
        // Without jobs nothing is prepared behind the measurement's back.
        let reductions_mb = if prepared { "2000" } else { "0" };
        let pool = Pool::start_alone(
            |images| library.write(images),
            |config| config.raw("reductions_disk_mb", reductions_mb),
        );
        if prepared {
            prepare(&pool);
        }
        let front = Front::start_with(Kind::Nginx, &pool.socket(), more);
        Self { front, pool }
    }

    /// One whose front server keeps nothing, so that every request comes to the program; prepared.
    fn start_keeping_nothing(library: &Library) -> Self {
        let settings = |config: Config| config.raw("edge_cache_s", "0");
        let pool = Pool::start_alone(|images| library.write(images), settings);
        prepare(&pool);
        Self::keeping_nothing(pool)
    }

    /// A pool behind such a front server.
    fn keeping_nothing(pool: Pool) -> Self {
        let front = Front::start_keeping_nothing(Kind::Nginx, &pool.socket(), "");
        Self { front, pool }
    }

    /// Ends the front server, and gives the pool when it has noticed.
    fn left_alone(self) -> Pool {
        drop(self.front);
        std::thread::sleep(SETTLED);
        self.pool
    }

    /// The mix of users' requests, with new pictures of its own.
    fn mix(&self, salt: u64, cached_percent: f64) -> Mix {
        let server = load::server(self.front.http());
        let found = Visitor::new(&server, &[]).unwrap().find("/", 1_000).unwrap();
        let shares = Shares::default();
        let shares = if found.all_downloadable {
            shares
        } else {
            shares.without_originals().expect("there are others")
        };
        let options = MixOptions { shares, cached_percent, repeated: 500, salt };
        Mix::new(&server, &[], found.pictures, &options).unwrap()
    }

    /// A load of that mix, whose repeated pictures have been asked for.
    fn load(&self, salt: u64, cached_percent: f64, end: End) -> Load {
        let mix = self.mix(salt, cached_percent);
        let server = load::server(self.front.http());
        let repeated = mix.repeated();
        let once = End::Requests(repeated.len() as u64);
        load::all(&Load::new(&server, Arc::new(Replay::of(repeated)), CLIENTS, once));
        Load::new(&server, Arc::new(mix), CLIENTS, end)
    }
}

fn prepare(pool: &Pool) {
    run(&["reductions", "prepare", "--config", pool.config().to_str().unwrap()]);
}

/// The mix, 90 % asked for before, four clients: beside nginx's static file.
pub fn mix(library: &Library, time: Duration) {
    println!(
        "\nmix, {CACHED_PERCENT} % asked for before, {CLIENTS} clients, {} s each",
        time.as_secs()
    );
    for prepared in [false, true] {
        let files = temp_dir();
        std::fs::write(files.path().join("picture.jpg"), vec![b'x'; 45_000]).unwrap();
        let fixed = free_address();
        let site = Site::start(library, prepared, &static_site(Kind::Nginx, fixed, files.path()));
        let load = site.load(1, CACHED_PERCENT, End::After(time));
        let plain = load::put_on(&load::same(fixed, "/picture.jpg", &[]), Duration::from_secs(4));
        let tally = load::all(&load);
        let again = load::put_on(&load::same(fixed, "/picture.jpg", &[]), Duration::from_secs(4));
        let floor = (plain.rate() + again.rate()) / 2.0;
        let name = if prepared { "prepared" } else { "unprepared" };
        println!("\n{name}: {:.0} requests/s; static file {floor:.0}/s", tally.rate());
        print(&tally);
        let times = tally.rate() / (PREDECESSOR * floor / STATIC_THERE);
        println!("{times:.1} times its predecessor, goal ≥ {TIMES}: {}", verdict(times >= TIMES));
    }
}

/// A set rate, held for minutes with reductions prepared; what is reached at most without.
pub fn held(library: &Library, minutes: f64) {
    let site = Site::start(library, true, "");
    let time = Duration::from_secs_f64(minutes * 60.0);
    let shares = Shares::default();
    let sum_of = |names: &mut dyn Iterator<Item = &str>| -> f64 {
        names.map(|name| f64::from(shares.share(name))).sum()
    };
    let all = sum_of(&mut KINDS.iter().map(|(name, _)| *name));
    let per_s = HELD_PER_S * all / (all - sum_of(&mut NO_PICTURES.into_iter()));
    let load = Load {
        clients: MOST_CLIENTS,
        pace: Pace::Open { per_s },
        warm_up: Duration::from_secs(5),
        ..site.load(2, CACHED_PERCENT, End::After(time))
    };
    println!(
        "\n{HELD_PER_S} pictures and {:.0} other requests a second in an open loop, {CACHED_PERCENT} % asked \
         for before, prepared, {minutes} min",
        per_s - HELD_PER_S
    );
    let before = usage::cpu_s(site.pool.pid()) + usage::cpu_s(site.front.pid());
    let tally = halftone::load::run(&load).expect("the load can be made");
    let spent = usage::cpu_s(site.pool.pid()) + usage::cpu_s(site.front.pid()) - before;
    print(&tally);
    let all = tally.all();
    println!(
        "{:.1}/s, {} errors {:?} {:?}; server {:.2} cores",
        tally.rate(),
        all.errors(),
        all.statuses,
        all.failures,
        spent / tally.elapsed.as_secs_f64()
    );
    let met = all.errors() == 0 && tally.rate() >= 0.995 * per_s;
    println!("held without an error: {}", verdict(met));
    let p99_ms = all.within_ms(0.99);
    println!("p99 {p99_ms:.1} ms, goal ≤ {HELD_P99_MS}: {}", verdict(p99_ms <= HELD_P99_MS));
    drop(site);
    let site = Site::start(library, false, "");
    let load =
        Load { clients: 16, ..site.load(3, CACHED_PERCENT, End::After(Duration::from_secs(30))) };
    let tally = load::all(&load);
    println!("unprepared, 16 clients in a closed loop: {:.0}/s at most", tally.rate());
}

/// Memory and descriptors after a tenth, half and all of the requests. Each part has a front server of its own,
/// so that what is counted between them is what the program itself holds.
pub fn soak(library: &Library, requests: u64) {
    println!(
        "\nsoak: {requests} requests, {SOAK_CACHED_PERCENT} % asked for before, prepared, 16 clients"
    );
    let mut site = Site::start_keeping_nothing(library);
    let pid = site.pool.pid();
    let mut memory_mb = Vec::new();
    let mut descriptors = Vec::new();
    for (salt, (percent, part)) in [(10, 0.1), (50, 0.4), (100, 0.5)].into_iter().enumerate() {
        let end = End::Requests((requests as f64 * part) as u64);
        let load = Load { clients: 16, ..site.load(10 + salt as u64, SOAK_CACHED_PERCENT, end) };
        let tally = load::all(&load);
        let pool = site.left_alone();
        memory_mb.push(usage::pss_mb(pid));
        descriptors.push(usage::descriptors(pid));
        println!(
            "{percent:3} %: {:.0}/s, PSS {:.1} MB, RSS {:.1} MB, {} descriptors",
            tally.rate(),
            memory_mb.last().unwrap(),
            usage::rss_mb(pid),
            descriptors.last().unwrap()
        );
        site = Site::keeping_nothing(pool);
    }
    let [tenth, half, end] = memory_mb[..] else { unreachable!("there are three readings") };
    let growth = end / half;
    println!(
        "memory at the end {growth:.2} of that after half, goal ≤ {FLAT}: {} ({:.2} of that after a tenth, \
         when the memory tiers of the workers still fill)",
        verdict(growth <= FLAT),
        end / tenth
    );
    println!(
        "descriptors at the end at most {DESCRIPTORS} more than at a tenth: {}",
        verdict(descriptors[2] <= descriptors[0] + DESCRIPTORS)
    );
}

/// One line for each kind.
fn print(tally: &Tally) {
    println!(
        "{:10}{:>10}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "kind", "requests", "p50 ms", "p90", "p99", "p99.9", "max"
    );
    let all = tally.all();
    let kinds = KINDS.iter().map(|(name, _)| *name).zip(&tally.kinds);
    for (name, kind) in kinds.chain([("all", &all)]) {
        let ms = |part| kind.within_ms(part);
        println!(
            "{name:10}{:>10}{:>9.2}{:>9.2}{:>9.1}{:>9.1}{:>9.1}",
            kind.requests(),
            ms(0.5),
            ms(0.9),
            ms(0.99),
            ms(0.999),
            kind.longest_ms()
        );
    }
    let [cached, made] = all.from_cache;
    println!(
        "{:.1} % of the pictures from a cache, {:.1} MB/s, the load {:.2} of a core",
        100.0 * cached as f64 / (cached + made) as f64,
        all.bytes as f64 / 1e6 / tally.elapsed.as_secs_f64(),
        tally.client_share()
    );
}
