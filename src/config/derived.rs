//! What follows from several settings together: places that lie inside the data folder unless they
//! are said, and numbers that follow from the machine.

use std::path::{Path, PathBuf};

use super::{SETTINGS, Settings};

impl Settings {
    /// The folder for temporary files.
    #[must_use]
    pub fn temp_folder(&self) -> PathBuf {
        if self.temp_dir.as_os_str().is_empty() {
            std::env::temp_dir()
        } else {
            self.temp_dir.clone()
        }
    }

    /// The library.
    #[must_use]
    pub fn images_folder(&self) -> PathBuf {
        self.inside_data(&self.images_dir, "images")
    }

    /// The folder of published portfolios.
    #[must_use]
    pub fn exports_folder(&self) -> PathBuf {
        self.inside_data(&self.exports_dir, "exports")
    }

    /// The folder for what lives only while the server runs.
    #[must_use]
    pub fn run_folder(&self) -> PathBuf {
        self.inside_data(&self.run_dir, "run")
    }

    /// The file of the secret, when the settings name none.
    #[must_use]
    pub fn secret_file(&self) -> PathBuf {
        self.data_dir.join("secret")
    }

    /// The folder of the disk cache.
    #[must_use]
    pub fn disk_cache_folder(&self) -> PathBuf {
        self.inside_data(&self.disk_cache_dir, "cache")
    }

    /// The folder of prepared reductions, unless there are to be none.
    #[must_use]
    pub fn reductions_folder(&self) -> Option<PathBuf> {
        let wanted = self.reductions_disk_mb > 0 && self.reductions_above_megapixels > 0;
        wanted.then(|| self.inside_data(&self.reductions_dir, "reductions"))
    }

    /// The address of the database.
    #[must_use]
    pub fn database_url(&self) -> String {
        if self.database.is_empty() {
            format!("sqlite:{}", self.data_dir.join("halftone.db").display())
        } else {
            self.database.expose().to_owned()
        }
    }

    /// Worker processes on a machine with this many processor cores.
    #[must_use]
    pub fn worker_count(&self, cores: usize) -> usize {
        if self.workers == 0 { cores.max(2) } else { self.workers as usize }
    }

    /// Places in the queue of each worker.
    #[must_use]
    pub fn queue_places(&self) -> usize {
        // What takes long is with the makers: all connections of a front server may wait here for a moment.
        let places = if self.queue_len == 0 { self.threads * 32 } else { self.queue_len };
        places as usize
    }

    /// Processes of each worker that read complex formats, on a machine with this many processor
    /// cores.
    #[must_use]
    pub fn decoder_count(&self, cores: usize) -> usize {
        match self.decoder_children {
            0 => self.slot_count(cores).max(2),
            count => count as usize,
        }
    }

    /// Pictures made at the same time on a machine with this many processor cores.
    #[must_use]
    pub fn slot_count(&self, cores: usize) -> usize {
        if self.slots == 0 { cores.max(1) } else { self.slots as usize }
    }

    /// Pictures made at the same time from files that another program reads. They have slots of their
    /// own, so that programs that hang keep no other picture from being made.
    #[must_use]
    pub fn program_slot_count(&self, cores: usize) -> usize {
        self.slot_count(cores).div_ceil(2)
    }

    /// Makers of each worker that may wait for such a program, at each of the places where one waits:
    /// to read a header, and to have the picture made. Some are left for all else.
    #[must_use]
    pub fn program_waiters(&self) -> usize {
        (self.threads as usize * 3 / 8).max(1)
    }

    /// Pictures of each worker that may be made or wait to be, on a machine with this many processor
    /// cores.
    #[must_use]
    pub fn making_places(&self, cores: usize) -> usize {
        match self.image_waiters {
            0 => self.threads as usize * 5,
            waiters => waiters as usize + self.slot_count(cores),
        }
    }

    /// Threads of each worker that make pictures, or wait for a slot to do so.
    #[must_use]
    pub fn makers(&self, cores: usize) -> usize {
        self.making_places(cores).min(self.threads as usize).max(1)
    }

    /// Memory that making one picture may take, in binary megabytes.
    #[must_use]
    pub fn picture_memory(&self) -> u32 {
        match self.picture_memory_mb {
            0 => self.max_worker_memory_mb - self.max_worker_memory_mb / 8,
            mb => mb,
        }
    }

    /// The largest size for callers who are not signed in, 0 for no limit; none when neither is
    /// limited.
    #[must_use]
    pub fn public_limit(&self) -> Option<(u32, u32)> {
        let limit = (self.public_max_width, self.public_max_height);
        (limit != (0, 0)).then_some(limit)
    }

    /// The settings that differ in `new` and are not taken by a reload.
    #[must_use]
    pub fn needing_restart(&self, new: &Self) -> Vec<&'static str> {
        SETTINGS
            .iter()
            .filter(|setting| !setting.about.reload && setting.toml(self) != setting.toml(new))
            .map(|setting| setting.about.name)
            .collect()
    }

    fn inside_data(&self, path: &Path, name: &str) -> PathBuf {
        if path.as_os_str().is_empty() { self.data_dir.join(name) } else { path.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_places_lie_inside_the_data_folder() {
        let mut settings = Settings { data_dir: "/d".into(), ..Settings::default() };
        assert_eq!(settings.images_folder(), Path::new("/d/images"));
        assert_eq!(settings.run_folder(), Path::new("/d/run"));
        assert_eq!(settings.disk_cache_folder(), Path::new("/d/cache"));
        assert_eq!(settings.reductions_folder().as_deref(), Some(Path::new("/d/reductions")));
        for (disk_mb, above) in [(0, 1), (100, 0)] {
            let (reductions_disk_mb, reductions_above_megapixels) = (disk_mb, above);
            let off =
                Settings { reductions_disk_mb, reductions_above_megapixels, ..settings.clone() };
            assert_eq!(off.reductions_folder(), None);
        }
        assert_eq!(settings.database_url(), "sqlite:/d/halftone.db");
        assert_eq!(settings.temp_folder(), std::env::temp_dir());
        settings.temp_dir = "/t".into();
        assert_eq!(settings.temp_folder(), Path::new("/t"));
        settings.images_dir = "/pictures".into();
        assert_eq!(settings.images_folder(), Path::new("/pictures"));
    }

    #[test]
    fn zero_follows_the_machine() {
        let mut settings = Settings::default();
        assert_eq!(settings.worker_count(1), 2);
        assert_eq!(settings.worker_count(8), 8);
        assert_eq!(settings.slot_count(8), 8);
        assert_eq!(settings.queue_places(), 480);
        assert_eq!((settings.making_places(8), settings.makers(8)), (75, 15));
        assert_eq!(settings.public_limit(), None);
        settings.workers = 1;
        settings.slots = 3;
        settings.image_waiters = 4;
        settings.queue_len = 7;
        settings.public_max_height = 100;
        assert_eq!(settings.worker_count(8), 1);
        assert_eq!(settings.slot_count(8), 3);
        assert_eq!(settings.queue_places(), 7);
        assert_eq!((settings.making_places(8), settings.makers(8)), (7, 7));
        assert_eq!(settings.public_limit(), Some((0, 100)));
    }
}
