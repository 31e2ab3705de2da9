//! What protects from floods of variants, and what says how the server is.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::accounts::signer;
use crate::cache::Cache;
use crate::cache::memcached::Memcached;
use crate::config::Settings;
use crate::db::Db;
use crate::process::{RateOptions, Rates};
use crate::protection::{Demands, Key, Referers, Signatures};
use crate::spec::Sizes;
use crate::web::protection::{OWN_KEY, Protection};
use crate::web::{Health, HealthPart};

/// The keys that addresses are signed with, as the settings name them.
pub fn signing_keys(settings: &Settings) -> anyhow::Result<Vec<Key>> {
    let key = |key: &crate::config::SigningKey| {
        Key::new(&key.id, key.secret.expose().as_bytes())
            .context("signing_keys: a key is too short")
    };
    settings.signing_keys.iter().map(key).collect()
}

/// All keys whose signatures are taken, that of our own pages among them.
fn all_keys(settings: &Settings) -> anyhow::Result<Signatures> {
    let mut keys = signing_keys(settings)?;
    let own = signer(settings, false)?.address_key();
    keys.push(Key::new(OWN_KEY, &own).context("the key of our own pages is too short")?);
    Ok(Signatures::new(keys))
}

/// What signs addresses as our own pages do; none where no rule asks for that.
pub fn own_signatures(settings: &Settings) -> anyhow::Result<Option<Signatures>> {
    let any = !settings.signatures_for.is_empty()
        || !settings.allowed_sizes.is_empty()
        || settings.new_pictures_per_min > 0
        || !settings.referer_hosts.is_empty();
    any.then(|| all_keys(settings)).transpose()
}

/// The rules against floods of variants.
pub(super) fn protection(settings: &Settings, run_folder: &Path) -> anyhow::Result<Protection> {
    let rates =
        RateOptions { per_min: settings.new_pictures_per_min, burst: settings.new_pictures_burst };
    let rates = (rates.per_min > 0).then(|| Rates::open(&run_folder.join("rates"), rates));
    let referers = (!settings.referer_hosts.is_empty()).then(|| {
        Referers::read(texts(&settings.referer_hosts), settings.referer_blank)
            .context("referer_hosts: one of them is no host")
    });
    Ok(Protection {
        signatures: all_keys(settings)?,
        demands: Demands::read(texts(&settings.signatures_for))
            .context("signatures_for: must hold folders and templates")?,
        sizes: Sizes::new(settings.allowed_sizes.clone(), settings.other_sizes == "snap"),
        rates: rates.transpose().context("the file of the rates of clients cannot be opened")?,
        referers: referers.transpose()?,
        spares_users: settings.protection_spares_users,
    })
}

fn texts(list: &[String]) -> impl Iterator<Item = &str> {
    list.iter().map(String::as_str)
}

/// The parts that answers depend on.
pub(super) fn health(settings: &Settings, db: &Db, cache: &Arc<Cache>) -> Health {
    let db = db.clone();
    let images = settings.images_folder();
    let mut parts = vec![
        HealthPart {
            name: "database",
            needed: true,
            check: Box::new(move || db.transaction(|_| Ok(())).map_err(|error| error.to_string())),
        },
        HealthPart {
            name: "images",
            needed: true,
            check: Box::new(move || {
                fs::read_dir(&images).map(drop).map_err(|error| error.to_string())
            }),
        },
    ];
    if let Some(memcached) = cache.memcached() {
        let check = move || all_answer(&memcached);
        parts.push(HealthPart { name: "memcached", needed: false, check: Box::new(check) });
    }
    Health::new(parts)
}

fn all_answer(memcached: &Memcached) -> Result<(), String> {
    let silent = memcached.silent();
    if silent.is_empty() { Ok(()) } else { Err(format!("no answer from {}", silent.join(", "))) }
}
