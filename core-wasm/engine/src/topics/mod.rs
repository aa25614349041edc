//! Topics: publish and subscribe over a mesh of subscribers, after GossipSub (Vyzovitis et al. 2020).
//!
//! Each subscriber keeps some six *mates* among its links and hands them every message that is new to it. Mates tell each other which
//! messages they have, so that what was lost is asked for, and so that whoever publishes hears how far they have come. Subscribers find
//! each other among their links, from those that have no room, and at the node closest to the topic's id, which remembers the last
//! ones that came by. Messages are signed: whoever passes one on has checked it.

mod mates;
mod publish;
mod recall;
mod say;
mod streams;
mod subscriber;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use self::tables::Topics;
