//! The sample tables of a track (ISO/IEC 14496-12 §8.6, §8.7), walked over without being spread out.

use super::Sample;
use mp4_atom::{Stbl, StszSamples};

/// Gives the samples of a track in order.
#[derive(Debug)]
pub(super) struct Table {
    stbl: Stbl,
    /// The next sample, counted from 0.
    index: u32,
    time: u64,
    durations: Run,
    offsets: Run,
    key_frames: usize,
    /// The next chunk, counted from 0, and the entry of the table that it is under.
    chunk: usize,
    chunk_entry: usize,
    left_in_chunk: u32,
    at: u64,
}

/// A place in a table of runs.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    entry: usize,
    used: u32,
}

impl Run {
    /// The value for the next sample, out of entries of count and value.
    fn next<T>(&mut self, entry: impl Fn(usize) -> Option<(u32, T)>) -> Option<T> {
        loop {
            let (count, value) = entry(self.entry)?;
            if self.used < count {
                self.used += 1;
                return Some(value);
            }
            *self = Self { entry: self.entry + 1, used: 0 };
        }
    }
}

impl Table {
    pub(super) fn new(stbl: Stbl) -> Self {
        Self {
            stbl,
            index: 0,
            time: 0,
            durations: Run::default(),
            offsets: Run::default(),
            key_frames: 0,
            chunk: 0,
            chunk_entry: 0,
            left_in_chunk: 0,
            at: 0,
        }
    }

    fn size(&self) -> Option<u32> {
        match &self.stbl.stsz.samples {
            StszSamples::Identical { count, size } => (self.index < *count).then_some(*size),
            StszSamples::Different { sizes } => sizes.get(self.index as usize).copied(),
        }
    }

    fn begin_chunk(&mut self) -> Option<()> {
        let offset = match (&self.stbl.stco, &self.stbl.co64) {
            (_, Some(table)) => *table.entries.get(self.chunk)?,
            (Some(table), None) => u64::from(*table.entries.get(self.chunk)?),
            (None, None) => return None,
        };
        let entries = &self.stbl.stsc.entries;
        // Chunks count from 1.
        let number = u32::try_from(self.chunk).ok()?.checked_add(1)?;
        while entries.get(self.chunk_entry + 1).is_some_and(|next| next.first_chunk <= number) {
            self.chunk_entry += 1;
        }
        self.left_in_chunk = entries.get(self.chunk_entry)?.samples_per_chunk;
        self.at = offset;
        self.chunk += 1;
        Some(())
    }
}

impl Iterator for Table {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        let size = self.size()?;
        while self.left_in_chunk == 0 {
            self.begin_chunk()?;
        }
        let durations = &self.stbl.stts.entries;
        let duration = self
            .durations
            .next(|at| durations.get(at).map(|entry| (entry.sample_count, entry.sample_delta)))?;
        let offset = match &self.stbl.ctts {
            Some(table) => self
                .offsets
                .next(|at| table.entries.get(at).map(|entry| (entry.sample_count, entry.sample_offset)))
                .unwrap_or_default(),
            None => 0,
        };
        // Samples count from 1; without the table all are key frames.
        let number = self.index.checked_add(1)?;
        let key_frame = match &self.stbl.stss {
            Some(table) => {
                while table.entries.get(self.key_frames).is_some_and(|key| *key < number) {
                    self.key_frames += 1;
                }
                table.entries.get(self.key_frames) == Some(&number)
            }
            None => true,
        };
        let sample = Sample { at: self.at, size, time: self.time, offset, duration, key_frame };
        self.index = number;
        self.left_in_chunk -= 1;
        self.at = self.at.saturating_add(size.into());
        self.time = self.time.saturating_add(duration.into());
        Some(sample)
    }
}
