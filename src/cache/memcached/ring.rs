//! Which server holds which key: a ketama ring.
//!
//! The layout is libketama's (Richard Jones, 2007), so that the points of a server stay where they
//! are when others come and go: with `n` servers, one whose weight is the fraction `w` of the sum
//! gets ⌊40·n·w⌋ groups of four points, group `k` being the four little-endian words of
//! MD5(`"{name}-{k}"`); equal weights make 160 points each. A key belongs to the first point not
//! below the first little-endian word of its own MD5, past the last point to the first.
//! The division is done in integers, where libketama's floats may lose one group to rounding.

use md5::{Digest, Md5};

/// Points on a circle of 2³² places, each owned by a server.
#[derive(Debug)]
pub(super) struct Ring {
    points: Vec<(u32, usize)>,
}

impl Ring {
    /// The ring over servers given by name and weight. At least one weight must not be 0.
    pub(super) fn new<'a>(servers: impl ExactSizeIterator<Item = (&'a str, u32)> + Clone) -> Self {
        let count = servers.len() as u64;
        let sum: u64 = servers.clone().map(|(_, weight)| u64::from(weight)).sum();
        let mut points = Vec::new();
        for (index, (name, weight)) in servers.enumerate() {
            let groups = (40 * count * u64::from(weight)).checked_div(sum).unwrap_or(0);
            for group in 0..groups {
                let digest: [u8; 16] = Md5::digest(format!("{name}-{group}")).into();
                let (words, _) = digest.as_chunks::<4>();
                points.extend(words.iter().map(|word| (u32::from_le_bytes(*word), index)));
            }
        }
        points.sort_unstable();
        Self { points }
    }

    /// The index of the server that holds this key; none when the ring is empty.
    pub(super) fn server(&self, key: &str) -> Option<usize> {
        let digest: [u8; 16] = Md5::digest(key).into();
        let place = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
        let next = self.points.partition_point(|(point, _)| *point < place);
        self.points.get(next).or(self.points.first()).map(|(_, server)| *server)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ring(servers: &[(String, u32)]) -> Ring {
        Ring::new(servers.iter().map(|(name, weight)| (name.as_str(), *weight)))
    }

    fn servers(count: usize) -> Vec<(String, u32)> {
        (0..count).map(|n| (format!("10.0.1.{}:11211", n + 1), 1)).collect()
    }

    #[test]
    fn points_and_keys_lie_where_libketama_puts_them() {
        // From the description above, computed with Python's hashlib and struct.
        let ring = ring(&servers(3));
        assert_eq!(ring.points.len(), 480);
        assert_eq!(ring.points[..3], [(4826654, 1), (10171922, 0), (24617692, 2)]);
        let expected =
            [("foo", 1), ("bar", 0), ("baz", 1), ("halftone", 1), ("", 2), ("wrap418", 1)];
        for (key, server) in expected {
            assert_eq!(ring.server(key), Some(server), "{key}");
        }
    }

    #[test]
    fn weights_share_out_the_points() {
        let ring = ring(&[("a:1".into(), 1), ("b:1".into(), 3)]);
        let of = |index| ring.points.iter().filter(|(_, server)| *server == index).count();
        assert_eq!((of(0), of(1)), (80, 240));
    }

    #[test]
    fn each_server_gets_a_fair_share_of_the_keys() {
        let ring = ring(&servers(4));
        let mut counts = [0_u32; 4];
        for n in 0..40_000 {
            counts[ring.server(&format!("key {n}")).unwrap()] += 1;
        }
        // 160 points per server give a standard deviation of about 8 % of a share.
        for count in counts {
            assert!((7_000..13_000).contains(&count), "{counts:?}");
        }
    }

    #[test]
    fn a_new_server_takes_its_share_and_no_more() {
        for count in 1..8 {
            let (before, after) = (ring(&servers(count)), ring(&servers(count + 1)));
            let key = |n: u32| format!("{n:064x}");
            let moved =
                (0..40_000).map(key).filter(|key| before.server(key) != after.server(key)).count();
            // 160 points per server give a standard deviation of about 8 % of a share; three of them.
            let (share, moved) = (1.0 / (count + 1) as f64, moved as f64 / 40_000.0);
            assert!((moved / share - 1.0).abs() < 0.24, "{count} and one: {moved}, not {share}");
        }
    }

    proptest! {
        #[test]
        fn a_new_server_takes_keys_only_to_itself(count in 1_usize..12, seed: u32) {
            let (before, after) = (ring(&servers(count)), ring(&servers(count + 1)));
            let mut moved = 0;
            for n in 0..1_000 {
                let key = format!("{seed} {n}");
                let (was, is) = (before.server(&key).unwrap(), after.server(&key).unwrap());
                if was != is {
                    prop_assert_eq!(is, count, "a key went from one old server to another");
                    moved += 1;
                }
            }
            let share = 1_000 / (count + 1);
            prop_assert!(moved < share * 2 + 50, "{moved} of 1000 keys moved, {share} expected");
        }
    }
}
