//! Making a picture that no cache holds: once, in a slot, within the memory budget.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use http::StatusCode;

use super::asked::{Asked, of_overlay};
use super::prepared::Prepare;
use super::subject::{Subject, format_of};
use crate::cache::flight::{Claim, Guard, Lead};
use crate::cache::{Entry, Key};
use crate::http::{Progress, Stage};
use crate::pixel::decode::{Input, Opening};
use crate::pixel::{self, Cancel, Opened, Phase};
use crate::process::ThreadRow;
use crate::reduction::Prepared;
use crate::source::{SourcePath, Stat};
use crate::web::metrics::Cause;
use crate::web::{App, Error};

/// A picture and where it came from.
pub struct Made {
    /// The picture.
    pub entry: Entry,
    /// Where it came from.
    pub source: Source,
    /// Whether the files were in the revisions of the key from beginning to end, so that the picture may
    /// be kept as the one that was asked for.
    pub unchanged: bool,
}

/// Where a picture came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A cache held it.
    Cache,
    /// It was made for another request meanwhile.
    Other,
    /// It was made for this one.
    Own,
}

impl Made {
    /// A picture that a cache held.
    pub fn cached(entry: Entry) -> Self {
        Self { entry, source: Source::Cache, unchanged: true }
    }

    /// A picture that was made for another request meanwhile.
    pub fn by_another(entry: Entry) -> Self {
        Self { entry, source: Source::Other, unchanged: true }
    }
}

/// The originals of a picture.
#[derive(Clone, Copy)]
pub struct Originals<'a> {
    /// The picture itself.
    pub subject: &'a Subject,
    /// What is laid over it.
    pub overlay: Option<&'a Subject>,
}

/// A picture that is to be made.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// Its key.
    pub key: &'a Key,
    /// What it is to be like.
    pub asked: &'a Asked,
    /// What it is made from.
    pub originals: Originals<'a>,
}

/// Makes the picture, whose turn it is in this process, unless another process or host makes it meanwhile;
/// waits no longer than `until` for either. `admit` is asked once it is clear that nobody else makes it.
pub fn make(
    app: &App,
    claim: Claim,
    order: Order,
    admit: &dyn Fn() -> Result<(), Error>,
    until: Instant,
    progress: &dyn Progress,
) -> Result<Made, Error> {
    let turn = Turn { began: Instant::now(), until, progress };
    progress.enter(Stage::Waiting);
    let is_wanted = || progress.cancel().check().is_ok();
    match claim.lead(until.saturating_duration_since(Instant::now()), &is_wanted) {
        Lead::Taken(guard) => lead(app, guard, order, admit, turn),
        Lead::Failed(failure) => Err(failure.into()),
        Lead::TimedOut if progress.cancel().is_called_off() => Err(pixel::Error::Cancelled.into()),
        Lead::TimedOut => Err(waited_too_long(app)),
    }
}

/// What whoever has waited to the end of its time is told.
pub fn waited_too_long(app: &App) -> Error {
    app.meters.refused(Cause::Wait);
    app.slots.busy(app.meters.row().unmade()).into()
}

/// A request's turn at making a picture.
#[derive(Clone, Copy)]
struct Turn<'a> {
    /// Since when it has waited for it.
    began: Instant,
    /// Until when it waits.
    until: Instant,
    progress: &'a dyn Progress,
}

fn lead(
    app: &App,
    guard: Guard,
    order: Order,
    admit: &dyn Fn() -> Result<(), Error>,
    turn: Turn<'_>,
) -> Result<Made, Error> {
    let Order { key, asked, originals } = order;
    // Another may have finished between our look into the cache and our turn.
    if let Some(entry) = app.cache.get(key) {
        guard.finish(&entry);
        return Ok(Made::by_another(entry));
    }
    // This client's own fault, of which no other is told.
    admit()?;
    match render(app, asked, originals, turn, &|| guard.renew()) {
        Ok(made) => {
            if made.unchanged {
                turn.progress.enter(Stage::Storing);
                app.cache.put(key, &made.entry);
                guard.finish(&made.entry);
            }
            Ok(made)
        }
        Err(error) => {
            // That this request could not wait, or was called off, says nothing of the picture.
            if !error.is_of_one_request() {
                guard.fail(error.to_failure());
            }
            Err(error)
        }
    }
}

/// Decode, operations in order, encode. `between` is called whenever a phase begins.
fn render(
    app: &App,
    asked: &Asked,
    originals: Originals,
    turn: Turn<'_>,
    between: &dyn Fn(),
) -> Result<Made, Error> {
    let (recipe, cancel) = (&asked.spec.recipe, turn.progress.cancel());
    let make = |opened: Opened| -> Result<pixel::Made, Error> {
        let pixels = app.engine.admit(&opened, recipe)?;
        let slots = if opened.runs_a_program() { &app.program_slots } else { &app.slots };
        let slot = slots.acquire(pixels, turn.until, cancel);
        let _slot = slot.inspect_err(|_| {
            if !cancel.is_called_off() {
                app.meters.refused(Cause::Wait);
            }
        })?;
        let _used = app.meters.use_slot();
        let held = Held::note(pixels);
        app.meters.waited(turn.began.elapsed());
        let start = Instant::now();
        let made = app.engine.make(opened, recipe, cancel, &|phase| {
            between();
            turn.progress.enter(stage(phase));
        })?;
        app.meters.made(start.elapsed());
        drop(held);
        Ok(made)
    };
    let mut files = Files::default();
    let file = files.open(app, &asked.path, originals.subject)?;
    let prepared = match &app.reductions {
        Some(prepare) => prepare.find(app, originals.subject, recipe.page)?,
        None => None,
    };
    let made = match &prepared {
        Some(prepared) => {
            from_prepared(app, asked, originals, prepared, &mut files, &make, cancel)?
        }
        None => None,
    };
    let made = match made {
        Some(made) => made,
        None => {
            let mut opened = opened(app, &asked.path, file, &recipe.opening(), cancel)?;
            if let Some(prepare) = &app.reductions {
                prepare.wish(app, &asked.path, originals.subject, recipe, opened.info())?;
            }
            if let Some(prepared) = &prepared {
                opened = opened.with_glance(prepared.glance());
            }
            make(with_overlay(app, asked, originals, &mut files, opened, cancel)?)?
        }
    };
    let unchanged = files.are_unchanged(app)?;
    let entry = Entry::new(made.format.mime(), Bytes::from(made.bytes));
    Ok(Made { entry, source: Source::Own, unchanged })
}

/// Makes the picture from prepared reductions, where they are there and suffice.
fn from_prepared<'a>(
    app: &App,
    asked: &'a Asked,
    originals: Originals<'a>,
    prepared: &Prepared,
    files: &mut Files<'a>,
    make: &dyn Fn(Opened) -> Result<pixel::Made, Error>,
    cancel: &Arc<Cancel>,
) -> Result<Option<pixel::Made>, Error> {
    let (recipe, subject) = (&asked.spec.recipe, originals.subject);
    let Some(opened) = Prepare::open(app, prepared, recipe)? else { return Ok(None) };
    match make(with_overlay(app, asked, originals, files, opened, cancel)?) {
        // Not the original but its reduction cannot be read, or what lies over it.
        Err(error) if error.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            if originals.overlay.is_none() {
                let (id, message) = (subject.id, error.message());
                log::warn!("the reductions of image {id} are made anew: {message}");
                if let Some(prepare) = &app.reductions {
                    prepare.discard(app, subject, recipe.page)?;
                }
            }
            Ok(None)
        }
        result => result.map(Some),
    }
}

fn opened(
    app: &App,
    path: &SourcePath,
    file: File,
    opening: &Opening,
    cancel: &Arc<Cancel>,
) -> Result<Opened, Error> {
    let size = Stat::of(&file)?.size;
    let input = Input::of_file(file, size, format_of(path))?.wanted_until(cancel);
    Ok(app.engine.open(input, opening)?)
}

fn with_overlay<'a>(
    app: &App,
    asked: &'a Asked,
    originals: Originals<'a>,
    files: &mut Files<'a>,
    under: Opened,
    cancel: &Arc<Cancel>,
) -> Result<Opened, Error> {
    let (Some(path), Some(subject)) = (&asked.overlay, originals.overlay) else {
        return Ok(under);
    };
    let overlay = files
        .open(app, path, subject)
        .and_then(|file| opened(app, path, file, &Opening::default(), cancel))
        .map_err(of_overlay)?;
    Ok(under.with_overlay(overlay))
}

/// The originals that a picture is made from, with a handle on each to tell whether it changes
/// meanwhile.
#[derive(Default)]
struct Files<'a>(Vec<(&'a SourcePath, File, &'a Subject)>);

impl<'a> Files<'a> {
    fn open(&mut self, app: &App, path: &'a SourcePath, of: &'a Subject) -> Result<File, Error> {
        let file = app.repository.open_in_time(path)?;
        self.0.push((path, file.try_clone().map_err(Error::internal)?, of));
        Ok(file)
    }

    /// Whether all are still in the revisions that they were found in.
    fn are_unchanged(&self, app: &App) -> Result<bool, Error> {
        let mut unchanged = true;
        for (path, file, subject) in &self.0 {
            if Stat::of(file)? != subject.stat {
                unchanged = false;
                app.repository.forget(path);
            }
        }
        Ok(unchanged)
    }
}

/// Pixels that this thread says it holds, for whoever looks at the scoreboard.
struct Held(Option<ThreadRow>);

impl Held {
    fn note(pixels: u64) -> Self {
        let row = ThreadRow::current();
        if let Some(row) = &row {
            row.held_pixels().store(pixels, Ordering::Relaxed);
        }
        Self(row)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(row) = &self.0 {
            row.held_pixels().store(0, Ordering::Relaxed);
        }
    }
}

fn stage(phase: Phase) -> Stage {
    match phase {
        Phase::Decoding => Stage::Decoding,
        Phase::Pixels => Stage::Pixels,
        Phase::Encoding => Stage::Encoding,
    }
}
