//! Clients that ask for everything at once and check every answer, while something happens to the server.
//!
//! Each client keeps a connection as a browser does, and asks for one thing after the other: a picture
//! that the workers have in memory, some that are only in the shared cache, one that it has already (304),
//! new ones, an original, and the API. What has to come is known beforehand: the original's bytes are the
//! file's, cached pictures are those that came at first, and new ones have to be whole and of the size
//! that was asked for.

use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use super::config::Config;
use super::fixture::{jpeg_size, write_jpeg};
use super::http::{Client, Response};
use super::wait;

/// How many clients ask at the same time.
pub const CLIENTS: usize = 32;

/// The original, and its size.
const PHOTO: &str = "photo.jpg";
const SIZE: (usize, usize) = (900, 600);
/// Pictures that are asked for again and again, more than one worker keeps in memory.
const KNOWN: usize = 40;
/// Of this many requests of a client one is for a picture that nobody has asked for before.
const ONE_NEW_IN: usize = 16;

/// Puts the pictures that are asked for into a library.
pub fn library(images: &Path) {
    write_jpeg(&images.join(PHOTO), SIZE.0, SIZE.1);
}

/// Settings with which every request reaches a worker, and not all known pictures stay in its memory.
pub fn settings(config: Config) -> Config {
    config.raw("edge_cache_s", "0").raw("memory_cache_mb", "1")
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// One picture that everybody asks for.
    Hot,
    /// One of the known ones.
    Known(usize),
    /// The hot one, with its entity tag.
    Unchanged,
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
            Asked::Hot => "hot",
            Asked::Unchanged => "unchanged",
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

/// What the clients know beforehand.
struct Expected {
    hot: Vec<u8>,
    etag: String,
    known: Vec<Vec<u8>>,
    original: Vec<u8>,
}

/// A load that goes on.
pub struct Load {
    addr: SocketAddr,
    expected: Expected,
    stop: AtomicBool,
    /// Requests of each client that have come to an end, good or bad.
    answered: [AtomicUsize; CLIENTS],
    /// New pictures so far, so that none is asked for twice.
    made: AtomicUsize,
    failures: Mutex<Vec<Failure>>,
}

/// Asks from [`CLIENTS`] threads while `action` runs, and gives what went wrong. `images` is the folder
/// with the [`library`].
pub fn under(addr: SocketAddr, images: &Path, action: impl FnOnce(&Load)) -> Vec<Failure> {
    let load = Load {
        addr,
        expected: Expected::learn(addr, images),
        stop: AtomicBool::new(false),
        answered: Default::default(),
        made: AtomicUsize::new(0),
        failures: Mutex::default(),
    };
    std::thread::scope(|scope| {
        // Whatever becomes of the action, the clients have to end.
        let _stopped = Stop(&load.stop);
        let load = &load;
        for client in 0..CLIENTS {
            scope.spawn(move || load.go_on(client));
        }
        load.goes_on();
        action(load);
        load.goes_on();
    });
    load.failures.into_inner().unwrap()
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Load {
    /// Waits until each client has had some answers more, all kinds of requests among them: nothing that
    /// was asked before is still under way.
    pub fn goes_on(&self) {
        let before = self.answered();
        wait::until("the load goes on", || {
            self.answered().iter().zip(before).all(|(now, before)| *now >= before + 8)
        });
    }

    fn answered(&self) -> [usize; CLIENTS] {
        self.answered.each_ref().map(|client| client.load(Ordering::SeqCst))
    }

    /// How many have gone wrong so far.
    pub fn failed(&self) -> usize {
        self.failures.lock().unwrap().len()
    }

    fn go_on(&self, client: usize) {
        let mut connection = None;
        let mut number = client;
        while !self.stop.load(Ordering::SeqCst) {
            let asked = self.choose(number);
            number += 1;
            let fault = match self.ask(&mut connection, asked) {
                Ok(response) => self.expected.judge(asked, &response).err(),
                Err(error) => Some(Fault::Broken(error)),
            };
            if let Some(fault) = fault {
                connection = None;
                self.failures.lock().unwrap().push(Failure { asked, fault });
            }
            self.answered[client].fetch_add(1, Ordering::SeqCst);
        }
    }

    fn choose(&self, number: usize) -> Asked {
        if number.is_multiple_of(ONE_NEW_IN) {
            let made = self.made.fetch_add(1, Ordering::SeqCst);
            return Asked::New(100 + made % 700, 30 + made / 700 % 60);
        }
        match number % 8 {
            1 | 5 => Asked::Hot,
            3 => Asked::Unchanged,
            6 => Asked::Original,
            7 => Asked::Details,
            _ => Asked::Known(number * 7 % KNOWN),
        }
    }

    /// Asks on the kept connection if there is one. A front server may close that at any time while nothing
    /// is asked, in the very moment that something is, too: like every browser, asks again on a new one
    /// then, when no byte of an answer has come.
    fn ask(&self, kept: &mut Option<Client>, asked: Asked) -> Result<Response> {
        if let Some(connection) = kept.take() {
            match self.ask_on(connection, kept, asked) {
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                answer => return answer,
            }
        }
        self.ask_on(Client::connect(self.addr)?, kept, asked)
    }

    fn ask_on(
        &self,
        mut connection: Client,
        kept: &mut Option<Client>,
        asked: Asked,
    ) -> Result<Response> {
        let target = asked.target();
        let tag = [("If-None-Match", self.expected.etag.as_str())];
        let headers: &[_] = if asked == Asked::Unchanged { &tag } else { &[] };
        let closed = |error| Error::new(ErrorKind::ConnectionAborted, error);
        connection.send("GET", target.as_bytes(), headers, b"").map_err(closed)?;
        let response = connection.receive(false)?;
        if response.kept {
            *kept = Some(connection);
        }
        Ok(response)
    }
}

impl Asked {
    fn target(self) -> String {
        match self {
            Self::Hot | Self::Unchanged => format!("/image?src={PHOTO}&width=200"),
            Self::Known(number) => format!("/image?src={PHOTO}&width={}&quality=95", 500 + number),
            Self::New(width, quality) => {
                format!("/image?src={PHOTO}&width={width}&quality={quality}&flip=h")
            }
            Self::Original => format!("/original?src={PHOTO}"),
            Self::Details => format!("/api/v1/details/?src={PHOTO}"),
        }
    }
}

impl Expected {
    /// Asks for everything once, and looks at it.
    fn learn(addr: SocketAddr, images: &Path) -> Self {
        let mut client = Client::connect(addr).unwrap();
        let mut picture = |asked: Asked, width| {
            let response = client.get(&asked.target()).unwrap();
            assert_eq!(response.status, 200, "{asked:?}: {}", response.text());
            whole(&response.body, width).unwrap();
            response
        };
        let hot = picture(Asked::Hot, 200);
        let etag = hot.header("etag").expect("pictures have an entity tag").to_owned();
        let known =
            (0..KNOWN).map(|number| picture(Asked::Known(number), 500 + number).body).collect();
        let original = std::fs::read(images.join(PHOTO)).unwrap();
        Self { hot: hot.body, etag, known, original }
    }

    fn judge(&self, asked: Asked, response: &Response) -> std::result::Result<(), Fault> {
        let right = if asked == Asked::Unchanged { 304 } else { 200 };
        if response.status != right {
            return Err(Fault::Status(response.status));
        }
        let same = |bytes: &[u8]| {
            let wrong = || format!("{} bytes for {}", response.body.len(), bytes.len());
            if response.body == bytes { Ok(()) } else { Err(wrong()) }
        };
        match asked {
            Asked::Hot => same(&self.hot),
            Asked::Known(number) => same(&self.known[number]),
            Asked::Original => same(&self.original),
            Asked::New(width, _) => whole(&response.body, width),
            Asked::Unchanged => match response.header("etag") {
                Some(tag) if tag == self.etag => Ok(()),
                tag => Err(format!("entity tag {tag:?} for {}", self.etag)),
            },
            Asked::Details => details(&response.body),
        }
        .map_err(Fault::Wrong)
    }
}

/// Whether this is a whole JPEG of the photograph at this width.
fn whole(bytes: &[u8], width: usize) -> std::result::Result<(), String> {
    if !bytes.ends_with(&[0xff, 0xd9]) {
        return Err(format!("a JPEG without an end, {} bytes", bytes.len()));
    }
    let size = jpeg_size(bytes);
    let exact = width as f64 * SIZE.1 as f64 / SIZE.0 as f64;
    if size.0 != width || (size.1 as f64 - exact).abs() > 1.0 {
        return Err(format!("{size:?} for a width of {width}"));
    }
    Ok(())
}

fn details(body: &[u8]) -> std::result::Result<(), String> {
    let told: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let size = (told["data"]["width"].as_u64(), told["data"]["height"].as_u64());
    let right = (Some(SIZE.0 as u64), Some(SIZE.1 as u64));
    if size == right { Ok(()) } else { Err(format!("{told}")) }
}
