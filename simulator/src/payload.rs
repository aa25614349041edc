//! What applications publish in the topic: each payload follows from its number, so whoever gets one can tell which it is,
//! and that nothing in it has changed.

use crate::dice::Dice;

/// The payload of this number.
pub(crate) fn make(seed: u64, number: u32, length: u32) -> Vec<u8> {
    let mut dice = Dice::new(seed ^ 0x70b1c, u64::from(number));
    let mut bytes = number.to_be_bytes().to_vec();
    while bytes.len() < length as usize {
        bytes.extend(dice.draw().to_be_bytes());
    }
    bytes.truncate(length as usize);
    bytes
}

/// The number of a payload; `None` where nobody can have published it.
pub(crate) fn number(seed: u64, bytes: &[u8], length: u32) -> Option<u32> {
    let number = u32::from_be_bytes(*bytes.first_chunk()?);
    (bytes == make(seed, number, length)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_tells_its_number_and_a_changed_one_none() {
        for length in [8, 13, 200] {
            let mut bytes = make(5, 77, length);
            assert_eq!((bytes.len(), number(5, &bytes, length)), (length as usize, Some(77)));
            assert_eq!(number(6, &bytes, length), None, "another world's");
            bytes[6] ^= 1;
            assert_eq!(number(5, &bytes, length), None);
        }
        assert_eq!(number(5, &[], 8), None);
    }
}
