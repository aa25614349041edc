//! Virtual time and virtual nodes: what the simulator's network is made of, and a perfect port for modules alone.
//!
//! - [`dice`]: chance that follows from seed and drawer alone. [`queue`]: what is still to happen. [`crypto`]: keys and signatures.
//! - [`perfect`]: modules on a network that does nothing but carry, with the delay, the loss and the cuts that a test asks for.

#![forbid(unsafe_code)]

pub mod crypto;
pub mod dice;
pub mod perfect;
pub mod queue;
