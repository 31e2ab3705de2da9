//! The sizes that pictures may be asked for in.

use super::params::{Given, Layer};
use super::{ParamError, Params};

/// The widths and heights that requests may ask for. Templates may say others: who makes them decides
/// which variants there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes {
    /// In rising order, none of them 0.
    allowed: Vec<u32>,
    /// Whether others are taken as the next larger one, rather than refused.
    snap: bool,
}

impl Sizes {
    /// These widths and heights; none when the list is empty, which allows all.
    #[must_use]
    pub fn new(mut allowed: Vec<u32>, snap: bool) -> Option<Self> {
        allowed.retain(|size| *size > 0);
        allowed.sort_unstable();
        allowed.dedup();
        (!allowed.is_empty()).then_some(Self { allowed, snap })
    }

    /// The largest size up to this one, or the smallest of all.
    #[must_use]
    pub fn up_to(&self, pixels: u32) -> u32 {
        let at = self.allowed.partition_point(|allowed| *allowed <= pixels);
        self.allowed.get(at.saturating_sub(1)).copied().unwrap_or(pixels)
    }

    /// The size that stands for one that was asked for: itself, or the next larger one, or the largest.
    ///
    /// # Errors
    /// When it is none of them and others are refused.
    fn settle(&self, name: &'static str, pixels: u32) -> Result<u32, ParamError> {
        let at = self.allowed.partition_point(|allowed| *allowed < pixels);
        match self.allowed.get(at).or(self.allowed.last()) {
            Some(&allowed) if allowed == pixels || self.snap => Ok(allowed),
            _ => {
                let list: Vec<String> = self.allowed.iter().map(u32::to_string).collect();
                let reason = format!("must come to one of {} pixels", list.join(", "));
                Err(ParamError::new(name, reason))
            }
        }
    }
}

impl Params {
    /// A width or height as it is to be made. `pixels` is what was `given` after scaling; a template
    /// further down says `inherited`.
    pub(super) fn settled(
        &self,
        sizes: Option<&Sizes>,
        name: &'static str,
        pixels: u32,
        given: Option<&Given<u32>>,
        inherited: Option<u32>,
    ) -> Result<u32, ParamError> {
        let (Some(sizes), Some(given)) = (sizes, given) else { return Ok(pixels) };
        let scaled_by_url =
            self.dpr.as_ref().is_some_and(|dpr| dpr.layer == Layer::Url && dpr.value != 1.0);
        let of_template = given.layer == Layer::Template || Some(given.value) == inherited;
        if pixels == 0 || of_template && !scaled_by_url {
            return Ok(pixels);
        }
        sizes.settle(name, pixels)
    }
}
