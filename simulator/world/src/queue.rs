//! What is still to happen, in order of time.
//!
//! A calendar (Brown 1988): time is cut into days of one window of parallel work, a ring of days holds what comes soon,
//! and what comes later waits by day in a tree. A day is sorted when it begins; what is added to the day under way goes
//! to a small heap beside it. `examples/queues.rs` measures it against one binary heap.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Something with a place in the order: time in microseconds, then a number that no other entry has.
pub trait Timed {
    /// Both.
    fn key(&self) -> (u64, u64);
}

/// Days in the ring: 12 s of 3 ms each.
const RING: u64 = 4_096;

/// Emptied days whose room is kept for new ones.
const SPARE_MAX: usize = 64;

struct Entry<T>(T);

impl<T: Timed> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl<T: Timed> Eq for Entry<T> {}

impl<T: Timed> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Timed> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.key().cmp(&other.0.key())
    }
}

/// See the module's documentation.
pub struct Calendar<T> {
    day_us: u64,
    /// The day under way: its entries in falling order, and what was added since it began.
    today: u64,
    sorted: Vec<T>,
    added: BinaryHeap<Reverse<Entry<T>>>,
    ring: Vec<Vec<T>>,
    far: BTreeMap<u64, Vec<T>>,
    spare: Vec<Vec<T>>,
    len: usize,
}

impl<T: Timed> Calendar<T> {
    /// An empty calendar whose days are `day_us` microseconds long.
    pub fn new(day_us: u64) -> Self {
        Self {
            day_us,
            today: 0,
            sorted: Vec::new(),
            added: BinaryHeap::new(),
            ring: std::iter::repeat_with(Vec::new).take(RING as usize).collect(),
            far: BTreeMap::new(),
            spare: Vec::new(),
            len: 0,
        }
    }

    /// How many entries wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds an entry; one that is late comes next.
    pub fn add(&mut self, entry: T) {
        self.len += 1;
        let day = entry.key().0 / self.day_us;
        if day <= self.today {
            self.added.push(Reverse(Entry(entry)));
        } else if day - self.today < RING {
            let place = &mut self.ring[(day % RING) as usize];
            if place.capacity() == 0
                && let Some(spare) = self.spare.pop()
            {
                *place = spare;
            }
            place.push(entry);
        } else {
            self.far.entry(day).or_default().push(entry);
        }
    }

    /// The first day that holds anything, the one under way included; `None` where nothing waits.
    pub fn next_day(&self) -> Option<u64> {
        if !self.sorted.is_empty() || !self.added.is_empty() {
            return Some(self.today);
        }
        if self.len == 0 {
            return None;
        }
        let near =
            (self.today + 1..self.today + RING).find(|day| !self.ring[(day % RING) as usize].is_empty());
        let far = self.far.keys().next().copied();
        near.into_iter().chain(far).min()
    }

    /// Begins a day; those before it must be empty.
    pub fn begin(&mut self, day: u64) {
        if day <= self.today {
            return;
        }
        debug_assert!(self.sorted.is_empty() && self.added.is_empty(), "a day ended with entries left");
        self.today = day;
        let fresh = std::mem::take(&mut self.ring[(day % RING) as usize]);
        let mut old = std::mem::replace(&mut self.sorted, fresh);
        if self.spare.len() < SPARE_MAX && old.capacity() > 0 {
            old.clear();
            self.spare.push(old);
        }
        while let Some(entry) = self.far.first_entry()
            && *entry.key() < day + RING
        {
            let (far, entries) = entry.remove_entry();
            if far == day {
                self.sorted.extend(entries);
            } else {
                self.ring[(far % RING) as usize].extend(entries);
            }
        }
        self.sorted.sort_unstable_by_key(|entry| Reverse(entry.key()));
    }

    /// The next entry of the day under way.
    pub fn pop(&mut self) -> Option<T> {
        let is_added_first = match (self.sorted.last(), self.added.peek()) {
            (Some(sorted), Some(Reverse(added))) => added.0.key() < sorted.key(),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let entry = if is_added_first {
            self.added.pop().map(|Reverse(Entry(entry))| entry)
        } else {
            self.sorted.pop()
        };
        self.len -= usize::from(entry.is_some());
        entry
    }
}

/// A [`Calendar`] that counts its entries: what is due at the same time comes in the order in which it was added.
pub struct Agenda<W> {
    calendar: Calendar<Due<W>>,
    added: u64,
}

struct Due<W> {
    at: u64,
    number: u64,
    what: W,
}

impl<W> Timed for Due<W> {
    fn key(&self) -> (u64, u64) {
        (self.at, self.number)
    }
}

impl<W> Agenda<W> {
    /// An empty agenda whose days are `day_us` microseconds long.
    pub fn new(day_us: u64) -> Self {
        Self { calendar: Calendar::new(day_us), added: 0 }
    }

    /// Adds what happens at `at`, in microseconds.
    pub fn add(&mut self, at: u64, what: W) {
        self.added += 1;
        self.calendar.add(Due { at, number: self.added, what });
    }

    /// Takes the first thing due at or before `end`, with its time.
    pub fn next_until(&mut self, end: u64) -> Option<(u64, W)> {
        loop {
            if let Some(due) = self.calendar.pop() {
                if due.at <= end {
                    return Some((due.at, due.what));
                }
                self.calendar.add(due);
                return None;
            }
            let day_us = self.calendar.day_us;
            let day = self.calendar.next_day().filter(|day| day * day_us <= end)?;
            self.calendar.begin(day);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    impl Timed for (u64, u64) {
        fn key(&self) -> (u64, u64) {
            *self
        }
    }

    /// Pops everything up to `end` and adds new entries meanwhile, beside a sorted list that is known to be right.
    #[test]
    fn entries_come_in_order_whatever_is_added_meanwhile() {
        let mut dice = Dice::new(9, 9);
        let mut calendar = Calendar::new(3_000);
        let mut truth = std::collections::BTreeSet::new();
        let mut number = 0;
        let mut add = |calendar: &mut Calendar<(u64, u64)>, truth: &mut std::collections::BTreeSet<_>, at| {
            number += 1;
            calendar.add((at, number));
            truth.insert((at, number));
        };
        for _ in 0..500 {
            let at = dice.below(40_000_000);
            add(&mut calendar, &mut truth, at);
        }
        let mut popped = 0;
        while let Some(day) = calendar.next_day() {
            calendar.begin(day);
            while let Some(entry) = calendar.pop() {
                assert_eq!(Some(entry), truth.pop_first());
                assert_eq!(calendar.len(), truth.len());
                popped += 1;
                if popped < 20_000 {
                    let reach = [100, 10_000, 1_000_000, 60_000_000][dice.below(4) as usize];
                    let later = entry.0 + dice.below(reach);
                    add(&mut calendar, &mut truth, later);
                }
            }
        }
        assert!(truth.is_empty() && popped > 20_000);
    }

    #[test]
    fn an_agenda_keeps_the_order_of_adding_and_nothing_is_taken_before_its_time() {
        let mut agenda = Agenda::new(1_000);
        for (at, what) in [(5_000_000, 'd'), (70, 'b'), (70, 'c'), (3, 'a')] {
            agenda.add(at, what);
        }
        assert_eq!(agenda.next_until(2), None);
        assert_eq!(agenda.next_until(70), Some((3, 'a')));
        assert_eq!(agenda.next_until(69), None);
        agenda.add(70, 'x');
        let rest: Vec<_> = std::iter::from_fn(|| agenda.next_until(5_000_000)).collect();
        assert_eq!(rest, [(70, 'b'), (70, 'c'), (70, 'x'), (5_000_000, 'd')]);
    }
}
