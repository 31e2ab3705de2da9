//! How requests are taken in and how many at once: slots, workers, listeners.

use std::path::Path;

use super::units::{megabytes, megapixels, secs};
use crate::config::Settings;
use crate::process::WorkerOptions;
use crate::process::slots::{Slots, SlotsOptions};
use crate::{fastcgi, http};

/// Processor cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The slots of this host.
pub fn slots(settings: &Settings, run_folder: &Path) -> std::io::Result<Slots> {
    Slots::open(
        run_folder,
        &SlotsOptions {
            file: "slots.lock",
            count: settings.slot_count(cores()),
            pixel_budget: megapixels(settings.pixel_budget_megapixels),
            max_waiters: settings.makers(cores()),
        },
    )
}

/// The slots of this host for pictures from files that another program reads. Their budget comes on
/// top of the others'.
pub fn program_slots(settings: &Settings, run_folder: &Path) -> std::io::Result<Slots> {
    Slots::open(
        run_folder,
        &SlotsOptions {
            file: "program-slots.lock",
            count: settings.program_slot_count(cores()),
            pixel_budget: megapixels(settings.held_megapixels),
            max_waiters: settings.program_waiters().min(settings.makers(cores())),
        },
    )
}

/// How a worker serves.
pub fn worker_options(settings: &Settings) -> WorkerOptions {
    WorkerOptions {
        threads: settings.threads as usize,
        makers: settings.makers(cores()),
        making_places: settings.making_places(cores()),
        queue_len: settings.queue_places(),
        max_requests: settings.max_requests.into(),
        max_worker_memory_bytes: megabytes(settings.max_worker_memory_mb),
        request_deadline: secs(settings.request_deadline_s),
        cancel_grace: secs(settings.deadline_grace_s),
        kill_grace: secs(settings.kill_grace_s),
        fastcgi: fastcgi::Options {
            max_connections: settings.max_connections as usize,
            max_body_bytes: megabytes(settings.max_body_mb),
            body_memory_bytes: settings.body_memory_kb as usize * 1024,
            temp_dir: settings.temp_folder(),
            header_timeout: secs(settings.request_read_timeout_s),
            body_timeout: secs(settings.request_read_timeout_s),
            write_timeout: secs(settings.response_write_timeout_s),
            idle_timeout: Some(secs(settings.connection_idle_s)).filter(|idle| !idle.is_zero()),
            ..fastcgi::Options::default()
        },
    }
}

/// How the development listener behaves.
pub fn listener_options(settings: &Settings) -> http::ListenerOptions {
    http::ListenerOptions {
        max_body_bytes: megabytes(settings.max_body_mb),
        memory_body_bytes: settings.body_memory_kb as usize * 1024,
        spool_dir: settings.temp_folder(),
        header_timeout: secs(settings.request_read_timeout_s),
        stall_timeout: secs(settings.response_write_timeout_s),
        max_connections: settings.max_connections as usize,
        drain_timeout: secs(settings.drain_s),
        ..http::ListenerOptions::default()
    }
}
