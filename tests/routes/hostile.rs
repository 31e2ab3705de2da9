//! Files that are not what they seem, and names that lead elsewhere.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::errors::assert_page;
use crate::library;
use crate::site::{Site, within};
use crate::support::fixture::write_jpeg;

/// A refusal takes no longer than this, however slow the machine: it needs no pixels.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Fails unless a file is refused with 415 at once, whatever is asked of it.
#[track_caller]
pub fn assert_unreadable(site: &Site, name: &str) {
    for query in ["&width=50", "", "&format=png&left=0.5&width=10", "&tile=1:64"] {
        let target = format!("/image?src={name}{query}");
        let start = Instant::now();
        let response = site.get(&target);
        assert_page(site, &response, 415, &target);
        assert!(start.elapsed() < AT_ONCE, "{target}: {:?}", start.elapsed());
    }
}

#[test]
fn what_is_no_picture_is_unreadable() {
    let files: [(&str, &[u8]); 9] = [
        ("empty.jpg", b""),
        ("one.jpg", b"\xff"),
        ("text.jpg", b"This is no picture."),
        ("page.png", b"<html><script>alert(1)</script></html>"),
        ("start.jpg", b"\xff\xd8\xff"),
        ("start.png", b"\x89PNG\r\n\x1a\n"),
        ("start.gif", b"GIF89a"),
        ("start.tif", b"II*\0\xff\xff\xff\xff"),
        ("start.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 "),
    ];
    let site = Site::start("", |images| {
        for (name, bytes) in files {
            fs::write(images.join(name), bytes).unwrap();
        }
        fs::write(images.join("zeros.bmp"), vec![0; 100_000]).unwrap();
        fs::write(images.join("notes.txt"), "notes").unwrap();
        fs::write(images.join("noextension"), "notes").unwrap();
        fs::write(images.join("drawing.svg"), "<svg xmlns='http://www.w3.org/2000/svg'").unwrap();
        fs::write(images.join("x.pdf"), "%PDF-1.4").unwrap();
    });
    for name in files.iter().map(|file| file.0) {
        assert_unreadable(&site, name);
    }
    for name in ["zeros.bmp", "notes.txt", "noextension", "drawing.svg", "x.pdf"] {
        assert_unreadable(&site, name);
    }
}

#[test]
fn files_cut_off_anywhere_are_unreadable() {
    let names = ["photo.jpg", "chart.png", "chart.gif", "chart.bmp", "chart.tif", "chart.webp"];
    let mut cut = Vec::new();
    let site = Site::start("", |images| {
        library::make(images);
        for name in names {
            let bytes = fs::read(images.join("a").join(name)).unwrap();
            // Not in the last part, which in some formats only says that the picture is over.
            for (number, len) in
                [bytes.len() / 100, bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4]
                    .into_iter()
                    .enumerate()
            {
                let name = format!("{number}-{name}");
                fs::write(images.join(&name), &bytes[..len]).unwrap();
                cut.push(name);
            }
        }
    });
    for name in &cut {
        let target = format!("/image?src={name}&width=60&format=png");
        assert_page(&site, &site.get(&target), 415, &target);
    }
    assert_eq!(cut.len(), 4 * names.len());
}

#[test]
fn a_name_that_says_another_format_is_unreadable() {
    let site = Site::start("", |images| {
        library::make(images);
        let a = images.join("a");
        for (from, to) in [
            ("photo.jpg", "m.png"),
            ("chart.png", "m.jpg"),
            ("chart.gif", "m.tif"),
            ("chart.tif", "m.gif"),
            ("chart.webp", "m.jpeg"),
            ("chart.bmp", "m.webp"),
        ] {
            fs::copy(a.join(from), images.join(to)).unwrap();
        }
        // Other extensions of the same format are not another format.
        fs::copy(a.join("photo.jpg"), images.join("fine.JPEG")).unwrap();
        fs::copy(a.join("chart.tif"), images.join("fine.tiff")).unwrap();
    });
    for name in ["m.png", "m.jpg", "m.tif", "m.gif", "m.jpeg", "m.webp"] {
        assert_unreadable(&site, name);
    }
    for name in ["fine.JPEG", "fine.tiff"] {
        assert_eq!(site.status(&format!("/image?src={name}&width=9")), 200, "{name}");
    }
}

/// Damages many copies of a file, each in its own way: no answer but 200 and 415, and the server
/// goes on.
#[test]
fn damage_anywhere_harms_nobody_else() {
    let names =
        ["photo.jpg", "chart.png", "chart.gif", "chart.bmp", "pages.tif", "chart.webp", "cmyk.jpg"];
    let copies = 24;
    let site = Site::start("", |images| {
        library::make(images);
        write_jpeg(&images.join("a/photo.jpg"), 300, 200);
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed >> 33).unwrap()
        };
        for name in names {
            let bytes = fs::read(images.join("a").join(name)).unwrap();
            for copy in 0..copies {
                let mut damaged = bytes.clone();
                // Half of them near the start, where sizes and offsets stand.
                let span = if copy % 2 == 0 { damaged.len().min(64) } else { damaged.len() };
                for _ in 0..=copy % 5 {
                    let at = next() % span;
                    damaged[at] = [0, 0xff, 0x7f, 0x80, next().to_le_bytes()[0]][next() % 5];
                }
                fs::write(images.join(format!("{copy}-{name}")), damaged).unwrap();
            }
        }
    });
    let mut answers = [0; 2];
    for name in names {
        for copy in 0..copies {
            let target = format!("/image?src={copy}-{name}&width=40&format=png");
            let response = site.get(&target);
            match response.status {
                200 => answers[0] += 1,
                415 => answers[1] += 1,
                status => panic!("{target}: {status} {}\n{}", response.text(), site.log()),
            }
        }
    }
    assert_eq!(answers[0] + answers[1], names.len() * copies);
    assert!(answers[1] > copies, "damage is noticed: {answers:?}");
    assert!(!site.log().contains("panicked"), "{}", site.log());
    assert_eq!(site.status("/image?src=a/chart.png&width=9"), 200);
}

#[test]
fn links_do_not_leave_the_repository() {
    let site = Site::start("follow_links = true", |images| {
        library::make(images);
        let outside = images.parent().unwrap().join("outside");
        write_jpeg(&outside.join("secret.jpg"), 40, 30);
        let link = |target: &str, name: &str| symlink(target, images.join(name)).unwrap();
        link("../outside/secret.jpg", "relative.jpg");
        symlink(outside.join("secret.jpg"), images.join("absolute.jpg")).unwrap();
        symlink(&outside, images.join("folder")).unwrap();
        link("relative.jpg", "second.jpg");
        link("loop.jpg", "loop.jpg");
        link("nowhere.jpg", "dangling.jpg");
        link("/proc/self/root/etc/hostname", "proc.jpg");
        link("a/../../outside/secret.jpg", "dots.jpg");
        link("a/photo.jpg", "inside.jpg");
        link("a", "b");
    });
    for path in [
        "relative.jpg",
        "absolute.jpg",
        "folder/secret.jpg",
        "second.jpg",
        "loop.jpg",
        "dangling.jpg",
        "proc.jpg",
        "dots.jpg",
    ] {
        for address in ["image", "erez/erez"] {
            let target = format!("/{address}?src={path}&width=9");
            assert_page(&site, &site.get(&target), 404, &target);
        }
    }
    assert_eq!(site.status("/image?src=inside.jpg&width=9"), 200);
    assert_eq!(site.status("/image?src=b/photo.jpg&width=9"), 200);
}

#[test]
fn links_inside_are_no_way_around_rights_unless_they_are_followed() {
    for (settings, status) in [("", 404), ("follow_links = true", 200)] {
        let site = Site::start(settings, |images| {
            library::make(images);
            write_jpeg(&images.join("secret/a.jpg"), 40, 30);
            symlink("secret/a.jpg", images.join("file.jpg")).unwrap();
            symlink("secret", images.join("folder")).unwrap();
            symlink("../secret/a.jpg", images.join("a/deep.jpg")).unwrap();
        });
        site.permit("/secret", PUBLIC, Level::None.access());
        within(Duration::from_secs(2), "the folder is closed", || {
            site.status("/image?src=secret/a.jpg&width=9") == 403
        });
        for path in ["file.jpg", "folder/a.jpg", "a/deep.jpg"] {
            let image = format!("/image?src={path}&width=9");
            assert_eq!(site.status(&image), status, "{settings} {path}");
            let overlay = format!("/image?src=a/photo.jpg&width=9&overlay={path}");
            assert_eq!(site.status(&overlay), status, "{settings} {path}");
        }
    }
}

#[test]
fn a_link_that_is_turned_outwards_later_is_refused() {
    let site = Site::start("stat_cache_ms = 0\nfollow_links = true", |images| {
        library::make(images);
        write_jpeg(&images.parent().unwrap().join("outside/secret.jpg"), 40, 30);
        symlink("a/photo.jpg", images.join("turning.jpg")).unwrap();
    });
    let target = "/image?src=turning.jpg&width=20";
    site.ok(target);
    fs::remove_file(site.image("turning.jpg")).unwrap();
    symlink("../outside/secret.jpg", site.image("turning.jpg")).unwrap();
    assert_eq!(site.status(target), 404);
}

#[test]
fn what_is_no_file_is_not_opened() {
    let site = Site::start("", |images| {
        library::make(images);
        mkfifo(&images.join("pipe.jpg"), Mode::from_bits_truncate(0o666)).unwrap();
        fs::create_dir(images.join("folder.jpg")).unwrap();
        symlink("/dev/zero", images.join("zero.jpg")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(images.join("socket.jpg"));
        drop(socket.unwrap());
    });
    for name in ["pipe.jpg", "folder.jpg", "zero.jpg", "socket.jpg"] {
        for address in ["image", "erez/erez"] {
            let target = format!("/{address}?src={name}");
            let start = Instant::now();
            assert_page(&site, &site.get(&target), 404, &target);
            assert!(start.elapsed() < AT_ONCE, "{target}");
        }
    }
    // A reader that waited for the other end would be freed by one; nobody waits.
    let writer = File::options().write(true).read(true).open(site.image("pipe.jpg")).unwrap();
    (&writer).write_all(b"x").unwrap();
    assert_eq!(site.status("/image?src=pipe.jpg"), 404);
}

#[test]
fn hidden_files_are_not_there() {
    let site = Site::start("", |images| {
        for path in [".hidden.jpg", ".cache/a.jpg", "a/.b/c.jpg", "a/.d.jpg", "..e.jpg"] {
            write_jpeg(&images.join(path), 20, 20);
        }
    });
    for path in [".hidden.jpg", ".cache/a.jpg", "a/.b/c.jpg", "a/.d.jpg", "..e.jpg", "a//.b//c.jpg"]
    {
        let target = format!("/image?src={path}");
        assert_page(&site, &site.get(&target), 404, &target);
    }
}

#[test]
fn request_lines_that_are_none() {
    use std::io::Read as _;
    let site = crate::site::shared();
    for bytes in [
        &b"GET /image?src=a/photo.jpg\n\n"[..],
        b"\0\0\0\0\r\n\r\n",
        b"GET /image?src=a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /image?src=a\0b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET /image?src=\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://other/image?src=a/none.jpg HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /image HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
        b"GET /image HTTP/9.9\r\n\r\n",
        b"CONNECT localhost:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let mut stream = std::net::TcpStream::connect(site.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        let status: u16 = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let what = String::from_utf8_lossy(bytes);
        assert!(status == 0 || (400..=505).contains(&status), "{what:?}: {text}");
        assert_ne!(status, 500, "{what:?}: {text}");
    }
    assert_eq!(site.status("/image?src=a/photo.jpg&width=9"), 200);
}

#[test]
fn the_log_holds_one_line_for_each_request() {
    let site = Site::start("log_level = 'debug'", library::make);
    for target in [
        "/image?src=a%0a2026-01-01T00:00:00Z%20ERROR%20forged",
        "/image?src=a%0d%0aforged",
        "/image?src=%1b%5b31mforged",
        "/nothing%0aforged",
        "/image?src=none&x=%0aforged",
        "/image?src=a/photo.jpg&width=%e2%80%a8forged",
    ] {
        assert!(matches!(site.status(target), 400 | 404), "{target}");
    }
    let forwarded = [("X-Forwarded-For", "1.2.3.4 forged"), ("User-Agent", "forged")];
    site.get_with("/nothing", &forwarded);
    crate::support::wait::until("they are logged", || site.log().contains("GET /nothing: "));
    let log = site.log();
    assert!(!log.contains('\u{1b}'), "{log}");
    for line in log.lines().filter(|line| line.contains("forged")) {
        assert!(line.starts_with("20") && line.contains(" DEBUG "), "{line}");
        assert!(!line.contains("2026-01-01T00:00:00Z ERROR"), "{line}");
    }
}

#[test]
fn the_first_page_writes_hostile_names_as_text() {
    let names = ["<script>alert(1)</script>.png", "\" onerror=\"alert(2).png", "'&amp;.png"];
    let site = Site::start("", |images| {
        // A slash would make it a folder's name.
        for name in names {
            library::plain(&images.join(name.replace('/', "\u{2215}")), 9, 9, [1, 2, 3]);
        }
    });
    let host = [("Host", "evil\"><script>alert(3)</script>")];
    for response in [site.get("/"), site.get_with("/", &host)] {
        let text = response.text();
        assert!(!text.contains("<script>") && !text.contains("\" onerror"), "{text}");
        assert!(matches!(response.status, 200 | 400), "{}", response.status);
        if response.status == 200 {
            let policy = response.header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'none'"), "{policy}");
        }
    }
}
