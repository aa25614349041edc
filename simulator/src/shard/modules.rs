//! Modules that sit on nodes: what they want, and what they hear.

use tabmesh_engine::io::LISTS;
use tabmesh_engine::{Command, Event as Told, Input, Instant, NodeId, Work};
use tabmesh_port::{Attachment, Module, Port, Status};
use tabmesh_seat::{Demand, Occupied, Seats};
use tabmesh_world::job::takes_us;

use super::tenants::Tenants;
use super::{Shard, State};
use crate::crypto::Crypto;
use crate::event::{NodeNumber, What};
use crate::ground::{Ground, NETWORK};
use crate::model::{SECOND, WALL_START_S};
use tabmesh_world::trace;

impl<C: Crypto> Shard<C> {
    /// A module comes to a node that is there.
    pub(crate) fn attach(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        (port, version): (Port, u8),
        make: impl FnOnce(Attachment) -> Box<dyn Module + Send>,
    ) -> Result<(), Occupied> {
        let at = self.at(node);
        let (key, now) = (C::public(self.owner(ground, node)), self.local(node));
        let seed = self.shells[at].dice.bytes();
        let engine = self.engines[at].as_ref();
        let modules = self.modules[at].get_or_insert_with(|| {
            let mut seats = Seats::new(key, NETWORK);
            let wall_s = (WALL_START_S + self.now / SECOND).saturating_add_signed(ground.clock_error_s(node));
            seats.set_clock(now, wall_s * 1_000);
            engine.iter().flat_map(|engine| engine.links()).for_each(|link| seats.linked(link.id, link.kind));
            Box::new(Tenants::new(seats))
        });
        modules.seats.attach(now, port, version, seed, make)?;
        self.serve_modules(ground, node);
        Ok(())
    }

    /// A module goes.
    pub(crate) fn detach(&mut self, ground: &Ground, node: NodeNumber, port: Port) {
        let at = self.at(node);
        if let Some(modules) = &mut self.modules[at] {
            modules.seats.detach(port);
        }
        self.serve_modules(ground, node);
    }

    /// The face of a module wants something.
    pub(crate) fn command(&mut self, ground: &Ground, node: NodeNumber, port: Port, bytes: &[u8]) {
        let at = self.at(node);
        if let Some(modules) = &mut self.modules[at] {
            modules.seats.command(port, bytes);
        }
        self.serve_modules(ground, node);
    }

    /// What the face of a module heard since it was asked last.
    pub(crate) fn take_events(&mut self, node: NodeNumber, port: Port) -> Vec<Vec<u8>> {
        let at = self.at(node);
        let Some(modules) = &mut self.modules[at] else { return Vec::new() };
        let events = modules.events.extract_if(.., |(of, _)| *of == port);
        events.map(|(_, bytes)| bytes).collect()
    }

    /// What the node's clock shows.
    fn local(&self, node: NodeNumber) -> Instant {
        Instant(self.shells[self.at(node)].clock.local(self.now))
    }

    /// Lets modules hear an event of the engine; true if it is for them alone.
    pub(super) fn tell_modules(&mut self, node: NodeNumber, event: &Told) -> bool {
        let (at, now) = (self.at(node), self.local(node));
        let Some(modules) = &mut self.modules[at] else { return false };
        modules.seats.on_event(now, event);
        if let Told::Replied { op, .. } = event {
            modules.questions.remove(op);
        }
        matches!(event, Told::Said { port, .. } | Told::Asked { port, .. } if *port != Port::APPLICATION.0)
    }

    /// Modules that wanted to be woken by now are.
    pub(super) fn wake_modules(&mut self, node: NodeNumber) {
        let (at, now) = (self.at(node), self.local(node));
        if let Some(modules) = &mut self.modules[at] {
            modules.seats.on_time(now);
        }
    }

    /// Does what the modules want, until they have had their turn.
    pub(super) fn serve_modules(&mut self, ground: &Ground, node: NodeNumber) {
        let (at, now) = (self.at(node), self.local(node));
        while let Some(modules) = &mut self.modules[at]
            && let Some(demand) = modules.seats.poll(now)
        {
            self.do_for_module(ground, node, demand);
        }
        if let Some(modules) = &self.modules[at] {
            let wanted = modules.seats.wanted_at().0;
            let shell = &mut self.shells[at];
            shell.deadline = shell.deadline.min(wanted);
            self.set_timer(ground, node);
        }
    }

    fn do_for_module(&mut self, ground: &Ground, node: NodeNumber, demand: Demand) {
        let at = self.at(node);
        let Some(modules) = &mut self.modules[at] else { return };
        let command = match &demand {
            Demand::Open(open) => Command::Open(open),
            Demand::Hold(ids) => Command::Hold(ids),
            Demand::Tell { port, to, bytes } => Command::Tell { port: port.0, to, bytes },
            Demand::Ask { op, port, to, within_ms, bytes } => {
                modules.questions.insert(*op, bytes.clone());
                let (within_ms, length) = (*within_ms, bytes.len() as u32);
                Command::Ask { op: *op, to, port: port.0, within_ms, length, kind: 0 }
            }
            Demand::List { op, place, stays, within_ms } => {
                modules.questions.insert(*op, Vec::new());
                let (within_ms, kind) = (*within_ms, u8::from(*stays));
                Command::Ask { op: *op, to: place, port: LISTS, within_ms, length: 0, kind }
            }
            Demand::Cancel(op) => {
                modules.questions.remove(op);
                Command::Cancel { op: *op }
            }
            Demand::Reply { status, ticket, bytes } => {
                let reply = [&ticket[..], bytes].concat();
                let command = Command::Reply { status: *status, bytes: &reply };
                return self.hand(ground, node, Input::Command(command));
            }
            // Nobody but modules is at a port.
            Demand::AskHere { ticket, .. } => {
                return modules.seats.answered_here(*ticket, true, Status::NotImplemented, Vec::new());
            }
            Demand::AnsweredHere { .. } => return,
            Demand::Sign { .. } | Demand::Verify { .. } => return self.begin_work(ground, node, demand),
            Demand::Event { port, bytes } => {
                self.shells[at].trace = trace::add_event(self.shells[at].trace, *port, bytes);
                modules.events.push((*port, bytes.clone()));
                return;
            }
        };
        self.hand(ground, node, Input::Command(command));
    }

    fn begin_work(&mut self, ground: &Ground, node: NodeNumber, work: Demand) {
        let at = self.at(node);
        let shell = &mut self.shells[at];
        let (life, delay) = (shell.life, takes_us(&Work::Sign(Vec::new()), &mut shell.dice));
        self.cause(ground, node, node, self.now + delay, What::Work { life, work: Box::new(work) });
    }

    /// A job of a module's is done.
    pub(super) fn finish_work(&mut self, ground: &Ground, node: NodeNumber, life: u32, work: Demand) {
        let at = self.at(node);
        if self.shells[at].life != life || self.shells[at].state == State::Gone {
            return;
        }
        let owner = self.owner(ground, node);
        if let Some(modules) = &mut self.modules[at] {
            match work {
                Demand::Sign { port, job, bytes } => {
                    modules.seats.signed(port, job, &C::sign(owner, &bytes));
                }
                Demand::Verify { port, job, key, signature, bytes } => {
                    modules.seats.verified(port, job, C::verify(&key, &signature, &bytes));
                }
                _ => {}
            }
        }
        self.serve_modules(ground, node);
    }

    /// The id of a node that is there.
    pub(crate) fn id(&self, node: NodeNumber) -> Option<NodeId> {
        self.engine(node).map(tabmesh_engine::Node::id)
    }
}
