//! Writing a descriptor in as few bits as its template allows.

use super::{DependencyDescriptor, DependencyError, DependencyStructure, FrameDependency, mask};
use crate::bits::BitWriter;
use alloc::vec::Vec;

impl DependencyDescriptor {
    /// Appends the descriptor. `known` is the structure that the receiver has, if this one does not bring it.
    ///
    /// # Errors
    ///
    /// [`DependencyError`], and nothing is written, if there is no structure, if it has no template for the frame's layer,
    /// or if a number is out of its range.
    pub fn write(
        &self,
        known: Option<&DependencyStructure>,
        out: &mut Vec<u8>,
    ) -> Result<(), DependencyError> {
        let structure = self.structure.as_ref().or(known).ok_or(DependencyError::NoStructure)?;
        if let Some(new) = &self.structure {
            new.check()?;
        }
        if self.frame.diffs.as_slice().iter().any(|diff| !(1..=4096).contains(diff)) {
            return Err(DependencyError::TooMany);
        }
        let (index, custom) = structure.nearest(&self.frame).ok_or(DependencyError::UnknownTemplate)?;
        let all = mask(structure.targets);
        // With a new structure all targets are active unless said otherwise.
        let active = self.active_targets.filter(|active| self.structure.is_none() || *active != all);
        let mut w = BitWriter::new(out);
        w.flag(self.start_of_frame);
        w.flag(self.end_of_frame);
        w.bits(6, (u32::from(structure.first_template) + index as u32) % 64);
        w.bits(16, self.frame_number.into());
        if self.structure.is_none() && active.is_none() && custom == [false; 3] {
            return Ok(());
        }
        w.flag(self.structure.is_some());
        w.flag(active.is_some());
        custom.iter().for_each(|custom| w.flag(*custom));
        if let Some(new) = &self.structure {
            new.write(&mut w);
        }
        if let Some(active) = active {
            w.bits(structure.targets.into(), active);
        }
        structure.write_frame(&self.frame, custom, &mut w);
        Ok(())
    }
}

impl DependencyStructure {
    /// Whether it can be written.
    fn check(&self) -> Result<(), DependencyError> {
        let counts = (1..=32).contains(&self.targets)
            && self.chains <= self.targets
            && (1..=64).contains(&self.templates.len())
            && self.first_template < 64;
        let protected = if self.chains == 0 { 0 } else { self.targets };
        let lists = self.protected_by.len() == usize::from(protected)
            && self.protected_by.iter().all(|chain| *chain < self.chains)
            && (self.resolutions.is_empty() || self.resolutions.len() == usize::from(self.max_spatial()) + 1);
        let frames = self.templates.iter().all(|template| {
            template.frame.diffs.as_slice().iter().all(|diff| (1..=16).contains(diff))
                && template.frame.chain_diffs.iter().all(|diff| *diff < 16)
        });
        let mut last = (0, 0);
        let ordered = self.templates.iter().enumerate().all(|(index, template)| {
            let (spatial, temporal) = (template.frame.spatial, template.frame.temporal);
            let before = core::mem::replace(&mut last, (spatial, temporal));
            let step = (spatial, temporal) == before
                || (spatial, temporal) == (before.0, before.1 + 1)
                || (spatial, temporal) == (before.0 + 1, 0);
            spatial < 4 && temporal < 8 && step && (index > 0 || (spatial, temporal) == (0, 0))
        });
        if counts && lists && frames && ordered { Ok(()) } else { Err(DependencyError::TooMany) }
    }

    /// The template that needs the fewest bits of difference, and in what it differs.
    fn nearest(&self, frame: &FrameDependency) -> Option<(usize, [bool; 3])> {
        let same_layer = self.templates.iter().enumerate().filter(|(_, template)| {
            (template.frame.spatial, template.frame.temporal) == (frame.spatial, frame.temporal)
        });
        let custom = same_layer.map(|(index, template)| {
            let (targets, chains) = (usize::from(self.targets), usize::from(self.chains));
            let other = &template.frame;
            let custom = [
                other.targets.get(..targets) != frame.targets.get(..targets),
                other.diffs != frame.diffs,
                other.chain_diffs.get(..chains) != frame.chain_diffs.get(..chains),
            ];
            (index, custom)
        });
        let cost = |custom: &[bool; 3]| {
            let diffs: u32 = frame.diffs.as_slice().iter().map(|diff| 2 + diff_size(*diff) * 4).sum();
            let [targets, references, chains] = custom.map(u32::from);
            targets * u32::from(self.targets) * 2
                + references * (diffs + 2)
                + chains * u32::from(self.chains) * 8
        };
        custom.min_by_key(|(_, custom)| cost(custom))
    }

    fn write(&self, w: &mut BitWriter<'_>) {
        w.bits(6, self.first_template.into());
        w.bits(5, u32::from(self.targets) - 1);
        let mut next = self.templates.iter().skip(1).map(|template| &template.frame);
        for template in &self.templates {
            w.bits(
                2,
                match next.next() {
                    None => 3,
                    Some(next) if next.spatial != template.frame.spatial => 2,
                    Some(next) if next.temporal != template.frame.temporal => 1,
                    Some(_) => 0,
                },
            );
        }
        for template in &self.templates {
            let targets = template.frame.targets.iter().take(self.targets.into());
            targets.for_each(|target| w.bits(2, *target as u32));
        }
        for template in &self.templates {
            for diff in template.frame.diffs.as_slice() {
                w.flag(true);
                w.bits(4, u32::from(*diff) - 1);
            }
            w.flag(false);
        }
        w.non_symmetric(u32::from(self.targets) + 1, self.chains.into());
        if self.chains > 0 {
            self.protected_by.iter().for_each(|chain| w.non_symmetric(self.chains.into(), (*chain).into()));
            for template in &self.templates {
                let diffs = template.frame.chain_diffs.iter().take(self.chains.into());
                diffs.for_each(|diff| w.bits(4, (*diff).into()));
            }
        }
        w.flag(!self.resolutions.is_empty());
        self.resolutions.iter().flatten().for_each(|pixels| w.bits(16, (*pixels).into()));
    }

    fn write_frame(&self, frame: &FrameDependency, custom: [bool; 3], w: &mut BitWriter<'_>) {
        let [targets, diffs, chains] = custom;
        if targets {
            frame.targets.iter().take(self.targets.into()).for_each(|target| w.bits(2, *target as u32));
        }
        if diffs {
            for diff in frame.diffs.as_slice() {
                w.bits(2, diff_size(*diff));
                w.bits(diff_size(*diff) * 4, u32::from(*diff) - 1);
            }
            w.bits(2, 0);
        }
        if chains {
            frame.chain_diffs.iter().take(self.chains.into()).for_each(|diff| w.bits(8, (*diff).into()));
        }
    }
}

/// Units of four bits that a reference takes: 1 to 3.
const fn diff_size(diff: u16) -> u32 {
    match diff {
        0..=16 => 1,
        17..=256 => 2,
        _ => 3,
    }
}
