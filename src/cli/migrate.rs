//! `halftone migrate`

use super::Common;
use super::wiring;

/// Brings the database up to date and makes what a first start needs.
pub fn run(common: &Common) -> anyhow::Result<()> {
    let loaded = common.load(Vec::new())?;
    let settings = &loaded.settings;
    let _log = wiring::start_log(settings)?;
    let db = wiring::connect(settings)?;
    let first = wiring::prepare_database(&db)?;
    println!("The database is up to date.");
    if let Some(password) = first {
        println!("First start: the user \"admin\" has the password  {password}");
        println!("It is shown this once.");
    }
    Ok(())
}
