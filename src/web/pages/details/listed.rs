//! All that a picture's file says of it, read when somebody asks for it.

use crate::pixel::decode::{Input, Opening};
use crate::pixel::{Listing, listing};
use crate::source::{SourcePath, Stat};
use crate::web::image::format_of;
use crate::web::{App, Error};

/// What the blocks of a file say; nothing of a file that cannot be read.
pub fn all(app: &App, path: &SourcePath) -> Result<Vec<Listing>, Error> {
    let file = app.repository.open_in_time(path)?;
    let len = Stat::of(&file)?.size;
    let input = Input::of_file(file, len, format_of(path));
    match input.and_then(|input| app.engine.open(input, &Opening::default())) {
        Ok(opened) => Ok(listing(&opened.info().metadata)),
        Err(error) => {
            let error = Error::from(error);
            if error.status().is_client_error() { Ok(Vec::new()) } else { Err(error) }
        }
    }
}
