//! A tag: opt-in membership of a sub-overlay.
//!
//! Whoever attaches a [`Tag`] on the port of a tag's name is a member. Members find each other by a list of the overlay
//! ([`tabmesh_directory`]) and by what they tell each other, keep links to the members nearest in the id space and to one of every
//! bucket further off, and carry the tag's messages over links between members alone: who is no member carries none.
//!
//! Three parts, none of which knows another: `finding` looks for members; `spreading` passes publications on along a tree of links
//! (Plumtree: Leitão, Pereira and Rodrigues, "Epidemic Broadcast Trees", 2007); `sending` brings a message to one member, greedily by
//! XOR distance (Kademlia §2.3). They share the table of `members`. [`Tag`] is where they meet.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod candidates;
mod face;
mod finding;
mod ground;
pub mod limits;
mod members;
mod passed;
mod recent;
mod sending;
mod spreading;
mod streams;
mod tag;
mod wire;

pub use face::{Command, Event};
pub use tag::{Tag, port};
pub use wire::{Message, Publication, Routed, stream_of};
