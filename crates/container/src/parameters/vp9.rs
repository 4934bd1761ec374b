//! VP9's uncompressed header (VP9 bitstream specification §6.2), as far as the size of a picture.

use siskin_rtp::bits::BitReader;

const SYNC: u32 = 0x49_8342;
const RGB: u32 = 7;

/// Width and height of a key frame.
pub(super) fn size(frame: &[u8]) -> Option<(u32, u32)> {
    let mut r = BitReader::new(frame);
    if r.bits(2)? != 2 {
        return None;
    }
    let profile = r.bits(1)? | r.bits(1)? << 1;
    if profile == 3 {
        r.flag()?;
    }
    let (shows_existing, inter, _shown, _resilient) = (r.flag()?, r.flag()?, r.flag()?, r.flag()?);
    if shows_existing || inter || r.bits(24)? != SYNC {
        return None;
    }
    // §6.2.2, color_config
    if profile >= 2 {
        r.flag()?;
    }
    let odd = profile & 1 == 1;
    if r.bits(3)? != RGB {
        r.bits(if odd { 4 } else { 1 })?;
    } else if odd {
        r.flag()?;
    }
    Some((r.bits(16)? + 1, r.bits(16)? + 1))
}
