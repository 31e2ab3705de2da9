//! `halftone template`: templates as JSON files, in and out.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};

use super::service_user::as_root;
use super::{Common, wiring};
use crate::auth::Actor;
use crate::auth::templates::{self as acts, NAME_MAX_CHARS};
use crate::config::Settings;
use crate::db::templates::{self, Template};
use crate::db::{self, Db, Sql, users};
use crate::spec::{Params, Rules};

/// What can be asked of it.
#[derive(Subcommand)]
pub enum Action {
    /// List the templates; the default one is marked
    List(Common),
    /// Print a template's JSON
    Show(Named),
    /// Make a template, or give one that is there other parameters
    Set(Set),
    /// Delete a template
    Delete(Named),
}

/// A template.
#[derive(Args)]
pub struct Named {
    /// The template, by name
    name: String,
    #[command(flatten)]
    common: Common,
}

/// A template and what it is to be.
#[derive(Args)]
pub struct Set {
    /// The template, by name
    name: String,
    /// A file with the template's JSON; "-" is the standard input
    file: PathBuf,
    /// What it is for; without, what it was for before
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// It holds from now on when a request names none
    #[arg(long)]
    default: bool,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub fn run(action: &Action) -> anyhow::Result<()> {
    match action {
        Action::List(common) => list(&open(common)?.1),
        Action::Show(Named { name, common }) => show(&named(&open(common)?.1, name)?),
        Action::Set(options) => set(options),
        Action::Delete(Named { name, common }) => {
            let database = open(common)?.1;
            let template = named(&database, name)?;
            Ok(acts::delete(&database, &Actor::command_line(), &template)?)
        }
    }
}

fn open(common: &Common) -> anyhow::Result<(Settings, Db)> {
    let settings = common.load_with_return()?.settings;
    let database = wiring::database(&settings)?;
    db::check_schema(&database)?;
    Ok((settings, database))
}

fn find(database: &dyn Sql, name: &str) -> anyhow::Result<Option<Template>> {
    let key = users::name_key(name);
    let all = templates::all(database)?;
    Ok(all.into_iter().find(|template| users::name_key(&template.name) == key))
}

/// The template of this name, ignoring case.
pub(super) fn named(database: &dyn Sql, name: &str) -> anyhow::Result<Template> {
    find(database, name)?.with_context(|| format!("there is no template \"{name}\""))
}

fn list(database: &dyn Sql) -> anyhow::Result<()> {
    for template in templates::all(database)? {
        let default = if acts::is_default(database, &template)? { "default" } else { "-" };
        let description = template.description.replace(char::is_control, " ");
        println!("{}\t{default}\t{description}", template.name);
    }
    Ok(())
}

fn show(template: &Template) -> anyhow::Result<()> {
    let json: serde_json::Value = serde_json::from_str(&template.json)
        .with_context(|| format!("the template \"{}\" is no JSON", template.name))?;
    println!("{}", serde_json::to_string_pretty(&json)?);
    Ok(())
}

fn set(options: &Set) -> anyhow::Result<()> {
    let (settings, database) = open(&options.common)?;
    let name = options.name.trim();
    ensure!(
        (1..=NAME_MAX_CHARS).contains(&name.chars().count()) && !name.contains(char::is_control),
        "the name must have 1 to {NAME_MAX_CHARS} characters, and no control characters"
    );
    let rules = Rules { max_dimension: settings.max_image_dimension };
    let json = json(&options.file, &rules)?;
    let actor = Actor::command_line();
    let old = find(&database, name)?;
    let description = options.description.clone();
    match &old {
        Some(old) => {
            let description = description.unwrap_or_else(|| old.description.clone());
            let new = Template { description, json, ..old.clone() };
            acts::change(&database, &actor, old, &new, false)?;
        }
        None => {
            let description = description.unwrap_or_default();
            let new = Template { id: 0, name: name.to_owned(), description, json };
            acts::create(&database, &actor, &new)?;
        }
    }
    if options.default {
        acts::make_default(&database, &actor, &named(&database, name)?.name)?;
    }
    Ok(())
}

/// The JSON of a file, checked like that of a call.
fn json(file: &Path, rules: &Rules) -> anyhow::Result<String> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("the standard input is no text")?;
        text
    } else {
        let read = as_root(|| std::fs::read_to_string(file));
        read.with_context(|| format!("{} cannot be read", file.display()))?
    };
    let Ok(template) = serde_json::from_str(&text) else { bail!("template: must be valid JSON") };
    Params::check_template_json(&template, rules)?;
    Ok(template.to_string())
}
