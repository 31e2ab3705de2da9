//! The pixel buffer that operations hand to each other.

use std::ptr::NonNull;
use std::sync::Arc;

use bytemuck::Zeroable;
use bytemuck::allocation::try_zeroed_vec;
use nix::sys::mman::{MmapAdvise, madvise};

use super::{Error, Result};

/// The colour model of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColourSpace {
    /// One band, 0 is black.
    Gray,
    /// Three bands: red, green, blue.
    Rgb,
    /// Four bands: cyan, magenta, yellow, black; 0 is no ink.
    Cmyk,
}

impl ColourSpace {
    /// Number of bands without alpha.
    #[must_use]
    pub fn bands(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// Bits per sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// 8 bits, 0–255.
    U8,
    /// 16 bits, 0–65535.
    U16,
}

/// The samples of a buffer: bands interleaved, rows from the top, no padding between rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Samples {
    /// 8-bit samples.
    U8(Vec<u8>),
    /// 16-bit samples in native byte order.
    U16(Vec<u16>),
}

impl Samples {
    /// Zeroed samples, or an error instead of an abort when memory is short.
    ///
    /// # Errors
    /// [`Error::Memory`] when the allocation fails.
    pub fn try_zeroed(depth: Depth, len: usize) -> Result<Self> {
        Ok(match depth {
            Depth::U8 => Self::U8(try_zeroed(len)?),
            Depth::U16 => Self::U16(try_zeroed(len)?),
        })
    }

    /// Bits per sample.
    #[must_use]
    pub fn depth(&self) -> Depth {
        match self {
            Self::U8(_) => Depth::U8,
            Self::U16(_) => Depth::U16,
        }
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(samples) => samples.len(),
            Self::U16(samples) => samples.len(),
        }
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Memory as the system hands it out, noughts that nobody wrote.
fn try_zeroed<T: Zeroable>(len: usize) -> Result<Vec<T>> {
    let mut samples = try_zeroed_vec(len).map_err(|()| Error::Memory)?;
    ask_for_huge_pages(&mut samples);
    Ok(samples)
}

/// Large buffers are mapped for themselves and filled once: in huge pages the kernel has a tenth of
/// the work with them. That is advice; kernels that do not take it go on as always.
#[allow(unsafe_code)]
fn ask_for_huge_pages<T>(samples: &mut Vec<T>) {
    const HUGE_PAGE_BYTES: usize = 2 << 20;
    const PAGE_BYTES: usize = 4096;
    let bytes = samples.capacity() * size_of::<T>();
    let Some(start) = NonNull::new(samples.as_mut_ptr().cast::<u8>()) else { return };
    let skip = start.align_offset(PAGE_BYTES);
    if bytes < HUGE_PAGE_BYTES + skip {
        return;
    }
    let len = (bytes - skip) / PAGE_BYTES * PAGE_BYTES;
    // SAFETY: the pages lie in the buffer, and the advice leaves what they hold as it is.
    let _ = unsafe { madvise(start.add(skip).cast(), len, MmapAdvise::MADV_HUGEPAGE) };
}

/// Resolution in dots per inch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Density {
    /// Horizontal dots per inch.
    pub x_dpi: f64,
    /// Vertical dots per inch.
    pub y_dpi: f64,
}

/// Descriptive data that travels with a picture unless it is stripped.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// The Exif block: a TIFF structure, without any container's prefix.
    pub exif: Option<Arc<[u8]>>,
    /// The XMP packet.
    pub xmp: Option<Arc<[u8]>>,
    /// The IPTC-IIM block (the content of Photoshop resource 0x0404).
    pub iptc: Option<Arc<[u8]>>,
    /// Resolution.
    pub density: Option<Density>,
}

/// A decoded picture.
///
/// Bands are interleaved in the order of [`ColourSpace`], alpha last when `alpha` is true. Alpha is
/// straight (not premultiplied) between operations. `samples` holds exactly
/// `width × height × bands()` values.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// The colour model.
    pub space: ColourSpace,
    /// Whether a band of straight alpha follows the colour bands.
    pub alpha: bool,
    /// The samples.
    pub samples: Samples,
    /// The ICC profile that says what the numbers mean; none means the space's default (sRGB, grey
    /// with the sRGB curve, the configured CMYK profile).
    pub profile: Option<Arc<[u8]>>,
    /// Descriptive data.
    pub metadata: Metadata,
}

impl Image {
    /// A zeroed picture (black, or no ink; transparent when it has alpha).
    ///
    /// # Errors
    /// [`Error::Limit`] when its size overflows, [`Error::Memory`] when memory is short.
    pub fn try_new(
        width: u32,
        height: u32,
        space: ColourSpace,
        alpha: bool,
        depth: Depth,
    ) -> Result<Self> {
        let bands = space.bands() + usize::from(alpha);
        let len = (width as usize)
            .checked_mul(height as usize)
            .and_then(|pixels| pixels.checked_mul(bands))
            .ok_or_else(|| Error::Limit("its size overflows".into()))?;
        Ok(Self {
            width,
            height,
            space,
            alpha,
            samples: Samples::try_zeroed(depth, len)?,
            profile: None,
            metadata: Metadata::default(),
        })
    }

    /// Number of bands, alpha included.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.space.bands() + usize::from(self.alpha)
    }

    /// Bits per sample.
    #[must_use]
    pub fn depth(&self) -> Depth {
        self.samples.depth()
    }

    /// Samples in one row.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.width as usize * self.bands()
    }

    /// A picture of another size and sample buffer with this one's colour, profile and metadata.
    #[must_use]
    pub fn with_samples(&self, width: u32, height: u32, samples: Samples) -> Self {
        debug_assert_eq!(samples.len(), width as usize * height as usize * self.bands());
        Self {
            width,
            height,
            samples,
            space: self.space,
            alpha: self.alpha,
            profile: self.profile.clone(),
            metadata: self.metadata.clone(),
        }
    }
}
