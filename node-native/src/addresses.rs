//! The WebSocket addresses that the engine dials by number: configured ones, and those of peers met before.

use tabmesh_engine::limits;
use url::Url;

use crate::settings::socket_url;

/// Numbered addresses, at most [`limits::ADDRESSES_MAX`]. A number stays valid; at the bound a learnt address takes
/// the place of the one learnt first, never of a configured one.
#[derive(Debug)]
pub(crate) struct Addresses {
    known: Vec<Url>,
    configured: usize,
    oldest: usize,
    own: Option<Url>,
}

impl Addresses {
    /// The configured ones first, then the remembered ones, each once; never this node's `own`.
    pub(crate) fn new(configured: &[Url], remembered: Vec<Url>, own: Option<Url>) -> Self {
        let mut addresses = Self { known: Vec::new(), configured: 0, oldest: 0, own };
        for url in configured {
            addresses.add(url.clone());
        }
        addresses.configured = addresses.known.len();
        for url in remembered {
            addresses.add(url);
        }
        addresses.oldest = addresses.configured;
        addresses
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u16 {
        // Bounded by ADDRESSES_MAX.
        self.known.len() as u16
    }

    /// The address of this number.
    pub(crate) fn at(&self, number: u16) -> Option<&Url> {
        self.known.get(usize::from(number))
    }

    /// Takes the address that a peer claims for itself; the URL if it is one and not this node's own.
    pub(crate) fn learn(&mut self, claimed: &[u8]) -> Option<Url> {
        let url = socket_url(std::str::from_utf8(claimed).ok()?)?;
        if self.own.as_ref() == Some(&url) {
            return None;
        }
        if !self.known.contains(&url) && !self.add(url.clone()) {
            let place = self.oldest;
            *self.known.get_mut(place)? = url.clone();
            self.oldest = if place + 1 < self.known.len() { place + 1 } else { self.configured };
        }
        Some(url)
    }

    fn add(&mut self, url: Url) -> bool {
        let has_room = self.known.len() < usize::from(limits::ADDRESSES_MAX);
        let is_new = has_room && !self.is_known(&url);
        if is_new {
            self.known.push(url);
        }
        is_new
    }

    fn is_known(&self, url: &Url) -> bool {
        self.own.as_ref() == Some(url) || self.known.contains(url)
    }
}

#[cfg(test)]
mod tests {
    //! Addresses keep their numbers, stay within the bound, and are checked.

    use super::*;

    fn url(number: usize) -> Url {
        Url::parse(&format!("ws://10.0.0.1:{number}/")).expect("a URL")
    }

    #[test]
    fn each_address_is_there_once_and_the_own_one_never() {
        let mut addresses = Addresses::new(&[url(1), url(1)], vec![url(1), url(2), url(9)], Some(url(9)));
        assert_eq!(addresses.count(), 2);
        assert_eq!(addresses.learn(url(9).as_str().as_bytes()), None);
        assert_eq!(addresses.learn(b"http://10.0.0.1"), None);
        assert_eq!(addresses.learn(b"\xff\xff"), None);
        assert_eq!(addresses.learn(url(2).as_str().as_bytes()), Some(url(2)));
        assert_eq!(addresses.count(), 2);
        assert_eq!(addresses.learn(url(3).as_str().as_bytes()), Some(url(3)));
        assert_eq!(addresses.at(2), Some(&url(3)));
        assert_eq!(addresses.at(3), None);
    }

    #[test]
    fn at_the_bound_the_one_learnt_first_goes_and_configured_ones_stay() {
        let most = usize::from(limits::ADDRESSES_MAX);
        let mut addresses = Addresses::new(&[url(1), url(2)], Vec::new(), None);
        for number in 3..=most + 3 {
            assert!(addresses.learn(url(number).as_str().as_bytes()).is_some());
        }
        assert_eq!(usize::from(addresses.count()), most);
        assert_eq!(addresses.at(0), Some(&url(1)));
        assert_eq!(addresses.at(1), Some(&url(2)));
        assert_eq!(addresses.at(2), Some(&url(most + 1)));
        assert_eq!(addresses.at(3), Some(&url(most + 2)));
        assert_eq!(addresses.at(4), Some(&url(most + 3)));
        assert_eq!(addresses.at(5), Some(&url(6)));
    }

    #[test]
    fn with_only_configured_addresses_at_the_bound_nothing_is_learnt() {
        let configured: Vec<Url> = (0..usize::from(limits::ADDRESSES_MAX)).map(url).collect();
        let mut addresses = Addresses::new(&configured, Vec::new(), None);
        assert_eq!(addresses.learn(url(1000).as_str().as_bytes()), None);
        assert_eq!(addresses.at(0), Some(&url(0)));
    }
}
