//! PostgreSQL that is slow, silent, gone or stopped, under the load of many clients: what is known goes
//! on, what has to be written is refused clearly, nothing that was counted is lost or counted twice,
//! and all heals by itself.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use halftone::db::{self, Db, DbOptions};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::cluster::Cluster;
use crate::support::config::Config;
use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
use crate::support::front::{Front, Kind};
use crate::support::halftone::{Pool, binary};
use crate::support::http;
use crate::support::load::{self, Wanted};
use crate::support::process::Process;
use crate::support::relay::{Manner, Relay};
use crate::support::wait;
use crate::uploads::{call_at, token_of};

/// Far more than any request may take.
const LONG: Duration = Duration::from_secs(20);

fn library(images: &Path) {
    load::library(images);
    for number in 0..4 {
        write_jpeg(&images.join(format!("unseen-{number}.jpg")), 90, 60);
    }
}

fn settings(config: Config) -> Config {
    config
        .raw("edge_cache_s", "0")
        .raw("stats_flush_s", "1")
        .raw("task_poll_ms", "200")
        .raw("database_connect_timeout_ms", "1000")
        .raw("database_statement_timeout_ms", "2000")
}

/// The address of the database by way of a relay.
fn url(relay: &Relay) -> String {
    format!("postgresql://halftone@{}/halftone", relay.address())
}

/// Whoever administers: it writes something new each time.
struct Admin {
    addr: SocketAddr,
    token: String,
    made: u32,
}

impl Admin {
    fn write(&mut self) -> http::Response {
        self.made += 1;
        let flags = ["folios", "reports", "admin_users", "admin_files", "admin_folios"];
        let mut form = format!("name=made+{}&description=&group_type=2", 100 + self.made);
        for flag in flags.iter().chain(&["admin_permissions", "admin_all"]) {
            form += &format!("&access_{flag}=false");
        }
        call_at(self.addr, &self.token, "POST", "/admin/groups/", &form)
    }

    /// What cannot be written is refused in time, and the client told when to come again.
    #[track_caller]
    fn is_refused(&mut self, why: &str) {
        let began = Instant::now();
        let answer = wait::until_some("the database's absence is noticed", || {
            Some(self.write()).filter(|answer| answer.status >= 300)
        });
        assert_eq!(answer.status, 503, "{why}: {}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{why}: {:?}", answer.headers);
        assert!(began.elapsed() < LONG, "{why}: {:?}", began.elapsed());
    }

    fn succeeds_again(&mut self) {
        wait::until_told("what is new can be written again", || {
            let answer = self.write();
            let text = answer.text();
            (answer.status < 300).then_some(()).ok_or(text)
        });
    }

    /// Has a task queued, and gives back its id. A worker may notice later than another that the database is
    /// back.
    fn begin_task(&self) -> i64 {
        let form = "before_time=2001-01-01T00:00:00Z";
        wait::until_some("a task is queued", || {
            let told =
                call_at(self.addr, &self.token, "POST", "/admin/tasks/purge_system_stats/", form);
            assert!(told.status < 300 || told.status == 503, "{}", told.text());
            let told: Value = serde_json::from_slice(&told.body).unwrap();
            told["data"]["id"].as_i64()
        })
    }

    fn is_done(&self, task: i64) -> bool {
        let told = call_at(self.addr, &self.token, "GET", &format!("/admin/tasks/{task}/"), "");
        let told: Value = serde_json::from_slice(&told.body).unwrap_or_default();
        told["data"]["status"] == 2
    }
}

/// Requests for `photo.jpg` that the statistics know of.
fn counted(db: &Db) -> i64 {
    let image = db::images::by_path(db, "photo.jpg").unwrap().expect("a row");
    db::stats::image_sum(db, image.id, 0, i64::MAX).unwrap().requests
}

#[test]
fn what_is_known_goes_on_while_postgres_is_away_and_nothing_is_lost() {
    let mut cluster = Cluster::quick();
    cluster.database("halftone");
    let relay = Relay::start(&format!("127.0.0.1:{}", cluster.port()));
    let mut pool = Pool::start_at(&url(&relay), library, settings);
    let front = Front::start(Kind::Nginx, &pool.socket());
    let addr = front.http();
    let token = token_of(|sql| cluster.execute("halftone", sql), addr);
    let mut admin = Admin { addr, token, made: 0 };
    let dir = temp_dir();
    let mut command = binary();
    command.arg("tasks").arg("--config").arg(pool.config());
    let runner = Process::start("tasks", dir.path(), &mut command);
    let first = admin.begin_task();
    wait::until("the runner works", || admin.is_done(first));
    let wanted = Wanted::pictures(addr, 40);

    let mut task = 0;
    let answered = load::unharmed(&wanted, |load| {
        load.more(10);
        relay.set(Manner::Slow(Duration::from_millis(50)));
        load.more(10);
        admin.succeeds_again();
        for (number, manner) in [Manner::HalfOpen, Manner::Gone].into_iter().enumerate() {
            relay.set(manner);
            load.more(10);
            admin.is_refused(&format!("{manner:?}"));
            let unseen = http::get(addr, &format!("/image?src=unseen-{number}.jpg")).unwrap();
            assert_eq!(unseen.status, 503, "{manner:?}");
            assert!(unseen.header("retry-after").is_some(), "{manner:?}");
            load.more(10);
            relay.set(Manner::Through);
            admin.succeeds_again();
            let slowest = load.slowest();
            assert!(slowest < LONG, "{manner:?}: {slowest:?}\n{}", pool.output());
        }
        // A task that is queued, with a runner that could not begin it before the server was stopped.
        runner.signal(Signal::SIGSTOP);
        task = admin.begin_task();
        cluster.stop();
        runner.signal(Signal::SIGCONT);
        load.more(10);
        admin.is_refused("stopped");
        load.more(20);
        cluster.again();
        admin.succeeds_again();
        load.more(10);
        let slowest = load.slowest();
        assert!(slowest < LONG, "stopped: {slowest:?}\n{}", pool.output());
    });
    wait::until("the task that was queued is done", || admin.is_done(task));
    for number in 0..2 {
        let seen = http::get(addr, &format!("/image?src=unseen-{number}.jpg")).unwrap();
        assert_eq!(seen.status, 200, "{}", seen.text());
    }

    let options = DbOptions { url: cluster.url("halftone"), ..DbOptions::default() };
    let db = Db::connect(&options).unwrap();
    let asked = i64::try_from(answered + wanted.known()).unwrap();
    wait::until_told("every request is counted", || {
        let counted = counted(&db);
        (counted >= asked).then_some(()).ok_or(format!("{counted} of {asked}"))
    });
    // Both workers write once more before they end: what they hold twice would show.
    pool.signal(Signal::SIGTERM);
    assert!(pool.arbiter().wait().success(), "{}", pool.output());
    assert_eq!(counted(&db), asked, "none is counted twice");
}

#[test]
fn what_is_known_holds_for_a_set_time_and_is_back_when_the_database_is() {
    let cluster = Cluster::quick();
    cluster.database("halftone");
    let relay = Relay::start(&format!("127.0.0.1:{}", cluster.port()));
    let pool = Pool::start_at(&url(&relay), library, |config| {
        settings(config).raw("rights_max_age_s", "8").raw("workers", "1")
    });
    let front = Front::start(Kind::Nginx, &pool.socket());
    let ask = || http::get(front.http(), "/image?src=photo.jpg&width=100").unwrap();
    let right = ask();
    assert_eq!(right.status, 200);
    // What is known is at most a poll old at first, or more on a machine with a lot to do. A look that began before the server was thawed is older
    // when it succeeds.
    let cases = [(Manner::HalfOpen, Duration::from_secs(2)), (Manner::Gone, Duration::ZERO)];
    for (manner, least) in cases {
        relay.set(manner);
        let began = Instant::now();
        let after = wait::until_some("the knowledge is too old", || {
            let answer = ask();
            if answer.status == 200 {
                assert!(answer.body == right.body, "{manner:?}");
                return None;
            }
            assert_eq!(answer.status, 503, "{manner:?}: {}", answer.text());
            assert!(answer.header("retry-after").is_some(), "{manner:?}");
            Some(began.elapsed())
        });
        assert!(after >= least, "{manner:?}: {after:?}");
        relay.set(Manner::Through);
        wait::until("it is shown again", || ask().status == 200);
    }
}

#[test]
fn workers_that_end_while_the_database_is_away_are_started_when_it_is_back() {
    let cluster = Cluster::quick();
    cluster.database("halftone");
    let relay = Relay::start(&format!("127.0.0.1:{}", cluster.port()));
    let mut pool = Pool::start_at(&url(&relay), library, settings);
    let front = Front::start(Kind::Nginx, &pool.socket());
    let arbiter = pool.pid();
    let known = |pool: &Pool| pool.output().matches("a worker could not start: ").count();
    for manner in [Manner::Gone, Manner::HalfOpen] {
        let before = known(&pool);
        relay.set(manner);
        for pid in pool.workers() {
            // One that was started meanwhile may have ended by itself.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL);
        }
        wait::until("workers were tried again", || {
            assert_eq!(pool.arbiter().ended(), None, "{manner:?}: {}", pool.output());
            known(&pool) > before + 2
        });
        relay.set(Manner::Through);
        let shown = http::get(front.http(), "/image?src=photo.jpg&width=100").unwrap();
        assert_eq!(shown.status, 200, "{manner:?}: {}", shown.text());
        wait::until("both workers serve", || pool.workers().len() == 2);
    }
    assert_eq!(pool.pid(), arbiter);

    // A first start without a database ends, and says why.
    relay.set(Manner::Gone);
    pool.signal(Signal::SIGTERM);
    pool.arbiter().wait();
    pool.start_again();
    assert_eq!(pool.arbiter().wait().code(), Some(1));
    assert!(pool.output().contains("a worker could not start: "), "{}", pool.output());
}

#[test]
fn what_front_servers_send_while_the_database_is_away_is_counted_afterwards() {
    let cluster = Cluster::quick();
    cluster.database("halftone");
    let relay = Relay::start(&format!("127.0.0.1:{}", cluster.port()));
    let pool = Pool::start_at(&url(&relay), library, |config| {
        settings(config).raw("rights_max_age_s", "2").raw("workers", "1")
    });
    let front = Front::start(Kind::Nginx, &pool.socket());
    let status = || http::get(front.http(), "/image?src=photo.jpg&width=100").unwrap().status;
    assert_eq!(status(), 200);
    let dir = temp_dir();
    let log = dir.path().join("halftone.log");
    let hits = |width: u32| {
        let at_ms = db::now_ms();
        let line = format!(
            "halftone at={}.{:03} status=200 cache=HIT bytes=5000000 took_s=0.001 \
             request=\"GET /image?src=photo.jpg&width={width} HTTP/1.1\"\n",
            at_ms / 1000,
            at_ms % 1000
        );
        let mut file = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        file.write_all(line.repeat(3).as_bytes()).unwrap();
    };
    let options = DbOptions { url: cluster.url("halftone"), ..DbOptions::default() };
    let db = Db::connect(&options).unwrap();
    let image = db::images::by_path(&db, "photo.jpg").unwrap().expect("a row").id;
    // What nobody but the log tells of.
    let counted = || {
        let of_image = db::stats::image_sum(&db, image, 0, i64::MAX).unwrap();
        let of_all = db::stats::system_sum(&db, 0, i64::MAX).unwrap();
        (of_image.total_bytes / 5_000_000, of_all.total_bytes / 5_000_000)
    };
    hits(100);
    let mut command = binary();
    command.args(["stats", "follow"]).arg(&log).arg("--config").arg(pool.config());
    let mut follower = Process::start("follow", dir.path(), &mut command);
    follower.wait_until("the first are counted", || counted() == (3, 3));

    relay.set(Manner::Gone);
    wait::until("nothing is known any more", || status() == 503);
    // What the follower knows may be somewhat younger, and it looks at the log now and then.
    std::thread::sleep(Duration::from_secs(2));
    hits(100);
    hits(101);
    std::thread::sleep(Duration::from_secs(2));
    relay.set(Manner::Through);
    follower.wait_until("all are counted", || counted().1 == 9);
    assert_eq!(counted(), (9, 9), "{}", follower.output());
}
