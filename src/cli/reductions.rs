//! `halftone reductions`, and what makes reductions for the background job.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Subcommand;

use super::{Common, wiring};
use crate::config::Settings;
use crate::db::{self, Db};
use crate::pixel::decode::{Input, Opening, Source};
use crate::pixel::{self, Engine, Format, Limits};
use crate::process::let_others_first;
use crate::process::slots::Slots;
use crate::reduction::{self, Outcome, Reductions};
use crate::source::{Repository, SourcePath, Stat};
use crate::web::image::Subject;

/// How long one look at whether others need the processor may turn into waiting: under load that
/// never ends reductions are still made, slowly.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// How often waiting looks again.
const POLL: Duration = Duration::from_millis(10);

/// What to do with prepared reductions.
#[derive(Subcommand)]
pub enum Action {
    /// Make those that are missing, of every original or of those in a folder
    Prepare {
        /// A folder of the library, with the folders below it
        folder: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Tell how many there are and what they take
    Stats(Common),
    /// Remove all of them
    Purge(Common),
}

/// Runs one of the commands.
pub fn run(action: &Action) -> anyhow::Result<()> {
    let (Action::Prepare { common, .. } | Action::Stats(common) | Action::Purge(common)) = action;
    let settings = common.load(Vec::new())?.settings;
    let Some(store) = wiring::reductions(&settings)? else {
        anyhow::bail!("reductions are off: reductions_disk_mb or reductions_above_megapixels is 0");
    };
    match action {
        Action::Prepare { folder, .. } => prepare(&settings, folder.as_deref().unwrap_or(""))?,
        Action::Stats(_) => {
            let usage = store.usage()?;
            println!("{} pictures, {:.1} MB", usage.files, megabytes(usage.bytes));
        }
        Action::Purge(_) => println!("{} removed", store.purge()?.removed),
    }
    Ok(())
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn prepare(settings: &Settings, folder: &str) -> anyhow::Result<()> {
    wiring::make_folders(settings)?;
    let database = wiring::database(settings)?;
    db::check_schema(&database)?;
    let preparer =
        Preparer::open(settings, database)?.ok_or_else(|| anyhow::anyhow!("reductions are off"))?;
    let (mut made, mut current, mut failed, mut bytes) = (0, 0, 0, 0);
    let root = settings.images_folder();
    let folder = folder.trim_matches('/');
    anyhow::ensure!(root.join(folder).is_dir(), "{folder}: there is no such folder");
    each_picture(&root, folder, &mut |path| match preparer.prepare(path, 1, &|| true) {
        Ok(Outcome::Made { bytes: size, .. }) => {
            made += 1;
            bytes += size;
            println!("{path}: {:.1} MB", megabytes(size));
        }
        Ok(Outcome::Current) => current += 1,
        Ok(Outcome::NotWanted | Outcome::Busy) => {}
        Err(error) => {
            failed += 1;
            eprintln!("{path}: {error}");
        }
    });
    println!("{made} made ({:.1} MB), {current} were there, {failed} failed", megabytes(bytes));
    Ok(())
}

/// Names every file below a folder of the library whose extension is that of a picture. Hidden
/// names are left out and links not followed, as in all walks.
fn each_picture(root: &Path, folder: &str, found: &mut dyn FnMut(&str)) {
    let mut ahead = VecDeque::from([folder.to_owned()]);
    while let Some(folder) = ahead.pop_front() {
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else { continue };
        let mut entries: Vec<_> = entries.flatten().collect();
        entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if kind.is_dir() {
                ahead.push_back(path);
            } else if kind.is_file() && format_of(&path).is_some() {
                found(&path);
            }
        }
    }
}

fn format_of(path: &str) -> Option<Format> {
    let (_, extension) = path.rsplit_once('.')?;
    Format::from_extension(extension).filter(|format| format.row().read)
}

/// Makes reductions, behind whatever else the host has to do.
pub struct Preparer {
    store: Reductions,
    repository: Repository,
    engine: Engine,
    limits: Limits,
    slots: Slots,
    db: Db,
}

impl Preparer {
    /// What makes reductions, unless there are to be none.
    pub fn open(settings: &Settings, db: Db) -> anyhow::Result<Option<Self>> {
        let Some(store) = wiring::reductions(settings)? else { return Ok(None) };
        Ok(Some(Self {
            store,
            repository: wiring::repository(settings),
            engine: wiring::engine(settings)?,
            limits: wiring::limits(settings),
            slots: wiring::slots(settings, &settings.run_folder())?,
            db,
        }))
    }

    /// Makes the reductions of a page of an original, if they are missing or stale. `go_on` says
    /// whether to go on.
    ///
    /// # Errors
    /// When the original cannot be read or changes meanwhile, or the folder cannot be written.
    pub fn prepare(
        &self,
        path: &str,
        page: u32,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> anyhow::Result<Outcome> {
        let path = SourcePath::parse(path)?;
        let stat = Stat::of(&self.repository.open(&path)?)?;
        let size_bytes = i64::try_from(stat.size)?;
        let row = db::images::seen(&self.db, path.as_str(), size_bytes, stat.mtime_ns)?;
        let subject =
            Subject { id: row.id, stat, revision_counter: row.revision_counter, focus: None };
        let installation = db::properties::installation_id(&self.db)?;
        let revision = subject.revision_text();
        let subject = reduction::Subject {
            installation: &installation,
            image_id: row.id,
            page,
            revision: &revision,
        };
        loop {
            // A thread of its own, because what it gives up it cannot take back.
            let outcome = std::thread::scope(|scope| {
                let work = || {
                    let_others_first();
                    self.make(&path, &subject, stat, go_on)
                };
                scope.spawn(work).join().unwrap_or(Err(reduction::Error::Stopped))
            })?;
            if outcome != Outcome::Busy || !go_on() {
                return Ok(outcome);
            }
            std::thread::sleep(LONGEST_PAUSE);
        }
    }

    fn make(
        &self,
        path: &SourcePath,
        subject: &reduction::Subject<'_>,
        stat: Stat,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> reduction::Result<Outcome> {
        let mut open = || self.open_original(path, subject.page, stat);
        let pace = || {
            let until = Instant::now() + LONGEST_PAUSE;
            while self.slots.are_wanted() && Instant::now() < until {
                std::thread::sleep(POLL);
            }
            go_on()
        };
        self.store.make(subject, &self.limits, &mut open, &pace)
    }

    /// The original, if it is still the one it was.
    fn open_original(&self, path: &SourcePath, page: u32, stat: Stat) -> reduction::Result<Source> {
        let unreachable = |error| pixel::Error::Io(std::io::Error::other(error));
        let file = self.repository.open(path).map_err(unreachable)?;
        if Stat::of(&file).map_err(unreachable)? != stat {
            return Err(changed());
        }
        let input = Input::of_file(file, stat.size, format_of(path.as_str()))?;
        Ok(self.engine.open(input, &Opening { page, dpi: 0 })?.into_source())
    }
}

fn changed() -> reduction::Error {
    pixel::Error::Malformed("it changed while it was read".into()).into()
}
