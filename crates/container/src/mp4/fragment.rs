//! Movie fragments (ISO/IEC 14496-12 §8.8): the samples of a few seconds, listed in front of them.

use super::Sample;
use crate::Error;
use mp4_atom::{Traf, Trex};
use std::collections::VecDeque;

/// Samples that one fragment may have.
const MOST_SAMPLES: usize = 100_000;
/// §8.8.3.1: `sample_is_non_sync_sample`.
pub(super) const NOT_A_KEY_FRAME: u32 = 0x0001_0000;

/// Appends the samples of one track in a fragment that begins at `moof`. `time` is where the track goes on if the fragment
/// does not tell, and becomes where it ends. `end` is the same for bytes (§8.8.7.1), for tracks without a place of their own.
pub(super) fn samples(
    traf: &Traf,
    trex: Option<&Trex>,
    moof: u64,
    time: &mut u64,
    end: &mut u64,
    out: &mut VecDeque<Sample>,
) -> Result<(), Error> {
    let tfhd = &traf.tfhd;
    let default = |told: Option<u32>, of: fn(&Trex) -> u32| told.or_else(|| trex.map(of)).unwrap_or_default();
    let default_duration = default(tfhd.default_sample_duration, |trex| trex.default_sample_duration);
    let default_size = default(tfhd.default_sample_size, |trex| trex.default_sample_size);
    let default_flags = default(tfhd.default_sample_flags, |trex| trex.default_sample_flags);
    let base = tfhd.base_data_offset.unwrap_or(moof);
    if let Some(tfdt) = &traf.tfdt {
        *time = tfdt.base_media_decode_time;
    }
    for run in &traf.trun {
        if out.len() + run.samples.len() > MOST_SAMPLES {
            return Err(Error::TooLarge("MP4: the samples of a fragment"));
        }
        let mut at = run.data_offset.map_or(*end, |offset| base.saturating_add_signed(offset.into()));
        for entry in run.samples.iter() {
            let size = entry.size.unwrap_or(default_size);
            let duration = entry.duration.unwrap_or(default_duration);
            let flags = entry.flags.unwrap_or(default_flags);
            out.push_back(Sample {
                at,
                size,
                time: *time,
                offset: entry.cts.unwrap_or_default(),
                duration,
                key_frame: flags & NOT_A_KEY_FRAME == 0,
            });
            at = at.saturating_add(size.into());
            *time = time.saturating_add(duration.into());
        }
        *end = at;
    }
    Ok(())
}
