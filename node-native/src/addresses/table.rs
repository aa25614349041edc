//! The WebSocket addresses that the engine dials by number: configured ones, and those of peers met before.
//!
//! As with Bitcoin's addrman, what was only claimed never takes the place of what was proved. An address is *tried* once
//! a peer proved itself behind it; until then it is *new*.

use std::net::IpAddr;

use tabmesh_engine::{NodeId, limits};
use url::{Host, Url};

use super::reach::{Reach, claimed, reach_named};

/// Of the places that are not configured, this share is for new addresses, the rest for tried ones.
const NEW_SHARE: usize = 3;

/// The most new addresses of one network, and the most tried ones: whoever has one network has few places.
const GROUP_MAX: usize = 4;

/// Numbered addresses, at most [`limits::ADDRESSES_MAX`]. A number stays valid, what it stands for may change.
///
/// At a bound: a peer's second claim takes the place of its first; a network's fifth, that of the network's oldest; any other
/// one more than there is room for, that of the oldest new one. A tried address goes only for one that is tried, too.
#[derive(Debug)]
pub(crate) struct Addresses {
    slots: Vec<Slot>,
    configured: usize,
    own: Option<Url>,
    reach: Reach,
    /// Counts claims and proofs: what is older has the lower number.
    clock: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Slot {
    url: Url,
    state: State,
    since: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Configured,
    Tried,
    /// Claimed by this peer; by nobody known if it was remembered.
    New(Option<NodeId>),
}

/// What a claim changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Learnt {
    /// The address as it is dialled.
    pub(crate) url: Url,
    /// Whether a peer proved itself behind it before.
    pub(crate) is_tried: bool,
    /// The address whose place it took.
    pub(crate) instead_of: Option<Url>,
}

impl Addresses {
    /// The configured ones first, then the remembered ones (tried or not, latest first), each once; never this node's `own`,
    /// and of what is only claimed nothing beyond `reach`.
    pub(crate) fn new(
        configured: &[Url],
        remembered: Vec<(Url, bool)>,
        own: Option<Url>,
        reach: Reach,
    ) -> Self {
        let mut addresses = Self { slots: Vec::new(), configured: 0, own, reach, clock: 0 };
        for url in configured {
            if addresses.slots.len() < usize::from(limits::ADDRESSES_MAX) && !addresses.is_known(url) {
                addresses.slots.push(Slot { url: url.clone(), state: State::Configured, since: 0 });
            }
        }
        addresses.configured = addresses.slots.len();
        // Latest last, so that it is the youngest here, too.
        for (url, is_tried) in remembered.into_iter().rev() {
            let reach = if is_tried { Reach::Loopback } else { reach };
            if addresses.claim(url.as_str(), None, reach).is_some() && is_tried {
                addresses.prove(&url);
            }
        }
        addresses
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u16 {
        // Bounded by ADDRESSES_MAX.
        self.slots.len() as u16
    }

    /// The address of this number, and how far it may lead, if that has a bound: what a name says may change after it was
    /// believed.
    pub(crate) fn at(&self, number: u16) -> Option<(&Url, Option<Reach>)> {
        let slot = self.slots.get(usize::from(number))?;
        let reach = match slot.state {
            State::Configured => None,
            State::Tried => Some(self.reach.max(reach_named(&slot.url))),
            State::New(_) => Some(self.reach),
        };
        Some((&slot.url, reach))
    }

    /// Whether the operator named this address.
    pub(crate) fn is_configured(&self, url: &Url) -> bool {
        self.slots[..self.configured].iter().any(|slot| slot.url == *url)
    }

    /// Takes the address that a peer claims for itself; `None` if it is none that this node dials.
    pub(crate) fn learn(&mut self, claim: &[u8], by: NodeId) -> Option<Learnt> {
        self.claim(std::str::from_utf8(claim).ok()?, Some(by), self.reach)
    }

    /// A peer proved itself behind this address: it is tried.
    pub(crate) fn prove(&mut self, url: &Url) {
        self.clock += 1;
        let now = self.clock;
        let Some(place) = self.slots.iter().position(|slot| slot.url == *url) else { return };
        match self.slots[place].state {
            State::Configured => return,
            State::Tried => {}
            State::New(_) => {
                let group = Group::of(url);
                let is_tried = |slot: &Slot| slot.state == State::Tried;
                let of_group =
                    |slot: &Slot| group.is_some() && is_tried(slot) && Group::of(&slot.url) == group;
                let victim = if self.count_of(of_group) >= GROUP_MAX {
                    self.oldest(of_group)
                } else if self.count_of(is_tried) >= self.room() - self.new_room() {
                    self.oldest(is_tried)
                } else {
                    None
                };
                // It may be claimed again, and prove itself.
                if let Some(victim) = victim {
                    self.slots[victim].state = State::New(None);
                }
                self.slots[place].state = State::Tried;
            }
        }
        self.slots[place].since = now;
    }

    fn claim(&mut self, text: &str, by: Option<NodeId>, reach: Reach) -> Option<Learnt> {
        let claim = claimed(text).filter(|claim| claim.reach <= reach)?;
        let url = claim.url;
        if self.own.as_ref() == Some(&url) {
            return None;
        }
        if let Some(known) = self.slots.iter().find(|slot| slot.url == url) {
            let is_tried = !matches!(known.state, State::New(_));
            return Some(Learnt { url, is_tried, instead_of: None });
        }
        self.clock += 1;
        let slot = Slot { url: url.clone(), state: State::New(by), since: self.clock };
        let instead_of = match self.place_for(&url, by)? {
            place if place == self.slots.len() => {
                self.slots.push(slot);
                None
            }
            place => Some(std::mem::replace(&mut self.slots[place], slot).url),
        };
        Some(Learnt { url, is_tried: false, instead_of })
    }

    /// Where a new address goes; `None` if there is no place for new ones.
    fn place_for(&self, url: &Url, by: Option<NodeId>) -> Option<usize> {
        let is_new = |slot: &Slot| matches!(slot.state, State::New(_));
        let own = |slot: &Slot| by.is_some() && slot.state == State::New(by);
        if let Some(place) = self.oldest(own) {
            return Some(place);
        }
        let group = Group::of(url);
        let of_group = |slot: &Slot| group.is_some() && is_new(slot) && Group::of(&slot.url) == group;
        if self.count_of(of_group) >= GROUP_MAX {
            return self.oldest(of_group);
        }
        let has_room = self.slots.len() < usize::from(limits::ADDRESSES_MAX);
        if has_room && self.count_of(is_new) < self.new_room() {
            return Some(self.slots.len());
        }
        self.oldest(is_new)
    }

    fn room(&self) -> usize {
        usize::from(limits::ADDRESSES_MAX) - self.configured
    }

    fn new_room(&self) -> usize {
        self.room().div_ceil(NEW_SHARE)
    }

    fn count_of(&self, is_so: impl Fn(&Slot) -> bool) -> usize {
        self.slots.iter().filter(|slot| is_so(slot)).count()
    }

    fn oldest(&self, is_so: impl Fn(&Slot) -> bool) -> Option<usize> {
        let places = self.slots.iter().enumerate().filter(|(_, slot)| is_so(slot));
        places.min_by_key(|(_, slot)| slot.since).map(|(place, _)| place)
    }

    fn is_known(&self, url: &Url) -> bool {
        self.own.as_ref() == Some(url) || self.slots.iter().any(|slot| slot.url == *url)
    }
}

/// Hosts that are likely to be one owner's: the /16 of an IPv4 address, the /32 of an IPv6 address, the last two words of
/// a name.
#[derive(PartialEq, Eq)]
enum Group {
    V4([u8; 2]),
    V6([u16; 2]),
    Name(String),
}

impl Group {
    /// `None` for hosts of this host or of a private network: those are counted by nobody.
    fn of(url: &Url) -> Option<Self> {
        claimed(url.as_str()).filter(|claim| claim.reach == Reach::Public)?;
        Some(match url.host()? {
            Host::Ipv4(address) => Self::of_address(address.into()),
            Host::Ipv6(address) => Self::of_address(address.into()),
            Host::Domain(name) => {
                let words: Vec<&str> = name.trim_end_matches('.').rsplit('.').take(2).collect();
                Self::Name(words.join("."))
            }
        })
    }

    fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4([address.octets()[0], address.octets()[1]]),
            IpAddr::V6(address) => Self::V6([address.segments()[0], address.segments()[1]]),
        }
    }
}

#[cfg(test)]
mod tests;
