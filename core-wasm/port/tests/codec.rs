//! The cursor under every format.

use proptest::prelude::*;
use tabmesh_port::{Reader, Writer};

#[test]
fn numbers_are_big_endian() {
    let mut writer = Writer::default();
    assert!(writer.is_empty());
    writer.u8(1).u16(0x0203).u32(0x0405_0607).bytes(&[8, 9]);
    assert_eq!(writer.len(), 9);
    assert_eq!(writer.finish(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn what_is_missing_reads_as_nothing_and_is_told_at_the_end() {
    let mut reader = Reader::new(&[1, 2, 3]);
    assert_eq!(reader.u16(), 0x0102);
    assert_eq!((reader.clone().finish(), reader.intact()), (None, Some(())));
    assert_eq!(reader.u16(), 0);
    assert_eq!((reader.bytes(1), reader.array::<4>()), (&[][..], &[0; 4]));
    assert_eq!((reader.u8(), reader.rest(), reader.is_empty()), (0, &[][..], true));
    assert_eq!((reader.intact(), reader.finish()), (None, None));

    let mut reader = Reader::new(&[1, 2, 3]);
    assert_eq!((reader.bytes(usize::MAX), reader.finish()), (&[][..], None));

    let mut reader = Reader::new(&[1]);
    assert_eq!((reader.u8(), reader.bytes(0), reader.rest()), (1, &[][..], &[][..]));
    assert_eq!(reader.finish(), Some(()));
}

proptest! {
    #[test]
    fn what_is_written_is_read(a: u8, b: u16, c: u32, d: [u8; 7], tail: Vec<u8>) {
        let mut writer = Writer::with_capacity(3);
        writer.u32(c).bytes(&d).u8(a).u16(b).bytes(&tail);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(reader.u32(), c);
        prop_assert_eq!(reader.array(), &d);
        prop_assert_eq!((reader.u8(), reader.u16()), (a, b));
        prop_assert_eq!(reader.rest(), tail);
        prop_assert_eq!(reader.finish(), Some(()));
    }
}
