//! What is wrong with the addresses that the operator named.

use url::Url;

/// Troubles that are remembered. Beyond it the one heard of longest ago is forgotten, and told again when it comes back.
const TROUBLES_MAX: usize = 256;

/// Reasons that are told of one address until it does again: who answers there words them, and may word each one anew.
const REASONS_MAX: usize = 8;

/// Of a reason so many characters are kept: a certificate names as many hosts as it likes.
const REASON_MAX: usize = 400;

/// Each trouble is told once, and not at every try, until its address does again.
#[derive(Default)]
pub(super) struct Troubles {
    /// The latest last.
    known: Vec<(Url, String)>,
}

impl Troubles {
    /// Notes one; whether it is to be told.
    pub(super) fn note(&mut self, url: &Url, reason: &str) -> bool {
        let reason: String = reason.chars().take(REASON_MAX).collect();
        let is_there = |(address, _): &(Url, String)| address == url;
        let is_this = |trouble: &(Url, String)| is_there(trouble) && trouble.1 == reason;
        let is_known = self.known.iter().any(is_this);
        let is_full = self.known.iter().filter(|trouble| is_there(trouble)).count() >= REASONS_MAX;
        let gives_way = match (is_known, is_full) {
            (true, _) => self.known.iter().position(is_this),
            (false, true) => self.known.iter().position(is_there),
            (false, false) => (self.known.len() >= TROUBLES_MAX).then_some(0),
        };
        if let Some(place) = gives_way {
            self.known.remove(place);
        }
        self.known.push((url.clone(), reason));
        !is_known && !is_full
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
        let url = |number: usize| Url::parse(&format!("ws://a{number}/")).expect("a URL");
        let mut troubles = Troubles::default();
        for number in 0..=TROUBLES_MAX {
            assert!(troubles.note(&url(number), "refused"));
        }
        assert_eq!(troubles.known.len(), TROUBLES_MAX);
        assert!(!troubles.note(&url(1), "refused"));
        assert!(troubles.note(&url(0), "refused"));
    }

    #[test]
    fn an_address_that_words_each_trouble_anew_is_told_so_often_and_takes_nobodys_place() {
        let urls = ["ws://bad/", "ws://good/"].map(|url| Url::parse(url).expect("a URL"));
        let mut troubles = Troubles::default();
        assert!(troubles.note(&urls[1], "refused"));
        let long = "x".repeat(100_000);
        let told = (0..1_000).filter(|number| troubles.note(&urls[0], &format!("{number} {long}"))).count();
        assert_eq!(told, REASONS_MAX);
        assert!(!troubles.note(&urls[1], "refused"), "what others say makes nobody tell this again");
        let lines = troubles.lines();
        assert!(
            lines[0].starts_with("ws://bad/: 999 ") && lines[0].len() < 2 * REASON_MAX,
            "the last, and cut"
        );
        assert!(troubles.clear(&urls[0]) && troubles.note(&urls[0], "refused"));
    }
}
