//! The thread that takes the numbers to the database.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

use super::{Counters, Sampler};
use crate::db::Db;

/// The thread that takes the numbers to the database.
#[derive(Debug)]
pub struct Flusher {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Flusher {
    /// Starts the thread. To be called in the process that counts, after it was forked.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(counters: Arc<Counters>, db: Db) -> std::io::Result<Self> {
        Self::start_with(counters, db, None)
    }

    /// The same, with somebody who looks at what is used each time.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start_with(
        counters: Arc<Counters>,
        db: Db,
        mut sampler: Option<Sampler>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new().name("stats".into()).spawn(move || {
            let every = counters.options.flush_every;
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                sample(&counters, &mut sampler);
                flush(&counters, &db);
            }
            sample(&counters, &mut sampler);
            flush(&counters, &db);
        })?;
        Ok(Self { stop, thread })
    }

    /// Flushes a last time and ends the thread. Takes no longer than the database's timeouts.
    pub fn finish(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            log::error!("the statistics thread ended before its time");
        }
    }
}

fn sample(counters: &Counters, sampler: &mut Option<Sampler>) {
    let Some(sampler) = sampler else { return };
    for (worker, numbers) in sampler.take() {
        counters.add_host(sampler.host(), worker, &numbers);
    }
}

fn flush(counters: &Counters, db: &Db) {
    // That the database is away is reported by its pool, and the numbers are kept.
    if let Err(error) = counters.flush(db)
        && !error.is_unavailable()
    {
        log::error!("statistics could not be added: {error}");
    }
}
