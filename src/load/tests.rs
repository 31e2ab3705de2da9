//! Loads on servers that misbehave in known ways.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use super::*;

/// Answers each request, told its number, with these bytes; closes the connection after none.
type Answers = dyn Fn(u64) -> Option<&'static [u8]> + Send + Sync;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A server on a thread for each connection, which ends with the test's process.
fn serve(answers: impl Fn(u64) -> Option<&'static [u8]> + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let (answers, number): (Arc<Answers>, _) = (Arc::new(answers), Arc::new(AtomicU64::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (answers, number) = (Arc::clone(&answers), Arc::clone(&number));
            std::thread::spawn(move || answer(&stream.unwrap(), &*answers, &number));
        }
    });
    Server::new(&Address::read(&format!("http://{addr}")).unwrap(), Trust::Any).unwrap()
}

fn answer(stream: &TcpStream, answers: &Answers, number: &AtomicU64) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(line)) = lines.next() {
        if !line.is_empty() {
            continue;
        }
        let Some(bytes) = answers(number.fetch_add(1, Ordering::SeqCst)) else { break };
        let closes = bytes.windows(5).any(|word| word == b"close");
        if (&*stream).write_all(bytes).is_err() || closes {
            break;
        }
    }
    // It may be closed by the other side already.
    let _ = stream.shutdown(Shutdown::Both);
}

fn load(server: &Server, clients: usize, end: End) -> Load {
    let asks = Replay::of(vec![(0, server.get("/image", &[]))]);
    Load::new(server, Arc::new(asks), clients, end)
}

/// A server that does not answer for a second, after its first hundred requests.
fn stalling() -> Server {
    const STALL: Duration = Duration::from_secs(1);
    let until: RwLock<Option<Instant>> = RwLock::new(None);
    serve(move |number| {
        if number == 100 {
            *until.write().unwrap() = Some(Instant::now() + STALL);
        }
        let until = *until.read().unwrap();
        let left =
            until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        std::thread::sleep(left);
        Some(OK)
    })
}

#[test]
fn an_open_loop_sees_a_server_that_stalls() {
    let server = stalling();
    let pace = Pace::Open { per_s: 200.0 };
    let open = Load { pace, ..load(&server, 8, End::After(Duration::from_secs(3))) };
    let all = run(&open).unwrap().all();
    // What was due within the time was asked for, and a third of it was due while nothing was answered.
    assert_eq!((all.requests(), all.errors()), (600, 0));
    assert!(all.within_ms(0.99) > 800.0, "{}", all.within_ms(0.99));
    assert!(all.within_ms(0.80) > 250.0, "{}", all.within_ms(0.80));
    // A closed loop asks nothing while it waits, and sees the same second only once for each client.
    let all = run(&load(&stalling(), 2, End::Requests(600))).unwrap().all();
    assert_eq!(all.requests(), 600);
    assert!(all.longest_ms() > 800.0, "{}", all.longest_ms());
    assert!(all.within_ms(0.9) < 500.0, "{}", all.within_ms(0.9));
}

#[test]
fn every_answer_is_counted_by_what_it_is() {
    let server = serve(|number| match number % 6 {
        0 => Some(OK),
        1 => Some(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy"),
        2 => Some(b"HTTP/1.1 304 Not Modified\r\nX-Cache: HIT\r\n\r\n"),
        3 => Some(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-From-Cache: True\r\n\r\n\
              3\r\nabc\r\n0\r\n\r\n",
        ),
        4 => Some(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        _ => Some(b"what?\r\n\r\n"),
    });
    let tally = run(&load(&server, 1, End::Requests(60))).unwrap();
    let all = tally.all();
    assert_eq!(all.requests(), 60);
    assert_eq!(all.statuses, [(200, 30), (304, 10), (503, 10)].into());
    assert_eq!(all.failures, [("malformed answer", 10)].into());
    assert_eq!((all.errors(), all.bytes), (20, 10 * (2 + 4 + 3)));
    assert_eq!((all.verdict("HIT"), all.from_cache), (10, [10, 0]));
    assert_eq!(tally.seconds.iter().map(|second| second.errors).sum::<u64>(), 20);
}

#[test]
fn connections_that_break_are_counted_and_kept_ones_opened_anew() {
    // Let go between two answers, as servers do: asked again on a new connection.
    let closing = serve(|number| (number % 5 != 4).then_some(OK));
    let tally = run(&load(&closing, 1, End::Requests(40))).unwrap();
    // Four answers on each, and nothing asked after the last.
    assert_eq!((tally.all().errors(), tally.reopened), (0, 9));
    // Within an answer: an error.
    let breaking =
        serve(|_| Some(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot"));
    let all = run(&load(&breaking, 1, End::Requests(2))).unwrap().all();
    assert_eq!(all.failures, [("connection broken", 2)].into());
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Address::read(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
    };
    let nobody = Server::new(&nobody, Trust::Any).unwrap();
    let all = run(&load(&nobody, 1, End::Requests(3))).unwrap().all();
    assert_eq!(all.failures, [("not connected", 3)].into());
}

#[test]
fn an_answer_that_does_not_come_is_given_up() {
    let server = serve(|number| {
        if number % 2 == 1 {
            std::thread::sleep(Duration::from_secs(5));
        }
        Some(OK)
    });
    let patience = Duration::from_millis(200);
    let all = run(&Load { patience, ..load(&server, 1, End::Requests(6)) }).unwrap().all();
    assert_eq!(
        (all.statuses, all.failures),
        ([(200, 3)].into(), [("no answer in time", 3)].into())
    );
}

#[test]
fn threads_share_the_work_and_the_warm_up_is_left_out() {
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let server = serve(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Some(OK)
    });
    let warm = Load {
        threads: 3,
        warm_up: Duration::from_millis(100),
        ..load(&server, 7, End::Requests(200))
    };
    let all = run(&warm).unwrap().all();
    assert_eq!((all.requests(), all.errors()), (200, 0));
    assert!(asked.load(Ordering::SeqCst) > 200);
    let pace = Pace::Open { per_s: 500.0 };
    let open =
        Load { pace, threads: 3, ..load(&server, 7, End::After(Duration::from_millis(400))) };
    assert_eq!(run(&open).unwrap().all().requests(), 200);
}
