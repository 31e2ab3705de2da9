//! Making a picture that no cache holds: once, in a slot, within the memory budget.

use std::fs::File;
use std::time::Instant;

use bytes::Bytes;
use http::StatusCode;

use super::asked::{Asked, OVERLAY};
use super::prepared::Prepare;
use super::subject::{Subject, format_of};
use crate::cache::flight::{Flight, Guard};
use crate::cache::{Entry, Key};
use crate::http::{Progress, Stage};
use crate::pixel::decode::{Input, Opening};
use crate::pixel::{self, Opened, Phase};
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
    let make = |opened: Opened| -> Result<pixel::Made, Error> {
        let cancel = progress.cancel();
        let until = Instant::now() + app.image_wait;
        let _slot = app.slots.acquire(opened.held_pixels(recipe), until, cancel)?;
        Ok(app.engine.make(opened, recipe, cancel, &|phase| {
            between();
            progress.enter(stage(phase));
        })?)
    };
    let mut files = Files::default();
    let file = files.open(app, &asked.path, originals.subject)?;
    let made = match from_prepared(app, asked, originals, &mut files, &make)? {
        Some(made) => made,
        None => {
            let opened = opened(app, &asked.path, file, &recipe.opening())?;
            if let Some(prepare) = &app.reductions {
                prepare.wish(app, &asked.path, originals.subject, recipe, opened.info())?;
            }
            make(with_overlay(app, asked, originals, &mut files, opened)?)?
        }
    };
    let unchanged = files.are_unchanged(app)?;
    let entry = Entry::new(made.format.mime(), Bytes::from(made.bytes));
    Ok(Rendered { entry, unchanged })
}

/// Makes the picture from prepared reductions, where they are there and suffice.
fn from_prepared<'a>(
    app: &App,
    asked: &'a Asked,
    originals: Originals<'a>,
    files: &mut Files<'a>,
    make: &dyn Fn(Opened) -> Result<pixel::Made, Error>,
) -> Result<Option<pixel::Made>, Error> {
    let (recipe, subject) = (&asked.spec.recipe, originals.subject);
    let Some(prepare) = &app.reductions else { return Ok(None) };
    let Some(prepared) = prepare.find(app, subject, recipe.page)? else { return Ok(None) };
    let Some(opened) = Prepare::open(app, &prepared, recipe)? else { return Ok(None) };
    match make(with_overlay(app, asked, originals, files, opened)?) {
        // Not the original but its reduction cannot be read, or what lies over it.
        Err(error) if error.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            if originals.overlay.is_none() {
                let (id, message) = (subject.id, error.message());
                log::warn!("the reductions of image {id} are made anew: {message}");
                prepare.discard(app, subject, recipe.page)?;
            }
            Ok(None)
        }
        result => result.map(Some),
    }
}

fn opened(app: &App, path: &SourcePath, file: File, opening: &Opening) -> Result<Opened, Error> {
    let size = Stat::of(&file)?.size;
    Ok(app.engine.open(Input::of_file(file, size, format_of(path))?, opening)?)
}

fn with_overlay<'a>(
    app: &App,
    asked: &'a Asked,
    originals: Originals<'a>,
    files: &mut Files<'a>,
    under: Opened,
) -> Result<Opened, Error> {
    let (Some(path), Some(subject)) = (&asked.overlay, originals.overlay) else {
        return Ok(under);
    };
    let overlay = files
        .open(app, path, subject)
        .and_then(|file| opened(app, path, file, &Opening::default()))
        .map_err(|error| error.of(OVERLAY))?;
    Ok(under.with_overlay(overlay))
}

/// The originals that a picture is made from, with a handle on each to tell whether it changes
/// meanwhile.
#[derive(Default)]
struct Files<'a>(Vec<(&'a SourcePath, File, &'a Subject)>);

impl<'a> Files<'a> {
    fn open(&mut self, app: &App, path: &'a SourcePath, of: &'a Subject) -> Result<File, Error> {
        let file = app.repository.open(path)?;
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

fn stage(phase: Phase) -> Stage {
    match phase {
        Phase::Decoding => Stage::Decoding,
        Phase::Pixels => Stage::Pixels,
        Phase::Encoding => Stage::Encoding,
    }
}
