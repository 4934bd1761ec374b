//! The structure of a stream: its decode targets, chains and templates (§A.8.2, `template_dependency_structure`).

use super::{DecodeTargetIndication, DependencyError, FrameDependency, FrameDiffs, MOST_TARGETS};
use crate::bits::BitReader;
use alloc::vec::Vec;

/// Most templates of a structure: their identifiers have six bits.
const MOST_TEMPLATES: usize = 64;
/// Spatial layers have two bits, temporal ones three.
const MOST_SPATIAL: u8 = 4;
const MOST_TEMPORAL: u8 = 8;

/// What the frames of a stream look like, until the next structure comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyStructure {
    /// The identifier of the first template, 0 to 63; the others follow, modulo 64.
    pub first_template: u8,
    /// Decode targets, 1 to 32.
    pub targets: u8,
    /// Chains, 0 to as many as there are targets.
    pub chains: u8,
    /// By decode target: the chain that protects it. Empty without chains.
    pub protected_by: Vec<u8>,
    /// 1 to 64, ordered by spatial layer and within each by temporal layer.
    pub templates: Vec<Template>,
    /// By spatial layer: width and height in pixels, less one; empty if not told.
    pub resolutions: Vec<[u16; 2]>,
}

/// A frame as it usually is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// The frame: references at most 16 frames back, chains at most 15.
    pub frame: FrameDependency,
}

impl DependencyStructure {
    /// The greatest spatial layer of any template.
    pub(super) fn max_spatial(&self) -> u8 {
        self.templates.iter().map(|template| template.frame.spatial).max().unwrap_or_default()
    }

    pub(super) fn read(r: &mut BitReader<'_>) -> Result<Self, DependencyError> {
        let first_template = bits(r, 6)? as u8;
        let targets = bits(r, 5)? as u8 + 1;
        let mut templates = read_layers(r)?;
        for template in &mut templates {
            for target in template.frame.targets.iter_mut().take(targets.into()) {
                *target = DecodeTargetIndication::new(bits(r, 2)?);
            }
        }
        for template in &mut templates {
            while bits(r, 1)? == 1 {
                let diff = bits(r, 4)? as u16 + 1;
                template.frame.diffs.push(diff).ok_or(DependencyError::TooMany)?;
            }
        }
        let limit = u32::from(targets) + 1;
        let chains = r.non_symmetric(limit).ok_or(DependencyError::Truncated)? as u8;
        let mut protected_by = Vec::new();
        if chains > 0 {
            for _ in 0..targets {
                let chain = r.non_symmetric(chains.into()).ok_or(DependencyError::Truncated)?;
                protected_by.push(chain as u8);
            }
            for template in &mut templates {
                for diff in template.frame.chain_diffs.iter_mut().take(chains.into()) {
                    *diff = bits(r, 4)? as u8;
                }
            }
        }
        let mut structure =
            Self { first_template, targets, chains, protected_by, templates, resolutions: Vec::new() };
        if bits(r, 1)? == 1 {
            for _ in 0..=structure.max_spatial() {
                structure.resolutions.push([bits(r, 16)? as u16, bits(r, 16)? as u16]);
            }
        }
        Ok(structure)
    }

    /// Reads what a frame says over the template `id` (`frame_dependency_definition`); `custom` says what: decode target
    /// indications, references, chains.
    pub(super) fn frame(
        &self,
        id: u8,
        custom: [bool; 3],
        r: &mut BitReader<'_>,
    ) -> Result<FrameDependency, DependencyError> {
        let index = usize::from((id + MOST_TEMPLATES as u8 - self.first_template) % MOST_TEMPLATES as u8);
        let mut frame = self.templates.get(index).ok_or(DependencyError::UnknownTemplate)?.frame;
        let [targets, diffs, chains] = custom;
        if targets {
            for target in frame.targets.iter_mut().take(self.targets.into()) {
                *target = DecodeTargetIndication::new(bits(r, 2)?);
            }
        }
        if diffs {
            frame.diffs = FrameDiffs::EMPTY;
            loop {
                let size = bits(r, 2)?;
                if size == 0 {
                    break;
                }
                let diff = bits(r, size * 4)? as u16 + 1;
                frame.diffs.push(diff).ok_or(DependencyError::TooMany)?;
            }
        }
        if chains {
            for diff in frame.chain_diffs.iter_mut().take(self.chains.into()) {
                *diff = bits(r, 8)? as u8;
            }
        }
        Ok(frame)
    }
}

/// `template_layers`: the layers of each template; each follows from the one before.
fn read_layers(r: &mut BitReader<'_>) -> Result<Vec<Template>, DependencyError> {
    let mut templates = Vec::new();
    let (mut spatial, mut temporal) = (0, 0);
    loop {
        if templates.len() == MOST_TEMPLATES {
            return Err(DependencyError::TooMany);
        }
        let frame = FrameDependency {
            spatial,
            temporal,
            targets: [DecodeTargetIndication::NotPresent; MOST_TARGETS],
            ..FrameDependency::default()
        };
        templates.push(Template { frame });
        match bits(r, 2)? {
            0 => {}
            1 => temporal += 1,
            2 => {
                spatial += 1;
                temporal = 0;
            }
            _ => return Ok(templates),
        }
        if spatial >= MOST_SPATIAL || temporal >= MOST_TEMPORAL {
            return Err(DependencyError::TooMany);
        }
    }
}

fn bits(r: &mut BitReader<'_>, count: u32) -> Result<u32, DependencyError> {
    r.bits(count).ok_or(DependencyError::Truncated)
}
