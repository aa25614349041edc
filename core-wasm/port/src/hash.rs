//! SHA-256, for ids and other small things.

use sha2::block_api::compress256;

/// The first 32 bits of the fractional parts of the square roots of the first eight primes (FIPS 180-4 §5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The SHA-256 of `bytes`: 32 bytes.
#[inline(never)]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut state = START;
    let (blocks, rest) = bytes.as_chunks();
    compress256(&mut state, blocks);
    // What is left, a one, zeros, and the length in the last eight bytes of one block or two (FIPS 180-4 §5.1.1).
    let mut last = [0; 128];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    if let Some(end) = last.get_mut(rest.len()) {
        *end = 0x80;
    }
    let end = if rest.len() < 56 { 64 } else { 128 };
    let (last, _) = last.split_at_mut(end);
    if let Some(length) = last.last_chunk_mut() {
        *length = big_endian(bytes.len() as u64 * 8);
    }
    compress256(&mut state, last.as_chunks().0);
    let mut hash = [0; 32];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// The bytes of `number`, big-endian. Wasm has no instruction for it, so it is done in one place.
#[inline(never)]
pub fn big_endian(mut number: u64) -> [u8; 8] {
    let mut bytes = [0; 8];
    for byte in bytes.iter_mut().rev() {
        *byte = number as u8;
        number >>= 8;
    }
    bytes
}
