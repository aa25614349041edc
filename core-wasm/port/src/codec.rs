//! The cursor that every message is read and written with.

use alloc::vec::Vec;

use bytemuck::TransparentWrapper;

use crate::fault::Fault;
use crate::hash::big_endian;
use crate::id::{BlockHash, NodeId, PublicKey, Signature};

/// Reads big-endian fields off a slice.
///
/// Once bytes are missing all that is read is zero or empty, and only [`Reader::end`] says so: whoever reads ends with it.
#[derive(Clone, Debug)]
pub struct Reader<'a>(Result<&'a [u8], Fault>);

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Ok(bytes))
    }

    /// The next `count` bytes.
    #[inline(never)]
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let Ok(bytes) = self.0 else { return &[] };
        let Some((head, tail)) = bytes.split_at_checked(count) else {
            self.0 = Err(Fault::truncated(count, bytes.len()));
            return &[];
        };
        self.0 = Ok(tail);
        head
    }

    /// The next `N` bytes, in place.
    #[inline(never)]
    pub fn array<const N: usize>(&mut self) -> &'a [u8; N] {
        self.bytes(N).first_chunk().unwrap_or(&[0; N])
    }

    /// The next 32 bytes as an id, in place.
    pub fn id(&mut self) -> &'a NodeId {
        NodeId::wrap_ref(self.array())
    }

    /// The next 32 bytes as a block's hash, in place.
    pub fn hash(&mut self) -> &'a BlockHash {
        BlockHash::wrap_ref(self.array())
    }

    /// The next 64 bytes as a public key, in place.
    pub fn key(&mut self) -> &'a PublicKey {
        PublicKey::wrap_ref(self.array())
    }

    /// The next 64 bytes as a signature, in place.
    pub fn signature(&mut self) -> &'a Signature {
        Signature::wrap_ref(self.array())
    }

    /// The next byte.
    pub fn u8(&mut self) -> u8 {
        self.number(1) as u8
    }

    /// The next two bytes as a number.
    pub fn u16(&mut self) -> u16 {
        self.number(2) as u16
    }

    /// The next four bytes as a number.
    pub fn u32(&mut self) -> u32 {
        self.number(4)
    }

    #[inline(never)]
    fn number(&mut self, count: usize) -> u32 {
        self.bytes(count).iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    /// The next eight bytes as a number.
    pub fn u64(&mut self) -> u64 {
        u64::from(self.u32()) << 32 | u64::from(self.u32())
    }

    /// All that is left.
    #[inline(never)]
    pub fn rest(&mut self) -> &'a [u8] {
        self.0.as_mut().map_or(&[], core::mem::take)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.map_or(true, <[u8]>::is_empty)
    }

    /// `Some` only when nothing is left and nothing was missing: a message is exactly its fields.
    pub fn finish(self) -> Option<()> {
        self.end().ok()
    }

    /// The same, and what is wrong otherwise.
    ///
    /// # Errors
    /// When bytes were missing, or some are left.
    pub fn end(self) -> Result<(), Fault> {
        match self.0?.len() {
            0 => Ok(()),
            left => Err(Fault::trailing(left)),
        }
    }

    /// `Some` only when nothing was missing: more may follow.
    pub fn intact(&self) -> Option<()> {
        self.whole().ok()
    }

    /// The same, and what is wrong otherwise.
    ///
    /// # Errors
    /// When bytes were missing.
    pub fn whole(&self) -> Result<(), Fault> {
        self.0.map(|_| ())
    }
}

/// Writes big-endian fields into a buffer.
#[derive(Default, Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty message with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Appends one byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.number(value.into(), 1)
    }

    /// Appends two bytes.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.number(value.into(), 2)
    }

    /// Appends four bytes.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.number(value.into(), 4)
    }

    /// Appends eight bytes.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.number(value, 8)
    }

    /// Appends the last `count` bytes of a number.
    #[inline(never)]
    fn number(&mut self, value: u64, count: usize) -> &mut Self {
        let bytes = big_endian(value);
        self.bytes(bytes.get(8 - count..).unwrap_or(&[]))
    }

    /// Appends `bytes` as they are.
    #[inline(never)]
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// How many bytes were written.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}
