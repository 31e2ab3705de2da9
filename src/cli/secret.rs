//! The file of the secret that sessions and tokens are signed with.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const RANDOM_BYTES: usize = 48;

/// Makes the file with a random secret, for its owner's eyes only, unless it is there. Of several
/// processes that start at once one makes it, and none ever sees a part of it.
pub fn make(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let cannot = || format!("the secret cannot be written to {}", path.display());
    let mut random = [0_u8; RANDOM_BYTES];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let temporary = Path::new(&name);
    let _ = fs::remove_file(temporary);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)
        .and_then(|mut file| {
            writeln!(file, "{}", STANDARD.encode(random))?;
            file.sync_all()
        })
        // A link, other than a renaming, leaves a file that is there as it is.
        .and_then(|()| match fs::hard_link(temporary, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    let _ = fs::remove_file(temporary);
    written.with_context(cannot)
}

/// Reads it.
pub fn read(path: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(path).with_context(|| {
        format!(
            "there is no secret: set `secret`, or run `halftone migrate`, which makes {}",
            path.display()
        )
    })?;
    let others = fs::metadata(path)
        .map(|meta| meta.permissions())
        .unwrap_or_else(|_| Permissions::from_mode(0o000))
        .mode()
        & 0o007;
    if others != 0 {
        log::warn!("{}: everybody on this machine can read the secret", path.display());
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(read(&path).is_err());
        make(&path).unwrap();
        let secret = read(&path).unwrap();
        assert_eq!(STANDARD.decode(&secret).unwrap().len(), RANDOM_BYTES);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        make(&path).unwrap();
        assert_eq!(read(&path).unwrap(), secret);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
