//! Attacks on storing and serving blocks.

use tabmesh_engine::limits::{KEEP_A_MINUTE, NEIGHBOURS, REPLICAS};
use tabmesh_engine::wire::frame::{Body, Frame};
use tabmesh_engine::{BlockHash, Input, LinkId, NodeId, Profile, Status, sha256};

use crate::frames::routed;
use crate::host::{Host, Key};

const GET: u8 = 3;
const PUT: u8 = 4;

fn give(host: &mut Host, link: LinkId, block: &[u8]) -> BlockHash {
    let (hash, to) = (BlockHash(sha256(block)), host.key.id());
    let payload = [&hash.0[..], block].concat();
    host.hear(link, &[routed(false, true, &NodeId([0x77; 32]), &to, &[], PUT, &payload)]);
    hash
}

/// The statuses of the answers that went out on a link.
fn answers(host: &Host, link: LinkId) -> Vec<Status> {
    let mut statuses = vec![];
    for frame in host.frames(link) {
        if let Some(Frame::Routed(routed)) = Frame::parse(&frame)
            && let Some(Body::Answer { status, .. } | Body::Nodes { status, .. }) = routed.body()
        {
            statuses.push(status);
        }
    }
    statuses
}

/// Goal: nobody makes a node hold what is not near it. Method: 160 peers, blocks from all over the place.
#[test]
fn x8_only_what_is_near_a_node_is_held() {
    let mut host = Host::new(1, Profile::Native);
    let attacker = host.guest(&Key::new(3));
    for seed in 20..180 {
        host.guest(&Key::new(seed));
    }
    let own = host.key.id();
    let mut neighbours: Vec<NodeId> = host.node.links().map(|link| link.id).collect();
    neighbours.sort_by_key(|id| own.distance(id));
    let depth = own.shared_bits(&neighbours[NEIGHBOURS - 1]);
    let (mut far, mut near) = (0, 0);
    for number in 0_u32..400 {
        let block = number.to_be_bytes().repeat(100);
        let before = host.stored.len();
        let hash = give(&mut host, attacker, &block);
        let nearer = host.node.links().filter(|link| link.id.is_nearer(&own, hash.place())).count();
        let is_held = host.stored.len() > before;
        if nearer < REPLICAS * 2 {
            assert!(is_held, "of the {}-nearest, and refused", nearer + 1);
            near += 1;
        }
        if own.shared_bits(hash.place()) + 2 < depth {
            assert!(!is_held, "shares {} bits of {depth}", own.shared_bits(hash.place()));
            far += 1;
        }
        host.now += 1_000;
    }
    assert!(near > 10 && far > 150, "{near} near, {far} far");
}

/// Goal: a hostile link fills no more of a store than its share, and others give on.
#[test]
fn x4_a_link_that_gives_without_end_gets_its_share_and_others_theirs() {
    let mut host = Host::new(1, Profile::Native);
    let (attacker, honest) = (host.guest(&Key::new(3)), host.guest(&Key::new(4)));
    let length = 16 * 1024;
    let share = KEEP_A_MINUTE as usize / length;
    host.now = 120_000_000;
    for number in 0..share + 100 {
        let mut block = vec![0; length];
        block[..8].copy_from_slice(&number.to_be_bytes());
        give(&mut host, attacker, &block);
        host.sent.remove(&attacker);
        host.tell(Input::LinkDrained { link: attacker, queued: 0 });
    }
    assert_eq!(host.stored.len(), share);
    give(&mut host, attacker, &[1; 16 * 1024]);
    assert_eq!(answers(&host, attacker), [Status::TooManyRequests]);
    give(&mut host, honest, b"of somebody else");
    assert_eq!(host.stored.len(), share + 1);
    host.now += 60_000_000;
    give(&mut host, attacker, b"a minute later");
    assert_eq!(host.stored.len(), share + 2);
}

/// Goal: answers that wait for credit which never comes end nobody's reading. Method: two peers ask for all that a node serves at
/// once, and grant nothing; an honest one asks then, and an hour later.
#[test]
fn x4_peers_that_grant_no_credit_end_nobodys_reading() {
    let mut host = Host::new(1, Profile::Native);
    let keys = [Key::new(3), Key::new(4), Key::new(5)];
    let [first, second, honest] = [0, 1, 2].map(|place| host.guest(&keys[place]));
    let hash = give(&mut host, first, &[5; 16_000]);
    let to = host.key.id();
    for (link, key, more) in [(first, &keys[0], 12), (second, &keys[1], 12)] {
        for number in 0..32 + more {
            host.hear(link, &[routed(false, true, &key.id(), &to, &[], GET, &hash.0)]);
            if number < 32 {
                host.tell(Input::LinkDrained { link, queued: 0 });
            }
        }
    }
    for wait_ms in [0, 3_600_000] {
        host.alive(wait_ms, &[first, second, honest]);
        host.sent.remove(&honest);
        host.hear(honest, &[routed(false, true, &keys[2].id(), &to, &[], GET, &hash.0)]);
        assert_eq!(answers(&host, honest), [Status::Ok], "after {wait_ms} ms");
    }
}

/// Goal: who wants a node's keys costs it no walks through its store.
#[test]
fn x4_a_stranger_gets_no_list_of_keys() {
    let mut host = Host::new(1, Profile::Native);
    let stranger = host.guest(&Key::new(3));
    let scans = host.scans;
    for _ in 0..1_000 {
        host.hear(stranger, &[Frame::Differ { mask: u16::MAX, after: &BlockHash([0; 32]) }]);
    }
    assert_eq!(host.scans, scans);
}
