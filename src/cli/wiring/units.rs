//! Settings count in units for people; parts count in bytes, pixels and durations.

use std::time::Duration;

pub fn megabytes(count: u32) -> u64 {
    u64::from(count) << 20
}

pub fn megapixels(count: u32) -> u64 {
    u64::from(count) * 1_000_000
}

pub fn millis(count: u32) -> Duration {
    Duration::from_millis(count.into())
}

pub fn secs(count: u32) -> Duration {
    Duration::from_secs(count.into())
}
