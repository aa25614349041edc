//! A module that does what the test says, on seats whose shell does nothing by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use tabmesh_engine::{Event, LinkId, LinkKind, OpId, Profile};
use tabmesh_port::{Input, Instant, Module, NodeId, Output, Port, PublicKey, Room, Status, Told, Wish};
use tabmesh_seat::{Demand, Seats};

pub(crate) const NOW: Instant = Instant(1_000_000);
pub(crate) const NETWORK: [u8; 8] = *b"network!";
pub(crate) const ONE: Port = Port(100);
pub(crate) const OTHER: Port = Port(200);

/// A module that does what the test says, and remembers what it is handed.
#[derive(Clone, Default)]
pub(crate) struct Probe(Arc<Mutex<Memory>>);

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) heard: Vec<Vec<u8>>,
    pub(crate) outputs: VecDeque<Vec<u8>>,
    /// Given out once more for each input.
    pub(crate) echo: Option<Vec<u8>>,
    pub(crate) wanted: Option<Instant>,
}

impl Probe {
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap()
    }

    pub(crate) fn wish(&self, wish: &Wish<'_>) {
        self.give(&Output::Wish(*wish));
    }

    pub(crate) fn give(&self, output: &Output<'_>) {
        self.memory().outputs.push_back(output.emit());
    }

    /// What it was handed since, in words.
    pub(crate) fn heard(&self) -> Vec<String> {
        let heard = std::mem::take(&mut self.memory().heard);
        heard.iter().map(|flat| format!("{:?}", Input::read(flat).unwrap())).collect()
    }
}

impl Module for Probe {
    fn handle(&mut self, _: Instant, input: Input<'_>) {
        let mut memory = self.memory();
        memory.heard.push(input.emit());
        if let Some(echo) = memory.echo.clone() {
            memory.outputs.push_back(echo);
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let mut memory = self.memory();
        let at = memory.outputs.iter().position(|flat| room.has(flat[0]))?;
        memory.outputs.remove(at)
    }

    fn wanted_at(&self) -> Instant {
        self.memory().wanted.unwrap_or(Instant::NEVER)
    }
}

pub(crate) fn seats() -> Seats {
    Seats::new(PublicKey([1; 64]), NETWORK)
}

pub(crate) fn attach(seats: &mut Seats, port: Port) -> Probe {
    let probe = Probe::default();
    let module = probe.clone();
    seats.attach(NOW, port, 3, [5; 32], |_| Box::new(module)).unwrap();
    probe
}

pub(crate) fn drain(seats: &mut Seats) -> Vec<Demand> {
    std::iter::from_fn(|| seats.poll(NOW)).collect()
}

pub(crate) fn up(seats: &mut Seats, id: NodeId) {
    let link = LinkId::new(1).unwrap();
    let event =
        Event::PeerUp { link, id, kind: LinkKind::WebRtc, profile: Profile::Browser, address: Vec::new() };
    seats.on_event(NOW, &event);
}

pub(crate) fn opens(seats: &mut Seats, id: NodeId, port: Port, version: u8) {
    let open = [&port.0.to_be_bytes()[..], &[version]].concat();
    seats.on_event(NOW, &Event::Ports { id, open });
}

pub(crate) fn asked(seats: &mut Seats, port: Port, ticket: u8) {
    question(seats, port, true, vec![ticket; 45], b"well?");
}

/// What the engine gives for a question that came by a link: from, how long it waits, its number, and a way of one hop.
pub(crate) fn ticket_of(link: u16, number: u8) -> Vec<u8> {
    [&[9; 32][..], &[number, 0, 0, 1, 0, 0, 0, 7, 1], &link.to_be_bytes(), &[3; 4]].concat()
}

/// A question that came by a link.
pub(crate) fn asked_by(seats: &mut Seats, link: u16, number: u8) {
    question(seats, ONE, false, ticket_of(link, number), b"");
}

fn question(seats: &mut Seats, port: Port, is_proven: bool, ticket: Vec<u8>, bytes: &[u8]) {
    let (from, bytes) = (NodeId([9; 32]), bytes.to_vec());
    let event = Event::Asked { port: port.0, is_proven, kind: 0, from, within_ms: 500, ticket, bytes };
    seats.on_event(NOW, &event);
}

pub(crate) fn ask(op: u32, to: &NodeId) -> Wish<'_> {
    Wish::Ask { op, to, within_ms: 100, bytes: b"well?" }
}

/// The operations of what was asked.
pub(crate) fn ops(demands: &[Demand]) -> Vec<OpId> {
    let op = |demand: &Demand| if let Demand::Ask { op, .. } = demand { Some(*op) } else { None };
    demands.iter().filter_map(op).collect()
}

pub(crate) fn replied(seats: &mut Seats, op: OpId, status: Status) {
    seats.on_event(
        NOW,
        &Event::Replied { op, status, is_proven: true, is_here: false, bytes: b"so".to_vec() },
    );
}

pub(crate) fn told(told: Told<'_>) -> String {
    format!("{:?}", Input::Told(told))
}
