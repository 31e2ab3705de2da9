//! What an engine is told once, for all pictures that it makes.

use std::sync::Arc;

use crate::pixel::decode::Isolation;
use crate::pixel::{Limits, StripKeeps};

/// How pictures are made, whatever the recipe.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Whether resizing mixes pixels in proportion to light (true) or as they are encoded.
    pub linear: bool,
    /// How many times the size of the result a decoder has to leave when it shrinks: 1 or 2.
    pub shrink_margin: u8,
    /// Whether pictures are set upright as their orientation says.
    pub orient: bool,
    /// The profile of CMYK pictures that carry none, and of those made from other models; without
    /// it such conversions follow a plain formula.
    pub cmyk_profile: Option<Arc<[u8]>>,
    /// What `strip` leaves in a picture.
    pub strip_keeps: StripKeeps,
    /// Whether positions and serial numbers are left out of every picture.
    pub drop_private: bool,
    /// Bounds on pixel counts.
    pub limits: Limits,
    /// Memory that making one picture may take, in bytes.
    pub memory_bytes: u64,
    /// Frames that an animation may have to be made as one; of longer ones the first frame is made.
    pub max_frames: u32,
    /// The SSIMULACRA2 score that measured qualities aim at.
    pub auto_quality_score: u8,
    /// Dots per inch at which documents are laid out when the recipe says nothing.
    pub document_dpi: u32,
    /// Reads the formats that are not read in this process; without it they are refused.
    pub isolation: Option<Arc<dyn Isolation>>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            linear: true,
            shrink_margin: 2,
            orient: true,
            cmyk_profile: None,
            strip_keeps: StripKeeps::Nothing,
            drop_private: false,
            limits: Limits::default(),
            memory_bytes: 896 << 20,
            max_frames: 300,
            auto_quality_score: 75,
            document_dpi: 150,
            isolation: None,
        }
    }
}
