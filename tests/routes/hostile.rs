//! Files that are not what they seem, and names that lead elsewhere.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::errors::assert_page;
use crate::site::Site;
use crate::support::fixture::{write_jpeg, write_png};
use crate::{library, magick};

/// A refusal takes no longer than this, however slow the machine: it needs no pixels.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Memory of a process that is its own, in KB.
fn memory_kb(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The highest that its memory ever was, in KB.
fn peak_kb(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[track_caller]
fn assert_unreadable(site: &Site, name: &str) {
    for query in ["&width=50", "", "&format=png&left=0.5&width=10", "&tile=1:4"] {
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
        fs::write(images.join("drawing.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
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

fn png_chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(data);
    let crc = crc32fast::hash(&out[start..]);
    out.extend(crc.to_be_bytes());
}

/// A PNG of a size that it only declares.
fn png_bomb(width: u32, height: u32, depth: u8, colour: u8, interlace: u8) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    head.extend([depth, colour, 0, 0, interlace]);
    png_chunk(&mut out, b"IHDR", &head);
    // A zlib stream that begins well and never ends (RFC 1950, 1951).
    png_chunk(&mut out, b"IDAT", &[0x78, 0x9c, 0xed, 0xc1, 0x01, 0x01, 0, 0]);
    png_chunk(&mut out, b"IEND", b"");
    out
}

fn bombs(images: &Path) -> Vec<String> {
    let gif = |width: u16, height: u16| {
        let mut out = b"GIF89a".to_vec();
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255, b',', 0, 0, 0, 0]);
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend([0, 2, 2, 0x44, 0x01, 0, b';']);
        out
    };
    let bmp = |width: i32, height: i32, bits: u16| {
        let mut out = b"BM".to_vec();
        out.extend(58_u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend(54_u32.to_le_bytes());
        out.extend(40_u32.to_le_bytes());
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend(1_u16.to_le_bytes());
        out.extend(bits.to_le_bytes());
        out.extend([0; 28]);
        out
    };
    let tiff = |width: u32, height: u32, samples: u32| {
        let mut out = b"II*\0\x08\0\0\0".to_vec();
        let entries: [(u16, u32); 8] = [
            (256, width),
            (257, height),
            (258, 8),
            (259, 1),
            (262, 2),
            (273, 8),
            (277, samples),
            (279, 100),
        ];
        out.extend(8_u16.to_le_bytes());
        for (tag, value) in entries {
            out.extend(tag.to_le_bytes());
            out.extend(4_u16.to_le_bytes());
            out.extend(1_u32.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        out.extend([0; 4]);
        out
    };
    let mut jpeg = {
        let path = images.join("seed.jpg");
        write_jpeg(&path, 16, 16);
        fs::read(path).unwrap()
    };
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    // VP8X with a canvas of 2^24 by 2^8 pixels, the largest that the format can say.
    let mut webp = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    webp.extend([0xff, 0xff, 0xff, 0xff, 0, 0, b'V', b'P', b'8', b' ', 0, 0, 0, 0]);

    let files = [
        ("b1.png", png_bomb(100_000, 100_000, 8, 6, 0)),
        ("b2.png", png_bomb(0x7fff_ffff, 0x7fff_ffff, 16, 6, 0)),
        ("b3.png", png_bomb(30_000, 30_000, 1, 0, 1)),
        ("b4.png", png_bomb(0x7fff_ffff, 1, 8, 2, 0)),
        ("b5.png", png_bomb(1, 0x7fff_ffff, 8, 2, 1)),
        ("b6.png", png_bomb(0, 0, 8, 2, 0)),
        ("b1.gif", gif(65_535, 65_535)),
        ("b1.bmp", bmp(i32::MAX, i32::MAX, 24)),
        ("b2.bmp", bmp(60_000, i32::MIN, 32)),
        ("b3.bmp", bmp(-1, 10, 24)),
        ("b4.bmp", bmp(40_000, -40_000, 24)),
        ("b1.tif", tiff(200_000, 200_000, 3)),
        ("b2.tif", tiff(u32::MAX, u32::MAX, 3)),
        ("b3.tif", tiff(1_000, 1_000, 60_000)),
        ("b1.jpg", jpeg),
        ("b1.webp", webp),
    ];
    for (name, bytes) in &files {
        fs::write(images.join(name), bytes).unwrap();
    }
    files.iter().map(|file| file.0.to_owned()).collect()
}

#[test]
fn declared_sizes_are_refused_before_anything_is_held() {
    let mut names = Vec::new();
    let site = Site::start("", |images| {
        names = bombs(images);
        write_png(&images.join("fine.png"), 200, 100);
    });
    site.ok("/image?src=fine.png&width=30");
    let before = peak_kb(site.pid());
    for name in &names {
        assert_unreadable(&site, name);
    }
    assert_eq!(names.len(), 16);
    let grown = peak_kb(site.pid()) - before;
    assert!(grown < 40_000, "{grown} KB more than before");
    site.ok("/image?src=fine.png&width=31");
}

#[test]
fn small_files_that_grow_large_are_held_to_the_limits() {
    // 1.6 megapixels, where 1 may be held and 2 may be declared.
    let settings = "held_megapixels = 1\ndeclared_megapixels = 2";
    let site = Site::start(settings, |images| {
        write_jpeg(&images.join("large.jpg"), 1600, 1000);
        write_jpeg(&images.join("larger.jpg"), 1600, 1300);
        write_jpeg(&images.join("fine.jpg"), 900, 900);
        library::plain(&images.join("large.png"), 1600, 1000, [9, 9, 9]);
    });
    assert_eq!(site.status("/image?src=fine.jpg"), 200);
    // Whole it is too large; made smaller while it is read it is not.
    let whole = site.get("/image?src=large.jpg");
    assert_page(&site, &whole, 415, "whole");
    let small = site.ok("/image?src=large.jpg&width=200");
    assert_eq!(magick::facts(&small.body).size, (200, 125));
    for query in ["src=larger.jpg&width=200", "src=larger.jpg&width=1"] {
        let target = format!("/image?{query}");
        assert_page(&site, &site.get(&target), 415, &target);
    }
    assert_eq!(site.status("/image?src=large.png"), 415);
}

#[test]
fn memory_returns_after_many_bad_files() {
    let mut names = Vec::new();
    let site = Site::start("", |images| {
        names = bombs(images);
        fs::write(images.join("text.jpg"), "text").unwrap();
    });
    names.push("text.jpg".into());
    let round = |number: usize| {
        for name in &names {
            let target = format!("/image?src={name}&width={}", 10 + number);
            assert_eq!(site.status(&target), 415, "{target}");
        }
    };
    (0..3).for_each(round);
    let before = memory_kb(site.pid());
    (3..23).for_each(round);
    let after = memory_kb(site.pid());
    assert!(after < before + 20_000, "{before} KB before, {after} KB after");
}

#[test]
fn links_do_not_leave_the_repository() {
    let site = Site::start("", |images| {
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
fn a_link_that_is_turned_outwards_later_is_refused() {
    let site = Site::start("stat_cache_ms = 0", |images| {
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
        assert!(!text.contains("<script") && !text.contains("\" onerror"), "{text}");
        assert!(matches!(response.status, 200 | 400), "{}", response.status);
        if response.status == 200 {
            let policy = response.header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'self'"), "{policy}");
        }
    }
}
