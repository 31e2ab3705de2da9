//! More requests than the server can do: one maker for each picture, and a bounded wait.

use std::net::SocketAddr;
use std::sync::Barrier;
use std::time::Instant;

use crate::library;
use crate::site::Site;
use crate::support::fixture::write_jpeg;
use crate::support::http::{self, Response};
use crate::support::wait;

fn at_once(site: &Site, targets: &[String]) -> Vec<Response> {
    let targets: Vec<_> = targets.iter().map(|target| (site.addr(), target.as_str())).collect();
    at_once_of(&targets)
}

fn at_once_of(targets: &[(SocketAddr, &str)]) -> Vec<Response> {
    let barrier = Barrier::new(targets.len());
    std::thread::scope(|scope| {
        let asking: Vec<_> = targets
            .iter()
            .map(|(addr, target)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    http::get(*addr, target).unwrap()
                })
            })
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    })
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
        let answers = at_once_of(&targets);
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

/// One slot, nobody may wait: of many different pictures at once, some are refused.
#[test]
fn too_many_pictures_at_once_are_refused_with_a_time_to_return() {
    let settings = "slots = 1\nimage_waiters = 1\nimage_wait_s = 1\nthreads = 8";
    let site = Site::start(settings, |images| {
        library::make(images);
        write_jpeg(&images.join("large.jpg"), 4000, 3000);
    });
    let known = "/image?src=a/photo.jpg&width=64";
    site.ok(known);
    let targets: Vec<String> = (0..8)
        .map(|number| format!("/image?src=large.jpg&format=png&angle={}", 10 + number))
        .collect();
    let start = Instant::now();
    let answers = std::thread::scope(|scope| {
        let asking = scope.spawn(|| at_once(&site, &targets));
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
    let refused: Vec<&Response> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!refused.is_empty(), "nobody was refused in {:?}", start.elapsed());
    for answer in refused {
        let seconds: u32 = answer.header("retry-after").expect("Retry-After").parse().unwrap();
        assert!((1..=600).contains(&seconds), "{seconds}");
        crate::errors::assert_page(&site, answer, 503, "busy");
    }
    for answer in &answers {
        assert!(matches!(answer.status, 200 | 503), "{}", answer.status);
    }
    // Afterwards everybody is served.
    wait::until("the server is free again", || site.status("/image?src=large.jpg&width=70") == 200);
}

/// The cached picture is asked of the caches by a request thread each time, and there are two of these.
#[test]
fn cached_pictures_are_sent_while_more_wait_than_there_are_threads() {
    let settings = "slots = 1\nthreads = 2\nmemory_cache_mb = 0\nimage_wait_s = 60";
    let site = Site::start(settings, |images| {
        library::make(images);
        write_jpeg(&images.join("large.jpg"), 4000, 3000);
    });
    let known = "/image?src=a/photo.jpg&width=64";
    site.ok(known);
    let targets: Vec<String> = (0..8)
        .map(|number| format!("/image?src=large.jpg&format=png&angle={}", 10 + number))
        .collect();
    let (answers, sent) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| at_once(&site, &targets));
        let mut sent = 0;
        while !asking.is_finished() {
            let before = unmade(&site);
            let hit = site.ok(known);
            assert_eq!(hit.header("x-from-cache"), Some("True"));
            if before > 2 && unmade(&site) > 2 {
                sent += 1;
            }
        }
        (asking.join().unwrap(), sent)
    });
    assert!(sent > 0, "no cached picture was sent while more than two were waited for");
    // Nothing was refused that would not have been before: all came within their time.
    assert!(answers.iter().all(|answer| answer.status == 200));
}

/// Whoever waits too long, or goes away, leaves the picture to the others who want it.
#[test]
fn one_who_gives_up_fails_nobody_else() {
    let site = Site::start("slots = 1", |images| write_jpeg(&images.join("large.jpg"), 5000, 4000));
    let target = "/image?src=large.jpg&format=png&angle=10";
    let mut leaving = http::Client::connect(site.addr()).unwrap();
    leaving.send("GET", target.as_bytes(), &[], b"").unwrap();
    wait::until("it is being made", || {
        site.ok("/metrics").text().contains("halftone_slots_used 1\n")
    });
    let others = asking(&site, target, 2);
    assert_eq!(unmade(&site), 1, "the others wait for the one who makes it");
    drop(leaving);
    for mut other in others {
        let answer = other.receive(false).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// Far more than there are makers, and places for what waits to be made.
#[test]
fn however_many_want_one_slow_picture_others_are_made_meanwhile() {
    let settings = "slots = 2\nthreads = 2\nimage_waiters = 2\nqueue_len = 64\nimage_wait_s = 50";
    let site = Site::start(settings, |images| {
        library::make(images);
        write_jpeg(&images.join("large.jpg"), 5000, 4000);
    });
    let waiting = asking(&site, "/image?src=large.jpg&format=png&angle=10", 40);
    wait::until("the slow picture is being made", || unmade(&site) == 1);
    let other = site.ok("/image?src=a/photo.jpg&width=65");
    assert_eq!(other.header("x-from-cache"), Some("False"));
    assert_eq!(unmade(&site), 1, "the slow picture is being made still");
    let answers: Vec<Response> =
        waiting.into_iter().map(|mut client| client.receive(false).unwrap()).collect();
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == answers[0].body));
    let made = answers.iter().filter(|answer| answer.header("x-from-cache") == Some("False"));
    assert_eq!(made.count(), 1);
    assert_eq!(unmade(&site), 0);
    assert!(site.ok("/metrics").text().contains("halftone_pictures_total{from=\"joined\"} 39\n"));
}

/// Those who wait for another's picture do so until their time is over, and no longer.
#[test]
fn waiting_for_anothers_picture_ends_in_time() {
    let settings = "slots = 1\nthreads = 2\nimage_wait_s = 1\nqueue_len = 64";
    let site = Site::start(settings, |images| write_jpeg(&images.join("large.jpg"), 6000, 5000));
    let target = "/image?src=large.jpg&format=png&angle=10";
    let mut first = asking(&site, target, 1);
    wait::until("it is being made", || unmade(&site) == 1);
    for mut late in asking(&site, target, 10) {
        let answer = late.receive(false).unwrap();
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
    }
    assert_eq!(first[0].receive(false).unwrap().status, 200);
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
    let settings = "slots = 1\nimage_waiters = 1\nthreads = 2\nqueue_len = 1\nimage_wait_s = 2";
    let site = Site::start(settings, |images| write_jpeg(&images.join("large.jpg"), 3000, 2000));
    let targets: Vec<String> = (0..24)
        .map(|number| format!("/image?src=large.jpg&format=png&angle={}", 10 + number))
        .collect();
    let answers = at_once(&site, &targets);
    let refused = answers.iter().filter(|answer| answer.status == 503).count();
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(refused + made, answers.len());
    assert!(refused > 0 && made > 0, "{made} made, {refused} refused");
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
    }
    wait::until("the server is free again", || site.status("/image?src=large.jpg&width=70") == 200);
}
