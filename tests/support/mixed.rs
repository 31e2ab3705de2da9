//! A mixed load of many clients: pictures that are known, those that the client has already, and new
//! ones. Every answer is looked at.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::fixture::jpeg_size;
use super::http::{Client, Response};
use super::wait;

/// Clients at once.
const CLIENTS: usize = 32;

/// Between two requests of a client: the load is to be many, not all that the machine can do.
const PAUSE: Duration = Duration::from_millis(5);

/// Width and height of the original `photo.jpg`.
pub const ORIGINAL: (usize, usize) = (900, 600);

/// A picture as it has to come.
pub struct Known {
    target: String,
    body: Vec<u8>,
    etag: String,
}

/// Asks for so many different pictures of `photo.jpg`, each once.
pub fn known(addr: SocketAddr, count: usize) -> Vec<Known> {
    let mut client = Client::connect(addr).unwrap();
    let mut ask = |number: usize| {
        let target = format!("/image?src=photo.jpg&width={}&quality=92", 300 + number);
        let response = client.get(&target).unwrap();
        assert_eq!(response.status, 200, "{}", response.text());
        let etag = response.header("etag").expect("an entity tag").to_owned();
        Known { target, body: response.body, etag }
    };
    (0..count).map(&mut ask).collect()
}

/// What a load has come to so far.
#[derive(Debug, Default)]
pub struct Watch {
    stop: AtomicBool,
    /// Of each client.
    answered: [AtomicUsize; CLIENTS],
    new: AtomicUsize,
    slowest_us: AtomicU64,
    failed: Mutex<Vec<String>>,
}

impl Watch {
    /// Requests that were answered as they have to be.
    pub fn answered(&self) -> usize {
        self.of_each().iter().sum()
    }

    fn of_each(&self) -> [usize; CLIENTS] {
        self.answered.each_ref().map(|client| client.load(Ordering::SeqCst))
    }

    /// Waits until each client has had so many more answers, all of them right.
    #[track_caller]
    pub fn more(&self, each: usize) {
        let start = self.of_each();
        wait::until("more answers", || {
            self.check();
            self.of_each().iter().zip(start).all(|(now, start)| *now >= start + each)
        });
    }

    /// How long the slowest request took since this was last asked.
    pub fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest_us.swap(0, Ordering::SeqCst))
    }

    #[track_caller]
    fn check(&self) {
        let failed = self.failed.lock().unwrap();
        assert!(failed.is_empty(), "{} failed: {:?}", failed.len(), &failed[..failed.len().min(5)]);
    }
}

/// Ends the load also when the action fails.
struct Ending<'a>(&'a Watch);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::SeqCst);
    }
}

/// Asks while `action` runs; gives back how many answers came. Any that is not as it has to be fails the
/// test.
#[track_caller]
pub fn under_load(addr: SocketAddr, known: &[Known], action: impl FnOnce(&Watch)) -> usize {
    let watch = Watch::default();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let watch = &watch;
            scope.spawn(move || ask(addr, client, known, watch));
        }
        let ending = Ending(&watch);
        action(&watch);
        drop(ending);
    });
    watch.check();
    watch.answered()
}

fn ask(addr: SocketAddr, client: usize, known: &[Known], watch: &Watch) {
    let mut connection = None;
    for number in 0.. {
        if watch.stop.load(Ordering::SeqCst) {
            return;
        }
        let began = Instant::now();
        let outcome = ask_once(addr, &mut connection, client, number, known, watch);
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        watch.slowest_us.fetch_max(took, Ordering::SeqCst);
        match outcome {
            Ok(()) => drop(watch.answered[client].fetch_add(1, Ordering::SeqCst)),
            Err(error) => {
                connection = None;
                watch.failed.lock().unwrap().push(format!("after {took} µs: {error}"));
            }
        }
        std::thread::sleep(PAUSE);
    }
}

fn ask_once(
    addr: SocketAddr,
    connection: &mut Option<Client>,
    client: usize,
    number: usize,
    known: &[Known],
    watch: &Watch,
) -> Result<(), String> {
    let told = |error: std::io::Error| format!("client {client}, request {number}: {error}");
    let mut here = match connection.take() {
        Some(here) => here,
        None => Client::connect(addr).map_err(told)?,
    };
    let picture = &known[(client * 7 + number) % known.len()];
    let (response, amiss) = match (client + number) % 16 {
        0 => {
            let new = watch.new.fetch_add(1, Ordering::SeqCst);
            let (width, quality) = (40 + new % 200, 30 + new / 200);
            let target = format!("/image?src=photo.jpg&width={width}&quality={quality}");
            let response = here.get(&target).map_err(told)?;
            let amiss = amiss_new(&response, width);
            (response, amiss)
        }
        1 | 2 => {
            let headers = [("If-None-Match", picture.etag.as_str())];
            let response = here.request("GET", picture.target.as_bytes(), &headers, b"");
            let response = response.map_err(told)?;
            let right = response.status == 304 && response.body.is_empty();
            let amiss = (!right).then(|| format!("{} for what is known", response.status));
            (response, amiss)
        }
        _ => {
            let response = here.get(&picture.target).map_err(told)?;
            let right = response.status == 200 && response.body == picture.body;
            let amiss =
                (!right).then(|| format!("{}, {} bytes", response.status, response.body.len()));
            (response, amiss)
        }
    };
    if response.kept {
        *connection = Some(here);
    }
    amiss.map_or(Ok(()), |amiss| Err(format!("{}: {amiss}", picture.target)))
}

/// A picture as wide as was asked for, and as high as follows from the original, to a row.
fn amiss_new(response: &Response, width: usize) -> Option<String> {
    if response.status != 200 {
        return Some(format!("{} for a new one: {}", response.status, response.text()));
    }
    let (is, height) = jpeg_size(&response.body);
    let wanted = width * ORIGINAL.1 / ORIGINAL.0;
    (is != width || height.abs_diff(wanted) > 1).then(|| format!("{is}×{height}"))
}
