//! Building trees. Goal: the same bytes have one CID, whichever tool makes it. Vectors: `vectors.mjs`.

use proptest::prelude::*;
use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_engine::content::tree::{Builder, CONTENT_MAX, Error};
use tabmesh_engine::{BlockHash, sha256};

use crate::reference::{LEAF, Store, built, made_up, pattern, root};

#[test]
fn real_bytes_have_the_roots_that_ipld_libraries_compute() {
    let cases = [
        (0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        (1, "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu"),
        (16_383, "bafkreidzogi4rfgxvre3w5k56k2xst3ayzffkcbvijlukqhvroldysgjca"),
        (16_384, "bafkreihrygw34i626v4f3rnstbcscm2ivxvbycze6hnel3v6cfqxp3ncmq"),
        (16_385, "bafyreidinihcpvbdylnav5cspudqq6kmjabojyfocwxs4g6hnviq3bvska"),
        (65_536, "bafyreiet3s4uzm6532te52inhguglll3qe3rswbxqbbi6tghfrypp3gnpi"),
        (65_537, "bafyreian2ve7d75svada65ywcgfibtumo2an7vcr5rrbmyzlsnnhwex2ia"),
        (4_194_304, "bafyreigciome64xjb3dzvblcu2aaqez5etaelgu5eorxl2araw2aljhoba"),
        (4_194_305, "bafyreiglwhta6oqvewhra3zs7gpe7cj3t5lzlywdk44qt4epdvivvsj4d4"),
        (5_000_000, "bafyreig2466nmjcattc7k7qa2imv555pq6mq7lzbf2ktmtigexmwlfccyq"),
    ];
    for (size, cid) in cases {
        let bytes = pattern(size);
        let leaf = |index: u64| {
            let rest = &bytes[(index * LEAF) as usize..];
            BlockHash(sha256(&rest[..rest.len().min(LEAF as usize)]))
        };
        assert_eq!(built(size as u64, &leaf, &mut Store::new()).to_string(), cid, "{size} bytes");
    }
}

#[test]
fn large_trees_have_the_roots_that_ipld_libraries_compute() {
    let cases = [
        (65_535 * LEAF, "bafyreifyzgh4h5pbueebg6ugkjhruf35nenf2ik3vwqviaxbn6xdqvjyue"),
        (65_536 * LEAF - 1, "bafyreiaw24vd6b4jnq4ostqch6caotxb7x2lrcgg3mrpspz2tsgqdl56jy"),
        (65_536 * LEAF, "bafyreidun7tijcp7ubrfsezkwq74sjbtb45kj2aldfchcykxpmnup5jm6y"),
        (65_536 * LEAF + 1, "bafyreibw7aoo25xtouditepmjsc2ni3waadbyabilnclbup5cuandhpyam"),
        (65_793 * LEAF, "bafyreiag2ofo4zp3cwdbrrir36luia65lkecjdotqfvb2tklufqel5lol4"),
    ];
    for (size, cid) in cases {
        assert_eq!(built(size, &made_up, &mut Store::new()).to_string(), cid, "{size} bytes");
    }
}

#[test]
fn a_small_node_is_these_bytes() {
    let mut builder = Builder::new();
    builder.push(BlockHash(sha256(b"a")), 16_384).unwrap();
    assert_eq!(builder.poll(), None);
    builder.push(BlockHash(sha256(b"b")), 1).unwrap();
    let node = builder.poll().unwrap();
    let hex: String = node.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "8219400182\
         d82a58250001551220ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\
         d82a582500015512203e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
    );
    assert_eq!(builder.poll(), None);
    assert_eq!(builder.root(), Some(Cid { codec: Codec::DagCbor, hash: node.hash }));
}

/// The counts of leaves around which something changes.
fn leaf_count() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 1..=3_u64,
        4 => 22..=26_u64,
        4 => 255..=258_u64,
        4 => 511..=514_u64,
        4 => 1..3_000_u64,
        1 => 65_534..=65_538_u64,
        1 => 65_791..=65_794_u64,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn built_from_below_is_built_from_above(leaves in leaf_count(), short in prop_oneof![Just(0), 1..LEAF, Just(LEAF - 1)]) {
        let size = leaves * LEAF - short;
        let (mut ours, mut theirs) = (Store::new(), Store::new());
        prop_assert_eq!(built(size, &made_up, &mut ours), root(size, &made_up, &mut theirs));
        prop_assert_eq!(ours, theirs);
    }
}

#[test]
fn a_leaf_behind_a_short_one_is_refused() {
    for short in [0, 1, 16_383] {
        let mut builder = Builder::new();
        builder.push(made_up(0), short).unwrap();
        assert_eq!(builder.poll(), None);
        assert_eq!(builder.push(made_up(1), 16_384), Err(Error::OutOfTurn));
        builder.end();
        assert_eq!(builder.poll(), None);
        assert_eq!(builder.root(), Some(Cid { codec: Codec::Raw, hash: made_up(0) }), "nothing was taken");
        assert_eq!(builder.size(), u64::from(short));
    }
}

#[test]
fn a_leaf_of_a_wrong_size_is_refused_and_not_taken() {
    let mut builder = Builder::new();
    assert_eq!(builder.push(made_up(0), 16_385), Err(Error::LeafSize));
    assert_eq!(builder.push(made_up(0), u32::MAX), Err(Error::LeafSize));
    builder.push(made_up(0), 16_384).unwrap();
    assert_eq!(builder.poll(), None);
    assert_eq!(builder.push(made_up(1), 0), Err(Error::LeafSize), "empty, but not all of the content");
    builder.end();
    assert_eq!(builder.poll(), None);
    assert_eq!(builder.root(), Some(Cid { codec: Codec::Raw, hash: made_up(0) }));
}

#[test]
fn pushing_without_polling_is_refused_before_anything_is_lost() {
    let mut builder = Builder::new();
    builder.push(made_up(0), 16_384).unwrap();
    assert_eq!(builder.push(made_up(1), 16_384), Err(Error::OutOfTurn));
    assert_eq!(builder.root(), None);
    assert_eq!(builder.poll(), None);
    builder.push(made_up(1), 16_384).unwrap();
    builder.end();
    assert_eq!(builder.root(), None, "a node is still to come");
    assert!(builder.poll().is_some());
    assert_eq!(builder.root(), None, "more might come");
    assert_eq!(builder.poll(), None);
    assert!(builder.root().is_some());
    assert_eq!(builder.push(made_up(2), 1), Err(Error::OutOfTurn));
}

#[test]
fn nothing_pushed_has_no_root() {
    let mut builder = Builder::new();
    assert_eq!((builder.poll(), builder.root()), (None, None));
    builder.end();
    assert_eq!((builder.poll(), builder.root()), (None, None));
}

#[test]
fn the_largest_content_is_64_tebibytes() {
    assert_eq!(CONTENT_MAX, 1 << 46);
}
