//! Content ids. Goal: the same names as IPFS tools, and one spelling of each. Vectors: `vectors.mjs`, and the two that
//! the documentation of IPFS and IPLD shows ("hello world" and {"hello": "world"}).

use proptest::prelude::*;
use tabmesh_engine::content::cid::{BYTES, Cid, CidError, Codec};
use tabmesh_engine::{BlockHash, sha256};

const HELLO: &str = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

fn any_cid() -> impl Strategy<Value = Cid> {
    (any::<bool>(), any::<[u8; 32]>()).prop_map(|(is_raw, hash)| Cid {
        codec: if is_raw { Codec::Raw } else { Codec::DagCbor },
        hash: BlockHash(hash),
    })
}

#[test]
fn names_are_those_that_ipfs_tools_give() {
    let cases: [(Codec, &[u8], &str); 3] = [
        (Codec::Raw, b"hello world", HELLO),
        (Codec::Raw, b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        (
            Codec::DagCbor,
            b"\xa1\x65hello\x65world",
            "bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae",
        ),
    ];
    for (codec, block, text) in cases {
        let cid = Cid { codec, hash: BlockHash(sha256(block)) };
        assert_eq!(cid.to_string(), text);
        assert_eq!(text.parse(), Ok(cid));
        assert_eq!(format!("{cid:>60}"), format!(" {text}"));
    }
}

#[test]
fn bytes_of_another_kind_of_name_are_refused() {
    let good = Cid { codec: Codec::Raw, hash: BlockHash([7; 32]) }.to_bytes();
    assert_eq!(good[..4], [0x01, 0x55, 0x12, 0x20]);
    let with = |index: usize, byte: u8| {
        let mut bytes = good;
        bytes[index] = byte;
        Cid::from_bytes(&bytes)
    };
    assert_eq!(with(0, 0), Err(CidError::Version));
    assert_eq!(with(0, 2), Err(CidError::Version));
    assert_eq!(with(1, 0x70), Err(CidError::Codec), "dag-pb");
    assert_eq!(with(1, 0xd5), Err(CidError::Codec), "a varint of two bytes");
    assert_eq!(with(2, 0x13), Err(CidError::Hash), "sha2-512");
    assert_eq!(with(3, 0x1f), Err(CidError::Hash), "a shortened hash");
    for length in 0..BYTES {
        assert_eq!(Cid::from_bytes(&good[..length]), Err(CidError::Length));
    }
    assert_eq!(Cid::from_bytes(&[&good[..], &[0]].concat()), Err(CidError::Length));
}

#[test]
fn text_has_one_spelling() {
    let refused = |text: &str| text.parse::<Cid>().unwrap_err();
    assert_eq!(refused(""), CidError::Base);
    assert_eq!(refused("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"), CidError::Base, "version 0");
    assert_eq!(refused(&HELLO.to_uppercase()), CidError::Base);
    assert_eq!(refused(&HELLO.replace('f', "F")), CidError::Character);
    assert_eq!(refused(&HELLO.replace('2', "1")), CidError::Character);
    assert_eq!(refused(&HELLO[..58]), CidError::Length);
    assert_eq!(refused(&format!("{HELLO}a")), CidError::Length);
    assert_eq!(refused(&format!("{HELLO}=")), CidError::Length);
    assert_eq!(refused(&format!("{}ä", &HELLO[..57])), CidError::Character, "two bytes, one character");
    // The last character carries three bits of the hash and two that must be zero: of "e" (00100) only they differ.
    for digit in ["f", "g", "h"] {
        assert_eq!(refused(&format!("{}{digit}", &HELLO[..58])), CidError::Character);
    }
}

proptest! {
    #[test]
    fn bytes_and_text_read_back(cid in any_cid()) {
        prop_assert_eq!(Cid::from_bytes(&cid.to_bytes()), Ok(cid));
        prop_assert_eq!(Cid::from_text(&cid.to_string()), Ok(cid));
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_the_only_spelling(mut bytes in prop::collection::vec(any::<u8>(), 0..80), fix in 0..6_usize) {
        for (byte, good) in bytes.iter_mut().zip([0x01, 0x55, 0x12, 0x20, 0]).take(fix) {
            *byte = good;
        }
        if let Ok(cid) = Cid::from_bytes(&bytes) {
            prop_assert_eq!(&cid.to_bytes()[..], &bytes[..]);
        }
    }

    #[test]
    fn arbitrary_text_is_refused_or_the_only_spelling(tail in "[a-z2-7]{46}[a-z2-7]{0,2}", anything in ".{0,70}") {
        for text in [format!("bafkreifzjut{tail}"), anything] {
            if let Ok(cid) = text.parse::<Cid>() {
                prop_assert_eq!(cid.to_string(), text);
            }
        }
    }
}
