//! Attacks on what answers, placements and fresh keys cost and say.

use tabmesh_engine::wire::frame::Frame;
use tabmesh_engine::{BlockHash, Command, Input, LinkId, NodeId, Profile, PublicKey, Reason, sha256};

use super::frames::{hello, routed};
use super::host::{Host, Key};

/// The requests that went out on a link: number, target, exact, kind.
pub(crate) fn requests(host: &Host, link: LinkId) -> Vec<(u32, NodeId, bool, u8, Vec<u8>)> {
    let mut all = vec![];
    for frame in host.frames(link) {
        if let Some(Frame::Routed(r)) = Frame::parse(&frame)
            && !r.reply
        {
            all.push((r.request, *r.target, r.exact, r.kind, r.path.to_vec()));
        }
    }
    all
}

/// A node without room passes a block on once, never back, and each to a node further off.
#[test]
fn x5_a_full_node_passes_a_block_on_once() {
    let mut host = Host::new(1, Profile::Native);
    host.is_store_full = true;
    let keys: Vec<Key> = (3..15).map(Key::new).collect();
    let links: Vec<LinkId> = keys.iter().map(|key| host.guest(key)).collect();
    let to = host.key.id();
    let put = |host: &mut Host, n: u8, exact| {
        let block = [n; 2_000];
        let hash = BlockHash(sha256(&block));
        let payload = [&hash.0[..], &block].concat();
        host.sent.clear();
        host.hear(links[0], &[routed(false, exact, &keys[0].id(), &to, &[], 4, &payload)]);
        hash
    };
    put(&mut host, 0, true);
    let mut all = 0;
    for n in 1..100 {
        let hash = put(&mut host, n, false);
        let mut on = 0;
        for (link, key) in links.iter().zip(&keys) {
            for (_, target, ..) in requests(&host, *link).into_iter().filter(|request| request.3 == 4) {
                on += 1;
                assert!(*link != links[0] && target == key.id() && to.is_nearer(&target, hash.place()));
            }
        }
        assert!(on <= 1, "{on} times");
        all += on;
        for link in &links {
            host.tell(Input::LinkDrained { link: *link, queued: 0 });
        }
    }
    assert!(all > 20, "{all} of 99");
}

/// A `Hello` goes out once, with the key that the shell made last before it, and never with what is no key.
#[test]
fn x1_a_fresh_key_is_said_once() {
    let mut host = Host::new(1, Profile::Native);
    host.tell(Input::Command(Command::Addresses(1)));
    let link = *host.sockets.last().expect("an address is dialled");
    let hellos = |host: &Host| host.frames(link).len();
    for length in [0, 10, 63] {
        host.tell(Input::Described { link, description: &vec![1; length] });
    }
    host.tell(Input::LinkUp(link));
    assert_eq!(hellos(&host), 0, "no key");
    host.tell(Input::Described { link, description: &[2; 64] });
    assert_eq!(host.hello(link).2, PublicKey([2; 64]));
    host.tell(Input::LinkUp(link));
    host.tell(Input::Described { link, description: &[3; 64] });
    assert_eq!(hellos(&host), 1);
    let (liar, exchange) = (Key::new(3), Key::new(4));
    host.hear(link, &[hello(&liar.public, &exchange.public)]);
    host.hear(link, &[hello(&liar.public, &exchange.public)]);
    assert_eq!(host.bye(link), Some(Reason::Malformed), "a second Hello");
}

/// Goal: who is sent bulk may answer it, and floods no further. Method: a reader that sends so many frames more for each block.
#[test]
fn x4_bulk_pays_for_two_frames_and_no_more() {
    for (more, is_flood) in [(1, false), (3, true)] {
        let mut host = Host::new(1, Profile::Native);
        let (key, to) = (Key::new(3), host.key.id());
        let link = host.guest(&key);
        let block = [5; 1_400];
        let payload = [&sha256(&block)[..], &block].concat();
        host.hear(link, &[routed(false, true, &NodeId([7; 32]), &to, &[], 4, &payload)]);
        let get = routed(false, true, &NodeId([7; 32]), &to, &[], 3, &payload[..32]).emit();
        let pings: Vec<u8> = (0..more).flat_map(|_| Frame::Credit(2_000).emit()).collect();
        for _ in 0..40_000 {
            host.hear_bytes(link, &[&get[..], &pings].concat());
            host.sent.remove(&link);
            host.wire.remove(&link);
            host.tell(Input::LinkDrained { link, queued: 0 });
        }
        assert_eq!(host.is_linked(&key.id()), !is_flood, "{more} beside each");
    }
}
