//! What must hold in a town, found from bytes alone: final blocks as stores have them, and events as owners heard them.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_ledger::{Event, Hash, Seat};
use tabmesh_world::perfect::Place;

use super::Town;
use super::roll::Roll;

/// Bytes of a certificate and of a header, as docs/LEDGER.md has them.
const STATEMENT: usize = 45;
const HEADER: usize = 322;
const OPERATION: usize = 184;

/// A final block, cut up without the ledger's help.
pub(crate) struct Cut {
    pub(crate) height: u32,
    pub(crate) block: Hash,
    pub(crate) signers: u64,
    /// Key and sequence, and all that names an operation.
    pub(crate) operations: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Where the header begins behind its certificate.
pub(crate) fn head(bytes: &[u8]) -> usize {
    let signers = u64::from_be_bytes(bytes[STATEMENT..STATEMENT + 8].try_into().expect("8 bytes"));
    STATEMENT + 8 + 64 * signers.count_ones() as usize
}

pub(crate) fn cut(bytes: &[u8]) -> Cut {
    let signers = u64::from_be_bytes(bytes[STATEMENT..STATEMENT + 8].try_into().expect("8 bytes"));
    let head = head(bytes);
    let operations = bytes[head + HEADER..].chunks(OPERATION).map(|operation| {
        let spot = [&operation[56..120], &operation[5..9]].concat();
        (spot, operation[..120].to_vec())
    });
    Cut {
        height: u32::from_be_bytes(bytes[5..9].try_into().expect("4 bytes")),
        block: bytes[13..45].try_into().expect("32 bytes"),
        signers,
        operations: operations.collect(),
    }
}

/// S1, S2 and S3 over all nodes; panics with the seed where one does not hold. The number of the highest block.
pub(crate) fn check(town: &Town) -> u32 {
    let seed = town.plan.seed;
    let mut chain: BTreeMap<u32, Hash> = BTreeMap::new();
    let mut done: BTreeMap<Hash, u32> = BTreeMap::new();
    for place in town.nodes() {
        let mut roll = Roll::new(&town.genesis);
        for (at, bytes) in town.stores[place.0].borrow().blocks.iter().enumerate() {
            let block = cut(bytes);
            assert_eq!(block.height as usize, at + 1, "seed {seed}");
            let signers = block.signers.count_ones() as usize;
            assert!(signers >= roll.quorum(), "seed {seed}: {signers} signers of {roll:?}");
            assert!(u128::from(block.signers) < 1 << roll.seats.len(), "seed {seed}");
            roll.take(&bytes[head(bytes)..]);
            let first = *chain.entry(block.height).or_insert(block.block);
            assert_eq!(first, block.block, "seed {seed}: s1, two final blocks at {}", block.height);
            let mut count: BTreeMap<&[u8], usize> = BTreeMap::new();
            block.operations.iter().for_each(|(spot, _)| *count.entry(spot).or_default() += 1);
            for (spot, named) in &block.operations {
                if count[spot.as_slice()] == 1 {
                    done.insert(id(named), block.height);
                }
            }
        }
        same_voters(town, place, &roll);
    }
    let last = chain.keys().last().copied().unwrap_or_default();
    s2(town, &done, last);
    s16(town);
    s3(town);
    last
}

/// A node has the voters that its blocks say.
fn same_voters(town: &Town, place: Place, roll: &Roll) {
    let voters = town.ledger(place).state().voters();
    let of = |seats: &[Seat]| seats.iter().map(|seat| seat.key.0.to_vec()).collect::<Vec<_>>();
    let seats: Vec<Vec<u8>> = roll.seats.values().map(|person| person.key.clone()).collect();
    let frozen: Vec<Vec<u8>> = roll.frozen.iter().map(|(person, ..)| person.key.clone()).collect();
    let waiting: Vec<Vec<u8>> = roll.waiting.iter().map(|(person, _)| person.key.clone()).collect();
    let seed = town.plan.seed;
    assert_eq!(of(voters.seats()), seats, "seed {seed}: voters at {place:?}, {}", roll.height);
    assert_eq!(of(voters.frozen()), frozen, "seed {seed}: frozen at {place:?}, {}", roll.height);
    assert_eq!(of(voters.waiting()), waiting, "seed {seed}: waiting at {place:?}, {}", roll.height);
    let steady: Vec<bool> = roll.seats.values().map(|person| person.is_steady).collect();
    assert_eq!(voters.seats().iter().map(|seat| seat.is_steady).collect::<Vec<_>>(), steady, "seed {seed}");
    assert_eq!(voters.quorum(), roll.quorum(), "seed {seed}");
}

/// SHA-256(5 ‖ content 56 ‖ key 64).
fn id(named: &[u8]) -> Hash {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    hash.update([5]);
    hash.update(named);
    hash.finalize().into()
}

/// What an owner heard to be settled is in a block before the end of the view after it; nobody hears it of two rivals.
fn s2(town: &Town, done: &BTreeMap<Hash, u32>, last: u32) {
    for place in town.nodes() {
        let store = town.stores[place.0].borrow();
        for (at, bytes) in &store.events {
            if let Event::Settled { operation } = Event::read(bytes).expect("an event") {
                let is_in = done.contains_key(&operation);
                // Seven blocks later its view is over wherever it began.
                let is_old = town.elapsed.saturating_sub(*at) > 9 * super::EPOCH && last > 12;
                assert!(
                    is_in || !is_old,
                    "seed {}: s2, settled {operation:?} and never done",
                    town.plan.seed
                );
            }
        }
    }
}

/// Nobody has more or less than there was, in all ledgers, and those of one height are the same.
fn s3(town: &Town) {
    let seed = town.plan.seed;
    let mut roots: BTreeMap<u32, BTreeSet<Hash>> = BTreeMap::new();
    let began: u64 = town.genesis.accounts.iter().map(|(_, balance)| balance).sum::<u64>()
        + town.genesis.voters.iter().map(|voter| voter.balance + 100 * super::CREDIT).sum::<u64>();
    for place in town.nodes() {
        let ledger = town.ledger(place);
        let mut sum = 0;
        let bytes = ledger.state().units().bytes();
        let mut units = bytes.chunks(64);
        while let Some(unit) = units.next() {
            let number = |at: usize, length: usize| {
                unit[at..at + length].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
            };
            sum += number(36, 8) + number(48, 4) * super::CREDIT;
            // A reference has two units.
            if unit[32] == 2 {
                units.next();
            }
        }
        let sums = ledger.state().sums();
        assert_eq!(sum + sums.pot + sums.burned, began, "seed {seed}: s3 at {place:?}");
        roots.entry(ledger.head().height).or_default().insert(ledger.state().root());
    }
    assert!(roots.values().all(|roots| roots.len() == 1), "seed {seed}: s3, two states of one height");
}

/// No voter has ever written down two statements that contradict each other, in all its lives.
fn s16(town: &Town) {
    let seed = town.plan.seed;
    for place in &town.voters {
        let (mut votes, mut locks) = (BTreeMap::new(), BTreeMap::new());
        for record in town.stores[place.0].borrow().written.iter().filter(|record| record[0] != 0) {
            let subject = record[13..45].to_vec();
            // A vote or a finalisation by height and round; a lock by view and place.
            let first = match record[0] {
                1 | 2 => votes.entry(record[..13].to_vec()).or_insert_with(|| subject.clone()),
                3 => {
                    locks.entry([&record[1..5], &record[45..81]].concat()).or_insert_with(|| subject.clone())
                }
                _ => continue,
            };
            assert_eq!(*first, subject, "seed {seed}: s16, {place:?} contradicts itself");
        }
    }
}
