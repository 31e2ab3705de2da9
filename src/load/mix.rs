//! What users of an image server ask for: thumbnails, pages' pictures, crops, other formats, tiles of a
//! zooming viewer, originals, and the API; in set shares, so many of them for what was asked for before.
//!
//! Every request follows from its number alone, so that clients and threads share nothing, and the shares hold
//! exactly however short a run is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Asks, Error, Question, Server};

/// The kinds, and how many in a hundred requests are of each.
pub const KINDS: [(&str, u32); 8] = [
    ("thumbnail", 50),
    ("page", 10),
    ("crop", 10),
    ("format", 5),
    ("tile", 15),
    ("original", 2),
    ("details", 5),
    ("list", 3),
];

/// How many of the kinds are made pictures; the others are never "new".
const MADE: usize = 5;
const ORIGINAL: usize = 5;
const DETAILS: usize = 6;

const TILE: usize = 4;

/// The largest sum of shares.
const MOST_SHARES: u32 = 10_000;

/// The golden ratio's part of 2⁶⁴: multiples of it fall evenly over all values, in step with no cycle.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What stays readable in a query.
const IN_QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// How many of each kind there are among the requests, in the order of [`KINDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares([u32; KINDS.len()]);

impl Default for Shares {
    fn default() -> Self {
        Self(KINDS.map(|(_, share)| share))
    }
}

impl Shares {
    /// Shares of kinds by their names; kinds that are not named are not asked for.
    ///
    /// # Errors
    /// A name that is no kind, and shares that cannot be met.
    pub fn of<'a>(shares: impl IntoIterator<Item = (&'a str, u32)>) -> Result<Self, Error> {
        let mut found = [0; KINDS.len()];
        for (name, share) in shares {
            let at = KINDS.iter().position(|(known, _)| *known == name).ok_or_else(|| {
                let names = KINDS.map(|(known, _)| known).join(", ");
                Error::Mix(format!("{name}: is not a kind of request; kinds are {names}"))
            })?;
            if share > MOST_SHARES {
                return Err(Error::Mix(format!("{name}: must be 0 to {MOST_SHARES}")));
            }
            found[at] = share;
        }
        let sum: u32 = found.iter().sum();
        if !(1..=MOST_SHARES).contains(&sum) {
            return Err(Error::Mix(format!("the shares must add up to 1 to {MOST_SHARES}")));
        }
        Ok(Self(found))
    }

    /// The share of a kind.
    #[must_use]
    pub fn share(&self, name: &str) -> u32 {
        KINDS.iter().position(|(known, _)| *known == name).map_or(0, |at| self.0[at])
    }

    /// Without originals; none if nothing is left.
    #[must_use]
    pub fn without_originals(mut self) -> Option<Self> {
        self.0[ORIGINAL] = 0;
        (self.0.iter().sum::<u32>() > 0).then_some(self)
    }
}

/// An original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its path in the library.
    pub path: String,
    /// Its width in pixels; 0 if it is not known.
    pub width: u32,
}

/// How requests are mixed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixOptions {
    /// How many of each kind.
    pub shares: Shares,
    /// How many in a hundred made pictures are asked for again and again; the others never were before.
    pub cached_percent: f64,
    /// How many different pictures are asked for again and again.
    pub repeated: usize,
    /// Tells this run's new pictures from those of other runs.
    pub salt: u64,
}

/// A mixed load.
pub struct Mix {
    server: Server,
    headers: Vec<(String, String)>,
    pictures: Vec<Picture>,
    cached: u64,
    salt: u64,
    /// The kind of each request of a cycle, and how many made pictures come before it in the cycle.
    cycle: Vec<(usize, u64)>,
    made_in_cycle: u64,
    /// For each kind, the requests that are repeated.
    repeated: [Vec<Vec<u8>>; KINDS.len()],
}

impl Mix {
    /// Prepares the requests that are repeated.
    ///
    /// # Errors
    /// When there are no pictures.
    pub fn new(
        server: &Server,
        headers: &[(String, String)],
        pictures: Vec<Picture>,
        options: &MixOptions,
    ) -> Result<Self, Error> {
        if pictures.is_empty() {
            return Err(Error::Mix("there are no pictures to ask for".into()));
        }
        let cycle = cycle(&options.shares);
        let made_in_cycle = cycle.iter().filter(|(kind, _)| *kind < MADE).count() as u64;
        let mut mix = Self {
            server: server.clone(),
            headers: headers.to_vec(),
            pictures,
            cached: (options.cached_percent.clamp(0.0, 100.0) / 100.0 * 2f64.powi(64)) as u64,
            salt: options.salt,
            cycle,
            made_in_cycle,
            repeated: Default::default(),
        };
        for kind in 0..KINDS.len() {
            let share = u64::from(options.shares.0[kind]);
            let count = match kind {
                _ if share == 0 => 0,
                0..MADE => (options.repeated as u64 * share).div_ceil(made_in_cycle),
                _ => mix.pictures.len() as u64,
            };
            mix.repeated[kind] =
                (0..count).map(|n| mix.request(&mix.target(kind, n, None))).collect();
        }
        Ok(mix)
    }

    /// The requests that are repeated, each once: what a server has to have made before they are hits.
    #[must_use]
    pub fn repeated(&self) -> Vec<(usize, Vec<u8>)> {
        let made = self.repeated[..MADE].iter().enumerate();
        made.flat_map(|(kind, all)| all.iter().map(move |one| (kind, one.clone()))).collect()
    }

    fn request(&self, target: &str) -> Vec<u8> {
        self.server.get(target, &self.headers)
    }

    /// The address of a kind's picture number `n`; with `fresh` one that nobody has asked for.
    fn target(&self, kind: usize, n: u64, fresh: Option<u64>) -> String {
        let chance = scatter(n.wrapping_add(kind as u64 * 0x1_0000_0001));
        let picture = &self.pictures[(chance % self.pictures.len() as u64) as usize];
        let src = utf8_percent_encode(&picture.path, IN_QUERY);
        let full = if picture.width == 0 { 2_000 } else { picture.width };
        let between = |low: u32, high: u32| {
            let high = high.min(full).max(low);
            low + ((chance >> 32) % u64::from(high - low + 1)) as u32
        };
        let target = match kind {
            0 => format!("/image?src={src}&width={}&format=jpg", between(80, 450)),
            1 => format!("/image?src={src}&width={}&format=jpg", between(600, 1_400)),
            2 => {
                let (left, top) = (chance >> 8 & 31, chance >> 16 & 31);
                format!(
                    "/image?src={src}&left=0.{:02}&right=0.{:02}&top=0.{:02}&width={}&format=jpg",
                    left,
                    left + 40,
                    top,
                    between(200, 800)
                )
            }
            3 => {
                let format = ["webp", "webp", "pjpg", "png"][(chance >> 8 & 3) as usize];
                format!("/image?src={src}&width={}&format={format}", between(150, 600))
            }
            TILE => {
                let (width, grid) = if full >= 2_000 { (2_048, 64) } else { (full.max(64), 4) };
                let tile = 1 + (chance >> 32) % grid;
                format!("/image?src={src}&width={width}&tile={tile}:{grid}&format=jpg")
            }
            ORIGINAL => return format!("/original?src={src}"),
            DETAILS => return format!("/api/v1/details/?src={src}"),
            _ => {
                let folder = picture.path.rsplit_once('/').map_or("/", |(folder, _)| folder);
                let folder = utf8_percent_encode(folder, IN_QUERY);
                return format!("/api/v1/list/?path={folder}&limit=100");
            }
        };
        match fresh {
            None => target,
            Some(fresh) => target + &edges(fresh, kind),
        }
    }

    /// How many made pictures were asked for before request `number`.
    fn made_before(&self, number: u64) -> u64 {
        let len = self.cycle.len() as u64;
        number / len * self.made_in_cycle + self.cycle[(number % len) as usize].1
    }

    /// The kind of a request, and whether it is for a picture that nobody has asked for.
    fn kind(&self, number: u64) -> (usize, bool) {
        let kind = self.cycle[(number % self.cycle.len() as u64) as usize].0;
        let all_cached = self.cached == u64::MAX;
        let is_new = kind < MADE
            && !all_cached
            && self.made_before(number).wrapping_add(1).wrapping_mul(GOLDEN) >= self.cached;
        (kind, is_new)
    }
}

impl Asks for Mix {
    fn kinds(&self) -> Vec<String> {
        KINDS.iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    fn question(&self, number: u64) -> Question<'_> {
        let (kind, is_new) = self.kind(number);
        if is_new {
            let fresh = self.salt.wrapping_add(number);
            let target = self.target(kind, scatter(fresh), Some(fresh));
            return Question { kind, request: self.request(&target).into() };
        }
        let all = &self.repeated[kind];
        let request = &all[(scatter(number) % all.len() as u64) as usize];
        Question { kind, request: request.as_slice().into() }
    }
}

/// Cuts less than two hundredths off two or three edges, in a way that no other number does: addresses of
/// their own at the price of ordinary ones.
fn edges(fresh: u64, kind: usize) -> String {
    const STEPS: u64 = 1_900;
    let step = |n: u64| 1 + n % STEPS;
    let bottom = 100_000 - step(fresh);
    let second = step(fresh / STEPS);
    let third = step(fresh / STEPS / STEPS);
    if kind == 2 {
        // A crop has its other edges; its lower one is all that is free, and its quality.
        let bottom = 95_000 - (fresh % 9_000);
        return format!("&bottom=0.{bottom:05}&quality={}", 70 + fresh / 9_000 % 20);
    }
    format!("&bottom=0.{bottom:05}&right=0.{:05}&top=0.{third:05}", 100_000 - second)
}

/// The kinds in such an order that each is spread over the whole cycle.
fn cycle(shares: &Shares) -> Vec<(usize, u64)> {
    let sum = u64::from(shares.0.iter().sum::<u32>());
    let of_slot = |slot: u64| {
        let mut below = 0;
        shares.0.iter().position(|share| {
            below += u64::from(*share);
            slot < below
        })
    };
    // The golden ratio's part of the sum, or the next that has no divisor in common with it.
    let wanted = (sum as f64 * 0.618_034) as u64;
    let step = (wanted.max(1)..).find(|step| gcd(*step, sum) == 1).unwrap_or(1);
    let mut made = 0;
    (0..sum)
        .map(|number| {
            let kind = of_slot(number * step % sum).unwrap_or(0);
            let before = made;
            made += u64::from(kind < MADE);
            (kind, before)
        })
        .collect()
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A number that shows no order of the one it is made from (the finalizer of splitmix64).
fn scatter(n: u64) -> u64 {
    let n = n.wrapping_add(GOLDEN);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::load::{Address, Trust};

    fn mix(shares: Shares, cached_percent: f64) -> Mix {
        let server =
            Server::new(&Address::read("http://127.0.0.1:1").unwrap(), Trust::Any).unwrap();
        let pictures = (0..6).map(|n| Picture { path: format!("a b/{n}.jpg"), width: 3_000 });
        let options = MixOptions { shares, cached_percent, repeated: 100, salt: 7 };
        Mix::new(&server, &[("X".into(), "y".into())], pictures.collect(), &options).unwrap()
    }

    #[test]
    fn shares_hold_in_every_cycle() {
        let shares = Shares::of([("thumbnail", 7), ("tile", 2), ("original", 1)]).unwrap();
        let mix = mix(shares, 90.0);
        for start in [0, 10, 123_450] {
            let mut counts = [0; KINDS.len()];
            (start..start + 10).for_each(|n| counts[mix.kind(n).0] += 1);
            assert_eq!(counts, [7, 0, 0, 0, 2, 1, 0, 0]);
        }
    }

    #[test]
    fn as_many_are_new_as_was_said_in_each_kind() {
        for cached in [0.0, 50.0, 90.0, 99.0, 100.0] {
            let mix = mix(Shares::default(), cached);
            let (mut made, mut new) = ([0.0; MADE], [0.0; MADE]);
            for number in 0..100_000 {
                let (kind, is_new) = mix.kind(number);
                if kind < MADE {
                    made[kind] += 1.0;
                    new[kind] += f64::from(u8::from(is_new));
                } else {
                    assert!(!is_new);
                }
            }
            for kind in 0..MADE {
                let percent = 100.0 * new[kind] / made[kind];
                assert!((percent - (100.0 - cached)).abs() < 0.5, "{kind}: {percent} of {cached}");
            }
        }
    }

    #[test]
    fn new_addresses_are_unlike_all_others() {
        let mix = mix(Shares::default(), 0.0);
        let mut seen: HashSet<Vec<u8>> = mix.repeated().into_iter().map(|(_, one)| one).collect();
        for number in 0..50_000 {
            let question = mix.question(number);
            if question.kind < MADE {
                assert!(seen.insert(question.request.to_vec()), "{number}");
            }
        }
    }

    #[test]
    fn repeated_ones_are_shared_out_by_kind() {
        let mix = mix(Shares::of([("thumbnail", 3), ("page", 1)]).unwrap(), 100.0);
        let all = mix.repeated();
        assert_eq!((all.len(), all.iter().filter(|(kind, _)| *kind == 1).count()), (100, 25));
        let known: HashSet<&[u8]> = all.iter().map(|(_, one)| one.as_slice()).collect();
        for number in 0..1_000 {
            assert!(known.contains(&*mix.question(number).request));
        }
        let text = String::from_utf8(all[0].1.clone()).unwrap();
        assert!(text.starts_with("GET /image?src=a%20b/"), "{text}");
        assert!(text.ends_with(" HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX: y\r\n\r\n"), "{text}");
    }

    #[test]
    fn what_cannot_be_mixed_is_refused() {
        assert!(Shares::of([("thumb", 1)]).unwrap_err().to_string().contains("thumb:"));
        assert!(Shares::of([("tile", 0)]).is_err());
        assert!(Shares::of([("tile", 10_001)]).unwrap_err().to_string().contains("tile:"));
        let only = Shares::of([("original", 1)]).unwrap();
        assert_eq!(only.without_originals(), None);
    }
}
