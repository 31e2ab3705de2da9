//! What is asked for, and what servers spend on it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use crate::floor::{cpu_ms, least};
use crate::server::Server;
use crate::support::http::Client;

/// One picture of a result.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub file: &'a str,
    pub width: u32,
    /// `jpg`, `png`, `webp` or `avif`.
    pub format: &'a str,
    pub quality: u8,
}

/// Originals, and the pictures that are made of them.
pub struct Work<'a> {
    pub files: Vec<(&'a str, &'a [u8])>,
    pub widths: std::ops::Range<u32>,
    pub format: &'a str,
    pub quality: u8,
}

/// Pictures that a server is asked for in one turn.
const IN_A_TURN: usize = 6;

/// Pictures that four clients ask for while memory is watched.
const CLIENTS: usize = 4;
const WATCHED: usize = 120;

/// What a server needs for one picture on average.
pub struct Spent {
    pub name: &'static str,
    /// CPU milliseconds for each original.
    pub ms: Vec<f64>,
    /// Of their mean, what the front server took.
    pub front_ms: f64,
    /// Bytes of a result.
    pub bytes: f64,
    /// The most memory seen under four clients, in MB; 0 where it was not watched.
    pub peak_mb: f64,
}

impl Spent {
    /// The mean over the originals.
    pub fn mean(&self) -> f64 {
        self.ms.iter().sum::<f64>() / self.ms.len() as f64
    }
}

impl<'a> Work<'a> {
    /// Request number `n` of one original: no width comes twice until all have come.
    fn ask(&self, picture: usize, n: usize) -> Ask<'a> {
        let count = self.widths.len();
        // Coprime to any count of widths that is not its multiple, so that widths come in no order.
        let width = self.widths.start + ((n * 67 + picture * 13) % count) as u32;
        let (format, quality) = (self.format, self.quality);
        Ask { file: self.files[picture].0, width, format, quality }
    }

    /// The floor first, then every server; they take turns on every picture.
    pub fn measure(&self, servers: &[Server], rounds: usize) -> Vec<Spent> {
        assert!(
            rounds * IN_A_TURN + IN_A_TURN + WATCHED / self.files.len() < self.widths.len(),
            "there are not as many widths: fewer rounds"
        );
        let mut ms = vec![vec![0.0; self.files.len()]; servers.len() + 1];
        let mut front_ms = vec![0.0; servers.len() + 1];
        let mut bytes = vec![0; servers.len() + 1];
        // One round more, which fills caches and connections and is not counted.
        for round in 0..=rounds {
            for (picture, (_, file)) in self.files.iter().enumerate() {
                let asks = (0..IN_A_TURN).map(|n| self.ask(picture, round * IN_A_TURN + n));
                let asks: Vec<Ask> = asks.collect();
                for turn in 0..=servers.len() {
                    let who = (turn + round) % (servers.len() + 1);
                    let (spent, front, len) = match who.checked_sub(1) {
                        None => (floor_ms(file, &asks), 0.0, 0),
                        Some(server) => one_turn(&servers[server], &asks),
                    };
                    if round > 0 {
                        ms[who][picture] += spent;
                        front_ms[who] += front;
                        bytes[who] += len;
                    }
                }
            }
        }
        let of_one = (rounds * IN_A_TURN) as f64;
        let of_all = of_one * self.files.len() as f64;
        let names = std::iter::once("floor").chain(servers.iter().map(|server| server.name));
        let spent = names.enumerate().map(|(who, name)| Spent {
            name,
            ms: ms[who].iter().map(|ms| ms / of_one).collect(),
            front_ms: front_ms[who] / of_all,
            bytes: bytes[who] as f64 / of_all,
            peak_mb: who
                .checked_sub(1)
                .map_or(0.0, |server| self.peak_mb(&servers[server], (rounds + 1) * IN_A_TURN)),
        });
        spent.collect()
    }

    /// The most memory of a server while four clients ask for pictures from number `from` on.
    fn peak_mb(&self, server: &Server, from: usize) -> f64 {
        let next = AtomicUsize::new(0);
        let mut peak_mb: f64 = 0.0;
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    scope.spawn(|| {
                        let mut client = Client::connect(server.addr).expect("it answers");
                        loop {
                            let n = next.fetch_add(1, Ordering::SeqCst);
                            if n >= WATCHED {
                                break;
                            }
                            let (picture, n) = (n % self.files.len(), n / self.files.len());
                            get(&mut client, server, &self.ask(picture, from + n));
                        }
                    })
                })
                .collect();
            while !clients.iter().all(ScopedJoinHandle::is_finished) {
                peak_mb = peak_mb.max(server.pss_mb());
                std::thread::sleep(Duration::from_millis(25));
            }
        });
        peak_mb
    }
}

/// CPU milliseconds of all processes, those of the front server among them, and bytes of results.
fn one_turn(server: &Server, asks: &[Ask]) -> (f64, f64, usize) {
    let mut client = Client::connect(server.addr).expect("the server answers");
    let before = server.cpu_ms();
    let len = asks.iter().map(|ask| get(&mut client, server, ask).len()).sum();
    // What it does after an answer, storing it for one, belongs to it.
    std::thread::sleep(Duration::from_millis(30));
    let after = server.cpu_ms();
    (after.0 - before.0, after.1 - before.1, len)
}

/// The picture.
pub fn get(client: &mut Client, server: &Server, ask: &Ask) -> Vec<u8> {
    let target = (server.target)(ask);
    let response = client.get(&target).expect("the server answers");
    assert_eq!(response.status, 200, "{}: {target}: {}", server.name, response.text());
    if !response.kept {
        *client = Client::connect(server.addr).expect("the server answers");
    }
    response.body
}

/// CPU milliseconds of the least that can be done. Originals that are not JPEGs have no floor.
fn floor_ms(original: &[u8], asks: &[Ask]) -> f64 {
    if !original.starts_with(&[0xff, 0xd8]) {
        return 0.0;
    }
    let before = cpu_ms();
    for ask in asks {
        assert!(least(original, ask.width) > 500, "no picture");
    }
    cpu_ms() - before
}
