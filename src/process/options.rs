//! What the pool is told, as plain values.

use std::path::PathBuf;
use std::time::Duration;

use super::ListenAddress;
use crate::fastcgi;

/// How the arbiter runs its pool. Changing these takes a restart or a replaced binary, except for
/// the number of workers and what is in `worker`, which every boot may set anew.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Where to listen, unless systemd hands sockets over.
    pub listen: Vec<ListenAddress>,
    /// Permission bits of Unix sockets.
    pub socket_mode: u32,
    /// How many workers.
    pub workers: usize,
    /// Where the scoreboard lies; must exist.
    pub run_dir: PathBuf,
    /// Where to write the arbiter's process id.
    pub pid_file: Option<PathBuf>,
    /// How long a worker may take to finish what it has begun before it is killed.
    pub drain: Duration,
    /// How long a worker may take to boot.
    pub boot_timeout: Duration,
    /// How long a worker's event loop may give no sign of life before it is killed.
    pub stall_timeout: Duration,
    /// What workers are told.
    pub worker: WorkerOptions,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            socket_mode: 0o660,
            workers: std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2)),
            run_dir: PathBuf::from("/run/halftone"),
            pid_file: None,
            drain: Duration::from_secs(30),
            boot_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
            worker: WorkerOptions::default(),
        }
    }
}

/// How one worker serves.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Request threads.
    pub threads: usize,
    /// Threads that make what takes long and has to wait for its turn.
    pub makers: usize,
    /// What may be made or wait to be at the same time; one more is answered 503.
    pub making_places: usize,
    /// Requests that may wait for a thread; one more is answered 503.
    pub queue_len: usize,
    /// Requests after which a worker is replaced, give or take a tenth; 0 means never.
    pub max_requests: u64,
    /// Resident memory above which a worker is replaced; 0 means never.
    pub max_worker_memory_bytes: u64,
    /// From a request's arrival to the moment at which it is called off.
    pub request_deadline: Duration,
    /// How long a request that was called off may take to notice before its worker drains.
    pub cancel_grace: Duration,
    /// How long after that the worker is killed.
    pub kill_grace: Duration,
    /// Bounds on connections.
    pub fastcgi: fastcgi::Options,
}

impl WorkerOptions {
    /// Threads of both sorts.
    #[must_use]
    pub fn all_threads(&self) -> usize {
        self.threads.max(1) + self.makers.max(1)
    }
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            threads: 15,
            makers: 15,
            making_places: 75,
            queue_len: 480,
            max_requests: 100_000,
            max_worker_memory_bytes: 1 << 30,
            request_deadline: Duration::from_secs(60),
            cancel_grace: Duration::from_secs(5),
            kill_grace: Duration::from_secs(10),
            fastcgi: fastcgi::Options::default(),
        }
    }
}
