//! How often an address is asked whether somebody is there who wants to be linked.
//!
//! A description names up to eight addresses, and whoever wrote it may name those of others. ICE would try each of them a
//! hundred times. So until somebody asks back from an address, checks to it come ever more rarely; the checks of one connection, and
//! those to one host by all connections together, have a bound. An answer alone is no asking back: the servers of the
//! world answer, peers ask (RFC 8445 §7.3.1.4).

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::shares::host_of;

/// The second check comes so long after the first, each further one after twice as long: 7 within the five seconds for which ICE
/// tries.
const FIRST_GAP: Duration = Duration::from_millis(50);

/// The most checks of one connection that nobody asked for.
const OF_CONNECTION_MAX: u32 = 128;

/// The most such checks to one host within a window, by all connections.
const OF_HOST_MAX: u32 = 64;
const WINDOW: Duration = Duration::from_secs(10);

/// Hosts that are counted. At the bound the one counted for longest makes room.
const HOSTS_MAX: usize = 1024;

/// Addresses of one connection from which somebody asked. At the bound no further one is taken for one.
const ASKING_MAX: usize = 64;

/// Checks to hosts by all connections of a node.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    counts: Mutex<HashMap<IpAddr, Count>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    since: Instant,
    checks: u32,
}

impl Hosts {
    fn take(&self, host: IpAddr, now: Instant) -> bool {
        let mut counts = lock(&self.counts);
        if counts.len() >= HOSTS_MAX && !counts.contains_key(&host) {
            let oldest = counts.iter().min_by_key(|(_, count)| count.since).map(|(host, _)| *host);
            oldest.map(|host| counts.remove(&host));
        }
        let count = counts.entry(host).or_insert(Count { since: now, checks: 0 });
        if now.saturating_duration_since(count.since) >= WINDOW {
            *count = Count { since: now, checks: 0 };
        }
        count.checks += 1;
        count.checks <= OF_HOST_MAX
    }

    fn forgive(&self, host: IpAddr) {
        lock(&self.counts).remove(&host);
    }
}

/// The checks of one connection.
#[derive(Debug)]
pub(super) struct Checks {
    hosts: Arc<Hosts>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    left: u32,
    /// When the next check is due, by way; no more than there are checks.
    due: HashMap<(SocketAddr, SocketAddr), Due>,
    asking: HashSet<SocketAddr>,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    at: Instant,
    gap: Duration,
}

impl Checks {
    pub(super) fn new(hosts: Arc<Hosts>) -> Self {
        let state = State { left: OF_CONNECTION_MAX, due: HashMap::new(), asking: HashSet::new() };
        Self { hosts, state: Mutex::new(state) }
    }

    /// Whether a datagram goes out: anything but a check does, and a check that is due.
    pub(super) fn may_send(&self, from: SocketAddr, to: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        if !is_check(datagram) {
            return true;
        }
        let mut state = lock(&self.state);
        if state.asking.contains(&to) {
            return true;
        }
        let due = state.due.get(&(from, to)).copied().unwrap_or(Due { at: now, gap: FIRST_GAP });
        if state.left == 0 || now < due.at || !self.hosts.take(host_of(to.ip()), now) {
            return false;
        }
        state.left -= 1;
        state.due.insert((from, to), Due { at: now + due.gap, gap: 2 * due.gap });
        true
    }

    /// A datagram came: whoever checks this node may be checked.
    pub(super) fn on_received(&self, from: SocketAddr, datagram: &[u8]) {
        if !is_check(datagram) {
            return;
        }
        let mut state = lock(&self.state);
        if state.asking.len() < ASKING_MAX && state.asking.insert(from) {
            self.hosts.forgive(host_of(from.ip()));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A STUN binding request with a user name, as ICE checks have and questions to STUN servers have not (RFC 8489 §5, §14.3).
fn is_check(datagram: &[u8]) -> bool {
    const REQUEST: [u8; 2] = [0, 1];
    const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
    const USERNAME: [u8; 2] = [0, 6];
    let Some((head, mut attributes)) = datagram.split_at_checked(20) else { return false };
    if head[..2] != REQUEST || head[4..8] != COOKIE {
        return false;
    }
    while let Some((kind, rest)) = attributes.split_first_chunk::<4>() {
        if kind[..2] == USERNAME {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([kind[2], kind[3]])).next_multiple_of(4);
        let Some(rest) = rest.get(length..) else { return false };
        attributes = rest;
    }
    false
}

#[cfg(test)]
mod tests {
    //! Checks to addresses that say nothing become rare and end; whoever asks back is checked as ICE likes.

    use super::*;

    fn check() -> Vec<u8> {
        let mut bytes = vec![0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42];
        bytes.extend([7; 12]);
        bytes.extend([0, 6, 0, 3, b'a', b':', b'b', 0]);
        bytes
    }

    fn address(host: u8, port: u16) -> SocketAddr {
        ([192, 0, 2, host], port).into()
    }

    /// As ICE tries: every 50 ms for five seconds.
    fn sent(checks: &Checks, to: &[SocketAddr], begin: Instant) -> usize {
        let tries = (0..100).flat_map(|number| to.iter().map(move |to| (number, *to)));
        tries
            .filter(|(number, to)| {
                checks.may_send(address(200, 1), *to, &check(), begin + *number * Duration::from_millis(50))
            })
            .count()
    }

    #[test]
    fn eight_silent_addresses_get_seven_checks_each() {
        let checks = Checks::new(Arc::default());
        let addresses: Vec<SocketAddr> = (0..8).map(|host| address(host, 9)).collect();
        assert_eq!(sent(&checks, &addresses, Instant::now()), 8 * 7);
    }

    #[test]
    fn one_host_gets_no_more_however_many_offers_and_ports_name_it() {
        let hosts = Arc::<Hosts>::default();
        let begin = Instant::now();
        let addresses: Vec<SocketAddr> = (1..=8).map(|port| address(1, port)).collect();
        let total: usize = (0..20).map(|_| sent(&Checks::new(hosts.clone()), &addresses, begin)).sum();
        assert_eq!(total, OF_HOST_MAX as usize);
        assert!(sent(&Checks::new(hosts), &addresses, begin + WINDOW) > 0, "the next window is a new one");
    }

    #[test]
    fn whoever_asks_back_is_checked_and_whoever_only_answers_is_not() {
        let checks = Checks::new(Arc::default());
        let (to, begin) = (address(1, 9), Instant::now());
        let mut answer = check();
        answer[0] = 1;
        checks.on_received(to, &answer);
        assert_eq!(sent(&checks, &[to], begin), 7);
        checks.on_received(to, &check());
        assert_eq!(sent(&checks, &[to], begin), 100);
    }

    #[test]
    fn what_is_no_check_goes_out() {
        let checks = Checks::new(Arc::default());
        let (from, to, now) = (address(200, 1), address(1, 9), Instant::now());
        let mut question = check();
        question.truncate(20);
        for datagram in [&question[..], b"", b"DTLS", &[22; 100]] {
            assert!((0..1000).all(|_| checks.may_send(from, to, datagram, now)));
        }
    }

    #[test]
    fn the_table_of_hosts_keeps_its_bound() {
        let hosts = Hosts::default();
        let now = Instant::now();
        for number in 0..3 * HOSTS_MAX as u32 {
            hosts.take(IpAddr::V4(number.into()), now);
        }
        assert_eq!(lock(&hosts.counts).len(), HOSTS_MAX);
    }
}
