//! What will happen.

use tabmesh_engine::{JobId, Work};
use tabmesh_world::server::Signal;

use super::ids::{EndId, HostId};
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
    /// Answerer and offerer know each other's descriptions: ICE and DTLS are done if they can be.
    Connect(EndId, EndId),
    /// A WebSocket that this end dialled reaches the listening host.
    Knock(EndId, HostId),
    /// This end has been opening for too long.
    GiveUp(EndId),
    /// This end has heard nothing since the cut of this number.
    CutOff(EndId, u32),
    /// Something of a host reaches the signalling server.
    ServerHear(HostId, Signal),
    /// A host that said goodbye stops.
    Gone(HostId, u32),
}
