//! What pages are made of beside their text: scripts, style sheets, pictures, and the viewers for other
//! sites' pages.
//!
//! `scripts/assets` builds them from `web/src`. Each file bears a part of its content's hash in its name, so
//! that browsers and front servers may keep it for good; the manifest says which name stands for which
//! file. They are part of the program, unless a setting names a folder. Nothing here knows what a file is for.

mod answer;
mod manifest;
mod store;

use std::path::Path;
use std::sync::OnceLock;

pub use answer::answer;
use store::Store;
pub use store::Unusable;

/// Where the addresses of all files begin.
const PREFIX: &str = "/static/";

/// One for a process: pages of errors are made where nothing else is at hand.
static STORE: OnceLock<Store> = OnceLock::new();

/// Takes the files from a folder, as `scripts/assets` made it or with files changed and added, in place of those in
/// the program. Holds for this process, and only when it comes before the first request.
///
/// # Errors
/// When the folder has no manifest that can be read.
pub fn read_from(folder: &Path) -> Result<(), Unusable> {
    let store = Store::folder(folder)?;
    let _ = STORE.set(store);
    Ok(())
}

/// The address of a file by its plain name, such as `halftone.css`. A name that the manifest does not
/// know is its own address.
pub fn asset_url(name: &str) -> String {
    let file = store().manifest().file_of(name).map(str::to_owned);
    format!("{PREFIX}{}", file.as_deref().unwrap_or(name))
}

fn store() -> &'static Store {
    STORE.get_or_init(Store::embedded)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What stands between `f.asset("` and the next quote.
    fn names(text: &str) -> Vec<&str> {
        let calls = text.split("f.asset(\"").skip(1);
        calls.filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn templates_ask_for_what_there_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/templates");
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_file() {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for name in names(&text) {
                let store = Store::embedded();
                assert!(store.manifest().file_of(name).is_some(), "{}: {name}", path.display());
                count += 1;
            }
        }
        assert!(count > 0, "no template asks for a file");
    }

    #[test]
    fn an_unknown_name_is_its_own_address() {
        assert_eq!(asset_url("own/logo.svg"), "/static/own/logo.svg");
        assert_ne!(asset_url("halftone.css"), "/static/halftone.css");
    }
}
