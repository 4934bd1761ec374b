//! Serial-number arithmetic (RFC 1982): numbers that wrap around, compared by the shorter way round.

use core::cmp::Ordering;

/// Compares two 16-bit serial numbers; `None` if they are exactly half the circle apart.
pub const fn compare_u16(a: u16, b: u16) -> Option<Ordering> {
    match a.wrapping_sub(b) {
        0 => Some(Ordering::Equal),
        1..0x8000 => Some(Ordering::Greater),
        0x8000 => None,
        _ => Some(Ordering::Less),
    }
}

/// Compares two 32-bit serial numbers; `None` if they are exactly half the circle apart.
pub const fn compare_u32(a: u32, b: u32) -> Option<Ordering> {
    match a.wrapping_sub(b) {
        0 => Some(Ordering::Equal),
        1..0x8000_0000 => Some(Ordering::Greater),
        0x8000_0000 => None,
        _ => Some(Ordering::Less),
    }
}

/// Whether `a` comes before `b`.
pub const fn lt_u16(a: u16, b: u16) -> bool {
    matches!(compare_u16(a, b), Some(Ordering::Less))
}

/// Whether `a` comes before `b`.
pub const fn lt_u32(a: u32, b: u32) -> bool {
    matches!(compare_u32(a, b), Some(Ordering::Less))
}

/// The full 64-bit number nearest to `around` whose low `bits` bits (1 to 63) are `low`.
///
/// RFC 9147 §4.2.2, RFC 3711 §3.3.1 and SCTP's TSNs all widen a truncated number like this.
pub const fn widen(low: u64, bits: u32, around: u64) -> u64 {
    let size = 1u64 << bits;
    let mask = size - 1;
    let candidate = around & !mask | low & mask;
    if candidate > around && candidate - around > size / 2 && candidate >= size {
        candidate - size
    } else if around > candidate && around - candidate > size / 2 && candidate <= u64::MAX - size {
        candidate + size
    } else {
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps() {
        assert!(lt_u32(u32::MAX, 0));
        assert!(!lt_u32(0, u32::MAX));
        assert!(lt_u16(65535, 0));
        assert_eq!(compare_u32(0, 1 << 31), None);
        assert_eq!(compare_u16(0x8000, 0), None);
    }

    #[test]
    fn widens_to_the_nearest() {
        assert_eq!(widen(0x0001, 16, 0xffff), 0x1_0001);
        assert_eq!(widen(0xffff, 16, 0x1_0001), 0xffff);
        assert_eq!(widen(0xffff, 16, 0), 0xffff);
        assert_eq!(widen(5, 8, 3), 5);
    }
}
