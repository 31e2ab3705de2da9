//! The files of `nginx/`, `apache/`, `systemd/` and `logrotate/`, apart from the program.

use std::io::Read;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;

use crate::support::files::{program, repository, temp_dir};
use crate::support::front::{BOTH, Front, Kind};
use crate::support::http::{self, Client};
use crate::support::nginx::Nginx;
use crate::support::recorder::{Behaviour, Recorder};
use crate::support::wait;

const SMALL: Behaviour = Behaviour { body_len: 1000, hang_up: false };

fn each(behaviour: Behaviour, check: impl Fn(Kind, &Front, &Recorder)) {
    for kind in BOTH {
        let dir = temp_dir();
        let socket = dir.path().join("halftone.sock");
        let recorder = Recorder::start(&socket, behaviour);
        let front = Front::start(kind, &socket);
        check(kind, &front, &recorder);
    }
}

#[test]
fn path_and_query_arrive_byte_for_byte() {
    let targets: [&[u8]; 9] = [
        b"/image?src=a%2Fb.jpg&width=400&fill=%23ff0000",
        b"/a%2Fb//c.jpg?x=1",
        b"/image?src=caf\xc3\xa9.jpg",
        b"/image?src=%ff%fe.jpg",
        b"/original?src=a%20b+c.jpg&amp;attach=1",
        b"/some%20folder/%C3%A9/50%25.jpg",
        b"/a%3Fb%0Ac.jpg?x=%0A%00",
        b"/\xc3\xa9//x;y=1",
        b"/%ff%fe/$&'()*,:@!",
    ];
    each(SMALL, |kind, front, recorder| {
        let mut client = Client::connect(front.http()).unwrap();
        for target in targets {
            let response = client.request("GET", target, &[], b"").unwrap();
            let name = String::from_utf8_lossy(target).into_owned();
            assert_eq!(response.status, 200, "{kind:?} {name}: {}", front.errors());
            let recorded = recorder.last();
            assert_eq!(recorded.params["REQUEST_URI"], target, "{kind:?} {name}");
            let query = target.iter().position(|&byte| byte == b'?').map_or(0, |at| at + 1);
            let query = if query == 0 { &b""[..] } else { &target[query..] };
            assert_eq!(recorded.params["QUERY_STRING"], query, "{kind:?} {name}");
        }
    });
}

#[test]
fn credentials_arrive_and_make_no_user() {
    each(SMALL, |kind, front, recorder| {
        let mut client = Client::connect(front.http()).unwrap();
        let headers = [
            ("Authorization", "Basic YWRtaW46YWRtaW4="),
            ("Remote-User", "admin"),
            ("Proxy", "http://192.0.2.1/"),
            ("X-Forwarded-For", "192.0.2.7"),
        ];
        client.request("GET", b"/api/token", &headers, b"").unwrap();
        let recorded = recorder.last();
        let authorization = recorded.param("HTTP_AUTHORIZATION");
        assert_eq!(authorization.as_deref(), Some("Basic YWRtaW46YWRtaW4="), "{kind:?}");
        assert_eq!(recorded.param("REMOTE_USER").unwrap_or_default(), "", "{kind:?}");
        assert_eq!(recorded.param("HTTP_PROXY").unwrap_or_default(), "", "{kind:?}");
        assert_eq!(recorded.param("REMOTE_ADDR").as_deref(), Some("127.0.0.1"), "{kind:?}");
    });
}

#[test]
fn https_is_told_apart_from_http() {
    each(SMALL, |kind, front, recorder| {
        http::get(front.http(), "/").unwrap();
        assert_eq!(recorder.last().param("HTTPS").unwrap_or_default(), "", "{kind:?}");
        let response = http::get_over_tls(front.https(), "/", &[]);
        assert_eq!(response.status, 200, "{kind:?}: {}", front.errors());
        assert_eq!(recorder.last().param("HTTPS").as_deref(), Some("on"), "{kind:?}");
    });
}

#[test]
fn methods_and_bodies_arrive_whole() {
    let body = vec![7; 5_000_000];
    each(SMALL, |kind, front, recorder| {
        let mut client = Client::connect(front.http()).unwrap();
        for method in ["POST", "PUT", "DELETE"] {
            let headers = [("Content-Type", "application/octet-stream")];
            let response = client.request(method, b"/api/upload", &headers, &body).unwrap();
            assert_eq!(response.status, 200, "{kind:?} {method}: {}", front.errors());
            let recorded = recorder.last();
            assert_eq!(recorded.param("REQUEST_METHOD").as_deref(), Some(method), "{kind:?}");
            assert_eq!(recorded.body_len, body.len(), "{kind:?} {method}");
            assert_eq!(recorded.param("CONTENT_LENGTH").as_deref(), Some("5000000"), "{kind:?}");
            let content_type = recorded.param("CONTENT_TYPE");
            assert_eq!(content_type.as_deref(), Some("application/octet-stream"), "{kind:?}");
        }
    });
}

#[test]
fn connections_to_the_program_are_kept() {
    each(SMALL, |kind, front, recorder| {
        let mut client = Client::connect(front.http()).unwrap();
        for _ in 0..200 {
            assert_eq!(client.get("/image?src=a.jpg").unwrap().status, 200);
        }
        assert!(recorder.requests().iter().all(|request| request.keep), "{kind:?}");
        // One client on one kept connection is served by one worker, one request at a time.
        assert!(recorder.connections() <= 2, "{kind:?}: {} connections", recorder.connections());
    });
}

#[test]
fn the_length_of_a_response_reaches_the_client() {
    let behaviour = Behaviour { body_len: 700_000, hang_up: false };
    each(behaviour, |kind, front, _| {
        let response = http::get(front.http(), "/image?src=a.jpg").unwrap();
        assert_eq!(response.header("content-length"), Some("700000"), "{kind:?}");
        assert_eq!(response.body.len(), 700_000, "{kind:?}");
    });
}

#[test]
fn a_kept_connection_that_was_closed_costs_no_request() {
    each(Behaviour { body_len: 1000, hang_up: true }, |kind, front, recorder| {
        for number in 0..50 {
            wait::until("the last one is closed", || recorder.closed() == number);
            // A connection of its own: the front server may end one that a client keeps, too.
            let response = http::get(front.http(), "/image?src=a.jpg").unwrap();
            assert_eq!(response.status, 200, "{kind:?} request {number}: {}", front.errors());
        }
    });
}

#[test]
fn a_program_that_comes_back_is_used_at_once() {
    for kind in BOTH {
        let dir = temp_dir();
        let socket = dir.path().join("halftone.sock");
        let recorder = Recorder::start(&socket, SMALL);
        let front = Front::start(kind, &socket);
        assert_eq!(http::get(front.http(), "/").unwrap().status, 200);
        drop(recorder);
        // A connection that is still open may serve the next request; then nobody listens.
        wait::until("the front server notices", || {
            matches!(http::get(front.http(), "/").unwrap().status, 502 | 503)
        });
        let _recorder = Recorder::start(&socket, SMALL);
        assert_eq!(http::get(front.http(), "/").unwrap().status, 200, "{kind:?}");
    }
}

#[test]
fn nginx_holds_pictures_in_memory() {
    let dir = temp_dir();
    let socket = dir.path().join("halftone.sock");
    let body_len = 20_000_000;
    let _recorder = Recorder::start(&socket, Behaviour { body_len, hang_up: false });
    let nginx = Arc::new(Nginx::start(&socket));
    // Clients that read nothing until everybody has been answered by the program.
    let mut streams: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = TcpStream::connect(nginx.http()).unwrap();
            let request = b"GET /image?src=a.jpg HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            std::io::Write::write_all(&mut stream, request).unwrap();
            stream
        })
        .collect();
    for stream in &mut streams {
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    assert_eq!(nginx.temporary_files(), 0);
    for stream in &mut streams {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.len() > body_len, "a whole picture: {} bytes", rest.len());
    }
    assert!(!nginx.errors().contains("buffered to a temporary file"), "{}", nginx.errors());
}

const UNITS: [&str; 4] =
    ["halftone.socket", "halftone.service", "halftone-tasks.service", "halftone-stats.service"];

/// The units that the repository has.
fn units() -> Vec<String> {
    let entries = std::fs::read_dir(repository("systemd")).unwrap();
    let mut units: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    units.sort();
    units
}

#[test]
fn the_services_are_as_exposed_as_they_have_to_be_and_no_more() {
    let analyze = program("systemd-analyze", "systemd");
    assert_eq!(units(), {
        let mut known = UNITS;
        known.sort_unstable();
        known
    });
    for unit in units().iter().filter(|unit| unit.ends_with(".service")) {
        let output = Command::new(&analyze)
            .args(["security", "--offline=true", "--no-pager"])
            .arg(repository("systemd").join(unit))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        // "→ Overall exposure level for halftone.service: 1.9 OK 🙂"
        let line = text.lines().find(|line| line.contains("Overall exposure level"));
        let score =
            line.and_then(|line| line.split(": ").nth(1)?.split(' ').next()?.parse::<f64>().ok());
        let errors = String::from_utf8_lossy(&output.stderr);
        let score = score.unwrap_or_else(|| panic!("{unit}: {text}{errors}"));
        assert!(score <= 3.0, "{unit}: {score}\n{text}");
    }
}

#[test]
fn services_are_started_again_for_ever() {
    for unit in units().iter().filter(|unit| unit.ends_with(".service")) {
        let text = std::fs::read_to_string(repository("systemd").join(unit)).unwrap();
        let section = |name: &str| {
            let from = text.split(&format!("\n[{name}]\n")).nth(1).unwrap();
            from.split("\n[").next().unwrap().lines().collect::<Vec<_>>()
        };
        assert!(section("Unit").contains(&"StartLimitIntervalSec=0"), "{unit}");
        let service = section("Service");
        assert!(service.contains(&"Restart=on-failure"), "{unit}");
        assert!(service.iter().any(|line| line.starts_with("RestartSec=")), "{unit}");
    }
}

#[test]
fn systemd_understands_the_units() {
    let analyze = program("systemd-analyze", "systemd");
    let dir = temp_dir();
    // Programs and users of an installation do not exist here; everything else is judged.
    for unit in UNITS {
        let text = std::fs::read_to_string(repository("systemd").join(unit)).unwrap();
        let text = text.replace("/usr/bin/halftone", "/bin/true");
        std::fs::write(dir.path().join(unit), text).unwrap();
    }
    for unit in UNITS {
        let output = Command::new(&analyze)
            .args(["verify", "--man=no"])
            .arg(dir.path().join(unit))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        let ours: Vec<&str> = text.lines().filter(|line| line.contains("halftone")).collect();
        assert!(ours.is_empty(), "{unit}: {text}");
    }
}
