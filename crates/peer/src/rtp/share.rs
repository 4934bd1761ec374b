//! Who of those that send over a transport gets how much of what all should send.

use super::Rtp;
use super::parameters::Parameters;
use crate::Priority;
use crate::encodings::EncodingParameters;
use crate::media::TrackKind;
use crate::transceiver::TransceiverId;
use alloc::vec::Vec;

/// What sound gets if nothing else is said: as much as G.711 takes, and more than speech in Opus.
const AUDIO: u64 = 64_000;

/// Who wants a share.
#[derive(Clone, Copy)]
struct Want {
    weight: f64,
    /// Bits per second.
    most: Option<u64>,
}

impl Rtp {
    /// The share of an encoding, in bits per second; `None` if it is not sent, or nothing is known of the path.
    pub(crate) fn share(&self, id: TransceiverId, index: usize) -> Option<u64> {
        let total = self.target_bitrate()?;
        let (audio, video): (Vec<_>, Vec<_>) =
            self.sending().partition(|(section, ..)| section.kind == TrackKind::Audio);
        let wants = |of: &[(&Parameters, usize, &EncodingParameters)]| -> Vec<Want> {
            of.iter().map(|(section, _, encoding)| want(section.kind, encoding)).collect()
        };
        let sound = divide(total, &wants(&audio));
        let left = total.saturating_sub(sound.iter().sum());
        let pictures = divide(left, &wants(&video));
        let mut all = audio.iter().zip(sound).chain(video.iter().zip(pictures));
        let found = all.find(|((section, place, _), _)| section.transceiver == id && *place == index);
        found.map(|(_, share)| share)
    }

    /// What all that are sent may have together; `None` if one of them has no limit, or none is sent.
    pub(super) fn limit(sections: &[Parameters]) -> Option<u64> {
        let mut sending = sending(sections).peekable();
        sending.peek()?;
        sending
            .map(|(.., encoding)| encoding.max_bitrate)
            .try_fold(0_u64, |sum, most| Some(sum.saturating_add(most?)))
    }

    fn sending(&self) -> impl Iterator<Item = (&Parameters, usize, &EncodingParameters)> {
        sending(&self.sections)
    }
}

/// The encodings that are sent, with their places.
fn sending(sections: &[Parameters]) -> impl Iterator<Item = (&Parameters, usize, &EncodingParameters)> {
    let sections = sections.iter().filter(|section| section.sends);
    let all = sections.flat_map(|section| {
        section.encodings.iter().enumerate().map(move |(index, encoding)| (section, index, encoding))
    });
    all.filter(|(.., encoding)| encoding.active)
}

fn want(kind: TrackKind, encoding: &EncodingParameters) -> Want {
    match kind {
        // RFC 8835 §4.1, whatever the kind: not done, because sound takes little, and is missed most.
        TrackKind::Audio => {
            Want { weight: level(encoding.priority), most: Some(encoding.max_bitrate.unwrap_or(AUDIO)) }
        }
        TrackKind::Video => {
            // What a picture needs goes by its area.
            let scale = encoding.scale_resolution_down_by.unwrap_or(1.0);
            let area = 1.0 / (scale * scale).min(1e12);
            Want { weight: area * level(encoding.priority), most: encoding.max_bitrate }
        }
    }
}

/// RFC 8835 §4.1: each level has twice the share of the one below.
fn level(priority: Priority) -> f64 {
    match priority.0 {
        0..=128 => 1.0,
        129..=256 => 2.0,
        257..=512 => 4.0,
        513.. => 8.0,
    }
}

/// By weight, and what one may not have goes to the others.
fn divide(total: u64, wants: &[Want]) -> Vec<u64> {
    let mut shares: Vec<Option<u64>> = wants.iter().map(|_| None).collect();
    loop {
        let open = || wants.iter().zip(&shares).filter(|(_, share)| share.is_none()).map(|(want, _)| want);
        let left = total.saturating_sub(shares.iter().flatten().sum());
        let weights: f64 = open().map(|want| want.weight).sum();
        let part = |want: &Want| (left as f64 * (want.weight / weights)) as u64;
        let is_full = |want: &Want| want.most.is_some_and(|most| most <= part(want));
        let full: Vec<bool> = wants.iter().map(is_full).collect();
        let any = shares.iter().zip(&full).any(|(share, full)| share.is_none() && *full);
        for ((share, want), full) in
            shares.iter_mut().zip(wants).zip(full).filter(|((share, _), _)| share.is_none())
        {
            if full {
                *share = want.most;
            } else if !any {
                *share = Some(part(want));
            }
        }
        if !any {
            return shares.into_iter().flatten().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn layer(scale: f64, most: Option<u64>) -> Want {
        let encoding = EncodingParameters {
            scale_resolution_down_by: Some(scale),
            max_bitrate: most,
            ..EncodingParameters::default()
        };
        want(TrackKind::Video, &encoding)
    }

    #[test]
    fn layers_share_by_area() {
        let all = [layer(4.0, None), layer(2.0, None), layer(1.0, None)];
        assert_eq!(divide(2_100_000, &all), [100_000, 400_000, 1_600_000]);
        assert_eq!(divide(0, &all), [0, 0, 0]);
        assert_eq!(divide(1_000, &[]), Vec::<u64>::new());
    }

    #[test]
    fn rfc8835_4_1_a_level_has_twice_the_share_of_the_one_below() {
        let of = |priority| {
            let encoding = EncodingParameters { priority, ..EncodingParameters::default() };
            want(TrackKind::Video, &encoding)
        };
        let levels = [Priority::VERY_LOW, Priority::LOW, Priority::MEDIUM, Priority::HIGH];
        assert_eq!(divide(1_500_000, &levels.map(of)), [100_000, 200_000, 400_000, 800_000]);
        // As the priorities of data channels are read (webrtc-priority).
        assert_eq!([0, 200, 513, u16::MAX].map(|number| level(Priority(number))), [1.0, 2.0, 8.0, 8.0]);
    }

    #[test]
    fn what_one_may_not_have_goes_to_the_others() {
        let all = [layer(4.0, Some(50_000)), layer(2.0, Some(1_000_000)), layer(1.0, Some(800_000))];
        assert_eq!(divide(1_350_000, &all), [50_000, 500_000, 800_000]);
        assert_eq!(divide(9_000_000, &all), [50_000, 1_000_000, 800_000], "and what nobody may have is left");
        assert_eq!(divide(500_000, &[layer(1.0, Some(0)), layer(1.0, None)]), [0, 500_000]);
    }

    #[test]
    fn nothing_is_given_twice() {
        let mut wants = Vec::new();
        for n in 1..40_u32 {
            wants.push(layer(f64::from(n), (n % 3 == 0).then_some(u64::from(n) * 1_000)));
            for total in [1, 999, 1_000_000, u64::MAX / 4] {
                let shares = divide(total, &wants);
                assert_eq!(shares.len(), wants.len());
                // What is divided by floating point may be some bits too much, far above any network.
                assert!(shares.iter().sum::<u64>() <= total.saturating_add(total >> 40), "{shares:?}");
            }
        }
        assert_eq!(vec![0_u64; 2], divide(0, &wants[..2]));
    }
}
