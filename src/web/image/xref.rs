//! Telling another program that a picture was asked for.
//!
//! Every request that carries `xref` leads to one GET of the configured address with the reference
//! appended. It never delays or fails the request: calls wait in a short queue for one thread, and
//! those that find the queue full are dropped.

use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// References waiting to be told.
const QUEUE: usize = 1_000;

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Tells references to the tracking address, when there is one.
pub struct Xref {
    queue: Option<Sender<String>>,
}

impl Xref {
    /// Starts the thread that makes the calls; without an address nothing is started or sent.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(address: &str) -> std::io::Result<Self> {
        if address.is_empty() {
            return Ok(Self { queue: None });
        }
        let address = address.to_owned();
        let (queue, references) = bounded::<String>(QUEUE);
        std::thread::Builder::new().name("xref".into()).spawn(move || {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build().into();
            for reference in references {
                let reference = utf8_percent_encode(&reference, NON_ALPHANUMERIC);
                if let Err(error) = agent.get(format!("{address}{reference}")).call() {
                    log::warn!("the tracking address did not take a reference: {error}");
                }
            }
        })?;
        Ok(Self { queue: Some(queue) })
    }

    /// Tells a reference, if there is one and an address to tell it to.
    pub fn call(&self, reference: Option<&str>) {
        if let (Some(queue), Some(reference)) = (&self.queue, reference)
            && let Err(TrySendError::Full(_)) = queue.try_send(reference.to_owned())
        {
            log::debug!("a tracking reference was dropped: too many are waiting");
        }
    }
}
