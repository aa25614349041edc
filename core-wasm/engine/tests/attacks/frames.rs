//! Frames as attackers write them.

use tabmesh_engine::wire::frame::{Body, Frame, Hello, Routed, Said};
use tabmesh_engine::{NodeId, PublicKey};

pub(crate) const NET: [u8; 8] = *b"network!";

pub(crate) fn hello<'a>(key: &'a PublicKey, exchange: &'a PublicKey) -> Frame<'a> {
    hello_of(0, key, exchange)
}

/// The same, of a node with this profile, or one that carries circuits.
pub(crate) fn hello_of<'a>(profile: u8, key: &'a PublicKey, exchange: &'a PublicKey) -> Frame<'a> {
    Frame::Hello(Hello { network: &NET, profile, nonce: &[7; 32], exchange, key, address: b"" })
}

/// What the application is asked, as a payload of [`PORT`].
pub(crate) fn asked(bytes: &[u8]) -> Vec<u8> {
    Body::Port(Said { port: 0, version: 1, kind: 0, within_ms: 1_000, bytes }).emit()
}

/// The kind of [`Body::Port`].
pub(crate) const PORT: u8 = 11;

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

/// The kind of [`Body::Answer`].
const ANSWER: u8 = 6;

pub(crate) fn answer<'a>(
    from: &'a NodeId,
    to: &'a NodeId,
    request: u32,
    path: &'a [u8],
    payload: &'a [u8],
) -> Frame<'a> {
    let Frame::Routed(reply) = routed(true, true, from, to, path, ANSWER, payload) else { unreachable!() };
    Frame::Routed(Routed { request, ..reply })
}
