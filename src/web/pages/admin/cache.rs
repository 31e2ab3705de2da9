//! How full the caches are, and having pictures made anew.

use askama::Template;

use super::{Desk, Section, enter};
use crate::auth::SystemPermission;
use crate::http::{Progress, Request, Response};
use crate::web::api::{CacheFill, TierFill, cache_fill};
use crate::web::pages::frame::Frame;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/cache.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    tiers: Vec<Tier>,
    edge_s: u32,
}

/// A place where made pictures are kept.
struct Tier {
    key: &'static str,
    /// Which one, where there are several.
    name: String,
    is_away: bool,
    used: String,
    limit: String,
    percent: u64,
    /// The same as it is read.
    filled: String,
    facts: Vec<(&'static str, String)>,
}

/// `GET /admin/cache`
pub fn cache(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminAll)?;
    let tiers = tiers(&f, &cache_fill(&app.cache));
    let page = Page { tiers, edge_s: app.edge_s, sections, f };
    Ok(page.f.send(&page))
}

fn tiers(f: &Frame, fill: &CacheFill) -> Vec<Tier> {
    let tier = |key, name: &str, used: u64, limit: u64, facts| {
        let percent = used.saturating_mul(100).checked_div(limit).unwrap_or(0).min(100);
        Tier {
            key,
            name: name.to_owned(),
            is_away: false,
            used: f.memory(i64::try_from(used).unwrap_or(i64::MAX)),
            limit: f.memory(i64::try_from(limit).unwrap_or(i64::MAX)),
            percent,
            filled: f.percent(percent as f64),
            facts,
        }
    };
    let counted = |counts: &TierFill| {
        vec![
            ("cache-hits", f.number(counts.hits)),
            ("cache-misses", f.number(counts.misses)),
            ("cache-puts", f.number(counts.puts)),
            ("cache-errors", f.number(counts.errors)),
        ]
    };
    let mut tiers = Vec::new();
    if fill.memory.limit_bytes > 0 {
        let memory = &fill.memory;
        let facts = counted(memory);
        tiers.push(tier("cache-memory", "", memory.used_bytes, memory.limit_bytes, facts));
    }
    if let Some(disk) = &fill.disk {
        tiers.push(tier("cache-disk", "", disk.used_bytes, disk.limit_bytes, counted(disk)));
    }
    for server in &fill.memcached {
        let facts = match (server.items, server.evictions) {
            (Some(items), Some(evictions)) => {
                vec![("cache-items", f.number(items)), ("cache-evictions", f.number(evictions))]
            }
            _ => Vec::new(),
        };
        let (used, limit) = (server.used_bytes.unwrap_or(0), server.limit_bytes.unwrap_or(0));
        let is_away = server.limit_bytes.is_none();
        tiers.push(Tier { is_away, ..tier("cache-memcached", &server.server, used, limit, facts) });
    }
    tiers
}
