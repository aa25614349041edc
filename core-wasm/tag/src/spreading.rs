//! Publications: signed, checked, delivered once and passed on along a tree.
//!
//! Plumtree: each link is eager, and brings publications in full, or lazy, and brings names. Whoever gets one twice prunes the link
//! that brought the second; whoever is told of one that it lacks grafts the link. Nothing is passed on or delivered before its signature
//! was checked, and a forged copy keeps no true one from being checked.

use alloc::vec::Vec;

use tabmesh_port::{Attachment, Done, Instant, NodeId, PublicKey, Signature, Status, Work};

use crate::face::Event;
use crate::ground::Ground;
use crate::limits::{
    CHECKS_MAX, CHECKS_OF_ONE, COPY_COST, FORGED_COST, GRAFT_MAX, HAVE_TO, PUBLISH_MAX, SIGNING_MAX,
};
use crate::members::Members;
use crate::recent::Recent;
use crate::streams::Streams;
use crate::wire::{Message, Name, Publication, name_of, parts_of, stream_of};

pub(crate) struct Spreading {
    /// Names this run among those of the same key.
    run: u32,
    /// The last own publication.
    number: u32,
    streams: Streams,
    recent: Recent,
    checks: Vec<Check>,
    signing: Vec<Signing>,
}

/// A publication whose signature is being checked.
struct Check {
    job: u32,
    by: NodeId,
    /// The message.
    flat: Vec<u8>,
}

/// An own publication that waits for its signature.
struct Signing {
    job: u32,
    op: u32,
    number: u32,
    sent_ms: u64,
    bytes: Vec<u8>,
}

impl Spreading {
    pub(crate) fn new(run: u32) -> Self {
        Self {
            run,
            number: 0,
            streams: Streams::default(),
            recent: Recent::default(),
            checks: Vec::new(),
            signing: Vec::new(),
        }
    }

    /// Whether an own publication with this number is under way.
    pub(crate) fn is_under_way(&self, op: u32) -> bool {
        self.signing.iter().any(|signing| signing.op == op)
    }

    /// The face wants to tell all.
    pub(crate) fn publish(&mut self, ground: &mut Ground, members: &Members, op: u32, bytes: &[u8]) {
        let refusal = match () {
            () if bytes.len() > PUBLISH_MAX => Status::BadRequest,
            () if members.peers().is_empty() => Status::Unavailable,
            () if self.signing.len() >= SIGNING_MAX || self.number == u32::MAX => Status::TooManyRequests,
            () => {
                self.number += 1;
                let (job, sent_ms) = (ground.job(), ground.wall_ms());
                let signing = Signing { job, op, number: self.number, sent_ms, bytes: bytes.to_vec() };
                let signed = signing.publication(&ground.attachment.key, self.run).signed_bytes();
                ground.work(Work::Sign { job, bytes: &signed });
                return self.signing.push(signing);
            }
        };
        ground.emit(&Event::Ended { op, status: refusal });
    }

    /// A job ended, if it is one of these.
    pub(crate) fn on_done(&mut self, ground: &mut Ground, members: &mut Members, done: Done<'_>) {
        let (Done::Signed { job, .. } | Done::Verified { job, .. } | Done::Failed { job }) = done;
        if let Some(at) = self.signing.iter().position(|signing| signing.job == job) {
            return self.on_signed(ground, members, at, done);
        }
        let Some(at) = self.checks.iter().position(|check| check.job == job) else { return };
        let check = self.checks.swap_remove(at);
        let Some(Message::Publication(it)) = Message::read(&check.flat) else { return };
        match done {
            Done::Verified { holds: true, .. } => self.on_checked(ground, members, &check, &it),
            Done::Verified { .. } => _ = members.spend(ground.now, &check.by, FORGED_COST),
            _ => {}
        }
    }

    fn on_signed(&mut self, ground: &mut Ground, members: &mut Members, at: usize, done: Done<'_>) {
        let signing = self.signing.swap_remove(at);
        let Done::Signed { signature, .. } = done else {
            return ground.emit(&Event::Ended { op: signing.op, status: Status::InternalError });
        };
        let (key, own) = (ground.attachment.key, ground.own);
        let it = Publication { signature, ..signing.publication(&key, self.run) };
        self.keep(ground, &it, &own, &Message::Publication(it).emit(), members);
        ground.emit(&Event::Ended { op: signing.op, status: Status::Ok });
    }

    /// A member brings a publication; `flat` is the message.
    pub(crate) fn on_publication(
        &mut self,
        ground: &mut Ground,
        members: &mut Members,
        from: &NodeId,
        it: &Publication<'_>,
        flat: &[u8],
    ) {
        let stream = stream_of(it.key, it.run);
        let is_checked = self.checks.iter().any(|check| check.flat == flat && check.by != *from);
        if is_checked || !self.streams.lacks(&stream, it.number) {
            if let Some(peer) = members.find(from) {
                peer.is_lazy = true;
            }
            return ground.tell(&[*from], &Message::Prune);
        }
        let share = self.checks.iter().filter(|check| check.by == *from).count();
        if *it.key == ground.attachment.key
            || !self.streams.is_news(&stream, it.number, it.sent_ms, ground.wall_ms())
            || self.checks.iter().any(|check| check.flat == flat)
            || self.checks.len() >= CHECKS_MAX
            || share >= CHECKS_OF_ONE
        {
            return;
        }
        let job = ground.job();
        let Attachment { network, port, .. } = ground.attachment;
        let bytes = Attachment::covered(&network, port, &it.signed_bytes());
        ground.work(Work::Verify { job, key: it.key, signature: it.signature, bytes: &bytes });
        self.checks.push(Check { job, by: *from, flat: flat.to_vec() });
    }

    fn on_checked(
        &mut self,
        ground: &mut Ground,
        members: &mut Members,
        check: &Check,
        it: &Publication<'_>,
    ) {
        if self.streams.is_news(&stream_of(it.key, it.run), it.number, it.sent_ms, ground.wall_ms()) {
            let from = NodeId::of_key(it.key);
            let Publication { run, number, bytes, .. } = *it;
            ground.emit(&Event::Published { from: &from, run, number, bytes });
            self.keep(ground, it, &check.by, &check.flat, members);
        }
    }

    /// A publication that is true goes on, but not to who brought it.
    fn keep(
        &mut self,
        ground: &mut Ground,
        it: &Publication<'_>,
        by: &NodeId,
        flat: &[u8],
        members: &mut Members,
    ) {
        let stream = stream_of(it.key, it.run);
        self.streams.take(&stream, it.number, it.sent_ms, by.head(), ground.wall_ms());
        self.recent.keep(ground.now, name_of(&stream, it.number), by.head(), flat);
        let eager = members.peers().iter().filter(|peer| !peer.is_lazy && peer.id != *by);
        let mut to: Vec<NodeId> = eager.map(|peer| peer.id).collect();
        if *by != ground.own {
            to.retain(|id| members.takes(ground.now, id));
        } else if to.is_empty() {
            to = members.ids();
        }
        ground.tell_flat(&to, flat);
    }

    /// A member says what it has.
    pub(crate) fn on_have(
        &mut self,
        ground: &mut Ground,
        members: &mut Members,
        from: &NodeId,
        names: &[Name],
    ) {
        let lacking = names.iter().filter(|name| {
            let (stream, number) = parts_of(name);
            self.streams.lacks(&stream, number)
        });
        let lacking: Vec<Name> = lacking.take(GRAFT_MAX).copied().collect();
        if let Some(peer) = members.find(from).filter(|_| !lacking.is_empty()) {
            peer.is_lazy = false;
            ground.tell(&[*from], &Message::Graft(&lacking));
        }
    }

    /// A member lacks some.
    pub(crate) fn on_graft(
        &mut self,
        ground: &mut Ground,
        members: &mut Members,
        from: &NodeId,
        names: &[Name],
    ) {
        if let Some(peer) = members.find(from) {
            peer.is_lazy = false;
        }
        for name in names.iter().take(GRAFT_MAX) {
            if let Some(flat) = self.recent.get(name)
                && members.spend(ground.now, from, COPY_COST)
            {
                ground.tell_flat(&[*from], flat);
            }
        }
    }

    /// Some members are told what came here.
    pub(crate) fn go_on(&mut self, ground: &mut Ground, members: &Members) {
        let names = self.recent.take_due(ground.now);
        if !names.is_empty() {
            let chance = ground.number();
            ground.tell(&members.some(HAVE_TO, chance), &Message::Have(&names));
        }
    }

    /// One member is told what came here not long ago.
    pub(crate) fn tell_recent(&self, ground: &mut Ground, to: &[NodeId]) {
        let names = self.recent.names(ground.now);
        if !names.is_empty() {
            ground.tell(to, &Message::Have(&names));
        }
    }

    /// When [`Spreading::go_on`] has something to do.
    pub(crate) fn wanted_at(&self) -> Instant {
        self.recent.wanted_at()
    }
}

impl Signing {
    /// As it is before it is signed.
    fn publication<'a>(&'a self, key: &'a PublicKey, run: u32) -> Publication<'a> {
        let (number, sent_ms, signature) = (self.number, self.sent_ms, &Signature::BLANK);
        Publication { key, run, number, sent_ms, signature, bytes: &self.bytes }
    }
}
