//! Goal: whoever applies the blocks of a ledger has the state of whoever made them; a block that does not follow changes nothing; nothing
//! that was agreed on is read back otherwise. Method: a proposer and a follower, operations by chance, blocks with every fault.

mod common;

use common::{CREDIT, TERMS, account, choose, genesis, merkle, operation, transfer};
use tabmesh_ledger::{Block, Found, Header, Ledger, Operation, Refusal, State, Units, Way};
use tabmesh_world::dice::Dice;

fn some(dice: &mut Dice, state: &State, count: usize) -> Vec<Operation> {
    let mut all: Vec<Operation> = Vec::new();
    for _ in 0..count {
        let person = 1 + dice.below(30) as u32;
        let mut next = operation(state, person, transfer(1 + dice.below(60) as u32, 1 + dice.below(CREDIT)));
        // Some bring several in a row, and some bring two of one number.
        let before = all.iter().filter(|other| other.key == next.key).count() as u32;
        next.sequence += choose(dice, &[before, before, before, 0, 5]);
        all.push(next);
    }
    all
}

#[test]
fn a_follower_has_the_state_of_the_proposer() {
    for seed in 0..12 {
        let mut dice = Dice::new(seed, 4);
        let mut ledger = Ledger::new(&genesis(20));
        let mut follower = ledger.clone();
        let mut headers: Vec<[u8; 32]> = Vec::new();
        let mut epoch = 0;
        for height in 1..=40 {
            epoch += choose(&mut dice, &[1, 1, 1, 5]);
            let given = some(&mut dice, ledger.state(), 70);
            let before = ledger.clone();
            let (block, refused) = ledger.propose(epoch, 0, &given).expect("a block");
            assert!(ledger == before, "to propose changes nothing");
            assert_eq!(block.operations.len() + refused.len(), given.len());
            assert!(block.operations.len() <= 48);
            let why = |(_, why): &(Operation, Refusal)| *why != Refusal::Disorder;
            assert!(refused.iter().all(why));
            headers.push(ledger.head().hash());
            assert_eq!((block.header.height, block.header.previous), (height, ledger.head().hash()));
            assert_eq!(block.header.past, merkle::mountain(&headers));
            assert!(block.header.sums.hold());
            let bytes = block.emit();
            assert_eq!(Block::read(&bytes), Ok(block.clone()));
            assert!(bytes.len() <= 9_200, "{} bytes", bytes.len());
            assert_eq!(ledger.apply(&block), Ok(()));
            assert_eq!(follower.apply(&Block::read(&bytes).expect("a block")), Ok(()));
            assert!(ledger == follower);
            assert_eq!(ledger.state().root(), block.header.state);
        }
        // An account of long ago is shown by what is known now.
        let way = Way::of(&headers, 7).expect("it is there");
        assert!(way.verify(&ledger.head().past, &headers[7]));
        let proof = ledger.state().prove(&account(9));
        assert_ne!(proof.verify(&ledger.head().state, &account(9).0), None);
    }
}

#[test]
fn a_block_that_does_not_follow_changes_nothing() {
    let mut dice = Dice::new(1, 5);
    let mut ledger = Ledger::new(&genesis(20));
    let given = some(&mut dice, ledger.state(), 40);
    let (good, _) = ledger.propose(3, 0, &given).expect("a block");
    assert!(good.operations.len() > 5);
    let mut faults: Vec<(Block, Option<Refusal>)> = Vec::new();
    let mut with = |change: &dyn Fn(&mut Block), why| {
        let mut other = good.clone();
        change(&mut other);
        faults.push((other, why));
    };
    with(&|block| block.operations.rotate_right(1), Some(Refusal::Disorder));
    with(
        &|block| block.operations.push(block.operations[block.operations.len() - 1]),
        Some(Refusal::Disorder),
    );
    with(&|block| block.operations.truncate(3), Some(Refusal::WrongHeader));
    with(&|block| block.operations[3].fee = 0, Some(Refusal::FeeTooLow));
    with(&|block| block.operations = vec![block.operations[0]; 49], Some(Refusal::TooManyOperations));
    with(&|block| block.header.epoch = 4, Some(Refusal::WrongHeader));
    with(&|block| block.header.height = 2, Some(Refusal::WrongHeader));
    with(&|block| block.header.state[9] ^= 1, Some(Refusal::WrongHeader));
    with(&|block| block.header.nullifiers[9] ^= 1, Some(Refusal::WrongHeader));
    with(&|block| block.header.past[9] ^= 1, Some(Refusal::WrongHeader));
    with(&|block| block.header.previous[9] ^= 1, Some(Refusal::WrongHeader));
    with(&|block| block.header.genesis[9] ^= 1, Some(Refusal::WrongHeader));
    with(&|block| block.header.generation = 1, Some(Refusal::WrongHeader));
    with(&|block| block.header.price += 1, Some(Refusal::WrongHeader));
    with(&|block| block.header.rooted_by = 9, Some(Refusal::WrongHeader));
    with(&|block| block.header.sums.burned += 1, Some(Refusal::WrongHeader));
    let before = ledger.clone();
    for (block, why) in faults {
        assert_eq!(ledger.apply(&block).err(), why);
        assert!(ledger == before);
    }
    assert_eq!(ledger.apply(&good), Ok(()));
    assert_eq!(ledger.apply(&good), Err(Refusal::SequenceUsed), "nor the same one again");
    assert_eq!(ledger.propose(2, 0, &[]).err(), Some(Refusal::EpochOver));
}

#[test]
fn headers_and_blocks_are_read_as_they_were_written_and_in_no_other_way() {
    let mut ledger = Ledger::new(&genesis(20));
    let given = some(&mut Dice::new(2, 5), ledger.state(), 9);
    let (block, _) = ledger.propose(3, 0, &given).expect("a block");
    let bytes = block.header.emit();
    assert_eq!(bytes.len(), Header::BYTES);
    assert_eq!(Header::read(&bytes), Some(block.header));
    for (bit, other) in common::flips(&bytes) {
        // A version that is none, sums that do not add up, a prefix that is none; all else is another header, with another name.
        match Header::read(&other) {
            Some(header) => {
                assert_eq!(header.emit(), other, "bit {bit}");
                assert_ne!(header.hash(), block.header.hash());
            }
            None => assert!(bit < 8 || (33 * 8..42 * 8).contains(&bit) || bit >= 266 * 8, "bit {bit}"),
        }
    }
    for length in 0..bytes.len() {
        assert_eq!(Header::read(&bytes[..length]), None);
    }
    let bytes = block.emit();
    for length in 0..bytes.len() {
        let is_whole = length >= Header::BYTES && (length - Header::BYTES).is_multiple_of(Operation::BYTES);
        assert_eq!(Block::read(&bytes[..length]).is_ok(), is_whole);
    }
}

#[test]
fn a_state_is_read_as_it_was_written_and_garbage_is_none() {
    let mut dice = Dice::new(5, 6);
    let mut ledger = Ledger::new(&genesis(20));
    for epoch in 1..30 {
        let given = some(&mut dice, ledger.state(), 30);
        let (block, _) = ledger.propose(epoch, 0, &given).expect("a block");
        ledger.apply(&block).expect("it follows");
    }
    let state = ledger.state();
    let bytes = state.emit();
    assert_eq!(State::read(&bytes, TERMS).as_ref(), Some(state));
    assert_eq!(Units::read(state.units().bytes(), 384, state.prefix()).as_ref(), Some(state.units()));
    for _ in 0..4_000 {
        let mut other = bytes.clone();
        match dice.below(3) {
            0 => other.truncate(dice.below(bytes.len() as u64) as usize),
            1 => other[dice.below(bytes.len() as u64) as usize] ^= 1 << dice.below(8),
            _ => {
                let at = dice.below(bytes.len() as u64) as usize;
                let end = (at + 64).min(bytes.len());
                let noise = dice.vec(end - at);
                other[at..end].copy_from_slice(&noise);
            }
        }
        // What is a state still is written as it was read, and has another root or other sums.
        if let Some(read) = State::read(&other, TERMS) {
            assert_eq!(read.emit(), other);
            assert!(read.sums().hold());
        }
        let length = dice.below(600) as usize;
        let noise = dice.vec(length);
        assert_eq!(State::read(&noise, TERMS), None);
    }
    assert!(State::read(&bytes, tabmesh_ledger::Terms { units: 20, ..TERMS }).is_none(), "too many units");
    assert!(matches!(state.prove(&account(1)).verify(&state.root(), &account(1).0), Some(Found::Present(_))));
}
