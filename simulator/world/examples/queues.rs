//! Measures the simulator's calendar against one binary heap, with what a world of a hundred thousand nodes puts into it:
//! a timer a node some seconds ahead, and packets some tens of milliseconds ahead.
//!
//! `cargo run --release --package tabmesh-world --example queues`

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use tabmesh_world::queue::{Calendar, Timed};

/// As large as the simulator's events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: u64,
    cause: u64,
    load: [u64; 5],
}

impl Timed for Entry {
    fn key(&self) -> (u64, u64) {
        (self.at, self.cause)
    }
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

const DAY_US: u64 = 3_000;
const EVENTS: u64 = 5_000_000;

fn next(now: u64, cause: u64, chance: &mut Chance) -> Entry {
    let ahead = if chance.below(5) == 0 {
        1_000_000 + chance.below(9_000_000)
    } else {
        3_000 + chance.below(150_000)
    };
    Entry { at: now + ahead, cause, load: [0; 5] }
}

fn main() {
    for nodes in [1_000, 10_000, 100_000] {
        let mut chance = Chance(1);
        let mut calendar = Calendar::new(DAY_US);
        (0..nodes).for_each(|node| calendar.add(next(0, node, &mut chance)));
        let (start, mut popped, mut sum) = (Instant::now(), 0, 0_u64);
        while popped < EVENTS {
            let Some(day) = calendar.next_day() else { break };
            calendar.begin(day);
            while let Some(entry) = calendar.pop() {
                popped += 1;
                sum = sum.wrapping_add(entry.at);
                calendar.add(next(entry.at, nodes + popped, &mut chance));
            }
        }
        let of_calendar = start.elapsed().as_nanos() as f64 / popped as f64;

        let mut chance = Chance(1);
        let mut heap = BinaryHeap::new();
        (0..nodes).for_each(|node| heap.push(Reverse(next(0, node, &mut chance))));
        let (start, mut counted) = (Instant::now(), 0);
        while counted < popped {
            let Some(Reverse(entry)) = heap.pop() else { break };
            counted += 1;
            sum = sum.wrapping_sub(entry.at);
            heap.push(Reverse(next(entry.at, nodes + counted, &mut chance)));
        }
        let of_heap = start.elapsed().as_nanos() as f64 / counted as f64;
        assert_eq!(sum, 0, "both give the same entries");
        println!("{nodes:>7} nodes: calendar {of_calendar:.0} ns an event, heap {of_heap:.0} ns");
    }
}
