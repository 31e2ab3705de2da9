//! Documents as folders of page pictures: `plan.pdf` becomes `plan.pdf.pages` beside it, with a PNG
//! file for each page.

use serde::{Deserialize, Serialize};

use super::{Caller, Error, Library, Result, job, readable};
use crate::auth::Level;
use crate::db::images::ImageRow;
use crate::pixel::decode::Input;
use crate::pixel::{Cancel, Format, Recipe};
use crate::source::{FolderPath, Stat, Taken};

/// The longest document that is taken apart.
const MAX_PAGES: u32 = 5_000;

/// Which document, and who wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub path: String,
    pub user: Option<i64>,
}

impl Library {
    /// Queues a document that has just come, when the settings say so.
    pub(super) fn want_pages(&self, caller: &Caller<'_>, image: &ImageRow) -> Result<()> {
        let path = super::images::path_of(&image.path)?;
        if !self.options.burst_documents || readable(&path) != Some(Format::Pdf) {
            return Ok(());
        }
        job::want_pages(&self.db, &Wanted { path: image.path.clone(), user: caller.user_id() })
    }

    /// Makes the page pictures of a document, all of them or none; those that were made before go
    /// where deleted folders go. Gives back how many pages there are.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Denied`] without the right to upload beside it;
    /// [`Error::NotAPicture`]; [`Error::Stopped`].
    pub fn burst(
        &self,
        caller: &Caller<'_>,
        path: &str,
        go_on: &dyn Fn(u32, u32) -> bool,
    ) -> Result<u32> {
        let path = super::images::path_of(path)?;
        let above = FolderPath::of(&path);
        caller.require(&above, Level::Upload)?;
        let folder = self.open_folder(&above)?;
        let name = format!("{}.pages", path.file_name());
        let pages = above.folder(&name).map_err(|error| Error::path("path", error))?;
        let hidden = crate::source::incoming_name()?;
        folder.make_folder(&hidden)?;
        let made = self.make_pages(&path, &folder.folder(&hidden)?, go_on).and_then(|count| {
            if folder.entry(&name).is_ok() {
                self.discard_folder(caller, &folder, &pages, &|| true)?;
            }
            folder.rename(&hidden, &folder, &name, Taken::Refuse)?;
            Ok(count)
        });
        match made {
            Ok(count) => {
                self.look_through(&pages)?;
                job::want_reading(&self.db)?;
                Ok(count)
            }
            Err(error) => {
                super::tree::remove_tree(&folder, hidden.as_ref(), &|| true)?;
                Err(error)
            }
        }
    }

    fn make_pages(
        &self,
        path: &crate::source::SourcePath,
        into: &crate::source::Folder,
        go_on: &dyn Fn(u32, u32) -> bool,
    ) -> Result<u32> {
        let (mut page, mut count) = (1, 1);
        while page <= count {
            if !go_on(page - 1, count) {
                return Err(Error::Stopped);
            }
            let file = self.files.open(path)?;
            let len = Stat::of(&file)?.size;
            let input = Input::of_file(file, len, readable(path)).map_err(Error::picture)?;
            let dpi = self.options.burst_dpi;
            let recipe = Recipe { page, dpi, ..Recipe::unchanged(Format::Png) };
            let opened = self.engine.open(input, &recipe.opening()).map_err(Error::picture)?;
            count = opened.info().pages;
            if count > MAX_PAGES {
                return Err(Error::NotAPicture(format!("it has more than {MAX_PAGES} pages")));
            }
            let made = self
                .engine
                .make(opened, &recipe, &Cancel::never(), &|_| ())
                .map_err(Error::picture)?;
            let mut incoming = into.incoming()?;
            incoming.fill(&mut made.bytes.as_slice(), u64::MAX)?;
            incoming.name_as(&format!("page-{page:05}.png"), Taken::Refuse)?;
            page += 1;
        }
        Ok(count)
    }
}
