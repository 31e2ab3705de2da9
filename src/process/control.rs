//! What arbiter and worker say to each other: single bytes over a socket pair.
//!
//! Its end is a message too: a worker that loses its arbiter drains.

/// From the arbiter: stop accepting, finish what has begun, exit.
pub const DRAIN: u8 = b'd';
/// From the arbiter: open the log files anew.
pub const REOPEN_LOGS: u8 = b'l';

/// From a worker: it serves.
pub const READY: u8 = b'R';
/// From a worker: it would like to be replaced, and goes on until it is.
pub const RETIRING: u8 = b'W';
/// From a worker: it has stopped accepting by itself and must be replaced.
pub const DRAINING: u8 = b'D';
/// From a worker: it could not boot; the rest of what it says is the reason.
pub const FAILED: u8 = b'F';
