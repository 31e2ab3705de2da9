//! Clients that ask for everything at once and check every answer, while something happens to the server.
//!
//! Each client keeps a connection as a browser does, and asks for one thing after the other: pictures that are
//! known, some that it has already (304), new ones, and where it is wanted one that all ask for, an original
//! and the API. What has to come is known beforehand: the original's bytes are the file's, known pictures are
//! those that came at first, and new ones have to be whole and of the size that was asked for.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::config::Config;
use super::fixture::{jpeg_size, write_jpeg};
use super::http::{Client, Response};
use super::wait;

/// How many clients ask at the same time.
pub const CLIENTS: usize = 32;

/// The original.
const PHOTO: &str = "photo.jpg";
/// Its width and height.
pub const ORIGINAL: (usize, usize) = (900, 600);
/// Known pictures where everything is asked for: more than one worker keeps in memory.
const KNOWN: usize = 80;
/// Of this many requests of a client one is for a picture that nobody has asked for before.
const ONE_NEW_IN: usize = 16;
/// Between two requests of a client where only pictures are asked for: the load is to be many, not all that
/// the machine can do.
const PAUSE: Duration = Duration::from_millis(5);

/// Puts the pictures that are asked for into a library.
pub fn library(images: &Path) {
    write_jpeg(&images.join(PHOTO), ORIGINAL.0, ORIGINAL.1);
}

/// Settings with which every request reaches a worker, and not all known pictures stay in its memory.
pub fn settings(config: Config) -> Config {
    config.raw("edge_cache_s", "0").raw("memory_cache_mb", "1")
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// One of the known ones.
    Known(usize),
    /// The same, with its entity tag.
    Unchanged(usize),
    /// One that has to be made, of this width and quality.
    New(usize, usize),
    /// The file itself.
    Original,
    /// What the API tells of it.
    Details,
}

/// A request that did not come to what it should.
#[derive(Debug)]
pub struct Failure {
    /// What was asked.
    pub asked: Asked,
    /// What came of it.
    pub fault: Fault,
}

impl Failure {
    /// It in a few words, the same for all of its kind.
    pub fn summary(&self) -> String {
        let asked = match self.asked {
            Asked::Known(_) => "known",
            Asked::New(..) => "new",
            Asked::Unchanged(_) => "unchanged",
            Asked::Original => "original",
            Asked::Details => "details",
        };
        format!("{asked}: {:?}", self.fault)
    }
}

/// What may be wrong with an answer.
pub enum Fault {
    /// Another status than the right one.
    Status(u16),
    /// The connection was closed before an answer, or before its announced end: a client sees that.
    Broken(Error),
    /// Something that looks like an answer and is not the right one.
    Wrong(String),
}

impl fmt::Debug for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(out, "status {status}"),
            Self::Broken(error) => write!(out, "broken: {error}"),
            Self::Wrong(what) => write!(out, "wrong: {what}"),
        }
    }
}

/// A picture as it has to come.
struct Picture {
    body: Vec<u8>,
    etag: String,
}

/// What is asked for, and what has to come.
pub struct Wanted {
    addr: SocketAddr,
    known: Vec<Picture>,
    /// The file, where it and all the rest is asked for, too; else only pictures are.
    original: Option<Vec<u8>>,
}

impl Wanted {
    /// Everything, of a server with the [`library`] in the folder `images`.
    pub fn everything(addr: SocketAddr, images: &Path) -> Self {
        let original = Some(std::fs::read(images.join(PHOTO)).unwrap());
        Self { original, ..Self::pictures(addr, KNOWN) }
    }

    /// Pictures, of which so many are known. Each of those is asked for once.
    pub fn pictures(addr: SocketAddr, known: usize) -> Self {
        let mut client = Client::connect(addr).unwrap();
        let mut picture = |number: usize| {
            let asked = Asked::Known(number);
            let response = client.get(&asked.target()).unwrap();
            assert_eq!(response.status, 200, "{asked:?}: {}", response.text());
            whole(&response.body, known_width(number)).unwrap();
            let etag = response.header("etag").expect("pictures have an entity tag").to_owned();
            Picture { body: response.body, etag }
        };
        Self { addr, known: (0..known).map(&mut picture).collect(), original: None }
    }

    /// How many pictures are known.
    pub fn known(&self) -> usize {
        self.known.len()
    }

    /// What a client's request is for, by the number of that and of those for new pictures so far.
    fn choose(&self, client: usize, number: usize, new: &AtomicUsize) -> Asked {
        let turn = client + number;
        if turn.is_multiple_of(ONE_NEW_IN) {
            let new = new.fetch_add(1, Ordering::SeqCst);
            return Asked::New(100 + new % 150, 30 + new / 150 % 60);
        }
        let one = (client * 7 + number) % self.known.len();
        match (&self.original, turn % 8) {
            // One that everybody asks for, so that it is in the memory of workers.
            (Some(_), 1 | 5) => Asked::Known(0),
            (Some(_), 6) => Asked::Original,
            (Some(_), 7) => Asked::Details,
            (_, 3) => Asked::Unchanged(one),
            _ => Asked::Known(one),
        }
    }

    fn judge(&self, asked: Asked, response: &Response) -> std::result::Result<(), Fault> {
        let right = if matches!(asked, Asked::Unchanged(_)) { 304 } else { 200 };
        if response.status != right {
            return Err(Fault::Status(response.status));
        }
        let same = |bytes: &[u8]| {
            let wrong = || format!("{} bytes for {}", response.body.len(), bytes.len());
            if response.body == bytes { Ok(()) } else { Err(wrong()) }
        };
        match asked {
            Asked::Known(number) => same(&self.known[number].body),
            Asked::Original => same(self.original.as_deref().unwrap_or_default()),
            Asked::New(width, _) => whole(&response.body, width),
            Asked::Unchanged(number) => match response.header("etag") {
                Some(tag) if tag == self.known[number].etag => same(b""),
                tag => Err(format!("entity tag {tag:?} for {}", self.known[number].etag)),
            },
            Asked::Details => details(&response.body),
        }
        .map_err(Fault::Wrong)
    }
}

/// A load that goes on.
pub struct Load<'a> {
    wanted: &'a Wanted,
    stop: AtomicBool,
    /// Requests of each client that have come to an end, good or bad.
    answered: [AtomicUsize; CLIENTS],
    /// New pictures so far, so that none is asked for twice.
    new: AtomicUsize,
    slowest_us: AtomicU64,
    failures: Mutex<Vec<Failure>>,
    /// Whether nothing may go wrong.
    strict: bool,
}

/// Asks from [`CLIENTS`] threads while `action` runs, and gives what went wrong.
pub fn under(wanted: &Wanted, action: impl FnOnce(&Load)) -> Vec<Failure> {
    run(wanted, false, |load| {
        load.goes_on();
        action(load);
        load.goes_on();
    })
    .0
}

/// The same where nothing may go wrong, which fails the test. Gives back how many answers came.
#[track_caller]
pub fn unharmed(wanted: &Wanted, action: impl FnOnce(&Load)) -> usize {
    let (failures, answered) = run(wanted, true, action);
    assert!(failures.is_empty(), "{}", told(&failures));
    answered
}

fn run(wanted: &Wanted, strict: bool, action: impl FnOnce(&Load)) -> (Vec<Failure>, usize) {
    let load = Load {
        wanted,
        stop: AtomicBool::new(false),
        answered: Default::default(),
        new: AtomicUsize::new(0),
        slowest_us: AtomicU64::new(0),
        failures: Mutex::default(),
        strict,
    };
    std::thread::scope(|scope| {
        // Whatever becomes of the action, the clients have to end.
        let _stopped = Stop(&load.stop);
        let load = &load;
        for client in 0..CLIENTS {
            scope.spawn(move || load.go_on(client));
        }
        action(load);
    });
    let answered = load.answered().iter().sum();
    (load.failures.into_inner().unwrap(), answered)
}

fn told(failures: &[Failure]) -> String {
    let first: Vec<String> = failures.iter().take(5).map(Failure::summary).collect();
    format!("{} went wrong: {first:?}", failures.len())
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Load<'_> {
    /// Waits until each client has had some answers more, all kinds of requests among them: nothing that
    /// was asked before is still under way.
    #[track_caller]
    pub fn goes_on(&self) {
        self.more(8);
    }

    /// Waits until each client has had so many answers more, as long as that takes while there are answers.
    #[track_caller]
    pub fn more(&self, each: usize) {
        let before = self.answered();
        let (mut last, mut since) = (before, Instant::now());
        loop {
            if self.strict {
                let failures = self.failures.lock().unwrap();
                assert!(failures.is_empty(), "{}", told(&failures));
            }
            let now = self.answered();
            if now.iter().zip(before).all(|(now, before)| *now >= before + each) {
                return;
            }
            if now != last {
                (last, since) = (now, Instant::now());
            }
            assert!(since.elapsed() < wait::PATIENCE, "no answers any more: {now:?}");
            std::thread::sleep(PAUSE);
        }
    }

    fn answered(&self) -> [usize; CLIENTS] {
        self.answered.each_ref().map(|client| client.load(Ordering::SeqCst))
    }

    /// How long the slowest request took since this was last asked.
    pub fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest_us.swap(0, Ordering::SeqCst))
    }

    fn go_on(&self, client: usize) {
        let mut connection = None;
        for number in 0.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let asked = self.wanted.choose(client, number, &self.new);
            let began = Instant::now();
            let fault = match self.ask(&mut connection, asked) {
                Ok(response) => self.wanted.judge(asked, &response).err(),
                Err(error) => Some(Fault::Broken(error)),
            };
            let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.slowest_us.fetch_max(took_us, Ordering::SeqCst);
            if let Some(fault) = fault {
                connection = None;
                self.failures.lock().unwrap().push(Failure { asked, fault });
            }
            self.answered[client].fetch_add(1, Ordering::SeqCst);
            if self.wanted.original.is_none() {
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Asks on the kept connection if there is one. Where the server itself changes, its front server may close
    /// that at any time while nothing is asked, in the very moment that something is, too: like every browser,
    /// asks again on a new one then, when no byte of an answer has come.
    fn ask(&self, kept: &mut Option<Client>, asked: Asked) -> Result<Response> {
        if let Some(connection) = kept.take() {
            match self.ask_on(connection, kept, asked) {
                Err(error) if error.kind() == ErrorKind::ConnectionAborted && !self.strict => {}
                answer => return answer,
            }
        }
        self.ask_on(Client::connect(self.wanted.addr)?, kept, asked)
    }

    fn ask_on(
        &self,
        mut connection: Client,
        kept: &mut Option<Client>,
        asked: Asked,
    ) -> Result<Response> {
        let target = asked.target();
        let tag;
        let headers: &[_] = match asked {
            Asked::Unchanged(number) => {
                tag = [("If-None-Match", self.wanted.known[number].etag.as_str())];
                &tag
            }
            _ => &[],
        };
        let closed = |error| Error::new(ErrorKind::ConnectionAborted, error);
        connection.send("GET", target.as_bytes(), headers, b"").map_err(closed)?;
        let response = connection.receive(false)?;
        if response.kept {
            *kept = Some(connection);
        }
        Ok(response)
    }
}

fn known_width(number: usize) -> usize {
    300 + number
}

impl Asked {
    fn target(self) -> String {
        match self {
            Self::Known(number) | Self::Unchanged(number) => {
                format!("/image?src={PHOTO}&width={}&quality=95", known_width(number))
            }
            Self::New(width, quality) => {
                format!("/image?src={PHOTO}&width={width}&quality={quality}&flip=h")
            }
            Self::Original => format!("/original?src={PHOTO}"),
            Self::Details => format!("/api/v1/details/?src={PHOTO}"),
        }
    }
}

/// Whether this is a whole JPEG of the photograph at this width.
fn whole(bytes: &[u8], width: usize) -> std::result::Result<(), String> {
    if !bytes.ends_with(&[0xff, 0xd9]) {
        return Err(format!("a JPEG without an end, {} bytes", bytes.len()));
    }
    let size = jpeg_size(bytes);
    let exact = width as f64 * ORIGINAL.1 as f64 / ORIGINAL.0 as f64;
    if size.0 != width || (size.1 as f64 - exact).abs() > 1.0 {
        return Err(format!("{size:?} for a width of {width}"));
    }
    Ok(())
}

fn details(body: &[u8]) -> std::result::Result<(), String> {
    let told: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let size = (told["data"]["width"].as_u64(), told["data"]["height"].as_u64());
    let right = (Some(ORIGINAL.0 as u64), Some(ORIGINAL.1 as u64));
    if size == right { Ok(()) } else { Err(format!("{told}")) }
}
