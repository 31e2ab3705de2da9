//! The background jobs and their schedule.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::json;

use super::reductions::Preparer;
use super::wiring;
use crate::cache::Cache;
use crate::config::Settings;
use crate::db::{self, Db};
use crate::library::{self, Library, Watcher};
use crate::portfolio::{ExpireExports, PublishPortfolio, Renderer};
use crate::reduction::Outcome;
use crate::task::job::{
    CacheHousekeeping, OfPath, PrepareReductions, PurgeDeleted, PurgeStatistics, RowHousekeeping,
};
use crate::task::{Job, Runner, RunnerOptions, Scheduled};

const MINUTE_S: u32 = 60;
const HOUR_S: u32 = 3600;

/// Originals that are asked for in one query.
const PATHS_AT_ONCE: i64 = 500;

/// The library as background work uses it: nobody there remembers paths.
pub fn library(settings: &Settings, db: Db) -> anyhow::Result<Arc<Library>> {
    let files = Arc::new(wiring::repository(settings));
    Ok(Arc::new(wiring::library(settings, db, files, |_| ())?))
}

/// The runner with every job there is. Moves of folders that were interrupted are settled now; what
/// cannot be, because the files are away, is by a later job.
pub fn runner(
    settings: &Settings,
    db: Db,
    cache: Arc<Cache>,
    library: &Arc<Library>,
) -> anyhow::Result<Runner> {
    if let Err(error) = library.settle_moves() {
        log::warn!("interrupted moves of folders are not settled yet: {error}");
    }
    let purge = purge_made(settings, &db, &cache);
    let sweep = CacheHousekeeping::new(move |_| {
        cache.housekeeping()?;
        Ok(json!({}))
    });
    let preparer = Arc::new(Preparer::open(settings, db.clone())?);
    let prepare_folder = prepare_folder(&preparer);
    let prepare = PrepareReductions::new(move |wanted, context| {
        let Some(preparer) = &*preparer else { return Ok(json!({ "off": true })) };
        let outcome = preparer.prepare(&wanted.path, wanted.page, &|| context.check().is_ok());
        context.check()?;
        Ok(match outcome? {
            Outcome::Made { usable, bytes } => {
                json!({ "outcome": "made", "levels": usable, "bytes": bytes })
            }
            Outcome::Current => json!({ "outcome": "current" }),
            Outcome::NotWanted => json!({ "outcome": "not_wanted" }),
            Outcome::Busy => json!({ "outcome": "busy" }),
        })
    });
    let [system_statistics, image_statistics] = PurgeStatistics::both();
    let mut jobs: Vec<Box<dyn Job>> = vec![
        Box::new(prepare),
        Box::new(prepare_folder),
        Box::new(purge),
        Box::new(sweep),
        Box::new(RowHousekeeping {
            stats_keep_days: settings.stats_keep_days,
            stats_fold_days: settings.stats_fold_days,
        }),
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

/// What has pictures made anew.
fn purge_made(settings: &Settings, db: &Db, cache: &Arc<Cache>) -> OfPath {
    let (settings, db, cache) = (settings.clone(), db.clone(), Arc::clone(cache));
    OfPath::new(OfPath::PURGE_MADE, move |path, _| {
        // The service can be nobody else: what it may not remove is counted.
        let purged =
            super::cache::purge_made(&settings, &db, &cache, path, &super::cache::in_folder)?;
        let edge = purged.edge.unwrap_or_default();
        Ok(json!({
            "originals": purged.originals,
            "disk_entries": purged.disk.map_or(0, |(entries, _)| entries),
            "front_server_answers": edge.answers,
            "front_server_failures": edge.failed,
        }))
    })
}

/// What makes the reductions of all originals in and below a folder.
fn prepare_folder(preparer: &Arc<Option<Preparer>>) -> OfPath {
    let preparer = Arc::clone(preparer);
    OfPath::new(OfPath::PREPARE, move |folder, context| {
        let Some(preparer) = &*preparer else { return Ok(json!({ "off": true })) };
        let (mut made, mut failed, mut done) = (0, 0, 0);
        let mut after = String::new();
        loop {
            let paths = db::images::below(context.db(), folder, &after, PATHS_AT_ONCE)?;
            let Some(last) = paths.last() else { break };
            after.clone_from(last);
            for path in &paths {
                context.check()?;
                match preparer.prepare(path, 1, &|| context.check().is_ok()) {
                    Ok(Outcome::Made { .. }) => made += 1,
                    Ok(_) => {}
                    Err(error) => {
                        log::debug!("{path}: {error}");
                        failed += 1;
                    }
                }
                done += 1;
                context.progress(done, 0);
            }
        }
        context.check()?;
        Ok(json!({ "originals": done, "made": made, "failed": failed }))
    })
}

/// What publishes portfolios.
fn publisher(settings: &Settings) -> anyhow::Result<PublishPortfolio> {
    let renderer = Renderer {
        files: Arc::new(wiring::repository(settings)),
        engine: wiring::engine(settings)?,
        profiles: wiring::profiles(settings),
        slots: wiring::slots(settings, &settings.run_folder())?,
        program_slots: wiring::program_slots(settings, &settings.run_folder())?,
    };
    Ok(PublishPortfolio { renderer, exports: wiring::exports(settings) })
}

/// The kinds of all jobs.
pub fn kinds() -> Vec<&'static str> {
    let mut kinds = vec![
        PrepareReductions::KIND,
        OfPath::PREPARE,
        OfPath::PURGE_MADE,
        CacheHousekeeping::KIND,
        RowHousekeeping::KIND,
        PurgeStatistics::SYSTEM,
        PurgeStatistics::IMAGES,
        PurgeDeleted::KIND,
        PublishPortfolio::KIND,
        ExpireExports::KIND,
    ];
    kinds.extend(library::job::kinds());
    kinds
}

/// What comes round again and again.
fn schedule(settings: &Settings) -> Vec<Scheduled> {
    let mut schedule = vec![
        Scheduled { kind: CacheHousekeeping::KIND, every_s: MINUTE_S },
        Scheduled { kind: RowHousekeeping::KIND, every_s: HOUR_S },
        Scheduled { kind: ExpireExports::KIND, every_s: HOUR_S },
        Scheduled { kind: library::job::TIDY, every_s: HOUR_S },
        // Whoever notes a file has it read at once; for those that a request was the first to see.
        Scheduled { kind: library::job::READ, every_s: 5 * MINUTE_S },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_words() {
        let texts = crate::web::text::for_languages(None);
        let kinds = kinds();
        assert!(kinds.len() > 20, "{kinds:?}");
        for kind in kinds {
            assert!(texts.has(&format!("work-{}", kind.replace('_', "-"))), "{kind}");
        }
    }
}
