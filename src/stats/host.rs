//! What this worker and its machine use: processor time, memory, caches.
//!
//! The numbers of processes and of the machine come from the kernel; those of caches from whoever knows
//! them.

use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::db::host_stats::{HostNumbers, MACHINE};

/// Microseconds of one tick in which the kernel counts the machine's processor time (`USER_HZ`, a
/// constant of its interface).
const TICK_US: i64 = 10_000;

/// What happened in the caches of this process since it began, and what is in its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheGauge {
    /// Look-ups that the process's own memory answered.
    pub memory_hits: u64,
    /// Look-ups that the tier behind it answered.
    pub shared_hits: u64,
    /// Pictures stored in either.
    pub stored: u64,
    /// Calls that failed.
    pub faults: u64,
    /// Bytes in the process's own memory.
    pub bytes: u64,
    /// The most there may be.
    pub limit_bytes: u64,
}

/// How full the tier is that processes share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fill {
    /// Bytes in use.
    pub bytes: u64,
    /// The most there may be.
    pub limit_bytes: u64,
}

/// What a sampler looks at, besides the kernel.
pub struct SamplerOptions {
    /// The host's name.
    pub host: String,
    /// Which of the host's workers this is. The first one looks after the machine too.
    pub worker: usize,
    /// The caches of this process.
    pub cache: Box<dyn Fn() -> CacheGauge + Send>,
    /// The shared tier, when it is known.
    pub shared: Box<dyn Fn() -> Option<Fill> + Send>,
}

/// Looks again and again at what is used, and tells what came since the last time.
pub struct Sampler {
    options: SamplerOptions,
    last: Readings,
}

/// What only ever grows, at one moment.
struct Readings {
    at: Instant,
    cpu_us: i64,
    machine: Option<Ticks>,
    cache: CacheGauge,
}

/// Processor time of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    busy: i64,
    all: i64,
}

impl Sampler {
    /// Counts from now on.
    #[must_use]
    pub fn new(options: SamplerOptions) -> Self {
        let last = read(&options);
        Self { options, last }
    }

    /// The host's name.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.options.host
    }

    /// What was used since the last call, by worker; the machine is [`MACHINE`].
    pub fn take(&mut self) -> Vec<(i64, HostNumbers)> {
        let now = read(&self.options);
        let last = std::mem::replace(&mut self.last, now);
        let now = &self.last;
        let worker = i64::try_from(self.options.worker).unwrap_or(i64::MAX);
        let mut taken = vec![(worker, worker_numbers(&last, now))];
        if let (Some(before), Some(after)) = (last.machine, now.machine) {
            let fill = (self.options.shared)().unwrap_or_default();
            taken.push((MACHINE, machine_numbers(before, after, memory_of_machine(), fill)));
        }
        taken
    }
}

fn read(options: &SamplerOptions) -> Readings {
    let machine = (options.worker == 0).then(|| {
        let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        ticks(&text)
    });
    Readings {
        at: Instant::now(),
        cpu_us: cpu_of_process(),
        machine: machine.flatten(),
        cache: (options.cache)(),
    }
}

fn worker_numbers(last: &Readings, now: &Readings) -> HostNumbers {
    let memory = memory_of_process();
    let since = |now: u64, last: u64| whole(now.saturating_sub(last));
    let (cache, before) = (&now.cache, &last.cache);
    HostNumbers {
        samples: 1,
        cpu_us: (now.cpu_us - last.cpu_us).max(0),
        span_us: i64::try_from((now.at - last.at).as_micros()).unwrap_or(i64::MAX),
        memory_byte_sum: memory,
        max_memory_bytes: memory,
        memory_limit_bytes: 0,
        memory_hits: since(cache.memory_hits, before.memory_hits),
        shared_hits: since(cache.shared_hits, before.shared_hits),
        stored: since(cache.stored, before.stored),
        cache_faults: since(cache.faults, before.faults),
        cache_byte_sum: whole(cache.bytes),
        cache_limit_bytes: whole(cache.limit_bytes),
    }
}

fn machine_numbers(
    before: Ticks,
    after: Ticks,
    (memory, memory_limit): (i64, i64),
    fill: Fill,
) -> HostNumbers {
    HostNumbers {
        samples: 1,
        cpu_us: (after.busy - before.busy).max(0) * TICK_US,
        span_us: (after.all - before.all).max(0) * TICK_US,
        memory_byte_sum: memory,
        max_memory_bytes: memory,
        memory_limit_bytes: memory_limit,
        cache_byte_sum: whole(fill.bytes),
        cache_limit_bytes: whole(fill.limit_bytes),
        ..HostNumbers::default()
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Processor time of this process, and of its children that have ended, in microseconds.
fn cpu_of_process() -> i64 {
    [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN]
        .into_iter()
        .filter_map(|who| getrusage(who).ok())
        .map(|usage| usage.user_time().num_microseconds() + usage.system_time().num_microseconds())
        .sum()
}

/// Resident memory of this process in bytes.
fn memory_of_process() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    kilobytes(&status, "VmRSS:").map_or(0, |kilobytes| kilobytes * 1024)
}

/// Memory in use on this machine, and all that there is, in bytes.
fn memory_of_machine() -> (i64, i64) {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = kilobytes(&text, "MemTotal:").unwrap_or(0);
    let available = kilobytes(&text, "MemAvailable:").unwrap_or(total);
    ((total - available) * 1024, total * 1024)
}

/// The number of kilobytes on the line that begins with `name`.
fn kilobytes(text: &str, name: &str) -> Option<i64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// The first line of `/proc/stat` (proc(5)): user, nice, system, idle, iowait, irq, softirq, steal; what
/// follows is part of the first two.
fn ticks(text: &str) -> Option<Ticks> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<i64> =
        line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let all: i64 = fields.iter().sum();
    let idle = fields.get(3)? + fields.get(4).unwrap_or(&0);
    Some(Ticks { busy: all - idle, all })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read_by_their_names() {
        // 10 + 20 + 30 + 5 + 6 + 7 busy of 1 378 ticks; guests' time stands in the first two already.
        let stat = "cpu  10 20 30 1000 300 5 6 7 99 98\ncpu0 1 2 3 4\n";
        assert_eq!(ticks(stat), Some(Ticks { busy: 78, all: 1378 }));
        assert_eq!(ticks("cpu  10 x 30 40 50\n"), None);
        assert_eq!(ticks(""), None);
        let meminfo = "MemTotal:        2048 kB\nMemFree: 1 kB\nMemAvailable:    512 kB\n";
        assert_eq!(kilobytes(meminfo, "MemTotal:"), Some(2048));
        assert_eq!(kilobytes(meminfo, "Swap:"), None);
        let (used, total) = memory_of_machine();
        assert!(0 < used && used < total, "{used} of {total}");
    }

    #[test]
    fn each_sample_tells_what_came_since_the_last() {
        let hits = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(5));
        let known = std::sync::Arc::clone(&hits);
        let load = move || known.load(std::sync::atomic::Ordering::Relaxed);
        let mut sampler = Sampler::new(SamplerOptions {
            host: "h".into(),
            worker: 0,
            cache: Box::new(move || CacheGauge {
                memory_hits: load(),
                bytes: 70,
                limit_bytes: 100,
                ..CacheGauge::default()
            }),
            shared: Box::new(|| Some(Fill { bytes: 30, limit_bytes: 40 })),
        });
        hits.store(12, std::sync::atomic::Ordering::Relaxed);
        let taken = sampler.take();
        let (worker, own) = taken[0];
        assert_eq!((worker, own.samples, own.memory_hits), (0, 1, 7));
        assert_eq!((own.cache_byte_sum, own.cache_limit_bytes), (70, 100));
        assert!(own.max_memory_bytes > 1 << 20 && own.span_us >= own.cpu_us / 64, "{own:?}");
        let (machine, whole) = taken[1];
        assert_eq!((machine, whole.cache_byte_sum, whole.cache_limit_bytes), (MACHINE, 30, 40));
        assert!(whole.span_us >= whole.cpu_us && whole.memory_limit_bytes > 0, "{whole:?}");
        assert_eq!(sampler.take()[0].1.memory_hits, 0);
    }

    #[test]
    fn only_the_first_worker_looks_after_the_machine() {
        let mut sampler = Sampler::new(SamplerOptions {
            host: "h".into(),
            worker: 3,
            cache: Box::new(CacheGauge::default),
            shared: Box::new(|| None),
        });
        let workers: Vec<i64> = sampler.take().into_iter().map(|(worker, _)| worker).collect();
        assert_eq!(workers, [3]);
    }
}
