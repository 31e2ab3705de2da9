//! The files by which others find a running pool: its process id and its scoreboard.
//!
//! A successor must not touch those of the pool that still serves, which goes on if the successor
//! fails: it keeps its scoreboard under another name until it has taken over.

use std::io;
use std::path::{Path, PathBuf};

use super::PoolOptions;

/// Paths of the pool's files.
#[derive(Debug)]
pub struct Files {
    scoreboard: PathBuf,
    published: PathBuf,
    pid_file: Option<PathBuf>,
}

impl Files {
    /// The files of a pool, or of the successor of one.
    pub fn new(options: &PoolOptions, succeeds: bool) -> Self {
        let published = options.run_dir.join("scoreboard");
        let scoreboard = if succeeds {
            options.run_dir.join(format!("scoreboard.{}", std::process::id()))
        } else {
            published.clone()
        };
        Self { scoreboard, published, pid_file: options.pid_file.clone() }
    }

    /// Where the scoreboard lies now.
    pub fn scoreboard(&self) -> &Path {
        &self.scoreboard
    }

    /// Gives the scoreboard the name under which it is looked for.
    pub fn publish(&mut self) -> io::Result<()> {
        if self.scoreboard != self.published {
            std::fs::rename(&self.scoreboard, &self.published)?;
            self.scoreboard.clone_from(&self.published);
        }
        Ok(())
    }

    /// Writes the process id down.
    pub fn write_pid(&self) -> io::Result<()> {
        let Some(path) = &self.pid_file else { return Ok(()) };
        let mut name = path.clone().into_os_string();
        name.push(".tmp");
        std::fs::write(&name, format!("{}\n", std::process::id()))?;
        std::fs::rename(&name, path)
    }

    /// Removes what is ours. The scoreboard of a pool that has ended is kept, to be looked at.
    pub fn remove(&self) {
        if self.scoreboard != self.published {
            // A leftover does no harm: the next one of its name replaces it.
            let _ = std::fs::remove_file(&self.scoreboard);
        }
        if let Some(path) = &self.pid_file
            && std::fs::read_to_string(path)
                .is_ok_and(|text| text.trim() == std::process::id().to_string())
        {
            let _ = std::fs::remove_file(path);
        }
    }
}
