//! How much one internet address may have: connections at once, and new ones a second.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::rate::{Rate, TokenBucket};

/// The bounds of one address, and of the table that counts them.
#[derive(Clone, Copy, Debug)]
pub struct AddressLimits {
    /// Connections at once.
    pub connections: usize,
    /// New connections.
    pub rate: Rate,
    /// Addresses remembered. At the bound those without a connection are forgotten, so it has to be above the number
    /// of connections that can exist at once; then there is always room.
    pub remembered: usize,
}

/// Why an address gets no further connection now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressRefusal {
    /// It has all the connections that it may have.
    TooMany,
    /// It opens them faster than it may.
    TooFast,
}

/// Counts the connections of every address.
#[derive(Debug)]
pub struct Addresses {
    limits: AddressLimits,
    table: Mutex<HashMap<IpAddr, Entry>>,
}

#[derive(Debug)]
struct Entry {
    connections: usize,
    bucket: TokenBucket,
}

/// One counted connection; dropping it gives the place back.
#[derive(Debug)]
pub struct AddressSeat {
    addresses: Arc<Addresses>,
    owner: IpAddr,
}

impl Addresses {
    /// No connection yet.
    #[must_use]
    pub fn new(limits: AddressLimits) -> Arc<Self> {
        Arc::new(Self { limits, table: Mutex::default() })
    }

    /// Counts one more connection from `address`.
    ///
    /// # Errors
    ///
    /// The address is at one of its bounds; nothing was counted.
    pub fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> Result<AddressSeat, AddressRefusal> {
        let owner = counted(address);
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= self.limits.remembered && !table.contains_key(&owner) {
            self.forget_idle(&mut table, now);
        }
        let rate = &self.limits.rate;
        let entry = table
            .entry(owner)
            .or_insert_with(|| Entry { connections: 0, bucket: TokenBucket::full(rate, now) });
        if entry.connections >= self.limits.connections {
            return Err(AddressRefusal::TooMany);
        }
        if !entry.bucket.take(rate, now) {
            return Err(AddressRefusal::TooFast);
        }
        entry.connections += 1;
        Ok(AddressSeat { addresses: Arc::clone(self), owner })
    }

    /// Makes room: first those whose rate is unused are forgotten, then, under attack, all without a connection.
    fn forget_idle(&self, table: &mut HashMap<IpAddr, Entry>, now: Instant) {
        table.retain(|_, entry| entry.connections > 0 || !entry.bucket.is_full(&self.limits.rate, now));
        if table.len() > self.limits.remembered / 4 * 3 {
            table.retain(|_, entry| entry.connections > 0);
        }
    }
}

impl Drop for AddressSeat {
    fn drop(&mut self) {
        let mut table = self.addresses.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = table.get_mut(&self.owner) {
            entry.connections = entry.connections.saturating_sub(1);
        }
    }
}

/// Whom an address counts for: an IPv4 address for itself, an IPv6 address for its /64, which one host has whole.
#[must_use]
pub fn counted(address: IpAddr) -> IpAddr {
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
    use std::time::Duration;

    use super::*;

    fn addresses(connections: usize, burst: u32, remembered: usize) -> Arc<Addresses> {
        let rate = Rate { per_second: 1.0, burst };
        Addresses::new(AddressLimits { connections, rate, remembered })
    }

    fn host(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn an_address_gets_its_places_and_gets_them_back() {
        let addresses = addresses(2, 100, 100);
        let now = Instant::now();
        let first = addresses.enter(host(1), now).unwrap();
        let _second = addresses.enter(host(1), now).unwrap();
        assert_eq!(addresses.enter(host(1), now).unwrap_err(), AddressRefusal::TooMany);
        assert!(addresses.enter(host(2), now).is_ok());
        drop(first);
        assert!(addresses.enter(host(1), now).is_ok());
    }

    #[test]
    fn an_address_that_hurries_has_to_wait() {
        let addresses = addresses(100, 2, 100);
        let now = Instant::now();
        for _ in 0..2 {
            drop(addresses.enter(host(1), now).unwrap());
        }
        assert_eq!(addresses.enter(host(1), now).unwrap_err(), AddressRefusal::TooFast);
        assert!(addresses.enter(host(1), now + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_together() {
        let addresses = addresses(1, 100, 100);
        let now = Instant::now();
        let _seat = addresses.enter("2001:db8:0:1::1".parse().unwrap(), now).unwrap();
        assert!(addresses.enter("2001:db8:0:1:ffff::9".parse().unwrap(), now).is_err());
        assert!(addresses.enter("2001:db8:0:2::1".parse().unwrap(), now).is_ok());
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_same_address() {
        let addresses = addresses(1, 100, 100);
        let now = Instant::now();
        let _seat = addresses.enter("192.0.2.7".parse().unwrap(), now).unwrap();
        assert!(addresses.enter("::ffff:192.0.2.7".parse().unwrap(), now).is_err());
    }

    #[test]
    fn the_table_keeps_its_bound_and_its_connections() {
        let addresses = addresses(1, 1, 8);
        let now = Instant::now();
        let kept: Vec<_> = (0..4).map(|number| addresses.enter(host(number), now).unwrap()).collect();
        for number in 100..1000 {
            drop(addresses.enter(host(number), now).unwrap());
            assert!(addresses.table.lock().unwrap().len() <= 8);
        }
        for number in 0..4 {
            assert_eq!(addresses.enter(host(number), now).unwrap_err(), AddressRefusal::TooMany);
        }
        drop(kept);
    }
}
