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
