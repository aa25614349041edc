//! What the engine and the clock tell, and which modules hear it.

use alloc::vec::Vec;

use tabmesh_engine::{Event, LinkKind};
use tabmesh_port::limits::WITHIN_MS_MAX;
use tabmesh_port::{Instant, NodeId, Port, Reason, Status, Told};

use crate::seat::{Ask, Whom};
use crate::seats::Seats;

impl Seats {
    /// The wall clock says so, first of all and whenever it was set: milliseconds since 1970.
    pub fn set_clock(&mut self, now: Instant, wall_ms: u64) {
        self.clock = Some((wall_ms, now));
        self.tell_clock(now);
    }

    /// A peer is linked: what an event tells, and what a shell says whose modules come later than its links.
    pub fn linked(&mut self, id: NodeId, kind: LinkKind) {
        self.peers.add(id, kind == LinkKind::Relayed);
        self.tell_link(&id, None);
    }

    /// The engine tells something.
    pub fn on_event(&mut self, now: Instant, event: &Event) {
        match event {
            Event::PeerUp { id, kind, .. } => self.linked(*id, *kind),
            Event::PeerDown { id, reason } => {
                self.peers.remove(id);
                self.tell_link(id, Some(*reason));
                self.see();
            }
            // A link may stand beside the one that did not come up.
            Event::DialFailed { id: Some(id), reason } if self.peers.find(id).is_none() => {
                self.tell_link(id, Some(*reason));
            }
            Event::Ports { id, open } => {
                self.peers.set_open(id, open);
                self.see();
            }
            Event::Clock { off_by_s } => {
                self.is_doubtful = *off_by_s != 0;
                self.tell_clock(now);
            }
            Event::Said { port, is_proven, from, bytes, .. } => {
                if let Some(seat) = self.seat(Port(*port)) {
                    seat.tell(Told::Said { from, is_proven: *is_proven, bytes });
                }
            }
            Event::Asked { port, is_proven, from, within_ms, ticket, bytes, .. } => {
                let Some(seat) = self.seat(Port(*port)) else {
                    return self.refuse(ticket.clone(), Status::NotImplemented);
                };
                let within_ms = (*within_ms).min(WITHIN_MS_MAX);
                let (number, refused) = seat.questions.add(now, within_ms, ticket.clone());
                if let Some(ticket) = number {
                    seat.tell(Told::Asked { from, is_proven: *is_proven, ticket, within_ms, bytes });
                }
                if let Some(ticket) = refused {
                    self.refuse(ticket, Status::TooManyRequests);
                }
            }
            Event::Replied { op, status, is_proven, is_here, bytes } => {
                let own = self.own;
                for seat in &mut self.seats {
                    let Some(Ask { op, whom, .. }) = seat.end_number(op.0) else {
                        continue;
                    };
                    let (is_proven, is_here, status) = (*is_proven, *is_here, *status);
                    match whom {
                        Whom::List => seat.listed(&own, op, status, NodeId::list(bytes)),
                        Whom::Node(from) => {
                            seat.tell(Told::Answered { op, from: &from, is_proven, is_here, status, bytes });
                        }
                        // The engine knows nothing of it.
                        Whom::Here => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Tells the module what its links to those that it holds are, as far as that is news.
    pub(crate) fn tell_links(&mut self, place: usize) {
        let Some(seat) = self.seats.get_mut(place) else { return };
        let held: Vec<NodeId> = seat.held.ids().copied().collect();
        for id in held {
            if let Some(peer) = self.peers.find(&id)
                && seat.held.is_news(&id, true)
            {
                seat.tell(Told::Linked { id: &id, rtt_us: 0, is_relayed: peer.is_relayed });
            }
        }
    }

    /// Tells the modules that hold a node that it is linked, or why it is not.
    fn tell_link(&mut self, id: &NodeId, lost: Option<Reason>) {
        let peer = self.peers.find(id);
        for seat in &mut self.seats {
            if !seat.held.is_news(id, lost.is_none()) {
                continue;
            }
            match lost {
                Some(reason) => seat.tell(Told::Unlinked { id, reason }),
                None => {
                    let is_relayed = peer.is_some_and(|peer| peer.is_relayed);
                    seat.tell(Told::Linked { id, rtt_us: 0, is_relayed });
                }
            }
        }
    }

    pub(crate) fn see(&mut self) {
        for seat in &mut self.seats {
            seat.see(self.peers.view(seat.port, seat.version));
        }
    }

    pub(crate) fn clock_at(&self, now: Instant) -> Option<Told<'static>> {
        let (wall_ms, at) = self.clock?;
        let passed_ms = now.since(at).0 / 1_000;
        Some(Told::Clock { wall_ms: wall_ms.saturating_add(passed_ms), is_doubtful: self.is_doubtful })
    }

    pub(crate) fn tell_clock(&mut self, now: Instant) {
        let Some(told) = self.clock_at(now) else { return };
        for seat in &mut self.seats {
            seat.tell(told);
        }
    }
}
