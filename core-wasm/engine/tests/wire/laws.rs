//! The laws that every format keeps, to be checked for each of its messages.

use proptest::prelude::*;
use tabmesh_engine::{PublicKey, Signature};

/// Reads bytes and writes again what was understood; `None` if that is nothing.
pub(crate) type Rewrite<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

/// Cuts `bytes` at every length, and adds a byte: a message is read where `is_whole` says that one ends, and nowhere
/// else; what is read is written as it was.
pub(crate) fn check_lengths(bytes: &[u8], rewrite: Rewrite<'_>, is_whole: impl Fn(usize) -> bool) {
    let longer = [bytes, &[0]].concat();
    for length in 0..=longer.len() {
        let cut = &longer[..length];
        let expected = is_whole(length).then(|| cut.to_vec());
        assert_eq!(rewrite(cut), expected, "{length} of {} bytes", bytes.len());
    }
    assert!(is_whole(bytes.len()), "the message itself is one");
}

/// A change of a message's bytes: mostly where its head is.
#[derive(Clone, Debug)]
pub(crate) struct Damage {
    places: Vec<(prop::sample::Index, bool, u8)>,
    length: Option<prop::sample::Index>,
}

impl Damage {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let place = (any::<prop::sample::Index>(), any::<bool>(), any::<u8>());
        (prop::collection::vec(place, 0..4), any::<Option<prop::sample::Index>>())
            .prop_map(|(places, length)| Self { places, length })
    }

    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        for (place, is_head, byte) in &self.places {
            let near = if *is_head { bytes.len().min(4) } else { bytes.len() };
            if near > 0 {
                bytes[place.index(near)] = *byte;
            }
        }
        if let Some(length) = self.length {
            bytes.truncate(length.index(bytes.len() + 1));
        }
    }
}

/// Whatever is understood of `bytes` is written as `bytes`: no message has two spellings.
pub(crate) fn check_one_spelling(bytes: &[u8], rewrite: Rewrite<'_>) {
    if let Some(again) = rewrite(bytes) {
        assert_eq!(again, bytes);
    }
}

/// Some bytes, up to `most` of them.
pub(crate) fn some_bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=most)
}

pub(crate) fn any_key() -> impl Strategy<Value = PublicKey> {
    any_64().prop_map(PublicKey)
}

pub(crate) fn any_signature() -> impl Strategy<Value = Signature> {
    any_64().prop_map(Signature)
}

fn any_64() -> impl Strategy<Value = [u8; 64]> {
    any::<([u8; 32], [u8; 32])>()
        .prop_map(|(a, b)| std::array::from_fn(|i| if i < 32 { a[i] } else { b[i - 32] }))
}
