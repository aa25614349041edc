//! Modules and programs that ask, answer, cancel, come and go as chance has it: every question ends once, and nothing stays.

use std::collections::BTreeMap;

use tabmesh_port::limits::HERE_MAX;
use tabmesh_port::{Duration, Input, Instant, Port, Status, Told, Wish};
use tabmesh_seat::{Demand, Seats};

use crate::probe::{NOW, Probe, seats};

const MODULES: [Port; 3] = [Port(100), Port(200), Port(300)];
const PROGRAMS: [Port; 2] = [Port(400), Port(500)];

struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn port(&mut self) -> Port {
        let all = [&MODULES[..], &PROGRAMS[..], &[Port(0), Port(600)]].concat();
        all[self.below(all.len() as u64) as usize]
    }
}

#[derive(Default)]
struct World {
    at: BTreeMap<Port, Probe>,
    /// What each was asked and may not have answered.
    tickets: BTreeMap<Port, Vec<u32>>,
    /// Every question that is to have an end, by its number, which none has twice.
    waiting: BTreeMap<u32, Port>,
    last: u32,
}

impl World {
    fn serve(&mut self, seats: &mut Seats, now: Instant) {
        while let Some(demand) = seats.poll(now) {
            match demand {
                Demand::AskHere { ticket, to, .. } if PROGRAMS.contains(&to) => self.asked(to, ticket),
                Demand::AskHere { ticket, .. } => {
                    seats.answered_here(ticket, true, Status::NotImplemented, Vec::new());
                }
                Demand::AnsweredHere { port, op, .. } => self.end(port, op),
                _ => {}
            }
        }
        for (port, probe) in self.at.clone() {
            for flat in std::mem::take(&mut probe.memory().heard) {
                match Input::read(&flat).unwrap() {
                    Input::Told(Told::AskedHere { ticket, .. }) => self.asked(port, ticket),
                    Input::Told(Told::Answered { op, .. }) => self.end(port, op),
                    _ => {}
                }
            }
        }
    }

    fn asked(&mut self, port: Port, ticket: u32) {
        self.tickets.entry(port).or_default().push(ticket);
    }

    fn end(&mut self, port: Port, op: u32) {
        assert_eq!(self.waiting.remove(&op), Some(port), "a question that waits for its end, and its asker");
    }

    fn ask(&mut self, seats: &mut Seats, now: Instant, from: Port, to: Port, within_ms: u32) {
        self.last += 1;
        self.waiting.insert(self.last, from);
        match self.at.get(&from) {
            Some(probe) => probe.wish(&Wish::AskHere { op: self.last, port: to, within_ms, bytes: b"" }),
            None => seats.ask_here(now, (from, self.last), to, within_ms, Vec::new()),
        }
    }

    fn answer(&mut self, seats: &mut Seats, from: Port, ticket: u32) {
        match self.at.get(&from) {
            Some(probe) => probe.wish(&Wish::Reply { ticket, status: Status::Ok, bytes: b"so" }),
            None => seats.answered_here(ticket, false, Status::Ok, b"so".to_vec()),
        }
    }

    fn cancel(&mut self, seats: &mut Seats, from: Port, op: u32) {
        match self.at.get(&from) {
            Some(probe) => probe.wish(&Wish::Cancel { op }),
            None => {
                seats.forget_here(from, op);
                self.waiting.remove(&op);
            }
        }
    }

    fn leave(&mut self, seats: &mut Seats, now: Instant, port: Port) {
        self.waiting.retain(|_, from| *from != port);
        if self.at.remove(&port).is_some() {
            seats.detach(port);
            self.come(seats, now, port);
        } else {
            seats.leave_here(port);
        }
    }

    fn come(&mut self, seats: &mut Seats, now: Instant, port: Port) {
        let probe = Probe::default();
        let module = probe.clone();
        seats.attach(now, port, 1, [0; 32], |_| Box::new(module)).unwrap();
        self.at.insert(port, probe);
    }
}

#[test]
fn p1_whatever_happens_a_question_here_ends_once_and_nothing_stays() {
    for seed in 0..40 {
        let (mut seats, mut world, mut chance, mut now) = (seats(), World::default(), Chance(seed), NOW);
        MODULES.iter().for_each(|port| world.come(&mut seats, now, *port));
        for _ in 0..3_000 {
            let port =
                [MODULES[0], MODULES[1], MODULES[2], PROGRAMS[0], PROGRAMS[1]][chance.below(5) as usize];
            let some_op = world.last.saturating_sub(chance.below(20) as u32);
            match chance.below(40) {
                0 => world.leave(&mut seats, now, port),
                1..=3 if world.waiting.get(&some_op) == Some(&port) => {
                    world.cancel(&mut seats, port, some_op)
                }
                4..=15 => {
                    // Somebody else's, too.
                    let whose = chance.port();
                    let tickets = world.tickets.get(&whose).cloned().unwrap_or_default();
                    let at = chance.below(8) as usize;
                    if let Some(ticket) = tickets.iter().rev().nth(at)
                        && (whose == port || MODULES.contains(&port))
                    {
                        world.answer(&mut seats, port, *ticket);
                    }
                }
                16..=20 => {
                    now = now + Duration::from_ms(chance.below(40));
                    seats.on_time(now);
                }
                21..=25 => {}
                _ => {
                    let within_ms = chance.below(100) as u32;
                    let to = chance.port();
                    world.ask(&mut seats, now, port, to, within_ms);
                }
            }
            if chance.below(3) == 0 {
                world.serve(&mut seats, now);
            }
        }
        for _ in 0..100 {
            world.serve(&mut seats, now);
            now = now + Duration::from_ms(100);
            seats.on_time(now);
        }
        world.serve(&mut seats, now);
        assert_eq!((world.waiting.len(), seats.wanted_at()), (0, Instant::NEVER), "{seed}");
        world.tickets.clear();
        (0..HERE_MAX).for_each(|_| world.ask(&mut seats, now, PROGRAMS[0], MODULES[0], 100));
        world.serve(&mut seats, now);
        assert_eq!(world.tickets[&MODULES[0]].len(), HERE_MAX, "all places are free again");
    }
}
