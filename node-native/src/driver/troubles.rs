//! What is wrong with the addresses that the operator named.

use url::Url;

/// Troubles that are remembered. Beyond it the one heard of longest ago is forgotten, and told again when it comes back.
const TROUBLES_MAX: usize = 256;

/// Each trouble is told once, and not at every try, until its address does again.
#[derive(Default)]
pub(super) struct Troubles {
    /// The latest last.
    known: Vec<(Url, String)>,
}

impl Troubles {
    /// Notes one; whether it is news.
    pub(super) fn note(&mut self, url: &Url, reason: &str) -> bool {
        let is_this = |(address, known): &(Url, String)| address == url && known == reason;
        let before = self.known.iter().position(is_this).map(|place| self.known.remove(place));
        if self.known.len() >= TROUBLES_MAX {
            self.known.remove(0);
        }
        self.known.push((url.clone(), reason.to_owned()));
        before.is_none()
    }

    /// The address does; whether it did not.
    pub(super) fn clear(&mut self, url: &Url) -> bool {
        let before = self.known.len();
        self.known.retain(|(address, _)| address != url);
        self.known.len() < before
    }

    /// Each address that does not do, and what was wrong with it last.
    pub(super) fn lines(&self) -> Vec<String> {
        let is_last = |place: usize, url: &Url| self.known[place + 1..].iter().all(|(later, _)| later != url);
        let last = self.known.iter().enumerate().filter(|(place, (url, _))| is_last(*place, url));
        last.map(|(_, (url, reason))| format!("{url}: {reason}")).collect()
    }
}

#[cfg(test)]
mod tests {
    //! What was told is not told again, until its address did.

    use super::*;

    #[test]
    fn a_trouble_is_news_once_until_its_address_does_again() {
        let urls = ["ws://a/", "ws://b/"].map(|url| Url::parse(url).expect("a URL"));
        let mut troubles = Troubles::default();
        assert!(troubles.note(&urls[0], "refused"));
        assert!(troubles.note(&urls[1], "refused"));
        assert!(troubles.note(&urls[0], "late"));
        for reason in ["refused", "late", "refused"] {
            assert!(!troubles.note(&urls[0], reason), "{reason}");
        }
        assert_eq!(troubles.lines(), ["ws://b/: refused", "ws://a/: refused"]);
        assert!(troubles.clear(&urls[0]));
        assert!(!troubles.clear(&urls[0]));
        assert_eq!(troubles.lines(), ["ws://b/: refused"]);
        assert!(troubles.note(&urls[0], "refused"));
    }

    #[test]
    fn troubles_are_bounded_and_the_oldest_goes() {
        let url = Url::parse("ws://a/").expect("a URL");
        let mut troubles = Troubles::default();
        for number in 0..=TROUBLES_MAX {
            assert!(troubles.note(&url, &number.to_string()));
        }
        assert_eq!(troubles.known.len(), TROUBLES_MAX);
        assert!(!troubles.note(&url, "1"));
        assert!(troubles.note(&url, "0"));
    }
}
