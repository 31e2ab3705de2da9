//! Name-value pairs, the form in which FastCGI carries parameters and values (section 3.4).
//!
//! A length below 128 takes one byte, any other four with the highest bit set. Names and values are
//! bytes: what they mean, and whether they are text, is not decided here.

/// Walks over the pairs in a complete stream of them.
///
/// Ends at the first pair whose lengths reach past the end of the bytes; [`Pairs::is_complete`]
/// tells afterwards whether anything was left over.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Pairs<'a> {
    /// The pairs in `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether every byte has been understood.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rest.is_empty()
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name_len, rest) = read_len(self.rest)?;
        let (value_len, rest) = read_len(rest)?;
        let (name, rest) = rest.split_at_checked(name_len)?;
        let (value, rest) = rest.split_at_checked(value_len)?;
        self.rest = rest;
        Some((name, value))
    }
}

fn read_len(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short, rest @ ..] if *short < 0x80 => Some((usize::from(*short), rest)),
        [a, b, c, d, rest @ ..] => {
            Some((u32::from_be_bytes([*a & 0x7f, *b, *c, *d]) as usize, rest))
        }
        _ => None,
    }
}

/// Appends a pair to `out`, each length in its shortest form.
///
/// # Panics
/// When a length does not fit 31 bits.
pub fn encode_pair(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    for part in [name, value] {
        match u8::try_from(part.len()) {
            Ok(short) if short < 0x80 => out.push(short),
            _ => {
                let long = u32::try_from(part.len())
                    .ok()
                    .filter(|long| *long <= 0x7fff_ffff)
                    .expect("lengths beyond 31 bits are a fault of the caller");
                out.extend_from_slice(&(long | 0x8000_0000).to_be_bytes());
            }
        }
    }
    out.extend_from_slice(name);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_change_form_at_128() {
        for (len, prefix) in [
            (0, vec![0]),
            (1, vec![1]),
            (126, vec![126]),
            (127, vec![127]),
            (128, vec![0x80, 0, 0, 128]),
            (129, vec![0x80, 0, 0, 129]),
            (70_000, vec![0x80, 1, 0x11, 0x70]),
        ] {
            let name = vec![b'n'; len];
            let mut out = Vec::new();
            encode_pair(&name, b"v", &mut out);
            assert_eq!(&out[..prefix.len()], prefix, "length {len}");
            assert_eq!(out[prefix.len()], 1);
            assert_eq!(out.len(), prefix.len() + 1 + len + 1);
            let mut pairs = Pairs::new(&out);
            assert_eq!(pairs.next(), Some((&name[..], &b"v"[..])));
            assert!(pairs.is_complete());
        }
    }

    #[test]
    fn the_long_form_of_a_short_length_is_understood() {
        let mut pairs = Pairs::new(b"\x80\0\0\x01\x80\0\0\x02aBC\x01\x00d");
        assert_eq!(pairs.next(), Some((&b"a"[..], &b"BC"[..])));
        assert_eq!(pairs.next(), Some((&b"d"[..], &b""[..])));
        assert!(pairs.is_complete());
    }

    #[test]
    fn a_length_past_the_end_is_left_over() {
        for bytes in [&b"\x05"[..], b"\x01\x05ab", b"\x80\0", b"\xff\xff\xff\xff\x01ab", b"\x01"] {
            let mut pairs = Pairs::new(bytes);
            assert_eq!(pairs.next(), None, "{bytes:?}");
            assert!(!pairs.is_complete(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_is_read_back(
            pairs in prop::collection::vec((length_near_128(), length_near_128()), 0..6),
            byte in any::<u8>(),
        ) {
            let pairs: Vec<_> =
                pairs.into_iter().map(|(n, v)| (vec![byte; n], vec![!byte; v])).collect();
            let mut out = Vec::new();
            for (name, value) in &pairs {
                encode_pair(name, value, &mut out);
            }
            let read: Vec<_> = Pairs::new(&out).map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let total: usize = Pairs::new(&bytes).map(|(n, v)| n.len() + v.len() + 2).sum();
            prop_assert!(total <= bytes.len());
        }
    }

    fn length_near_128() -> impl Strategy<Value = usize> {
        prop_oneof![0..5usize, 120..136usize, Just(300usize)]
    }
}
