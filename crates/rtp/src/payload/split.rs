//! Cutting bytes into parts of nearly the same size, so that no tiny packet ends a frame.

use super::PayloadError;

/// Parts of a frame that are still to be sent.
#[derive(Clone, Debug)]
pub(super) struct Split<'f> {
    rest: &'f [u8],
    parts: usize,
    started: bool,
}

/// One part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'f> {
    pub(super) bytes: &'f [u8],
    pub(super) first: bool,
    pub(super) last: bool,
}

impl<'f> Split<'f> {
    /// Cuts `bytes` into as few parts of at most `most` bytes as can be; nothing has no parts.
    pub(super) fn new(bytes: &'f [u8], most: usize) -> Result<Self, PayloadError> {
        if most == 0 {
            return Err(PayloadError::TooLarge);
        }
        Ok(Self { rest: bytes, parts: bytes.len().div_ceil(most), started: false })
    }
}

impl<'f> Iterator for Split<'f> {
    type Item = Part<'f>;

    fn next(&mut self) -> Option<Part<'f>> {
        let len = self.rest.len().checked_div(self.parts)?;
        // The greater parts come last.
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        self.parts -= 1;
        let first = !core::mem::replace(&mut self.started, true);
        Some(Part { bytes, first, last: self.parts == 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn parts_are_even_and_complete() {
        let bytes: Vec<u8> = (0..=255).collect();
        for most in 1..300 {
            let parts: Vec<_> = Split::new(&bytes, most).unwrap().collect();
            assert_eq!(parts.len(), 256usize.div_ceil(most));
            assert!(
                parts.iter().all(|part| part.bytes.len() <= most && part.bytes.len() >= 256 / parts.len())
            );
            assert!(parts[0].first && parts[parts.len() - 1].last);
            assert_eq!(parts.concat_bytes(), bytes);
        }
        assert_eq!(Split::new(&[], 5).unwrap().count(), 0);
    }

    trait Concat {
        fn concat_bytes(&self) -> Vec<u8>;
    }

    impl Concat for Vec<Part<'_>> {
        fn concat_bytes(&self) -> Vec<u8> {
            self.iter().flat_map(|part| part.bytes.iter().copied()).collect()
        }
    }
}
