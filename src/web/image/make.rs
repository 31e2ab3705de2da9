//! Making a picture that no cache holds: once, in a slot, within the memory budget.

use std::fs::File;
use std::time::Instant;

use bytes::Bytes;

use super::asked::{Asked, OVERLAY};
use super::subject::{Subject, format_of};
use crate::cache::flight::{Flight, Guard};
use crate::cache::{Entry, Key};
use crate::http::{Progress, Stage};
use crate::pixel::decode::{Input, Opening};
use crate::pixel::{Opened, Phase};
use crate::source::{SourcePath, Stat};
use crate::web::{App, Error};

/// A picture and where it came from.
pub struct Made {
    /// The picture.
    pub entry: Entry,
    /// Whether it had been made before.
    pub from_cache: bool,
}

/// The originals of a picture.
#[derive(Clone, Copy)]
pub struct Originals<'a> {
    /// The picture itself.
    pub subject: &'a Subject,
    /// What is laid over it.
    pub overlay: Option<&'a Subject>,
}

/// Makes the picture, or waits for whoever is making it already.
pub fn make(
    app: &App,
    key: &Key,
    asked: &Asked,
    originals: Originals,
    progress: &dyn Progress,
) -> Result<Made, Error> {
    let deadline = Instant::now() + app.image_wait;
    loop {
        progress.enter(Stage::Waiting);
        let left = deadline.saturating_duration_since(Instant::now());
        match app.flights.join(key, left) {
            Flight::Lead(guard) => return lead(app, guard, key, asked, originals, progress),
            Flight::Made(entry) => return Ok(Made { entry, from_cache: true }),
            Flight::Failed(failure) => return Err(failure.into()),
            Flight::TimedOut => return Err(Error::busy(app.image_wait.as_secs())),
            Flight::Follow => {
                if let Some(entry) = app.cache.get(key) {
                    return Ok(Made { entry, from_cache: true });
                }
            }
        }
    }
}

fn lead(
    app: &App,
    guard: Guard,
    key: &Key,
    asked: &Asked,
    originals: Originals,
    progress: &dyn Progress,
) -> Result<Made, Error> {
    // Another may have finished between our look into the cache and our turn.
    if let Some(entry) = app.cache.get(key) {
        guard.finish(&entry);
        return Ok(Made { entry, from_cache: true });
    }
    match render(app, asked, originals, progress, &|| guard.renew()) {
        Ok(Rendered { entry, unchanged: true }) => {
            progress.enter(Stage::Storing);
            app.cache.put(key, &entry);
            guard.finish(&entry);
            Ok(Made { entry, from_cache: false })
        }
        Ok(Rendered { entry, unchanged: false }) => Ok(Made { entry, from_cache: false }),
        Err(error) => {
            guard.fail(error.to_failure());
            Err(error)
        }
    }
}

struct Rendered {
    entry: Entry,
    /// Whether the files were in the revisions of the key from beginning to end, so that the result may
    /// be kept under that key.
    unchanged: bool,
}

/// Decode, operations in order, encode. `between` is called whenever a phase begins.
fn render(
    app: &App,
    asked: &Asked,
    originals: Originals,
    progress: &dyn Progress,
    between: &dyn Fn(),
) -> Result<Rendered, Error> {
    let recipe = &asked.spec.recipe;
    let (watched, mut opened) = open(app, &asked.path, &recipe.opening())?;
    let mut files = vec![(&asked.path, watched, originals.subject)];
    if let (Some(path), Some(subject)) = (&asked.overlay, originals.overlay) {
        let (watched, overlay) =
            open(app, path, &Opening::default()).map_err(|error| error.of(OVERLAY))?;
        opened = opened.with_overlay(overlay);
        files.push((path, watched, subject));
    }

    let cancel = progress.cancel();
    let slot =
        app.slots.acquire(opened.held_pixels(recipe), Instant::now() + app.image_wait, cancel)?;
    let made = app.engine.make(opened, recipe, cancel, &|phase| {
        between();
        progress.enter(stage(phase));
    })?;
    drop(slot);

    let mut unchanged = true;
    for (path, watched, subject) in files {
        if Stat::of(&watched)? != subject.stat {
            unchanged = false;
            app.repository.forget(path);
        }
    }
    let entry = Entry::new(made.format.mime(), Bytes::from(made.bytes));
    Ok(Rendered { entry, unchanged })
}

/// Opens an original, and keeps a handle to tell whether it changes meanwhile.
fn open(app: &App, path: &SourcePath, opening: &Opening) -> Result<(File, Opened), Error> {
    let file = app.repository.open(path)?;
    let watched = file.try_clone().map_err(Error::internal)?;
    let input = Input::of_file(file, Stat::of(&watched)?.size, format_of(path))?;
    Ok((watched, app.engine.open(input, opening)?))
}

fn stage(phase: Phase) -> Stage {
    match phase {
        Phase::Decoding => Stage::Decoding,
        Phase::Pixels => Stage::Pixels,
        Phase::Encoding => Stage::Encoding,
    }
}
