//! Pictures that the front server keeps: sent without asking for a while, never longer, and never to
//! whom they are not for.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use halftone::bytelock::ByteLocks;

use crate::support::fcgi;
use crate::support::fixture::{jpeg_size, write_jpeg};
use crate::support::front::{BOTH, Front};
use crate::support::halftone::{Pool, binary, run};
use crate::support::http::{Client, Response};
use crate::support::process::Process;
use crate::support::wait;

/// How long pictures are kept at most in these tests.
const KEEP_S: u64 = 3;

pub fn library(images: &Path) {
    write_jpeg(&images.join("a/photo.jpg"), 600, 400);
    write_jpeg(&images.join("a/other.jpg"), 600, 400);
}

pub fn pool() -> Pool {
    Pool::start(library, |config| config.raw("edge_cache_s", &KEEP_S.to_string()))
}

/// A pool whose pictures are only sent for signed addresses, and might be kept for an hour.
fn signing_pool() -> Pool {
    Pool::start(library, |config| {
        config
            .raw("edge_cache_s", "3600")
            .raw("signatures_for", "[\"/a\"]")
            .raw("signing_keys", "[\"site:0123456789abcdef0123456789abcdef\"]")
    })
}

pub fn ask(front: &Front, target: &str, headers: &[(&str, &str)]) -> Response {
    let mut client = Client::connect(front.http()).unwrap();
    client.request("GET", target.as_bytes(), headers, b"").unwrap()
}

/// Whether the front server sent it without asking.
pub fn is_hit(response: &Response) -> bool {
    response.header("x-cache").is_some_and(|cache| cache.starts_with("HIT"))
}

/// Whether the front server asked and was told that what it has still holds.
fn is_revalidated(response: &Response) -> bool {
    response.header("x-cache").is_some_and(|cache| cache.starts_with("REVALIDATE"))
}

/// Asks twice at once until the second answer is a hit: more than the time to keep may pass between
/// two requests on a busy machine.
fn hit(front: &Front, target: &str, headers: &[(&str, &str)]) -> Response {
    wait::until_some("the front server has kept it", || {
        let first = ask(front, target, headers);
        assert_eq!(first.status, 200, "{}", first.text());
        Some(ask(front, target, headers)).filter(is_hit)
    })
}

/// Changes the level of everybody.
pub fn grant(pool: &Pool, level: u8) {
    pool.database().give_everybody(level);
}

#[test]
fn what_everybody_may_see_is_kept_and_asked_for_again_by_its_tag() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let target = format!("/image?src=a/photo.jpg&width=3{}", kind as u8);
        let first = ask(&front, &target, &[]);
        assert_eq!(first.status, 200, "{kind:?}: {} {}", first.text(), front.errors());
        let kept = hit(&front, &target, &[]);
        assert!(kept.body == first.body, "{kind:?}");
        assert_eq!(kept.header("etag"), first.header("etag"), "{kind:?}");
        // Each answer has the id of its own request, wherever it comes from.
        let id = kept.header("x-request-id").expect("an id").to_owned();
        assert_ne!(Some(id.as_str()), first.header("x-request-id"), "{kind:?}");
        wait::until("the log has it", || {
            std::fs::read_to_string(front.log()).unwrap().contains(&format!(" id={id} "))
        });
        let control = kept.header("cache-control").unwrap();
        assert!(control.starts_with("public, max-age=604800"), "{kind:?}: {control}");
        assert_eq!(kept.header("x-accel-expires"), None, "{kind:?}");
        wait::until("it is asked for again", || {
            let response = ask(&front, &target, &[]);
            assert_eq!(response.status, 200, "{kind:?}");
            assert!(response.body == first.body, "{kind:?}");
            is_revalidated(&response)
        });
        // A client that has it is told so without it being asked for.
        let tag = first.header("etag").unwrap();
        hit(&front, &target, &[]);
        let unchanged = ask(&front, &target, &[("If-None-Match", tag)]);
        assert_eq!(unchanged.status, 304, "{kind:?}");
        // A head is not kept for a whole.
        let other = format!("{target}&quality=70");
        let mut client = Client::connect(front.http()).unwrap();
        for _ in 0..2 {
            assert_eq!(client.request("HEAD", other.as_bytes(), &[], b"").unwrap().status, 200);
        }
        assert!(jpeg_size(&ask(&front, &other, &[]).body).0 > 0, "{kind:?}");
    }
}

#[test]
fn whoever_is_signed_in_is_answered_by_the_program() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let target = format!("/image?src=a/photo.jpg&width=4{}", kind as u8);
        let tag = hit(&front, &target, &[]).header("etag").unwrap().to_owned();
        for headers in [
            &[("Cookie", "halftone_session=x")][..],
            &[("Cookie", "theme=dark; halftone_session=x; lang=en")],
            &[("Cookie", "theme=dark"), ("Cookie", "halftone_session=x")],
            &[("Authorization", "Negotiate x")],
            &[("Accept", "image/avif;q=0,image/webp")],
        ] {
            hit(&front, &target, &[]);
            let response = ask(&front, &target, headers);
            assert_eq!(response.status, 200, "{kind:?} {headers:?}");
            assert!(!is_hit(&response), "{kind:?} {headers:?}: {response:?}");
            let control = response.header("cache-control").unwrap();
            assert!(!control.contains("no-store"), "{kind:?}: {control}");
            // Their own conditions reach the program.
            let conditional = [headers, &[("If-None-Match", tag.as_str())]].concat();
            assert_eq!(ask(&front, &target, &conditional).status, 304, "{kind:?} {headers:?}");
        }
        // A token that is not good is refused, whatever is kept.
        hit(&front, &target, &[]);
        assert_eq!(ask(&front, &target, &[("Authorization", "Bearer x")]).status, 401, "{kind:?}");
        // Other cookies and words of the client do not matter.
        for headers in [("Cookie", "theme=dark"), ("Cache-Control", "max-stale=1000, no-cache")] {
            hit(&front, &target, &[headers]);
        }
    }
}

#[test]
fn rights_that_are_taken_away_are_gone_within_the_bound() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let target = format!("/image?src=a/other.jpg&width=5{}", kind as u8);
        grant(&pool, 10);
        let ok = |headers: &[(&str, &str)]| ask(&front, &target, headers).status == 200;
        wait::until("everybody may see it", || ok(&[]));
        hit(&front, &target, &[]);
        grant(&pool, 0);
        let taken = Instant::now();
        let mut last_seen = taken;
        // Each worker learns of it for itself.
        wait::until("nobody may see it", || {
            (0..20).all(|_| {
                let asked = Instant::now();
                // Nor does it help to ask for what is stale.
                let seen = ok(&[]) || ok(&[("Cache-Control", "max-stale=1000")]);
                if seen {
                    last_seen = asked;
                }
                !seen
            })
        });
        // No longer than it may be kept, from when workers have learned of it, which takes two seconds, and
        // more on a machine with a lot to do.
        let bound = Duration::from_secs(KEEP_S + 10);
        assert!(last_seen - taken <= bound, "{kind:?}: {:?}", last_seen - taken);
        for _ in 0..20 {
            assert_eq!(ask(&front, &target, &[]).status, 403, "{kind:?}");
        }
        grant(&pool, 10);
        wait::until("everybody may see it again", || ok(&[]));
    }
}

/// Keeps everybody waiting who wants a new picture, until it is dropped.
fn hold_slots(pool: &Pool) -> ByteLocks {
    let locks = ByteLocks::open(&pool.run_dir().join("slots.lock")).unwrap();
    wait::until("the gate of the slots is free", || locks.try_lock(0..1).unwrap());
    locks
}

/// Pictures that wait to be made.
fn unmade(pool: &Pool) -> usize {
    let page = fcgi::exchange(&mut pool.connect(), "/metrics").unwrap();
    let text = String::from_utf8(page).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix("halftone_pictures_unmade "));
    value.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap()
}

/// Asks for a new picture while all slots are busy.
fn ask_and_wait(pool: &Pool, front: &Front, target: &str) -> Client {
    let mut client = Client::connect(front.http()).unwrap();
    client.send("GET", target.as_bytes(), &[], b"").unwrap();
    wait::until("it waits to be made", || unmade(pool) == 1);
    client
}

/// One worker, whose answers might be kept for an hour, and whose new pictures may wait.
fn waiting_pool() -> Pool {
    Pool::start(library, |config| {
        config.raw("edge_cache_s", "3600").raw("image_wait_s", "60").raw("workers", "1")
    })
}

#[test]
fn what_is_no_longer_allowed_when_it_is_sent_is_not_kept() {
    let pool = waiting_pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let target = format!("/image?src=a/photo.jpg&width=20{}", kind as u8);
        let other = |cookie: &str| ask(&front, "/image?src=a/other.jpg", &[("Cookie", cookie)]);
        grant(&pool, 10);
        wait::until("everybody may see them", || other("halftone_session=x").status == 200);
        let slots = hold_slots(&pool);
        let mut waiting = ask_and_wait(&pool, &front, &target);
        grant(&pool, 0);
        wait::until("nobody may see them", || other("halftone_session=x").status == 403);
        drop(slots);
        // It was allowed when it was asked for.
        let sent = waiting.receive(false).unwrap();
        assert_eq!(sent.status, 200, "{kind:?}: {}", sent.text());
        let again = ask(&front, &target, &[]);
        assert_eq!(again.status, 403, "{kind:?}: {:?}", again.headers);
    }
}

#[test]
fn what_is_purged_while_it_is_made_is_not_kept() {
    let pool = waiting_pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let target = format!("/image?src=a/photo.jpg&width=21{}", kind as u8);
        let other = format!("/image?src=a/other.jpg&width=21{}", kind as u8);
        let known = ask(&front, &other, &[]).header("etag").unwrap().to_owned();
        let headers = [("If-None-Match", &*known), ("Cookie", "halftone_session=x")];
        let slots = hold_slots(&pool);
        let mut waiting = ask_and_wait(&pool, &front, &target);
        pool.run(&["cache", "purge", "/"]);
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| {
                wait::until("the other is made anew", || {
                    ask(&front, &other, &headers).status == 200
                });
            });
            wait::until("the worker knows of the purge", || {
                asking.is_finished() || unmade(&pool) == 2
            });
            drop(slots);
            asking.join().unwrap();
        });
        let sent = waiting.receive(false).unwrap();
        assert_eq!(sent.status, 200, "{kind:?}: {}", sent.text());
        let again = ask(&front, &target, &[]);
        assert!(again.status == 200 && !is_hit(&again), "{kind:?}: {:?}", again.headers);
        assert_ne!(again.header("etag"), sent.header("etag"), "{kind:?}");
    }
}

#[test]
fn nothing_is_kept_that_is_not_for_everybody() {
    let pool = pool();
    grant(&pool, 0);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let target = format!("/image?src=a/photo.jpg&width=6{}", kind as u8);
        // Each worker learns of it for itself.
        let refused = || ask(&front, &target, &[]).status == 403;
        wait::until("nobody may see it", || (0..20).all(|_| refused()));
        for _ in 0..10 {
            let response = ask(&front, &target, &[]);
            assert!(response.status == 403 && !is_hit(&response), "{kind:?}");
        }
        // Pages, the API and errors are never kept.
        let others =
            ["/", "/api/v1/list?path=", "/image?src=a/none.jpg", "/original?src=a/photo.jpg"];
        for target in others {
            for _ in 0..3 {
                assert!(!is_hit(&ask(&front, target, &[])), "{kind:?} {target}");
            }
        }
    }
}

#[test]
fn while_the_program_is_away_nothing_old_is_sent() {
    for kind in BOTH {
        let pool = pool();
        let front = Front::start(kind, &pool.socket());
        let target = "/image?src=a/photo.jpg&width=70";
        hit(&front, target, &[]);
        drop(pool);
        wait::until("it is no longer sent", || ask(&front, target, &[]).status >= 500);
        for _ in 0..10 {
            assert!(ask(&front, target, &[]).status >= 500, "{kind:?}");
        }
    }
}

#[test]
fn each_class_of_clients_gets_what_it_can_show() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let target = format!("/image?src=a/photo.jpg&format=auto&width=8{}", kind as u8);
        let classes = [
            ("*/*", "image/jpeg"),
            ("image/png,image/*;q=0.8", "image/jpeg"),
            ("image/webp,*/*;q=0.8", "image/webp"),
            ("text/html, IMAGE/WEBP", "image/webp"),
            ("image/avif,image/webp,image/apng,*/*;q=0.8", "image/avif"),
            ("image/webp,image/avif", "image/avif"),
            ("image/avif", "image/avif"),
            ("image/webp2,ximage/avif", "image/jpeg"),
        ];
        for _ in 0..2 {
            for (accept, expected) in classes {
                let kept = hit(&front, &target, &[("Accept", accept)]);
                assert_eq!(kept.header("content-type"), Some(expected), "{kind:?} {accept}");
            }
        }
        // Two fields at once must not bring one class what is for another.
        for (one, two) in [("*/*", "image/avif"), ("image/avif", "*/*")] {
            ask(&front, &target, &[("Accept", one), ("Accept", two)]);
            let plain = ask(&front, &target, &[("Accept", "*/*")]);
            assert_eq!(plain.header("content-type"), Some("image/jpeg"), "{kind:?}");
        }
        let weighed = ask(&front, &target, &[("Accept", "image/avif;q=0,image/webp;q=0.5")]);
        assert_eq!(weighed.header("content-type"), Some("image/webp"), "{kind:?}");
    }
}

#[test]
fn nothing_is_kept_when_the_setting_says_so() {
    let pool = Pool::start(library, |config| config.raw("edge_cache_s", "0"));
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        for _ in 0..4 {
            let response = ask(&front, "/image?src=a/photo.jpg&width=91", &[]);
            assert!(response.status == 200 && !is_hit(&response), "{kind:?}");
        }
    }
}

#[test]
fn a_picture_that_is_tracked_is_asked_for_each_time() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        for _ in 0..4 {
            let response = ask(&front, "/image?src=a/photo.jpg&width=90&xref=me", &[]);
            assert!(response.status == 200 && !is_hit(&response), "{kind:?}");
        }
    }
}

/// What has a folder's or an original's pictures made anew, those that the front server keeps included.
fn purging(pool: &Pool, front: &Front, path: &str) -> Command {
    let mut command = binary();
    command.args(["cache", "purge", path, "--config"]).arg(pool.config());
    command.env("HALFTONE_EDGE_CACHE_DIR", front.cache());
    command
}

/// Does it, and gives what it tells.
fn purge(pool: &Pool, front: &Front, path: &str) -> String {
    let output = purging(pool, front, path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_purge_deletes_at_once_where_the_folder_is_named() {
    let pool = Pool::start(library, |config| config.raw("edge_cache_s", "3600"));
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let photo = format!("/image?src=a%2Fphoto.jpg&width=10{}", kind as u8);
        let other = format!("/image?src=a/other.jpg&width=10{}", kind as u8);
        let old = hit(&front, &photo, &[]).header("etag").unwrap().to_owned();
        hit(&front, &other, &[]);
        let purge = |path: &str| purge(&pool, &front, path);
        let told = purge("a/photo.jpg");
        assert!(told.contains("1 originals") && told.contains("front server: 1 removed"), "{told}");
        // Made anew by the program, under another tag, as soon as each worker has heard of it.
        wait::until("it is made anew", || {
            let response = ask(&front, &photo, &[]);
            let new = response.header("etag") != Some(&old);
            if !new {
                // A worker that had not heard of it yet gave the old one to keep.
                purge("a/photo.jpg");
            }
            new
        });
        assert!(is_hit(&ask(&front, &other, &[])), "{kind:?}: what was not meant stays");
        let told = purge("/");
        assert!(told.contains("2 originals"), "{told}");
        assert!(!is_hit(&ask(&front, &other, &[])), "{kind:?}");
    }
}

/// The files below a folder, with what is in them.
fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}

/// A worker that has not heard of a purge gives the front server the old picture once more.
#[test]
fn what_was_kept_again_before_all_workers_had_heard_is_purged_too() {
    let pool = Pool::start(library, |config| config.raw("edge_cache_s", "3600"));
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        // Whether it was kept again while the purge went on; a machine may be too busy for that.
        let kept_between = || {
            hit(&front, &format!("/image?src=a/photo.jpg&width=10{}", kind as u8), &[]);
            wait::until("it is kept whole", || front.kept() == 1);
            let kept = files_below(&front.cache());
            let owner = front.cache().metadata().unwrap();
            let gone = || kept.iter().all(|(path, _)| !path.exists());
            let mut command = purging(&pool, &front, "a/photo.jpg");
            let mut purge = Process::start("purge", &pool.run_dir(), &mut command);
            wait::until("it is deleted", gone);
            for (path, bytes) in &kept {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
                // As the front server would have.
                chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
            }
            let between = purge.ended().is_none();
            assert!(purge.wait().success(), "{kind:?}: {}", purge.output());
            assert!(!between || gone(), "{kind:?}: it is sent again, {}", purge.output());
            between
        };
        let between = (0..5).any(|_| kept_between());
        assert!(between, "{kind:?}: a purge waits for workers to hear of it");
    }
}

#[test]
fn a_purge_finds_every_way_of_asking_and_nothing_else() {
    let pool = Pool::start(
        |images| {
            library(images);
            write_jpeg(&images.join("b/a/photo.jpg"), 300, 200);
            write_jpeg(&images.join("a/two words.jpg"), 300, 200);
        },
        |config| config.raw("edge_cache_s", "3600"),
    );
    let template = pool.run_dir().join("Marked.json");
    std::fs::write(&template, r#"{"overlay_src": {"value": "a/photo.jpg"}}"#).unwrap();
    pool.run(&["template", "set", "Marked", template.to_str().unwrap()]);
    let of_photo = [
        "/image?src=a/photo.jpg&width=41",
        "/image?width=42&src=a%2Fphoto.jpg",
        "/image?src=%61/ph%6fto%2ejpg&width=43",
        "/image?s%72c=/a//./photo.jpg&width=44",
        "/image?width=45&amp;src=a/photo.jpg",
        "/image?src=&src=a/photo.jpg&width=46&src=a/other.jpg",
        "/im%61ge?src=a/photo.jpg&width=47",
        "/erez5/erez?src=a/photo.jpg.tif&width=48",
        "/image?src=a/other.jpg&overlay=a/photo.jpg&width=49",
        "/image?src=a/other.jpg&tmp=Marked&width=50",
    ];
    let of_words = ["/image?src=a/two+words.jpg&width=41", "/image?src=a/two%20words.jpg&width=42"];
    let of_others = [
        "/image?src=a/other.jpg&width=41",
        "/image?src=a/other.jpg&src=a/photo.jpg&width=42",
        "/image?src=a/other.jpg&nothing=a/photo.jpg&width=43",
        "/image?src=b/a/photo.jpg&width=44",
    ];
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        wait::until("the template is known", || {
            (0..20).all(|_| !ask(&front, of_photo[9], &[]).text().contains("tmp: "))
        });
        for target in of_photo.iter().chain(&of_words).chain(&of_others) {
            hit(&front, target, &[]);
        }
        wait::until("all are kept", || front.kept() == 16);
        for (path, targets) in [("a/photo.jpg", &of_photo[..]), ("a/two words.jpg", &of_words)] {
            let told = purge(&pool, &front, path);
            let removed = format!("front server: {} removed", targets.len());
            assert!(told.contains(&removed), "{kind:?} {path}: {told}");
        }
        for target in of_photo.iter().chain(&of_words) {
            assert!(!is_hit(&ask(&front, target, &[])), "{kind:?} {target}");
        }
        for target in of_others {
            assert!(is_hit(&ask(&front, target, &[])), "{kind:?} {target}");
        }
    }
}

#[test]
fn caches_are_filled_before_anybody_asks() {
    let pool = Pool::start(library, |config| config.raw("edge_cache_s", "3600"));
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let config = pool.config();
        let config = config.to_str().unwrap();
        let url = format!("http://{}", front.http());
        // Rows come with the first request for an original.
        for name in ["photo", "other"] {
            ask(&front, &format!("/image?src=a/{name}.jpg&width=33"), &[]);
        }
        wait::until("they are kept", || front.kept() == 2);
        let warm = ["cache", "warm", "--url", &url, "--config", config];
        let told = run(&[&warm[..], &["--folder", "a", "--template", "SmallJpeg"]].concat());
        assert!(told.contains("2 asked for, 0 failed"), "{told}");
        wait::until("those are kept too", || front.kept() == 4);
        for name in ["photo", "other"] {
            let response = ask(&front, &format!("/image?src=a/{name}.jpg&tmp=SmallJpeg"), &[]);
            assert!(is_hit(&response), "{kind:?}: {:?}", response.headers);
        }
        let list = pool.run_dir().join("list");
        std::fs::write(&list, "# two\n/image?src=a/photo.jpg&width=34\n/image?src=a/none.jpg\n")
            .unwrap();
        let arguments = [&warm[..], &["--list", list.to_str().unwrap()]].concat();
        let output = binary().args(&arguments).output().unwrap();
        assert!(!output.status.success());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains("/image?src=a/none.jpg: status 404"), "{errors}");
        wait::until("that one is kept too", || front.kept() == 5);
        assert!(is_hit(&ask(&front, "/image?src=a/photo.jpg&width=34", &[])), "{kind:?}");
        let stats = run(&["cache", "stats", "--config", config]);
        assert!(stats.contains("memcached") && stats.contains(" MB"), "{stats}");
    }
}

#[test]
fn addresses_of_old_clients_are_kept_like_those_of_today() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let query = format!("src=a/photo.jpg&width=15{}", kind as u8);
        let picture = ask(&front, &format!("/image?{query}"), &[]);
        for path in ["/erez/erez", "/erez5/erez", "/erez17/erez"] {
            let target = format!("{path}?{query}");
            let kept = hit(&front, &target, &[]);
            assert!(kept.body == picture.body, "{kind:?} {target}");
            wait::until("it is asked for again", || is_revalidated(&ask(&front, &target, &[])));
            hit(&front, &target, &[]);
            let own = ask(&front, &target, &[("Cookie", "halftone_session=x")]);
            assert!(own.status == 200 && !is_hit(&own), "{kind:?} {target}");
        }
        // A name too many is taken off, and each class of clients has its own.
        let added = "/erez3/erez?src=a/photo.jpg.tif&width=90&format=auto";
        for (accept, expected) in [("*/*", "image/jpeg"), ("image/webp", "image/webp")] {
            let kept = hit(&front, added, &[("Accept", accept)]);
            assert_eq!(kept.header("content-type"), Some(expected), "{kind:?} {accept}");
        }
        let no_pictures =
            ["/erezx/erez", "/erez//erez", "/erez5/erez5", "/erez", "/halftone-edge/image"];
        for path in no_pictures {
            for _ in 0..3 {
                let answer = ask(&front, &format!("{path}?{query}"), &[]);
                assert!(answer.status == 404 && !is_hit(&answer), "{kind:?} {path}");
            }
        }
        hit(&front, added, &[("Accept", "*/*")]);
        let told = purge(&pool, &front, "a/photo.jpg");
        assert!(!told.contains("front server: 0 removed"), "{kind:?}: {told}");
        let left = edge_files(&front.cache());
        assert!(left.iter().all(|head| !head.contains("/erez")), "{kind:?}: {left:?}");
    }
}

#[test]
fn nothing_is_kept_for_paths_that_mean_another() {
    let pool = waiting_pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let query = format!("src=a/photo.jpg&width=18{}", kind as u8);
        let target = format!("/image?{query}");
        hit(&front, &target, &[]);
        for path in [
            "/halftone-edge/plain/image",
            "//halftone-edge/plain/image",
            "/./halftone-edge/plain/image",
            "/x/../halftone-edge/plain/image",
            "/halftone-edge//plain/./image",
            "/halftone-edge/plain/x/../image",
            "/%68alftone-edge/plain/image",
            "/halftone%2Dedge/pl%61in/im%61ge",
            "/halftone-edge%2Fplain/image",
            "/halftone-edge",
            "//image",
            "/./image",
            "/x/../image",
        ] {
            for cookie in ["halftone_session=x", "theme=dark"] {
                let answer = ask(&front, &format!("{path}?{query}"), &[("Cookie", cookie)]);
                let refused = answer.status == 404 && !is_hit(&answer);
                assert!(refused, "{kind:?} {path} {cookie}: {}", answer.status);
            }
        }
        hit(&front, &target, &[]);
        let encoded = ask(&front, &format!("/%69mage?{query}"), &[]);
        assert_eq!(encoded.status, 200, "{kind:?}: it means the same");
    }
}

/// The heads of all files that a front server keeps.
fn edge_files(folder: &Path) -> Vec<String> {
    let head =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned();
    files_below(folder).iter().map(|(_, bytes)| head(bytes)).collect()
}

/// The seconds for which a client may keep an answer.
fn max_age_s(response: &Response) -> u64 {
    let control = response.header("cache-control").unwrap_or_default();
    let age = control.split(", ").find_map(|word| word.strip_prefix("max-age="));
    age.unwrap_or_else(|| panic!("{control}")).parse().unwrap()
}

#[test]
fn browsers_keep_a_signed_picture_no_longer_than_to_its_end_wherever_it_comes_from() {
    const LIFE_S: u64 = 12;
    let pool = signing_pool();
    let config = pool.config();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let bare = format!("/image?src=a/photo.jpg&width=17{}", kind as u8);
        let life = format!("{LIFE_S}s");
        let target =
            run(&["sign", "--expires", &life, "--config", config.to_str().unwrap(), &bare]);
        let signed = Instant::now();
        let target = target.trim();
        let mut hits = 0;
        while signed.elapsed() < Duration::from_secs(LIFE_S - 2) {
            // It was answered after this, at once or on a busy machine later.
            let asked = signed.elapsed();
            let response = ask(&front, target, &[]);
            if signed.elapsed() >= Duration::from_secs(LIFE_S - 1) {
                break;
            }
            assert_eq!(response.status, 200, "{kind:?}: {}", response.text());
            hits += u32::from(is_hit(&response));
            let age_s: u64 = response.header("age").map_or(0, |age| age.parse().unwrap());
            let kept_s = max_age_s(&response).saturating_sub(age_s);
            // The clocks of addresses and of the front server have whole seconds.
            let end = asked + Duration::from_secs(kept_s);
            assert!(end <= Duration::from_secs(LIFE_S + 2), "{kind:?}: {end:?} {response:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
        assert!(hits > 0, "{kind:?}");
    }
}

/// Clients are told nothing of how long they may keep it, which says nothing of how long it may be kept here.
#[test]
fn no_signed_picture_outlives_its_signature() {
    const LIFE_S: u64 = 12;
    let pool = signing_pool();
    let config = pool.config();
    let config = config.to_str().unwrap();
    let template = pool.run_dir().join("Plain.json");
    std::fs::write(&template, r#"{"expiry_secs": {"value": 0}}"#).unwrap();
    run(&["template", "set", "Plain", template.to_str().unwrap(), "--config", config]);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let bare = format!("/image?src=a/photo.jpg&tmp=Plain&width=16{}", kind as u8);
        wait::until("the template is known", || {
            (0..20).all(|_| !ask(&front, &bare, &[]).text().contains("tmp: "))
        });
        assert_eq!(ask(&front, &bare, &[]).status, 403, "{kind:?}");
        let target = run(&["sign", "--expires", &format!("{LIFE_S}s"), "--config", config, &bare]);
        let signed = Instant::now();
        let target = target.trim();
        let first = ask(&front, target, &[]);
        assert_eq!(first.status, 200, "{kind:?}: {}", first.text());
        // What clients are told nothing of has no age.
        let control = first.header("cache-control").unwrap_or_default();
        assert!(!control.contains("max-age=6") && first.header("expires").is_none(), "{control}");
        hit(&front, target, &[]);
        // The clock of addresses has whole seconds.
        wait::until("it has ended", || {
            let asked = signed.elapsed();
            let ended = ask(&front, target, &[]).status == 403;
            assert!(ended || asked <= Duration::from_secs(LIFE_S + 2), "{kind:?}: {asked:?}");
            ended
        });
        for _ in 0..20 {
            assert_eq!(ask(&front, target, &[]).status, 403, "{kind:?}");
        }
    }
}
