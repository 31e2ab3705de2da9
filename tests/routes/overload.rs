//! More requests than the server can do: one maker for each picture, and a bounded wait.
//!
//! What has to last lasts until a test lets it end, whatever the machine and the build: slots are held as another
//! process would hold them, and a picture is slow whose file is read by a process that was stopped.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use halftone::bytelock::ByteLocks;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::library;
use crate::site::Site;
use crate::support::fixture::write_jpeg;
use crate::support::http::{self, Response};
use crate::support::process::{children_of, is_alive, is_stopped};
use crate::support::wait;

/// A picture that is read by a process of its own.
const DRAWING: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">
    <rect width="20" height="30" fill="#f00"/></svg>"##;
const SLOW: &str = "/image?src=slow.svg&format=png&width=200";

/// In the file of slots: whoever is the next to get one holds the first byte, the slots are those behind it.
const GATE: std::ops::Range<u64> = 0..1;

fn at_once(site: &Site, targets: &[String]) -> Vec<Response> {
    let targets: Vec<_> = targets.iter().map(|target| (site.addr(), target.as_str())).collect();
    at_once_of(&targets, &|| ())
}

/// Asks for all of it at the same time; `told` is called whenever an answer has come.
fn at_once_of(targets: &[(SocketAddr, &str)], told: &(dyn Fn() + Sync)) -> Vec<Response> {
    let barrier = Barrier::new(targets.len());
    std::thread::scope(|scope| {
        let asking: Vec<_> = targets
            .iter()
            .map(|(addr, target)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let answer = http::get(*addr, target).unwrap();
                    told();
                    answer
                })
            })
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// So many pictures that nobody has asked for.
fn new_pictures(count: usize) -> Vec<String> {
    let target = |number| format!("/image?src=a/photo.jpg&format=png&angle={}", 10 + number);
    (0..count).map(target).collect()
}

/// Takes all slots of a site, until it is dropped.
fn hold_slots(site: &Site, count: u64) -> ByteLocks {
    let locks = ByteLocks::open(&site.data().join("run/slots.lock")).unwrap();
    wait::until("the slots are free", || locks.try_lock(GATE.end..GATE.end + count).unwrap());
    locks
}

fn library_with_slow(images: &Path) {
    library::make(images);
    fs::write(images.join("slow.svg"), DRAWING).unwrap();
}

/// The processes that read files, the slow picture's among them, stopped until they may go on.
struct Stopped(Vec<Pid>);

impl Stopped {
    fn new(site: &Site) -> Self {
        let stopped = Self(children_of(site.pid()).into_iter().map(Pid::from_raw).collect());
        assert!(!stopped.0.is_empty(), "{}", site.log());
        for reader in &stopped.0 {
            // What is of no use any more may have ended.
            let _ = kill(*reader, Signal::SIGSTOP);
            let pid = reader.as_raw();
            wait::until("the process has stopped", || is_stopped(pid) || !is_alive(pid));
        }
        stopped
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for reader in &self.0 {
            // It may have been killed.
            let _ = kill(*reader, Signal::SIGCONT);
        }
    }
}

/// Asks for the slow picture on a site with so many slots. It is in one of these when this returns.
fn begin_slow(site: &Site, slots: u64) -> (http::Client, Stopped) {
    let held = hold_slots(site, slots);
    let client = asking(site, SLOW, 1).remove(0);
    // Then its file is open, and its pixels have not been asked for.
    wait::until("it waits for a slot", || held.held_by_others(GATE).unwrap().is_some());
    let stopped = Stopped::new(site);
    drop(held);
    wait::until("it is being made", || gauge(site, "slots_used") == 1);
    (client, stopped)
}

#[test]
fn many_who_want_the_same_picture_get_it_made_once() {
    let site = Site::start("", |images| write_jpeg(&images.join("large.jpg"), 3000, 2000));
    for width in [900, 901, 902] {
        let target = format!("/image?src=large.jpg&width={width}&format=png");
        let answers = at_once(&site, &vec![target.clone(); 12]);
        assert!(answers.iter().all(|answer| answer.status == 200));
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
        let made = answers.iter().filter(|answer| answer.header("x-from-cache") == Some("False"));
        assert_eq!(made.count(), 1, "{width}");
    }
}

#[test]
fn two_processes_make_a_picture_once() {
    let site = Site::start("", |images| write_jpeg(&images.join("large.jpg"), 3000, 2000));
    let (_second, addr) = site.second();
    for width in [900, 901, 902] {
        let target = format!("/image?src=large.jpg&width={width}&format=png");
        let targets: Vec<_> =
            [site.addr(), addr].repeat(5).into_iter().map(|addr| (addr, target.as_str())).collect();
        let answers = at_once_of(&targets, &|| ());
        assert!(answers.iter().all(|answer| answer.status == 200));
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
        let made = answers.iter().filter(|answer| answer.header("x-from-cache") == Some("False"));
        assert_eq!(made.count(), 1, "{width}");
    }
}

#[test]
fn those_who_wait_for_a_failure_are_told_of_it() {
    let site = Site::start("", |images| {
        write_jpeg(&images.join("whole.jpg"), 2000, 1500);
        let bytes = std::fs::read(images.join("whole.jpg")).unwrap();
        std::fs::write(images.join("half.jpg"), &bytes[..bytes.len() / 2]).unwrap();
    });
    let answers = at_once(&site, &vec!["/image?src=half.jpg&format=png".to_owned(); 10]);
    assert!(answers.iter().all(|answer| answer.status == 415));
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
}

/// One slot, which is not to be had, and one place to wait for it.
#[test]
fn too_many_pictures_at_once_are_refused_with_a_time_to_return() {
    let settings = "slots = 1\nimage_waiters = 1\nimage_wait_s = 1\nthreads = 8";
    let site = Site::start(settings, library::make);
    let known = "/image?src=a/photo.jpg&width=64";
    site.ok(known);
    let slots = hold_slots(&site, 1);
    let answers = std::thread::scope(|scope| {
        let asking = scope.spawn(|| at_once(&site, &new_pictures(8)));
        // What is in the cache goes on.
        let mut hits = 0;
        while !asking.is_finished() {
            let hit = site.ok(known);
            assert_eq!(hit.header("x-from-cache"), Some("True"));
            hits += 1;
        }
        assert!(hits > 0);
        asking.join().unwrap()
    });
    // Also who had the place, once its time was over.
    for answer in &answers {
        assert_eq!(answer.status, 503, "{}", answer.text());
        let seconds: u32 = answer.header("retry-after").expect("Retry-After").parse().unwrap();
        assert!((1..=600).contains(&seconds), "{seconds}");
        crate::errors::assert_page(&site, answer, 503, "busy");
    }
    drop(slots);
    // Afterwards everybody is served.
    wait::until("the server is free again", || {
        new_pictures(8).iter().all(|target| site.status(target) == 200)
    });
}

/// The cached picture is asked of the caches by a request thread each time, and there are two of these.
#[test]
fn cached_pictures_are_sent_while_more_wait_than_there_are_threads() {
    let settings = "slots = 1\nthreads = 2\nmemory_cache_mb = 0\nimage_wait_s = 60";
    let site = Site::start(settings, library::make);
    let known = "/image?src=a/photo.jpg&width=64";
    site.ok(known);
    let slots = hold_slots(&site, 1);
    let answers = std::thread::scope(|scope| {
        let asking = scope.spawn(|| at_once(&site, &new_pictures(8)));
        wait::until("all wait", || unmade(&site) == 8);
        for _ in 0..20 {
            let hit = site.ok(known);
            assert_eq!(hit.header("x-from-cache"), Some("True"));
        }
        assert_eq!(unmade(&site), 8, "all wait still");
        drop(slots);
        asking.join().unwrap()
    });
    // Nothing was refused that would not have been before: all came within their time.
    assert!(answers.iter().all(|answer| answer.status == 200));
}

/// Whoever waits too long, or goes away, leaves the picture to the others who want it.
#[test]
fn one_who_gives_up_fails_nobody_else() {
    let settings = "slots = 1\nimage_wait_s = 50\ndecoder_time_s = 600";
    let site = Site::start(settings, library_with_slow);
    let (leaving, stopped) = begin_slow(&site, 1);
    let others = asking(&site, SLOW, 2);
    assert_eq!(unmade(&site), 1, "the others wait for the one who makes it");
    leaving.leave().unwrap();
    drop(stopped);
    for mut other in others {
        let answer = other.receive(false).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    // Nobody was refused anything, and nothing says so.
    let counted = |status: u8, count: u8| {
        let line = format!("_requests_total{{kind=\"image\",status=\"{status}xx\"}} {count}\n");
        site.ok("/metrics").text().contains(&line)
    };
    wait::until("the one who has left is counted", || counted(4, 1));
    assert!(counted(5, 0));
    assert!(!site.log().contains("too busy"), "{}", site.log());
}

/// Who has waited for another's picture is not sent away because others want new ones.
#[test]
fn who_waits_for_one_who_leaves_needs_no_place_at_once() {
    let settings = "slots = 1\nimage_waiters = 1\nthreads = 4\nimage_wait_s = 60\nqueue_len = 64";
    let site = Site::start(settings, library::make);
    let slots = hold_slots(&site, 1);
    let target = "/image?src=a/photo.jpg&width=64";
    let leaving = asking(&site, target, 1).remove(0);
    let mut others = asking(&site, target, 6);
    let mut second = asking(&site, "/image?src=a/photo.jpg&width=65", 1).remove(0);
    assert_eq!(unmade(&site), 2, "both places are taken");
    let (number, refused, served) =
        (AtomicUsize::new(1), AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        // Whoever gets the place that becomes free is content.
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    let dpi = number.fetch_add(1, Ordering::SeqCst);
                    match site.status(&format!("/image?src=a/photo.jpg&width=64&dpi={dpi}")) {
                        200 => return,
                        status => assert_eq!(status, 503),
                    }
                    refused.fetch_add(1, Ordering::SeqCst);
                    if served.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
        }
        wait::until("others are refused", || refused.load(Ordering::SeqCst) > 0);
        leaving.leave().unwrap();
        let before = refused.load(Ordering::SeqCst);
        wait::until("many are refused", || refused.load(Ordering::SeqCst) > before + 200);
        drop(slots);
        for other in &mut others {
            let answer = other.receive(false).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        assert_eq!(second.receive(false).unwrap().status, 200);
        served.store(true, Ordering::SeqCst);
    });
}

/// Far more than there are makers, and places for what waits to be made.
#[test]
fn however_many_want_one_slow_picture_others_are_made_meanwhile() {
    let settings = "slots = 2\nthreads = 2\nimage_waiters = 2\nqueue_len = 64\nimage_wait_s = 50\n\
                    decoder_time_s = 600";
    let site = Site::start(settings, library_with_slow);
    let (mut first, stopped) = begin_slow(&site, 2);
    let waiting = asking(&site, SLOW, 39);
    for width in 65..70 {
        let other = site.ok(&format!("/image?src=a/photo.jpg&width={width}"));
        assert_eq!(other.header("x-from-cache"), Some("False"));
    }
    assert_eq!(unmade(&site), 1, "the slow picture is being made still");
    drop(stopped);
    let mut answers = vec![first.receive(false).unwrap()];
    answers.extend(waiting.into_iter().map(|mut client| client.receive(false).unwrap()));
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
    let made = answers.iter().filter(|answer| answer.header("x-from-cache") == Some("False"));
    assert_eq!(made.count(), 1);
    assert_eq!(unmade(&site), 0);
    assert!(site.ok("/metrics").text().contains("halftone_pictures_total{from=\"joined\"} 39\n"));
}

/// Those who wait for another's picture do so until their time is over, and no longer.
#[test]
fn waiting_for_anothers_picture_ends_in_time() {
    let settings = "slots = 1\nthreads = 2\nimage_wait_s = 1\nqueue_len = 64\ndecoder_time_s = 600";
    let site = Site::start(settings, library_with_slow);
    // By now there is a process that reads such files.
    site.ok("/image?src=slow.svg&format=png&width=20");
    let stopped = Stopped::new(&site);
    let mut first = asking(&site, SLOW, 1).remove(0);
    wait::until("it is begun", || unmade(&site) == 1);
    for mut late in asking(&site, SLOW, 10) {
        let answer = late.receive(false).unwrap();
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
    }
    drop(stopped);
    assert_eq!(first.receive(false).unwrap().status, 200);
}

/// Sends the same request on so many connections, and has the server take it up on each: connections are
/// taken in their order, and so are requests.
fn asking(site: &Site, target: &str, count: usize) -> Vec<http::Client> {
    let ask = |_| {
        let mut client = http::Client::connect(site.addr()).unwrap();
        client.send("GET", target.as_bytes(), &[], b"").unwrap();
        client
    };
    let clients = (0..count).map(ask).collect();
    let mut seen = 0;
    wait::until("all are taken up", || {
        seen = if gauge(site, "queued_requests") == 0 { seen + 1 } else { 0 };
        seen == 3
    });
    clients
}

/// Pictures that are being made or wait to be.
fn unmade(site: &Site) -> usize {
    gauge(site, "pictures_unmade")
}

fn gauge(site: &Site, name: &str) -> usize {
    let text = site.ok("/metrics").text();
    let value = text.lines().find_map(|line| line.strip_prefix(&format!("halftone_{name} ")));
    value.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
}

#[test]
fn a_full_queue_is_told_at_once() {
    let settings = "slots = 1\nimage_waiters = 1\nthreads = 2\nqueue_len = 1\nimage_wait_s = 60";
    let site = Site::start(settings, library::make);
    let slots = Mutex::new(Some(hold_slots(&site, 1)));
    let pictures = new_pictures(24);
    let targets: Vec<_> = pictures.iter().map(|target| (site.addr(), target.as_str())).collect();
    // Whoever is told first is so before there is a slot for anybody.
    let answers = at_once_of(&targets, &|| drop(slots.lock().unwrap().take()));
    let refused = answers.iter().filter(|answer| answer.status == 503).count();
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(refused + made, answers.len());
    assert!(refused > 0 && made > 0, "{made} made, {refused} refused");
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
    }
    wait::until("the server is free again", || {
        site.status("/image?src=a/photo.jpg&width=70") == 200
    });
}
