//! What will happen, in order of time; what is due at the same time happens in the order it was added.

use std::collections::BTreeMap;

use tabmesh_engine::{JobId, Work};

use super::ids::{EndId, HostId, SessionId};
use super::stimulus::Stimulus;

/// One thing that will happen. `u32` behind a host is its life: what was meant for an earlier life is void.
pub(crate) enum Happening {
    /// A host's timer fires.
    Wake(HostId),
    /// A host's engine gets an input.
    Hand(HostId, u32, Stimulus),
    /// A host's job ends.
    Finish(HostId, u32, JobId, Work),
    /// Something this end sent may have arrived at the other end.
    Arrive(EndId),
    /// This end's send queue may have fallen below the mark.
    Drained(EndId),
    /// This end's description is ready.
    Gathered(EndId),
    /// Offerer and answerer know each other's descriptions: ICE and DTLS are done if they can be.
    Connect(EndId, EndId),
    /// A WebSocket that this end dialled reaches the listening host.
    Knock(EndId, HostId),
    /// This end has been opening for too long.
    GiveUp(EndId),
    /// This end has heard nothing since the cut of this number.
    CutOff(EndId, u32),
    /// A connection reaches the signalling server.
    ServerAccept(SessionId),
    /// A message reaches the signalling server.
    ServerHear(SessionId, Vec<u8>),
    /// A host that said goodbye stops.
    Gone(HostId, u32),
}

/// See the module's documentation.
#[derive(Default)]
pub(crate) struct Agenda {
    due: BTreeMap<(u64, u64), Happening>,
    added: u64,
}

impl Agenda {
    /// Adds what happens at `at`, in microseconds.
    pub(crate) fn add(&mut self, at: u64, happening: Happening) {
        self.added += 1;
        self.due.insert((at, self.added), happening);
    }

    /// Takes the first thing due at or before `end`, with its time.
    pub(crate) fn next_until(&mut self, end: u64) -> Option<(u64, Happening)> {
        let entry = self.due.first_entry()?;
        let at = entry.key().0;
        (at <= end).then(|| (at, entry.remove()))
    }
}
