//! How datagrams show on a reliable ordered channel.
//!
//! WebRTC's data channels run SCTP over DTLS over UDP (RFC 8831). A lost datagram is a delay for its message and for all
//! behind it: a retransmission time-out where little else is on its way (dcSCTP, Chromium's SCTP: at least 400 ms, 500 ms
//! at first, doubling), a round trip where enough follows to be missed by (fast retransmit, RFC 9260 §7.2.4). A
//! duplicate is thrown away and costs its bytes. One that was overtaken arrives a little later.
//!
//! Throughput of one link is bounded by loss and round trip (Mathis et al. 1997: MSS/RTT · 1.22/√p).
//!
//! Loss between homes: a few datagrams of a thousand (Sundaresan et al. 2011, "Broadband Internet Performance: A View
//! From the Gateway", median below 0.5 % on every technology).

use crate::dice::Dice;
use crate::time::MS;

/// Payload of one datagram: Chromium's SCTP packets are at most 1,191 bytes, of which 28 are SCTP's own.
pub const DATAGRAM: u32 = 1_163;

/// What one datagram costs beside its payload: IPv4 and UDP 28, a DTLS 1.2 record 37 (RFC 9147: 13 header, 8 nonce,
/// 16 tag), SCTP 12 and its DATA chunk 16 (RFC 9260). Acknowledgements (28 + 37 + 12 + 16) go for every second packet.
pub const OVERHEAD: u32 = 93;

/// See [`OVERHEAD`].
pub const ACKNOWLEDGEMENT: u32 = 93 / 2;

/// dcSCTP's `rto_min`.
const RTO_LEAST_US: u64 = 400 * MS;

/// Beyond this the loss lasts and the transport's own time-outs end the link.
const RETRIES_MAX: u32 = 6;

/// The knobs of every channel.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// Datagrams lost, of all.
    pub loss: f64,
    /// Datagrams overtaken by later ones, of all.
    pub reorder: f64,
    /// Datagrams that come twice, of all.
    pub duplicate: f64,
    /// Mean delay beyond the least, in microseconds.
    pub jitter_us: f64,
}

/// What happened to one packet on its way.
#[derive(Clone, Copy, Debug)]
pub struct Passage {
    /// From the last byte sent to the packet whole at the other end, in microseconds.
    pub travel_us: u64,
    /// Bytes beside the packet's own: headers, acknowledgements, what was sent again or came twice.
    pub extra: u32,
}

impl Channel {
    /// Sends a packet of `length` bytes over a path of this one-way delay.
    pub fn pass(&self, length: u32, one_way_us: u64, dice: &mut Dice) -> Passage {
        let datagrams = length.div_ceil(DATAGRAM).max(1);
        let unit = dice.unit();
        // Squaring leaves most packets near the least and some far from it, with the same mean.
        let mut travel_us = one_way_us + (3.0 * self.jitter_us * unit * unit) as u64;
        let mut extra = datagrams * (OVERHEAD + ACKNOWLEDGEMENT);
        let trouble = self.loss + self.reorder + self.duplicate;
        let is_clean = |unit: f64| unit > trouble * f64::from(datagrams);
        if trouble <= 0.0 || is_clean(dice.unit()) {
            return Passage { travel_us, extra };
        }
        // Rare: something happened to one of them; which kind is drawn by its share.
        let kind = dice.unit() * trouble;
        let size = (length / datagrams).min(DATAGRAM) + OVERHEAD;
        if kind <= self.loss {
            let followed_by = dice.below(u64::from(datagrams));
            let mut wait_us =
                if followed_by >= 4 { 2 * one_way_us } else { (3 * one_way_us).max(RTO_LEAST_US) };
            let mut retries = 1;
            while retries < RETRIES_MAX && dice.chance(self.loss) {
                retries += 1;
                wait_us += wait_us.max(RTO_LEAST_US) * 2;
            }
            travel_us += wait_us;
            extra += retries * size;
        } else if kind <= self.loss + self.reorder {
            travel_us += dice.below(30 * MS);
        } else {
            extra += size;
        }
        Passage { travel_us, extra }
    }

    /// Bytes a second that one link carries at most over this round trip.
    pub fn link_rate(&self, one_way_us: u64) -> u64 {
        if self.loss <= 0.0 {
            return u64::MAX;
        }
        let round_trip_s = 2.0 * one_way_us as f64 / 1e6;
        (f64::from(DATAGRAM) / round_trip_s * 1.22 / libm::sqrt(self.loss)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: Channel = Channel { loss: 0.0, reorder: 0.0, duplicate: 0.0, jitter_us: 0.0 };

    #[test]
    fn a_calm_path_takes_its_least_time_and_pays_headers_alone() {
        let passage = CALM.pass(2_000, 50 * MS, &mut Dice::new(1, 1));
        assert_eq!((passage.travel_us, passage.extra), (50 * MS, 2 * (OVERHEAD + ACKNOWLEDGEMENT)));
    }

    #[test]
    fn losses_come_as_often_as_said_and_wait_for_the_time_out() {
        let channel = Channel { loss: 0.01, ..CALM };
        let mut dice = Dice::new(2, 2);
        let late: Vec<u64> = (0..100_000)
            .map(|_| channel.pass(100, 20 * MS, &mut dice).travel_us)
            .filter(|travel| *travel > 20 * MS)
            .collect();
        assert!((900..1_100).contains(&late.len()), "{}", late.len());
        assert!(late.iter().all(|travel| *travel >= 420 * MS));
    }

    #[test]
    fn loss_bounds_what_a_long_link_carries() {
        let channel = Channel { loss: 0.002, ..CALM };
        let rate = channel.link_rate(50 * MS);
        assert!((250_000..400_000).contains(&rate), "{rate} bytes a second");
        assert!(channel.link_rate(10 * MS) > 4 * rate);
    }
}
