//! What is said of topics, from whoever: each statement is delivered once, nobody speaks for others, and a wrong clock opens no door.

use tabmesh_engine::wire::frame::Frame;
use tabmesh_engine::wire::topic::{self, GRAFT, Head, PRUNE, PUBLISH, WANT};
use tabmesh_engine::{Command, Event, Input, LinkId, OpId, Profile, TopicId, sha256};

use super::frames::routed;
use super::host::{Host, Key, NET};

const NOW_S: u64 = 1_800_000_000;
const DAY_S: u64 = 86_400;

fn topic_id() -> TopicId {
    TopicId(sha256(b"a topic"))
}

/// A node that takes part in the topic, and the attacker's link to it.
fn subscriber(wall_s: Option<u64>) -> (Host, Key, LinkId) {
    let (mut host, mallory) = (Host::new(1, Profile::Native), Key::new(3));
    if let Some(seconds) = wall_s {
        host.tell(Input::WallTime(seconds));
    }
    let link = host.guest(&mallory);
    host.tell(Input::Command(Command::Subscribe { op: OpId(1), topic: &topic_id() }));
    (host, mallory, link)
}

fn message(author: &Key, sent_s: u64, number: u32, text: &[u8]) -> Vec<u8> {
    message_at(author, sent_s * 1_000, number, text)
}

fn message_at(author: &Key, sent_ms: u64, number: u32, text: &[u8]) -> Vec<u8> {
    let head = Head { topic: &topic_id(), run: 7, key: &author.public, number, sent_ms };
    let raw = head.message(text);
    let signature = author.sign(&topic::signed_bytes(&NET, &raw));
    topic::signed(raw, &signature)
}

/// Says something of the topic over a link.
fn say(host: &mut Host, link: LinkId, kind: u8, rest: &[u8]) -> usize {
    let raw = [&topic_id().0, rest].concat();
    let frame = Frame::Topic { kind, raw: &raw };
    let length = frame.emit().len();
    host.hear(link, &[frame]);
    length
}

/// The same in the name of `from`, as a message that others carry: the only way there is to name another.
fn say_for(host: &mut Host, link: LinkId, from: &Key, kind: u8, rest: &[u8]) -> usize {
    let bytes = [&[kind], &topic_id().0[..], rest].concat();
    let (origin, target) = (from.id(), host.key.id());
    let frame = routed(false, true, &origin, &target, &[], 7, &bytes);
    let length = frame.emit().len();
    host.hear(link, &[frame]);
    length
}

fn publish(host: &mut Host, link: LinkId, raw: &[u8]) {
    host.hear(link, &[Frame::Topic { kind: PUBLISH, raw }]);
}

fn published(host: &Host) -> usize {
    host.events.iter().filter(|event| matches!(event, Event::Published { .. })).count()
}

/// The other s of the same signature: the order of the group minus s.
fn turned(raw: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut raw = raw.to_vec();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let place = topic::SIGNATURE + 32 + at;
        let difference = i16::from(ORDER[at]) - i16::from(raw[place]) - borrow;
        borrow = i16::from(difference < 0);
        raw[place] = difference.rem_euclid(256) as u8;
    }
    raw
}

/// Finding 11: s and n − s both hold, and a message named by its signature was two.
#[test]
fn x7_a_message_is_delivered_once_whichever_s_its_signature_has() {
    let (mut host, _, link) = subscriber(None);
    let author = Key::new(6);
    let raw = message(&author, 0, 1, b"vote");
    let (key, signature) = (author.public, topic::signed_bytes(&NET, &raw));
    let other = turned(&raw);
    assert!(super::host::verify(&key, topic::proof(&other).unwrap().1, &signature), "it holds too");
    for raw in [&raw, &other, &raw, &other] {
        publish(&mut host, link, raw);
    }
    assert_eq!(published(&host), 1);
}

/// Finding 9: after one dial that nobody answered the clock counted for nothing, and yesterday's messages were new.
#[test]
fn x7_a_dial_in_vain_makes_no_old_message_new() {
    let (mut host, mallory, link) = subscriber(Some(NOW_S));
    let raw = message(&Key::new(6), NOW_S - DAY_S, 1, b"sell");
    publish(&mut host, link, &raw);
    // Somebody near the attacker, whom nobody knows: dialled in vain.
    let invented = mallory.id().flipped(200);
    host.hear(link, &[Frame::Gossip { ties: 0x80, joined: &invented.0, left: &[] }]);
    host.at(400);
    let offer = *host.offers.last().expect("it is dialled");
    host.tell(Input::Described { link: offer, description: &[1; 90] });
    host.alive(27_000, &[link]);
    assert!(host.events.iter().any(|event| matches!(event, Event::DialFailed { .. })));
    publish(&mut host, link, &raw);
    host.now += 3_600_000_000;
    let link = host.guest(&mallory);
    publish(&mut host, link, &raw);
    assert_eq!(published(&host), 0);
    publish(&mut host, link, &message(&Key::new(6), NOW_S + 3_600, 2, b"buy"));
    assert_eq!(published(&host), 1, "what is new is heard");
}

/// A thousand other senders push everything out that can be pushed out.
#[test]
fn x7_what_was_said_is_not_new_after_memory_was_flushed_whatever_the_clock_says() {
    for wall_s in [None, Some(NOW_S)] {
        let (mut host, _, link) = subscriber(wall_s);
        let raw = message(&Key::new(6), NOW_S, 1, b"pay ten");
        publish(&mut host, link, &raw);
        assert_eq!(published(&host), 1);
        for seed in 0..300 {
            publish(
                &mut host,
                link,
                &message_at(&Key::new(1_000 + seed), NOW_S * 1_000 + 1 + seed, 1, b"noise"),
            );
        }
        let before = published(&host);
        assert!(before > 250);
        for wall_s in [NOW_S, NOW_S - 10, NOW_S + 10] {
            host.tell(Input::WallTime(wall_s));
            publish(&mut host, link, &raw);
            publish(&mut host, link, &turned(&raw));
        }
        assert_eq!(published(&host), before);
    }
}

/// The payloads about topics that were sent over a link since.
fn said(host: &Host, link: LinkId) -> Vec<(u8, usize)> {
    let mut all = Vec::new();
    for frame in host.frames(link) {
        if let Some(Frame::Topic { kind, .. }) = Frame::parse(&frame) {
            all.push((kind, frame.len()));
        }
    }
    all
}

/// Finding 10: 116 bytes in a victim's name brought it 8,434.
#[test]
fn x5_what_is_wanted_in_anothers_name_goes_to_whoever_asked() {
    let (mut host, _, link) = subscriber(None);
    let victim = Key::new(8);
    let at_victim = host.guest(&victim);
    let raw = message(&Key::new(6), 0, 1, &[9; 8_192]);
    publish(&mut host, link, &raw);
    host.sent.clear();
    let want = topic::place(&raw).bytes().repeat(16);
    say_for(&mut host, link, &victim, WANT, &want);
    say(&mut host, link, WANT, &want);
    assert!(said(&host, at_victim).is_empty(), "nothing comes to the victim");
    assert!(!said(&host, link).is_empty(), "the way the wish came");
}

/// Finding 10: a graft in a victim's name had all messages sent to it.
#[test]
fn x5_a_graft_in_anothers_name_brings_it_no_messages() {
    let (mut host, _, link) = subscriber(None);
    let victim = Key::new(8);
    let at_victim = host.guest(&victim);
    say(&mut host, at_victim, PRUNE, &[]);
    host.sent.clear();
    let mut asked = say_for(&mut host, link, &victim, GRAFT, &[]);
    for number in 1..20 {
        let raw = message(&Key::new(6), 0, number, &[9; 1_000]);
        asked += raw.len();
        publish(&mut host, link, &raw);
    }
    let handed = said(&host, at_victim).iter().filter(|(kind, _)| *kind == PUBLISH).count();
    assert_eq!(handed, 0, "after {asked} bytes");
}

/// Finding 10: forged prunes took a topic's mates away.
#[test]
fn x2_a_prune_in_anothers_name_parts_no_mates() {
    let (mut host, _, link) = subscriber(None);
    let mate = Key::new(8);
    let at_mate = host.guest(&mate);
    say(&mut host, at_mate, GRAFT, &[]);
    host.sent.clear();
    say_for(&mut host, link, &mate, PRUNE, &[]);
    say(&mut host, link, PRUNE, &[]);
    publish(&mut host, link, &message(&Key::new(6), 0, 1, b"words"));
    assert!(said(&host, at_mate).iter().any(|(kind, _)| *kind == PUBLISH));
}

/// A wrong clock is told to its owner, and with three peers or more theirs counts.
#[test]
fn x7_a_clock_an_hour_slow_keeps_nobody_from_hearing_and_is_told() {
    let (mut host, _, link) = subscriber(Some(NOW_S - 3_600));
    let mut links = vec![link];
    links.extend((20..24).map(|seed| host.guest(&Key::new(seed))));
    for link in &links {
        let frames = host.frames(*link);
        let number = frames.iter().find_map(|frame| match Frame::parse(frame) {
            Some(Frame::Ping(number)) => Some(number),
            _ => None,
        });
        let pong = Frame::Pong {
            number: number.expect("each is probed"),
            at: tabmesh_engine::Coordinate::default(),
            wall_s: NOW_S as u32,
        };
        host.hear(*link, &[pong]);
    }
    let told = host.events.iter().rev().find_map(|event| match event {
        Event::Clock { off_by_s } => Some(*off_by_s),
        _ => None,
    });
    assert!(told.is_some_and(|off| (-3_605..=-3_595).contains(&off)), "{told:?}");
    publish(&mut host, link, &message(&Key::new(6), NOW_S, 1, b"on time"));
    publish(&mut host, link, &message(&Key::new(6), NOW_S - 3_600, 2, b"an hour old"));
    assert_eq!(published(&host), 1);
}
