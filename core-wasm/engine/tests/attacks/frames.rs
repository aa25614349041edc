//! Frames as attackers write them.

use tabmesh_engine::wire::frame::{Frame, Hello, Routed};
use tabmesh_engine::{NodeId, PublicKey};

pub(crate) const NET: [u8; 8] = *b"network!";

pub(crate) fn hello<'a>(key: &'a PublicKey, exchange: &'a PublicKey) -> Frame<'a> {
    hello_of(0, key, exchange)
}

/// The same, of a node with this profile, or one that carries circuits.
pub(crate) fn hello_of<'a>(profile: u8, key: &'a PublicKey, exchange: &'a PublicKey) -> Frame<'a> {
    Frame::Hello(Hello { network: &NET, profile, nonce: &[7; 32], exchange, key, address: b"" })
}

pub(crate) fn routed<'a>(
    reply: bool,
    exact: bool,
    origin: &'a NodeId,
    target: &'a NodeId,
    path: &'a [u8],
    kind: u8,
    payload: &'a [u8],
) -> Frame<'a> {
    Frame::Routed(Routed { reply, exact, how: 0, hops: 0, origin, target, request: 1, path, kind, payload })
}
