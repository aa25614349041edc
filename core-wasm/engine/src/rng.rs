//! Randomness for protocol choices. Keys never come from here.
//!
//! What others see on the wire (nonces, sessions, the numbers of requests and probes) comes from the [`Keystream`]: whoever
//! has seen all of it until now foretells nothing of what comes. [`Rng`] is quick, and can be computed backwards from one
//! output: it is for jitter, and for choices that show no number.

use crate::hash::{big_endian, sha256};

/// A small seeded generator (SplitMix64): equal seeds give equal choices.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[inline(never)]
    #[expect(clippy::should_implement_trait, reason = "an endless source is no iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }
}

/// SHA-256 in counter mode over a key of 256 bits.
pub(crate) struct Keystream {
    /// The key, and then the number of the next block.
    block: [u8; 40],
    count: u64,
}

impl Keystream {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let mut block = [0; 40];
        if let Some(place) = block.first_chunk_mut() {
            *place = *key;
        }
        Self { block, count: 0 }
    }

    /// The next 32 bytes.
    #[inline(never)]
    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        self.count += 1;
        if let Some(place) = self.block.last_chunk_mut() {
            *place = big_endian(self.count);
        }
        sha256(&self.block)
    }

    /// A number of 64 bits.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> u64 {
        self.bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_its_keys_alone_and_never_repeats() {
        let (mut one, mut same, mut other) =
            (Keystream::new(&[1; 32]), Keystream::new(&[1; 32]), Keystream::new(&[2; 32]));
        let mut seen = alloc::vec::Vec::new();
        for _ in 0..100 {
            let bytes = one.bytes();
            assert_eq!(bytes, same.bytes());
            assert!(bytes != other.bytes() && !seen.contains(&bytes));
            seen.push(bytes);
        }
        assert_eq!(seen[0], sha256(&[&[1u8; 32][..], &1u64.to_be_bytes()].concat()));
    }
}
