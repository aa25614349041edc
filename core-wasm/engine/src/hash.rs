//! SHA-256, for ids and other small things; bulk digests are a job of the shell.

use sha2::{Digest, Sha256 as Hasher};

/// A running SHA-256.
#[derive(Clone, Default)]
pub struct Sha256(Hasher);

impl Sha256 {
    /// Starts an empty hash.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `bytes` to what is hashed.
    #[inline(never)]
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Ends the hash: 32 bytes.
    #[inline(never)]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// The SHA-256 of `bytes`: 32 bytes.
#[inline(never)]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(bytes);
    hash.finish()
}
