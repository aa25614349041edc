//! Places for connections, of which nobody has more than a share.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// At most `places` places at once, and `share` of them for one owner. At a bound the newcomer gets none.
#[derive(Debug)]
pub(crate) struct Shares<K: Copy + Eq + Hash> {
    places: usize,
    share: usize,
    /// Places by owner; only of those who have some, so no more entries than places.
    taken: Mutex<HashMap<K, usize>>,
}

/// A place; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Place<K: Copy + Eq + Hash> {
    shares: Arc<Shares<K>>,
    owner: K,
}

impl<K: Copy + Eq + Hash> Shares<K> {
    pub(crate) fn new(places: usize, share: usize) -> Arc<Self> {
        Arc::new(Self { places, share, taken: Mutex::default() })
    }

    /// A place for `owner`, if there is one.
    pub(crate) fn enter(self: &Arc<Self>, owner: K) -> Option<Place<K>> {
        let mut taken = self.taken();
        let own = taken.get(&owner).copied().unwrap_or(0);
        if own >= self.share || taken.values().sum::<usize>() >= self.places {
            return None;
        }
        taken.insert(owner, own + 1);
        Some(Place { shares: self.clone(), owner })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        if let Some(own) = taken.get_mut(&self.owner) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.owner);
            }
        }
    }
}

/// Whom an address counts for: an IPv4 address for itself, an IPv6 address for its /64, which one host has whole.
pub(crate) fn host_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    //! One owner leaves room for others, and places come back.

    use super::*;

    #[test]
    fn nobody_has_more_than_a_share_and_all_together_no_more_than_there_is() {
        let shares = Shares::new(5, 3);
        let mut first: Vec<_> = (0..9).filter_map(|_| shares.enter(1)).collect();
        assert_eq!(first.len(), 3);
        let second: Vec<_> = (0..9).filter_map(|_| shares.enter(2)).collect();
        assert_eq!(second.len(), 2);
        assert!(shares.enter(3).is_none());
        first.pop();
        assert!(shares.enter(3).is_some());
        drop((first, second));
        assert!(shares.taken().is_empty());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_host_and_mapped_ones_are_ipv4() {
        let host = |text: &str| host_of(text.parse().expect("an address"));
        assert_eq!(host("2001:db8:0:1::1"), host("2001:db8:0:1:ffff::9"));
        assert_ne!(host("2001:db8:0:1::1"), host("2001:db8:0:2::1"));
        assert_eq!(host("::ffff:192.0.2.7"), host("192.0.2.7"));
        assert_ne!(host("192.0.2.7"), host("192.0.2.8"));
    }
}
