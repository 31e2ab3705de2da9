//! What could not be made a moment ago, told to all processes of a host.
//!
//! A file of small records, each at a place that follows from its key: whoever has just failed writes one,
//! whoever is about to try reads one. Nothing is locked. A record that was overwritten, or is read while it
//! is written, does not have its own checksum, and is none.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use super::Failure;
use crate::cache::Key;

/// For how long a failure is told.
pub const LIFE: Duration = Duration::from_secs(1);

const RECORD_BYTES: usize = 512;
const RECORDS: u64 = 512;
const CHECKSUM_BYTES: usize = 16;

/// The records.
#[derive(Debug)]
pub struct Failures {
    file: File,
}

impl Failures {
    /// Opens the file, making it where there is none.
    ///
    /// # Errors
    /// When it can be neither opened nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        Ok(Self { file: options.open(path)? })
    }

    /// Tells a failure. A message that is too long for a record is told to this process alone.
    pub fn tell(&self, key: &Key, failure: &Failure) {
        let Some(record) = to_record(key, failure, now_ms() + life_ms()) else { return };
        if let Err(error) = self.file.write_all_at(&record, place(key)) {
            log::debug!("a failure cannot be told to other processes: {error}");
        }
    }

    /// What was told of a key, if that was a moment ago.
    pub fn told(&self, key: &Key) -> Option<Failure> {
        let mut record = [0; RECORD_BYTES];
        // A file that ends before holds no record there.
        self.file.read_exact_at(&mut record, place(key)).ok()?;
        from_record(key, &record, now_ms())
    }
}

fn place(key: &Key) -> u64 {
    key.place() % RECORDS * RECORD_BYTES as u64
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn life_ms() -> u64 {
    LIFE.as_millis() as u64
}

fn checksum(rest: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::digest(rest);
    digest[..CHECKSUM_BYTES].try_into().expect("a digest has 32 bytes")
}

fn to_record(key: &Key, failure: &Failure, until_ms: u64) -> Option<[u8; RECORD_BYTES]> {
    let mut rest = Vec::with_capacity(RECORD_BYTES);
    rest.extend_from_slice(&until_ms.to_be_bytes());
    rest.extend_from_slice(key.hash());
    rest.extend_from_slice(&failure.kind.to_be_bytes());
    rest.extend_from_slice(&u16::try_from(failure.message.len()).ok()?.to_be_bytes());
    rest.extend_from_slice(failure.message.as_bytes());
    let mut record = [0; RECORD_BYTES];
    record.get_mut(CHECKSUM_BYTES..CHECKSUM_BYTES + rest.len())?.copy_from_slice(&rest);
    let sum = checksum(&record[CHECKSUM_BYTES..]);
    record[..CHECKSUM_BYTES].copy_from_slice(&sum);
    Some(record)
}

fn from_record(key: &Key, record: &[u8; RECORD_BYTES], now_ms: u64) -> Option<Failure> {
    let (sum, rest) = record.split_at(CHECKSUM_BYTES);
    let (until, rest_of_it) = rest.split_first_chunk::<8>()?;
    let (hash, rest_of_it) = rest_of_it.split_first_chunk::<32>()?;
    let (kind, rest_of_it) = rest_of_it.split_first_chunk::<2>()?;
    let (len, text) = rest_of_it.split_first_chunk::<2>()?;
    let left_ms = u64::from_be_bytes(*until).checked_sub(now_ms)?;
    // One that would be told longer was written by a clock that has been set back since.
    let fresh = (1..=life_ms()).contains(&left_ms);
    if !fresh || hash != key.hash() || sum != checksum(rest) {
        return None;
    }
    let text = text.get(..u16::from_be_bytes(*len).into())?;
    let message = std::str::from_utf8(text).ok()?.into();
    Some(Failure { kind: u16::from_be_bytes(*kind), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checksum, end, key, kind, length.
    const HEAD_BYTES: usize = CHECKSUM_BYTES + 8 + 32 + 2 + 2;

    fn failure(message: &str) -> Failure {
        Failure { kind: 415, message: message.into() }
    }

    #[test]
    fn what_one_tells_the_other_hears_and_of_that_key_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("failures");
        let (one, other) = (Failures::open(&path).unwrap(), Failures::open(&path).unwrap());
        let key = Key::new("a".into());
        assert_eq!(other.told(&key), None);
        one.tell(&key, &failure("it is no picture: ä"));
        assert_eq!(other.told(&key), Some(failure("it is no picture: ä")));
        assert_eq!(other.told(&Key::new("b".into())), None);
    }

    #[test]
    fn it_is_told_for_its_time_whatever_the_clock_does() {
        let key = Key::new("a".into());
        let record = to_record(&key, &failure("x"), 10_000).unwrap();
        for (now_ms, told) in [
            (9_000, true),
            (9_999, true),
            (10_000, false),
            (20_000, false),
            (8_999, false),
            (0, false),
        ] {
            assert_eq!(from_record(&key, &record, now_ms).is_some(), told, "{now_ms}");
        }
    }

    #[test]
    fn torn_records_are_none() {
        let key = Key::new("a".into());
        let whole = to_record(&key, &failure("some message"), 10_000).unwrap();
        let other = to_record(&key, &failure("more than that, and longer"), 10_000).unwrap();
        for cut in 1..HEAD_BYTES + 20 {
            let mut torn = whole;
            torn[cut..].copy_from_slice(&other[cut..]);
            let same = torn == whole || torn == other;
            assert_eq!(from_record(&key, &torn, 9_500).is_some(), same, "{cut}");
        }
        assert_eq!(from_record(&key, &[0; RECORD_BYTES], 0), None);
    }

    #[test]
    fn messages_that_are_too_long_are_not_told() {
        let most = RECORD_BYTES - HEAD_BYTES;
        let key = Key::new("a".into());
        assert!(to_record(&key, &failure(&"x".repeat(most)), 1).is_some());
        assert!(to_record(&key, &failure(&"x".repeat(most + 1)), 1).is_none());
    }
}
