//! S10: the same log gives the same roots natively and in Wasm, and the same refusals. Method: the `.wasm` as a shell has it, in an engine,
//! against the native module: blocks by chance, blocks with faults, proofs, nonsense.

#[path = "../../examples/counter/tests/loaded/mod.rs"]
mod loaded;

mod common;

use common::{CREDIT, account, choose, genesis, operation, transfer};
use loaded::Built;
use tabmesh_ledger::replica::{command, event};
use tabmesh_ledger::{Action, Ledger, Operation, Replica};
use tabmesh_port::{Attachment, Done, Input, Instant, Module, Output, Port, Room, Work};
use tabmesh_world::crypto::{Crypto, Owner, StandIn};
use tabmesh_world::dice::Dice;

fn attachment() -> Attachment {
    Attachment { key: common::key(1), network: *b"tests v1", port: Port::LEDGER, seed: [0; 32] }
}

/// Hands a command in and does its jobs, the last one first: the events.
fn face(module: &mut dyn Module, kind: u8, bytes: &[u8]) -> Vec<Vec<u8>> {
    module.handle(Instant(0), Input::Command(&[&[kind], bytes].concat()));
    let (mut events, mut jobs) = (Vec::new(), Vec::new());
    loop {
        while let Some(flat) = module.poll(Room::ALL) {
            match Output::read(&flat).expect("an output") {
                Output::Event(bytes) => events.push(bytes.to_vec()),
                Output::Work(Work::Verify { job, key, signature, bytes }) => {
                    jobs.push((job, StandIn::verify(key, signature, bytes)));
                }
                other => panic!("{other:?}"),
            }
        }
        let Some((job, holds)) = jobs.pop() else { return events };
        module.handle(Instant(0), Input::Done(Done::Verified { job, holds }));
    }
}

fn owner(person: u32) -> Owner {
    Owner { seed: 3, node: person, life: 0, tries: 0 }
}

/// A genesis of people who can sign.
fn signing() -> tabmesh_ledger::Genesis {
    let mut genesis = genesis(30);
    for (at, voter) in (100..).zip(&mut genesis.voters) {
        voter.key = StandIn::public(owner(at));
    }
    for (at, account) in (0..).zip(&mut genesis.accounts) {
        account.0 = tabmesh_port::NodeId::of_key(&StandIn::public(owner(at)));
    }
    genesis.sort();
    genesis
}

fn signed(ledger: &Ledger, mut operation: Operation, person: u32) -> Operation {
    operation.key = StandIn::public(owner(person));
    let account = ledger.state().units().account(&operation.payer());
    operation.sequence = account.map_or(0, |account| account.sequence);
    operation.signature = StandIn::sign(owner(person), &operation.claim(ledger.id()).bytes);
    operation
}

/// What both say to the same commands, in order.
fn log(seed: u64) -> Vec<(u8, Vec<u8>)> {
    let mut dice = Dice::new(seed, 7);
    let genesis = signing();
    let mut ledger = Ledger::new(&genesis);
    let mut log = vec![(command::BLOCK, vec![]), (command::BEGIN, genesis.emit())];
    for epoch in 1..20 {
        let mut given: Vec<Operation> = Vec::new();
        for _ in 0..dice.below(70) {
            let person = dice.below(30) as u32;
            let action = match dice.below(4) {
                0 => Action::Set { name: [dice.below(9) as u8; 11], value: dice.bytes() },
                1 => Action::Bond { credits: 100 },
                _ => transfer(dice.below(90) as u32, 1 + dice.below(CREDIT)),
            };
            given.push(signed(&ledger, operation(ledger.state(), 5, action), person));
        }
        let (block, _) = ledger
            .propose(epoch * choose(&mut dice, &[1, 1, 30]).max(1), 0, &given)
            .unwrap_or_else(|_| ledger.propose(ledger.head().epoch, 0, &given).expect("a block"));
        let mut bad = block.clone();
        bad.header.state[3] ^= 1;
        log.push((command::BLOCK, bad.emit()));
        if let Some(operation) = bad.operations.first_mut() {
            operation.signature.0[5] ^= 1;
            log.push((command::BLOCK, bad.emit()));
        }
        log.push((command::PROVE, account(dice.below(90) as u32).0.to_vec()));
        let noise = dice.below(900) as usize;
        log.push((dice.below(5) as u8, dice.vec(noise)));
        log.push((command::BLOCK, block.emit()));
        ledger.apply(&block).expect("it follows");
    }
    log
}

#[test]
fn s10_the_same_log_gives_the_same_roots_natively_and_in_wasm() {
    let built = Built::with("tabmesh-ledger-wasm", "replica");
    for seed in 1..=4 {
        let (mut native, mut wasm) = (Replica::new(attachment()), built.start(&attachment()));
        let mut kinds = [0; 5];
        let log = log(seed);
        for (kind, bytes) in &log {
            let events = face(&mut native, *kind, bytes);
            assert_eq!(face(&mut wasm, *kind, bytes), events, "seed {seed}");
            assert_eq!(events.len(), 1, "each command has one answer");
            kinds[usize::from(events[0][0])] += 1;
        }
        assert!(kinds[usize::from(event::HEAD)] > 19, "every good block was taken: {kinds:?}");
        assert!(
            kinds[usize::from(event::REFUSED)] >= 30 && kinds[usize::from(event::PROOF)] >= 19,
            "{kinds:?}"
        );
        assert!(kinds[usize::from(event::NOT_NOW)] >= 1, "{kinds:?}");
    }
}
