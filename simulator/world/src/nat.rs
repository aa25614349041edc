//! Who can connect to whom without a relay.
//!
//! Of WebRTC conferences 22 % needed a TURN relay somewhere (callstats.io, published by webrtcHacks 2016) and Twilio
//! plans with 15 %; hole punching between libp2p peers works for 70 % ± 7.1 % (Trautwein et al. 2022). Which pairs fail
//! follows from the kinds of NAT (RFC 4787 §4, §5; Ford, Srisuresh and Kegel 2005): one with endpoint-dependent mapping
//! ("symmetric") gets through only to an end that filters by nothing or by address alone, and who cannot send UDP at all
//! gets through to nobody. The shares below leave 19 % of pairs apart.

use crate::dice::Dice;

/// How a node's network treats UDP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nat {
    /// A public address, or a NAT that filters by nothing or by address alone.
    Open,
    /// One mapping for all, filtered by address and port.
    Restricted,
    /// Another mapping for every other end, filtered by address and port.
    Symmetric,
    /// No UDP.
    Blocked,
}

/// Of a hundred: open, restricted, symmetric; the rest is blocked.
const SHARES: [u64; 3] = [28, 58, 12];

impl Nat {
    /// One by chance.
    pub fn draw(dice: &mut Dice) -> Self {
        let [open, restricted, symmetric] = SHARES;
        match dice.below(100) {
            drawn if drawn < open => Self::Open,
            drawn if drawn < open + restricted => Self::Restricted,
            drawn if drawn < open + restricted + symmetric => Self::Symmetric,
            _ => Self::Blocked,
        }
    }

    /// Whether two ends behind such NATs can have a direct link.
    pub fn reaches(self, other: Self) -> bool {
        match (self, other) {
            (Self::Blocked, _) | (_, Self::Blocked) => false,
            (Self::Open, _) | (_, Self::Open) => true,
            (Self::Symmetric, _) | (_, Self::Symmetric) => false,
            (Self::Restricted, Self::Restricted) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_fifteen_and_twenty_pairs_of_a_hundred_fail() {
        let mut dice = Dice::new(3, 3);
        let nats: Vec<Nat> = (0..2_000).map(|_| Nat::draw(&mut dice)).collect();
        let pairs = nats.iter().flat_map(|one| nats.iter().map(move |other| one.reaches(*other)));
        let failing = pairs.filter(|reaches| !reaches).count() as f64 / 4e6;
        assert!((0.15..0.20).contains(&failing), "{failing}");
    }
}
