//! What the sandbox says of children that did not end well: it logs a warning for each.

use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};

struct Watch;

static FAULT: Mutex<Option<String>> = Mutex::new(None);

/// Keeps what is said from now on.
pub fn watch() {
    log::set_logger(&Watch).expect("this is the first logger");
    log::set_max_level(LevelFilter::Warn);
}

/// What was said since this was asked before.
pub fn take() -> Option<String> {
    FAULT.lock().expect("nothing fails while it is held").take()
}

impl Log for Watch {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() <= Level::Warn && metadata.target().starts_with("halftone::sandbox")
    }

    fn log(&self, record: &Record) {
        if self.enabled(record.metadata()) {
            let said = record.args().to_string();
            *FAULT.lock().expect("nothing fails while it is held") = Some(said);
        }
    }

    fn flush(&self) {}
}
