//! Attacks by answers that are false, empty or many, and on what a node holds.

use tabmesh_engine::limits::PASSED_A_SECOND;
use tabmesh_engine::wire::frame::{Body, Frame, Routed};
use tabmesh_engine::{
    BlockHash, Command, Event, Input, LinkId, NodeId, OpId, Profile, Reason, Status, sha256,
};

use super::frames::{answer, routed};
use super::host::{Host, Key};
use super::prices::requests;

impl Host {
    /// Somebody answers what this node asked under this number.
    pub(crate) fn hear_answer(
        &mut self,
        link: LinkId,
        from: &NodeId,
        request: u32,
        path: &[u8],
        status: Status,
        bytes: &[u8],
    ) {
        let (own, payload) = (self.key.id(), Body::Answer { status, bytes }.emit());
        self.hear(link, &[answer(from, &own, request, path, &payload)]);
    }
}

fn is_stuck(host: &Host) -> bool {
    host.events.iter().any(|event| matches!(event, Event::PeerDown { reason: Reason::Stuck, .. }))
}

/// Goal: what strangers ask by way of a peer does not cost that peer its link. Method: a peer on a slow line passes on no more than
/// an honest node does.
#[test]
fn x2_answers_to_what_a_peer_passes_on_do_not_end_its_link() {
    let mut host = Host::new(1, Profile::Native);
    let honest = host.guest(&Key::new(3));
    let others: Vec<LinkId> = (4..16).map(|seed| host.guest(&Key::new(seed))).collect();
    let (stranger, to) = (NodeId([0x77; 32]), host.key.id());
    for second in 0..4 {
        host.now += 1_000_000;
        for link in &others {
            host.tell(Input::LinkDrained { link: *link, queued: 0 });
        }
        for _ in 0..PASSED_A_SECOND {
            let Frame::Routed(find) = routed(false, false, &stranger, &to, &[5; 6], 1, &[]) else { panic!() };
            host.hear(honest, &[Frame::Routed(Routed { hops: 1, ..find })]);
        }
        let sent: usize = host.sent.get(&honest).into_iter().flatten().map(Vec::len).sum();
        assert!(!is_stuck(&host), "second {second}, {sent} bytes sent");
    }
}

/// Goal: nobody ends a reading with bytes that are not the block's. Method: an answer without bytes, which tells the store to release.
#[test]
fn x8_an_answer_without_bytes_is_no_block() {
    let mut host = Host::new(1, Profile::Native);
    let (liar, _honest) = (host.guest(&Key::new(3)), host.guest(&Key::new(4)));
    let (id, hash) = (Key::new(3).id(), BlockHash(sha256(b"wanted")));
    host.sent.clear();
    host.tell(Input::Command(Command::Get { op: OpId(9), hash: &hash }));
    for _ in 0..6 {
        for (number, _, _, kind, path) in requests(&host, liar) {
            if kind == 3 {
                host.hear_answer(liar, &id, number, &path, Status::Ok, &[]);
            }
        }
        host.sent.clear();
        host.at(1_000);
    }
    let is_done =
        host.events.iter().any(|event| matches!(event, Event::Done { op: OpId(9), status: Status::Ok, .. }));
    assert!(!is_done, "read, and nothing came");
    assert!(host.released.is_empty());
}

/// Goal: whoever comes in does not make a node give up what it holds. Method: free keys that share four bits with it.
#[test]
fn x8_keys_around_a_node_release_nothing_that_it_held() {
    let mut host = Host::new(1, Profile::Native);
    let (giver, own) = (host.guest(&Key::new(3)), host.key.id());
    let names = (0_u32..).map(|n| BlockHash(sha256(&n.to_be_bytes())));
    host.held = names.filter(|hash| own.shared_bits(hash.place()) <= 2).take(40).collect();
    host.held.sort_by_key(|hash| hash.0);
    host.alive(600_000, &[giver]);
    assert!(host.scans > 3 && host.released.is_empty());
    let keys = (1_000_u64..).map(Key::new).filter(|key| own.shared_bits(&key.id()) >= 4);
    let mut links: Vec<LinkId> = keys.take(20).map(|key| host.guest(&key)).collect();
    links.push(giver);
    host.alive(3_600_000, &links);
    host.released.sort_by_key(|hash| hash.0);
    host.released.dedup();
    assert!(host.released.is_empty(), "{} of 40 in an hour", host.released.len());
}

/// Goal: nobody says for another that it holds a block. Method: one holder answers for all, under the number that it got.
#[test]
fn x2_a_holder_answers_for_itself_alone() {
    let mut host = Host::new(1, Profile::Native);
    let keys = [3, 4, 5, 6].map(Key::new);
    let [giver, liar, one, other] = [0, 1, 2, 3].map(|place| host.guest(&keys[place]));
    let (block, to) = (b"a block".to_vec(), host.key.id());
    let payload = [&sha256(&block)[..], &block].concat();
    host.sent.clear();
    host.hear(giver, &[routed(false, false, &keys[0].id(), &to, &[], 4, &payload)]);
    host.at(250);
    let put =
        requests(&host, liar).into_iter().find(|request| request.3 == 4).expect("the liar shall hold it");
    assert!([one, other].iter().all(|link| requests(&host, *link).iter().any(|request| request.3 == 4)));
    for key in &keys[1..] {
        host.hear_answer(liar, &key.id(), put.0, &put.4, Status::Ok, &[1]);
    }
    let counts: Vec<_> = host
        .frames(giver)
        .iter()
        .filter_map(|frame| match Frame::parse(frame) {
            Some(Frame::Routed(routed)) => match routed.body() {
                Some(Body::Answer { status, bytes }) => Some((status, bytes.to_vec())),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert!(counts.is_empty(), "{counts:?}, and two have not answered");
}

/// Goal: what a neighbour names makes a node hold no more than its share. Method: a list of keys without end, all of them cached here.
#[test]
fn x8_a_neighbour_turns_no_more_than_its_share_into_held() {
    let mut host = Host::new(1, Profile::Native);
    let liar = host.guest(&Key::new(3));
    host.now += 60_000_000;
    host.alive(1_000, &[liar]);
    let before = host.absents;
    host.hear(liar, &[Frame::Digest(&[7; 128])]);
    for round in 0_u32..1_500 {
        let asked =
            host.frames(liar).iter().any(|frame| matches!(Frame::parse(frame), Some(Frame::Differ { .. })));
        assert!(asked || round > 0, "it asks");
        host.sent.remove(&liar);
        if !asked {
            break;
        }
        let mut keys = [0; 64 * 32];
        for (place, key) in keys.chunks_mut(32).enumerate() {
            key[..4].copy_from_slice(&(round * 64 + place as u32).to_be_bytes());
        }
        host.hear(liar, &[Frame::Keys { mask: u16::MAX, more: true, keys: &keys }]);
        host.tell(Input::LinkDrained { link: liar, queued: 0 });
    }
    let named = host.absents - before;
    assert!(named as u32 <= tabmesh_engine::limits::KEEP_A_MINUTE / 2048, "{named} within a minute");
}

/// A tab that is joined, linked to three, and present at its server, which names nobody.
fn greeter() -> (Host, Vec<LinkId>) {
    let mut host = Host::new(1, Profile::Browser);
    host.node = tabmesh_engine::Node::new(tabmesh_engine::Config {
        key: host.key.public,
        seed: [9; 32],
        network: super::host::NET,
        level: 0,
        profile: Profile::Browser,
        address: Vec::new(),
        addresses: 0,
        signalling: true,
        relay: false,
    });
    host.tell(Input::SignalUp(b"server"));
    host.tell(Input::SignalBytes(
        &tabmesh_engine::wire::signal::FromServer::Welcome { peers: vec![] }.emit(),
    ));
    let (own, name) = (host.key.id(), NodeId(sha256(&super::host::NET)));
    let further = (3..).map(Key::new).filter(|key| own.is_nearer(&key.id(), &name));
    let links = further.take(3).map(|key| host.guest(&key)).collect();
    (host, links)
}
