//! Goal: whatever operations come, the ledger does what the model does, refuses what it refuses by the same number, and loses nothing.
//! Method: operations by chance over years of epochs, also in a table that is full and beside another neighbourhood; after each one roots,
//! sums and refusals are compared.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::model::{Model, Thing, key as model_key};
use common::{CREDIT, TERMS, account, choose, id};
use tabmesh_ledger::{Action, Closed, Key, Operation, Receipt, Refusal, Rooted, State, Terms};
use tabmesh_port::{NodeId, Signature};
use tabmesh_world::dice::Dice;

/// A neighbourhood and its model.
struct Pair {
    state: State,
    model: Model,
}

/// A state that holds the people of one side, or all.
fn pair(terms: Terms, side: Option<bool>, people: &[u32]) -> Pair {
    let mut things = BTreeMap::new();
    let mut minted = 0;
    for person in people {
        let at = account(*person).0;
        if side.is_some_and(|side| side != (at[0] >= 128)) {
            continue;
        }
        let is_voter = *person <= 4;
        let (balance, bond) = (500 * i128::from(CREDIT), if is_voter { 100 } else { 0 });
        minted += balance + bond * i128::from(CREDIT);
        things.insert(at, Thing::Account { balance, sequence: 0, bond, unlock: 0, touched: 0, since: 0 });
    }
    let model = Model {
        things,
        price: terms.price.into(),
        taken: BTreeMap::new(),
        minted,
        received: 0,
        pot: 0,
        burned: 0,
        sent: 0,
        side,
        units_max: terms.units as usize,
        fee: terms.fee.into(),
        stake: terms.stake.into(),
        lowest: terms.price.into(),
        waiting: Vec::new(),
    };
    Pair { state: State::read(&bytes(&model, side), terms).expect("a state"), model }
}

/// The state of the model, as `State::read` takes it.
fn bytes(model: &Model, side: Option<bool>) -> Vec<u8> {
    let mut bytes = match side {
        None => vec![0; 9],
        Some(is_upper) => [1, u8::from(is_upper) << 7, 0, 0, 0, 0, 0, 0, 0].to_vec(),
    };
    bytes.extend((model.price as u32).to_be_bytes());
    bytes.extend((model.minted as u64).to_be_bytes());
    bytes.extend([0; 48 + 4 + 4]);
    for (at, thing) in &model.things {
        let Thing::Account { balance, bond, .. } = thing else { unreachable!("accounts alone") };
        bytes.extend(at);
        bytes.extend([1, 0, 0, 0]);
        bytes.extend((*balance as u64).to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend((*bond as u32).to_be_bytes());
        bytes.extend([0; 12]);
    }
    bytes
}

impl Pair {
    /// Roots and sums of both are the same, and the sums hold.
    fn compare(&self, about: &str) {
        let (sums, model) = (self.state.sums(), &self.model);
        assert!(sums.hold(), "{about}: {sums:?}");
        let of = [sums.minted, sums.received, sums.balances, sums.pot, sums.bonded, sums.burned, sums.sent];
        let naive = [
            model.minted,
            model.received,
            model.balances(),
            model.pot,
            model.bonded(),
            model.burned,
            model.sent,
        ];
        assert_eq!(of.map(i128::from), naive, "{about}");
        assert_eq!(i128::from(self.state.price()), model.price, "{about}");
        assert_eq!(self.state.root(), model.root(), "{about}");
        assert_eq!(self.state.nullifiers().root(), model.nullifiers(), "{about}");
        assert_eq!(self.state.units().len(), model.units(), "{about}");
        let waiting =
            self.state.voters().waiting().iter().map(|seat| tabmesh_ledger::Key::account(&seat.id).0);
        assert_eq!(waiting.collect::<Vec<_>>(), model.waiting, "{about}");
    }

    fn execute(&mut self, epoch: u32, operation: &Operation) -> Result<(), Refusal> {
        let (before, root) = (self.state.clone(), self.state.root());
        let result = self.state.execute(epoch, operation);
        assert_eq!(result, self.model.execute(epoch.into(), operation), "{operation:?}");
        if result.is_err() {
            assert!(before == self.state && root == self.state.root(), "a refusal changed something");
        }
        result
    }

    fn sweep(&mut self, epoch: u32) {
        self.state.sweep(epoch);
        self.model.sweep(epoch.into());
    }
}

/// An amount of every size that matters: nothing much, around what an account needs, around all that there is.
fn amount(dice: &mut Dice, state: &State, person: u32) -> u64 {
    let has = common::balance(state, person);
    let exact = has.saturating_sub(dice.below(300));
    let low = state.existential();
    match dice.below(8) {
        0 => 1 + dice.below(2 * low),
        1 => low,
        2 => exact.max(1),
        3 => has.saturating_sub(20).max(1),
        4 => has.saturating_sub(20 + low).max(1),
        5 => 1 + dice.draw() / 2,
        _ => 1 + dice.below(20 * CREDIT),
    }
}

fn by_chance(dice: &mut Dice, state: &State, people: u32, epoch: u32) -> Operation {
    let person = 1 + dice.below(u64::from(people)) as u32;
    let name = [dice.below(12) as u8; 11];
    let action = match dice.below(14) {
        0 => Action::Bond { credits: choose(dice, &[1, 30, 99, 100, 120, u32::MAX]) },
        1 => Action::Leave,
        2 | 3 => Action::Set { name, value: dice.bytes() },
        4 => Action::Renew { name, amount: amount(dice, state, person) },
        5 | 6 if dice.chance(0.8) => Action::Join { nonce: dice.draw().to_be_bytes() },
        5 => Action::Thaw { nonce: [5; 8], proof: dice.draw().to_be_bytes() },
        _ => {
            let to = match dice.below(4) {
                0 => NodeId(dice.bytes()),
                _ => id(1 + dice.below(u64::from(people)) as u32),
            };
            Action::Transfer { to, amount: amount(dice, state, person) }
        }
    };
    let mut operation = common::operation(state, person, action);
    if dice.below(10) == 0 {
        operation.sequence = operation.sequence.wrapping_add(choose(dice, &[1, 7, u32::MAX]));
    }
    operation.fee = choose(dice, &[10, 10, 20, 20, 20, 20, 25, 1_000, 9, 0]);
    operation.until = epoch.wrapping_add(choose(dice, &[0, 1, 50, 50, 50, u32::MAX]));
    operation.signature = Signature([dice.draw() as u8; 64]);
    operation
}

/// `calm`: of so many operations one ends an epoch.
fn run(seed: u64, terms: Terms, steps: u32, calm: u64) -> BTreeSet<u8> {
    let mut dice = Dice::new(seed, 2);
    let people: Vec<u32> = (1..=20).collect();
    let mut pair = pair(terms, None, &people);
    let mut epoch = 0;
    let mut seen = BTreeSet::new();
    for step in 0..steps {
        let operation = by_chance(&mut dice, &pair.state, 24, epoch);
        let result = pair.execute(epoch, &operation);
        seen.insert(result.map_or_else(Refusal::code, |()| 0));
        if step % 4 == 0 {
            pair.compare(&format!("seed {seed}, step {step}"));
        }
        if dice.below(calm) == 0 {
            pair.sweep(epoch);
            pair.compare(&format!("seed {seed}, step {step}, the end of epoch {epoch}"));
            epoch += choose(&mut dice, &[0, 1, 1, 1, 2, 40, 200]);
        }
    }
    seen
}

#[test]
fn s3_the_ledger_does_what_the_model_does_and_loses_nothing() {
    let mut seen = BTreeSet::new();
    for seed in 0..40 {
        // A few seeds run in a table that is soon full, at a price that nearly all are poor at.
        let (terms, steps, calm) = match seed % 4 {
            0 => (Terms { units: 64, ..TERMS }, 1_000, 60),
            1 => (Terms { price: 40_000, units: 64, ..TERMS }, 400, 3),
            _ => (TERMS, 400, 3),
        };
        seen.extend(run(seed, terms, steps, calm));
    }
    let wanted: BTreeSet<u8> = [0, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22].into();
    assert!(seen.is_superset(&wanted), "never came: {:?}", wanted.difference(&seen));
}

/// A receipt on its way, and what became of it.
struct Way {
    receipt: Receipt,
    claims: u32,
    closed: Option<Closed>,
}

/// Two neighbourhoods that send to each other: total credits stay, every receipt is claimed or refunded, once.
fn cross(seed: u64) -> [usize; 2] {
    let mut dice = Dice::new(seed, 3);
    let people: Vec<u32> = (1..=20).collect();
    let mut pairs = [false, true].map(|side| pair(Terms { units: 128, ..TERMS }, Some(side), &people));
    let total: i128 = pairs.iter().map(|pair| pair.model.minted).sum();
    let side_of = |key: &Key| usize::from(key.0[0] >= 128);
    let mut ways: Vec<Way> = Vec::new();
    for epoch in 0..260 {
        for _ in 0..3 {
            let mut operation = by_chance(&mut dice, &pairs[0].state, 20, epoch);
            let at = side_of(&operation.payer());
            if let Some(payer) = pairs[at].state.units().account(&operation.payer()) {
                operation.sequence = payer.sequence;
            }
            let Action::Transfer { to, amount } = operation.action else { continue };
            let destination = Key::account(&to);
            if epoch < 170 && pairs[at].execute(epoch, &operation).is_ok() && side_of(&destination) != at {
                let (source, sequence) = (operation.payer(), operation.sequence);
                let receipt = Receipt { source, sequence, destination, amount, expiry: epoch + 36 };
                assert_eq!(Receipt::read(&receipt.emit()), Some(receipt));
                ways.push(Way { receipt, claims: 0, closed: None });
            }
        }
        for way in &mut ways {
            let receipt = &way.receipt;
            let (from, to) = (side_of(&receipt.source), side_of(&receipt.destination));
            if dice.below(30) == 0 {
                let (root, proof) = (pairs[from].state.root(), pairs[from].state.prove(&receipt.key()));
                let claimed = pairs[to].state.claim(epoch, receipt, &root, &proof);
                if claimed.is_ok() {
                    way.claims += 1;
                    let Pair { model, .. } = &mut pairs[to];
                    model.give(epoch.into(), receipt.destination.0, receipt.amount.into()).expect("as there");
                    model.received += i128::from(receipt.amount);
                    model.taken.insert(receipt.key().0[16..].to_vec(), u64::from(receipt.expiry) + 42);
                }
                assert!(claimed.is_err() || epoch <= receipt.expiry);
            }
            if dice.below(10) == 0 && way.closed.is_none() {
                let nullifiers = pairs[to].state.nullifiers();
                let (rooted, proof) =
                    (Rooted { epoch, nullifiers: nullifiers.root() }, nullifiers.prove(&receipt.key()));
                let closed = pairs[from].state.close(epoch, receipt, &rooted, &proof);
                if let Ok(closed) = closed {
                    way.closed = Some(closed);
                    let Pair { model, .. } = &mut pairs[from];
                    model.things.remove(&receipt.key().0);
                    if closed == Closed::Refunded {
                        model.sent -= i128::from(receipt.amount);
                        model.give(epoch.into(), receipt.source.0, receipt.amount.into()).expect("as there");
                    }
                }
            }
        }
        for pair in &mut pairs {
            pair.sweep(epoch);
            let terms = Terms { units: 128, ..TERMS };
            assert_eq!(
                State::read(&pair.state.emit(), terms).as_ref(),
                Some(&pair.state),
                "as it was written"
            );
            pair.compare(&format!("seed {seed}, epoch {epoch}"));
        }
        let held = |pair: &Pair| {
            let sums = pair.state.sums();
            let here = [sums.balances, sums.pot, sums.bonded, sums.burned, sums.sent].map(i128::from);
            here.iter().sum::<i128>() - i128::from(sums.received)
        };
        assert_eq!(pairs.iter().map(held).sum::<i128>(), total, "seed {seed}, epoch {epoch}");
    }
    for way in &ways {
        assert!(way.claims <= 1, "seed {seed}");
        match way.closed {
            Some(Closed::Taken) => assert_eq!(way.claims, 1),
            Some(Closed::Refunded) => assert_eq!(way.claims, 0, "seed {seed}: claimed and refunded"),
            None => {}
        }
    }
    let count = |which| ways.iter().filter(|way| way.closed == Some(which)).count();
    [count(Closed::Taken), count(Closed::Refunded)]
}

#[test]
fn s5_each_receipt_is_claimed_or_refunded_once() {
    let mut sum = [0; 2];
    for seed in 0..30 {
        let [taken, refunded] = cross(seed);
        sum = [sum[0] + taken, sum[1] + refunded];
    }
    assert!(sum.iter().all(|count| *count > 100), "{sum:?}");
}

/// The model has a key of its own making.
#[test]
fn keys_of_the_model_are_those_of_the_ledger() {
    for person in 1..50 {
        assert_eq!(model_key(id(person).0, true), account(person).0);
    }
}
