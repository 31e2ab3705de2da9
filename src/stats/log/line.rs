//! One line of a front server's log, as the sites in `nginx/` and `apache/` have it written.
//!
//! ```text
//! halftone id=5f… at=1763784000.123 client=… status=200 cache=HIT bytes=4711 took_s=0.000 … request="GET /image?… HTTP/1.1"
//! ```
//!
//! Values that hold blanks stand in quotes, within which both servers write `\xHH` and the like for what
//! would break the line.

use crate::db::stats::Numbers;

/// What every line begins with.
const NAME: &[u8] = b"halftone ";

/// More bytes than any answer has (1 TiB), and more microseconds (35 years): a line that says so is damaged.
const MOST_BYTES: i64 = 1 << 40;
const MOST_US: i64 = 1 << 50;

/// A time that no clock shows, in milliseconds since 1970: some eight thousand years later.
const LATEST_MS: i64 = 1 << 48;

/// What the front server's cache made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Answered from the cache, nobody was asked.
    Hit,
    /// Answered from the cache after a worker had said that what is there still holds.
    Revalidated,
    /// Answered by a worker.
    Passed,
}

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the answer had been sent, in milliseconds since 1970; far from what sums of times can hold.
    pub at_ms: i64,
    /// The method.
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: Vec<u8>,
    /// The status of the answer.
    pub status: u16,
    /// What the cache made of it.
    pub verdict: Verdict,
    /// Bytes of the body that were sent.
    pub bytes: i64,
    /// Time that it took, in microseconds.
    pub micros: i64,
}

impl LogLine {
    /// Reads a line without its end; none when it is not one of these.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let mut rest = line.strip_prefix(NAME)?;
        let (mut at_ms, mut status, mut bytes, mut micros) = (None, None, None, None);
        let (mut verdict, mut request) = (Verdict::Passed, None);
        while let Some((name, value, after)) = next_pair(rest) {
            rest = after;
            let text = std::str::from_utf8(&value).unwrap_or_default();
            match name {
                b"at" => at_ms = scaled(text, 3),
                b"status" => status = text.parse().ok(),
                b"cache" => verdict = verdict_of(text),
                // Apache writes a dash for none.
                b"bytes" => bytes = text.parse().ok().or((text == "-").then_some(0)),
                b"took_s" => micros = scaled(text, 6),
                b"took_us" => micros = text.parse().ok(),
                b"request" => request = Some(value),
                _ => {}
            }
        }
        let (method, path, query) = target(&request?)?;
        let (at_ms, status, bytes, micros) = (at_ms?, status?, bytes?, micros?);
        let bounded = [(at_ms, LATEST_MS), (bytes, MOST_BYTES), (micros, MOST_US)];
        if bounded.iter().any(|(value, most)| !(0..*most).contains(value)) {
            return None;
        }
        Some(Self { at_ms, method, path, query, status, verdict, bytes, micros })
    }

    /// What no worker has counted of the request.
    ///
    /// One that was answered from the cache alone counts whole. Where a worker said that the picture
    /// still holds, it has counted a request, and no view: that and the bytes are told here.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let sent = i64::from(self.method == "GET" && matches!(self.status, 200 | 206));
        let bytes = if self.method == "HEAD" { 0 } else { self.bytes };
        match self.verdict {
            Verdict::Passed => Numbers::default(),
            Verdict::Hit => Numbers {
                requests: 1,
                views: sent,
                cached_views: sent,
                downloads: 0,
                total_bytes: bytes,
                request_us: self.micros,
                max_request_us: self.micros,
            },
            Verdict::Revalidated => Numbers {
                views: sent,
                cached_views: sent,
                total_bytes: bytes,
                ..Numbers::default()
            },
        }
    }
}

fn verdict_of(text: &str) -> Verdict {
    match text {
        "HIT" | "cache hit" => Verdict::Hit,
        "REVALIDATED" => Verdict::Revalidated,
        text if text.starts_with("conditional cache hit") => Verdict::Revalidated,
        _ => Verdict::Passed,
    }
}

/// Method, path and query of a request line.
fn target(request: &[u8]) -> Option<(String, String, Vec<u8>)> {
    let mut words = request.split(|byte| *byte == b' ');
    let method = String::from_utf8(words.next()?.to_vec()).ok()?;
    let target = without_server(words.next()?);
    let (path, query) = match target.iter().position(|byte| *byte == b'?') {
        Some(at) => (&target[..at], &target[at + 1..]),
        None => (target, &b""[..]),
    };
    // A path that is no text is no path that is counted.
    Some((method, String::from_utf8_lossy(path).into_owned(), query.to_vec()))
}

/// A target without the scheme and the server's name that clients of a proxy put before it.
fn without_server(target: &[u8]) -> &[u8] {
    let name = [&b"http://"[..], b"https://"].into_iter().find_map(|it| target.strip_prefix(it));
    let Some(name) = name else { return target };
    let path = name.iter().position(|byte| *byte == b'/');
    path.map_or(&b"/"[..], |at| &name[at..])
}

/// A decimal number as a whole one of its `10^-digits`, without the detour of floating point.
fn scaled(text: &str, digits: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) {
        return None;
    }
    let part: String = part.chars().chain(std::iter::repeat('0')).take(digits).collect();
    format!("{whole}{part}").parse().ok()
}

/// The next `name=value`, the value without its quotes, and what comes after it.
fn next_pair(text: &[u8]) -> Option<(&[u8], Vec<u8>, &[u8])> {
    let text = text.trim_ascii_start();
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (&text[..equals], &text[equals + 1..]);
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
        return Some((name, value[..end].to_vec(), &value[end..]));
    };
    let (value, rest) = unquoted(quoted)?;
    Some((name, value, rest))
}

/// What stands before the closing quote, and what comes after it.
fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::with_capacity(text.len());
    let mut at = 0;
    loop {
        match *text.get(at)? {
            b'"' => return Some((value, &text[at + 1..])),
            b'\\' => {
                let (byte, taken) = escaped(&text[at + 1..])?;
                value.push(byte);
                at += 1 + taken;
            }
            byte => {
                value.push(byte);
                at += 1;
            }
        }
    }
}

/// The byte that stands for what follows a backslash, and how much of it that is.
fn escaped(text: &[u8]) -> Option<(u8, usize)> {
    Some(match *text.first()? {
        b'x' => {
            let digits = std::str::from_utf8(text.get(1..3)?).ok()?;
            (u8::from_str_radix(digits, 16).ok()?, 3)
        }
        b'n' => (b'\n', 1),
        b'r' => (b'\r', 1),
        b't' => (b'\t', 1),
        b'b' => (8, 1),
        b'f' => (12, 1),
        b'v' => (11, 1),
        other => (other, 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX: &str = "halftone id=9a at=1763784000.123 client=127.0.0.1 status=200 cache=HIT \
                         bytes=4711 took_s=0.012 app_s=- \
                         request=\"GET /image?src=caf\\xC3\\xA9/\\x22a\\x22.jpg&width=5 HTTP/1.1\"";
    const APACHE: &str = "halftone id=Zx at=1763784000.045 client=::1 status=304 \
                          cache=\"conditional cache hit: entity refreshed\" bytes=0 took_us=950 \
                          request=\"HEAD /image?src=caf\\xc3\\xa9/\\\"a\\\".jpg HTTP/1.1\"";

    #[test]
    fn both_servers_lines_are_read() {
        let line = LogLine::parse(NGINX.as_bytes()).unwrap();
        assert_eq!((line.at_ms, line.micros, line.bytes), (1_763_784_000_123, 12_000, 4711));
        assert_eq!((line.status, line.verdict), (200, Verdict::Hit));
        assert_eq!((line.method.as_str(), line.path.as_str()), ("GET", "/image"));
        assert_eq!(line.query, "src=café/\"a\".jpg&width=5".as_bytes());
        let line = LogLine::parse(APACHE.as_bytes()).unwrap();
        assert_eq!((line.at_ms, line.micros, line.bytes), (1_763_784_000_045, 950, 0));
        assert_eq!((line.status, line.verdict), (304, Verdict::Revalidated));
        assert_eq!(line.query, "src=café/\"a\".jpg".as_bytes());
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            "halftone",
            "127.0.0.1 - - [22/Nov/2026] \"GET / HTTP/1.1\" 200 1",
            "halftone at=1.0 status=200 cache=HIT bytes=1 took_s=0.1",
            "halftone at=x status=200 cache=HIT bytes=1 took_s=0.1 request=\"GET / HTTP/1.1\"",
            "halftone at=1.0 status=200 cache=HIT bytes=1 took_s=0.1 request=\"GET / HTTP/1.1",
            "halftone at=1.0 status=200 cache=HIT bytes=1 took_s=0.1 request=\"\\x4\"",
            "halftone at=1.0 status=400 cache=- bytes=1 took_s=0.1 request=\"\"",
            "halftone at=9223372036854774.000 status=200 cache=HIT bytes=1 took_s=0.1 request=\"GET / HTTP/1.1\"",
            "halftone at=-1.0 status=200 cache=HIT bytes=1 took_s=0.1 request=\"GET / HTTP/1.1\"",
            "halftone at=1.0 status=200 cache=HIT bytes=-1 took_s=0.1 request=\"GET / HTTP/1.1\"",
            "halftone at=1.0 status=200 cache=HIT bytes=1099511627776 took_s=0.1 request=\"GET / HTTP/1.1\"",
            "halftone at=1.0 status=200 cache=HIT bytes=1 took_us=-1 request=\"GET / HTTP/1.1\"",
            "halftone at=1.0 status=200 cache=HIT bytes=1 took_s=1125899906.842624 request=\"GET / HTTP/1.1\"",
            "halftone at=1.0 status=65536 cache=HIT bytes=1 took_s=0.1 request=\"GET / HTTP/1.1\"",
        ] {
            assert_eq!(LogLine::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn only_what_no_worker_counted_is_counted() {
        let line = |verdict, method: &str, status| LogLine {
            at_ms: 0,
            method: method.into(),
            path: "/image".into(),
            query: Vec::new(),
            status,
            verdict,
            bytes: 50,
            micros: 7,
        };
        let counted = |verdict, method, status| {
            let numbers = line(verdict, method, status).numbers();
            assert_eq!(numbers.views, numbers.cached_views);
            (numbers.requests, numbers.views, numbers.total_bytes, numbers.max_request_us)
        };
        assert_eq!(counted(Verdict::Hit, "GET", 200), (1, 1, 50, 7));
        assert_eq!(counted(Verdict::Hit, "GET", 304), (1, 0, 50, 7));
        assert_eq!(counted(Verdict::Hit, "HEAD", 200), (1, 0, 0, 7));
        assert_eq!(counted(Verdict::Revalidated, "GET", 200), (0, 1, 50, 0));
        assert_eq!(counted(Verdict::Revalidated, "GET", 304), (0, 0, 50, 0));
        assert_eq!(counted(Verdict::Passed, "GET", 200), (0, 0, 0, 0));
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = LogLine::parse(&line);
            let _ = LogLine::parse(&[b"halftone at=1.0 request=\"", line.as_slice()].concat());
        }
    }
}
