//! RTP and RTCP on one port (RFC 5761 §4).

/// Whether a datagram that begins with RTP's version is RTCP: its second byte is 192 to 223, which RTP with multiplexing
/// never has (RFC 5761 §4). Works on SRTP and SRTCP too.
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc5761_4_the_second_byte_tells() {
        for (bytes, expected) in [
            (&[0x80, 200][..], true),
            (&[0xa0, 192], true),
            (&[0x80, 223], true),
            (&[0x80, 224], false),
            (&[0x80, 0x80 | 63], false),
            (&[0x80, 96], false),
            (&[0x00, 200], false),
            (&[0x80], false),
            (&[], false),
        ] {
            assert_eq!(is_rtcp(bytes), expected, "{bytes:?}");
        }
    }
}
