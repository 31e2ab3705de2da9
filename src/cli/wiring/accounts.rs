//! Who is who: what signs sessions and tokens, the directory server, and the store of rights.

use std::fs;
use std::sync::Arc;

use anyhow::Context as _;

use super::units::{millis, secs};
use crate::auth::directory::LAYOUTS;
use crate::auth::{
    Directory, DirectoryOptions, RightsStore, SECRET_MIN_BYTES, Seal, SessionTimes, Signer,
    StoreOptions,
};
use crate::cli::secret;
use crate::config::Settings;
use crate::db::Db;
use crate::web::sign_in::{FrontServer, SignIn};

/// How many polls may be missed before rights no longer count as those of this moment.
const FRESH_POLLS: u32 = 3;

/// What is signed is signed with this; `make` has it generated when it is missing.
pub fn signer(settings: &Settings, make: bool) -> anyhow::Result<Signer> {
    let from_file = if settings.secret.is_empty() {
        if make {
            secret::make(&settings.secret_file())?;
        }
        Some(secret::read(&settings.secret_file())?)
    } else {
        None
    };
    let secret = from_file.as_deref().unwrap_or(settings.secret.expose());
    Signer::new(secret.as_bytes()).with_context(|| {
        format!(
            "{}: a secret has at least {SECRET_MIN_BYTES} bytes",
            settings.secret_file().display()
        )
    })
}

/// How people sign in.
pub(super) fn sign_in(settings: &Settings) -> anyhow::Result<SignIn> {
    let strip_realm = settings.remote_user_strip_realm;
    let signer = signer(settings, false)?;
    Ok(SignIn {
        seal: Seal::new(&signer),
        signer,
        times: SessionTimes {
            idle: secs(settings.session_idle_min) * 60,
            longest: secs(settings.session_max_days) * 24 * 3600,
        },
        token_time: secs(settings.token_expiry_s),
        next_hosts: settings.login_next_hosts.clone(),
        front_server: settings.remote_user.then_some(FrontServer { strip_realm }),
        directory: directory(settings)?,
    })
}

fn directory(settings: &Settings) -> anyhow::Result<Option<Directory>> {
    if settings.ldap_url.is_empty() {
        return Ok(None);
    }
    let file = &settings.ldap_ca_file;
    let ca_pem = if file.as_os_str().is_empty() {
        None
    } else {
        let pem = fs::read(file);
        Some(pem.with_context(|| format!("ldap_ca_file: {} cannot be read", file.display()))?)
    };
    let layout = LAYOUTS.iter().find(|(name, _)| *name == settings.ldap_type);
    let (_, layout) = layout.context("ldap_type: an unknown layout")?;
    Ok(Some(Directory::new(DirectoryOptions {
        url: settings.ldap_url.clone(),
        start_tls: settings.ldap_start_tls,
        ca_pem,
        layout: *layout,
        base: settings.ldap_base.clone(),
        bind_user: settings.ldap_bind_user.clone(),
        bind_password: settings.ldap_bind_password.expose().to_owned(),
        timeout: secs(settings.ldap_timeout_s),
    })?))
}

/// What everybody may do, kept current.
pub fn rights(settings: &Settings, db: &Db) -> Arc<RightsStore> {
    let poll = millis(settings.rights_poll_ms);
    let options = StoreOptions {
        poll,
        fresh_for: poll * FRESH_POLLS,
        max_age: secs(settings.rights_max_age_s),
    };
    RightsStore::new(db.clone(), options)
}
