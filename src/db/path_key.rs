//! The key under which a path is indexed.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// PostgreSQL indexes values up to about 2,700 bytes; paths can have 4,096.
const LONGEST_PLAIN_BYTES: usize = 1000;

/// The key under which a path is indexed and looked up: the path itself, or for a long one its
/// start, two slashes, which no path has, and the SHA-256 of the whole.
#[must_use]
pub fn path_key(path: &str) -> String {
    if path.len() <= LONGEST_PLAIN_BYTES {
        return path.to_owned();
    }
    let end = path.floor_char_boundary(LONGEST_PLAIN_BYTES);
    let mut key = format!("{}//", &path[..end]);
    for byte in Sha256::digest(path.as_bytes()) {
        write!(key, "{byte:02x}").expect("writing to a string does not fail");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_have_short_keys_of_their_own() {
        assert_eq!(path_key("/a/b"), "/a/b");
        assert_eq!(path_key(&"x".repeat(1000)), "x".repeat(1000));
        // printf 'a%.0s' $(seq 1001) | sha256sum
        let expected = format!("{}//{}", "a".repeat(1000), HASH_OF_1001_A);
        assert_eq!(path_key(&"a".repeat(1001)), expected);
        let umlauts = format!("x{}", "ü".repeat(600));
        assert!(path_key(&umlauts).starts_with(&format!("x{}//", "ü".repeat(499))));
        assert_ne!(path_key(&format!("{umlauts}a")), path_key(&format!("{umlauts}b")));
    }

    const HASH_OF_1001_A: &str = "bb0381c13e0817201355e7d700b7623f0e985287add78712a11407c9f754efc8";
}
