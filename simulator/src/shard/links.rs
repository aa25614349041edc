//! Links as they come and go: the WebRTC handshake and WebSockets.

use tabmesh_engine::{Input, LinkId, Route};
use tabmesh_world::description::{self, describe};
use tabmesh_world::dial::{OPENING_US, SOCKET_WAYS, WEBRTC_WAYS, consent_us, gathering_us, keys_us};

use super::Shard;
use crate::crypto::Crypto;
use crate::dice::mix;
use crate::event::{EndId, NodeNumber, What};
use crate::ground::Ground;
use crate::model::MS;

/// The node and end that a description is of; `None` where it is none that a shell made.
fn described(ground: &Ground, bytes: &[u8]) -> Option<(NodeNumber, EndId)> {
    let (node, end) = description::described(bytes)?;
    (node < ground.nodes).then_some((node, EndId(end)))
}

impl<C: Crypto> Shard<C> {
    pub(super) fn open(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, route: Route) {
        let at = self.at(node);
        if self.ends[at].of_link(link).is_some() || self.has_circuit(node, link) {
            return self.broke(node, "Open names a link that is open already", link);
        }
        match route {
            Route::Circuit(key) => return self.open_circuit(ground, node, link, key),
            Route::Socket(_) | Route::Offer | Route::Answer(_) => {}
        }
        let Some(end) = self.ends[at].make(link) else {
            return self.broke(node, "more links than any engine may have", link);
        };
        let id = end.id;
        self.cause(ground, node, node, self.now + OPENING_US, What::GiveUp(id));
        match route {
            Route::Socket(number) => {
                self.make_socket_key(ground, node, id, true);
                return self.dial_socket(ground, node, id, number);
            }
            Route::Circuit(_) => {}
            Route::Offer => self.counts.dials += 1,
            Route::Answer(offer) => {
                if let Some(end) = self.ends[at].get(id) {
                    end.mate = described(ground, &offer);
                }
            }
        }
        let gathering = gathering_us(ground.place(node), &mut self.shells[at].dice);
        self.cause(ground, node, node, self.now + gathering, What::Gathered(id));
    }

    pub(super) fn gathered(&mut self, ground: &Ground, node: NodeNumber, id: EndId) {
        let at = self.at(node);
        let Some(end) = self.ends[at].get(id).filter(|end| !end.is_open) else { return };
        end.is_described = true;
        let link = end.link;
        self.feed(ground, node, Input::Described { link, description: &describe(node, id.0) });
    }

    /// The offerer learns of the other end: both know each other now, and checks begin.
    pub(super) fn answered(&mut self, ground: &Ground, node: NodeNumber, link: LinkId, bytes: &[u8]) {
        let at = self.at(node);
        if self.has_circuit(node, link) {
            return self.complete_circuit(ground, node, link, bytes);
        }
        let Some(end) = self.ends[at].of_link(link) else {
            return self.broke(node, "Answered names a link that is not open", link);
        };
        let id = end.id;
        end.mate = described(ground, bytes);
        let Some((mate, theirs)) = end.mate else { return };
        if !ground.can_connect(node, mate) {
            self.counts.apart += 1;
            return;
        }
        if mate != node && !ground.is_cut(node, mate) {
            let arrives = self.now + ground.one_way_us(node, mate);
            self.cause(ground, node, mate, arrives, What::Check { end: theirs, from: id });
        }
    }

    /// The answerer is reached by the offerer's checks: the rest of the handshake takes three round trips more.
    pub(super) fn check(&mut self, ground: &Ground, node: NodeNumber, id: EndId, mate: (NodeNumber, EndId)) {
        let at = self.at(node);
        let Some(end) = self.ends[at].get(id) else { return };
        if end.is_open || !end.is_described || end.mate != Some(mate) {
            return;
        }
        let keys = keys_us(&mut self.shells[at].dice);
        let up = self.now + WEBRTC_WAYS * ground.one_way_us(node, mate.0) + keys;
        self.cause(ground, node, node, up, What::Up(id));
    }

    /// The answerer's transport is through; the offerer's is one way later.
    pub(super) fn up(&mut self, ground: &Ground, node: NodeNumber, id: EndId) {
        let (at, now) = (self.at(node), self.now);
        let Some(end) = self.ends[at].get(id).filter(|end| !end.is_open) else { return };
        let Some((mate, theirs)) = end.mate else { return };
        if ground.is_cut(node, mate) {
            return;
        }
        let arrives = now + ground.one_way_us(node, mate);
        end.is_open = true;
        end.line.arrives = arrives;
        let link = end.link;
        self.counts.opened += 1;
        self.cause(ground, node, mate, arrives, What::Checked { end: theirs, from: id });
        self.feed(ground, node, Input::LinkUp(link));
    }

    pub(super) fn checked(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        id: EndId,
        mate: (NodeNumber, EndId),
    ) {
        let at = self.at(node);
        let Some(end) = self.ends[at].get(id).filter(|end| !end.is_open && end.mate == Some(mate)) else {
            return self.hang_up(ground, node, mate, 0);
        };
        end.is_open = true;
        let link = end.link;
        self.feed(ground, node, Input::LinkUp(link));
    }

    fn dial_socket(&mut self, ground: &Ground, node: NodeNumber, id: EndId, number: u16) {
        let Some(listener) = self.address(ground, node, number) else {
            return self.cause(ground, node, node, self.now + MS, What::GiveUp(id));
        };
        if !ground.is_cut(node, listener) {
            let arrives = self.now + SOCKET_WAYS * ground.one_way_us(node, listener);
            self.cause(ground, node, listener, arrives, What::Knock { from: id });
        }
    }

    /// The native peer whose address the shell knows by this number: which ones it knows follows from the node.
    fn address(&self, ground: &Ground, node: NodeNumber, number: u16) -> Option<NodeNumber> {
        let count = ground.natives.len() as u64;
        let first = mix(ground.seed ^ u64::from(node)).checked_rem(count)?;
        let place = (first + u64::from(number)) % count;
        ground.natives.get(place as usize).copied().filter(|native| *native != node)
    }

    pub(super) fn knock(&mut self, ground: &Ground, node: NodeNumber, mate: (NodeNumber, EndId)) {
        self.knocking = Some(mate);
        self.feed(ground, node, Input::Incoming);
        self.knocking = None;
    }

    pub(super) fn accept(&mut self, ground: &Ground, node: NodeNumber, link: LinkId) {
        let (at, now) = (self.at(node), self.now);
        let Some(mate) = self.knocking else {
            return self.broke(node, "Accept without Incoming", link);
        };
        let Some(end) = self.ends[at].make(link) else {
            return self.broke(node, "more links than any engine may have", link);
        };
        let id = end.id;
        let arrives = now + ground.one_way_us(node, mate.0);
        end.is_open = true;
        end.mate = Some(mate);
        end.line.arrives = arrives;
        self.counts.sockets += 1;
        self.make_socket_key(ground, node, id, false);
        self.cause(ground, node, mate.0, arrives, What::Taken { end: mate.1, by: id });
    }

    pub(super) fn refuse(&mut self, ground: &Ground, node: NodeNumber) {
        match self.knocking {
            Some(mate) => self.hang_up(ground, node, mate, 0),
            None => self.broke(node, "Refuse without Incoming", None),
        }
    }

    pub(super) fn taken(&mut self, ground: &Ground, node: NodeNumber, id: EndId, mate: (NodeNumber, EndId)) {
        let at = self.at(node);
        let Some(end) = self.ends[at].get(id).filter(|end| !end.is_open) else {
            return self.hang_up(ground, node, mate, 0);
        };
        end.is_open = true;
        end.mate = Some(mate);
        let (link, pipe) = (end.link, end.pipe);
        if pipe.is_some() {
            let waited = std::mem::take(&mut end.stuck);
            return waited.into_iter().for_each(|bytes| self.transmit(ground, node, id, bytes));
        }
        self.feed(ground, node, Input::LinkUp(link));
    }

    /// What reaches a node that is not there.
    pub(super) fn answer_for_nobody(
        &mut self,
        ground: &Ground,
        from: NodeNumber,
        node: NodeNumber,
        what: &What,
    ) {
        match what {
            What::Knock { from: theirs }
            | What::Checked { from: theirs, .. }
            | What::Taken { by: theirs, .. } => {
                self.hang_up(ground, node, (from, *theirs), 0);
            }
            _ => {}
        }
    }

    /// The other end learns that this one is gone, `notice_us` later than it could.
    pub(super) fn hang_up(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        (mate, theirs): (NodeNumber, EndId),
        notice_us: u64,
    ) {
        if !ground.is_cut(node, mate) {
            let arrives = self.now + ground.one_way_us(node, mate) + notice_us;
            self.cause(ground, node, mate, arrives, What::Hangup(theirs));
        }
    }

    /// The engine closes a link: what was sent still arrives, then the other end learns of it.
    pub(super) fn close(&mut self, ground: &Ground, node: NodeNumber, link: LinkId) {
        let (at, now) = (self.at(node), self.now);
        let Some(end) = self.ends[at].of_link(link) else {
            return self.broke(node, "Close names a link that is not open", link);
        };
        let (id, is_open, mate) = (end.id, end.is_open, end.mate);
        let last = end.line.arrives;
        self.ends[at].free(id);
        if let Some((mate, theirs)) = mate.filter(|(mate, _)| is_open && !ground.is_cut(node, *mate)) {
            let arrives = (now + ground.one_way_us(node, mate)).max(last + 1);
            self.cause(ground, node, mate, arrives, What::Hangup(theirs));
        }
    }

    /// The transport of an end is gone.
    pub(super) fn lose(&mut self, ground: &Ground, node: NodeNumber, id: EndId) {
        let at = self.at(node);
        if self.is_pipe_lost(ground, node, id) {
            return;
        }
        if let Some(link) = self.ends[at].get(id).map(|end| end.link) {
            self.ends[at].free(id);
            self.feed(ground, node, Input::LinkDown(link));
        }
    }

    pub(super) fn give_up(&mut self, ground: &Ground, node: NodeNumber, id: EndId) {
        let at = self.at(node);
        if self.ends[at].get(id).is_some_and(|end| !end.is_open) {
            self.lose(ground, node, id);
        }
    }

    /// Starts the clocks of the ends whose links the cut goes through.
    pub(crate) fn notice_cut(&mut self, ground: &Ground) {
        for at in 0..self.ends.len() {
            let node = at as u32 * self.shards + self.number;
            let is_across = |(mate, _): (NodeNumber, EndId)| ground.is_cut(node, mate);
            let cut: Vec<EndId> = self.ends[at]
                .iter()
                .filter(|end| end.mate.is_some_and(is_across))
                .map(|end| end.id)
                .collect();
            for end in cut {
                let silence = consent_us(&mut self.shells[at].dice);
                let what = What::CutOff { end, cut: ground.cut.number() };
                self.cause(ground, node, node, self.now + silence, what);
            }
        }
    }

    pub(super) fn cut_off(&mut self, ground: &Ground, node: NodeNumber, id: EndId, cut: u32) {
        let at = self.at(node);
        let mate = self.ends[at].get(id).and_then(|end| end.mate);
        if cut == ground.cut.number() && mate.is_some_and(|(mate, _)| ground.is_cut(node, mate)) {
            self.lose(ground, node, id);
        }
    }

    /// After a heal: what was sent across the cut on links that live still is sent again.
    pub(crate) fn resume(&mut self, ground: &Ground) {
        for at in 0..self.ends.len() {
            let node = at as u32 * self.shards + self.number;
            let ids: Vec<EndId> = self.ends[at].iter().map(|end| end.id).collect();
            for id in ids {
                let stuck = self.ends[at].get(id).map(|end| std::mem::take(&mut end.stuck));
                for bytes in stuck.into_iter().flatten() {
                    self.transmit(ground, node, id, bytes);
                }
            }
        }
    }
}
