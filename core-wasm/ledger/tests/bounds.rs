//! Goal: a ledger of a tab has its memory's share and no more, whatever happens. Method: an allocator that counts, tables at their bounds,
//! the largest block.

mod common;

use common::{CREDIT, account, genesis, id, key};
use tabmesh_ledger::limits::{UNITS_TAB, nullifiers_max, operations_max};
use tabmesh_ledger::{Action, Genesis, Ledger, Operation, Prefix, Receipt, Refusal, State};
use tabmesh_port::Signature;

/// What the design gives to units and nullifiers, in bytes.
const UNITS_SHARE: i64 = 24_576;
const NULLIFIERS_SHARE: i64 = 4_096;

/// What may be there for the length of a block besides: old units, of which no operation changes more than three, and hashes.
const SCRATCH: i64 = 16_384;

/// A genesis with as many people as it may have.
fn crowded() -> Genesis {
    let mut genesis = genesis(188);
    genesis.accounts.iter_mut().for_each(|account| account.1 = 100 * CREDIT);
    genesis
}

fn by(person: u32, sequence: u32, action: Action) -> Operation {
    Operation { action, fee: 20, sequence, until: 99, key: key(person), signature: Signature::BLANK }
}

#[test]
fn s9_a_full_ledger_has_its_share_of_64_kib() {
    assert_eq!((operations_max(UNITS_TAB), nullifiers_max(UNITS_TAB)), (48, 204));
    let genesis = crowded();
    let before = tabmesh_heap::balance();
    let mut ledger = Ledger::new(&genesis);
    let mut epoch = 0;
    // Blocks of nothing but new records, until there is no room.
    while ledger.state().units().len() < UNITS_TAB as usize {
        epoch += 1;
        let given: Vec<Operation> = (5..193)
            .map(|person| {
                let account = ledger.state().units().account(&account(person)).expect("it is there");
                let action = match person % 3 {
                    0 => Action::Set { name: [person as u8; 11], value: [1; 32] },
                    _ => Action::Transfer { to: id(person + 1_000 * epoch), amount: CREDIT },
                };
                by(person, account.sequence, action)
            })
            .collect();
        tabmesh_heap::mark();
        let start = tabmesh_heap::balance();
        let (block, refused) = ledger.propose(epoch, 0, &given).expect("a block");
        assert_eq!(ledger.apply(&block), Ok(()));
        let peak = tabmesh_heap::peak() - start;
        assert!(peak <= SCRATCH + given.len() as i64 * 400, "{peak} bytes for a block of {}", refused.len());
        drop((block, refused));
    }
    let held = tabmesh_heap::balance() - before + size_of::<Ledger>() as i64;
    println!("{held} bytes with {} units", ledger.state().units().len());
    // The index of records is 2 bytes each; a header, peaks, terms.
    assert!(held <= UNITS_SHARE + NULLIFIERS_SHARE + 2 * i64::from(UNITS_TAB) + 1_500, "{held}");
}

#[test]
fn s9_applying_the_largest_block_takes_little_besides() {
    let mut ledger = Ledger::new(&crowded());
    let given: Vec<Operation> = (5..53)
        .map(|person| by(person, 0, Action::Set { name: [person as u8; 11], value: [1; 32] }))
        .collect();
    let (block, _) = ledger.propose(1, 0, &given).expect("a block");
    assert_eq!(block.operations.len(), 48);
    tabmesh_heap::mark();
    let start = tabmesh_heap::balance();
    assert_eq!(ledger.apply(&block), Ok(()));
    let peak = tabmesh_heap::peak() - start;
    println!("{peak} bytes at most while a block of 48 is applied");
    assert!(peak <= SCRATCH, "{peak}");
}

/// Claims beyond the table of nullifiers wait until the oldest are forgotten.
#[test]
fn s9_nullifiers_have_a_bound_and_claims_wait_at_it() {
    let terms = common::TERMS;
    let source = account(1);
    let side = |key: &tabmesh_ledger::Key| key.0[0] >= 128;
    let away = (2..).map(account).find(|key| side(key) != side(&source)).expect("somebody");
    let mut taker = State::read(&empty(side(&away)), terms).expect("a state");
    let receipt = |sequence| Receipt { source, sequence, destination: away, amount: CREDIT, expiry: 36 };
    // The source has one open receipt at a time; its root is of that.
    let root = |receipt: &Receipt| {
        let mut bytes = empty(side(&source));
        bytes.extend(receipt.key().0);
        bytes.extend([5, 0, 0, 0]);
        bytes.extend(CREDIT.to_be_bytes());
        bytes.extend([0; 8]);
        bytes.extend(36_u32.to_be_bytes());
        bytes.extend([0; 8]);
        bytes
    };
    let claim = |taker: &mut State, sequence, epoch| {
        let receipt = receipt(sequence);
        let source = State::read(&root(&receipt), terms).expect("a state");
        taker.claim(epoch, &receipt, &source.root(), &source.prove(&receipt.key()))
    };
    for sequence in 0..204 {
        assert_eq!(claim(&mut taker, sequence, 1), Ok(()));
    }
    assert_eq!(claim(&mut taker, 204, 1), Err(Refusal::TableFull));
    assert_eq!(claim(&mut taker, 7, 1), Err(Refusal::Claimed));
    assert_eq!(claim(&mut taker, 204, 37), Err(Refusal::Expired));
    taker.sweep(36 + 42);
    assert_eq!(taker.nullifiers().len(), 204);
    taker.sweep(36 + 43);
    assert_eq!((taker.nullifiers().len(), taker.nullifiers().root()), (0, [0; 32]));
    assert_eq!(taker.sums().received, 204 * CREDIT);
    assert!(Prefix::of(&away, 1).is_some_and(|prefix| taker.prefix() == prefix));
}

/// A state of one half of all keys, with nothing in it.
fn empty(is_upper: bool) -> Vec<u8> {
    let mut bytes = vec![1, u8::from(is_upper) << 7, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(3_u32.to_be_bytes());
    bytes.extend([0; 56 + 4 + 4]);
    bytes
}
