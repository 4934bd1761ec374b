//! The dependency descriptor: which frames depend on which (AV1 RTP specification, appendix A).
//!
//! A stream's [`DependencyStructure`] comes with its key frames; each frame then names one of its templates, and says
//! what is different.

mod structure;
mod write;

pub use structure::{DependencyStructure, Template};

use super::Extension;
use crate::bits::BitReader;
use core::fmt;

/// Most decode targets of a structure, and most chains.
const MOST_TARGETS: usize = 32;
/// Most frames that one frame may refer to: a bound of ours, far above what encoders do.
const MOST_DIFFS: usize = 32;

/// What a frame is for one decode target (table A.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DecodeTargetIndication {
    /// No part of it.
    #[default]
    NotPresent,
    /// Part of it, and no other frame of it depends on this one.
    Discardable,
    /// Part of it, and from here on it can be decoded.
    Switch,
    /// Part of it.
    Required,
}

impl DecodeTargetIndication {
    const fn new(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::NotPresent,
            1 => Self::Discardable,
            2 => Self::Switch,
            _ => Self::Required,
        }
    }
}

/// A short list of numbers that lives without an allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FrameDiffs {
    values: [u16; MOST_DIFFS],
    len: u8,
}

impl FrameDiffs {
    /// None.
    pub const EMPTY: Self = Self { values: [0; MOST_DIFFS], len: 0 };

    /// Appends; `None` if 32 are there already.
    pub fn push(&mut self, value: u16) -> Option<()> {
        *self.values.get_mut(usize::from(self.len))? = value;
        self.len += 1;
        Some(())
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[u16] {
        self.values.get(..self.len.into()).unwrap_or_default()
    }
}

impl Default for FrameDiffs {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl fmt::Debug for FrameDiffs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// What one frame is, template and differences taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FrameDependency {
    /// Spatial layer.
    pub spatial: u8,
    /// Temporal layer.
    pub temporal: u8,
    /// By decode target; as many count as the structure has.
    pub targets: [DecodeTargetIndication; MOST_TARGETS],
    /// How far back, in frame numbers, each frame is that this one refers to: 1 to 4096.
    pub diffs: FrameDiffs,
    /// By chain: how far back its previous frame is, 0 to 255; as many count as the structure has.
    pub chain_diffs: [u8; MOST_TARGETS],
}

/// A descriptor, as one packet carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyDescriptor {
    /// First packet of the frame.
    pub start_of_frame: bool,
    /// Last packet of the frame.
    pub end_of_frame: bool,
    /// Counts frames over all layers; wraps.
    pub frame_number: u16,
    /// The stream's structure from here on.
    pub structure: Option<DependencyStructure>,
    /// Decode targets that are sent from here on, bit 0 the first; all of them with a new structure that says nothing.
    pub active_targets: Option<u32>,
    /// What the frame is.
    pub frame: FrameDependency,
}

/// Why a descriptor cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DependencyError {
    /// It ends too early.
    Truncated,
    /// It needs the structure of an earlier packet, which is not known.
    NoStructure,
    /// It names a template that the structure does not have.
    UnknownTemplate,
    /// More templates, layers or references than are allowed.
    TooMany,
}

impl fmt::Display for DependencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the dependency descriptor ends too early",
            Self::NoStructure => "the dependency structure is not known",
            Self::UnknownTemplate => "no such frame dependency template",
            Self::TooMany => "too many templates, layers or references",
        })
    }
}

impl core::error::Error for DependencyError {}

impl DependencyDescriptor {
    /// Which extension it is.
    pub const KIND: Extension = Extension::DependencyDescriptor;

    /// Reads a descriptor (§A.8.2). `known` is the structure that an earlier packet of the stream brought; allocates only
    /// if this one brings a new one.
    pub fn parse(data: &[u8], known: Option<&DependencyStructure>) -> Result<Self, DependencyError> {
        let mut r = BitReader::new(data);
        let mut head = || Some((r.flag()?, r.flag()?, r.bits(6)? as u8, r.bits(16)? as u16));
        let (start_of_frame, end_of_frame, template, frame_number) =
            head().ok_or(DependencyError::Truncated)?;
        let (mut structure, mut active_targets) = (None, None);
        let mut custom = [false; 3];
        if data.len() > 3 {
            let mut flags = || Some((r.flag()?, r.flag()?, [r.flag()?, r.flag()?, r.flag()?]));
            let (has_structure, has_active, customs) = flags().ok_or(DependencyError::Truncated)?;
            custom = customs;
            if has_structure {
                let new = DependencyStructure::read(&mut r)?;
                active_targets = Some(mask(new.targets));
                structure = Some(new);
            }
            let used = structure.as_ref().or(known).ok_or(DependencyError::NoStructure)?;
            if has_active {
                active_targets = Some(r.bits(used.targets.into()).ok_or(DependencyError::Truncated)?);
            }
        }
        let used = structure.as_ref().or(known).ok_or(DependencyError::NoStructure)?;
        let frame = used.frame(template, custom, &mut r)?;
        Ok(Self { start_of_frame, end_of_frame, frame_number, structure, active_targets, frame })
    }
}

/// All of that many bits.
const fn mask(bits: u8) -> u32 {
    if bits >= 32 { u32::MAX } else { (1 << bits) - 1 }
}
