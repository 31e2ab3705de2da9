//! ICC profiles that are asked for by name: what each can do to a picture.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::icc::{self, Bytes};
use crate::pixel::ColourSpace;

/// What a profile does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileKind {
    /// It says what the numbers of a device or colour space mean.
    Device(ColourSpace),
    /// It changes colours as such, whatever device they come from (class `abst`).
    Abstract,
    /// It turns the numbers of one device into those of another by itself (class `link`).
    Link {
        /// The model that it takes.
        from: ColourSpace,
        /// The model that it gives.
        to: ColourSpace,
    },
}

/// A sound ICC profile. Two are equal when their bytes are.
#[derive(Clone)]
pub struct Profile {
    bytes: Bytes,
    digest: [u8; 32],
    kind: ProfileKind,
}

impl Profile {
    /// Judges a profile by its header (ICC.1:2022, 7.2) and by whether Little CMS can read it.
    ///
    /// # Errors
    /// Why it cannot be used, as the rest of a sentence about it: "is …".
    pub fn read(bytes: Vec<u8>) -> Result<Self, &'static str> {
        let header = bytes.get(..HEADER_BYTES).ok_or("is damaged")?;
        if &header[36..40] != b"acsp" {
            return Err("is not an ICC profile");
        }
        let field = |at: usize| [header[at], header[at + 1], header[at + 2], header[at + 3]];
        let stated = u32::from_be_bytes(field(0));
        if usize::try_from(stated).map_or(true, |stated| stated > bytes.len()) {
            return Err("is damaged");
        }
        let (space, connection) = (icc::model(field(16)), icc::model(field(20)));
        let kind = match &field(12) {
            b"mntr" | b"scnr" | b"prtr" | b"spac" => space.map(ProfileKind::Device),
            b"abst" => Some(ProfileKind::Abstract),
            b"link" => space.zip(connection).map(|(from, to)| ProfileKind::Link { from, to }),
            _ => None,
        };
        let kind = kind.ok_or("is of a kind that pictures cannot be converted with")?;
        if icc::open(&bytes, &icc::context()).is_none() {
            return Err("is damaged");
        }
        let digest = Sha256::digest(&bytes).into();
        Ok(Self { bytes: bytes.into(), digest, kind })
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// What it does.
    #[must_use]
    pub fn kind(&self) -> ProfileKind {
        self.kind
    }

    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

const HEADER_BYTES: usize = 132;

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Profile {}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile({:?}, {} bytes)", self.kind, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn srgb() -> Vec<u8> {
        lcms2::Profile::new_srgb().icc().unwrap()
    }

    #[test]
    fn kinds_are_told_by_the_header() {
        let read = Profile::read(srgb()).unwrap();
        assert_eq!(read.kind(), ProfileKind::Device(ColourSpace::Rgb));
        assert_eq!(Profile::read(srgb()).unwrap(), read);
        let shift = lcms2::Profile::new_bchsw_abstract_context(
            lcms2::ThreadContext::new(),
            5,
            10.0,
            1.0,
            0.0,
            0.0,
            None,
        );
        let shift = Profile::read(shift.unwrap().icc().unwrap()).unwrap();
        assert_eq!(shift.kind(), ProfileKind::Abstract);
        assert_ne!(shift, read);
    }

    #[test]
    fn what_is_none_is_refused() {
        let mut named = srgb();
        named[12..16].copy_from_slice(b"nmcl");
        let mut lab = srgb();
        lab[16..20].copy_from_slice(b"Lab ");
        let mut text = srgb();
        text[36..40].copy_from_slice(b"text");
        for bad in [named, lab, text, srgb()[..200].to_vec(), vec![0; 131], Vec::new()] {
            assert!(Profile::read(bad).is_err());
        }
    }
}
