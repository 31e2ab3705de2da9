//! Asking again for what stands in a list or in a front server's log.

use std::io::{BufRead, Read as _};

use super::{Asks, Error, Question, Server};

/// The kinds of what is asked for again.
const REPLAYED: [&str; 4] = ["picture", "original", "api", "other"];

/// Requests that are kept in memory.
const MOST_REQUESTS: usize = 5_000_000;

/// The longest line.
const MOST_LINE_BYTES: u64 = 64 * 1024;

/// Requests in the order of a file, again and again.
pub struct Replay {
    requests: Vec<(usize, Vec<u8>)>,
    /// Lines that hold no request which can be made again.
    passed_over: usize,
}

impl Replay {
    /// Reads lines: paths with queries, whole addresses (of which the path and query are asked for), or lines
    /// of a log in which a request stands in quotes, as in the formats that come with Halftone and in
    /// "combined". Empty lines and those that begin with # are nothing. What is no GET is passed over: logs
    /// are full of lines about connections on which something else came, or nothing.
    ///
    /// # Errors
    /// A file without a request, or with too many.
    pub fn read(
        server: &Server,
        headers: &[(String, String)],
        mut lines: impl BufRead,
    ) -> Result<Self, Error> {
        let mut requests = Vec::new();
        let (mut passed_over, mut number, mut first_passed) = (0, 0, None);
        let mut line = Vec::new();
        loop {
            line.clear();
            if (&mut lines).take(MOST_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            number += 1;
            // Of one that is too long, the rest; the last one of a file may have no end.
            let too_long = line.last() != Some(&b'\n') && lines.skip_until(b'\n')? > 0;
            let text = String::from_utf8_lossy(&line);
            match if too_long { Line::PassedOver } else { target(text.trim()) } {
                Line::Nothing => {}
                Line::PassedOver => {
                    passed_over += 1;
                    first_passed = first_passed.or(Some(number));
                }
                Line::Target(target) => {
                    let request = server.get(target, headers);
                    requests.push((kind(target), request));
                }
            }
            if requests.len() > MOST_REQUESTS {
                return Err(Error::Mix(format!("there are more than {MOST_REQUESTS} requests")));
            }
        }
        if requests.is_empty() {
            let passed =
                first_passed.map(|line| format!("; line {line} is no address and no GET of a log"));
            let passed = passed.unwrap_or_default();
            return Err(Error::Mix(format!("there is no request in it{passed}")));
        }
        Ok(Self { requests, passed_over })
    }

    /// Requests that were read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Lines that are no addresses and no GETs of a log.
    #[must_use]
    pub fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// All of the given requests, each of some kind of `kinds`, in turns.
    #[must_use]
    pub fn of(requests: Vec<(usize, Vec<u8>)>) -> Self {
        Self { requests, passed_over: 0 }
    }
}

impl Asks for Replay {
    fn kinds(&self) -> Vec<String> {
        let most = self.requests.iter().map(|(kind, _)| *kind + 1).max().unwrap_or(0);
        let named = REPLAYED.iter().map(|name| (*name).to_owned());
        named.chain((REPLAYED.len()..most).map(|n| n.to_string())).collect()
    }

    fn question(&self, number: u64) -> Question<'_> {
        let (kind, request) = &self.requests[(number % self.requests.len() as u64) as usize];
        Question { kind: *kind, request: request.as_slice().into() }
    }
}

enum Line<'a> {
    Nothing,
    PassedOver,
    Target(&'a str),
}

fn target(line: &str) -> Line<'_> {
    if line.is_empty() || line.starts_with('#') {
        return Line::Nothing;
    }
    let whole = line.strip_prefix("http://").or_else(|| line.strip_prefix("https://"));
    let path = match whole {
        Some(rest) => rest.find('/').map(|at| &rest[at..]),
        None => Some(line).filter(|line| line.starts_with('/')),
    };
    if let Some(path) = path {
        return if is_target(path) { Line::Target(path) } else { Line::PassedOver };
    }
    // The first text in quotes that is a request line.
    for quoted in line.split('"').skip(1).step_by(2) {
        let mut words = quoted.split(' ');
        let (method, path, version) = (words.next(), words.next(), words.next());
        let (Some(method), Some(path), Some(version)) = (method, path, version) else { continue };
        if version.starts_with("HTTP/") && method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let is_get = method == "GET" && is_target(path);
            return if is_get { Line::Target(path) } else { Line::PassedOver };
        }
    }
    Line::PassedOver
}

/// Whether it can stand in a request line.
fn is_target(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic())
}

fn kind(target: &str) -> usize {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    match path {
        "/image" => 0,
        "/original" => 1,
        _ if path.starts_with("/api/") => 2,
        _ if path.starts_with("/erez") => 0,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Address, Trust};

    fn read(text: &str) -> Result<Replay, Error> {
        let server =
            Server::new(&Address::read("http://127.0.0.1:1").unwrap(), Trust::Any).unwrap();
        Replay::read(&server, &[], text.as_bytes())
    }

    #[test]
    fn lists_and_logs_are_read() {
        let replay = read(
            "# a list\n\n/image?src=a.jpg\nhttps://images.example.com/original?src=b.jpg\n\
             halftone id=1 at=2 client=::1 status=200 cache=HIT bytes=3 took_s=0 app_s=- \
             request=\"GET /api/v1/list/?path=a HTTP/1.1\"\n\
             ::1 - - [22/Nov/2026:00:00:00 +0000] \"POST /login HTTP/1.1\" 303 0 \"-\" \"x\"\n\
             ::1 - - [22/Nov/2026:00:00:00 +0000] \"GET / HTTP/2.0\" 200 1 \"-\" \"curl\"\n",
        )
        .unwrap();
        assert_eq!((replay.len(), replay.passed_over()), (4, 1));
        let asked: Vec<(usize, String)> = (0..5)
            .map(|number| {
                let question = replay.question(number);
                let text = String::from_utf8(question.request.to_vec()).unwrap();
                (question.kind, text.split(' ').nth(1).unwrap().to_owned())
            })
            .collect();
        let expected = [
            (0, "/image?src=a.jpg"),
            (1, "/original?src=b.jpg"),
            (2, "/api/v1/list/?path=a"),
            (3, "/"),
            (0, "/image?src=a.jpg"),
        ];
        assert_eq!(asked, expected.map(|(kind, target)| (kind, target.to_owned())));
    }

    #[test]
    fn a_log_is_read_as_it_is() {
        let long = format!("/image?src={}\n", "a".repeat(70_000));
        let log = [
            r#"halftone id=1 at=2 status=400 cache=- bytes=150 took_s=0 request="\x16\x03\x01\x02\x00\x01""#,
            r#"halftone id=1 at=2 status=400 cache=- bytes=0 took_s=0 request="""#,
            r#"::1 - - [22/Nov/2026:00:00:00 +0000] "-" 408 - "-" "-""#,
            r#"::1 - - [22/Nov/2026:00:00:00 +0000] "GET /a b HTTP/1.1" 400 1 "-" "-""#,
            r#"::1 - - [22/Nov/2026:00:00:00 +0000] "PRI * HTTP/2.0" 400 1 "-" "-""#,
            r#"::1 - - [22/Nov/2026:00:00:00 +0000] "HEAD /image?src=a.jpg HTTP/1.1" 200 1 "-" "-""#,
            r#"::1 - - [22/Nov/2026:00:00:00 +0000] "GET http://x/ HTTP/1.1" 400 1 "-" "-""#,
            "2026/11/22 00:00:00 [error] 7#7: *1 connect() failed",
            "/a b",
            "/\u{e4}",
            "https://host",
            "\u{0}",
            long.trim_end(),
            r#"::1 - - [22/Nov/2026:00:00:00 +0000] "GET /image?src=a.jpg HTTP/1.1" 200 1 "-" "-""#,
        ];
        for end in ["", "\n"] {
            let replay = read(&(log.join("\n") + end)).unwrap();
            assert_eq!((replay.len(), replay.passed_over()), (1, log.len() - 1));
            let text = String::from_utf8(replay.question(5).request.to_vec()).unwrap();
            assert!(text.starts_with("GET /image?src=a.jpg HTTP/1.1\r\n"), "{text}");
        }
    }

    #[test]
    fn a_file_without_a_request_is_refused() {
        for (text, says) in [
            ("", "no request"),
            ("# nothing\n", "no request"),
            ("# nothing\n\nnonsense\n\"-\" 408\n", "line 3"),
            ("/a b\n", "line 1"),
        ] {
            let fault = read(text).err().expect(text).to_string();
            assert!(fault.contains(says), "{text:?}: {fault}");
        }
    }
}
