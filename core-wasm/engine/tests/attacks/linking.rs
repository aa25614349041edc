//! Links and blame (X1, X2, X3): who is at the other end, and whom a node blames for what.
//!
//! Goal: whatever a stranger without a victim's key copies, cuts, changes or invents, no link delivers a byte but between the two
//! key holders, and nobody but the stranger pays. Method: two honest hosts and the bytes between them, which the stranger has
//! in hand; or one honest host and what the stranger says to it.

use tabmesh_engine::wire::envelope::{Envelope, Kind};
use tabmesh_engine::wire::frame::Frame;
use tabmesh_engine::*;

use crate::frames::{PORT, asked, hello, routed};
use crate::host::{Host, Key, NET};
use crate::pairs::carry;

fn native(seed: u64) -> Host {
    Host::new(seed, Profile::Native)
}

fn heard(host: &Host, what: &[u8]) -> bool {
    host.events.iter().any(|event| matches!(event, Event::Asked { bytes, .. } if bytes == what))
}

fn faults(host: &Host) -> usize {
    let is_fault = |event: &&Event| matches!(event, Event::PeerDown { reason, .. } if reason.is_fault());
    host.events.iter().filter(is_fault).count()
}

#[test]
fn x1_two_listeners_that_a_relay_joins_sign_nothing() {
    let (mut v, mut x) = (native(1), native(2));
    let (at_v, at_x) = (v.knock(), x.knock());
    carry((&mut v, at_v), (&mut x, at_x), |_, bytes| vec![bytes]);
    let proved = |host: &Host, link| {
        host.frames(link).iter().any(|frame| matches!(Frame::parse(frame), Some(Frame::Proof(_))))
    };
    assert!(!proved(&v, at_v) && !proved(&x, at_x), "a listener signs after the dialler alone");
    assert!(!v.is_linked(&x.key.id()) && !x.is_linked(&v.key.id()));
}

#[test]
fn x1_a_relay_between_a_dialler_and_its_listener_reads_and_writes_nothing() {
    let (mut v, mut x) = (native(1), native(2));
    let (at_v, at_x) = (v.dial(), x.knock());
    carry((&mut v, at_v), (&mut x, at_x), |_, bytes| vec![bytes]);
    assert!(v.is_linked(&x.key.id()) && x.is_linked(&v.key.id()), "all it can be is a wire");
    let (from, to) = (x.key.id(), v.key.id());
    let forged = routed(false, true, &from, &to, &[], PORT, &asked(b"pay mallory")).emit();
    v.hear_wire(at_v, &forged);
    assert!(!heard(&v, b"pay mallory"));
    assert!(!v.is_linked(&x.key.id()), "what does not open ends the link");
    assert_eq!(faults(&v), 0, "and nobody is blamed");
}

#[test]
fn x1_nothing_after_the_proofs_crosses_in_the_clear() {
    let (mut v, mut x) = (native(1), native(2));
    let (at_v, at_x) = (v.dial(), x.knock());
    let mut crossed = Vec::new();
    carry((&mut v, at_v), (&mut x, at_x), |_, bytes| {
        crossed.push(bytes.clone());
        vec![bytes]
    });
    let secret =
        v.frames(at_v).into_iter().chain(x.frames(at_x)).filter(|frame| frame[0] > 2 && frame.len() > 4);
    for frame in secret {
        assert!(
            !crossed.iter().any(|bytes| bytes.windows(frame.len()).any(|part| part == frame)),
            "{frame:?}"
        );
    }
    assert!(crossed.len() > 4);
}

/// The stranger changes, drops, doubles or swaps one message at a time of the whole handshake.
#[test]
fn x1_whatever_is_done_to_a_message_of_the_handshake_nobody_else_is_believed() {
    for target in 0..8 {
        for deed in 0..4 {
            let (mut v, mut x) = (native(1), native(2));
            let (at_v, at_x) = (v.dial(), x.knock());
            let mut number = 0;
            carry((&mut v, at_v), (&mut x, at_x), |_, mut bytes| {
                number += 1;
                if number != target + 1 {
                    return vec![bytes];
                }
                match deed {
                    0 => vec![],
                    1 => vec![bytes.clone(), bytes],
                    2 => {
                        bytes.rotate_left(1);
                        vec![bytes]
                    }
                    _ => {
                        let last = bytes.len() - 1;
                        bytes[last] ^= 1;
                        vec![bytes]
                    }
                }
            });
            for (host, other, link) in [(&v, x.key.id(), at_v), (&x, v.key.id(), at_x)] {
                for view in host.node.links() {
                    assert!(view.id == other && view.link == link, "message {target}, deed {deed}");
                }
                assert_eq!(faults(host), 0, "message {target}, deed {deed}");
            }
        }
    }
}

#[test]
fn x1_a_copied_handshake_opens_nothing_and_displaces_nobody() {
    let (mut v, mut x) = (native(1), native(2));
    let (at_v, at_x) = (v.dial(), x.knock());
    let mut said = Vec::new();
    carry((&mut v, at_v), (&mut x, at_x), |is_from_v, bytes| {
        if is_from_v {
            said.push(bytes.clone());
        }
        vec![bytes]
    });
    let (honest, later) = (at_x, 6_000_000);
    (v.now, x.now) = (v.now + later, x.now + later);
    let again = x.knock();
    for bytes in said {
        x.hear_wire(again, &bytes);
    }
    assert_eq!(x.node.links().find(|link| link.id == v.key.id()).map(|link| link.link), Some(honest));
}

/// Each end of the stranger's two sockets is honest: the stranger hands on what it likes of one as its own on the other.
#[test]
fn x1_a_proof_for_one_is_worth_nothing_at_another() {
    let (mut v, mut x) = (native(1), native(2));
    let mallory = Key::new(3);
    // V dials Mallory, who listens; X listens to Mallory, who dials.
    let (at_v, at_x) = (v.dial(), x.knock());
    let (v_hello, ..) = v.hello(at_v);
    v.hear(at_v, &[hello(&mallory.public, &Key::new(4).public)]);
    let proof = v.proof(at_v);
    let v_hello = [&(v_hello.len() as u16).to_be_bytes()[..], &v_hello].concat();
    x.hear_wire(at_x, &v_hello);
    x.hear(at_x, &[Frame::Proof(&proof)]);
    assert_eq!(x.bye(at_x), Some(Reason::BadProof));
    assert!(!x.is_linked(&v.key.id()));
    let honest = x.guest(&Key::new(1));
    assert!(x.is_linked(&v.key.id()) && x.bye(honest).is_none(), "V is not blamed for it");
}

#[test]
fn x2_a_forged_hello_costs_whom_it_names_nothing() {
    let mut v = native(1);
    let x = Key::new(9);
    for _ in 0..3 {
        let link = v.knock();
        v.hear(link, &[hello(&x.public, &Key::new(5).public), Frame::Proof(&Signature([1; 64]))]);
        assert_eq!(v.bye(link), Some(Reason::BadProof));
    }
    let honest = v.guest(&x);
    assert_eq!(v.bye(honest), None);
    assert!(v.is_linked(&x.id()));
}

#[test]
fn x2_a_forged_hello_does_not_keep_a_node_from_dialling_whom_it_names() {
    let mut v = native(1);
    let (peer, x) = (Key::new(3), Key::new(9));
    let link = v.guest(&peer);
    let claimed = v.knock();
    v.hear(claimed, &[hello(&x.public, &Key::new(5).public)]);
    v.hear(link, &[Frame::Gossip { ties: 0x80, joined: &x.id().0, left: &[] }]);
    v.at(500);
    assert_eq!(v.offers.len(), 1, "X is dialled all the same");
}

#[test]
fn x2_one_that_breaks_the_protocol_on_its_own_sealed_link_is_kept_away() {
    let mut v = native(1);
    let bad = Key::new(9);
    let link = v.guest(&bad);
    v.tell(Input::LinkBytes { link, bytes: &[0, 1, 200] });
    assert_eq!(v.bye(link), Some(Reason::Malformed));
    let again = v.guest(&bad);
    assert!(!v.is_linked(&bad.id()) && v.bye(again) == Some(Reason::NoRoom));
    v.now += 601_000_000;
    v.guest(&bad);
    assert!(v.is_linked(&bad.id()), "ten minutes later it is let in again");
}

/// "X is my neighbour", says whoever is at the other end of `link`: V dials X by way of it, and it sees the session.
fn dial_by_way_of(v: &mut Host, link: LinkId, x: &Key) -> (LinkId, u32) {
    v.hear(link, &[Frame::Gossip { ties: 0x80, joined: &x.id().0, left: &[] }]);
    v.at(500);
    let offer = *v.offers.last().expect("V dials X");
    v.tell(Input::Described { link: offer, description: &[1; 90] });
    (offer, session_of_offer(v, link))
}

/// A refusal in the name of X comes by `link`, signed by `signer` or by nobody.
fn refuse(v: &mut Host, link: LinkId, x: &Key, session: u32, reason: u8, signer: Option<&Key>) {
    let (kind, key, body) = (Kind::Refuse, &x.public, &[reason]);
    let blank = Envelope { kind, session, expiry_s: 0, key, signature: &Signature::BLANK, body };
    let (from, to) = (x.id(), v.key.id());
    let signature = signer.map_or(Signature::BLANK, |key| key.sign(&blank.signed_bytes(&NET, &from, &to)));
    let payload = Envelope { signature: &signature, ..blank }.emit();
    v.hear(link, &[routed(true, true, &from, &to, &[], 2, &payload)]);
}

#[test]
fn x2_an_unsigned_refusal_ends_no_dial() {
    let mut v = native(1);
    let (mallory, x) = (Key::new(3), Key::new(9));
    let link = v.guest(&mallory);
    let (offer, session) = dial_by_way_of(&mut v, link, &x);
    for (body, signer) in [(8, None), (8, Some(&mallory)), (6, None), (11, None)] {
        refuse(&mut v, link, &x, session, body, signer);
    }
    assert!(!v.closed.contains(&offer), "the dial goes on");
    let honest = v.guest(&x);
    assert!(v.is_linked(&x.id()) && v.bye(honest).is_none());
}

#[test]
fn x2_a_signed_refusal_ends_the_dial_and_bans_nobody() {
    let mut v = native(1);
    let (mallory, x) = (Key::new(3), Key::new(9));
    let link = v.guest(&mallory);
    let (offer, session) = dial_by_way_of(&mut v, link, &x);
    refuse(&mut v, link, &x, session, 8, Some(&x));
    assert!(v.closed.contains(&offer));
    v.guest(&x);
    assert!(v.is_linked(&x.id()), "whatever reason a refusal gives, it is no fault");
}

fn session_of_offer(host: &Host, link: LinkId) -> u32 {
    let session = host.frames(link).into_iter().find_map(|frame| match Frame::parse(&frame) {
        Some(Frame::Routed(r)) if r.kind == 2 => Envelope::parse(r.payload).map(|envelope| envelope.session),
        _ => None,
    });
    session.expect("the offer goes by this link")
}

#[test]
fn x2_a_relay_that_says_a_circuit_is_over_makes_nobody_forget_its_other_end() {
    let mut v = native(1);
    let relay = v.guest(&Key::new(3));
    let x = Key::new(9);
    v.hear(relay, &[Frame::Gossip { ties: 0x80, joined: &x.id().0, left: &[] }]);
    for reason in 0..=14 {
        v.hear(relay, &[Frame::Carry { carried: true, peer: &x.id(), sealed: &[reason] }]);
    }
    assert!(v.node.neighbourhood().contains(&x.id()));
}

/// V names whom an honest neighbour named, whether it was attacked or not.
#[test]
fn x3_after_any_number_of_forged_hellos_a_node_learns_as_its_twin_does() {
    for attacked in [false, true] {
        let mut v = native(1);
        let peer = Key::new(3);
        v.guest(&peer);
        v.at(2_000);
        for seed in 1000..if attacked { 1100 } else { 1000 } {
            let link = v.knock();
            v.hear(
                link,
                &[hello(&Key::new(seed).public, &Key::new(5).public), Frame::Proof(&Signature([1; 64]))],
            );
        }
        // And by keys that they have.
        for seed in 2000..if attacked { 2100 } else { 2000 } {
            let link = v.guest(&Key::new(seed));
            v.tell(Input::LinkBytes { link, bytes: &[0, 1, 200] });
        }
        v.now += 60_000_000;
        let link = v.guest(&Key::new(4));
        let before = v.offers.len();
        let named = Key::new(5).id();
        v.hear(link, &[Frame::Gossip { ties: 0x80, joined: &named.0, left: &[] }]);
        v.alive(2_000, &[link]);
        assert!(v.node.neighbourhood().contains(&named), "attacked {attacked}");
        assert!(v.offers.len() > before, "attacked {attacked}");
    }
}

#[test]
fn a_peer_of_another_version_is_told_so_and_comes_back_with_the_right_one() {
    let mut v = native(1);
    let x = Key::new(9);
    let link = v.knock();
    let first_version = [&[0, 106, 1, 1][..], &NET, &[0], &[2; 32], &x.public.0].concat();
    v.hear_wire(link, &first_version);
    assert_eq!(v.bye(link), Some(Reason::OtherVersion));
    let dialled = v.dial();
    v.hear_wire(dialled, &first_version);
    let is_told = |event: &Event| matches!(event, Event::DialFailed { reason: Reason::OtherVersion, .. });
    assert!(v.events.iter().any(is_told));
    v.guest(&x);
    assert!(v.is_linked(&x.id()));
}

#[test]
fn bytes_from_the_end_of_time_do_not_panic() {
    for wall_s in [0, 1_800_000_000, u64::from(u32::MAX), u64::MAX] {
        let mut v = native(1);
        v.tell(Input::WallTime(wall_s));
        let m = Key::new(3);
        let link = v.guest(&m);
        for expiry_s in [0, 1, u32::MAX - 1, u32::MAX] {
            let offer = Envelope {
                kind: Kind::Offer,
                session: 1,
                expiry_s,
                key: &m.public,
                signature: &Signature::BLANK,
                body: &[0; 90],
            };
            let (from, to, payload) = (m.id(), v.key.id(), offer.emit());
            v.hear(link, &[routed(false, true, &from, &to, &[], 2, &payload)]);
            v.hear(link, &[Frame::Credit(u32::MAX), Frame::Credit(expiry_s)]);
        }
        assert!(v.is_linked(&m.id()));
    }
}
