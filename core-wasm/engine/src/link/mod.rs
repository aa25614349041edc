//! Links: one connection each, from the first description to the last byte.

mod flow;
mod reply;
mod rtt;
mod share;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hint::black_box;

pub(crate) use flow::Flow;
pub(crate) use reply::{ReplyTo, link_of};
pub(crate) use rtt::Rtt;
pub(crate) use share::crowded_out;

use crate::coordinate::Coordinate;
use crate::id::{NodeId, PublicKey};
use crate::io::{LinkId, LinkKind, Profile};
use crate::time::{Instant, Stamp};

/// How far a link is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The transport is being made.
    Opening,
    /// Bytes flow; the peer has not proved itself yet.
    Proving,
    /// The peer is who it says.
    Ready,
}

/// One link.
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) stage: Stage,
    pub(crate) kind: LinkKind,
    /// Whether this end began it.
    pub(crate) dialled: bool,
    /// Who is at the other end, once that [is known](Link::is_peer_known).
    pub(crate) peer: NodeId,
    pub(crate) profile: Profile,
    /// Whether the peer carries circuits.
    pub(crate) is_relay: bool,
    /// A relayed link: the link to the relay; before it is chosen, none.
    pub(crate) via: Option<LinkId>,
    /// When the peer proved itself; before that, when the link was begun. Without its last [`SINCE_BITS`].
    since: u32,
    /// When the handshake is given up, its envelope sent again, or the next probe is due.
    pub(crate) due: Stamp,
    /// The number of a ping that is not answered yet; 0 if there is none.
    pub(crate) probe: u32,
    /// When that ping was sent or, without one, when something was heard.
    pub(crate) heard: Stamp,
    pub(crate) missed: u8,
    pub(crate) rtt: Rtt,
    /// Where the peer stands, by its word.
    pub(crate) at: Coordinate,
    /// What its wall clock says, as seconds since 1970 when this node's monotonic clock began; 0 if it has none.
    pub(crate) clock_s: u32,
    pub(crate) flow: Flow,
    /// Up to where the peer knows this node's neighbourhood.
    pub(crate) told: u32,
    /// What this node has of the link, as the peer was told: see [`Frame::Gossip`](crate::wire::frame::Frame::Gossip).
    pub(crate) told_ties: u8,
    /// What the peer has of it, by its word: while that is anything, it counts on the link.
    pub(crate) ties: u8,
    /// What only the handshake needs.
    pub(crate) handshake: Option<Box<Handshake>>,
}

/// Stands where a peer is not known. No key has this id.
const NOBODY: NodeId = NodeId([0; 32]);

/// Bits of an [`Instant`] that say less than 66 ms; the 32 before them last for years.
const SINCE_BITS: u32 = 16;

impl Link {
    /// Whether it is known who is at the other end: on a WebSocket once the proof holds, else from the beginning.
    pub(crate) fn is_peer_known(&self) -> bool {
        self.peer != NOBODY
    }

    /// When the peer proved itself; before that, when the link was begun.
    #[inline(never)]
    pub(crate) fn since(&self) -> Instant {
        Instant(u64::from(self.since) << SINCE_BITS)
    }

    pub(crate) fn set_since(&mut self, now: Instant) {
        self.since = (now.0 >> SINCE_BITS) as u32;
    }
}

/// What a link needs until its peer has proved itself.
// In this order: what is long lies last, so that the offsets of all else take one byte of Wasm.
#[repr(C)]
pub(crate) struct Handshake {
    /// When all of it is given up.
    pub(crate) deadline: Instant,
    /// WebRTC: names the attempt in both envelopes.
    pub(crate) session: u32,
    /// WebRTC: by the signalling server rather than through the overlay.
    pub(crate) by_signal: bool,
    /// WebRTC: the other end's envelope came.
    pub(crate) answered: bool,
    /// How often the envelope was sent.
    pub(crate) tries: u8,
    /// How far the peer's proof is.
    pub(crate) proof: Proof,
    /// WebRTC: the envelope that was sent, to send it again.
    pub(crate) envelope: Vec<u8>,
    /// WebRTC, offering: the first links that were tried.
    pub(crate) tried: Vec<LinkId>,
    /// WebSocket: the public half of this end's fresh key, until the transport is open and its `Hello` goes out.
    pub(crate) fresh: Vec<u8>,
    /// The peer's public address, from its `Hello`.
    pub(crate) address: Vec<u8>,
    /// WebRTC, answering: the way the offer came, if it was not the signalling server.
    pub(crate) reply: Option<ReplyTo>,
    /// SHA-256 of both `Hello`s, that of the end that dialled first; all zero before they are said. Of a link that is no WebSocket,
    /// only the one that came.
    pub(crate) hellos: [[u8; 32]; 2],
    /// The peer's key, from its `Hello`.
    pub(crate) key: PublicKey,
    /// WebSocket: the public half of the peer's fresh key, from its `Hello`.
    pub(crate) exchange: PublicKey,
}

/// Stands for the SHA-256 of a `Hello` before it is said.
pub(crate) const UNSAID: [u8; 32] = [0; 32];

/// How far the proof of the other end is; of a WebSocket step by step, of any other link held once its `Hello` came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Proof {
    Awaited,
    /// It came, and is being checked.
    Checked,
    /// It holds, and this end's own is being signed.
    Holds,
    /// All that follows is sealed.
    Sealed,
    /// The other end knows who this is, too.
    Mutual,
}

/// All links, ascending by number.
#[derive(Default)]
pub(crate) struct Links {
    list: Vec<Link>,
    last: u16,
}

impl Links {
    /// Adds a link that begins now, under a number that is not taken; `peer` is `None` where only its proof will say who is at the
    /// other end.
    pub(crate) fn begin(
        &mut self,
        kind: LinkKind,
        peer: Option<&NodeId>,
        dialled: bool,
        now: Instant,
        deadline: Instant,
        is_taken: &dyn Fn(LinkId) -> bool,
    ) -> LinkId {
        let id = loop {
            self.last = self.last.wrapping_add(1);
            if let Some(id) = LinkId::new(self.last).filter(|id| self.get(*id).is_none() && !is_taken(*id)) {
                break id;
            }
        };
        let handshake = Handshake {
            session: 0,
            envelope: Vec::new(),
            reply: None,
            tried: Vec::new(),
            by_signal: false,
            answered: false,
            tries: 0,
            deadline,
            fresh: Vec::new(),
            hellos: [UNSAID; 2],
            key: PublicKey::NONE,
            exchange: PublicKey::NONE,
            address: Vec::new(),
            proof: Proof::Awaited,
        };
        let mut link = Link {
            id,
            stage: Stage::Opening,
            kind,
            dialled,
            peer: *peer.unwrap_or(&NOBODY),
            profile: Profile::Browser,
            is_relay: false,
            via: None,
            since: 0,
            due: Stamp::of(deadline),
            probe: 0,
            heard: Stamp::of(now),
            missed: 0,
            rtt: Rtt::default(),
            at: Coordinate::default(),
            clock_s: 0,
            flow: Flow::new(now),
            told: 0,
            told_ties: 0,
            ties: 0,
            handshake: Some(Box::new(handshake)),
        };
        link.set_since(now);
        // No more than is needed: this table is the largest.
        self.list.reserve_exact(1);
        self.list.insert(self.place(id), link);
        id
    }

    /// The list, found by where it is kept: else each call of what only reads it hands over its address and its length.
    #[inline(always)]
    fn all(&self) -> &[Link] {
        &black_box(self).list
    }

    /// Where the link with this number is, or would be.
    #[inline(never)]
    fn place(&self, id: LinkId) -> usize {
        self.all().partition_point(|link| link.id < id)
    }

    /// The link with this number.
    #[inline(never)]
    pub(crate) fn get(&self, id: LinkId) -> Option<&Link> {
        self.list.get(self.place(id)).filter(|link| link.id == id)
    }

    /// The link with this number, to change it.
    #[inline(never)]
    pub(crate) fn get_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        let place = self.place(id);
        self.list.get_mut(place).filter(|link| link.id == id)
    }

    /// What the handshake of this link needs, while it is under way.
    #[inline(never)]
    pub(crate) fn handshake(&mut self, id: LinkId) -> Option<&mut Handshake> {
        self.get_mut(id)?.handshake.as_deref_mut()
    }

    /// The link with this number, if its peer has proved itself.
    pub(crate) fn ready(&self, id: LinkId) -> Option<&Link> {
        self.get(id).filter(|link| link.stage == Stage::Ready)
    }

    /// Takes out a link that there is.
    pub(crate) fn remove(&mut self, id: LinkId) -> Link {
        let link = self.list.remove(self.place(id));
        // Where most have gone, as after a sleep, others' handshakes come into their room.
        if self.list.len() < self.list.capacity() / 2 {
            self.list.shrink_to_fit();
        }
        link
    }

    /// All of them, ascending by number.
    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Link> {
        self.list.iter()
    }

    /// All of them, to change them.
    pub(crate) fn iter_mut(&mut self) -> core::slice::IterMut<'_, Link> {
        self.list.iter_mut()
    }

    /// The first link that `is` is true of.
    #[inline(never)]
    pub(crate) fn find(&self, is: &dyn Fn(&Link) -> bool) -> Option<&Link> {
        self.all().iter().find(|link| is(link))
    }

    /// The numbers of the links that `is` is true of, ascending: to go through them while links come and go.
    #[inline(never)]
    pub(crate) fn numbers(&self, is: &dyn Fn(&Link) -> bool) -> Vec<LinkId> {
        let mut numbers = Vec::new();
        for link in self.all().iter().filter(|link| is(link)) {
            numbers.push(link.id);
        }
        numbers
    }

    /// Those whose peer has proved itself.
    pub(crate) fn peers(&self) -> impl Iterator<Item = &Link> {
        self.list.iter().filter(|link| link.stage == Stage::Ready)
    }

    /// The ready link to this peer.
    #[inline(never)]
    pub(crate) fn to(&self, peer: &NodeId) -> Option<&Link> {
        self.all().iter().find(|link| link.stage == Stage::Ready && link.peer == *peer)
    }

    /// The number of that link.
    #[inline(never)]
    pub(crate) fn id_to(&self, peer: &NodeId) -> Option<LinkId> {
        self.to(peer).map(|link| link.id)
    }

    /// Whether there is a link to this peer, or one is being made.
    #[inline(never)]
    pub(crate) fn knows(&self, peer: &NodeId) -> bool {
        self.all().iter().any(|link| link.peer == *peer)
    }

    /// How many there are, those being made included.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// How many peers have proved themselves.
    #[inline(never)]
    pub(crate) fn ready_count(&self) -> usize {
        self.all().iter().filter(|link| link.stage == Stage::Ready).count()
    }
}
