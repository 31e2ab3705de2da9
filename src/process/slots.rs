//! Who may make a picture now: slots and a pixel budget, counted per host.
//!
//! Making pictures is what fills cores and memory. Without a bound, a burst of new pictures would
//! slow every answer down, those from the cache included. All processes of a host share one lock
//! file; a slot and a share of the budget are locked bytes of it, so that whatever ends a process
//! also frees what it held.
//!
//! Layout of the file: byte 0 is the gate, bytes 1 to `count` are slots, and from byte 2³² on each
//! byte stands for one megapixel of the budget. Whoever stands at the head of its process's queue
//! takes the gate first and keeps it until it has a slot and its pixels, so that a large picture
//! gathers what others give back instead of being overtaken for ever. A picture larger than the
//! whole budget takes all of it and thus runs alone.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::bell::Bell;
use crate::bytelock::ByteLocks;
use crate::pixel::Cancel;

/// How often whoever waits looks whether its work was called off, and whether a process has died with what
/// it held: all else rings.
const POLL: Duration = Duration::from_millis(50);

const GATE: Range<u64> = 0..1;
const FIRST_SLOT: u64 = 1;
const FIRST_UNIT: u64 = 1 << 32;
const UNIT_PIXELS: u64 = 1_000_000;
const MOST_UNITS: u64 = 1 << 20;

/// The bounds.
#[derive(Debug, Clone, Copy)]
pub struct SlotsOptions {
    /// The lock file: who shares it shares the slots.
    pub file: &'static str,
    /// Pictures made at once on this host, at least 1.
    pub count: usize,
    /// Pixels held at once by all of them, rounded up to megapixels; 0 for no bound.
    pub pixel_budget: u64,
    /// Threads of one process that may wait; one more is told to come back at once.
    pub max_waiters: usize,
}

/// There was no slot in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too busy; try again in {retry_after_s} s")]
pub struct Busy {
    /// When it makes sense to ask again.
    pub retry_after_s: u32,
}

/// The slots of this host as one process sees them. To be opened after forking.
#[derive(Debug)]
pub struct Slots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    locks: ByteLocks,
    /// Rings when something was given back: a core may have nothing to do until somebody hears it.
    bell: Bell,
    max_waiters: usize,
    state: Mutex<State>,
    /// That the queue of this process has become shorter.
    moved_up: Condvar,
}

/// What this process holds. The kernel keeps threads of one opening from nothing, so it is noted.
#[derive(Debug)]
struct State {
    queue: VecDeque<u64>,
    next_ticket: u64,
    slots: Vec<bool>,
    units: Vec<bool>,
    mean_hold_s: f64,
}

/// What the head of the queue has gathered so far.
#[derive(Debug, Default)]
struct Claim {
    gate: bool,
    slot: Option<usize>,
    units: Vec<Range<usize>>,
    wanted_units: usize,
}

/// The right to make one picture, until dropped.
#[derive(Debug)]
pub struct SlotGuard {
    shared: Arc<Shared>,
    claim: Claim,
    since: Instant,
}

impl Slots {
    /// Opens the lock file in a folder that all processes of the host use.
    ///
    /// # Errors
    /// When the file can be neither opened nor made.
    pub fn open(dir: &Path, options: &SlotsOptions) -> io::Result<Self> {
        let units = options.pixel_budget.div_ceil(UNIT_PIXELS).min(MOST_UNITS);
        let units = usize::try_from(units).expect("at most 2^20");
        let path = dir.join(options.file);
        Ok(Self(Arc::new(Shared {
            locks: ByteLocks::open(&path)?,
            bell: Bell::open(&path)?,
            max_waiters: options.max_waiters,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                next_ticket: 0,
                slots: vec![false; options.count.max(1)],
                units: vec![false; units],
                mean_hold_s: 0.2,
            }),
            moved_up: Condvar::new(),
        })))
    }

    /// Waits for a slot and for `pixels` of the budget, first come first served.
    ///
    /// # Errors
    /// [`Busy`] at once when too many wait already, else when `deadline` passes or the work is
    /// called off.
    pub fn acquire(
        &self,
        pixels: u64,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<SlotGuard, Busy> {
        let shared = &self.0;
        let mut state = shared.lock();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.queue.push_back(ticket);
        let mut claim = Claim::wanting(pixels, state.units.len());
        loop {
            let rung = shared.bell.rung();
            let place = state.place_of(ticket);
            if place == 0 && claim.gather(&shared.locks, &mut state) {
                state.queue.pop_front();
                shared.tell_of_change();
                return Ok(SlotGuard { shared: Arc::clone(shared), claim, since: Instant::now() });
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if place >= shared.max_waiters || left.is_zero() || cancel.check().is_err() {
                let busy = Busy { retry_after_s: state.retry_after_s(state.queue.len()) };
                claim.give_back(&shared.locks, &mut state);
                state.queue.remove(place);
                shared.tell_of_change();
                return Err(busy);
            }
            let nap = POLL.min(left);
            state = if place == 0 {
                drop(state);
                shared.bell.wait(rung, nap);
                shared.lock()
            } else {
                let woken = shared.moved_up.wait_timeout(state, nap);
                woken.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// What to tell whoever cannot wait for a slot now, when so many of this process do.
    #[must_use]
    pub fn busy(&self, waiting: usize) -> Busy {
        Busy { retry_after_s: self.0.lock().retry_after_s(waiting) }
    }

    /// How many pictures may be made at once.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lock().slots.len()
    }

    /// Whether another process of the host, or another opening in this one, waits for a slot: work
    /// that can wait should.
    #[must_use]
    pub fn are_wanted(&self) -> bool {
        // Whoever waits at the head holds the gate; where the kernel cannot tell, nobody does.
        matches!(self.0.locks.held_by_others(GATE), Ok(Some(_)))
    }

    /// Threads of this process that wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.lock().queue.len()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes who may have come to the head of this process's queue, and the heads of all processes.
    fn tell_of_change(&self) {
        self.moved_up.notify_all();
        self.bell.ring();
    }
}

impl State {
    fn place_of(&self, ticket: u64) -> usize {
        self.queue.iter().position(|other| *other == ticket).expect("a waiter stands in the queue")
    }

    /// How long a queue needs to pass through the slots, as far as this process can tell.
    fn retry_after_s(&self, waiting: usize) -> u32 {
        let turns = waiting as f64 / self.slots.len() as f64;
        (turns * self.mean_hold_s).ceil().clamp(1.0, 30.0) as u32
    }
}

impl Claim {
    fn wanting(pixels: u64, budget_units: usize) -> Self {
        let units = usize::try_from(pixels.div_ceil(UNIT_PIXELS)).unwrap_or(usize::MAX);
        Self { wanted_units: units.max(1).min(budget_units), ..Self::default() }
    }

    /// Takes what can be had of what is still missing. Tells whether it is complete.
    fn gather(&mut self, locks: &ByteLocks, state: &mut State) -> bool {
        self.gate = self.gate || take(locks, GATE);
        if !self.gate {
            return false;
        }
        if self.slot.is_none() {
            self.slot = (0..state.slots.len())
                .find(|slot| !state.slots[*slot] && take(locks, slot_byte(*slot)));
        }
        let Some(slot) = self.slot else { return false };
        state.slots[slot] = true;
        self.gather_units(locks, &mut state.units);
        if self.wanted_units > 0 {
            return false;
        }
        locks.unlock(GATE);
        self.gate = false;
        true
    }

    fn gather_units(&mut self, locks: &ByteLocks, units: &mut [bool]) {
        let mut at = 0;
        while self.wanted_units > 0 {
            let Some(free) = units[at..].iter().position(|held| !held) else { return };
            let start = at + free;
            let run = units[start..].iter().take_while(|held| !**held).take(self.wanted_units);
            let mut range = start..start + run.count();
            at = range.end;
            // A lock is all or nothing: first find out where the free part ends.
            if let Ok(Some(held)) = locks.held_by_others(unit_bytes(&range)) {
                range.end = unit_index(held.start).clamp(range.start, range.end);
                at = unit_index(held.end).clamp(range.end, units.len());
            }
            if !range.is_empty() && take(locks, unit_bytes(&range)) {
                units[range.clone()].fill(true);
                self.wanted_units -= range.len();
                self.units.push(range);
            }
        }
    }

    fn give_back(&mut self, locks: &ByteLocks, state: &mut State) {
        if let Some(slot) = self.slot.take() {
            locks.unlock(slot_byte(slot));
            state.slots[slot] = false;
        }
        for range in self.units.drain(..) {
            locks.unlock(unit_bytes(&range));
            state.units[range].fill(false);
        }
        if self.gate {
            locks.unlock(GATE);
            self.gate = false;
        }
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        self.claim.give_back(&self.shared.locks, &mut state);
        let held_s = self.since.elapsed().as_secs_f64();
        state.mean_hold_s += (held_s - state.mean_hold_s) / 16.0;
        drop(state);
        self.shared.bell.ring();
    }
}

/// Locks bytes. Where the kernel cannot lock, the bounds hold within each process only.
fn take(locks: &ByteLocks, bytes: Range<u64>) -> bool {
    locks.try_lock(bytes).unwrap_or_else(|error| {
        log::error!("slots cannot be shared with other processes: {error}");
        true
    })
}

fn slot_byte(slot: usize) -> Range<u64> {
    let byte = FIRST_SLOT + slot as u64;
    byte..byte + 1
}

fn unit_bytes(units: &Range<usize>) -> Range<u64> {
    FIRST_UNIT + units.start as u64..FIRST_UNIT + units.end as u64
}

fn unit_index(byte: u64) -> usize {
    usize::try_from(byte.saturating_sub(FIRST_UNIT)).unwrap_or(usize::MAX)
}
