//! One virtual world: what the simulator and the tests of the engine both run networks on, and a perfect port for modules alone.
//!
//! Chance and time: [`dice`], [`queue`], [`clock`], [`time`]. Where nodes stand and how packets travel between them: [`place`],
//! [`nat`], [`channel`], [`mod@line`], [`cut`]. What a shell does: [`crypto`], [`message`], [`seal`], [`job`], [`shelf`], [`dial`], [`description`],
//! [`packets`]. Beside them the signalling [`server`], and what a run leaves behind: [`trace`], [`words`]. Who acts in what order, and what must be true,
//! is the business of those who use it.
//!
//! [`perfect`]: modules on a network that does nothing but carry, with the delay, the loss and the cuts that a test asks for.

#![forbid(unsafe_code)]

pub mod channel;
pub mod clock;
pub mod crypto;
pub mod cut;
pub mod description;
pub mod dial;
pub mod dice;
pub mod job;
pub mod line;
pub mod message;
pub mod nat;
pub mod packets;
pub mod perfect;
pub mod place;
pub mod queue;
pub mod seal;
pub mod server;
pub mod shelf;
pub mod time;
pub mod trace;
pub mod words;
