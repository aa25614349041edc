//! Making links: how two nodes that are not linked agree on one, and how its two ends find out that they are who they say.

mod circuit;
mod dial;
mod envelopes;
mod handshake;
mod jobs;
mod signalling;
#[cfg(test)]
mod tests;

pub(crate) use self::circuit::{
    choose_way, circuit_over, end_circuit, on_carry, on_sealed, on_unreachable, try_direct,
};
pub(crate) use self::dial::{on_described, on_envelope, on_offer};
pub(crate) use self::envelopes::on_envelope_lost;
pub(crate) use self::handshake::{
    on_handshake_due, on_hello, on_incoming, on_link_up, on_proof, on_welcome, proved, replaces, settle,
    why_down, withstands,
};
pub(crate) use self::signalling::Linking;
