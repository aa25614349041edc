//! Nodes that are known but not linked.

use alloc::vec::Vec;

use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::CONTACTS_MAX;
use crate::list::List;
use crate::time::{Duration, Instant};

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact {
    pub(crate) id: NodeId,
    /// Not dialled before this time.
    pub(crate) not_before: Instant,
    pub(crate) failures: u8,
    /// The signalling server named it: its envelopes go that way first.
    pub(crate) by_signal: bool,
    /// A neighbour dropped it, or a dial failed: it counts for nothing until somebody names it again.
    pub(crate) is_doubtful: bool,
    /// The first link over which it was named.
    named_by: Option<LinkId>,
    /// It counts: it was linked, answered, or was named over two links. Anybody can name ids that nobody has.
    pub(crate) is_vouched: bool,
    /// The link whose peer named it as a neighbour: a way to it while it is not linked.
    pub(crate) via: Option<LinkId>,
    /// The last failure was its own word: it has no room for us.
    pub(crate) spoke: bool,
    /// It answered, and no direct way was found: through a relay next.
    pub(crate) needs_relay: bool,
}

impl Contact {
    /// Whether it is there, as far as known: good enough to be named to others.
    pub(crate) fn is_alive(&self) -> bool {
        self.is_vouched && !self.is_doubtful && (self.failures == 0 || self.spoke)
    }
}

/// What a node is once it was named.
pub(crate) enum Standing {
    /// It is a node, as far as known.
    Counts {
        /// It was not before.
        since_now: bool,
    },
    /// One link named it.
    Hearsay,
}

/// At most [`CONTACTS_MAX`] of them.
pub(crate) struct Contacts {
    own: NodeId,
    list: Vec<Contact>,
}

/// After the first failed dial; doubles with each further one.
const BACKOFF: Duration = Duration::from_ms(4_000);

/// The longest back-off.
const BACKOFF_MAX_DOUBLINGS: u8 = 6;

impl Contacts {
    pub(crate) fn new(own: NodeId) -> Self {
        Self { own, list: Vec::new() }
    }

    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Contact> {
        self.list.iter()
    }

    #[inline(never)]
    fn find(&self, id: &NodeId) -> Option<&Contact> {
        self.list.iter().find(|contact| contact.id == *id)
    }

    /// Whether it is known, and not to be dialled yet.
    pub(crate) fn is_late(&self, id: &NodeId, now: Instant) -> bool {
        self.find(id).is_some_and(|contact| now < contact.not_before)
    }

    /// A way to the node through a neighbour of its.
    pub(crate) fn way_to(&self, id: &NodeId) -> Option<LinkId> {
        self.find(id)?.via
    }

    #[inline(never)]
    pub(crate) fn get(&mut self, id: &NodeId) -> Option<&mut Contact> {
        self.list.iter_mut().find(|contact| contact.id == *id)
    }

    /// Somebody named `id`: over the link `by`, or itself; `counts` if that is enough. One that failed is doubtful until its time has
    /// come.
    #[inline(never)]
    pub(crate) fn named(
        &mut self,
        id: &NodeId,
        by: Option<LinkId>,
        counts: bool,
        now: Instant,
    ) -> Option<Standing> {
        let was_doubtful = self.get(id).is_some_and(|contact| contact.is_doubtful);
        let contact = self.learn(id)?;
        contact.is_doubtful = was_doubtful && by.is_some() && now < contact.not_before;
        let counted = contact.is_vouched;
        contact.is_vouched |= counts || contact.named_by.is_some_and(|first| Some(first) != by);
        contact.named_by = contact.named_by.or(by);
        Some(match contact.is_vouched {
            true => Standing::Counts { since_now: !counted },
            false => Standing::Hearsay,
        })
    }

    /// It is there, or was.
    pub(crate) fn vouch(&mut self, id: &NodeId) {
        if let Some(contact) = self.get(id) {
            contact.is_vouched = true;
        }
    }

    /// A place for `id`, if there is one.
    #[inline(never)]
    pub(crate) fn learn(&mut self, id: &NodeId) -> Option<&mut Contact> {
        if *id == self.own {
            return None;
        }
        if self.find(id).is_none() {
            self.make_room(id)?;
        }
        let contact = self.get(id)?;
        contact.is_doubtful = false;
        Some(contact)
    }

    /// A place for a new contact: at the bound, that of the worst one, unless the new one is worse.
    fn make_room(&mut self, id: &NodeId) -> Option<()> {
        let fresh = Contact {
            id: *id,
            not_before: Instant(0),
            failures: 0,
            by_signal: false,
            is_doubtful: false,
            spoke: false,
            needs_relay: false,
            named_by: None,
            is_vouched: false,
            via: None,
        };
        if self.list.len() < CONTACTS_MAX {
            // No more than is needed: it is full soon, and stays so.
            self.list.reserve_exact(1);
            self.list.push(fresh);
            return Some(());
        }
        let rank = |contact: &Contact| u16::from(contact.is_doubtful) << 8 | u16::from(contact.failures);
        let is_worse = |one: &Contact, other: &Contact| {
            rank(one) > rank(other) || rank(one) == rank(other) && other.id.is_nearer(&one.id, &self.own)
        };
        let (mut worst, mut place_of_worst) = (&fresh, None);
        for (place, contact) in self.list.iter().enumerate() {
            if is_worse(contact, worst) {
                (worst, place_of_worst) = (contact, Some(place));
            }
        }
        *self.list.get_mut(place_of_worst?)? = fresh;
        Some(())
    }

    /// A neighbour says that the node whose id begins so is no neighbour of its any more.
    pub(crate) fn doubt(&mut self, prefix: &[u8; 8]) {
        if let Some(contact) = self.list.iter_mut().find(|contact| contact.id.0.starts_with(prefix)) {
            contact.is_doubtful = true;
        }
    }

    /// A dial failed, or a link ended: wait, longer each time. One that never `spoke` is doubtful
    /// the second time.
    #[inline(never)]
    pub(crate) fn failed(&mut self, id: &NodeId, now: Instant, spoke: bool) {
        if let Some(contact) = self.learn(id) {
            contact.not_before = now + Duration(BACKOFF.0 << contact.failures.min(BACKOFF_MAX_DOUBLINGS));
            contact.failures = contact.failures.saturating_add(1);
            contact.spoke = spoke;
            contact.is_doubtful = !spoke && contact.failures > 1;
        }
    }

    /// The node is linked, or gone.
    pub(crate) fn forget(&mut self, id: &NodeId) {
        self.list.keep(|contact| contact.id != *id);
    }

    /// The host was away: old failures say nothing.
    pub(crate) fn forgive(&mut self) {
        for contact in &mut self.list {
            contact.not_before = Instant(0);
            contact.failures = 0;
            contact.needs_relay = false;
        }
    }
}
