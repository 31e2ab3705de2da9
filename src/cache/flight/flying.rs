//! What is being made, and those who wait for it: each is told when it is done, and holds no thread.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::{Failure, lock};
use crate::cache::Entry;

/// An entry that is being made.
#[derive(Debug, Default)]
pub(super) struct Flying(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    outcome: Option<Outcome>,
    /// The next one may enter.
    over: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

/// What came of making an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The entry.
    Made(Entry),
    /// It cannot be made.
    Failed(Failure),
    /// Nothing that anybody else could use: look in the cache, and if need be enter again.
    Nothing,
}

impl Flying {
    /// Sets what came of it. Whoever can use that is told now.
    pub fn land(&self, outcome: Outcome) {
        let mut state = lock(&self.0);
        if outcome != Outcome::Nothing {
            tell(&mut state.waiting);
        }
        state.outcome = Some(outcome);
    }

    /// Tells all who wait still, once the next one may enter.
    pub fn tell_all(&self) {
        let mut state = lock(&self.0);
        state.over = true;
        tell(&mut state.waiting);
    }

    /// How many wait.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        lock(&self.0).waiting.len()
    }
}

fn tell(waiting: &mut Vec<oneshot::Sender<()>>) {
    for tell in waiting.drain(..) {
        // Who waited may have gone away.
        let _ = tell.send(());
    }
}

/// An entry that somebody else makes.
#[derive(Debug)]
pub struct Following(Arc<Flying>);

impl Following {
    pub(super) fn new(flying: &Arc<Flying>) -> Self {
        Self(Arc::clone(flying))
    }

    /// Tells, or is dropped, when there is an outcome.
    #[must_use]
    pub fn landed(&self) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let mut state = lock(&self.0.0);
        // Whoever asks after all were told would never be.
        if state.over || matches!(state.outcome, Some(Outcome::Made(_) | Outcome::Failed(_))) {
            return told;
        }
        // So that those who come and go while one picture takes long do not gather here.
        if state.waiting.len() == state.waiting.capacity() {
            state.waiting.retain(|tell| !tell.is_closed());
        }
        state.waiting.push(tell);
        told
    }

    /// What came of it; none while it is being made.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        lock(&self.0.0).outcome.clone()
    }
}
