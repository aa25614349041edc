//! Links that others hold: whoever only claims to be close makes room for those that come.

use tabmesh_engine::limits::{LINKS_MAX, LINKS_OWN};
use tabmesh_engine::wire::frame::{CLOSE, Frame};
use tabmesh_engine::{LinkId, Profile};

use super::host::{Host, Key};

/// So many free keys come in, say that the node is close to them, and stay.
fn squatted(profile: Profile) -> (Host, Vec<LinkId>) {
    let mut host = Host::new(1, profile);
    let most = LINKS_MAX[profile as usize] - LINKS_OWN[profile as usize];
    let mut links = Vec::new();
    for seed in 0..most as u64 {
        let link = host.guest(&Key::new(10_000 + seed));
        host.hear(link, &[Frame::Gossip { ties: CLOSE, joined: &[], left: &[] }]);
        links.push(link);
    }
    (host, links)
}

/// Finding 8: 256 free keys held a relay, and 32 a tab, for good.
#[test]
fn x4_free_keys_that_say_close_hold_no_place_that_others_need() {
    for profile in [Profile::Native, Profile::Browser] {
        let (mut host, links) = squatted(profile);
        let before = host.accepted.len();
        host.tell(tabmesh_engine::Input::Incoming);
        assert_eq!(host.accepted.len(), before, "{profile:?}: full for others now");
        host.alive(60_000, &links);
        let held = host.node.links().count();
        println!("{profile:?}: {held} of {} held a minute later", links.len());
        let mut honest = Vec::new();
        for seed in 0..4 {
            let key = Key::new(100 + seed);
            let link = host.guest(&key);
            assert!(host.is_linked(&key.id()), "{profile:?}: guest {seed} comes in a minute later");
            honest.push(link);
        }
    }
}
