//! The modules in this process, and what the driver keeps for them.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use tabmesh_engine::{NodeId, OpId, PublicKey};
use tabmesh_port::Port;
use tabmesh_seat::{SEATS_MAX, Seats};
use tokio::sync::{broadcast, mpsc};

use super::face::{Ended, Events, FaceError, ModuleView, Told};
use super::verifier::{Checked, Verifier};
use crate::module::{Fault, Watch};

/// Events that a slow listener may be behind.
const BEHIND_MAX: usize = 256;

/// Checks of signatures of one module that may wait; further ones are not done, and it is told so.
pub(super) const CHECKS_MAX: usize = 64;

/// A check of a module's.
pub(super) struct OfModule {
    pub(super) number: u64,
    pub(super) port: Port,
    pub(super) job: u32,
}

/// What the driver keeps of one module.
pub(super) struct Face {
    /// Names the attachment.
    pub(super) number: u64,
    name: Option<String>,
    version: u8,
    events: broadcast::Sender<Told>,
    watch: Option<Watch>,
    /// Its checks under way.
    pub(super) checks: usize,
}

impl Face {
    pub(super) fn tell(&self, told: Told) {
        // Nobody has to listen.
        let _ = self.events.send(told);
    }

    pub(super) fn listen(&self) -> Events {
        Events::new(self.events.subscribe())
    }

    fn view(&self, port: Port, failure: Option<Fault>) -> ModuleView {
        ModuleView { name: self.name.clone(), port, version: self.version, failure }
    }
}

pub(super) struct Seated {
    pub(super) seats: Seats,
    /// What modules ask, by operation, until it ends.
    pub(super) questions: HashMap<OpId, Bytes>,
    pub(super) verifier: Verifier<OfModule>,
    /// The ports of modules as the engine takes them, and whom they hold.
    pub(super) open: Vec<u8>,
    pub(super) held: Vec<NodeId>,
    pub(super) faces: BTreeMap<Port, Face>,
    /// Those that failed, until another one takes the port: at most [`SEATS_MAX`].
    failed: BTreeMap<Port, ModuleView>,
    /// Counts attachments.
    last: u64,
}

impl Seated {
    pub(super) fn new(
        key: PublicKey,
        network: [u8; 8],
        checked: mpsc::UnboundedSender<Checked<OfModule>>,
    ) -> std::io::Result<Self> {
        Ok(Self {
            seats: Seats::new(key, network),
            questions: HashMap::new(),
            verifier: Verifier::start("verify modules", SEATS_MAX * CHECKS_MAX, checked)?,
            open: Vec::new(),
            held: Vec::new(),
            faces: BTreeMap::new(),
            failed: BTreeMap::new(),
            last: 0,
        })
    }

    /// Enters a module that has its seat; what it tells from now on.
    pub(super) fn enter(
        &mut self,
        port: Port,
        version: u8,
        name: Option<String>,
        watch: Option<Watch>,
    ) -> (u64, Events) {
        self.last += 1;
        self.failed.remove(&port);
        let (events, _) = broadcast::channel(BEHIND_MAX);
        let face = Face { number: self.last, name, version, events, watch, checks: 0 };
        let listening = face.listen();
        self.faces.insert(port, face);
        (self.last, listening)
    }

    /// Takes a module off its port, which its listeners are told.
    pub(super) fn remove(&mut self, port: Port, ended: Ended) {
        let Some(face) = self.faces.remove(&port) else { return };
        if let Ended::Failed(fault) = &ended {
            if self.failed.len() >= SEATS_MAX {
                self.failed.pop_first();
            }
            self.failed.insert(port, face.view(port, Some(fault.clone())));
        }
        face.tell(Told::Ended(ended));
        self.seats.detach(port);
    }

    pub(super) fn has(&self, port: Port) -> bool {
        self.faces.contains_key(&port)
    }

    pub(super) fn count(&self) -> usize {
        self.faces.len()
    }

    pub(super) fn port_of(&self, number: u64) -> Option<Port> {
        self.faces.iter().find(|(_, face)| face.number == number).map(|(port, _)| *port)
    }

    pub(super) fn face(&mut self, port: Port) -> Option<&mut Face> {
        self.faces.get_mut(&port)
    }

    /// The module at a port, and none that took its place.
    pub(super) fn find(&mut self, port: Port, number: Option<u64>) -> Result<&mut Face, FaceError> {
        let failed = self.failed.get(&port).and_then(|view| view.failure.clone());
        let face = self.faces.get_mut(&port).filter(|face| number.is_none_or(|number| number == face.number));
        face.ok_or(failed.map_or(FaceError::NoModule, FaceError::Failed))
    }

    /// A module that did something wrong and is attached still.
    pub(super) fn next_failed(&self) -> Option<(Port, Option<String>, Fault)> {
        self.faces.iter().find_map(|(port, face)| {
            let fault = face.watch.as_ref()?.fault()?;
            Some((*port, face.name.clone(), fault.clone()))
        })
    }

    /// All of them, and those that failed.
    pub(super) fn views(&self) -> Vec<ModuleView> {
        let running = self.faces.iter().map(|(port, face)| face.view(*port, None));
        running.chain(self.failed.values().cloned()).collect()
    }
}
