//! Modules in this process: what comes to them, and what they want.

use bytes::Bytes;
use tabmesh_engine::io::LISTS;
use tabmesh_engine::limits::PORTS_MAX;
use tabmesh_engine::{Command, Event, Input, Instant, OpId, PublicKey, Signature};
use tabmesh_port::Port;
use tabmesh_seat::{Demand, SEATS_MAX};
use tokio::sync::oneshot;

use super::face::{Ended, Events, FaceError, Seat, Seating, Told};
use super::operations::OWN;
use super::port::AttachError;
use super::ports::length;
use super::seated::{CHECKS_MAX, OfModule, Seated};
use super::state::Driver;
use super::verifier::{Check, Checked};

impl Driver {
    /// A module comes.
    pub(super) fn seat(&mut self, seating: Seating, reply: oneshot::Sender<Result<Seat, AttachError>>) {
        let seat = self.try_seat(seating);
        // Whoever asked may have given up: nobody would ever detach it.
        if let Err(Ok(seat)) = reply.send(seat) {
            self.unseat(seat.number);
        }
        self.serve_modules();
    }

    fn try_seat(&mut self, seating: Seating) -> Result<Seat, AttachError> {
        let Seating { name, port, version, seed, make, watch } = seating;
        self.detach_gone();
        if self.seated.has(port) || self.ports.at(port.0).is_some() {
            return Err(AttachError::Taken);
        }
        if self.seated.count() >= SEATS_MAX || self.open_ports() >= PORTS_MAX {
            return Err(AttachError::FullOfModules);
        }
        let attached = self.seated.seats.attach(self.clock.now(), port, version, seed, make);
        attached.map_err(|_| AttachError::Own)?;
        let fault = watch.as_ref().and_then(|watch| watch.fault().cloned());
        let (number, events) = self.seated.enter(port, version, name, watch);
        match fault {
            None => Ok(Seat { number, events }),
            Some(fault) => {
                self.seated.remove(port, Ended::Failed(fault.clone()));
                Err(AttachError::Failed(fault))
            }
        }
    }

    /// Ports that are open at this node beside the application's.
    pub(super) fn open_ports(&self) -> usize {
        self.ports.count() + self.seated.count()
    }

    /// A module goes, if it is there still.
    pub(super) fn unseat(&mut self, number: u64) {
        if let Some(port) = self.seated.port_of(number) {
            self.seated.remove(port, Ended::Detached);
            self.serve_modules();
        }
    }

    /// The face of a module wants something. A module that fails at it is told as such.
    pub(super) fn command_module(
        &mut self,
        port: Port,
        number: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), FaceError> {
        let number = self.seated.find(port, number)?.number;
        self.seated.seats.command(port, bytes);
        self.serve_modules();
        self.seated.find(port, Some(number)).map(drop)
    }

    /// Somebody listens to a module.
    pub(super) fn follow(&mut self, port: Port) -> Result<Events, FaceError> {
        self.seated.find(port, None).map(|face| face.listen())
    }

    /// Tells modules and the engine what the wall clock says now.
    pub(super) fn tell_the_clock(&mut self) {
        self.seated.seats.set_clock(self.clock.now(), self.clock.wall_ms());
        let wall_s = self.clock.wall_s();
        self.tell(Input::WallTime(wall_s));
    }

    /// Lets modules hear an event of the engine; whether it is for them alone. A question to others they would refuse.
    pub(super) fn tell_modules(&mut self, event: &Event) -> bool {
        let is_theirs = match event {
            Event::Said { port, .. } | Event::Asked { port, .. } => self.seated.has(Port(*port)),
            Event::Replied { op, .. } => is_of_module(*op),
            _ => false,
        };
        if !is_theirs && matches!(event, Event::Said { .. } | Event::Asked { .. } | Event::Replied { .. }) {
            return false;
        }
        self.seated.seats.on_event(self.clock.now(), event);
        if let Event::Replied { op, .. } = event {
            self.seated.questions.remove(op);
        }
        is_theirs
    }

    /// When the engine or a module wants the time.
    pub(super) fn wanted_at(&self) -> Instant {
        self.due.min(self.seated.seats.wanted_at())
    }

    /// The engine or a module wanted the time.
    pub(super) fn on_timer(&mut self) {
        let now = self.clock.now();
        if self.due <= now {
            self.feed(Input::Timeout);
        }
        self.seated.seats.on_time(now);
        self.serve_modules();
    }

    /// Does what modules want, until they have had their turn, and detaches those that failed.
    pub(super) fn serve_modules(&mut self) {
        loop {
            while let Some(demand) = self.seated.seats.poll(self.clock.now()) {
                self.do_for_module(demand);
            }
            let Some((port, name, fault)) = self.seated.next_failed() else { return };
            tracing::error!(
                module = name,
                port = port.0,
                %fault,
                "this module failed and is detached; the node goes on without it. Correct it, and start the node again"
            );
            self.seated.remove(port, Ended::Failed(fault));
        }
    }

    fn do_for_module(&mut self, demand: Demand) {
        match demand {
            Demand::Open(open) => {
                self.seated.open = open;
                self.tell_open();
            }
            Demand::Hold(ids) => {
                self.seated.held = ids;
                self.tell_held();
            }
            Demand::Tell { port, to, bytes } => {
                self.command(Command::Tell { port: port.0, to: &to, bytes: &bytes });
            }
            Demand::Ask { op, port, to, within_ms, bytes } => {
                let bytes = Bytes::from(bytes);
                let length = length(&bytes);
                self.seated.questions.insert(op, bytes);
                self.command(Command::Ask { op, to: &to, port: port.0, within_ms, length, kind: 0 });
            }
            Demand::List { op, place, stays, within_ms } => {
                self.seated.questions.insert(op, Bytes::new());
                let kind = u8::from(stays);
                self.command(Command::Ask { op, to: &place, port: LISTS, within_ms, length: 0, kind });
            }
            Demand::Cancel(op) => {
                self.seated.questions.remove(&op);
                self.command(Command::Cancel { op });
            }
            Demand::Reply { status, ticket, bytes } => {
                let bytes = [ticket, bytes].concat();
                self.command(Command::Reply { status, bytes: &bytes });
            }
            Demand::AskHere { ticket, from, to, within_ms, bytes } => {
                self.pass_here(ticket, from, to, within_ms, bytes.into());
            }
            Demand::AnsweredHere { port, op, is_here, status, bytes } => {
                self.hear_here(port, op, is_here, status, bytes.into());
            }
            Demand::Sign { port, job, bytes } => self.sign_for_module(port, job, &bytes),
            Demand::Verify { port, job, key, signature, bytes } => {
                self.check_for_module(port, job, (key, signature), bytes);
            }
            Demand::Event { port, bytes } => {
                if let Some(face) = self.seated.face(port) {
                    face.tell(Told::Event(bytes.into()));
                }
            }
        }
    }

    /// Modules have their turn after it.
    fn command(&mut self, command: Command<'_>) {
        self.feed(Input::Command(command));
    }

    /// Where the engine's are made: see [`Identity`](crate::identity::Identity).
    fn sign_for_module(&mut self, port: Port, job: u32, bytes: &[u8]) {
        match self.identity.sign(bytes) {
            Some(signature) => self.seated.seats.signed(port, job, &signature),
            None => self.seated.seats.failed(port, job),
        }
    }

    fn check_for_module(
        &mut self,
        port: Port,
        job: u32,
        (key, signature): (PublicKey, Signature),
        bytes: Vec<u8>,
    ) {
        let Seated { faces, verifier, seats, .. } = &mut self.seated;
        let Some(face) = faces.get_mut(&port) else { return };
        let whose = OfModule { number: face.number, port, job };
        if face.checks < CHECKS_MAX && verifier.submit(Check { whose, key, signature, bytes }) {
            face.checks += 1;
        } else {
            seats.failed(port, job);
        }
    }

    pub(super) fn on_module_checked(&mut self, checked: Checked<OfModule>) {
        let OfModule { number, port, job } = checked.whose;
        // Another module may have taken the port meanwhile, and has jobs of the same numbers.
        let Ok(face) = self.seated.find(port, Some(number)) else { return };
        face.checks -= 1;
        self.seated.seats.verified(port, job, checked.holds);
        self.serve_modules();
    }
}

/// The operations of modules have the highest bit; the driver's own leave it clear.
fn is_of_module(op: OpId) -> bool {
    op.0 & !OWN != 0
}
