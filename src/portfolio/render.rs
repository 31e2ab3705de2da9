//! Making the pictures of an export: as the publisher would get them, changed by the portfolio and by
//! the export.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::auth::{FolderTemplates, Identity, Level, Rights, Templates};
use crate::db::folio_images::FolioImage;
use crate::db::{Sql, images};
use crate::library::readable;
use crate::pixel::decode::{Input, Opening};
use crate::pixel::encode::Pages;
use crate::pixel::{Cancel, Engine, Format, Made, Opened, Point, Recipe};
use crate::process::slots::Slots;
use crate::profiles::Profiles;
use crate::source::{Repository, SourcePath, Stat};
use crate::spec::{Accepts, Context, Params, Rules};

/// How long one try for a slot waits; requests come first.
const PATIENCE: Duration = Duration::from_secs(1);

/// Makes pictures in the background.
pub struct Renderer {
    /// The originals.
    pub files: Arc<Repository>,
    /// Makes pictures.
    pub engine: Engine,
    /// The colour profiles that parameters may name.
    pub profiles: Profiles,
    /// How many pictures are made at once on this host.
    pub slots: Slots,
    /// The same for those that are made from files which another program reads.
    pub program_slots: Slots,
}

/// Whose rights and which templates hold.
pub struct Publisher {
    /// Who publishes.
    pub identity: Identity,
    /// Everybody's rights.
    pub rights: Arc<Rights>,
    /// Every template.
    pub templates: Arc<Templates>,
}

/// What the publisher may not have, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Kept(String);

/// What is to be made of one image.
struct Wanted {
    recipe: Recipe,
    overlay: Option<SourcePath>,
}

impl Publisher {
    /// Fails unless the publisher may have the original as it is.
    ///
    /// # Errors
    /// [`Kept`], and what else stands in the way.
    pub fn check_original(&self, path: &SourcePath) -> anyhow::Result<()> {
        self.check(path, Level::Download)?;
        self.check_free(path)
    }

    /// Fails where the folder's template has anything locked for the publisher.
    fn check_free(&self, path: &SourcePath) -> anyhow::Result<()> {
        if let Some(id) = self.rights.templates(&self.identity, path.folder()).required {
            let locks = self.template(id)?.locks_anything();
            let reason = "the folder's template keeps the original back";
            anyhow::ensure!(!locks, Kept(format!("{path}: {reason}")));
        }
        Ok(())
    }

    /// Fails unless the publisher may have the picture that these parameters make, the export's over the
    /// portfolio's.
    ///
    /// # Errors
    /// [`Kept`], and what else stands in the way.
    pub fn check_picture(&self, path: &SourcePath, layers: [&str; 2]) -> anyhow::Result<()> {
        // Whether it is upright changes nothing of what it takes.
        self.spec(path, layers, None, true).map(drop)
    }

    /// Fails unless the publisher may do this in the folder.
    fn check(&self, path: &SourcePath, level: Level) -> anyhow::Result<()> {
        let has = self.rights.level(&self.identity, path.folder());
        anyhow::ensure!(has >= level, Kept(format!("{path}: the publisher may not have it")));
        Ok(())
    }

    /// What is to be made, from pictures that the publisher may have.
    fn spec(
        &self,
        path: &SourcePath,
        layers: [&str; 2],
        format: Option<Format>,
        upright: bool,
    ) -> anyhow::Result<Wanted> {
        self.check(path, Level::View)?;
        let mut params = self.params(path, layers)?;
        if let Some(format) = format {
            let pairs = [("src", path.as_str()), ("format", format.extension())];
            params = Params::from_pairs(pairs, &ANY)?.over(&params);
        }
        let source_format = readable(path);
        let chose_overlay = params.asks_for_overlay();
        let spec = params.resolve(&Context {
            source_format,
            paper: source_format.is_none_or(Format::is_paper),
            public_limit: None,
            sizes: None,
            default_expiry_s: 0,
            accepts: Accepts::of([]),
            max_dimension: u32::MAX,
            upright,
        })?;
        let overlay = spec.overlay.as_deref().map(SourcePath::parse).transpose()?;
        if let Some(overlay) = overlay.as_ref().filter(|_| chose_overlay) {
            self.check(overlay, Level::View)?;
            self.check_free(overlay)?;
        }
        Ok(Wanted { recipe: spec.recipe, overlay })
    }

    fn template(&self, id: i64) -> anyhow::Result<Params> {
        let template = self.templates.by_id(id).context("a folder's template is not known")?;
        parse(&template.json)
    }

    /// The parameters of an image: the export's over the portfolio's over the template that holds, and
    /// what the folder's required template has locked over all.
    fn params(&self, path: &SourcePath, layers: [&str; 2]) -> anyhow::Result<Params> {
        let FolderTemplates { required, default } =
            self.rights.templates(&self.identity, path.folder());
        let base = match (required, default) {
            (Some(id), _) | (None, Some(id)) => Some(self.template(id)?),
            (None, None) => {
                let template = self.templates.default_template();
                template.map(|template| parse(&template.json)).transpose()?
            }
        };
        let mut params = Params::from_pairs([("src", path.as_str())], &ANY)?;
        for layer in layers {
            params = params.over(&parse(layer)?.asking_for_overlay());
        }
        Ok(match base {
            Some(base) => params.over(&base),
            None => params,
        })
    }
}

/// Bounds that were lowered since must not make what was stored unusable.
const ANY: Rules = Rules { max_dimension: u32::MAX };

fn parse(json: &str) -> anyhow::Result<Params> {
    Ok(Params::from_template_json(json, &ANY)?)
}

impl Renderer {
    /// Makes an image of a portfolio as a file of its own.
    pub fn make(
        &self,
        sql: &dyn Sql,
        publisher: &Publisher,
        image: &FolioImage,
        export: &str,
        go_on: &dyn Fn() -> anyhow::Result<()>,
    ) -> anyhow::Result<Made> {
        let path = SourcePath::parse(&image.image.path)?;
        let wanted = self.wanted(sql, publisher, &path, [export, &image.parameters], None)?;
        let opened = self.open(&path, &wanted)?;
        let _slot = self.slot(&opened, &wanted.recipe, go_on)?;
        Ok(self.engine.make(opened, &wanted.recipe, &Cancel::never(), &|_| {})?)
    }

    /// Makes an image of a portfolio as the next page of a document.
    pub fn add_page(
        &self,
        sql: &dyn Sql,
        publisher: &Publisher,
        image: &FolioImage,
        export: &str,
        document: &mut Pages,
        go_on: &dyn Fn() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let path = SourcePath::parse(&image.image.path)?;
        let layers = [export, &*image.parameters];
        let wanted = self.wanted(sql, publisher, &path, layers, Some(Format::Pdf))?;
        let opened = self.open(&path, &wanted)?;
        let _slot = self.slot(&opened, &wanted.recipe, go_on)?;
        Ok(self.engine.add_page(document, opened, &wanted.recipe, &Cancel::never())?)
    }

    fn wanted(
        &self,
        sql: &dyn Sql,
        publisher: &Publisher,
        path: &SourcePath,
        layers: [&str; 2],
        format: Option<Format>,
    ) -> anyhow::Result<Wanted> {
        let mut wanted = publisher.spec(path, layers, format, self.engine.sets_upright())?;
        let recipe = &mut wanted.recipe;
        self.profiles.complete(recipe)?;
        if recipe.uses_focus() {
            let row = images::by_path(sql, path.as_str())?;
            let point = row.and_then(|row| row.focal_point);
            recipe.focus = point.map(|point| Point { x: point.x(), y: point.y() });
        }
        Ok(wanted)
    }

    fn open(&self, path: &SourcePath, wanted: &Wanted) -> anyhow::Result<Opened> {
        let opened = self.open_one(path, &wanted.recipe.opening())?;
        Ok(match &wanted.overlay {
            Some(overlay) => opened.with_overlay(self.open_one(overlay, &Opening::default())?),
            None => opened,
        })
    }

    fn open_one(&self, path: &SourcePath, opening: &Opening) -> anyhow::Result<Opened> {
        let file: File = self.files.open(path)?;
        let len = Stat::of(&file)?.size;
        let input = Input::of_file(file, len, readable(path))?;
        self.engine.open(input, opening).with_context(|| path.as_str().to_owned())
    }

    /// Waits for a slot as long as it takes, or until the work is to stop.
    fn slot(
        &self,
        opened: &Opened,
        recipe: &Recipe,
        go_on: &dyn Fn() -> anyhow::Result<()>,
    ) -> anyhow::Result<crate::process::slots::SlotGuard> {
        let pixels = self.engine.admit(opened, recipe)?;
        let slots = if opened.runs_a_program() { &self.program_slots } else { &self.slots };
        loop {
            go_on()?;
            let until = Instant::now() + PATIENCE;
            match slots.acquire(pixels, until, &Cancel::never()) {
                Ok(slot) => return Ok(slot),
                // Too many wait already: give them time.
                Err(_) => std::thread::sleep(PATIENCE / 5),
            }
        }
    }
}
