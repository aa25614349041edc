//! One run: a world from its seed to its end, event by event.

use std::collections::BTreeMap;
use std::path::Path;

use tabmesh_engine::wire::envelope::Kind;
use tabmesh_world::crypto::{P256, StandIn};
use tabmesh_world::dice::Dice;
use tabmesh_world::queue::Agenda;
use tabmesh_world::server::Server;
use tabmesh_world::time::MS;

use super::agenda::Happening;
use super::crypto::Signing;
use super::end::End;
use super::host::Host;
use super::ids::{EndId, HostId};
use super::network::Network;
use super::trace::{Trace, write_down};

/// What the world lets nobody exceed.
pub(crate) struct Bounds {
    /// Events of one run; more mean that something runs away.
    pub(crate) events_max: u64,
    /// Bytes of one engine's state at rest.
    pub(crate) heap_max: usize,
    /// Bytes that may wait in the send queue of one link. A browser throws at 16 MiB.
    pub(crate) queue_max: usize,
}

/// Hosts and what happens between them; see the documentation of the folder.
pub(crate) struct World {
    /// Where all chance comes from.
    pub(crate) seed: u64,
    /// Virtual time in microseconds.
    pub(crate) now: u64,
    /// How things travel.
    pub(crate) network: Network,
    /// What must never be exceeded.
    pub(crate) bounds: Bounds,
    pub(super) dice: Dice,
    pub(super) agenda: Agenda<Happening>,
    pub(super) hosts: Vec<Host>,
    pub(super) ends: BTreeMap<EndId, End>,
    pub(super) ends_made: u32,
    pub(super) server: Server,
    pub(super) sessions_made: u32,
    /// Envelopes of this kind are lost, so many.
    pub(super) losing: Option<(Kind, u32)>,
    pub(super) signing: Signing,
    pub(super) keys_made: u32,
    pub(super) trace: Trace,
    events: u64,
    /// Whose last lines a failure prints: whom the test or the rule that was broken is about, or who ran last.
    concern: Option<HostId>,
    pub(super) ran_last: HostId,
}

impl World {
    /// An empty world with a signalling server; everything that follows depends on `seed` alone.
    pub(crate) fn new(seed: u64) -> Self {
        Self::with_signing(seed, Signing::of::<StandIn>())
    }

    /// An empty world whose hosts sign with real ECDSA P-256.
    pub(crate) fn with_real_signatures(seed: u64) -> Self {
        Self::with_signing(seed, Signing::of::<P256>())
    }

    fn with_signing(seed: u64, signing: Signing) -> Self {
        Self {
            seed,
            now: 0,
            network: Network::default(),
            bounds: Bounds { events_max: 5_000_000, heap_max: 65_536, queue_max: 5 << 20 },
            dice: Dice::new(seed, 0),
            agenda: Agenda::new(MS),
            hosts: Vec::new(),
            ends: BTreeMap::new(),
            ends_made: 0,
            server: Server::new(Dice::new(seed, u64::MAX), true),
            sessions_made: 0,
            losing: None,
            signing,
            keys_made: 0,
            trace: Trace::default(),
            events: 0,
            concern: None,
            ran_last: HostId(0),
        }
    }

    /// Lets `ms` milliseconds of virtual time pass.
    pub(crate) fn run_for(&mut self, ms: u64) {
        self.run_to(self.now + ms * MS);
    }

    /// Lets time pass until `done` holds, looked at every 20 ms, at most `ms` milliseconds; whether it came to hold.
    pub(crate) fn run_until(&mut self, ms: u64, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now + ms * MS;
        while !done(self) {
            if self.now >= end {
                return false;
            }
            self.run_to((self.now + 20 * MS).min(end));
        }
        true
    }

    /// Lets time pass until `done` holds.
    ///
    /// # Panics
    /// If it does not come to hold within `ms` milliseconds; `what` says what was waited for.
    pub(crate) fn expect(&mut self, ms: u64, what: &str, done: impl FnMut(&Self) -> bool) {
        let start = self.now;
        if !self.run_until(ms, done) {
            panic!("seed {}: within {ms} ms from {} ms on: {what}", self.seed, start / MS);
        }
    }

    /// A hash over the time, host and content of every input and output so far.
    pub(crate) fn trace_hash(&self) -> u64 {
        self.trace.hash()
    }

    /// Names the host whose last inputs and outputs a failure shall print.
    pub(crate) fn concern(&mut self, host: HostId) {
        self.concern = Some(host);
    }

    /// Ends the run: the engine or the test broke a rule of the world.
    pub(super) fn fail(&mut self, host: HostId, what: &str) -> ! {
        self.concern = Some(host);
        panic!("seed {}, {} ms, host {}: {what}", self.seed, self.now / MS, host.0);
    }

    fn run_to(&mut self, end: u64) {
        while let Some((at, happening)) = self.agenda.next_until(end) {
            self.now = at;
            self.events += 1;
            if self.events > self.bounds.events_max {
                panic!("seed {}, {} ms: more than {} events", self.seed, at / MS, self.bounds.events_max);
            }
            self.happen(happening);
        }
        self.now = end;
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Wake(host) => self.wake(host),
            Happening::Hand(host, life, stimulus) => {
                if self.hosts[host.0].life == life {
                    self.hand(host, stimulus);
                }
            }
            Happening::Finish(host, life, job, work) => self.finish_job(host, life, job, work),
            Happening::Arrive(end) => self.arrive(end),
            Happening::Drained(end) => self.drained(end),
            Happening::Gathered(end) => self.gathered(end),
            Happening::Connect(answerer, offerer) => self.connect(answerer, offerer),
            Happening::Knock(dialler, listener) => self.knock(dialler, listener),
            Happening::GiveUp(end) => self.give_up(end),
            Happening::CutOff(end, cut) => self.cut_off(end, cut),
            Happening::ServerHear(host, signal) => self.server_hear(host, signal),
            Happening::Gone(host, life) => self.gone(host, life),
        }
    }

    pub(super) fn at(&mut self, delay_us: u64, happening: Happening) {
        self.agenda.add(self.now + delay_us, happening);
    }
}

impl Drop for World {
    /// A failing test prints how to have the run again, and what the host concerned last saw and did. Where the variable
    /// `TABMESH_HASHES` names a file, every run adds its trace hash there: two engines that write the same do the same.
    fn drop(&mut self) {
        if let Ok(path) = std::env::var("TABMESH_HASHES") {
            write_down(Path::new(&path), self.seed, self.trace_hash());
        }
        if !std::thread::panicking() {
            return;
        }
        eprintln!("\nThe world stopped at {} ms after {} events.", self.now / MS, self.events);
        let wanted = std::env::var("TABMESH_HOST").ok().and_then(|host| host.parse().ok());
        let concern = wanted.unwrap_or(self.concern.unwrap_or(self.ran_last).0);
        if let Some(host) = self.hosts.get(concern) {
            eprintln!("Host {concern} ({:?}), its last inputs and outputs:", host.id);
            host.lines.iter().for_each(|line| eprintln!("{}", line.render()));
        }
        eprintln!("To have this run again: TABMESH_SEED={} and this test's name; ", self.seed);
        eprintln!("to see another host's lines: TABMESH_HOST=<its number> beside it.");
    }
}
