//! `halftone user`: accounts from the command line, also when nobody can sign in any more.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{Common, user_key, wiring};
use crate::auth::accounts::{self, NewAccount};
use crate::auth::{Actor, Seal, password, totp};
use crate::db::users::{self, User};
use crate::db::{self, Db, STATUS_ACTIVE, groups};

/// What can be asked of it.
#[derive(Subcommand)]
pub enum Action {
    /// Make an account
    Add(Add),
    /// Set an account's password, which ends all of its sessions and tokens
    Passwd(Passwd),
    /// Mark an account deleted: it can no longer sign in
    Disable(Named),
    /// Make a deleted account active again
    Enable(Named),
    /// Let an account have API tokens and keys, or no longer
    AllowApi(AllowApi),
    /// List the accounts
    List(Common),
    /// Make, list and delete API keys of an account
    #[command(subcommand)]
    Key(user_key::Action),
    /// Set up or take away one-time passwords for an account
    Totp(Totp),
}

/// A new account.
#[derive(Args)]
pub struct Add {
    /// The name to sign in with
    username: String,
    /// First name
    #[arg(long, default_value = "")]
    first_name: String,
    /// Last name
    #[arg(long, default_value = "")]
    last_name: String,
    /// E-mail address
    #[arg(long, default_value = "")]
    email: String,
    /// A group to join, by name; can be given more than once
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// May have API tokens and keys
    #[arg(long)]
    allow_api: bool,
    /// Without a password: the directory server verifies the account
    #[arg(long, conflicts_with = "password_stdin")]
    ldap: bool,
    #[command(flatten)]
    password: PasswordFrom,
    #[command(flatten)]
    common: Common,
}

/// A new password.
#[derive(Args)]
pub struct Passwd {
    /// The account
    username: String,
    #[command(flatten)]
    password: PasswordFrom,
    #[command(flatten)]
    common: Common,
}

/// Where a password comes from.
#[derive(Args)]
struct PasswordFrom {
    /// Read the password as one line from the standard input, instead of generating one
    #[arg(long)]
    password_stdin: bool,
}

/// An account.
#[derive(Args)]
pub struct Named {
    /// The account
    username: String,
    #[command(flatten)]
    common: Common,
}

/// Whether an account may have API tokens and keys.
#[derive(Args)]
pub struct AllowApi {
    /// The account
    username: String,
    /// No longer: its tokens and keys are refused from now on
    #[arg(long)]
    deny: bool,
    #[command(flatten)]
    common: Common,
}

/// One-time passwords of an account.
#[derive(Args)]
#[group(id = "totp_action", required = true, multiple = false)]
pub struct Totp {
    /// The account
    username: String,
    /// Show a new secret for the user's authenticator, then ask for its code
    #[arg(long, group = "totp_action")]
    set_up: bool,
    /// Take it away: the password alone is enough again
    #[arg(long, group = "totp_action")]
    remove: bool,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub fn run(action: &Action) -> anyhow::Result<()> {
    match action {
        Action::Add(options) => add(options),
        Action::Passwd(options) => passwd(options),
        Action::Disable(named) => {
            let (db, user) = named.open()?;
            Ok(accounts::disable(&db, &Actor::command_line(), user.id)?)
        }
        Action::Enable(named) => {
            let (db, user) = named.open()?;
            Ok(accounts::enable(&db, &Actor::command_line(), user.id)?)
        }
        Action::AllowApi(options) => allow_api(options),
        Action::Key(action) => user_key::run(action),
        Action::List(common) => list(&open(common)?),
        Action::Totp(options) => set_totp(options),
    }
}

/// The database, if this program knows its schema.
pub fn open(common: &Common) -> anyhow::Result<Db> {
    let db = wiring::database(&common.load(Vec::new())?.settings)?;
    db::check_schema(&db)?;
    Ok(db)
}

impl Named {
    fn open(&self) -> anyhow::Result<(Db, User)> {
        let db = open(&self.common)?;
        let user = named(&db, &self.username)?;
        Ok((db, user))
    }
}

/// The account of this name, deleted ones too.
pub fn named(db: &Db, username: &str) -> anyhow::Result<User> {
    let found = users::named(db, username)?;
    Ok(found.with_context(|| format!("there is no account \"{username}\""))?.0)
}

impl PasswordFrom {
    /// The password, and whether it was generated.
    fn get(&self) -> anyhow::Result<(String, bool)> {
        if !self.password_stdin {
            return Ok((password::generate()?, true));
        }
        Ok((read_line("Password: ")?, false))
    }
}

/// One line from the standard input.
fn read_line(prompt: &str) -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("{prompt}");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn add(options: &Add) -> anyhow::Result<()> {
    let db = open(&options.common)?;
    let actor = Actor::command_line();
    let all = groups::all(&db)?;
    let mut joined = Vec::new();
    for name in &options.groups {
        let key = users::name_key(name);
        let group = all.iter().find(|group| users::name_key(&group.name) == key);
        joined.push(group.with_context(|| format!("there is no group \"{name}\""))?.id);
    }
    let password = if options.ldap { None } else { Some(options.password.get()?) };
    let account = NewAccount {
        username: options.username.clone(),
        password: password.as_ref().map(|(password, _)| password.clone()),
        first_name: options.first_name.clone(),
        last_name: options.last_name.clone(),
        email: options.email.clone(),
        allow_api: options.allow_api,
        auth_type: if options.ldap { users::AUTH_LDAP } else { users::AUTH_PASSWORD },
    };
    let id = accounts::create(&db, &actor, &account)?;
    for group in joined {
        accounts::join(&db, &actor, group, id)?;
    }
    if let Some((password, true)) = password {
        println!("password  {password}  (shown this once)");
    }
    Ok(())
}

fn passwd(options: &Passwd) -> anyhow::Result<()> {
    let db = open(&options.common)?;
    let user = named(&db, &options.username)?;
    let (password, generated) = options.password.get()?;
    accounts::set_password(&db, &Actor::command_line(), user.id, &password)?;
    if generated {
        println!("password  {password}  (shown this once)");
    }
    Ok(())
}

fn allow_api(options: &AllowApi) -> anyhow::Result<()> {
    let db = open(&options.common)?;
    let user = named(&db, &options.username)?;
    let changed = User { allow_api: !options.deny, ..user };
    accounts::change(&db, &Actor::command_line(), None, &changed)?;
    Ok(())
}

fn list(db: &Db) -> anyhow::Result<()> {
    let groups = groups::all(db)?;
    let memberships = groups::active_memberships(db)?;
    for user in users::all(db, None)? {
        let its = memberships.iter().filter(|(member, _)| *member == user.id);
        let names: Vec<&str> = its
            .filter_map(|(_, id)| groups.iter().find(|group| group.id == *id))
            .map(|group| group.name.as_str())
            .collect();
        println!(
            "{}\t{}\t{}\t{}\t{}",
            user.username,
            if user.status == STATUS_ACTIVE { "active" } else { "deleted" },
            if user.auth_type == users::AUTH_LDAP { "ldap" } else { "password" },
            if user.allow_api { "api" } else { "-" },
            names.join(", "),
        );
    }
    Ok(())
}

fn set_totp(options: &Totp) -> anyhow::Result<()> {
    let db = open(&options.common)?;
    let user = named(&db, &options.username)?;
    let actor = Actor::command_line();
    let account = (user.id, user.username.as_str());
    if options.remove {
        if !totp::remove(&db, &actor, account)? {
            bail!("there are no one-time passwords for this account");
        }
        return Ok(());
    }
    let seal = Seal::new(&wiring::signer(&options.common.load(Vec::new())?.settings, false)?);
    let secret = totp::begin(&db, &seal, user.id)?;
    println!("secret    {secret}");
    println!("address   {}", totp::uri("Halftone", &user.username, &secret));
    let code = read_line("Code of the authenticator: ")?;
    let codes = totp::confirm(&db, &seal, &actor, account, &code, db::now_ms() / 1000)?;
    println!("recovery codes, each good for once (shown this once):");
    for code in codes {
        println!("  {code}");
    }
    Ok(())
}
