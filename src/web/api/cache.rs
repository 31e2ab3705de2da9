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

/// How full the caches are.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Caches")]
pub struct CacheFill {
    /// The memory of the worker that answers; every worker has its own.
    pub memory: TierFill,
    /// The cache on disk; null when there is none.
    pub disk: Option<TierFill>,
    /// The memcached servers; none when there are none.
    pub memcached: Vec<MemcachedFill>,
}

/// What a cache holds, and what the worker that answers has asked of it since it was started.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CacheTier")]
pub struct TierFill {
    /// Bytes in use.
    pub used_bytes: u64,
    /// The most that there may be.
    pub limit_bytes: u64,
    /// Look-ups that found their picture.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
    /// Pictures that were stored.
    pub puts: u64,
    /// Calls that failed.
    pub errors: u64,
}

/// What a memcached server says of itself; null where it does not answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MemcachedServer")]
pub struct MemcachedFill {
    /// Its address.
    pub server: String,
    /// Bytes that its items take.
    pub used_bytes: Option<u64>,
    /// The most that they may take.
    pub limit_bytes: Option<u64>,
    /// Items, those of others that use it included.
    pub items: Option<u64>,
    /// Items that it dropped for want of space since it was started.
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
