//! The times of the front server, as its files say: no request shows how long it would have waited.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of the package, and the folder in which a link shows that they are in use.
const KNOWN: [(&str, &[&str]); 2] = [
    (
        "/etc/nginx/sites-enabled",
        &["/etc/nginx/snippets/halftone-locations.conf", "/etc/nginx/sites-enabled/halftone.conf"],
    ),
    ("/etc/apache2/sites-enabled", &["/etc/apache2/conf-available/halftone-proxy.conf"]),
];

/// What the files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontFiles {
    /// The first of them.
    pub path: PathBuf,
    /// How long the front server waits for an answer.
    pub read_timeout_s: Option<u64>,
    /// How long it keeps an idle connection to Halftone.
    pub kept_s: Option<u64>,
}

impl FrontFiles {
    /// Reads the files that are named, else those of the package that are in use.
    pub fn find(named: &[PathBuf]) -> Option<Self> {
        let in_use = |folder: &str| {
            ["halftone.conf", "halftone.tls.conf", "halftone-tls.conf"]
                .iter()
                .any(|name| Path::new(folder).join(name).exists())
        };
        let paths: Vec<PathBuf> = if named.is_empty() {
            let (_, files) = KNOWN.iter().find(|(folder, _)| in_use(folder))?;
            files.iter().map(PathBuf::from).collect()
        } else {
            named.to_vec()
        };
        let text: String = paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
        Some(Self::read(paths.into_iter().next()?, &text))
    }

    fn read(path: PathBuf, text: &str) -> Self {
        let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        // nginx: a directive; Apache: a parameter of ProxyPass.
        let directive = |name: &str| {
            lines().find_map(|line| seconds(line.strip_prefix(name)?.trim().trim_end_matches(';')))
        };
        let parameter = |name: &str| {
            lines()
                .flat_map(str::split_whitespace)
                .find_map(|word| seconds(word.strip_prefix(name)?.strip_prefix('=')?))
        };
        Self {
            path,
            read_timeout_s: directive("fastcgi_read_timeout").or_else(|| parameter("timeout")),
            kept_s: directive("keepalive_timeout").or_else(|| parameter("ttl")),
        }
    }
}

/// `120`, `120s`, `2m` or `1h` in seconds.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(files: &[&str]) -> FrontFiles {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let paths: Vec<PathBuf> = files.iter().map(|file| root.join(file)).collect();
        FrontFiles::find(&paths).unwrap()
    }

    #[test]
    fn the_shipped_files_are_understood() {
        let nginx = shipped(&["nginx/halftone-locations.conf", "nginx/halftone.conf"]);
        assert_eq!((nginx.read_timeout_s, nginx.kept_s), (Some(120), Some(60)));
        let apache = shipped(&["apache/halftone-proxy.conf"]);
        assert_eq!((apache.read_timeout_s, apache.kept_s), (Some(120), Some(60)));
    }

    #[test]
    fn times_have_units() {
        for (text, expected) in [
            ("90", Some(90)),
            ("90s", Some(90)),
            ("2m", Some(120)),
            ("1h", Some(3600)),
            ("90ms", None),
            ("x", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
