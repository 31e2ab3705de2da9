//! Making a picture that no cache holds: once, in a slot, within the memory budget.

use std::time::Instant;

use bytes::Bytes;
use http::StatusCode;

use super::asked::Asked;
use super::prepared::Prepare;
use super::subject::{Subject, format_of};
use crate::cache::flight::{Flight, Guard};
use crate::cache::{Entry, Key};
use crate::http::{Progress, Stage};
use crate::pixel::decode::Input;
use crate::pixel::{self, Opened, Phase, Recipe};
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
    let make = |opened: Opened| -> Result<pixel::Made, Error> {
        let cancel = progress.cancel();
        let until = Instant::now() + app.image_wait;
        let _slot = app.slots.acquire(opened.held_pixels(recipe), until, cancel)?;
        Ok(app.engine.make(opened, recipe, cancel, &|phase| {
            between();
            progress.enter(stage(phase));
        })?)
    };
    let made = match from_prepared(app, subject, recipe, &make)? {
        Some(made) => made,
        None => {
            let input = Input::of_file(file, Stat::of(&watched)?.size, named)?;
            let opened = app.engine.open(input, &recipe.opening())?;
            if let Some(prepare) = &app.reductions {
                prepare.wish(app, &asked.path, subject, recipe, opened.info())?;
            }
            make(opened)?
        }
    };

    let unchanged = Stat::of(&watched)? == subject.stat;
    if !unchanged {
        app.repository.forget(&asked.path);
    }
    let entry = Entry::new(made.format.mime(), Bytes::from(made.bytes));
    Ok(Rendered { entry, unchanged })
}

/// Makes the picture from prepared reductions, where they are there and suffice.
fn from_prepared(
    app: &App,
    subject: &Subject,
    recipe: &Recipe,
    make: &dyn Fn(Opened) -> Result<pixel::Made, Error>,
) -> Result<Option<pixel::Made>, Error> {
    let Some(prepare) = &app.reductions else { return Ok(None) };
    let Some(prepared) = prepare.find(app, subject, recipe.page)? else { return Ok(None) };
    let Some(opened) = Prepare::open(app, &prepared, recipe)? else { return Ok(None) };
    match make(opened) {
        // Not the original but its reduction cannot be read.
        Err(error) if error.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            log::warn!("the reductions of image {} are made anew: {}", subject.id, error.message());
            prepare.discard(app, subject, recipe.page)?;
            Ok(None)
        }
        result => result.map(Some),
    }
}

fn stage(phase: Phase) -> Stage {
    match phase {
        Phase::Decoding => Stage::Decoding,
        Phase::Pixels => Stage::Pixels,
        Phase::Encoding => Stage::Encoding,
    }
}
