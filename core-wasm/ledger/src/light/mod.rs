//! A node that keeps no state and does not vote: it believes voters, one after the other, and what they have signed.
//!
//! [`Belief`] is what it believes, [`Follower`] what it takes on that ground, [`Light`] the module that asks for it, and for its owner's account.

mod belief;
mod face;
mod follower;
mod node;
mod own;

pub use belief::{Belief, Believed};
pub use face::{LightCommand, LightEvent};
pub use follower::{Doubt, Follower, Fork, Taken};
pub use node::Light;
