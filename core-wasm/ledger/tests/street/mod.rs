//! A chain without messages: a block is final if as many voters as it takes are awake, and shows those. The checker's roll follows it.

#[path = "../common/mod.rs"]
pub(crate) mod common;
#[path = "../town/roll.rs"]
mod roll;

use std::collections::BTreeSet;

use tabmesh_ledger::{Action, Genesis, Ledger, Operation, Refusal, Voter};

use common::{CREDIT, account, id, key};
use roll::Roll;

pub(crate) struct Street {
    pub(crate) ledger: Ledger,
    pub(crate) roll: Roll,
    pub(crate) epoch: u32,
    /// Persons whose nodes are there.
    pub(crate) awake: BTreeSet<u32>,
    /// Who is shown to vote whenever it may be, and does not.
    pub(crate) sly: BTreeSet<u32>,
    /// For the next block.
    pub(crate) wanted: Vec<Operation>,
    /// All who may vote.
    people: Vec<u32>,
    pub(crate) is_compared: bool,
}

impl Street {
    /// Persons 1 to `voters` vote; `others` more have credits.
    pub(crate) fn new(voters: u32, others: u32, is_lax: bool) -> Self {
        let mut genesis = common::genesis(0);
        genesis.is_lax = is_lax;
        genesis.voters =
            (1..=voters).map(|person| Voter { key: key(person), balance: 100 * CREDIT }).collect();
        let people = voters + 1..=voters + others;
        genesis.accounts = people.map(|person| (id(person), 1_000 * CREDIT)).collect();
        Self::of(genesis, voters + others)
    }

    fn of(mut genesis: Genesis, people: u32) -> Self {
        genesis.sort();
        genesis.check().expect("a genesis");
        Self {
            ledger: Ledger::new(&genesis),
            roll: Roll::new(&genesis),
            epoch: 0,
            awake: (1..=people).collect(),
            sly: BTreeSet::new(),
            wanted: Vec::new(),
            people: (1..=people).collect(),
            is_compared: true,
        }
    }

    pub(crate) fn sits(&self, person: u32) -> bool {
        self.ledger.state().voters().find(&id(person)).is_some()
    }

    pub(crate) fn is_frozen(&self, person: u32) -> bool {
        self.ledger.state().voters().frozen().iter().any(|seat| seat.id == id(person))
    }

    pub(crate) fn waits(&self, person: u32) -> bool {
        self.ledger.state().voters().waiting().iter().any(|seat| seat.id == id(person))
    }

    /// Who votes, by their numbers as persons.
    pub(crate) fn seated(&self) -> Vec<u32> {
        let voters = self.ledger.state().voters();
        let of =
            |seat: &tabmesh_ledger::Seat| self.people.iter().copied().find(|person| id(*person) == seat.id);
        voters.seats().iter().map(|seat| of(seat).expect("a person")).collect()
    }

    /// What a person wants in the next block.
    pub(crate) fn act(&mut self, person: u32, action: Action) {
        let before = self.wanted.iter().filter(|operation| operation.key == key(person)).count() as u32;
        let mut operation = common::operation(self.ledger.state(), person, action);
        operation.sequence += before;
        self.wanted.push(operation);
    }

    /// Bonds, and asks for a seat.
    pub(crate) fn ask(&mut self, person: u32) {
        self.act(person, Action::Bond { credits: 100 });
        self.act(person, Action::Join { nonce: [0; 8] });
    }

    /// Brings a frozen seat back, as its node can.
    pub(crate) fn thaw(&mut self, person: u32) {
        let voters = self.ledger.state().voters();
        let seat = voters.frozen().iter().find(|seat| seat.id == id(person)).expect("it is frozen");
        let proof = seat.lot;
        self.act(person, Action::Thaw { nonce: [0; 8], proof });
    }

    /// What each node that is there does for its seat by itself.
    pub(crate) fn keep_seats(&mut self) {
        for person in self.awake.clone() {
            let bonded = self.ledger.state().units().account(&account(person));
            if !bonded.is_some_and(|account| account.bond > 0 && account.unlock == 0) {
                continue;
            }
            if self.is_frozen(person) {
                self.thaw(person);
            } else if !self.sits(person) && !self.waits(person) {
                self.act(person, Action::Join { nonce: [0; 8] });
            }
        }
    }

    /// An epoch passes. Whether it has a block; why operations were refused.
    pub(crate) fn step(&mut self) -> (bool, Vec<Refusal>) {
        self.epoch += 1;
        let seated = self.seated();
        let votes = |person: &&u32| self.awake.contains(person) && !self.sly.contains(person);
        if seated.iter().filter(votes).count() < self.ledger.state().voters().quorum() {
            return (false, Vec::new());
        }
        let mut shown = 0_u64;
        if self.ledger.head().height % 6 >= 3 {
            for (voter, person) in seated.iter().enumerate() {
                shown |= u64::from(self.awake.contains(person)) << voter;
            }
        }
        let wanted = std::mem::take(&mut self.wanted);
        let (block, refused) = self.ledger.propose(self.epoch, shown, &wanted).expect("a block");
        self.ledger.apply(&block).expect("it follows");
        if self.is_compared {
            self.roll.take(&block.emit());
            let voters = self.ledger.state().voters();
            let keys = |seats: &[tabmesh_ledger::Seat]| -> Vec<Vec<u8>> {
                seats.iter().map(|seat| seat.key.0.to_vec()).collect()
            };
            let roll: Vec<Vec<u8>> = self.roll.seats.values().map(|person| person.key.clone()).collect();
            assert_eq!(keys(voters.seats()), roll, "height {}", self.roll.height);
            let roll: Vec<Vec<u8>> = self.roll.frozen.iter().map(|(person, ..)| person.key.clone()).collect();
            assert_eq!(keys(voters.frozen()), roll, "height {}", self.roll.height);
            assert_eq!(voters.quorum(), self.roll.quorum());
            let steady = self.roll.seats.values().map(|person| person.is_steady);
            assert!(steady.eq(voters.seats().iter().map(|seat| seat.is_steady)));
        }
        (true, refused.into_iter().map(|(_, why)| why).collect())
    }

    /// So many epochs pass; how many have a block.
    pub(crate) fn run(&mut self, epochs: u32) -> usize {
        (0..epochs).filter(|_| self.step().0).count()
    }

    /// To where the next block is the first of a view.
    pub(crate) fn run_to_view(&mut self) {
        while self.step().0 && !self.ledger.head().height.is_multiple_of(6) {}
        assert!(self.ledger.head().height.is_multiple_of(6));
    }
}
