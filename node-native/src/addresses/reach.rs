//! Which of the addresses that others claim may be dialled. The browser keeps to the same table of examples,
//! `tests/vectors/addresses.json`.
//!
//! Whoever is linked may claim any address, and every node that hears of it may dial it. So a claim must be the address of a
//! WebSocket and nothing else: no path that means something to another service, no port on which others listen, and no host
//! inside a network that the claimant cannot see and this node can.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tabmesh_engine::limits;
use url::{Host, Url};

/// The one path that a claim may have beside `/`: where a gateway in front of a peer finds it.
const PATH: &str = "/peer";

/// Names that stand for hosts of the network around, or for none (RFC 2606, 6761, 6762, 7686, 8375).
const LOCAL_NAMES: [&str; 8] = ["local", "internal", "lan", "home", "home.arpa", "invalid", "test", "onion"];

/// From where an address is reached. A node follows claims as far as its own settings reach.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// From everywhere.
    Public,
    /// From within a network of one house, company or host of containers.
    Private,
    /// From this host.
    Loopback,
}

/// An address that may be dialled by whoever reaches as far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// As it is dialled.
    pub url: Url,
    /// From where it is reached, as far as its text tells: a name is looked at again when it is resolved.
    pub reach: Reach,
}

/// Reads an address that a peer claims for itself; `None` if it is none that anybody should dial.
pub fn claimed(text: &str) -> Option<Claim> {
    if text.len() > limits::ADDRESS_MAX {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_plain = matches!(url.scheme(), "ws" | "wss")
        && matches!(url.path(), "/" | PATH)
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let port = url.port_or_known_default()?;
    // Below 1,024 other services listen, some of which obey what a stranger writes into a handshake.
    let is_port = matches!(port, 80 | 443) || port >= 1024;
    let reach = reach_of_host(&url.host()?)?;
    (is_plain && is_port).then_some(Claim { url, reach })
}

/// From where a host is reached; `None` if from nowhere.
fn reach_of_host(host: &Host<&str>) -> Option<Reach> {
    match host {
        Host::Ipv4(address) => reach_of((*address).into()),
        Host::Ipv6(address) => reach_of((*address).into()),
        Host::Domain(name) => reach_of_name(name.trim_end_matches('.')),
    }
}

/// How far a node reaches that was told this address by its operator. Names tell nothing: in a network of containers they
/// are short.
pub fn reach_named(url: &Url) -> Reach {
    match url.host() {
        Some(Host::Domain(name)) if reach_of_name(name.trim_end_matches('.')) == Some(Reach::Loopback) => {
            Reach::Loopback
        }
        Some(Host::Domain(_)) | None => Reach::Public,
        Some(host) => reach_of_host(&host).unwrap_or(Reach::Public),
    }
}

fn reach_of_name(name: &str) -> Option<Reach> {
    let is_within =
        |top: &str| name.strip_suffix(top).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if is_within("localhost") {
        return Some(Reach::Loopback);
    }
    // A single word is a name that only the network around knows.
    let is_local = !name.contains('.') || LOCAL_NAMES.iter().any(|top| is_within(top));
    Some(if is_local { Reach::Private } else { Reach::Public })
}

/// From where an address is reached; `None` if nobody is there (wildcards, multicast, reserved and documentation blocks).
pub fn reach_of(address: IpAddr) -> Option<Reach> {
    match address {
        IpAddr::V4(address) => reach_of_v4(address),
        IpAddr::V6(address) => match v4_within(address) {
            Some(inner) => reach_of_v4(inner),
            None => reach_of_v6(address),
        },
    }
}

fn reach_of_v4(address: Ipv4Addr) -> Option<Reach> {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, ..) => Some(Reach::Loopback),
        // RFC 1918, link-local, shared behind a carrier's translation.
        (10, ..) | (172, 16..=31, _) | (192, 168, _) | (169, 254, _) | (100, 64..=127, _) => {
            Some(Reach::Private)
        }
        (0 | 224..=255, ..) | (192, 0, 0 | 2) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => None,
        _ => Some(Reach::Public),
    }
}

fn reach_of_v6(address: Ipv6Addr) -> Option<Reach> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Reach::Loopback),
        [0xfc00..=0xfdff | 0xfe80..=0xfebf, ..] => Some(Reach::Private),
        [0x2001, 0xdb8, ..] => None,
        // Of the rest only this block is given out (RFC 4291).
        [0x2000..=0x3fff, ..] => Some(Reach::Public),
        _ => None,
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (RFC 6052) or tunnelled (RFC 3056).
fn v4_within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
}

#[cfg(test)]
mod tests {
    //! The filter agrees with the table of examples that the browser has, too.

    use serde_json::Value;

    use super::*;

    #[test]
    fn every_example_is_judged_as_the_table_says() {
        let text = include_str!("../../../tests/vectors/addresses.json");
        let table: Value = serde_json::from_str(text).expect("JSON");
        let examples = table["addresses"].as_array().expect("a list");
        assert!(examples.len() > 60);
        for example in examples {
            let address = example["address"].as_str().expect("text");
            let reach = claimed(address).map(|claim| match claim.reach {
                Reach::Public => "public",
                Reach::Private => "private",
                Reach::Loopback => "loopback",
            });
            assert_eq!(reach, example["reach"].as_str(), "{address}: {}", example["why"]);
        }
    }
}
