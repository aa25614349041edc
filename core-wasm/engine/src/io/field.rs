//! How the fields of inputs and outputs lie in numbers and bytes.

use alloc::vec::Vec;

use super::{JobId, LinkId, LinkKind, OpId, Profile};
use crate::id::{BlockHash, NodeId, PublicKey, Signature, TopicId};
use crate::status::{Reason, Status};

/// What a number can say.
pub(crate) trait Number: Sized {
    /// `None` where the number says nothing.
    fn read(number: u32) -> Option<Self>;
}

/// What an input's field is in the flat form; only tests and traces ask.
pub(super) trait Write {
    fn to_number(&self) -> u32 {
        0
    }

    fn write(&self, _sink: &mut dyn FnMut(&[u8])) {}
}

/// What bytes that stay where they are can say.
pub(crate) trait Bytes<'a>: Sized {
    /// `None` where they are too few.
    fn read(bytes: &'a [u8]) -> Option<Self>;
}

/// What bytes that are handed over can say.
pub(super) trait Owned: Sized {
    /// `None` where they are too few.
    fn take(bytes: &mut Vec<u8>) -> Option<Self>;
}

macro_rules! numbers {
    ($($type:ty: |$number:ident| $read:expr, |$field:ident| $write:expr;)*) => { $(
        impl Number for $type {
            #[inline(always)]
            fn read($number: u32) -> Option<Self> {
                $read
            }
        }

        impl Write for $type {
            fn to_number(&self) -> u32 {
                let $field = self;
                $write
            }
        }
    )* };
}

numbers! {
    LinkId: |number| Self::new(number as u16), |link| link.word();
    JobId: |number| Some(Self(number)), |job| job.0;
    OpId: |number| Some(Self(number)), |op| op.0;
    u16: |number| Some(number as Self), |number| (*number).into();
    u64: |number| Some(number.into()), |number| *number as u32;
    Status: |number| Self::from_code(number as u16), |status| *status as u32;
}

macro_rules! values {
    ($($type:ty: |$number:ident| $read:expr;)*) => { $(
        impl Number for $type {
            fn read($number: u32) -> Option<Self> {
                $read
            }
        }
    )* };
}

values! {
    u8: |number| Some(number as Self);
    u32: |number| Some(number);
    i32: |number| Some(number as Self);
    bool: |number| Some(number & 1 != 0);
    Reason: |number| Some(Self::from_code(number as u8));
    Profile: |number| Some(Self::from_code(number as u8));
    LinkKind: |number| Some(Self::from_code(number as u8));
}

impl<'a> Bytes<'a> for &'a [u8] {
    #[inline(always)]
    fn read(bytes: &'a [u8]) -> Option<Self> {
        Some(bytes)
    }
}

impl<'a> Bytes<'a> for &'a NodeId {
    #[inline(always)]
    fn read(bytes: &'a [u8]) -> Option<Self> {
        NodeId::list(bytes).first()
    }
}

impl<'a> Bytes<'a> for &'a TopicId {
    #[inline(always)]
    fn read(bytes: &'a [u8]) -> Option<Self> {
        Some(TopicId::of(bytes.first_chunk()?))
    }
}

impl<'a> Bytes<'a> for &'a Signature {
    #[inline(always)]
    fn read(bytes: &'a [u8]) -> Option<Self> {
        Some(Signature::of(bytes.first_chunk()?))
    }
}

impl<'a> Bytes<'a> for &'a BlockHash {
    #[inline(always)]
    fn read(bytes: &'a [u8]) -> Option<Self> {
        BlockHash::list(bytes).first()
    }
}

impl<'a> Bytes<'a> for &'a [BlockHash] {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        Some(BlockHash::list(bytes))
    }
}

impl Bytes<'_> for u32 {
    #[inline(always)]
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_be_bytes(*bytes.first_chunk()?))
    }
}

impl Bytes<'_> for u8 {
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first().copied()
    }
}

impl Bytes<'_> for Vec<u8> {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_vec())
    }
}

impl<'a> Bytes<'a> for &'a [NodeId] {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        Some(NodeId::list(bytes))
    }
}

impl Bytes<'_> for bool {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(bytes == [1])
    }
}

impl Bytes<'_> for NodeId {
    fn read(bytes: &[u8]) -> Option<Self> {
        Self::list(bytes).first().copied()
    }
}

impl Bytes<'_> for PublicKey {
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Self)
    }
}

impl Bytes<'_> for Signature {
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Self)
    }
}

impl Bytes<'_> for TopicId {
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Self)
    }
}

impl Bytes<'_> for u64 {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_be_bytes(*bytes.first_chunk()?))
    }
}

impl Bytes<'_> for BlockHash {
    fn read(bytes: &[u8]) -> Option<Self> {
        Self::list(bytes).first().copied()
    }
}

impl Bytes<'_> for Option<NodeId> {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(NodeId::list(bytes).first().copied())
    }
}

impl Bytes<'_> for Option<BlockHash> {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(BlockHash::list(bytes).first().copied())
    }
}

impl Bytes<'_> for Vec<NodeId> {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(NodeId::list(bytes).to_vec())
    }
}

impl Bytes<'_> for Vec<BlockHash> {
    fn read(bytes: &[u8]) -> Option<Self> {
        Some(BlockHash::list(bytes).to_vec())
    }
}

impl<const N: usize> Bytes<'_> for [u8; N] {
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied()
    }
}

impl Owned for Vec<u8> {
    fn take(bytes: &mut Vec<u8>) -> Option<Self> {
        Some(core::mem::take(bytes))
    }
}

impl<const N: usize> Owned for [u8; N] {
    fn take(bytes: &mut Vec<u8>) -> Option<Self> {
        bytes.first_chunk().copied()
    }
}

impl Owned for Option<PublicKey> {
    fn take(bytes: &mut Vec<u8>) -> Option<Self> {
        Some(bytes.first_chunk().copied().map(PublicKey))
    }
}

impl Write for &[u8] {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(&self[..]);
    }
}

impl Write for &Signature {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(&self.0);
    }
}

impl Write for &NodeId {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(&self.0);
    }
}

impl Write for &TopicId {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(&self.0);
    }
}

impl Write for &BlockHash {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(&self.0);
    }
}

impl Write for &[NodeId] {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(NodeId::list_bytes(self));
    }
}

impl Write for &[BlockHash] {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(BlockHash::list_bytes(self));
    }
}

impl Write for u8 {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(&[*self]);
    }
}

impl Write for u32 {
    fn to_number(&self) -> u32 {
        *self
    }

    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(&self.to_be_bytes());
    }
}

impl Write for bool {
    fn write(&self, sink: &mut dyn FnMut(&[u8])) {
        sink(&[u8::from(*self)]);
    }
}
