//! CRC-32 (STUN's FINGERPRINT) and CRC-32c (SCTP's checksum).

/// CRC-32 as ITU V.42 has it (RFC 8489 §14.7).
pub fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// CRC-32c, Castagnoli's polynomial (RFC 9260 appendix A).
///
/// With the feature `std` the processor's carry-less multiplication is used where there is one.
pub fn crc32c(bytes: &[u8]) -> u32 {
    #[cfg(feature = "std")]
    return crc_fast::crc32_iscsi(bytes);
    #[cfg(not(feature = "std"))]
    return table_crc32c(0, bytes);
}

/// Continues [`crc32c()`] over further bytes: `crc32c_append(crc32c(a), b)` is the checksum of `a` followed by `b`.
pub fn crc32c_append(crc: u32, bytes: &[u8]) -> u32 {
    #[cfg(feature = "std")]
    {
        // The register holds the complement of what the checksum shows.
        let mut digest =
            crc_fast::Digest::new_with_init_state(crc_fast::CrcAlgorithm::Crc32Iscsi, (!crc).into());
        digest.update(bytes);
        digest.finalize() as u32
    }
    #[cfg(not(feature = "std"))]
    table_crc32c(crc, bytes)
}

#[cfg(any(test, not(feature = "std")))]
fn table_crc32c(crc: u32, bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!crc, |crc, &byte| {
        let entry = TABLE.get(usize::from(crc as u8 ^ byte)).copied().unwrap_or_default();
        crc >> 8 ^ entry
    })
}

#[cfg(any(test, not(feature = "std")))]
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const TABLE: [u32; 256] = {
    const REFLECTED_POLYNOMIAL: u32 = 0x82f6_3b78;
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { REFLECTED_POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        // The check values of the CRC catalogue for CRC-32/ISO-HDLC and CRC-32/ISCSI.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(table_crc32c(0, b"123456789"), 0xe306_9283);
        assert_eq!(crc32c_append(crc32c(b"1234"), b"56789"), 0xe306_9283);
        assert_eq!(table_crc32c(table_crc32c(0, b"1234"), b"56789"), 0xe306_9283);
    }

    /// Long inputs take other instructions than short ones.
    #[test]
    fn crc32c_agrees_with_the_table_at_every_length() {
        let bytes: alloc::vec::Vec<u8> = (0..1500u32).map(|i| ((i * i) >> 3) as u8).collect();
        for len in 0..bytes.len() {
            let (head, tail) = bytes[..len].split_at(len / 3);
            let expected = table_crc32c(0, &bytes[..len]);
            assert_eq!(crc32c(&bytes[..len]), expected, "{len}");
            assert_eq!(crc32c_append(crc32c(head), tail), expected, "{len}");
        }
    }
}
