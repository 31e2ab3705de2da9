//! From settings to the parts of a running server. The only place that knows both.
//!
//! Nothing is decided here: each part gets the values that it takes.

mod accounts;
mod app;
mod guard;
mod pictures;
mod serving;
mod storage;
mod units;

pub use self::accounts::{rights, signer};
pub use self::app::Running;
pub use self::guard::{own_signatures, signing_keys};
pub use self::pictures::{cmyk_profile, engine, limits, profiles, reductions};
pub use self::serving::{cores, listener_options, program_slots, slots, worker_options};
pub use self::storage::{
    cache, check_images, database, exports, host_name, library, make_folders, prepare_database,
    repository,
};
use super::log::Log;
use crate::config::Settings;

/// Starts the log that the settings ask for.
pub fn start_log(settings: &Settings) -> anyhow::Result<Log> {
    let path = Some(settings.log_file.as_path()).filter(|path| !path.as_os_str().is_empty());
    let log = Log::start(path, settings.log_level)?;
    pictures::tell_of_isolation(settings);
    Ok(log)
}
