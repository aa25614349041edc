//! Node ids and their geometry (Kademlia §2.1).

use bytemuck::TransparentWrapper;

use crate::hash::sha256;

/// A P-256 public key as WebCrypto exports it, without the leading 4: X ‖ Y, 64 bytes, big-endian.
#[derive(Clone, Copy, PartialEq, Eq, Hash, TransparentWrapper)]
#[repr(transparent)]
pub struct PublicKey(pub [u8; 64]);

/// An ECDSA P-256 SHA-256 signature as WebCrypto makes it: r ‖ s, 64 bytes, big-endian. Either s is valid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, TransparentWrapper)]
#[repr(transparent)]
pub struct Signature(pub [u8; 64]);

/// A place in the id space, 32 bytes: a node (SHA-256 of its public key), or where a block or a topic belongs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TransparentWrapper)]
#[repr(transparent)]
pub struct NodeId(pub [u8; 32]);

/// Names a topic, 32 bytes: SHA-256 of `"tabmesh topic v1" ‖ name`, say. The node closest to it introduces subscribers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TransparentWrapper)]
#[repr(transparent)]
pub struct TopicId(pub [u8; 32]);

/// The name of a block, 32 bytes: SHA-256 of its bytes. The nodes closest to its [place](Self::place) hold it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TransparentWrapper)]
#[repr(transparent)]
pub struct BlockHash(pub [u8; 32]);

/// The XOR of two ids; compared as a big-endian number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Distance(pub [u8; 32]);

impl NodeId {
    /// The ids that stand one after another in `bytes`, in place; a rest below 32 bytes is left out.
    pub fn list(bytes: &[u8]) -> &[Self] {
        Self::wrap_slice(bytes.as_chunks().0)
    }

    /// The bytes of `ids`, one after another, in place.
    pub fn list_bytes(ids: &[Self]) -> &[u8] {
        Self::peel_slice(ids).as_flattened()
    }

    /// The id that `key` proves.
    pub fn of_key(key: &PublicKey) -> Self {
        Self(sha256(&key.0))
    }

    /// Its first 8 bytes: enough to know it again among a few.
    pub fn head(&self) -> u64 {
        u64::from_le_bytes(*self.0.first_chunk().unwrap_or(&[0; 8]))
    }

    /// How far `self` and `other` are apart.
    #[inline(never)]
    pub fn distance(&self, other: &Self) -> Distance {
        let mut bytes = self.0;
        for (byte, theirs) in bytes.iter_mut().zip(&other.0) {
            *byte ^= theirs;
        }
        Distance(bytes)
    }

    /// Whether `self` is strictly nearer to `target` than `other` is.
    pub fn is_nearer(&self, other: &Self, target: &Self) -> bool {
        // The first byte in which the two differ decides, and most often it is the first byte.
        for ((one, two), wanted) in self.0.iter().zip(&other.0).zip(&target.0) {
            if one != two {
                return one ^ wanted < two ^ wanted;
            }
        }
        false
    }

    /// How many leading bits `self` and `other` share: 0 to 256.
    pub fn shared_bits(&self, other: &Self) -> u32 {
        leading_zeros(&self.distance(other).0)
    }

    /// The id with bit `bit` (0 is the most significant) turned over; `bit` is below 256.
    pub fn flipped(&self, bit: u32) -> Self {
        let mut bytes = self.0;
        if let Some(byte) = bytes.get_mut((bit / 8) as usize) {
            *byte ^= 0x80 >> (bit % 8);
        }
        Self(bytes)
    }

    /// Any id in bucket `bit` of this one: it shares `bit` bits with it and no more; `bit` is below 64, and `chance`
    /// chooses.
    pub fn within(&self, bit: u32, chance: u64) -> Self {
        let turned = (chance | 1 << 63).checked_shr(bit).unwrap_or(0);
        let mut bytes = self.0;
        for (byte, turned) in bytes.iter_mut().zip(crate::hash::big_endian(turned)) {
            *byte ^= turned;
        }
        Self(bytes)
    }

    /// The security level that the id reaches: the leading zero bits of SHA-256(id) (S/Kademlia §4.1).
    pub fn level(&self) -> u32 {
        leading_zeros(&sha256(&self.0))
    }
}

impl PublicKey {
    /// Nobody's: no point of the curve. It travels where a message's form has a key and there is none.
    pub const NONE: Self = Self([0; 64]);

    /// The key of these bytes, in place; whether it lies on the curve is for who uses it to find out.
    pub fn of(bytes: &[u8; 64]) -> &Self {
        Self::wrap_ref(bytes)
    }

    /// The key that SEC 1 writes as an uncompressed point: 4 ‖ X ‖ Y, 65 bytes. `None` of any other form.
    pub fn from_sec1(point: &[u8]) -> Option<Self> {
        point.strip_prefix(&[4])?.try_into().ok().map(Self)
    }

    /// The key as SEC 1 writes an uncompressed point: 4 ‖ X ‖ Y.
    pub fn to_sec1(&self) -> [u8; 65] {
        let mut point = [4; 65];
        let (_, key) = point.split_at_mut(1);
        key.copy_from_slice(&self.0);
        point
    }
}

impl Signature {
    /// What stands in a message that is yet to be signed.
    pub const BLANK: Self = Self([0; 64]);

    /// The signature of these bytes, in place.
    pub fn of(bytes: &[u8; 64]) -> &Self {
        Self::wrap_ref(bytes)
    }
}

impl TopicId {
    /// The topic of these bytes, in place.
    pub fn of(bytes: &[u8; 32]) -> &Self {
        Self::wrap_ref(bytes)
    }

    /// The place of its own node.
    pub fn place(&self) -> &NodeId {
        NodeId::wrap_ref(&self.0)
    }

    /// What it is among the few topics of a node.
    pub fn short(&self) -> u32 {
        self.0.first_chunk().map_or(0, |head| u32::from_le_bytes(*head))
    }
}

impl core::fmt::Debug for TopicId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.place().fmt(f)
    }
}

impl BlockHash {
    /// The hashes that stand one after another in `bytes`, in place; a rest below 32 bytes is left out.
    pub fn list(bytes: &[u8]) -> &[Self] {
        Self::wrap_slice(bytes.as_chunks().0)
    }

    /// The bytes of `hashes`, one after another, in place.
    pub fn list_bytes(hashes: &[Self]) -> &[u8] {
        Self::peel_slice(hashes).as_flattened()
    }

    /// Where it belongs.
    pub fn place(&self) -> &NodeId {
        NodeId::wrap_ref(&self.0)
    }

    /// The block that belongs at this very place.
    pub fn at(place: &NodeId) -> &Self {
        Self::wrap_ref(&place.0)
    }
}

impl core::fmt::Debug for BlockHash {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.place().fmt(f)
    }
}

impl core::fmt::Debug for NodeId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        head_in_hex(&self.0, f)
    }
}

impl core::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        head_in_hex(&self.0, f)
    }
}

impl core::fmt::Debug for Signature {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        head_in_hex(&self.0, f)
    }
}

fn head_in_hex(bytes: &[u8], f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
    bytes.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[inline(never)]
fn leading_zeros(bytes: &[u8; 32]) -> u32 {
    let mut bits = 0;
    for byte in bytes {
        bits += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    bits
}
