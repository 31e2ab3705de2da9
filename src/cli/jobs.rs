//! The background jobs and their schedule.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::reductions::Preparer;
use super::wiring;
use crate::cache::Cache;
use crate::config::Settings;
use crate::db::Db;
use crate::portfolio::{ExpireExports, PublishPortfolio, Renderer};
use crate::source::{Repository, SourceError, SourcePath};
use crate::task::job::{
    CacheHousekeeping, MarkVanished, PrepareReductions, PurgeDeleted, PurgeStatistics,
    RowHousekeeping,
};
use crate::task::{Job, Runner, RunnerOptions, Scheduled};

const MINUTE_S: u32 = 60;
const HOUR_S: u32 = 3600;

/// The runner with every job there is.
pub fn runner(
    settings: &Settings,
    db: Db,
    cache: Arc<Cache>,
    files: Repository,
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
    let jobs: Vec<Box<dyn Job>> = vec![
        Box::new(prepare),
        Box::new(sweep),
        Box::new(RowHousekeeping { stats_keep_days: settings.stats_keep_days }),
        Box::new(system_statistics),
        Box::new(image_statistics),
        Box::new(PurgeDeleted),
        Box::new(publisher(settings)?),
        Box::new(ExpireExports { exports: wiring::exports(settings) }),
        Box::new(MarkVanished::new(move |path| exists(&files, path))),
    ];
    let options = RunnerOptions {
        threads: settings.task_threads as usize,
        poll: Duration::from_millis(settings.task_poll_ms.into()),
        schedule: vec![
            Scheduled { kind: CacheHousekeeping::KIND, every_s: MINUTE_S },
            Scheduled { kind: RowHousekeeping::KIND, every_s: HOUR_S },
            Scheduled { kind: ExpireExports::KIND, every_s: HOUR_S },
            Scheduled { kind: MarkVanished::KIND, every_s: 24 * HOUR_S },
        ],
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

/// Whether there is a file at a path of the repository; for the empty path, whether the repository is
/// there and holds anything: one that is empty is more likely a mount that is missing.
fn exists(files: &Repository, path: &str) -> anyhow::Result<bool> {
    if path.is_empty() {
        return Ok(std::fs::read_dir(files.root())?.next().is_some());
    }
    let Ok(path) = SourcePath::parse(path) else { return Ok(false) };
    match files.stat(&path) {
        Ok(_) => Ok(true),
        Err(SourceError::NotFound | SourceError::NotAFile) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
