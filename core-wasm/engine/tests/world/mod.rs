//! A deterministic world that drives the very engine through virtual time and a virtual network.
//!
//! What it is like is `tabmesh-world`'s: chance, time, distances, dialling, signing, the signalling server. Who acts in what order, and
//! what must hold, stands here. A [`World`] holds hosts. Each [`Host`](host::Host) is a virtual shell around one engine: it answers every
//! output the way the browser and the native shell do, with a virtual WebRTC handshake, WebSockets, a signalling
//! server, a clock of its own, jobs and a block store. All that happens stands on one agenda in order of time;
//! all chance comes from one seed; nothing depends on hash order. So a seed is a whole run: the failure it
//! prints can be had again, event by event.
//!
//! What the world enforces in every run, whatever the scenario tests:
//! - the engine keeps the rule of `lib.rs`: it stops answering, never names a link that is not open, answers
//!   `Incoming` in the same drain, and does not ask to be woken in the past again and again;
//! - its state stays within [`run::Bounds::heap_max`], and dropping it gives every byte back;
//! - it obeys the send queue: no link ever holds more than [`run::Bounds::queue_max`];
//! - a run ends: no more than [`run::Bounds::events_max`] events.

mod agenda;
pub(crate) mod check;
mod circuit;
mod control;
pub(crate) mod crypto;
mod cut;
mod end;
pub(crate) mod flat;
mod flow;
pub(crate) mod heap;
mod host;
mod ids;
mod jobs;
mod network;
mod outcome;
mod ports;
mod run;
pub(crate) mod script;
pub(crate) mod seeds;
mod shell;
mod signalling;
mod socket;
mod spec;
mod stimulus;
mod store;
mod tests;
mod trace;
mod webrtc;

pub(crate) use ids::HostId;
pub(crate) use run::World;
pub(crate) use spec::Spec;
pub(crate) use tabmesh_world::time::{MS, SECOND};
