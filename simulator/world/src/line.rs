//! What one end of a link sends: when it has left, when it arrives, and when the shell tells its engine how much waits. Links are
//! ordered, so nothing arrives before what was sent before it.

use tabmesh_engine::limits::{DRAINED, DRAINED_STEP};

use crate::time::SECOND;

/// Up to one datagram a packet does not wait for its share of the line.
pub const SHORT: u32 = 1_200;

/// The sending side of one end.
#[derive(Clone, Copy, Default, Debug)]
pub struct Line {
    /// When the last byte given to it has left the node.
    pub free_at: u64,
    /// When the last packet arrives at the other end: none behind it comes before.
    pub arrives: u64,
    /// Bytes a second that the last packet was given.
    rate: u64,
    /// Bytes sent since the engine was told last how much waits.
    unreported: u32,
    /// Whether the engine is going to be told.
    is_drain_due: bool,
}

/// What becomes of one packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// When its last byte has left.
    pub departs: u64,
    /// When it is whole at the other end.
    pub arrives: u64,
    /// When to ask [`Line::drained`], if that is due.
    pub drained_at: Option<u64>,
}

impl Line {
    /// Sends a packet at `now`, at so many bytes a second, over a path that takes so long.
    pub fn send(&mut self, now: u64, length: u32, rate: u64, travel_us: u64) -> Sent {
        let departs = self.free_at.max(now) + u64::from(length) * SECOND / rate;
        let arrives = (departs + travel_us).max(self.arrives + 1);
        (self.free_at, self.arrives, self.rate) = (departs, arrives, rate);
        self.unreported = self.unreported.saturating_add(length);
        let is_due = self.unreported >= DRAINED_STEP && !self.is_drain_due;
        self.is_drain_due |= is_due;
        let mark = departs.saturating_sub(u64::from(DRAINED) * SECOND / rate);
        Sent { departs, arrives, drained_at: is_due.then(|| mark.max(now + 1)) }
    }

    /// How much waits, which the engine is to be told now; where it is above the mark still, when to ask again.
    pub fn drained(&mut self, now: u64) -> Result<u32, u64> {
        let waits = self.free_at.saturating_sub(now);
        let queued = (u128::from(waits) * u128::from(self.rate) / u128::from(SECOND)) as u32;
        if queued >= DRAINED {
            let later = self.free_at.saturating_sub(u64::from(DRAINED) * SECOND / self.rate.max(1));
            return Err(later.max(now + 1_000));
        }
        self.is_drain_due = false;
        self.unreported = 0;
        Ok(queued)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MS;

    const RATE: u64 = 1_000_000;

    #[test]
    fn packets_leave_one_after_another_and_none_overtakes() {
        let mut line = Line::default();
        let sent = line.send(5, 1_000, RATE, 90 * MS);
        assert_eq!((sent.departs, sent.arrives), (5 + MS, 5 + 91 * MS));
        let sent = line.send(5, 1_000, RATE, 10 * MS);
        assert_eq!((sent.departs, sent.arrives), (5 + 2 * MS, 5 + 91 * MS + 1));
    }

    #[test]
    fn what_waits_is_told_once_it_is_below_the_mark_and_every_so_many_bytes() {
        let mut line = Line::default();
        let due: Vec<u64> =
            (0..20).filter_map(|_| line.send(0, DRAINED_STEP / 2, RATE, MS).drained_at).collect();
        assert_eq!(due.len(), 1, "until it is told");
        let mut at = due[0];
        let queued = loop {
            match line.drained(at) {
                Ok(queued) => break queued,
                Err(later) => {
                    assert!(later > at);
                    at = later;
                }
            }
        };
        assert!(queued < DRAINED && queued + 2 * RATE as u32 / 1_000 > DRAINED, "{queued}");
        assert!(line.send(at, DRAINED_STEP - 1, RATE, MS).drained_at.is_none());
        assert!(line.send(at, 1, RATE, MS).drained_at.is_some());
    }
}
