//! From what the engine wants done to numbers and bytes.

use alloc::vec::Vec;

use tabmesh_engine::wire::Writer;
use tabmesh_engine::{Event, Node, NodeId, Output, Route, Work};
use wasm_bindgen::prelude::*;

use crate::kinds::output::*;

// The package's own module, by its place beside the generated one: `pkg/wasm/` and `pkg/dist/`.
#[wasm_bindgen(raw_module = "../dist/output.js")]
extern "C" {
    /// One thing for the page to do; see [`kinds`](crate::kinds). `core` is the number that `Core::start` was given. The
    /// slices are views of this module's memory: the page copies what it keeps, and calls nothing back from here.
    fn output(core: u32, kind: u32, number: u32, value: u32, id: &[u8], bytes: &[u8]);
}

/// Tells the page what the engine wants. It borrows: one call at the end and one drop by the caller cost 1,470 bytes
/// less than a call and a drop for each kind.
pub(crate) fn hand_out(core: u32, wanted: &Output) {
    let (mut number, mut value) = (0, 0);
    let joined;
    let mut id: &[u8] = &[];
    let mut data: &[u8] = &[];
    let kind = match wanted {
        // A tab has no address where others knock, so there is nothing to accept or to refuse.
        Output::Timeout(_) | Output::Accept(_) | Output::Refuse => return,
        Output::Send { link, bytes } => {
            (number, data) = (link.0.into(), bytes);
            SEND
        }
        Output::Open { link, route } => {
            number = link.0.into();
            match route {
                Route::Socket(address) => {
                    value = (*address).into();
                    OPEN_SOCKET
                }
                Route::Offer => OPEN_OFFER,
                Route::Answer(description) => {
                    data = description;
                    OPEN_ANSWER
                }
                Route::Circuit => OPEN_CIRCUIT,
                Route::CircuitAnswer(key) => {
                    data = key;
                    OPEN_CIRCUIT
                }
            }
        }
        Output::Answered { link, description } => {
            (number, data) = (link.0.into(), description);
            ANSWERED
        }
        Output::Unseal { link, bytes } => {
            (number, data) = (link.0.into(), bytes);
            UNSEAL
        }
        Output::Close(link) => {
            number = link.0.into();
            CLOSE
        }
        Output::SignalOpen => SIGNAL_OPEN,
        Output::Signal(bytes) => {
            data = bytes;
            SIGNAL
        }
        Output::SignalClose => SIGNAL_CLOSE,
        Output::Job { job, work } => {
            number = job.0;
            match work {
                Work::Sign(bytes) => {
                    data = bytes;
                    SIGN
                }
                Work::Verify { key, signature, bytes } => {
                    let mut writer = Writer::default();
                    writer.bytes(key).bytes(signature);
                    joined = writer.finish();
                    (id, data) = (&joined, bytes);
                    VERIFY
                }
                Work::Load(hash) => {
                    id = &hash.0;
                    LOAD
                }
                Work::Message(op) => {
                    value = op.0;
                    WANTED
                }
                Work::Store { hash, bytes, held } => {
                    (value, id, data) = ((*held).into(), &hash.0, bytes);
                    STORE
                }
                Work::Absent(hashes) => {
                    joined = flat(hashes);
                    id = &joined;
                    ABSENT
                }
                Work::Scan { after, count } => {
                    value = (*count).into();
                    if let Some(after) = after {
                        id = &after.0;
                    }
                    SCAN
                }
            }
        }
        Output::Event(event) => match event {
            Event::Joined => JOINED,
            Event::Offline => OFFLINE,
            Event::PeerUp { link, id: peer, kind, profile, address } => {
                (number, value) = (link.0.into(), *kind as u32 | (*profile as u32) << 8);
                (id, data) = (&peer.0, address);
                PEER_UP
            }
            Event::PeerDown { id: peer, reason } => {
                (value, id) = (*reason as u32, &peer.0);
                PEER_DOWN
            }
            Event::DialFailed { id: peer, reason } => {
                value = *reason as u32;
                if let Some(peer) = peer {
                    id = &peer.0;
                }
                DIAL_FAILED
            }
            Event::SignalRefused(refusal) => {
                value = (*refusal).into();
                SIGNAL_REFUSED
            }
            Event::Found { op, ids } => {
                joined = flat(ids);
                (number, id) = (op.0, &joined);
                FOUND
            }
            Event::Message { from, bytes } => {
                (id, data) = (&from.0, bytes);
                MESSAGE
            }
            Event::Done { op, status, holders } => {
                (number, value) = (op.0, *status as u32 | u32::from(*holders) << 16);
                DONE
            }
        },
    };
    output(core, kind, number, value, id, data);
}

/// Tells the page which links to peers that proved themselves there are.
pub(crate) fn show_links(core: u32, node: &Node) {
    let mut writer = Writer::default();
    for view in node.links() {
        writer.bytes(&view.id.0).u16(view.link.0);
        writer.u8(view.kind as u8).u8(view.profile as u8).u8(view.is_neighbour.into());
        writer.u32(view.rtt_us).bytes(&view.since.0.to_be_bytes());
    }
    output(core, LINKS, 0, 0, &[], &writer.finish());
}

/// Tells the page the closest nodes known.
pub(crate) fn show_neighbourhood(core: u32, node: &Node) {
    output(core, NEIGHBOURHOOD, 0, 0, &flat(&node.neighbourhood()), &[]);
}

/// The ids, one after another.
#[inline(never)]
fn flat(ids: &[NodeId]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(ids.len() * 32);
    for id in ids {
        writer.bytes(&id.0);
    }
    writer.finish()
}
