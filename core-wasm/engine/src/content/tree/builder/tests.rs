//! The one bound that cannot be reached by pushing: 2^32 leaves take hours.

use super::*;

#[test]
fn content_beyond_64_tebibytes_is_refused() {
    let leaf = BlockHash([7; 32]);
    let mut builder = Builder { size: CONTENT_MAX - BLOCK_MAX as u64, ..Builder::new() };
    assert_eq!(builder.push(leaf, BLOCK_MAX as u32), Ok(()));
    assert_eq!(builder.size(), CONTENT_MAX);
    assert_eq!(builder.poll(), None);
    assert_eq!(builder.push(leaf, 1), Err(Error::TooLarge));
    assert_eq!(builder.size(), CONTENT_MAX);
}
