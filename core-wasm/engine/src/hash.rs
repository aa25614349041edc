//! SHA-256, for ids and other small things; bulk digests are a job of the shell.

use sha2::block_api::compress256;

/// The first 32 bits of the fractional parts of the square roots of the first eight primes (FIPS 180-4 §5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// What follows the bytes, until only their length has room in the last block.
const PADDING: [u8; 64] = {
    let mut bytes = [0; 64];
    bytes[0] = 0x80;
    bytes
};

/// The SHA-256 of `bytes`: 32 bytes.
#[inline(never)]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut state = START;
    let (blocks, rest) = bytes.as_chunks();
    compress256(&mut state, blocks);
    let mut last = rest.to_vec();
    last.extend_from_slice(PADDING.get(..64 - (rest.len() + 8) % 64).unwrap_or(&[]));
    last.extend_from_slice(&big_endian(bytes.len() as u64 * 8));
    compress256(&mut state, last.as_chunks().0);
    let mut hash = [0; 32];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// The bytes of `number`, big-endian. Wasm has no instruction for it, so it is done in one place.
#[inline(never)]
pub(crate) fn big_endian(mut number: u64) -> [u8; 8] {
    let mut bytes = [0; 8];
    for byte in bytes.iter_mut().rev() {
        *byte = number as u8;
        number >>= 8;
    }
    bytes
}
