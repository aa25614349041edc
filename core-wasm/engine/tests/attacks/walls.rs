//! Direct links beside circuits: whoever is linked decides neither how often a node tries one nor for whom (X4).
//!
//! Goal: a node behind a wall, or one that a stranger made believe so, tries one direct link in half a minute, whatever others do with
//! theirs. Method: one honest host with a relay, five offers that come to nothing, and names of many nodes.

use tabmesh_engine::limits::DIALS_MAX;
use tabmesh_engine::wire::envelope::Kind;
use tabmesh_engine::wire::frame::Frame;
use tabmesh_engine::*;

use crate::host::{Host, Key};
use crate::strangers::{bring, bring_as};

/// A host that takes itself for walled, a relay's link, and a stranger who names it new nodes.
fn walled() -> (Host, [LinkId; 2]) {
    let mut host = Host::new(1, Profile::Native);
    let relay = host.relay(&Key::new(2));
    let stranger = host.guest(&Key::new(3));
    for seed in 100..105 {
        bring(&mut host, stranger, &Key::new(seed), seed as u32);
        let link = *host.answers.last().expect("it answers");
        host.tell(Input::Described { link, description: &[1; 90] });
        host.tell(Input::LinkDown(link));
        host.alive(1_000, &[relay, stranger]);
    }
    (host, [relay, stranger])
}

/// The direct links that it begins in a minute and a half, in which the stranger names a new node every five seconds, and where it
/// `links_again` does so every second.
fn tried(links_again: bool) -> usize {
    let (mut host, mut links) = walled();
    let before = host.offers.len();
    for second in 0..90 {
        if links_again {
            links[1] = host.guest(&Key::new(3));
        }
        if second % 5 == 0 {
            let named = Key::new(1_000 + second).id();
            host.hear(links[1], &[Frame::Gossip { ties: 0x80, joined: &named.0, left: &[] }]);
        }
        host.alive(1_000, &links);
        give_up(&mut host);
    }
    host.offers.len() - before
}

/// The shell ends every link that is being made: there is always room for another.
fn give_up(host: &mut Host) {
    let ready: Vec<LinkId> = host.node.links().map(|link| link.link).collect();
    for link in (1..1_000).filter_map(LinkId::new).filter(|link| !ready.contains(link)) {
        host.tell(Input::LinkDown(link));
    }
}

#[test]
fn x4_a_peer_that_links_again_and_again_makes_a_walled_node_try_no_more_direct_links() {
    let (calm, attacked) = (tried(false), tried(true));
    assert!((2..=4).contains(&calm), "{calm} in calm");
    assert!(attacked <= calm, "{attacked} instead of {calm}");
}

/// Offers of this kind by one link, in many names, make a walled node dial: it has places for others, and dials.
fn flood(kind: Kind) {
    let (mut host, [relay, stranger]) = walled();
    for seed in 5_000..5_080 {
        // A circuit's names a relay that this node is not linked with.
        let body = [[1; 64].as_slice(), &Key::new(seed + 1_000).id().0].concat();
        bring_as(&mut host, stranger, &Key::new(seed), seed as u32, (kind, &body));
        host.alive(250, &[relay, stranger]);
    }
    let before = host.accepted.len();
    host.tell(Input::Incoming);
    assert!(host.accepted.len() > before, "a newcomer comes in");
    let dials = host.circuits + host.offers.len();
    assert!(dials <= DIALS_MAX[Profile::Native as usize], "{dials} dials");
    let sockets = host.sockets.len();
    host.tell(Input::Command(Command::Addresses(1)));
    assert!(host.sockets.len() > sockets, "an address is dialled");
}

/// It answers a direct offer by one of a circuit.
#[test]
fn x4_offers_to_a_walled_node_leave_it_dials_and_room_for_others() {
    flood(Kind::Offer);
}

/// It links with a relay that is named to it.
#[test]
fn x4_circuits_by_relays_that_nobody_knows_leave_dials_and_room_for_others() {
    flood(Kind::Circuit);
}
