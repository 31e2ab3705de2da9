//! Making a picture that no cache holds: once, in a slot, within the memory budget.

use std::time::Instant;

use bytes::Bytes;

use super::asked::Asked;
use super::subject::{Subject, format_of};
use crate::cache::flight::{Flight, Guard};
use crate::cache::{Entry, Key};
use crate::http::{Progress, Stage};
use crate::pixel::Phase;
use crate::pixel::decode::Input;
use crate::source::Stat;
use crate::web::{App, Error};

/// A picture and where it came from.
pub struct Made {
    /// The picture.
    pub entry: Entry,
    /// Whether it had been made before.
    pub from_cache: bool,
}

/// Makes the picture, or waits for whoever is making it already.
pub fn make(
    app: &App,
    key: &Key,
    asked: &Asked,
    subject: &Subject,
    progress: &dyn Progress,
) -> Result<Made, Error> {
    let deadline = Instant::now() + app.image_wait;
    loop {
        progress.enter(Stage::Waiting);
        let left = deadline.saturating_duration_since(Instant::now());
        match app.flights.join(key, left) {
            Flight::Lead(guard) => return lead(app, guard, key, asked, subject, progress),
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
    subject: &Subject,
    progress: &dyn Progress,
) -> Result<Made, Error> {
    // Another may have finished between our look into the cache and our turn.
    if let Some(entry) = app.cache.get(key) {
        guard.finish(&entry);
        return Ok(Made { entry, from_cache: true });
    }
    match render(app, asked, subject, progress, &|| guard.renew()) {
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
    /// Whether the file was in the revision of the key from beginning to end, so that the result may
    /// be kept under that key.
    unchanged: bool,
}

/// Decode, operations in order, encode. `between` is called whenever a phase begins.
fn render(
    app: &App,
    asked: &Asked,
    subject: &Subject,
    progress: &dyn Progress,
    between: &dyn Fn(),
) -> Result<Rendered, Error> {
    let recipe = &asked.spec.recipe;
    let file = app.repository.open(&asked.path)?;
    let watched = file.try_clone().map_err(Error::internal)?;
    let named = format_of(&asked.path);
    let input = Input::of_file(file, Stat::of(&watched)?.size, named)?;
    let opened = app.engine.open(input, &recipe.opening())?;

    let cancel = progress.cancel();
    let slot =
        app.slots.acquire(opened.held_pixels(recipe), Instant::now() + app.image_wait, cancel)?;
    let made = app.engine.make(opened, recipe, cancel, &|phase| {
        between();
        progress.enter(stage(phase));
    })?;
    drop(slot);

    let unchanged = Stat::of(&watched)? == subject.stat;
    if !unchanged {
        app.repository.forget(&asked.path);
    }
    let entry = Entry::new(made.format.mime(), Bytes::from(made.bytes));
    Ok(Rendered { entry, unchanged })
}

fn stage(phase: Phase) -> Stage {
    match phase {
        Phase::Decoding => Stage::Decoding,
        Phase::Pixels => Stage::Pixels,
        Phase::Encoding => Stage::Encoding,
    }
}
