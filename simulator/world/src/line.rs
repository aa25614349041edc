//! What one end of a link sends: when it has left, when it arrives, and when the shell tells its engine how much waits. Links are
//! ordered, so nothing arrives before what was sent before it.

use tabmesh_engine::limits::DRAINED_STEP;

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
    /// Bytes a second at which what waits leaves: what the last long packet was given, or the first behind nothing.
    rate: u64,
    /// What the engine takes for waiting: what did when it was told last, and what was sent since.
    believed: u32,
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

/// What the shell does about what waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drained {
    /// How much does: the engine is told, where a step of it has left.
    pub told: Option<u32>,
    /// When to ask [`Line::drained`] again, if that is due.
    pub again_at: Option<u64>,
}

impl Line {
    /// Sends a packet at `now`, at so many bytes a second, over a path that takes so long.
    pub fn send(&mut self, now: u64, length: u32, rate: u64, travel_us: u64) -> Sent {
        if length > SHORT || self.free_at <= now {
            self.rate = rate;
        }
        let departs = self.free_at.max(now) + u64::from(length) * SECOND / rate;
        let arrives = (departs + travel_us).max(self.arrives + 1);
        (self.free_at, self.arrives) = (departs, arrives);
        self.believed = self.believed.saturating_add(length);
        let is_due = self.believed >= DRAINED_STEP && !self.is_drain_due;
        self.is_drain_due |= is_due;
        Sent { departs, arrives, drained_at: is_due.then(|| self.step_left_at().max(now + 1)) }
    }

    /// When so much of what the engine takes for waiting has left that it is to be told.
    fn step_left_at(&self) -> u64 {
        let rest = u64::from(self.believed.saturating_sub(DRAINED_STEP));
        self.free_at.saturating_sub(rest * SECOND / self.rate.max(1))
    }

    /// What to tell the engine at `now`.
    pub fn drained(&mut self, now: u64) -> Drained {
        let waits = self.free_at.saturating_sub(now);
        let queued = (u128::from(waits) * u128::from(self.rate) / u128::from(SECOND)) as u32;
        let told = (self.believed >= queued.saturating_add(DRAINED_STEP)).then_some(queued);
        self.believed = told.unwrap_or(self.believed);
        self.is_drain_due = self.believed >= DRAINED_STEP;
        let again_at = self.is_drain_due.then(|| self.step_left_at().max(now + 1_000));
        Drained { told, again_at }
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
    fn what_waits_is_told_once_a_step_of_it_has_left() {
        let mut line = Line::default();
        let due: Vec<u64> =
            (0..20).filter_map(|_| line.send(0, DRAINED_STEP / 2, RATE, MS).drained_at).collect();
        assert_eq!(due.len(), 1, "until it is told");
        let (mut at, mut told) = (due[0], Vec::new());
        loop {
            let drained = line.drained(at);
            told.extend(drained.told);
            let Some(again_at) = drained.again_at else { break };
            assert!(again_at > at);
            at = again_at;
        }
        let late = 2 * RATE as u32 / 1_000;
        let mut waits = 10 * DRAINED_STEP;
        for queued in &told {
            assert!((DRAINED_STEP..=DRAINED_STEP + late).contains(&(waits - queued)), "{told:?}");
            waits = *queued;
        }
        assert!(waits < DRAINED_STEP, "{told:?}");
        assert!(line.send(at + SECOND, DRAINED_STEP - 1 - waits, RATE, MS).drained_at.is_none());
        assert!(line.send(at + SECOND, 1, RATE, MS).drained_at.is_some());
    }
}
