//! The profiles of H.264 as `profile-level-id` spells them (RFC 6184 §8.1, table 5).

use super::codec::Codec;
use alloc::format;
use alloc::vec::Vec;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Profile {
    ConstrainedBaseline,
    Baseline,
    Main,
    Extended,
    High,
    ConstrainedHigh,
    Other(u8, u8),
}

pub(super) fn same_profile(one: &Codec, other: &Codec) -> bool {
    let profile = |codec: &Codec| match codec.parameter("profile-level-id") {
        Some(id) => Profile::parse(id),
        // RFC 6184 §8.1: Baseline if nothing is said.
        None => Some(Profile::Baseline),
    };
    profile(one).is_some() && profile(one) == profile(other)
}

/// What an answer says of our codec. RFC 6184 §8.2.2: unless both ends let the levels differ, the answer's is not above the
/// offer's.
pub(super) fn answered(ours: &Codec, theirs: &Codec) -> Codec {
    let free = |codec: &Codec| codec.parameter("level-asymmetry-allowed") == Some("1");
    // Level 1 if nothing is said (§8.1).
    let id = |codec: &Codec| {
        let id = codec.parameter("profile-level-id").unwrap_or("42000a");
        u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 6)
    };
    let (Some(own), Some(other)) = (id(ours), id(theirs)) else { return ours.clone() };
    let level = (own & 0xff).min(other & 0xff);
    if !ours.is("H264") || (free(ours) && free(theirs)) || level == own & 0xff {
        return ours.clone();
    }
    let lower = format!("profile-level-id={:06x}", (own & !0xff) | level);
    let parameters = ours.sdp_fmtp_line.as_deref().unwrap_or_default().split(';').map(str::trim);
    let kept = parameters.filter(|known| !known.is_empty() && !known.starts_with("profile-level-id"));
    let line = kept.chain([lower.as_str()]).collect::<Vec<_>>().join(";");
    Codec { sdp_fmtp_line: Some(line), ..ours.clone() }
}

impl Profile {
    /// Three bytes in hexadecimal: `profile_idc`, the constraint flags, the level.
    fn parse(id: &str) -> Option<Self> {
        let value = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 6)?;
        let [_, idc, constraints, _] = value.to_be_bytes();
        // `constraint_set0_flag` is the highest bit; table 5 says which matter for each profile.
        let set = |mask: u8, wanted: u8| constraints & mask == wanted;
        Some(match idc {
            0x42 if set(0x4f, 0x40) => Self::ConstrainedBaseline,
            0x4d if set(0x8f, 0x80) => Self::ConstrainedBaseline,
            0x58 if set(0xcf, 0xc0) => Self::ConstrainedBaseline,
            0x42 if set(0x4f, 0x00) => Self::Baseline,
            0x58 if set(0xcf, 0x80) => Self::Baseline,
            0x4d if set(0xaf, 0x00) => Self::Main,
            0x58 if set(0xcf, 0x00) => Self::Extended,
            0x64 if constraints == 0x00 => Self::High,
            0x64 if constraints == 0x0c => Self::ConstrainedHigh,
            _ => Self::Other(idc, constraints),
        })
    }
}
