//! Who lies about a task that is run by steps: found by running one of them.
//!
//! An executor keeps a [`Trail`] of its steps and signs its root. Of two that differ a requester asks both, several levels of the tree
//! a message, for the first step about which they do (a [`Dispute`]), and runs that one. Over n steps that takes at most ⌈log₂ n⌉ + 2
//! questions to each, with that for the state before the step. Who does not answer, or with something that does not fit its own
//! root, is named as nothing but silent. The requester's half has disputes, and shells keep trails: `docs/JOBS.md`.

mod ask;
mod dispute;
mod step;
mod trail;

pub use ask::Ask;
pub use dispute::{Dispute, Next, Verdict};
pub use step::{NOT_OK, Step, steps_root};
pub use trail::Trail;
