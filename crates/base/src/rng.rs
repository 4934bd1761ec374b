//! Randomness as an argument: a ChaCha20 generator from a seed that the caller supplies.

use chacha20::ChaCha20Rng;
use core::fmt;
use rand_core::{Rng as _, SeedableRng as _};

/// A cryptographically secure generator; the same seed gives the same bytes.
///
/// Every value that a peer must not guess comes from here. Each engine gets a [`fork`](Self::fork) of its own, so that
/// one layer's extra draw shifts no other layer's bytes.
pub struct Rng {
    seed: [u8; 32],
    stream: ChaCha20Rng,
}

impl Rng {
    /// A generator from 32 unguessable bytes, which the caller takes from its operating system or hardware.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed, stream: ChaCha20Rng::from_seed(seed) }
    }

    /// A generator for tests and reproductions: anyone can guess what it yields.
    pub fn for_tests(seed: u64) -> Self {
        let mut bytes = [0; 32];
        for (byte, value) in bytes.iter_mut().zip(seed.to_le_bytes()) {
            *byte = value;
        }
        Self::from_seed(bytes)
    }

    /// An independent generator, which depends on this one's seed and on `label` only, not on what was drawn.
    ///
    /// The same label gives the same generator: number the label where several engines of a kind are needed.
    pub fn fork(&self, label: &str) -> Self {
        // A walk down a tree of generators, one step for each seven bytes; the count in each step's top byte makes
        // no label a prefix of another, and the last step is one that no piece can take.
        let mut seed = self.seed;
        for piece in label.as_bytes().chunks(7) {
            let step = piece.iter().fold(piece.len() as u64, |step, &byte| step << 8 | u64::from(byte));
            seed = child(seed, step);
        }
        Self::from_seed(child(seed, u64::MAX))
    }

    /// What it was made from, for recordings: a secret.
    pub const fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [u8]) {
        self.stream.fill_bytes(out);
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// A random 32-bit number.
    pub fn u32(&mut self) -> u32 {
        self.stream.next_u32()
    }

    /// A random 64-bit number.
    pub fn u64(&mut self) -> u64 {
        self.stream.next_u64()
    }

    /// A number in `0..bound`, without bias; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Draws from the uneven rest at the top are thrown away: less than one redraw on average.
        let usable = u64::MAX - u64::MAX % bound;
        loop {
            let draw = self.u64();
            if draw < usable {
                return draw % bound;
            }
        }
    }
}

fn child(seed: [u8; 32], step: u64) -> [u8; 32] {
    let mut stream = ChaCha20Rng::from_seed(seed);
    stream.set_stream(step);
    let mut out = [0; 32];
    stream.fill_bytes(&mut out);
    out
}

/// Shows nothing: the seed is a secret.
impl fmt::Debug for Rng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_does_not_depend_on_what_was_drawn() {
        let fresh = Rng::for_tests(7);
        let mut used = Rng::for_tests(7);
        used.bytes::<100>();
        assert_eq!(fresh.fork("dtls").bytes::<32>(), used.fork("dtls").bytes::<32>());
    }

    #[test]
    fn labels_and_seeds_separate() {
        let rng = Rng::for_tests(7);
        let labels = ["", "a", "ab", "abcdefg", "abcdefgh", "abcdefg\0", "\0"];
        for (i, a) in labels.iter().enumerate() {
            for b in &labels[i + 1..] {
                assert_ne!(rng.fork(a).bytes::<16>(), rng.fork(b).bytes::<16>(), "{a:?} {b:?}");
            }
            assert_ne!(rng.fork(a).bytes::<16>(), Rng::for_tests(7).bytes::<16>());
            assert_ne!(rng.fork(a).bytes::<16>(), Rng::for_tests(8).fork(a).bytes::<16>());
        }
    }

    /// RFC 8439 A.1, test vector 1: the keystream for an all-zero key, nonce and counter.
    #[test]
    fn is_chacha20() {
        let expected =
            [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28];
        assert_eq!(Rng::from_seed([0; 32]).bytes::<16>(), expected);
    }

    #[test]
    fn below_stays_below() {
        let mut rng = Rng::for_tests(1);
        assert_eq!(rng.below(0), 0);
        assert!((0..1000).all(|_| rng.below(3) < 3));
    }
}
