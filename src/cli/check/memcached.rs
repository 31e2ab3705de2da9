//! The memcached servers: there, large enough, and taking items as large as ours.

use super::Case;
use super::row::Row;
use crate::cache::memcached::{Facts, facts};
use crate::config::Settings;

const MEGABYTE: u64 = 1 << 20;

/// Less holds some thousand pictures at most. Debian's default is 64 MB.
const SMALL_BYTES: u64 = 256 * MEGABYTE;

/// What memcached counts of an item beside its value: key, header, flags.
const ITEM_EXTRA_BYTES: u64 = 1024;

pub fn look(case: &Case) -> Vec<Row> {
    let settings = &case.settings;
    if settings.memcached_servers.is_empty() {
        return vec![if settings.disk_cache_mb > 0 {
            Row::ok(format!(
                "none; made pictures are kept on disk, up to {} MB",
                settings.disk_cache_mb
            ))
        } else {
            Row::warn(
                "none, and no cache on disk: pictures are made again and again",
                "set memcached_servers, or disk_cache_mb",
            )
        }];
    }
    let patience = case.options.patience / 2;
    settings
        .memcached_servers
        .iter()
        .map(|server| {
            let name = server.to_string();
            match facts(&name, patience) {
                Ok(facts) => judge(&name, &facts, settings),
                Err(error) => Row::fail(
                    format!("{name}: {error}"),
                    "see whether it runs, listens there (-l in /etc/memcached.conf) and lets this host in",
                ),
            }
        })
        .collect()
}

fn judge(name: &str, facts: &Facts, settings: &Settings) -> Row {
    let found = format!(
        "{name}: memcached {}, {} MB, items up to {} kB",
        facts.version,
        facts.limit_bytes / MEGABYTE,
        facts.item_bytes / 1024
    );
    let needed = u64::from(settings.memcached_item_kb) * 1024 + ITEM_EXTRA_BYTES;
    if facts.item_bytes < needed {
        return Row::fail(
            found,
            format!(
                "raise its -I, or lower memcached_item_kb to {}: larger pictures are not kept now",
                facts.item_bytes.saturating_sub(ITEM_EXTRA_BYTES) / 1024
            ),
        );
    }
    if facts.limit_bytes < SMALL_BYTES {
        return Row::warn(found, "raise -m in /etc/memcached.conf to what the host can spare");
    }
    Row::ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::*;

    #[test]
    fn size_and_items_are_judged() {
        let settings = Settings { memcached_item_kb: 976, ..Settings::default() };
        let verdict = |limit_mb: u64, item_bytes| {
            let facts =
                Facts { version: "1.6.18".into(), limit_bytes: limit_mb * MEGABYTE, item_bytes };
            judge("x", &facts, &settings).verdict
        };
        assert_eq!(verdict(256, MEGABYTE), Verdict::Ok);
        assert_eq!(verdict(64, MEGABYTE), Verdict::Warn);
        assert_eq!(verdict(256, 976 * 1024), Verdict::Fail);
        assert_eq!(verdict(256, 977 * 1024), Verdict::Ok);
    }
}
