//! Loads by the engine of `halftone bench`, of which not one request may fail.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use halftone::load::{Address, Asks, End, Load, Question, Server, Tally, Trust};

/// Connections that are kept busy.
pub const CONNECTIONS: usize = 16;

/// A server of this machine.
pub fn server(addr: SocketAddr) -> Server {
    let address = Address { tls: false, host: addr.ip().to_string(), port: addr.port() };
    Server::new(&address, Trust::Any).expect("a number needs no resolving")
}

/// Requests whose paths and queries follow from their numbers.
pub struct Targets<F> {
    server: Server,
    headers: Vec<(String, String)>,
    target: F,
}

impl<F: Fn(u64) -> String + Send + Sync> Asks for Targets<F> {
    fn kinds(&self) -> Vec<String> {
        vec!["request".into()]
    }

    fn question(&self, number: u64) -> Question<'_> {
        let request = self.server.get(&(self.target)(number), &self.headers);
        Question { kind: 0, request: request.into() }
    }
}

/// The same request again and again.
struct Same(Vec<u8>);

impl Asks for Same {
    fn kinds(&self) -> Vec<String> {
        vec!["request".into()]
    }

    fn question(&self, _: u64) -> Question<'_> {
        Question { kind: 0, request: self.0.as_slice().into() }
    }
}

/// One address.
pub fn same(addr: SocketAddr, target: &str, headers: &[(String, String)]) -> Load {
    let server = server(addr);
    let request = server.get(target, headers);
    Load::new(&server, Arc::new(Same(request)), CONNECTIONS, End::Requests(1))
}

/// An address for each number.
#[allow(dead_code, reason = "not every benchmark has several")]
pub fn each(
    addr: SocketAddr,
    headers: &[(String, String)],
    target: impl Fn(u64) -> String + Send + Sync + 'static,
) -> Load {
    let server = server(addr);
    let asks = Targets { server: server.clone(), headers: headers.to_vec(), target };
    Load::new(&server, Arc::new(asks), CONNECTIONS, End::Requests(1))
}

/// Asks for a time.
///
/// # Panics
/// When a request fails.
pub fn put_on(load: &Load, time: Duration) -> Tally {
    all(&Load { end: End::After(time), ..load.clone() })
}

/// Asks as the load says.
///
/// # Panics
/// When a request fails.
pub fn all(load: &Load) -> Tally {
    let tally = halftone::load::run(load).expect("the load can be made");
    let all = tally.all();
    assert!(all.requests() > 0, "nothing was asked for");
    assert_eq!(all.errors(), 0, "{:?} {:?}", all.statuses, all.failures);
    tally
}
