//! Who votes when, found from blocks alone and written once more from `docs/LEDGER.md`: nothing is shared with the ledger.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tabmesh_ledger::Genesis;

pub(crate) type Bytes = Vec<u8>;

/// Somebody with a key, and what blocks said of it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Person {
    pub(crate) key: Bytes,
    score: i32,
    pub(crate) is_steady: bool,
    since: u32,
}

/// A list of those who vote, by account; of those who are frozen, with the view and whether they are back; of those who wait, with the epoch.
#[derive(Clone, Debug)]
pub(crate) struct Roll {
    pub(crate) seats: BTreeMap<Bytes, Person>,
    pub(crate) frozen: Vec<(Person, u32, bool)>,
    pub(crate) waiting: Vec<(Person, u32)>,
    /// Of each account with a bond: since when, and whether it leaves.
    bonds: BTreeMap<Bytes, (u32, bool)>,
    is_lax: bool,
    pub(crate) height: u32,
}

fn account(key: &[u8]) -> Bytes {
    let mut id = Sha256::digest(key).to_vec();
    id[31] &= 0xfe;
    id
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().expect("4 bytes"))
}

impl Roll {
    pub(crate) fn new(genesis: &Genesis) -> Self {
        let new = |key: &[u8]| Person { key: key.to_vec(), score: 162, is_steady: true, since: 0 };
        let keys = || genesis.voters.iter().map(|voter| voter.key.0);
        Self {
            seats: keys().map(|key| (account(&key), new(&key))).collect(),
            frozen: Vec::new(),
            waiting: Vec::new(),
            bonds: keys().map(|key| (account(&key), (0, false))).collect(),
            is_lax: genesis.is_lax,
            height: 0,
        }
    }

    /// Q of the next block.
    pub(crate) fn quorum(&self) -> usize {
        let counted = self.seats.len();
        (counted * 2 / 3).max((counted + self.frozen.len()) / 2) + 1
    }

    pub(crate) fn weigh(&self) -> usize {
        self.seats.len() + self.frozen.len()
    }

    /// Takes a block: a header of 322 bytes and operations of 184.
    pub(crate) fn take(&mut self, block: &[u8]) {
        let (header, operations) = block.split_at(322);
        let (view, height, epoch) = (number(&header[46..]), number(&header[50..]), number(&header[54..]));
        self.height += 1;
        assert_eq!((height, view), (self.height, (height - 1) / 6));
        let operations: Vec<&[u8]> = operations.chunks(184).collect();
        for operation in &operations {
            let spot = |operation: &[u8]| (operation[5..9].to_vec(), operation[56..120].to_vec());
            if operations.iter().filter(|other| spot(other) == spot(operation)).count() == 1 {
                self.operate(operation, epoch);
            }
        }
        let shown = u64::from_be_bytes(header[226..234].try_into().expect("8 bytes"));
        let part = (height - 1) % 6;
        if part < 3 {
            return assert_eq!(shown, 0, "nobody is shown in block {height}");
        }
        let shown: Vec<bool> = (0..self.seats.len()).map(|voter| shown >> voter & 1 == 1).collect();
        for (person, shown) in self.seats.values_mut().zip(&shown) {
            person.score = if *shown { (person.score + 1).min(162) } else { (person.score - 9).max(0) };
        }
        if part == 5 {
            self.change(view + 1, epoch, &shown);
        }
    }

    fn operate(&mut self, operation: &[u8], epoch: u32) {
        let key = operation[56..120].to_vec();
        let at = account(&key);
        match operation[0] {
            2 => _ = self.bonds.entry(at).or_insert((epoch, false)),
            3 => self.bonds.get_mut(&at).expect("a bond").1 = true,
            4 => {
                let is_there =
                    self.seats.contains_key(&at) || self.waiting.iter().any(|(person, _)| person.key == key);
                if !is_there {
                    let since = self.bonds[&at].0;
                    self.waiting.push((Person { key, score: 0, is_steady: false, since }, epoch));
                }
            }
            5 => {
                let frozen = self.frozen.iter_mut().find(|(person, ..)| person.key == key);
                frozen.expect("it was frozen").2 = true;
            }
            _ => {}
        }
    }

    fn change(&mut self, view: u32, epoch: u32, shown: &[bool]) {
        let stays = |bonds: &BTreeMap<Bytes, (u32, bool)>, person: &Person| {
            bonds.get(&account(&person.key)).is_some_and(|(_, leaves)| !leaves)
        };
        let bonds = self.bonds.clone();
        self.frozen.retain(|(_, from, _)| view - from < 6);
        self.waiting.retain(|(person, _)| stays(&bonds, person));
        let quarter = (self.seats.len() / 4).max(1);
        let mut unsteady = self.seats.values().filter(|person| !person.is_steady).count();
        let mut coming: Vec<Person> = Vec::new();
        let is_lax = self.is_lax;
        let before = self.seats.len();
        let mut fits = |person: &Person, coming: &[Person]| {
            let size = before + coming.len() + 1;
            let fits = is_lax || size >= 32 || person.is_steady || (unsteady + 1) * 5 <= size;
            unsteady += usize::from(fits && !person.is_steady);
            fits
        };
        let mut rest = Vec::new();
        for (person, from, is_back) in std::mem::take(&mut self.frozen) {
            if is_back && coming.len() < quarter && stays(&bonds, &person) && fits(&person, &coming) {
                coming.push(person);
            } else {
                rest.push((person, from, is_back));
            }
        }
        self.frozen = rest;
        let mut rest = Vec::new();
        let mut new = 0;
        for (person, asked) in std::mem::take(&mut self.waiting) {
            let has_room = new < (before / 8).max(1)
                && coming.len() < quarter
                && before + self.frozen.len() + coming.len() < 64;
            if epoch >= asked + 6 && has_room && fits(&person, &coming) {
                coming.push(person);
                new += 1;
            } else {
                rest.push((person, asked));
            }
        }
        self.waiting = rest;
        let mut gone = 0;
        let floor = 4 - coming.len().min(4);
        let people: Vec<(Bytes, Person)> = self.seats.clone().into_iter().collect();
        for ((at, person), shown) in people.into_iter().zip(shown) {
            let leaves = !stays(&bonds, &person);
            if (leaves || !shown) && gone < quarter && self.seats.len() > floor {
                gone += 1;
                self.seats.remove(&at);
                if !leaves {
                    self.frozen.push((person, view, false));
                }
            }
        }
        for person in coming {
            self.seats.insert(account(&person.key), person);
        }
        let is_old = |person: &Person| person.since == 0 || epoch >= person.since + 360;
        for person in self.seats.values_mut() {
            let is_new = person.score == 162 && is_old(person);
            person.is_steady = person.score > 0 && (person.is_steady || is_new);
        }
        for (person, ..) in &mut self.frozen {
            person.score = (person.score - 27).max(0);
            person.is_steady &= person.score > 0;
        }
    }
}
