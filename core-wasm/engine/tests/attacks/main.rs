//! Attacks, each shown to fail. The attacker has every key but the victims'.
//!
//! Goal: what must hold against whoever sends whatever (X1 to X11 in docs/SECURITY.md). Method: one honest node, or a pair of them,
//! with real signatures; the attacker writes frames. Tests are named after what they show: `x5_…`.

#![allow(dead_code, reason = "not every attack needs all of the host's means")]

mod answers;
mod between;
mod blocks;
mod frames;
mod host;
mod linking;
mod modules;
mod numbers;
mod pairs;
mod places;
mod prices;
mod routing;
mod strangers;
mod topics;
mod walls;

use host::{Host, Key};
use tabmesh_engine::Profile;

#[test]
fn a_guest_that_proves_its_key_is_linked() {
    let (mut host, guest) = (Host::new(1, Profile::Native), Key::new(3));
    let link = host.guest(&guest);
    assert!(host.is_linked(&guest.id()));
    assert_eq!(host.bye(link), None);
}
