//! The cursor that every message is read and written with.

use alloc::vec::Vec;

use bytemuck::TransparentWrapper;

use crate::id::NodeId;

/// Reads big-endian fields off a slice.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `count` bytes; `None` if fewer are left.
    #[inline(never)]
    pub fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    /// The next `N` bytes, in place.
    #[inline(never)]
    pub fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(head)
    }

    /// The next 32 bytes as an id, in place.
    pub fn id(&mut self) -> Option<&'a NodeId> {
        self.array().map(NodeId::wrap_ref)
    }

    /// The next byte.
    #[inline(always)]
    pub fn u8(&mut self) -> Option<u8> {
        Some(self.array::<1>()?[0])
    }

    /// The next two bytes as a number.
    #[inline(always)]
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16_of)
    }

    /// The next four bytes as a number.
    #[inline(always)]
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32_of)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Some` only when nothing is left: a message is exactly its fields.
    pub fn finish(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[inline(never)]
fn u16_of(bytes: &[u8; 2]) -> u16 {
    u16::from_be_bytes(*bytes)
}

#[inline(never)]
fn u32_of(bytes: &[u8; 4]) -> u32 {
    u32::from_be_bytes(*bytes)
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
        self.bytes(&[value])
    }

    /// Appends two bytes.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Appends four bytes.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
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
