//! The profiles of H.264 as `profile-level-id` spells them (RFC 6184 §8.1, table 5).

use super::codec::Codec;

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
