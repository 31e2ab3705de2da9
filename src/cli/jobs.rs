//! The background jobs and their schedule.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::json;

use super::reductions::Preparer;
use super::wiring;
use crate::cache::Cache;
use crate::config::Settings;
use crate::db::Db;
use crate::library::{self, Library, Watcher};
use crate::portfolio::{ExpireExports, PublishPortfolio, Renderer};
use crate::task::job::{
    CacheHousekeeping, PrepareReductions, PurgeDeleted, PurgeStatistics, RowHousekeeping,
};
use crate::task::{Job, Runner, RunnerOptions, Scheduled};

const MINUTE_S: u32 = 60;
const HOUR_S: u32 = 3600;

/// The library as background work uses it: nobody there remembers paths.
pub fn library(settings: &Settings, db: Db) -> anyhow::Result<Arc<Library>> {
    let files = Arc::new(wiring::repository(settings));
    Ok(Arc::new(wiring::library(settings, db, files, |_| ())?))
}

/// The runner with every job there is.
pub fn runner(
    settings: &Settings,
    db: Db,
    cache: Arc<Cache>,
    library: &Arc<Library>,
) -> anyhow::Result<Runner> {
    let sweep = CacheHousekeeping::new(move |_| {
        cache.housekeeping()?;
        Ok(json!({}))
    });
    let preparer = Preparer::open(settings, db.clone())?;
    let prepare = PrepareReductions::new(move |wanted, context| {
        let Some(preparer) = &preparer else { return Ok(json!({ "off": true })) };
        let outcome = preparer.prepare(&wanted.path, wanted.page, &|| context.check().is_ok());
        context.check()?;
        Ok(json!({ "outcome": format!("{:?}", outcome?) }))
    });
    let [system_statistics, image_statistics] = PurgeStatistics::both();
    let mut jobs: Vec<Box<dyn Job>> = vec![
        Box::new(prepare),
        Box::new(sweep),
        Box::new(RowHousekeeping { stats_keep_days: settings.stats_keep_days }),
        Box::new(system_statistics),
        Box::new(image_statistics),
        Box::new(PurgeDeleted),
        Box::new(publisher(settings)?),
        Box::new(ExpireExports { exports: wiring::exports(settings) }),
    ];
    jobs.extend(library::job::all(library));
    let options = RunnerOptions {
        threads: settings.task_threads as usize,
        poll: Duration::from_millis(settings.task_poll_ms.into()),
        schedule: schedule(settings),
        ..RunnerOptions::default()
    };
    Ok(Runner::new(db, jobs, options))
}

/// What publishes portfolios.
fn publisher(settings: &Settings) -> anyhow::Result<PublishPortfolio> {
    let renderer = Renderer {
        files: Arc::new(wiring::repository(settings)),
        engine: wiring::engine(settings)?,
        profiles: wiring::profiles(settings),
        slots: wiring::slots(settings, &settings.run_folder())?,
    };
    Ok(PublishPortfolio { renderer, exports: wiring::exports(settings) })
}

/// The kinds of all jobs.
pub fn kinds(settings: &Settings, db: &Db) -> anyhow::Result<Vec<&'static str>> {
    let library = library(settings, db.clone())?;
    let mut kinds = vec![
        PrepareReductions::KIND,
        CacheHousekeeping::KIND,
        RowHousekeeping::KIND,
        PurgeStatistics::SYSTEM,
        PurgeStatistics::IMAGES,
        PurgeDeleted::KIND,
        PublishPortfolio::KIND,
        ExpireExports::KIND,
    ];
    kinds.extend(library::job::all(&library).iter().map(|job| job.kind()));
    Ok(kinds)
}

/// What comes round again and again.
fn schedule(settings: &Settings) -> Vec<Scheduled> {
    let mut schedule = vec![
        Scheduled { kind: CacheHousekeeping::KIND, every_s: MINUTE_S },
        Scheduled { kind: RowHousekeeping::KIND, every_s: HOUR_S },
        Scheduled { kind: ExpireExports::KIND, every_s: HOUR_S },
        Scheduled { kind: library::job::TIDY, every_s: HOUR_S },
        Scheduled { kind: library::job::READ, every_s: HOUR_S },
    ];
    if settings.sync_every_h > 0 {
        let every_s = settings.sync_every_h * HOUR_S;
        schedule.push(Scheduled { kind: library::job::WALK, every_s });
    }
    schedule
}

/// Watches the library, when the settings say so.
pub fn watch(
    settings: &Settings,
    library: &Arc<Library>,
    stop: &Arc<AtomicBool>,
) -> std::io::Result<Option<Watcher>> {
    if !settings.watch_library {
        return Ok(None);
    }
    Watcher::start(Arc::clone(library), Arc::clone(stop)).map(Some)
}
