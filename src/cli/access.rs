//! `halftone access`: what holds in folders for groups, and why somebody may do what.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{Common, wiring};
use crate::auth::{self, Identity, Rights, SignedIn};
use crate::config::Settings;
use crate::db::{self, Db, Sql};
use crate::source::SourcePath;

/// What can be asked of it.
#[derive(Subcommand)]
pub enum Action {
    /// Set the template that holds in a folder and below for a group
    Template(TemplateOptions),
    /// List the templates of folders
    Templates(Common),
    /// Say what an account may do in a folder, and by which rule
    Explain(ExplainOptions),
    /// List what administrators did, the latest first
    Log(LogOptions),
}

/// Whom and which folder.
#[derive(Args)]
pub struct ExplainOptions {
    /// The account; "-" is somebody who has not signed in
    username: String,
    /// The folder, or a picture in it, as a path in the library; / is all of it
    path: String,
    #[command(flatten)]
    common: Common,
}

/// How much of the log.
#[derive(Args)]
pub struct LogOptions {
    /// How many acts
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    last: i64,
    #[command(flatten)]
    common: Common,
}

/// Which folder, which group, which template.
#[derive(Args)]
#[group(id = "what", required = true, multiple = false)]
pub struct TemplateOptions {
    /// The folder, as a path in the library; / is all of it
    folder: String,
    /// The group, by name
    #[arg(long, default_value = "Public")]
    group: String,
    /// The template, by name
    #[arg(long, group = "what")]
    template: Option<String>,
    /// Free the group of what a folder further up says
    #[arg(long, group = "what")]
    free: bool,
    /// Take the record away
    #[arg(long, group = "what")]
    remove: bool,
    /// It holds only for requests that name no template, instead of for all
    #[arg(long)]
    default: bool,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub fn run(action: Action) -> anyhow::Result<()> {
    match action {
        Action::Template(options) => set(&options),
        Action::Explain(options) => tell_why(&options),
        Action::Log(options) => acts(&options),
        Action::Templates(common) => list(&open(&common.load(Vec::new())?.settings)?),
    }
}

fn open(settings: &Settings) -> anyhow::Result<Db> {
    let database = wiring::database(settings)?;
    db::check_schema(&database)?;
    Ok(database)
}

fn tell_why(options: &ExplainOptions) -> anyhow::Result<()> {
    let settings = options.common.load(Vec::new())?.settings;
    let database = open(&settings)?;
    let rights = database.snapshot(Rights::load)?;
    let identity = match options.username.as_str() {
        "-" => Identity::Anonymous,
        name => {
            let user = super::user::named(&database, name)?;
            // As after signing in: no key takes anything away.
            let identity = rights.identity(user.id, SignedIn::Token);
            identity.with_context(|| format!("the account \"{name}\" is deleted"))?
        }
    };
    let path = options.path.trim_matches('/');
    let is_folder = path.is_empty() || settings.images_folder().join(path).is_dir();
    let known = is_folder || db::folders::by_path(&database, path)?.is_some();
    let folder = if known { path } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let explained = auth::explain(&rights, &identity, folder);
    println!("folder  /{folder}");
    println!("level   {} {}", explained.level.access(), explained.level.title());
    println!("rule    {}", explained.rule);
    for step in &explained.steps {
        match &step.record {
            Some((folder, level)) => {
                println!("group   {}: {} at {folder}", step.group, level.title());
            }
            None => println!("group   {}: no record", step.group),
        }
    }
    Ok(())
}

fn acts(options: &LogOptions) -> anyhow::Result<()> {
    let database = open(&options.common.load(Vec::new())?.settings)?;
    for act in db::audit_log::latest(&database, None, options.last)? {
        let at = time::OffsetDateTime::from_unix_timestamp(act.at_ms / 1000)?;
        let at = at.format(&time::format_description::well_known::Rfc3339)?;
        println!(
            "{at}\t{}\t{}\t{}\t{}\t{}",
            act.username, act.address, act.action, act.object, act.detail
        );
    }
    Ok(())
}

fn set(options: &TemplateOptions) -> anyhow::Result<()> {
    let settings = options.common.load(Vec::new())?.settings;
    let database = open(&settings)?;
    let group = group_id(&database, &options.group)?;
    let folder = folder_id(&database, &settings.images_folder(), &options.folder)?;
    let required = !options.default;
    if options.remove {
        if !db::folder_templates::remove(&database, (folder, group), required)? {
            bail!("there is no such record");
        }
        return Ok(());
    }
    let template = match &options.template {
        Some(name) => Some(template_id(&database, name)?),
        None => None,
    };
    Ok(db::folder_templates::set(&database, (folder, group), required, template)?)
}

/// The folder's id; one that was not seen before gets its row now.
fn folder_id(database: &dyn Sql, images: &Path, path: &str) -> anyhow::Result<i64> {
    if let Some(folder) = db::folders::by_path(database, path)? {
        return Ok(folder.id);
    }
    let beneath = SourcePath::parse(path).ok();
    match beneath.filter(|beneath| images.join(beneath.as_str()).is_dir()) {
        Some(beneath) => Ok(db::folders::seen(database, beneath.as_str())?),
        None => bail!("there is no folder \"{path}\" in the library"),
    }
}

fn group_id(database: &dyn Sql, name: &str) -> anyhow::Result<i64> {
    let key = db::users::name_key(name);
    let groups = db::groups::all(database)?;
    let group = groups.iter().find(|group| db::users::name_key(&group.name) == key);
    Ok(group.with_context(|| format!("there is no group \"{name}\""))?.id)
}

fn template_id(database: &dyn Sql, name: &str) -> anyhow::Result<i64> {
    let key = db::users::name_key(name);
    let templates = db::templates::all(database)?;
    let template = templates.iter().find(|template| db::users::name_key(&template.name) == key);
    Ok(template.with_context(|| format!("there is no template \"{name}\""))?.id)
}

fn list(database: &dyn Sql) -> anyhow::Result<()> {
    let groups = db::groups::all(database)?;
    let templates = db::templates::all(database)?;
    for record in db::folder_templates::all(database)? {
        let group = groups.iter().find(|group| group.id == record.group_id);
        let template = templates.iter().find(|template| Some(template.id) == record.template_id);
        println!(
            "{}\t{}\t{}\t{}",
            record.folder_path,
            group.map_or("?", |group| &group.name),
            if record.required { "required" } else { "default" },
            template.map_or("(free)", |template| &template.name),
        );
    }
    Ok(())
}
