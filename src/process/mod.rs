//! The processes that serve: a pre-forked pool of workers under an arbiter, or one process alone.
//!
//! It exists so that a crash, a stuck request or a leak costs one worker and no request that is not
//! in it, and so that settings, logs and the program itself are replaced without refusing anybody.
//! It knows processes, signals, sockets, threads and the clock; it knows no route, no setting and
//! no database: what a worker serves comes out of the closure that boots it.
//!
//! ```text
//! run_pool ─▶ arbiter (one thread: signals, reaping, scoreboard)
//!               └─ fork ─▶ worker: event loop (connections) ─▶ Dispatcher ─▶ queue ─▶ request threads
//!                                                                         └▶ queue ─▶ makers
//! serve_in_process ─▶ the same Dispatcher, queues and threads, without the arbiter
//! ```

mod accept;
mod arbiter;
mod bell;
mod child;
mod control;
mod dispatcher;
mod files;
mod handover;
mod listen;
mod options;
mod queue;
mod rates;
mod rows;
mod scoreboard;
mod signals;
pub mod slots;
mod snapshot;
mod startup;
mod supervisor;
#[allow(unsafe_code)]
mod sys;
mod threads;
mod worker;

pub use arbiter::run_pool;
pub use dispatcher::Dispatcher;
pub use listen::{ListenAddress, ListenAddressError};
pub use options::{PoolOptions, WorkerOptions};
pub use rates::{RateOptions, Rates};
pub use rows::{SlotUse, ThreadRow, WorkerRow, WorkerState};
pub use scoreboard::{COUNTS, Reader, Scoreboard, ScoreboardError};
pub use snapshot::{STAGES, Snapshot, ThreadSnapshot, WorkerSnapshot};
pub use startup::Error;
pub use sys::{bound_heap, end_with_reader, let_others_first};
pub use worker::{Boot, WorkerContext, serve_in_process};

/// The exit status of a worker that could not start: not to be started again at once.
pub const BOOT_FAILED: i32 = 3;
