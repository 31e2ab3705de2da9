//! What systemd is told, when it asked to be.

use std::time::{Duration, Instant};

use nix::unistd::Pid;
use sd_notify::NotifyState;

/// The service manager.
#[derive(Debug)]
pub struct Supervisor {
    told_ready: bool,
    watchdog_period: Option<Duration>,
    watchdog_at: Instant,
}

impl Supervisor {
    pub fn new() -> Self {
        let watchdog_period = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        Self { told_ready: false, watchdog_period, watchdog_at: Instant::now() }
    }

    /// Serving, for the first time.
    pub fn ready_once(&mut self) {
        if !std::mem::replace(&mut self.told_ready, true) {
            self.ready();
        }
    }

    /// Serving again.
    pub fn ready(&self) {
        tell(&[NotifyState::Ready]);
    }

    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => log::warn!("the clock cannot be read: {error}"),
        }
    }

    pub fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }

    /// Another process is the service from now on.
    pub fn main_process(&self, pid: Pid) {
        tell(&[NotifyState::MainPid(pid.as_raw().unsigned_abs()), NotifyState::Ready]);
    }

    /// Alive; said no more often than was asked for.
    pub fn watchdog(&mut self) {
        let now = Instant::now();
        if let Some(period) = self.watchdog_period
            && now >= self.watchdog_at
        {
            self.watchdog_at = now + period;
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("systemd cannot be told: {error}");
    }
}
