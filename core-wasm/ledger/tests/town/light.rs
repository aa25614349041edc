//! A light node in a town, with a shell that keeps what it believes.

use tabmesh_ledger::{Genesis, Light, LightCommand, LightEvent};
use tabmesh_port::{Attachment, Input, Instant, Module, Output, Room};

use super::{Node, Stored};

impl Node {
    /// One that keeps no state; it begins with what its store has.
    pub(crate) fn light(attachment: Attachment, genesis: &Genesis, store: Stored, insists: bool) -> Self {
        let mut light = Light::new(attachment);
        let belief = store.borrow().belief.clone();
        let start = LightCommand::Start { insists, belief: &belief };
        for command in [LightCommand::Begin(&genesis.emit()), start] {
            light.handle(Instant(0), Input::Command(&command.emit()));
        }
        Self { light: Some(light), store, ..Self::none() }
    }

    pub(super) fn drain_light(&mut self) {
        while let Some(flat) = self.light.as_mut().and_then(|light| light.poll(Room::ALL)) {
            let Ok(Output::Event(bytes)) = Output::read(&flat) else {
                self.outputs.push_back(flat);
                continue;
            };
            let event = LightEvent::read(bytes).expect("an event");
            assert_eq!(event.emit(), bytes);
            let mut store = self.store.borrow_mut();
            match event {
                LightEvent::Keep(belief) => store.belief = belief.to_vec(),
                _ => store.events.push((self.now.0, bytes.to_vec())),
            }
        }
    }
}
