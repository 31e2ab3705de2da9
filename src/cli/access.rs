//! `halftone access`: what holds in folders for groups, and why somebody may do what.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{Common, wiring};
use crate::auth::{self, Actor, Identity, Level, Rights, SignedIn, acts};
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
    /// List the records of folders that are gone, from disk or by another name
    Orphans(Common),
    /// Give the records of a folder that is gone, and of those below it, to another folder
    Move(MoveOptions),
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

/// Which folder is gone, and which takes its place.
#[derive(Args)]
pub struct MoveOptions {
    /// The folder that is gone, as orphans lists it
    old: String,
    /// The folder that is to have its records; those that the same groups have there are replaced
    new: String,
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
        Action::Orphans(common) => orphans(&open(&common.load(Vec::new())?.settings)?),
        Action::Move(options) => move_records(&options),
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

/// Folder, group, what it has there; last what has become of the folder, where that is known.
fn orphans(database: &Db) -> anyhow::Result<()> {
    let groups = db::groups::all(database)?;
    let group =
        |id: i64| groups.iter().find(|group| group.id == id).map_or("?", |group| &group.name);
    let templates = db::templates::all(database)?;
    let (levels, rules) =
        (db::folder_permissions::all(database)?, db::folder_templates::all(database)?);
    for path in db::folders::gone_with_records(database)? {
        let place = match db::moves::place_before(&path) {
            Some(old) => format!("\twas {old}, where another folder was moved to"),
            None if db::recycled::is_of_folder(database, &path)? => {
                "\tin the recycle folder".to_owned()
            }
            None => String::new(),
        };
        for record in levels.iter().filter(|record| record.folder_path == path) {
            let title = Level::from_access(record.access).title();
            println!("{path}\t{}\t{title}{place}", group(record.group_id));
        }
        for record in rules.iter().filter(|record| record.folder_path == path) {
            let known = templates.iter().find(|template| Some(template.id) == record.template_id);
            let name = known.map_or("(free)", |template| &template.name);
            let kind = if record.required { "required" } else { "default" };
            println!("{path}\t{}\t{kind} template {name}{place}", group(record.group_id));
        }
    }
    Ok(())
}

fn move_records(options: &MoveOptions) -> anyhow::Result<()> {
    let settings = options.common.load(Vec::new())?.settings;
    let (database, images) = (open(&settings)?, settings.images_folder());
    let old = options.old.trim_matches('/');
    if old.is_empty() || SourcePath::parse(old).is_ok_and(|old| images.join(old.as_str()).is_dir())
    {
        bail!("\"{}\" is there: move the folder itself through the server", options.old);
    }
    let new = options.new.trim_matches('/');
    if !new.is_empty()
        && !SourcePath::parse(new).is_ok_and(|new| images.join(new.as_str()).is_dir())
    {
        bail!("there is no folder \"{}\" in the library", options.new);
    }
    let moved = db::atomic(&database, |sql| {
        let moved = db::moves::records(sql, old, new)?;
        let detail = format!("{moved} records, to {}", options.new);
        auth::audit::write(sql, &Actor::command_line(), "access.move", &options.old, &detail)?;
        Ok(moved)
    })?;
    println!("{moved} records were moved");
    Ok(())
}

fn set(options: &TemplateOptions) -> anyhow::Result<()> {
    let settings = options.common.load(Vec::new())?.settings;
    let database = open(&settings)?;
    let group = group_id(&database, &options.group)?;
    let folder = folder_id(&database, &settings.images_folder(), &options.folder)?;
    let required = !options.default;
    let (actor, which) = (Actor::command_line(), (folder, group, required));
    if options.remove {
        if !acts::remove_folder_template(&database, &actor, which)? {
            bail!("there is no such record");
        }
        return Ok(());
    }
    let template = match &options.template {
        Some(name) => Some(super::template::named(&database, name)?.id),
        None => None,
    };
    Ok(acts::set_folder_template(&database, &actor, which, template)?)
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
