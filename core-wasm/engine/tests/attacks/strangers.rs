//! What strangers do with links that are being made (X1, X2, X3, X4).
//!
//! Goal: who has proved no key is heard by nobody, keeps nobody's place, and whoever offers without end makes a node open no more
//! links than its share. Method: one honest host; the stranger knocks, offers, repeats what others signed, or waits.

use tabmesh_engine::limits::{BROUGHT_A_SECOND, HANDSHAKES_MAX, LINKS_MAX, LINKS_OWN};
use tabmesh_engine::wire::envelope::{Envelope, Kind};
use tabmesh_engine::wire::frame::Frame;
use tabmesh_engine::wire::signal::{FromServer, Refusal};
use tabmesh_engine::*;

use crate::frames::{PORT, asked, hello, routed};
use crate::host::{Host, Key, NET};

fn native(seed: u64) -> Host {
    Host::new(seed, Profile::Native)
}

/// What `key` says to `host` in an offer of this session.
fn offer(host: &Host, key: &Key, session: u32) -> Vec<u8> {
    offer_of(host, key, session, (Kind::Offer, &[1; 90]))
}

fn offer_of(host: &Host, key: &Key, session: u32, (kind, body): (Kind, &[u8])) -> Vec<u8> {
    let blank = Envelope { kind, session, expiry_s: 0, key: &key.public, signature: &Signature::BLANK, body };
    let signature = key.sign(&blank.signed_bytes(&NET, &key.id(), &host.key.id()));
    Envelope { signature: &signature, ..blank }.emit()
}

/// It comes over `link`.
pub(crate) fn bring(host: &mut Host, link: LinkId, key: &Key, session: u32) {
    bring_as(host, link, key, session, (Kind::Offer, &[1; 90]));
}

/// An offer of another kind or body does.
pub(crate) fn bring_as(host: &mut Host, link: LinkId, key: &Key, session: u32, what: (Kind, &[u8])) {
    let (payload, to) = (offer_of(host, key, session, what), host.key.id());
    host.hear(link, &[routed(false, true, &key.id(), &to, &[], 2, &payload)]);
}

#[test]
fn x1_a_stranger_that_says_it_was_shed_is_not_heard_after_it() {
    for greets in [false, true] {
        let (mut v, x) = (native(1), Key::new(9));
        for link in [v.knock(), v.dial()] {
            if greets {
                v.hear(link, &[hello(&x.public, &Key::new(5).public)]);
            }
            v.hear(link, &[Frame::Bye(Reason::Shed)]);
            let (from, to) = (x.id(), v.key.id());
            v.hear(link, &[routed(false, true, &from, &to, &[], PORT, &asked(b"pay mallory"))]);
            assert!(!v.events.iter().any(|event| matches!(event, Event::Said { .. } | Event::Asked { .. })));
            assert!(v.closed.contains(&link));
        }
    }
}

/// A job takes very long; meanwhile the number of its link is another link's.
#[test]
fn x1_a_proof_that_was_checked_for_one_link_holds_for_no_other_of_its_number() {
    let (mut v, mallory, x) = (native(1), Key::new(3), Key::new(9));
    v.slow_checks = Some(vec![]);
    let first = v.knock();
    v.prove(first, &mallory);
    v.tell(Input::LinkDown(first));
    let mut last = first.number();
    assert_eq!(last, 1);
    while last < u16::MAX {
        v.node.handle_input(Instant(v.now), Input::Incoming);
        while let output @ (Output::Accept(_) | Output::Event(_)) = v.node.poll_output() {
            if let Output::Accept(link) = output {
                last = link.number();
                v.node.handle_input(Instant(v.now), Input::LinkDown(link));
            }
        }
    }
    let again = v.knock();
    v.hear(again, &[hello(&x.public, &Key::new(5).public)]);
    for (job, holds) in v.slow_checks.take().unwrap_or_default() {
        v.tell(Input::JobDone { job, result: JobResult::Verified(holds) });
    }
    v.hear(again, &[Frame::Welcome]);
    assert!(!v.is_linked(&x.id()));
}

#[test]
fn x4_sockets_that_say_nothing_keep_nobody_out() {
    let (mut v, honest) = (native(1), Key::new(9));
    let peer = v.guest(&Key::new(3));
    let knock = |v: &mut Host| (0..HANDSHAKES_MAX * 3).for_each(|_| v.tell(Input::Incoming));
    knock(&mut v);
    let accepted = v.accepted.len();
    v.guest(&honest);
    assert!(v.accepted.len() > accepted && v.is_linked(&honest.id()), "one more knocks");
    knock(&mut v);
    v.hear(peer, &[Frame::Gossip { ties: 0x80, joined: &Key::new(10).id().0, left: &[] }]);
    v.alive(500, &[peer]);
    assert_eq!(v.offers.len(), 1, "its own dials go on");
    bring(&mut v, peer, &Key::new(11), 1);
    assert_eq!(v.answers.len(), 1, "and so do its answers");
}

/// Found by the fuzz target `node`.
#[test]
fn x4_sockets_that_say_nothing_make_no_node_dial_beyond_its_bound() {
    let mut v = Host::new(1, Profile::Device);
    (0..HANDSHAKES_MAX).for_each(|_| v.tell(Input::Incoming));
    v.tell(Input::Command(Command::Addresses(4)));
    assert_eq!(v.sockets.len(), LINKS_OWN[Profile::Device as usize], "what is kept for its own dials");
    assert_eq!(v.accepted.len() - v.closed.len() + v.sockets.len(), LINKS_MAX[Profile::Device as usize]);
}

#[test]
fn x4_offers_by_one_link_leave_half_of_the_room_to_others() {
    for profile in [Profile::Browser, Profile::Native] {
        let mut v = Host::new(1, profile);
        let links = [3, 4].map(|seed| v.guest(&Key::new(seed)));
        for seed in 100..200 {
            bring(&mut v, links[0], &Key::new(seed), 7);
        }
        let room = LINKS_MAX[profile as usize] - LINKS_OWN[profile as usize] - links.len();
        let share = HANDSHAKES_MAX.min(room) / 2;
        assert_eq!(v.answers.len(), share, "{profile:?}");
        bring(&mut v, links[1], &Key::new(9), 7);
        assert_eq!(v.answers.len(), share + 1, "another link's are answered");
        // What is over makes room.
        for link in std::mem::take(&mut v.answers) {
            v.tell(Input::LinkDown(link));
        }
        bring(&mut v, links[0], &Key::new(300), 7);
        assert_eq!(v.answers.len(), 1);
    }
}

#[test]
fn x4_one_key_that_offers_without_end_is_answered_now_and_then() {
    let (mut v, mallory) = (native(1), Key::new(9));
    let link = v.guest(&Key::new(3));
    for session in 0..100 {
        bring(&mut v, link, &mallory, session);
        v.alive(100, &[link]);
    }
    assert!((1..=3).contains(&v.answers.len()), "{} in ten seconds", v.answers.len());
}

/// Who carried X's offers brings an old one again.
#[test]
fn x2_an_old_offer_ends_no_link_that_is_being_made() {
    let (mut v, x) = (native(1), Key::new(9));
    let link = v.guest(&Key::new(3));
    bring(&mut v, link, &x, 1);
    bring(&mut v, link, &x, 2);
    bring(&mut v, link, &x, 1);
    assert!(v.closed.is_empty() && v.answers.len() == 1);
    // By a socket X is nearly there.
    let mut v = native(1);
    let socket = v.knock();
    let link = v.guest(&Key::new(3));
    v.prove(socket, &x);
    bring(&mut v, link, &x, 1);
    v.hear(socket, &[Frame::Welcome]);
    assert!(v.is_linked(&x.id()));
}

/// A signalling server knows who is with it, and of nothing else.
#[test]
fn x2_a_signalling_server_ends_no_dial_that_does_not_go_by_it() {
    let mut v = native(1);
    let link = v.guest(&Key::new(3));
    let x = Key::new(9).id();
    v.hear(link, &[Frame::Gossip { ties: 0x80, joined: &x.0, left: &[] }]);
    v.alive(500, &[link]);
    let socket = v.dial();
    for about in [x, NodeId([0; 32])] {
        let gone = FromServer::Refused { refusal: Refusal::NotPresent, about: &about }.emit();
        v.tell(Input::SignalBytes(&gone));
    }
    assert!(!v.closed.contains(&socket) && !v.closed.contains(&v.offers[0]), "{:?}", v.closed);
}

/// A peer that says it sheds the link is heard a little longer; it brings no more in that time than any other.
#[test]
fn x5_last_words_are_few() {
    let mut v = native(1);
    let [link, other] = [3, 4].map(|seed| v.guest(&Key::new(seed)));
    let (from, to) = (Key::new(3).id(), Key::new(4).id());
    v.hear(link, &[Frame::Bye(Reason::Shed)]);
    v.sent.clear();
    for _ in 0..100 {
        let said = asked(b"words");
        let words = vec![routed(false, true, &from, &to, &[], PORT, &said); 100];
        v.hear(link, &words);
    }
    let passed = v.frames(other).len();
    assert!((500..=2 * usize::from(BROUGHT_A_SECOND) + 100).contains(&passed), "{passed} were passed on");
}

/// Offers that this node refuses unread cost it a signature each: they count as what the link brings.
#[test]
fn x4_one_link_makes_a_node_sign_no_more_than_its_share() {
    let (mut v, banned) = (native(1), Key::new(9));
    let bad = v.guest(&banned);
    v.tell(Input::LinkBytes { link: bad, bytes: &[0, 1, 200] });
    let link = v.guest(&Key::new(3));
    v.sent.clear();
    let (payload, to) = (offer(&v, &banned, 7), v.key.id());
    for _ in 0..5_000 {
        v.hear(link, &[routed(false, true, &banned.id(), &to, &[], 2, &payload)]);
    }
    let refused = v.frames(link).len();
    assert!((1..=usize::from(BROUGHT_A_SECOND)).contains(&refused), "{refused} in a moment");
}
