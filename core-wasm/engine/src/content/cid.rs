//! Content ids: what a block is called, so that any IPFS tool gives it the same name.
//!
//! A [`Cid`] is a CIDv1 with one of two codecs and one hash function. Its bytes are
//!
//! ```text
//! 01        version
//! 55 | 71   codec: raw bytes | dag-cbor
//! 12 20     multihash: sha2-256, 32 bytes
//! hash      32
//! ```
//!
//! and its text is `b` (multibase: base32, lower case, no padding) and 58 characters. Both are read strictly: one
//! name has one spelling. The network itself asks for blocks by the hash alone.

use core::fmt;
use core::str::FromStr;

use crate::id::BlockHash;
use crate::wire::Reader;

/// The length of a [`Cid`] as bytes.
pub const BYTES: usize = 36;

/// The length of a [`Cid`] as text, in characters.
pub const TEXT: usize = 59;

/// The base32 alphabet (RFC 4648 §6), in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// How the bytes of a block are to be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Codec {
    /// As they are: a whole content of at most one block, or a leaf of a [`tree`](super::tree).
    Raw = 0x55,
    /// Deterministic CBOR with links: a node of a [`tree`](super::tree).
    DagCbor = 0x71,
}

/// The name of some content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cid {
    /// How to read the block.
    pub codec: Codec,
    /// SHA-256 of the block; the id under which the network keeps it.
    pub hash: BlockHash,
}

/// Why some bytes or characters are no [`Cid`] of this network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CidError {
    /// Not [`BYTES`] bytes, or not [`TEXT`] characters.
    Length = 1,
    /// Text that does not begin with `b`.
    Base = 2,
    /// A character that is no lower-case base32, or bits beyond the last byte.
    Character = 3,
    /// Not version 1.
    Version = 4,
    /// Neither raw nor dag-cbor.
    Codec = 5,
    /// Not sha2-256 with 32 bytes.
    Hash = 6,
}

impl Cid {
    /// Reads the 36 bytes of a CID.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CidError> {
        if bytes.len() != BYTES {
            return Err(CidError::Length);
        }
        let mut reader = Reader::new(bytes);
        if reader.u8() != 1 {
            return Err(CidError::Version);
        }
        let codec = match reader.u8() {
            0x55 => Codec::Raw,
            0x71 => Codec::DagCbor,
            _ => return Err(CidError::Codec),
        };
        match (reader.u16(), reader.hash()) {
            (0x1220, hash) => Ok(Self { codec, hash: *hash }),
            _ => Err(CidError::Hash),
        }
    }

    /// The CID as 36 bytes.
    pub fn to_bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (head, hash) = bytes.split_at_mut(4);
        head.copy_from_slice(&[1, self.codec as u8, 0x12, 0x20]);
        hash.copy_from_slice(&self.hash.0);
        bytes
    }

    /// Reads the 59 characters of a CID.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_text(text: &str) -> Result<Self, CidError> {
        let digits = text.strip_prefix('b').ok_or(CidError::Base)?;
        if text.len() != TEXT {
            return Err(CidError::Length);
        }
        let mut bytes = [0; BYTES];
        let mut slots = bytes.iter_mut();
        let (mut buffer, mut bits) = (0_u32, 0);
        for character in digits.bytes() {
            let value = match character {
                b'a'..=b'z' => character - b'a',
                b'2'..=b'7' => character - b'2' + 26,
                _ => return Err(CidError::Character),
            };
            buffer = buffer << 5 | u32::from(value);
            bits += 5;
            if bits >= 8
                && let Some(slot) = slots.next()
            {
                bits -= 8;
                *slot = (buffer >> bits) as u8;
                buffer &= (1 << bits) - 1;
            }
        }
        if buffer != 0 {
            return Err(CidError::Character);
        }
        Self::from_bytes(&bytes)
    }

    /// The CID as 59 ASCII characters.
    pub fn to_text(&self) -> [u8; TEXT] {
        let mut text = [b'b'; TEXT];
        let bytes = self.to_bytes();
        for (index, character) in text.iter_mut().skip(1).enumerate() {
            // The five bits lie in at most two bytes; behind the last byte come two zero bits.
            let (byte, bit) = (index * 5 / 8, index * 5 % 8);
            let high = bytes.get(byte).copied().unwrap_or_default();
            let low = bytes.get(byte + 1).copied().unwrap_or_default();
            let digit = u16::from_be_bytes([high, low]) << bit >> 11;
            *character = ALPHABET.get(usize::from(digit)).copied().unwrap_or_default();
        }
        text
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(core::str::from_utf8(&self.to_text()).unwrap_or_default())
    }
}

impl FromStr for Cid {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Self, CidError> {
        Self::from_text(text)
    }
}

impl fmt::Display for CidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a content id has 59 characters (36 bytes): copy all of it",
            Self::Base => "a content id begins with b (base32): convert one that begins with Qm or z",
            Self::Character => "a content id has only the letters a to z and the digits 2 to 7",
            Self::Version => "the content id is not of version 1: convert it to CIDv1",
            Self::Codec => "the content id names neither raw bytes nor dag-cbor: nothing else is kept here",
            Self::Hash => "the content id's hash is not sha2-256: nothing else is kept here",
        })
    }
}

impl core::error::Error for CidError {}
