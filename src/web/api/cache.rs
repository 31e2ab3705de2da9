//! How full the caches of made pictures are. What empties them is a task (`purge_made_pictures`).

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, gives};
use super::reply::Reply;
use crate::auth::SystemPermission;
use crate::cache::{Cache, TierCounts};
use crate::web::Error;

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "/admin/cache",
    title: "Get cache usage",
    access: Access::System(SystemPermission::AdminAll, ""),
    fields: &[],
    gives: gives::<CacheFill>(),
    failures: &[],
    handler: tell,
}];

/// Usage of the caches.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Caches")]
pub struct CacheFill {
    /// The memory cache of the worker that answers; each worker has its own.
    pub memory: TierFill,
    /// The disk cache; null if there is none.
    pub disk: Option<TierFill>,
    /// The memcached servers; empty if there are none.
    pub memcached: Vec<MemcachedFill>,
}

/// Contents of a cache, and its use by the worker that answers since that worker started.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CacheTier")]
pub struct TierFill {
    /// Bytes in use.
    pub used_bytes: u64,
    /// The most bytes that it may use.
    pub limit_bytes: u64,
    /// Lookups that found an image.
    pub hits: u64,
    /// Lookups that found nothing.
    pub misses: u64,
    /// Images stored.
    pub puts: u64,
    /// Failed calls.
    pub errors: u64,
}

/// What a memcached server reports; its numbers are null if it does not answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MemcachedServer")]
pub struct MemcachedFill {
    /// Its address.
    pub server: String,
    /// Bytes in use.
    pub used_bytes: Option<u64>,
    /// The most bytes that it may use.
    pub limit_bytes: Option<u64>,
    /// Number of items, including those of other programs.
    pub items: Option<u64>,
    /// Items evicted for lack of space since the server started.
    pub evictions: Option<u64>,
}

impl TierFill {
    fn new(counts: TierCounts, limit_bytes: u64) -> Self {
        Self {
            used_bytes: counts.used_bytes,
            limit_bytes,
            hits: counts.hits,
            misses: counts.misses,
            puts: counts.puts,
            errors: counts.errors,
        }
    }
}

/// How full the caches are as this process sees them.
pub fn cache_fill(cache: &Cache) -> CacheFill {
    let counts = cache.counts();
    let servers = cache.memcached().map(|memcached| memcached.usage());
    let is_disk = servers.is_none();
    let disk = cache.shared_fill().filter(|_| is_disk);
    CacheFill {
        memory: TierFill::new(counts.memory, cache.memory_limit_bytes()),
        disk: disk.map(|(_, limit_bytes)| TierFill::new(counts.shared, limit_bytes)),
        memcached: servers
            .unwrap_or_default()
            .into_iter()
            .map(|(server, usage)| MemcachedFill {
                server,
                used_bytes: usage.map(|usage| usage.bytes),
                limit_bytes: usage.map(|usage| usage.limit_bytes),
                items: usage.map(|usage| usage.items),
                evictions: usage.map(|usage| usage.evictions),
            })
            .collect(),
    }
}

/// `GET /admin/cache`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&cache_fill(&call.app.cache))
}
