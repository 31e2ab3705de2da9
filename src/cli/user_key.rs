//! `halftone user key`: named API keys of an account.

use anyhow::bail;
use clap::{Args, Subcommand};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Common, user};
use crate::auth::key::KeyError;
use crate::auth::{Actor, Scopes, key};
use crate::db;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// What can be done with keys.
#[derive(Subcommand)]
pub enum Action {
    /// Make a key and show it, this once
    Add(Add),
    /// List the keys of an account, without their secrets
    List(Whose),
    /// Delete a key
    Revoke(Revoke),
}

/// A new key.
#[derive(Args)]
pub struct Add {
    /// The account
    username: String,
    /// What to call the key
    name: String,
    /// What it is good for; each includes those before it
    #[arg(long, default_value = "read", value_parser = ["read", "write", "admin"])]
    scope: String,
    /// After how many days it runs out; without, never
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: Option<i64>,
    #[command(flatten)]
    common: Common,
}

/// An account.
#[derive(Args)]
pub struct Whose {
    /// The account
    username: String,
    #[command(flatten)]
    common: Common,
}

/// A key of an account.
#[derive(Args)]
pub struct Revoke {
    /// The account
    username: String,
    /// The key's number in the list
    id: i64,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub fn run(action: &Action) -> anyhow::Result<()> {
    match action {
        Action::Add(options) => add(options),
        Action::List(options) => list(options),
        Action::Revoke(options) => {
            let db = user::open(&options.common)?;
            let user = user::named(&db, &options.username)?;
            if !key::revoke(&db, &Actor::command_line(), user.id, options.id)? {
                bail!("{} has no key {}", user.username, options.id);
            }
            Ok(())
        }
    }
}

fn add(options: &Add) -> anyhow::Result<()> {
    let db = user::open(&options.common)?;
    let user = user::named(&db, &options.username)?;
    let Ok(scopes) = Scopes::parse([options.scope.as_str()]) else {
        bail!("there is no scope \"{}\"", options.scope);
    };
    let expires_ms = options.days.map(|days| db::now_ms() + days * DAY_MS);
    let actor = Actor::command_line();
    let made = key::create(&db, &actor, user.id, &options.name, scopes, expires_ms);
    if matches!(made, Err(KeyError::NotAllowed)) {
        bail!("{0} may not have API keys; `halftone user allow-api {0}` lets it", user.username);
    }
    let (id, key) = made?;
    println!("key {id}  {key}  (shown this once)");
    Ok(())
}

fn list(options: &Whose) -> anyhow::Result<()> {
    let db = user::open(&options.common)?;
    let user = user::named(&db, &options.username)?;
    for key in key::list(&db, user.id)? {
        println!(
            "{}\t{}\t{}\t{}\t{}",
            key.id,
            key.name,
            Scopes::from_stored(key.scopes).names().join(","),
            date(key.expires_ms).unwrap_or_else(|| "does not run out".into()),
            date(key.last_used_ms).unwrap_or_else(|| "not used yet".into()),
        );
    }
    Ok(())
}

fn date(ms: Option<i64>) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(ms? / 1000).ok()?.format(&Rfc3339).ok()
}
