//! A load generator: many clients that ask one HTTP server, and an exact account of how long they waited.
//!
//! [`run()`] is the engine: it asks for whatever its [`Asks`] say, as fast as answers come or at a set rate, and
//! gives a [`Tally`]. [`Mix`] says what users of an image server ask for, [`Replay`] what a list or a log holds;
//! [`Visitor`] signs in and finds pictures before. The benchmarks of this project use the same engine as
//! `halftone bench`.
//!
//! It is cheap, so that on a machine which it shares with the server most of the time is the server's: one
//! thread drives hundreds of connections, bodies are counted and never kept, and requests are written in
//! advance. What it takes itself is in the tally.
//!
//! It must not know how a server is built or configured: it speaks HTTP and knows public addresses alone.

mod address;
mod connection;
mod mix;
mod pace;
mod replay;
mod response;
mod run;
mod server;
mod tally;
#[cfg(test)]
mod tests;
mod visitor;

pub use address::Address;
pub use mix::{KINDS, Mix, MixOptions, Picture, Shares};
pub use replay::Replay;
pub use run::{Asks, End, Load, Pace, Question, run};
pub use server::{Server, Trust};
pub use tally::{OfKind, Second, Tally, VERDICTS};
pub use visitor::{Found, Visitor};

/// Why a load could not be started, or a server not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its name has no address, or nobody listens there.
    #[error("{host} cannot be reached: {source}")]
    Connect {
        /// The server's name and port.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// What secures the connection cannot be set up.
    #[error("TLS: {0}")]
    Tls(String),
    /// The connection broke, or no answer came in time.
    #[error("{target}: {source}")]
    Asking {
        /// What was asked for.
        target: String,
        /// Why.
        source: std::io::Error,
    },
    /// The server refused.
    #[error("{target}: the server answers {status}")]
    Status {
        /// What was asked for.
        target: String,
        /// The status of the answer.
        status: u16,
    },
    /// The answer is not what this kind of server gives.
    #[error("{target}: {what}")]
    Unexpected {
        /// What was asked for.
        target: String,
        /// What is amiss.
        what: &'static str,
    },
    /// A share or a list that cannot be used.
    #[error("{0}")]
    Mix(String),
    /// The generator itself could not go on.
    #[error("the load could not be made: {0}")]
    Io(#[from] std::io::Error),
}
