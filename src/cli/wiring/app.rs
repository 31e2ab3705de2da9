//! The application with everything that it holds, and the threads that keep it current.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;

use super::accounts::{rights, sign_in};
use super::guard::{health, protection};
use super::pictures::{engine_options, engine_signature, profiles, reductions};
use super::serving::{program_slots, slots};
use super::storage::{cache, database, exports, host_name, library, repository};
use super::units::secs;
use crate::auth::RightsStore;
use crate::cache::Cache;
use crate::cache::flight::Flights;
use crate::config::{self, Loaded, Settings};
use crate::db::image_ids::ImageIds;
use crate::db::{self, Db};
use crate::pixel::Engine;
use crate::process::WorkerRow;
use crate::source::SourcePath;
use crate::spec::Rules;
use crate::stats::{CacheGauge, Counters, CountersOptions, Fill, Flusher, Sampler, SamplerOptions};
use crate::web::api::Cors;
use crate::web::image::{Memos, Prepare, Xref};
use crate::web::metrics::Meters;
use crate::web::{App, ParsedTemplates, TaskWaits, assets, text};

/// Images that a worker remembers the ids of.
const KNOWN_IMAGES: usize = 100_000;

/// How long a worker believes what it knows of an image.
const IMAGE_RECHECK: Duration = Duration::from_secs(60);

/// An application with the threads that keep it current. To be made in the process that serves.
pub struct Running {
    /// Answers requests.
    pub app: Arc<App>,
    flusher: Flusher,
}

impl Running {
    /// Makes the application and starts its threads. It counts what it does in `row`; `worker` tells the
    /// workers of this host apart.
    pub fn start(loaded: &Loaded, row: WorkerRow, worker: usize) -> anyhow::Result<Self> {
        let settings = &loaded.settings;
        if !settings.static_dir.as_os_str().is_empty() {
            assets::read_from(&settings.static_dir).context("static_dir")?;
        }
        if !settings.text_dir.as_os_str().is_empty() {
            text::add_languages(&settings.text_dir).context("text_dir")?;
        }
        let db = database(settings)?;
        db::check_schema(&db)?;
        let store = rights(settings, &db);
        store.refresh()?;
        store.start()?;
        let counters = Arc::new(Counters::new(CountersOptions {
            bucket: Duration::from_secs(u64::from(settings.stats_bucket_min) * 60),
            flush_every: secs(settings.stats_flush_s),
            ..CountersOptions::default()
        }));
        let app = Arc::new(app(loaded, row, db.clone(), store, Arc::clone(&counters))?);
        let sampler = sampler(settings, worker, &app.cache);
        let flusher = Flusher::start_with(counters, db, Some(sampler))?;
        Ok(Self { app, flusher })
    }

    /// Writes down what is still only in memory.
    pub fn finish(self) {
        self.flusher.finish();
    }
}

/// The picture that stands in for others.
fn placeholder(settings: &Settings) -> anyhow::Result<Option<SourcePath>> {
    let path = Some(settings.placeholder_image.as_str()).filter(|path| !path.is_empty());
    path.map(SourcePath::parse).transpose().context("placeholder_image")
}

/// Looks at what this worker uses.
fn sampler(settings: &Settings, worker: usize, cache: &Arc<Cache>) -> Sampler {
    let (own, shared) = (Arc::clone(cache), Arc::clone(cache));
    let gauge = move || {
        let counts = own.counts();
        CacheGauge {
            memory_hits: counts.memory.hits,
            shared_hits: counts.shared.hits,
            stored: counts.memory.puts.max(counts.shared.puts),
            faults: counts.memory.errors + counts.shared.errors,
            bytes: counts.memory.used_bytes,
            limit_bytes: own.memory_limit_bytes(),
        }
    };
    let fill = move || {
        let (bytes, limit_bytes) = shared.shared_fill()?;
        Some(Fill { bytes, limit_bytes })
    };
    Sampler::new(SamplerOptions {
        host: host_name(settings),
        worker,
        cache: Box::new(gauge),
        shared: Box::new(fill),
    })
}

fn app(
    loaded: &Loaded,
    row: WorkerRow,
    db: Db,
    store: Arc<RightsStore>,
    counters: Arc<Counters>,
) -> anyhow::Result<App> {
    let settings = &loaded.settings;
    let options = engine_options(settings)?;
    let cache = cache(settings)?;
    let run_folder = settings.run_folder();
    let prepare = |store| Prepare::start(store, db.clone());
    let repository = Arc::new(repository(settings));
    let image_ids = Arc::new(ImageIds::new(KNOWN_IMAGES, IMAGE_RECHECK));
    let known = Arc::clone(&image_ids);
    let forget = move |path: &SourcePath| known.forget(path.as_str());
    let library = library(settings, db.clone(), Arc::clone(&repository), forget)?;
    let slots = slots(settings, &run_folder)?;
    row.set_slots(slots.count());
    Ok(App {
        meters: Meters::new(row),
        metrics_from: settings.metrics_from.clone(),
        health: health(settings, &db, &cache),
        protection: protection(settings, &run_folder)?,
        reductions: reductions(settings)?.map(prepare).transpose()?,
        task_waits: TaskWaits::new(db.clone(), secs(settings.task_wait_s)),
        db,
        store,
        templates: ParsedTemplates::default(),
        library: Arc::new(library),
        exports: exports(settings),
        repository,
        profiles: profiles(settings),
        image_ids,
        flights: Flights::open(&run_folder, cache.memcached())?,
        cache,
        slots,
        program_slots: program_slots(settings, &run_folder)?,
        engine_signature: engine_signature(&options),
        engine: Engine::new(options)?,
        memos: Memos::default(),
        counters,
        placeholder: placeholder(settings)?,
        xref: Xref::start(&settings.xref_url)?,
        rules: Rules { max_dimension: settings.max_image_dimension },
        public_limit: settings.public_limit(),
        default_expiry_s: settings.default_expiry_s,
        edge_s: settings.edge_cache_s,
        front_sends_files: settings.front_sends_files,
        image_wait: secs(settings.image_wait_s),
        settings: config::shown(loaded),
        public_base_url: settings.public_base_url.clone(),
        cors: Cors::new(settings.cors_origins.clone()),
        trusted_proxies: settings.trusted_proxies.clone(),
        sign_in: sign_in(settings)?,
        installation: OnceLock::new(),
    })
}
