//! All modules of one node, and whose turn it is.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use tabmesh_engine::OpId;
use tabmesh_port::{Attachment, Done, Input, Instant, Module, NodeId, Port, PublicKey, Signature, Status};

use crate::demand::Demand;
use crate::here::Here;
use crate::numbers::MODULES;
use crate::peers::{Peers, entry};
use crate::seat::{Given, Seat, Whom};

/// Modules of one node; a further one is not attached.
pub const SEATS_MAX: usize = 16;

/// Inputs that modules are handed before the shell has its turn: modules that go on and on keep it from nothing else.
pub const ROUNDS_MAX: u32 = 64;

/// The port is taken, is the application's, or [`SEATS_MAX`] are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occupied;

/// The modules of one node, in the order of their ports.
pub struct Seats {
    pub(crate) own: NodeId,
    key: PublicKey,
    network: [u8; 8],
    pub(crate) seats: Vec<Seat>,
    pub(crate) peers: Peers,
    pub(crate) here: Here,
    pub(crate) demands: VecDeque<Demand>,
    /// The wall clock: what it said, and when. Nothing before it is known.
    pub(crate) clock: Option<(u64, Instant)>,
    pub(crate) is_doubtful: bool,
    last_op: u32,
    last_job: u32,
    rounds: u32,
    /// Whose turn it is.
    next: usize,
}

impl Seats {
    /// Without modules, for the node with this key.
    pub fn new(key: PublicKey, network: [u8; 8]) -> Self {
        Self {
            own: NodeId::of_key(&key),
            key,
            network,
            seats: Vec::new(),
            peers: Peers::default(),
            here: Here::default(),
            demands: VecDeque::new(),
            clock: None,
            is_doubtful: false,
            last_op: 0,
            last_job: 0,
            rounds: 0,
            next: 0,
        }
    }

    /// A module comes: it is told the clock, then whom it can reach. `seed` is from the shell's cryptographic source.
    ///
    /// # Errors
    /// [`Occupied`].
    pub fn attach(
        &mut self,
        now: Instant,
        port: Port,
        version: u8,
        seed: [u8; 32],
        make: impl FnOnce(Attachment) -> Box<dyn Module + Send>,
    ) -> Result<(), Occupied> {
        let place = self.place(port);
        if port == Port::APPLICATION || version == 0 || place.is_ok() || self.seats.len() >= SEATS_MAX {
            return Err(Occupied);
        }
        let module = make(Attachment { key: self.key, network: self.network, port, seed });
        let mut seat = Seat::new(port, version, module);
        if let Some(told) = self.clock_at(now) {
            seat.tell(told);
        }
        seat.see(self.peers.view(port, version));
        let (Ok(place) | Err(place)) = place;
        self.seats.insert(place, seat);
        self.open();
        Ok(())
    }

    /// A module goes: its questions are cancelled, those of others answered, what it held is given back.
    pub fn detach(&mut self, port: Port) {
        let Ok(place) = self.place(port) else { return };
        let mut seat = self.seats.remove(place);
        for number in seat.numbers() {
            self.demands.push_back(Demand::Cancel(OpId(number)));
        }
        self.leave_here(port);
        for ticket in seat.questions.drain() {
            self.refuse(ticket, Status::Unavailable);
        }
        if seat.held.ids().next().is_some() {
            self.hold();
        }
        self.open();
    }

    /// The face of a module wants something.
    pub fn command(&mut self, port: Port, bytes: &[u8]) {
        self.hand(port, &Input::Command(bytes));
    }

    /// A signature that was wanted.
    pub fn signed(&mut self, port: Port, job: u32, signature: &Signature) {
        self.end_job(port, job, |job| Done::Signed { job, signature });
    }

    /// A signature that was checked.
    pub fn verified(&mut self, port: Port, job: u32, holds: bool) {
        self.end_job(port, job, |job| Done::Verified { job, holds });
    }

    /// A job that could not be done.
    pub fn failed(&mut self, port: Port, job: u32) {
        self.end_job(port, job, |job| Done::Failed { job });
    }

    /// When [`Seats::on_time`] is wanted; [`Instant::NEVER`] if it is not. A time that is past is wanted now.
    pub fn wanted_at(&self) -> Instant {
        if self.seats.iter().any(Seat::has_input) {
            return Instant(0);
        }
        let wanted = self.seats.iter().map(Seat::wanted_at).min().unwrap_or(Instant::NEVER);
        wanted.min(self.here.wanted_at())
    }

    /// Modules that wanted to be woken by now are.
    pub fn on_time(&mut self, now: Instant) {
        self.time_out_here(now);
        for seat in &mut self.seats {
            if seat.wanted_at() <= now {
                seat.hand(&Input::Time);
            }
        }
    }

    /// The next thing to do; `None` if there is none before the next input. What modules say to that waits for the shell's next
    /// turn after [`ROUNDS_MAX`] inputs.
    pub fn poll(&mut self, now: Instant) -> Option<Demand> {
        loop {
            if let Some(demand) = self.demands.pop_front() {
                return Some(demand);
            }
            if !self.turn(now) {
                self.rounds = 0;
                return None;
            }
        }
    }

    /// Lets the next module that has something to do, do it; false if none has, or the shell has its turn.
    fn turn(&mut self, now: Instant) -> bool {
        for turn in 0..self.seats.len() {
            let place = (self.next + turn) % self.seats.len();
            let Some(seat) = self.seats.get_mut(place) else { break };
            if let Some(given) = seat.poll(&self.own, now) {
                let port = seat.port;
                self.grant(now, place, port, given);
                return true;
            }
            if self.rounds < ROUNDS_MAX && seat.step(now) {
                self.rounds += 1;
                self.next = place + 1;
                return true;
            }
        }
        false
    }

    fn grant(&mut self, now: Instant, place: usize, port: Port, given: Given) {
        let demand = match given {
            Given::Tell { to, bytes } => {
                let own = self.own;
                for to in to.into_iter().filter(|to| *to != own) {
                    self.demands.push_back(Demand::Tell { port, to, bytes: bytes.clone() });
                }
                return;
            }
            Given::Ask { op, to, within_ms, bytes } => {
                let op = self.begin(place, op, Whom::Node(to));
                Demand::Ask { op, port, to, within_ms, bytes }
            }
            Given::List { op, place: to, stays, within_ms } => {
                let op = self.begin(place, op, Whom::List);
                Demand::List { op, place: to, stays, within_ms }
            }
            Given::AskHere { op, to, within_ms, bytes } => {
                let OpId(number) = self.begin(place, op, Whom::Here);
                return self.pass_here(now, number, (port, op), to, within_ms, bytes);
            }
            Given::ReplyHere { ticket, status, bytes } => {
                return self.end_here(ticket, Some(port), false, status, bytes);
            }
            Given::CancelHere(number) => {
                _ = self.take_here(|question| question.ticket == number);
                return;
            }
            Given::Reply { ticket, status, bytes } => Demand::Reply { status, ticket, bytes },
            Given::Cancel(number) => Demand::Cancel(OpId(number)),
            Given::Hold => {
                self.tell_links(place);
                return self.hold();
            }
            Given::Sign { job, bytes } => {
                let job = self.begin_job(place, job);
                Demand::Sign { port, job, bytes: Attachment::covered(&self.network, port, &bytes) }
            }
            Given::Verify { job, key, signature, bytes } => {
                let job = self.begin_job(place, job);
                Demand::Verify { port, job, key, signature, bytes }
            }
            Given::Event(bytes) => Demand::Event { port, bytes },
        };
        self.demands.push_back(demand);
    }

    /// A question or list of a module goes out: its operation.
    fn begin(&mut self, place: usize, op: u32, whom: Whom) -> OpId {
        let number = self.next_number();
        if let Some(seat) = self.seats.get_mut(place) {
            seat.began(op, number, whom);
        }
        OpId(number)
    }

    pub(crate) fn next_number(&mut self) -> u32 {
        self.last_op = self.last_op.wrapping_add(1);
        self.last_op | MODULES
    }

    /// A job of a module goes out: its number. A module that comes to a port after another one hears of none of that one's.
    fn begin_job(&mut self, place: usize, job: u32) -> u32 {
        self.last_job = self.last_job.wrapping_add(1);
        if let Some(seat) = self.seats.get_mut(place) {
            seat.began_job(self.last_job, job);
        }
        self.last_job
    }

    fn end_job<'a>(&mut self, port: Port, number: u32, done: impl FnOnce(u32) -> Done<'a>) {
        if let Some(seat) = self.seat(port)
            && let Some(job) = seat.end_job(number)
        {
            seat.hand(&Input::Done(done(job)));
        }
    }

    pub(crate) fn refuse(&mut self, ticket: Vec<u8>, status: Status) {
        self.demands.push_back(Demand::Reply { status, ticket, bytes: Vec::new() });
    }

    fn open(&mut self) {
        let open = self.seats.iter().flat_map(|seat| entry(seat.port, seat.version));
        self.demands.push_back(Demand::Open(open.collect()));
    }

    /// The union of what modules hold, whoever has the lowest port first.
    fn hold(&mut self) {
        let mut ids: Vec<NodeId> = Vec::new();
        for id in self.seats.iter().flat_map(|seat| seat.held.ids()) {
            if !ids.contains(id) {
                ids.push(*id);
            }
        }
        self.demands.push_back(Demand::Hold(ids));
    }

    fn hand(&mut self, port: Port, input: &Input<'_>) {
        if let Some(seat) = self.seat(port) {
            seat.hand(input);
        }
    }

    pub(crate) fn seat(&mut self, port: Port) -> Option<&mut Seat> {
        let place = self.place(port).ok()?;
        self.seats.get_mut(place)
    }

    fn place(&self, port: Port) -> Result<usize, usize> {
        self.seats.binary_search_by(|seat| seat.port.cmp(&port))
    }
}
