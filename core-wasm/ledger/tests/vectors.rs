//! Goal: every byte of `docs/LEDGER.md` as a second implementation must have it. Method: `tests/vectors/ledger.json` is what the ledger makes
//! of fixed inputs, with real signatures, and the naive trees come to its roots. Where it is meant to change:
//! `TABMESH_VECTORS=write cargo test -p tabmesh-ledger --test vectors`.

mod common;

use std::collections::BTreeMap;

use common::merkle;
use serde_json::{Value, json};
use tabmesh_ledger::{
    Action, Found, Genesis, Key, Ledger, Mountain, Operation, Proof, Receipt, Terms, Voter, Way,
};
use tabmesh_port::{NodeId, PublicKey, Signature};
use tabmesh_world::crypto::{Crypto, Owner, P256};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/ledger.json");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn owner(node: u32) -> Owner {
    Owner { seed: 13, node, life: 0, tries: 0 }
}

fn key(node: u32) -> PublicKey {
    P256::public(owner(node))
}

fn id(node: u32) -> NodeId {
    NodeId::of_key(&key(node))
}

fn genesis() -> Genesis {
    let terms = Terms { epoch_ms: 10_000, stake: 1_000, fee: 1_000, price: 10, mint: 1_000_000, units: 384 };
    let mut genesis = Genesis {
        network: *tabmesh_port::sha256(b"tabmesh").first_chunk().unwrap(),
        starts_ms: 1_800_000_000_000,
        is_test: true,
        is_lax: false,
        terms,
        voters: (1..=4).map(|node| Voter { key: key(node), balance: 10_000_000 }).collect(),
        accounts: (5..=8).map(|node| (id(node), u64::from(node) * 1_000_000_000)).collect(),
    };
    genesis.sort();
    genesis
}

fn signed(ledger: &Ledger, node: u32, sequence: u32, action: Action) -> Operation {
    let (fee, until, signature) = (2_000, 100, Signature::BLANK);
    let blank = Operation { action, fee, sequence, until, key: key(node), signature };
    Operation { signature: P256::sign(owner(node), &blank.claim(ledger.id()).bytes), ..blank }
}

fn operations(ledger: &Ledger) -> Vec<(&'static str, Operation)> {
    let name = *tabmesh_port::sha256(b"a shop").first_chunk().unwrap();
    [
        ("transfer", 5, 0, Action::Transfer { to: id(6), amount: 1_500_000 }),
        ("transfer", 5, 1, Action::Transfer { to: NodeId([0xab; 32]), amount: 640 }),
        ("bond", 6, 0, Action::Bond { credits: 1_000 }),
        ("join", 6, 1, Action::Join { nonce: [0xee; 8] }),
        ("leave", 1, 0, Action::Leave),
        ("set", 7, 0, Action::Set { name, value: [0xcd; 32] }),
        ("renew", 8, 0, Action::Renew { name, amount: 77 }),
    ]
    .map(|(kind, node, sequence, action)| (kind, signed(ledger, node, sequence, action)))
    .to_vec()
}

fn proof(ledger: &Ledger, key: &Key) -> Value {
    let proof = ledger.state().prove(key);
    let found = proof.verify(&ledger.head().state, &key.0).expect("it holds");
    json!({
        "key": hex(&key.0),
        "root": hex(&ledger.head().state),
        "present": found != Found::Absent,
        "bytes": hex(&proof.emit()),
    })
}

/// Who votes in the next block.
fn voters(ledger: &Ledger) -> Value {
    let voters = ledger.state().voters();
    let height = ledger.head().height + 1;
    let seats = voters.seats().iter().map(|seat| {
        let numbers = [seat.since, seat.from, seat.score.into(), seat.is_steady.into()];
        json!({ "key": hex(&seat.key.0), "lot": hex(&seat.lot), "numbers": numbers })
    });
    json!({
        "height": height,
        "hash": hex(&voters.hash()),
        "seats": seats.collect::<Vec<_>>(),
        "order": voters.order(&ledger.id().genesis, height),
        "quorums": [voters.quorum(), voters.fast()],
    })
}

fn made() -> Value {
    let genesis = genesis();
    let mut ledger = Ledger::new(&genesis);
    let first = json!({
        "bytes": hex(&genesis.emit()),
        "hash": hex(&genesis.hash()),
        "root": hex(&ledger.head().state),
        "header": hex(&ledger.head().emit()),
        "header_hash": hex(&ledger.head().hash()),
    });
    let given = operations(&ledger);
    let described: Vec<Value> = given
        .iter()
        .map(|(kind, operation)| {
            json!({
                "kind": kind,
                "bytes": hex(&operation.emit()),
                "id": hex(&operation.id()),
                "signed": hex(&operation.claim(ledger.id()).bytes),
            })
        })
        .collect();
    let all: Vec<Operation> = given.iter().map(|(_, operation)| *operation).collect();
    let mut headers = vec![ledger.head().hash()];
    let mut blocks = Vec::new();
    let first_voters = voters(&ledger);
    // A whole view, in which one leaves and one has asked for a seat, and the first block of the next.
    let plan: [(u32, u64, &[Operation]); 7] =
        [(1, 0, &all), (2, 0, &[]), (70, 0, &[]), (71, 7, &[]), (72, 7, &[]), (73, 15, &[]), (74, 0, &[])];
    for (epoch, shown, all) in plan {
        let (block, refused) = ledger.propose(epoch, shown, all).expect("a block");
        assert!(refused.is_empty(), "{refused:?}");
        ledger.apply(&block).expect("it follows");
        headers.push(block.header.hash());
        blocks.push(json!({ "bytes": hex(&block.emit()), "hash": hex(&block.header.hash()) }));
    }
    let receipt = Receipt {
        source: Key::account(&id(5)),
        sequence: 9,
        destination: Key([2; 32]),
        amount: 5,
        expiry: 44,
    };
    let mut past = Mountain::default();
    headers.iter().for_each(|header| past.push(*header));
    let ways = (0..headers.len() as u32).filter_map(|index| Way::of(&headers, index));
    json!({
        "genesis": first,
        "operations": described,
        "blocks": blocks,
        "voters": [first_voters, voters(&ledger)],
        "units": hex(ledger.state().units().bytes()),
        "proofs": [
            proof(&ledger, &Key::account(&id(5))),
            proof(&ledger, &Key::account(&id(99))),
            proof(&ledger, &Key::reference(tabmesh_port::sha256(b"a shop").first_chunk().unwrap())),
        ],
        "receipt": { "bytes": hex(&receipt.emit()), "key": hex(&receipt.key().0) },
        "mountain": {
            "items": headers.iter().map(|header| hex(header)).collect::<Vec<_>>(),
            "root": hex(&past.root()),
            "ways": ways.map(|way| hex(&way.emit())).collect::<Vec<_>>(),
        },
    })
}

#[test]
fn the_vectors_are_what_the_ledger_makes() {
    let made = made();
    if std::env::var_os("TABMESH_VECTORS").is_some_and(|word| word == "write") {
        let text = serde_json::to_string_pretty(&made).expect("JSON");
        std::fs::write(FILE, text + "\n").expect("written");
    }
    let written: Value = serde_json::from_str(&std::fs::read_to_string(FILE).expect("a file")).expect("JSON");
    for (part, value) in made.as_object().expect("an object") {
        assert_eq!(&written[part], value, "{part}");
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("a text");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("digits")).collect()
}

/// Lots, ranks, quorums and hash of voters, as docs/LEDGER.md says them; none is frozen, and none waits.
fn check_voters(voters: &Value, genesis: &[u8]) {
    let height = voters["height"].as_u64().expect("a height") as u32;
    let seats = voters["seats"].as_array().expect("a list");
    let (mut list, mut ranks) = (vec![0, seats.len() as u8], Vec::new());
    for (voter, seat) in seats.iter().enumerate() {
        let number = |at: usize| seat["numbers"][at].as_u64().expect("a number") as u32;
        let (key, lot) = (bytes(&seat["key"]), bytes(&seat["lot"]));
        if height == 1 {
            assert_eq!(merkle::sha(&[&[11], &key, genesis])[..8], lot[..]);
        }
        let rank = merkle::sha(&[&[10], genesis, &height.to_be_bytes(), &lot]);
        ranks.push((rank[..8].to_vec(), voter));
        list.extend([key, lot, number(0).to_be_bytes().to_vec(), number(1).to_be_bytes().to_vec()].concat());
        list.extend([number(2) as u8, number(3) as u8]);
    }
    list.extend([0, 0]);
    assert_eq!(merkle::sha(&[&[12], &list]).to_vec(), bytes(&voters["hash"]));
    ranks.sort_unstable();
    let order: Vec<usize> = ranks.into_iter().map(|(_, voter)| voter).collect();
    assert_eq!(voters["order"], json!(order));
    assert_eq!(voters["quorums"], json!([seats.len() * 2 / 3 + 1, (seats.len() * 3).div_ceil(4)]));
}

/// The file by itself, without what made it: signatures verify, the naive trees have its roots.
#[test]
fn the_vectors_hold_by_themselves() {
    let all: Value = serde_json::from_str(&std::fs::read_to_string(FILE).expect("a file")).expect("JSON");
    for operation in all["operations"].as_array().expect("a list") {
        let bytes_of = bytes(&operation["bytes"]);
        let (content, rest) = bytes_of.split_at(56);
        let key = PublicKey(*rest.first_chunk().expect("a key"));
        let signature = Signature(*rest.last_chunk().expect("a signature"));
        let signed = bytes(&operation["signed"]);
        assert!(signed.starts_with(b"tabmesh module v1") && signed.ends_with(content));
        assert!(P256::verify(&key, &signature, &signed));
        assert_eq!(merkle::sha(&[&[5], content, &key.0]).to_vec(), bytes(&operation["id"]));
    }
    let units = bytes(&all["units"]);
    let (mut rest, mut leaves) = (&units[..], BTreeMap::new());
    while !rest.is_empty() {
        let (leaf, behind) = rest.split_at(if rest[32] == 2 { 128 } else { 64 });
        leaves.insert(leaf[..32].to_vec(), leaf.to_vec());
        rest = behind;
    }
    for proof in all["proofs"].as_array().expect("a list") {
        assert_eq!(bytes(&proof["root"]), merkle::root(&leaves).to_vec());
        let key: [u8; 32] = bytes(&proof["key"]).try_into().expect("32 bytes");
        let read = Proof::read(&bytes(&proof["bytes"])).expect("a proof");
        let found = read.verify(&merkle::root(&leaves), &key).expect("it holds");
        assert_eq!(leaves.contains_key(&key[..]), found != Found::Absent);
        assert_eq!(proof["present"], found != Found::Absent);
    }
    let mountain = &all["mountain"];
    let items: Vec<[u8; 32]> = mountain["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| bytes(item).try_into().expect("32 bytes"))
        .collect();
    assert_eq!(bytes(&mountain["root"]), merkle::mountain(&items).to_vec());
    let genesis = bytes(&all["genesis"]["hash"]);
    all["voters"].as_array().expect("a list").iter().for_each(|voters| check_voters(voters, &genesis));
    let genesis = bytes(&all["genesis"]["bytes"]);
    assert_eq!(merkle::sha(&[&[6], &genesis]).to_vec(), bytes(&all["genesis"]["hash"]));
    let header = bytes(&all["genesis"]["header"]);
    assert_eq!(merkle::sha(&[&[4], &header]).to_vec(), bytes(&all["genesis"]["header_hash"]));
}
