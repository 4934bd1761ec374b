//! Opus (RFC 7587): one Opus packet is one RTP payload, and is never cut.

/// Samples at 48 kHz, RTP's clock for Opus, that a packet holds (RFC 6716 §3.1, §3.2): the timestamps it takes. `None` if
/// it is no Opus packet, or longer than the 120 ms that one may be.
pub fn duration(packet: &[u8]) -> Option<u32> {
    let (toc, rest) = packet.split_first()?;
    let config = toc >> 3;
    let frame = match config {
        // SILK: 10, 20, 40 and 60 ms.
        0..12 => [480, 960, 1_920, 2_880].get(usize::from(config % 4)).copied()?,
        // Hybrid: 10 and 20 ms.
        12..16 => 480 << (config % 2),
        // CELT: 2.5, 5, 10 and 20 ms.
        _ => 120u32 << (config % 4),
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(rest.first()? & 0x3f),
    };
    Some(frame * frames).filter(|samples| (1..=5_760).contains(samples))
}

/// Whether a packet is stereo.
pub fn is_stereo(packet: &[u8]) -> bool {
    packet.first().is_some_and(|toc| toc & 4 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6716_3_1_table_2() {
        // Configuration, frame size in samples at 48 kHz.
        for (config, samples) in [
            (0, 480),
            (3, 2_880),
            (7, 2_880),
            (11, 2_880),
            (12, 480),
            (15, 960),
            (16, 120),
            (19, 960),
            (31, 960),
        ] {
            assert_eq!(duration(&[config << 3]), Some(samples), "{config}");
            assert_eq!(duration(&[config << 3 | 1]), Some(samples * 2).filter(|s| *s <= 5_760), "{config}");
        }
        assert_eq!(duration(&[31 << 3 | 3, 6]), Some(5_760));
        assert_eq!(duration(&[31 << 3 | 3, 7]), None);
        assert_eq!(duration(&[31 << 3 | 3]), None);
        assert_eq!(duration(&[]), None);
        assert!(is_stereo(&[4]) && !is_stereo(&[3]));
    }
}
