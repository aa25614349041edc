//! Goal: whatever is wrong with an operation has its own number, and nothing is lost by it. Method: one test for each refusal, on the
//! smallest operation that deserves it.

mod common;

use common::{CREDIT, TERMS, account, balance, execute, genesis, id, ledger_id, operation, transfer};
use tabmesh_ledger::limits::{REFERENCE_EPOCHS, SEQUENCES, UNBONDING};
use tabmesh_ledger::{Action, Genesis, Key, LedgerId, Operation, Refusal, State, Terms};
use tabmesh_port::{Attachment, NodeId, Port, Signature};
use tabmesh_world::crypto::{Crypto, Owner, P256};
use tabmesh_world::dice::Dice;

/// Persons 5 and 6 have credits, 1 to 4 a bond.
fn state() -> State {
    genesis(2).state()
}

#[test]
fn a_transfer_is_done_and_its_sequence_number_used() {
    let mut state = state();
    let first = operation(&state, 5, transfer(6, CREDIT));
    assert_eq!(execute(&mut state, 0, &first), Ok(()));
    assert_eq!([balance(&state, 5), balance(&state, 6)], [999 * CREDIT - 20, 1_001 * CREDIT]);
    assert_eq!(execute(&mut state, 0, &first), Err(Refusal::SequenceUsed));
    let later = Operation { sequence: 2, ..first };
    assert_eq!(execute(&mut state, 0, &later), Err(Refusal::SequenceEarly));
}

#[test]
fn bytes_that_are_no_operation_are_malformed() {
    let good = operation(&state(), 5, transfer(6, 1)).emit();
    assert_eq!(good.len(), Operation::BYTES);
    assert_eq!(Operation::read(&good[1..]), Err(Refusal::Malformed));
    assert_eq!(Operation::read(&[&good[..], &[0]].concat()), Err(Refusal::Malformed));
    assert_eq!(Operation::read(&[]), Err(Refusal::Malformed));
    // Behind the amount of a transfer are three zeros, and no amount is 0.
    for at in 53..56 {
        let mut other = good.clone();
        other[at] = 1;
        assert_eq!(Operation::read(&other), Err(Refusal::Malformed));
    }
    let none = [Action::Bond { credits: 0 }, transfer(6, 0), Action::Renew { name: [1; 11], amount: 0 }];
    for action in none {
        assert_eq!(Operation::read(&operation(&state(), 5, action).emit()), Err(Refusal::Malformed));
    }
}

#[test]
fn kinds_that_are_none_and_kinds_that_are_to_come_differ() {
    let mut bytes = operation(&state(), 5, Action::Leave).emit();
    for kind in 0..=255 {
        bytes[0] = kind;
        let expected = match kind {
            8..=20 => Refusal::NotYet,
            0 | 21.. => Refusal::UnknownKind,
            // With a leave's zeros these say nothing; a reference may be set to zeros.
            1 | 2 | 7 => Refusal::Malformed,
            3..=6 => {
                assert!(Operation::read(&bytes).is_ok());
                continue;
            }
        };
        assert_eq!(Operation::read(&bytes), Err(expected), "{kind}");
    }
}

#[test]
fn an_operation_for_another_ledger_is_refused_as_such() {
    let (ours, other) = (ledger_id(), genesis(3).id());
    let operation = operation(&state(), 5, transfer(6, 1));
    let submission = operation.submission(&ours);
    assert_eq!(Operation::submitted(&submission, &ours), Ok(operation));
    assert_eq!(Operation::submitted(&submission, &other), Err(Refusal::WrongLedger));
    assert_eq!(Operation::submitted(&submission[..7], &ours), Err(Refusal::Malformed));
    assert_eq!(Operation::submitted(&submission[..9], &ours), Err(Refusal::Malformed));
}

#[test]
fn a_signature_holds_for_one_operation_in_one_ledger() {
    let owner = |node| Owner { seed: 1, node, life: 0, tries: 0 };
    let ours = ledger_id();
    let blank = Operation { key: P256::public(owner(1)), ..operation(&state(), 5, transfer(6, 9)) };
    // As a shell signs what a module on the ledger's port wants signed.
    let covered = Attachment::covered(&ours.network, Port::LEDGER, &blank.covered(&ours));
    let signed = Operation { signature: P256::sign(owner(1), &covered), ..blank };
    let holds = |operation: &Operation, ledger: &LedgerId| {
        let claim = operation.claim(ledger);
        P256::verify(&claim.key, &claim.signature, &claim.bytes)
    };
    assert!(holds(&signed, &ours));
    assert!(!holds(&signed, &genesis(3).id()), "another genesis");
    assert!(!holds(&signed, &LedgerId { network: [1; 8], ..ours }), "another network");
    let other = P256::sign(owner(2), &covered);
    assert!(!holds(&Operation { signature: other, ..blank }, &ours), "another's signature");
    // Each bit of the operation is covered, or is another operation's, or none.
    let bytes = signed.emit();
    for (bit, other) in common::flips(&bytes).filter(|(bit, _)| bit % 5 == 0) {
        assert!(!Operation::read(&other).is_ok_and(|other| holds(&other, &ours)), "bit {bit}");
    }
    assert_ne!(signed.id(), Operation { fee: 21, ..signed }.id());
    assert_eq!(signed.id(), blank.id(), "whatever its signature");
}

#[test]
fn an_operation_is_done_up_to_its_last_epoch() {
    let mut state = state();
    let operation = Operation { until: 7, ..operation(&state, 5, transfer(6, 1)) };
    assert_eq!(execute(&mut state, 8, &operation), Err(Refusal::Expired));
    assert_eq!(execute(&mut state, 7, &operation), Ok(()));
}

#[test]
fn who_has_no_account_pays_nothing() {
    let mut state = state();
    let stranger = operation(&state, 99, transfer(6, 1));
    assert_eq!(execute(&mut state, 0, &stranger), Err(Refusal::UnknownAccount));
}

#[test]
fn an_account_has_so_many_operations_an_epoch() {
    let mut state = state();
    for _ in 0..SEQUENCES {
        let next = operation(&state, 5, transfer(6, 1));
        assert_eq!(execute(&mut state, 0, &next), Ok(()));
    }
    let next = operation(&state, 5, transfer(6, 1));
    assert_eq!(execute(&mut state, 0, &next), Err(Refusal::TooMany));
    assert_eq!(execute(&mut state, 1, &next), Ok(()));
}

/// An account is emptied, so it is gone; somebody sends it credits again: what it had signed before is worth nothing.
#[test]
fn what_an_account_signed_before_it_closed_is_not_done_again() {
    let mut state = state();
    let mut signed: Vec<Operation> = Vec::new();
    for _ in 0..SEQUENCES - 1 {
        signed.push(operation(&state, 5, transfer(6, CREDIT)));
        assert_eq!(execute(&mut state, 0, &signed[signed.len() - 1]), Ok(()));
    }
    let all = balance(&state, 5) - 20;
    signed.push(operation(&state, 5, transfer(6, all)));
    assert_eq!(execute(&mut state, 0, &signed[signed.len() - 1]), Ok(()));
    assert_eq!(state.units().account(&account(5)), None);
    let back = operation(&state, 6, transfer(5, 500 * CREDIT));
    assert_eq!(execute(&mut state, 0, &back), Ok(()));
    for epoch in [0, 1, 2, 1_000] {
        for old in &signed {
            assert_eq!(execute(&mut state, epoch, old), Err(Refusal::SequenceUsed));
        }
    }
    let new = operation(&state, 5, transfer(6, CREDIT));
    assert_eq!(execute(&mut state, 0, &new), Err(Refusal::TooMany));
    assert_eq!(execute(&mut state, 1, &new), Ok(()));
}

#[test]
fn a_fee_is_at_least_the_ledgers() {
    let mut state = state();
    let cheap = Operation { fee: 9, ..operation(&state, 5, transfer(6, 1)) };
    assert_eq!(execute(&mut state, 0, &cheap), Err(Refusal::FeeTooLow));
    assert_eq!(execute(&mut state, 0, &Operation { fee: 10, ..cheap }), Ok(()));
}

#[test]
fn nobody_spends_more_than_there_is() {
    let mut state = state();
    let has = balance(&state, 5);
    for (amount, expected) in [
        (u64::MAX, Refusal::Overspent),
        (has, Refusal::Overspent),
        (has - 19, Refusal::Overspent),
        // What would be left is neither nothing nor a round's rent.
        (has - 21, Refusal::TooLittleLeft),
        (has - 20 - state.existential() + 1, Refusal::TooLittleLeft),
    ] {
        let greedy = operation(&state, 5, transfer(6, amount));
        assert_eq!(execute(&mut state, 0, &greedy), Err(expected), "{amount}");
    }
    let poor = operation(&state, 5, transfer(6, has - 20 - state.existential()));
    assert_eq!(execute(&mut state, 0, &poor), Ok(()));
}

#[test]
fn a_new_account_has_a_rounds_rent_at_least() {
    let mut state = state();
    let low = state.existential();
    assert_eq!(low, 3 * 64);
    let little = operation(&state, 5, transfer(50, low - 1));
    assert_eq!(execute(&mut state, 0, &little), Err(Refusal::TooLittle));
    let enough = operation(&state, 5, transfer(50, low));
    assert_eq!(execute(&mut state, 0, &enough), Ok(()));
    let itself = operation(&state, 5, transfer(5, low));
    assert_eq!(execute(&mut state, 0, &itself), Err(Refusal::ToItself));
}

#[test]
fn a_full_table_takes_nobody_new() {
    let mut genesis = genesis(2);
    genesis.terms = Terms { units: 64, ..TERMS };
    let mut state = genesis.state();
    let mut person = 100;
    while state.units().len() < 64 {
        let new = operation(&state, 5, transfer(person, 10_000));
        assert_eq!(execute(&mut state, person, &new), Ok(()));
        person += 1;
    }
    let new = operation(&state, 5, transfer(person, 10_000));
    assert_eq!(execute(&mut state, person, &new), Err(Refusal::TableFull));
    let set = operation(&state, 5, Action::Set { name: [1; 11], value: [2; 32] });
    assert_eq!(execute(&mut state, person, &set), Err(Refusal::TableFull));
    let known = operation(&state, 5, transfer(100, 10_000));
    assert_eq!(execute(&mut state, person, &known), Ok(()));
    // Whoever gives all to a newcomer makes room for it.
    let all = operation(&state, 6, transfer(person, balance(&state, 6) - 20));
    assert_eq!(execute(&mut state, person, &all), Ok(()));
    assert_eq!(state.units().len(), 64);
}

#[test]
fn a_bond_is_a_stake_at_least_and_comes_back_when_its_time_is_over() {
    let mut state = state();
    let below = operation(&state, 5, Action::Bond { credits: TERMS.stake - 1 });
    assert_eq!(execute(&mut state, 3, &below), Err(Refusal::BelowStake));
    let leave = operation(&state, 5, Action::Leave);
    assert_eq!(execute(&mut state, 3, &leave), Err(Refusal::NotBonded));
    let too_much = operation(&state, 5, Action::Bond { credits: 2_000 });
    assert_eq!(execute(&mut state, 3, &too_much), Err(Refusal::Overspent));
    let bond = operation(&state, 5, Action::Bond { credits: 150 });
    assert_eq!(execute(&mut state, 3, &bond), Ok(()));
    let more = operation(&state, 5, Action::Bond { credits: u32::MAX });
    assert_eq!(execute(&mut state, 3, &more), Err(Refusal::TooMuch));
    let account = state.units().account(&account(5)).expect("it is there");
    assert_eq!((account.bond, account.since, account.balance), (150, 3, 850 * CREDIT - 20));
    let leave = operation(&state, 5, Action::Leave);
    assert_eq!(execute(&mut state, 4, &leave), Ok(()));
    for action in [Action::Leave, Action::Bond { credits: 100 }] {
        let again = operation(&state, 5, action);
        assert_eq!(execute(&mut state, 5, &again), Err(Refusal::Leaving));
    }
    let free = 4 + UNBONDING;
    let all = operation(&state, 5, transfer(6, 900 * CREDIT));
    assert_eq!(execute(&mut state, free - 1, &all), Err(Refusal::Overspent));
    assert_eq!(execute(&mut state, free, &all), Ok(()));
    assert_eq!(state.units().account(&self::account(5)).expect("it is there").bond, 0);
}

#[test]
fn who_has_a_bond_can_always_leave() {
    let mut state = state();
    let has = balance(&state, 1);
    let nearly_all = operation(&state, 1, transfer(6, has - 40));
    assert_eq!(execute(&mut state, 0, &nearly_all), Ok(()), "the bond stands for the rent");
    let leave = operation(&state, 1, Action::Leave);
    assert_eq!(execute(&mut state, 0, &leave), Ok(()));
    assert_eq!(balance(&state, 1), 0);
    // It owes rent for as long as the bond is there, and pays when it has it back.
    (1..=UNBONDING + 64).for_each(|epoch| state.sweep(epoch));
    let account = state.units().account(&account(1)).expect("it is there");
    assert_eq!(account.bond, 0);
    assert!(account.touched > UNBONDING && account.balance < 100 * CREDIT, "{account:?}");
    assert!(state.sums().hold());
}

#[test]
fn a_reference_is_its_owners() {
    let (mut state, name) = (state(), *b"a name here");
    let renew = operation(&state, 6, Action::Renew { name, amount: 5 });
    assert_eq!(execute(&mut state, 9, &renew), Err(Refusal::UnknownReference));
    let set = operation(&state, 5, Action::Set { name, value: [1; 32] });
    assert_eq!(execute(&mut state, 9, &set), Ok(()));
    let theft = operation(&state, 6, Action::Set { name, value: [2; 32] });
    assert_eq!(execute(&mut state, 9, &theft), Err(Refusal::NotOwner));
    let reference = state.units().reference(&name).expect("it is there");
    assert_eq!((reference.owner, reference.value, reference.version), (account(5), [1; 32], 0));
    assert_eq!(reference.balance, 2 * 3 * u64::from(REFERENCE_EPOCHS));
    let set = operation(&state, 5, Action::Set { name, value: [3; 32] });
    assert_eq!(execute(&mut state, 9, &set), Ok(()));
    let renew = operation(&state, 6, Action::Renew { name, amount: 5 });
    assert_eq!(execute(&mut state, 9, &renew), Ok(()), "anybody may pay for it");
    let after = state.units().reference(&name).expect("it is there");
    assert_eq!((after.value, after.version, after.balance), ([3; 32], 1, reference.balance + 5));
}

/// The last bit of a key tells accounts from all else: credits sent to a name's place make an account beside it.
#[test]
fn nobody_takes_a_names_place_with_an_account() {
    let (mut state, name) = (state(), *b"taken place");
    let place = Key::reference(&name);
    let squat = operation(&state, 6, Action::Transfer { to: NodeId(place.0), amount: CREDIT });
    assert_eq!(execute(&mut state, 0, &squat), Ok(()));
    let set = operation(&state, 5, Action::Set { name, value: [1; 32] });
    assert_eq!(execute(&mut state, 0, &set), Ok(()));
    assert!(state.units().reference(&name).is_some());
    assert_eq!(state.units().account(&Key::account(&NodeId(place.0))).map(|it| it.balance), Some(CREDIT));
}

#[test]
fn what_is_not_paid_for_goes() {
    let mut state = state();
    let low = state.existential();
    let new = operation(&state, 5, transfer(50, low));
    assert_eq!(execute(&mut state, 0, &new), Ok(()));
    let set = operation(&state, 5, Action::Set { name: [1; 11], value: [1; 32] });
    assert_eq!(execute(&mut state, 0, &set), Ok(()));
    (0..64).for_each(|epoch| state.sweep(epoch));
    assert!(state.units().account(&account(50)).is_some(), "it has paid a round");
    (64..128).for_each(|epoch| state.sweep(epoch));
    assert!(state.units().account(&account(50)).is_none());
    assert!(state.units().reference(&[1; 11]).is_some());
    (128..REFERENCE_EPOCHS + 65).for_each(|epoch| state.sweep(epoch));
    assert!(state.units().reference(&[1; 11]).is_none());
    assert_eq!(state.units().records(), 6, "who has credits stays");
    assert!(state.sums().hold());
}

#[test]
fn the_price_follows_the_table() {
    let mut genesis: Genesis = genesis(2);
    genesis.terms.units = 64;
    let mut state = genesis.state();
    for person in 100..132 {
        let new = operation(&state, 5, transfer(person, CREDIT));
        assert_eq!(execute(&mut state, person, &new), Ok(()));
    }
    assert_eq!(state.units().len(), 38);
    (200..300).for_each(|epoch| state.sweep(epoch));
    let high = state.price();
    assert!(high > TERMS.price + 100, "{high}");
    // Half of them go; what is left is below 45 hundredths.
    for person in 100..116 {
        let all = operation(&state, person, transfer(6, balance(&state, person) - 20));
        assert_eq!(execute(&mut state, 300, &all), Ok(()));
    }
    (300..900).for_each(|epoch| state.sweep(epoch));
    assert_eq!(state.price(), TERMS.price, "and no lower");
}

/// Numbers are for good: faces know them.
#[test]
fn refusals_keep_their_numbers() {
    let all = [
        (Refusal::Malformed, 1),
        (Refusal::WrongLedger, 4),
        (Refusal::BadSignature, 5),
        (Refusal::SequenceUsed, 8),
        (Refusal::SequenceEarly, 9),
        (Refusal::Overspent, 12),
        (Refusal::TableFull, 16),
        (Refusal::Disorder, 28),
        (Refusal::WrongHeader, 31),
    ];
    for (refusal, code) in all {
        assert_eq!(refusal.code(), code);
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut dice = Dice::new(1, 9);
    let mut state = state();
    for turn in 0..40_000 {
        let mut bytes = dice.vec(184);
        // Half of them are of a kind that there is, and of somebody who has an account.
        if turn % 2 == 0 {
            bytes[0] = 1 + dice.below(7) as u8;
            bytes[1..5].copy_from_slice(&20_u32.to_be_bytes());
            bytes[9..13].copy_from_slice(&u32::MAX.to_be_bytes());
            bytes[56..120].copy_from_slice(&common::key(5).0);
            let sequence = state.units().account_of(&id(5)).map_or(0, |account| account.sequence);
            bytes[5..9].copy_from_slice(&sequence.to_be_bytes());
            if turn % 4 == 0 {
                bytes[53..56].fill(0);
                bytes[45..50].fill(0);
            }
        }
        let length = dice.below(185) as usize;
        let _ = Operation::read(&bytes[..length]);
        if let Ok(operation) = Operation::read(&bytes) {
            assert_eq!(operation.emit(), bytes);
            assert_eq!(operation.signature, Signature(*bytes.last_chunk().unwrap()));
            let _ = execute(&mut state, dice.below(1 << 33) as u32, &operation);
        }
    }
}
