//! `halftone sign`

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use clap::Args;

use super::{Common, wiring};
use crate::protection::Signatures;

/// What to sign, and how.
#[derive(Args)]
pub struct Options {
    /// Address of a picture, such as /image?src=a/photo.jpg&width=400; the server's name may stand before
    #[arg(value_name = "URL")]
    url: String,
    /// How long it is to be good, such as 90s, 15m, 12h or 30d; for ever without
    #[arg(long, value_name = "TIME", conflicts_with = "until")]
    expires: Option<String>,
    /// When it is to end, in seconds since 1970
    #[arg(long, value_name = "SECONDS")]
    until: Option<i64>,
    /// Which of the keys to sign with; the first without
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Prints the signed address.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let settings = options.common.load(Vec::new())?.settings;
    ensure!(
        !settings.signing_keys.is_empty(),
        "signing_keys: must hold a key to sign with, such as \"site:\" and 32 random characters"
    );
    let keys = Signatures::new(wiring::signing_keys(&settings)?);
    let until = match &options.expires {
        Some(time) => Some(until_of(time)?),
        None => options.until,
    };
    println!("{}", signed(&keys, &options.url, options.key.as_deref(), until)?);
    Ok(())
}

fn signed(
    keys: &Signatures,
    url: &str,
    key: Option<&str>,
    until: Option<i64>,
) -> anyhow::Result<String> {
    let url = url.split('#').next().unwrap_or_default();
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let path_at = match address.find("://") {
        Some(scheme) => address[scheme + 3..].find('/').map(|at| scheme + 3 + at),
        None => address.starts_with('/').then_some(0),
    };
    let path_at =
        path_at.context("URL: must be a path such as /image?src=…, or a whole address")?;
    let (server, path) = address.split_at(path_at);
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let path = path.trim_end_matches('/');
    ensure!(
        path == "/original" || crate::web::shows_pictures(path),
        "URL: only addresses of pictures are signed, /image?… and /original?…"
    );
    let query = keys
        .sign(path, query.as_bytes(), key, until)
        .with_context(|| format!("key: there is none named {}", key.unwrap_or_default()))?;
    Ok(format!("{server}{path}?{query}"))
}

fn fault() -> &'static str {
    "expires: must be a number and s, m, h or d, such as 12h"
}

/// When it ends, counted from now.
fn until_of(time: &str) -> anyhow::Result<i64> {
    now_s()?.checked_add(seconds(time)?).with_context(fault)
}

fn seconds(time: &str) -> anyhow::Result<i64> {
    let unit = time.chars().last().with_context(fault)?;
    let each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => anyhow::bail!(fault()),
    };
    let number: i64 = time[..time.len() - 1].parse().ok().filter(|n| *n > 0).with_context(fault)?;
    number.checked_mul(each).with_context(fault)
}

fn now_s() -> anyhow::Result<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Ok(i64::try_from(since.as_secs())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protection::{Key, Verdict};

    #[test]
    fn whole_addresses_and_paths_are_signed_alike() {
        let keys = Signatures::new(vec![Key::new("a", &[7; 32]).unwrap()]);
        let sign = |url| signed(&keys, url, None, Some(500)).unwrap();
        let path = sign("/image?src=a%20b.jpg&width=5");
        assert_eq!(
            sign("https://x.test:8/image/?width=5&src=a+b.jpg#top"),
            format!("https://x.test:8{path}")
        );
        let query = path.strip_prefix("/image?").unwrap();
        let verdict = keys.judge("/image", query.as_bytes(), 499);
        assert_eq!(verdict, Verdict::Good { expires_s: Some(500) });
        for url in [
            "image?src=a",
            "https://x.test",
            "?src=a",
            "/api/x?src=a",
            "https://x.test/y/image?src=a",
        ] {
            assert!(signed(&keys, url, None, None).is_err(), "{url}");
        }
        assert!(signed(&keys, "/image?src=a", Some("b"), None).is_err());
    }

    #[test]
    fn times_have_units() {
        for (text, expected) in [("90s", 90), ("15m", 900), ("2h", 7_200), ("1d", 86_400)] {
            assert_eq!(seconds(text).unwrap(), expected);
        }
        for text in ["", "5", "h", "-1h", "0s", "1w", "99999999999999999d", "é"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert!(until_of(&format!("{}s", i64::MAX)).is_err(), "beyond the last second");
    }
}
