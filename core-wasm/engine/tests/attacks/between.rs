//! Whoever stands between the two ends of a WebSocket, at random (X1, X2).
//!
//! Goal: whatever is carried, kept back, doubled, changed, turned round or made up, in whatever order, no end is linked but with
//! the other, hears nothing that the other did not say, and blames nobody; and left alone, the two find each other. Method: two
//! honest hosts, a dialler and its listener, real signatures and seals; the stranger has all messages in hand and draws its deeds.

use proptest::collection::vec;
use proptest::prelude::*;
use tabmesh_engine::wire::frame::{Frame, Hello};
use tabmesh_engine::*;

use crate::frames::{PORT, asked, routed};
use crate::host::{Host, Key, NET};
use crate::pairs::carry;

/// What the stranger does next, to one of the two ends.
#[derive(Clone, Debug)]
enum Deed {
    /// Carries the next message that waits.
    Carry,
    /// Keeps it back for good.
    Keep,
    /// Says one of all messages so far, whosever it was.
    Repeat(usize),
    /// Carries the next one, with one bit changed.
    Change(usize),
    /// Says something of its own: one of the frames that it can make up.
    Say(usize),
    /// The same behind the next message, in one packet.
    Append(usize),
    /// Cuts the end off.
    Cut,
    /// Waits.
    Wait(u64),
}

fn deeds() -> impl Strategy<Value = Vec<(bool, Deed)>> {
    let deed = prop_oneof![
        12 => Just(Deed::Carry),
        1 => Just(Deed::Keep),
        2 => any::<usize>().prop_map(Deed::Repeat),
        1 => any::<usize>().prop_map(Deed::Change),
        5 => any::<usize>().prop_map(Deed::Say),
        1 => any::<usize>().prop_map(Deed::Append),
        1 => Just(Deed::Cut),
        1 => (0_u64..12_000).prop_map(Deed::Wait),
    ];
    vec((any::<bool>(), deed), 0..40)
}

/// Everything that can be made up without a key, in the name of these two.
fn vocabulary(v: &Key, x: &Key) -> Vec<Vec<u8>> {
    let mallory = Key::new(77);
    let mut frames: Vec<Vec<u8>> = (0..=15_u8).map(|reason| vec![0, 2, 4, reason]).collect();
    for key in [v, x] {
        for exchange in [mallory.public, PublicKey::NONE, PublicKey([0xff; 64]), key.public] {
            let hello = Hello {
                network: &NET,
                profile: 0,
                nonce: &[0; 32],
                exchange: &exchange,
                key: &key.public,
                address: b"",
            };
            frames.push(Frame::Hello(hello).emit());
        }
    }
    frames.extend([[2, 1], [1, 1], [3, 3], [255, 0], [0, 255]].map(|[newest, oldest]| {
        [&[0, 106, 1, newest, oldest][..], &NET, &[0], &[2; 32], &x.public.0].concat()
    }));
    let ids = [v.id(), x.id()];
    // The likeliest: a goodbye that leaves time for last words, and words.
    for (from, to) in [(&ids[0], &ids[1]), (&ids[1], &ids[0])].repeat(8) {
        frames.push(routed(false, true, from, to, &[], PORT, &asked(b"pay mallory")).emit());
        frames.push(Frame::Bye(Reason::Shed).emit());
    }
    frames.extend([
        Frame::Welcome.emit(),
        Frame::Proof(&Signature([1; 64])).emit(),
        Frame::Proof(&Signature::BLANK).emit(),
        Frame::Ping(1).emit(),
        Frame::Gossip { ties: 0x80, joined: &[5; 64], left: &[] }.emit(),
        vec![],
        vec![0, 0],
        vec![0, 1, 200],
        vec![255; 70_000],
    ]);
    frames
}

struct Between {
    /// The dialler and the listener, and the link at each.
    ends: [(Host, LinkId); 2],
    /// What each said and nobody has carried yet.
    waiting: [Vec<Vec<u8>>; 2],
    said: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Between {
    fn new() -> Self {
        let (mut v, mut x) = (Host::new(1, Profile::Browser), Host::new(2, Profile::Native));
        let (at_v, at_x) = (v.dial(), x.knock());
        let words = vocabulary(&v.key, &x.key);
        Self { ends: [(v, at_v), (x, at_x)], waiting: [vec![], vec![]], said: vec![], words }
    }

    fn gather(&mut self) {
        for ((host, link), waiting) in self.ends.iter_mut().zip(&mut self.waiting) {
            let said = host.wire.remove(link).unwrap_or_default();
            self.said.extend(said.iter().cloned());
            waiting.extend(said);
        }
    }

    fn next(&mut self, to: usize) -> Option<Vec<u8>> {
        let waiting = &mut self.waiting[1 - to];
        (!waiting.is_empty()).then(|| waiting.remove(0))
    }

    fn hear(&mut self, to: usize, bytes: &[u8]) {
        let (host, link) = &mut self.ends[to];
        // A shell hears nothing more of what it has closed.
        if !host.closed.contains(link) {
            host.hear_wire(*link, bytes);
        }
    }

    fn act(&mut self, to: usize, deed: &Deed) {
        self.gather();
        let word = |number: &usize| self.words[number % self.words.len()].clone();
        match deed {
            Deed::Say(number) => {
                let word = word(number);
                self.hear(to, &word);
            }
            Deed::Append(number) => {
                let word = word(number);
                if let Some(bytes) = self.next(to) {
                    self.hear(to, &[bytes, word].concat());
                }
            }
            Deed::Repeat(number) => {
                if let Some(bytes) = self.said.get(number % self.said.len().max(1)).cloned() {
                    self.hear(to, &bytes);
                }
            }
            Deed::Carry => {
                if let Some(bytes) = self.next(to) {
                    self.hear(to, &bytes);
                }
            }
            Deed::Change(bit) => {
                if let Some(mut bytes) = self.next(to) {
                    let bit = bit % (bytes.len() * 8);
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    self.hear(to, &bytes);
                }
            }
            Deed::Keep => _ = self.next(to),
            Deed::Cut => {
                let (host, link) = &mut self.ends[to];
                host.tell(Input::LinkDown(*link));
            }
            Deed::Wait(ms) => {
                for (host, _) in &mut self.ends {
                    host.now += ms * 1000;
                    host.tell(Input::Timeout);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn x1_whoever_stands_between_is_a_wire_or_nothing(deeds in deeds()) {
        let mut between = Between::new();
        for (to, deed) in &deeds {
            between.act(usize::from(*to), deed);
            let ids = [between.ends[0].0.key.id(), between.ends[1].0.key.id()];
            for (place, (host, link)) in between.ends.iter().enumerate() {
                for view in host.node.links() {
                    prop_assert!(view.id == ids[1 - place] && view.link == *link);
                }
                for event in &host.events {
                    prop_assert!(!matches!(event, Event::Said { .. } | Event::Asked { .. }), "nobody said anything");
                    let is_blame = matches!(event, Event::PeerDown { reason, .. } if reason.is_fault());
                    prop_assert!(!is_blame, "{event:?}");
                }
            }
        }
        // Nobody is held to have done anything: by the next socket, which is dialled in time, they find each other.
        let [(v, at_v), (x, at_x)] = &mut between.ends;
        for (host, link) in [(&mut *v, *at_v), (&mut *x, *at_x)] {
            host.tell(Input::LinkDown(link));
        }
        let is_open = |v: &Host| v.sockets.last().filter(|link| **link != *at_v && !v.closed.contains(link)).copied();
        for _ in 0..100 {
            if is_open(v).is_none() {
                v.now += 1_000_000;
                v.tell(Input::Timeout);
            }
        }
        let again = is_open(v);
        prop_assert!(again.is_some(), "the address is dialled again");
        let (at_v, at_x) = (again.unwrap_or(*at_v), x.knock());
        v.tell(Input::LinkUp(at_v));
        carry((v, at_v), (x, at_x), |_, bytes| vec![bytes]);
        prop_assert!(v.is_linked(&x.key.id()) && x.is_linked(&v.key.id()));
    }
}
