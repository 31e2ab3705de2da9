//! `halftone migrate`

use super::{Common, wiring};

/// Brings the database up to date and sets a new installation up.
pub fn run(common: &Common) -> anyhow::Result<()> {
    let settings = common.load(Vec::new())?.settings;
    let _log = wiring::start_log(&settings)?;
    wiring::make_folders(&settings)?;
    wiring::signer(&settings, true)?;
    let first = wiring::prepare_database(&wiring::database(&settings)?)?;
    println!("The database is up to date.");
    if let Some(password) = first.generated_password {
        println!("First start: user \"admin\", password  {password}  (shown this once)");
    }
    Ok(())
}
