//! One port, many protocols: told apart by the first byte (RFC 7983 §7, RFC 9443 §3).

/// What a datagram is, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// STUN, 0 to 3.
    Stun,
    /// ZRTP, 16 to 19: not spoken here.
    Zrtp,
    /// DTLS, 20 to 63.
    Dtls,
    /// TURN ChannelData, 64 to 79.
    TurnChannel,
    /// RTP and RTCP, 128 to 191.
    Rtp,
    /// Anything else, and nothing at all.
    Unknown,
}

impl Kind {
    /// Looks at the first byte only.
    pub const fn of(datagram: &[u8]) -> Self {
        match datagram.first() {
            Some(0..=3) => Self::Stun,
            Some(16..=19) => Self::Zrtp,
            Some(20..=63) => Self::Dtls,
            Some(64..=79) => Self::TurnChannel,
            Some(128..=191) => Self::Rtp,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7983_7_ranges() {
        let table = [
            (0, Kind::Stun),
            (3, Kind::Stun),
            (4, Kind::Unknown),
            (19, Kind::Zrtp),
            (20, Kind::Dtls),
            (63, Kind::Dtls),
            (64, Kind::TurnChannel),
            (80, Kind::Unknown),
            (127, Kind::Unknown),
            (128, Kind::Rtp),
            (191, Kind::Rtp),
            (192, Kind::Unknown),
        ];
        for (byte, kind) in table {
            assert_eq!(Kind::of(&[byte]), kind, "{byte}");
        }
        assert_eq!(Kind::of(&[]), Kind::Unknown);
    }
}
