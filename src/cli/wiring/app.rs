//! The application with everything that it holds, and the threads that keep it current.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::accounts::{rights, sign_in};
use super::pictures::{engine_options, engine_signature, profiles, reductions};
use super::serving::slots;
use super::storage::{cache, database, exports, library, repository};
use super::units::secs;
use crate::auth::RightsStore;
use crate::cache::flight::Flights;
use crate::config::Settings;
use crate::db::image_ids::ImageIds;
use crate::db::{self, Db};
use crate::pixel::Engine;
use crate::source::SourcePath;
use crate::spec::Rules;
use crate::stats::{Counters, CountersOptions, Flusher};
use crate::web::api::Cors;
use crate::web::image::{Memos, Prepare, Xref};
use crate::web::{App, ParsedTemplates, TaskWaits};

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
    /// Makes the application and starts its threads.
    pub fn start(settings: &Settings) -> anyhow::Result<Self> {
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
        let flusher = Flusher::start(Arc::clone(&counters), db.clone())?;
        let app = Arc::new(app(settings, db, store, counters)?);
        Ok(Self { app, flusher })
    }

    /// Writes down what is still only in memory.
    pub fn finish(self) {
        self.flusher.finish();
    }
}

fn app(
    settings: &Settings,
    db: Db,
    store: Arc<RightsStore>,
    counters: Arc<Counters>,
) -> anyhow::Result<App> {
    let options = engine_options(settings)?;
    let cache = cache(settings)?;
    let run_folder = settings.run_folder();
    let prepare = |store| Prepare::start(store, db.clone());
    let repository = Arc::new(repository(settings));
    let image_ids = Arc::new(ImageIds::new(KNOWN_IMAGES, IMAGE_RECHECK));
    let known = Arc::clone(&image_ids);
    let forget = move |path: &SourcePath| known.forget(path.as_str());
    let library = library(settings, db.clone(), Arc::clone(&repository), forget)?;
    Ok(App {
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
        slots: slots(settings, &run_folder)?,
        engine_signature: engine_signature(&options),
        engine: Engine::new(options)?,
        memos: Memos::default(),
        counters,
        xref: Xref::start(&settings.xref_url)?,
        rules: Rules { max_dimension: settings.max_image_dimension },
        public_limit: settings.public_limit(),
        default_expiry_s: settings.default_expiry_s,
        image_wait: secs(settings.image_wait_s),
        public_base_url: settings.public_base_url.clone(),
        cors: Cors::new(settings.cors_origins.clone()),
        trusted_proxies: settings.trusted_proxies.clone(),
        sign_in: sign_in(settings)?,
        installation: OnceLock::new(),
    })
}
