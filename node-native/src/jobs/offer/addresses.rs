//! Where requesters come from: ids cost nothing, so those of one address have one share together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tabmesh_engine::{NodeId, sha256};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::driver::Handle;

/// How often links are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Ids that came from one address; 0 where none is known any more.
pub(in crate::jobs) struct Told {
    pub(in crate::jobs) address: u64,
    pub(in crate::jobs) ids: Vec<NodeId>,
}

/// Tells where linked nodes come from, as that changes, until nobody hears it. A relayed link, and one over a WebSocket, which may have come
/// through a proxy, comes from nowhere.
pub(in crate::jobs) async fn tell(handle: Handle, told: mpsc::UnboundedSender<Told>) {
    let mut known = HashMap::new();
    while let Some(view) = handle.look().await {
        for news in changes(&mut known, view.from.iter().map(|(id, ip)| (*id, network_of(*ip)))) {
            if told.send(news).is_err() {
                return;
            }
        }
        sleep(LOOK).await;
        if told.is_closed() {
            return;
        }
    }
}

fn changes(known: &mut HashMap<NodeId, u64>, now: impl Iterator<Item = (NodeId, u64)>) -> Vec<Told> {
    let now: HashMap<NodeId, u64> = now.collect();
    let mut news: HashMap<u64, Vec<NodeId>> = HashMap::new();
    for (id, address) in &now {
        if known.get(id) != Some(address) {
            news.entry(*address).or_default().push(*id);
        }
    }
    *known = now;
    news.into_iter().map(|(address, ids)| Told { address, ids }).collect()
}

/// A number for the /24 or /56 of an address, which one owner may have whole.
fn network_of(address: IpAddr) -> u64 {
    let hash = match address.to_canonical() {
        IpAddr::V4(address) => sha256(&address.octets()[..3]),
        IpAddr::V6(address) => sha256(&address.octets()[..7]),
    };
    u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]).max(1)
}

#[cfg(test)]
mod tests {
    //! Addresses of one network are one, and each is told once.

    use super::*;

    fn network(text: &str) -> u64 {
        network_of(text.parse().expect("an address"))
    }

    #[test]
    fn i22_addresses_of_one_network_are_one() {
        assert_eq!(network("192.0.2.7"), network("192.0.2.200"));
        assert_ne!(network("192.0.2.7"), network("192.0.3.7"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:ff::1"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:100::1"));
    }

    #[test]
    fn what_has_not_changed_is_not_told_again() {
        let mut known = HashMap::new();
        let [one, two] = [1, 2].map(|byte| NodeId([byte; 32]));
        let both = [(one, 7), (two, 7)];
        let told = changes(&mut known, both.into_iter());
        assert_eq!((told.len(), told[0].address, told[0].ids.len()), (1, 7, 2));
        assert!(changes(&mut known, both.into_iter()).is_empty());
        let told = changes(&mut known, [(one, 7), (two, 8)].into_iter());
        assert_eq!((told.len(), told[0].address, told[0].ids.clone()), (1, 8, vec![two]));
    }
}
