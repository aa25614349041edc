//! Who is attached at which port, what each holds, and which questions wait for answers.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_engine::NodeId;
use tabmesh_port::Port;
use tabmesh_port::limits::{HELD_MAX, HERE_MAX, TICKETS_MAX};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::port::{AttachError, PortEvent};

/// The application's port. It is open wherever there is a node, and so not told.
pub(super) const APPLICATION: u32 = Port::APPLICATION.0;

/// Ports up to this are tabmesh's own.
pub(super) const OWN_LAST: u32 = Port::OWN_LAST.0;

/// Ports of other programs at once. Further ones are refused.
const ATTACHED_MAX: usize = 8;

/// Somebody who is attached.
pub(super) struct Attached {
    pub(super) number: u64,
    version: u8,
    pub(super) events: mpsc::Sender<PortEvent>,
    held: Vec<NodeId>,
    /// Linked peers at which the port is open, and the version that is spoken there; and what of that was told.
    peers: BTreeMap<NodeId, u8>,
    told: BTreeMap<NodeId, u8>,
}

impl Attached {
    pub(super) fn holds(&self, id: &NodeId) -> bool {
        self.held.contains(id)
    }

    /// Notes which version of its port a peer speaks.
    pub(super) fn note(&mut self, id: NodeId, version: Option<u8>) {
        match version {
            Some(version) => drop(self.peers.insert(id, version)),
            None => drop(self.peers.remove(&id)),
        }
    }

    /// A peer of which something else was told last, and what is so now. However often a peer changes its mind, no more comes of it than
    /// is asked for here.
    pub(super) fn next_news(&mut self) -> Option<(NodeId, Option<u8>)> {
        let changed = self.peers.iter().find(|(id, version)| self.told.get(id) != Some(version));
        if let Some((id, version)) = changed {
            self.told.insert(*id, *version);
            return Some((*id, Some(*version)));
        }
        let gone = self.told.keys().find(|id| !self.peers.contains_key(id)).copied()?;
        self.told.remove(&gone);
        Some((gone, None))
    }
}

/// A question that waits for its answer.
struct Open {
    attachment: u64,
    ticket: Vec<u8>,
    until: Instant,
}

/// The same of one of this node's own: the ticket is the seats'.
struct OpenHere {
    attachment: u64,
    ticket: u32,
    until: Instant,
}

/// Everybody who is attached, by port.
#[derive(Default)]
pub(super) struct Ports {
    attached: BTreeMap<u32, Attached>,
    /// Counts attachments and questions.
    last: u64,
    questions: BTreeMap<u64, Open>,
    /// What others of this node ask, by the numbers of the questions.
    here: BTreeMap<u64, OpenHere>,
}

impl Ports {
    /// Attaches somebody; its number.
    pub(super) fn attach(
        &mut self,
        port: u32,
        version: u8,
        events: mpsc::Sender<PortEvent>,
    ) -> Result<u64, AttachError> {
        if self.attached.contains_key(&port) {
            return Err(AttachError::Taken);
        }
        if port > OWN_LAST && self.attached.range(OWN_LAST + 1..).count() >= ATTACHED_MAX {
            return Err(AttachError::Full);
        }
        let number = self.next_number();
        let (held, peers, told) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        self.attached.insert(port, Attached { number, version, events, held, peers, told });
        Ok(number)
    }

    /// The port that an attachment gives up.
    pub(super) fn detach(&mut self, number: u64) -> Option<u32> {
        let port = self.port_of(number)?;
        self.attached.remove(&port);
        Some(port)
    }

    /// Where this attachment is, if it still is.
    pub(super) fn port_of(&self, number: u64) -> Option<u32> {
        let found = self.attached.iter().find(|(_, attached)| attached.number == number);
        found.map(|(port, _)| *port)
    }

    pub(super) fn at(&self, port: u32) -> Option<&Attached> {
        self.attached.get(&port)
    }

    pub(super) fn at_mut(&mut self, port: u32) -> Option<&mut Attached> {
        self.attached.get_mut(&port)
    }

    /// Everybody.
    pub(super) fn all(&mut self) -> impl Iterator<Item = (u32, &mut Attached)> {
        self.attached.iter_mut().map(|(port, attached)| (*port, attached))
    }

    /// Those who are gone without a word.
    pub(super) fn gone(&self) -> Vec<u64> {
        let gone = self.attached.values().filter(|attached| attached.events.is_closed());
        gone.map(|attached| attached.number).collect()
    }

    /// The open ports.
    pub(super) fn count(&self) -> usize {
        self.attached.range(APPLICATION + 1..).count()
    }

    /// The open ports as the engine takes them.
    pub(super) fn open(&self) -> Vec<u8> {
        let told = self.attached.iter().filter(|(port, _)| **port != APPLICATION);
        told.flat_map(|(port, attached)| [&port.to_be_bytes()[..], &[attached.version]].concat()).collect()
    }

    /// Sets what a port holds; those of them that it did not hold before.
    pub(super) fn hold(&mut self, port: u32, mut ids: Vec<NodeId>) -> Vec<NodeId> {
        let Some(attached) = self.attached.get_mut(&port) else { return Vec::new() };
        ids.truncate(HELD_MAX);
        let before = std::mem::replace(&mut attached.held, ids);
        attached.held.iter().filter(|id| !before.contains(id)).copied().collect()
    }

    /// What all of them and this many modules hold, each once. The engine keeps links to the first so many: the first of every port
    /// come first, then the second ones, so that no port crowds out another.
    pub(super) fn held(&self, of_modules: &[NodeId], modules: usize) -> Vec<NodeId> {
        let share = modules.max(1);
        let in_turn = (0..HELD_MAX).flat_map(|place| {
            let own = self.attached.values().filter_map(move |attached| attached.held.get(place));
            own.chain(of_modules.iter().skip(place * share).take(share))
        });
        let mut seen = BTreeSet::new();
        in_turn.filter(|id| seen.insert(**id)).copied().collect()
    }

    /// Keeps the way back of a question to this attachment: its number. At the bound the link by which most came gives way: the second
    /// ticket is that of whoever is refused.
    pub(super) fn open_question(
        &mut self,
        attachment: u64,
        ticket: Vec<u8>,
        until: Instant,
        now: Instant,
    ) -> (Option<u64>, Option<Vec<u8>>) {
        self.forget_late(now);
        let own = self.questions.iter().filter(|(_, open)| open.attachment == attachment);
        let (numbers, tickets): (Vec<u64>, Vec<&[u8]>) =
            own.map(|(number, open)| (*number, &open.ticket[..])).unzip();
        let mut refused = None;
        if numbers.len() >= TICKETS_MAX {
            let Some(at) = tabmesh_engine::surplus(&tickets, &ticket) else { return (None, Some(ticket)) };
            refused = self.questions.remove(&numbers[at]).map(|open| open.ticket);
        }
        let number = self.next_number();
        self.questions.insert(number, Open { attachment, ticket, until });
        (Some(number), refused)
    }

    /// The way back of a question that is answered now; `None` if nobody waits any more.
    pub(super) fn close_question(&mut self, number: u64, now: Instant) -> Option<Vec<u8>> {
        let open = self.questions.remove(&number)?;
        (open.until >= now).then_some(open.ticket)
    }

    /// The ways back of all questions to an attachment that is gone.
    pub(super) fn close_questions_of(&mut self, attachment: u64) -> Vec<Vec<u8>> {
        let closed = self.questions.extract_if(.., |_, open| open.attachment == attachment);
        closed.map(|(_, open)| open.ticket).collect()
    }

    /// Keeps the ticket of a question of this node's own: its number, which whoever is asked gives back once. `None` while
    /// [`HERE_MAX`] wait there: that an asker has cancelled one does not take it from the program.
    pub(super) fn open_here(
        &mut self,
        attachment: u64,
        ticket: u32,
        until: Instant,
        now: Instant,
    ) -> Option<u64> {
        self.here.retain(|_, open| open.until >= now);
        if self.here.values().filter(|open| open.attachment == attachment).count() >= HERE_MAX {
            return None;
        }
        let number = self.next_number();
        self.here.insert(number, OpenHere { attachment, ticket, until });
        Some(number)
    }

    /// The ticket of a question of this node's own that is answered now.
    pub(super) fn close_here(&mut self, number: u64) -> Option<u32> {
        self.here.remove(&number).map(|open| open.ticket)
    }

    /// Forgets the questions for whose answers nobody waits any more.
    pub(super) fn forget_late(&mut self, now: Instant) {
        self.questions.retain(|_, open| open.until >= now);
    }

    fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

#[cfg(test)]
mod tests {
    //! One at a port, eight ports, forty nodes for each, sixty-four questions: and no port has what is another's.

    use std::time::Duration;

    use super::*;

    fn node(byte: u8) -> NodeId {
        NodeId([byte; 32])
    }

    fn attach(ports: &mut Ports, port: u32) -> Result<u64, AttachError> {
        ports.attach(port, 7, mpsc::channel(1).0)
    }

    #[test]
    fn a_port_is_one_programs_and_the_applications_counts_for_none() {
        let mut ports = Ports::default();
        let first = attach(&mut ports, 100).expect("free");
        assert_eq!(attach(&mut ports, 100), Err(AttachError::Taken));
        attach(&mut ports, APPLICATION).expect("free");
        for port in 101..108 {
            attach(&mut ports, port).expect("room");
        }
        assert_eq!(attach(&mut ports, 108), Err(AttachError::Full));
        assert_eq!(ports.open().len(), 8 * 5);
        assert_eq!(ports.open()[..5], [0, 0, 0, 100, 7]);
        assert_eq!(ports.detach(first), Some(100));
        assert_eq!(ports.detach(first), None);
        assert_ne!(attach(&mut ports, 108), Ok(first));
    }

    #[test]
    fn every_port_has_its_share_of_the_links_that_are_held() {
        let mut ports = Ports::default();
        for port in [100, 101] {
            attach(&mut ports, port).expect("free");
        }
        assert_eq!(ports.hold(100, (0..60).map(node).collect()).len(), HELD_MAX);
        assert_eq!(ports.hold(101, vec![node(200), node(1)]), [node(200), node(1)]);
        assert_eq!(ports.held(&[], 0)[..4], [node(0), node(200), node(1), node(2)]);
        assert_eq!(ports.held(&[], 0).len(), HELD_MAX + 1);
        let of_modules = [201, 202, 1, 203].map(node);
        let held = ports.held(&of_modules, 2);
        assert_eq!(held[..7], [0, 200, 201, 202, 1, 203, 2].map(node));
        assert_eq!(held.len(), HELD_MAX + 1 + 3);
        assert_eq!(ports.hold(101, vec![node(1), node(3)]), [node(3)]);
        assert!(!ports.at(101).expect("there").holds(&node(200)));
    }

    #[test]
    fn x4_one_link_does_not_take_all_places_for_questions() {
        let mut ports = Ports::default();
        let now = Instant::now();
        let by = |link: u8| [&[0; 40][..], &[1, 0, link, 0, 0, 0, 0]].concat();
        let mut open = |link| ports.open_question(1, by(link), now + Duration::from_secs(1), now);
        (0..TICKETS_MAX).for_each(|_| assert!(open(7).0.is_some()));
        assert_eq!(open(7), (None, Some(by(7))));
        let (number, refused) = open(8);
        assert_eq!((number.is_some(), refused), (true, Some(by(7))));
    }

    #[test]
    fn questions_have_a_bound_for_each_port_and_an_end() {
        let mut ports = Ports::default();
        let now = Instant::now();
        let until = now + Duration::from_secs(1);
        let later = now + Duration::from_secs(2);
        let open =
            |ports: &mut Ports, attachment, now| ports.open_question(attachment, vec![1], until, now).0;
        let first = open(&mut ports, 1, now).expect("room");
        for _ in 1..TICKETS_MAX {
            open(&mut ports, 1, now).expect("room");
        }
        assert_eq!(open(&mut ports, 1, now), None);
        let other = open(&mut ports, 2, now).expect("a port of its own");
        assert_eq!(ports.close_question(first, now), Some(vec![1]));
        assert_eq!(ports.close_question(first, now), None);
        assert_eq!(ports.close_question(other, later), None);
        let last = open(&mut ports, 1, now).expect("room again");
        open(&mut ports, 1, later).expect("nobody waits for the others");
        assert_eq!(ports.close_question(last, now), None);
        assert_eq!(ports.close_questions_of(2).len(), 0);
        assert_eq!(ports.close_questions_of(1).len(), 1);
    }

    #[test]
    fn questions_of_this_node_have_a_bound_however_often_they_are_cancelled() {
        let mut ports = Ports::default();
        let now = Instant::now();
        let until = now + Duration::from_secs(1);
        let open: Vec<u64> = (0..HERE_MAX as u32)
            .map(|ticket| ports.open_here(1, ticket, until, now).expect("room"))
            .collect();
        assert_eq!(ports.open_here(1, 99, until, now), None);
        assert!(ports.open_here(2, 99, until, now).is_some(), "another one has room of its own");
        assert_eq!((ports.close_here(open[3]), ports.close_here(open[3])), (Some(3), None));
        assert!(ports.open_here(1, 100, until, now).is_some());
        assert!(
            ports.open_here(1, 101, until + Duration::from_secs(9), until + Duration::from_secs(1)).is_some()
        );
        assert_eq!(ports.close_here(open[0]), None, "nobody waits for it");
    }

    #[test]
    fn what_a_peer_speaks_is_told_as_it_is_in_the_end() {
        let mut ports = Ports::default();
        attach(&mut ports, 100).expect("free");
        let (_, attached) = ports.all().next().expect("one");
        for (versions, news) in [
            (&[None][..], None),
            (&[Some(1)], Some((node(1), Some(1)))),
            (&[Some(1), Some(2), Some(1)], None),
            (&[None, Some(2)], Some((node(1), Some(2)))),
            (&[Some(1), None], Some((node(1), None))),
            (&[Some(1), None], None),
        ] {
            versions.iter().for_each(|version| attached.note(node(1), *version));
            assert_eq!(attached.next_news(), news, "{versions:?}");
            assert_eq!(attached.next_news(), None);
        }
    }
}
