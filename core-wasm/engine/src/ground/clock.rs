//! What time it is: the shell's wall clock, compared with those of the linked peers.
//!
//! Each pong tells the sender's wall clock. With three of them or more their median counts instead of the own clock. The owner is told
//! where the two differ. Every check of freshness stays on, whatever the clock says.

use super::Ground;
use crate::io::LinkId;
use crate::io::kinds::output;
use crate::time::Duration;
use crate::wire::frame::Frame;

/// The median of so many counts instead of the own clock: as many liars as honest ones would be needed to move it.
const CLOCKS_MIN: usize = 3;

/// The owner is told of a difference above this.
const OFF_S: u32 = 30;

/// After a dial that nobody answered perhaps everybody takes this node's offers for late: for so long they never expire.
const DOUBT: Duration = Duration::from_ms(60_000);

impl Ground {
    fn uptime_s(&self) -> u32 {
        (self.now.0 / 1_000_000) as u32
    }

    /// The shell told what time it is.
    pub(crate) fn set_wall(&mut self, seconds_since_1970: u64) {
        self.clock.own_s = (seconds_since_1970 as u32).saturating_sub(self.uptime_s());
        self.clock.doubtful_until = self.now;
        self.compare_clocks();
    }

    /// Answers a ping, with what this node's own clock says.
    pub(crate) fn pong(&mut self, link: LinkId, number: u32) {
        let own_s = self.clock.own_s;
        let wall_s = if own_s == 0 { 0 } else { own_s.saturating_add(self.uptime_s()) };
        self.send(link, &Frame::Pong { number, at: self.at, wall_s });
    }

    /// A peer told what time it is, in seconds since 1970; 0 if it does not know.
    pub(crate) fn hear_clock(&mut self, link: LinkId, wall_s: u32) {
        let clock_s = wall_s.saturating_sub(self.uptime_s());
        if let Some(link) = self.links.get_mut(link) {
            link.clock_s = clock_s;
        }
        self.compare_clocks();
    }

    /// How many peers' clocks are below that, of those that have one.
    fn clocks_below(&self, clock_s: u32) -> usize {
        self.links.peers().filter(|link| link.clock_s != 0 && link.clock_s < clock_s).count()
    }

    fn compare_clocks(&mut self) {
        let (own_s, count) = (self.clock.own_s, self.clocks_below(u32::MAX));
        // The median, bit by bit: the highest number with less than half of the clocks below it.
        let mut median_s = 0;
        for bit in (0..32).rev() {
            let more = median_s | 1 << bit;
            if self.clocks_below(more) * 2 < count {
                median_s = more;
            }
        }
        self.clock.agreed_s = if count < CLOCKS_MIN { own_s } else { median_s };
        let off_s = own_s.wrapping_sub(median_s) as i32;
        let off_s = if off_s.unsigned_abs() > OFF_S { off_s } else { 0 };
        if own_s != 0 && count > 0 && off_s.abs_diff(self.clock.told_s) > OFF_S {
            self.clock.told_s = off_s;
            self.put_plain(output::CLOCK, 0, off_s as u32, &[]);
        }
    }

    /// Milliseconds since 1970; 0 if nobody told.
    pub(crate) fn wall_ms(&self) -> u64 {
        if self.clock.agreed_s == 0 { 0 } else { u64::from(self.clock.agreed_s) * 1_000 + self.now.0 / 1_000 }
    }

    /// Seconds since 1970; 0 if nobody told.
    pub(crate) fn wall_s(&self) -> u32 {
        (self.wall_ms() / 1_000) as u32
    }

    /// Nobody answered a dial.
    pub(crate) fn doubt_clock(&mut self) {
        self.clock.doubtful_until = self.now + DOUBT;
    }

    /// When something expires that this node signs now, in seconds since 1970; 0 for never.
    pub(crate) fn expiry_s(&self, after_s: u32) -> u32 {
        let (is_doubtful, wall_s) = (self.now < self.clock.doubtful_until, self.wall_s());
        if is_doubtful || wall_s == 0 { 0 } else { wall_s.saturating_add(after_s) }
    }
}

#[cfg(test)]
mod tests {
    //! The median counts, the owner hears of a difference, and doubt passes.

    use alloc::vec::Vec;

    use super::*;
    use crate::ground::testing::{ground, outputs};

    const NOW_S: u32 = 1_800_000_000;

    fn told(ground: &mut Ground) -> Vec<i32> {
        let outputs = outputs(ground);
        outputs.iter().filter(|flat| flat.kind == output::CLOCK).map(|flat| flat.value as i32).collect()
    }

    fn hear(ground: &mut Ground, clocks: &[u32]) {
        for (id, clock) in ground.links.numbers(&|_| true).into_iter().zip(clocks) {
            ground.hear_clock(id, *clock);
        }
    }

    #[test]
    fn a_wrong_clock_is_told_and_the_peers_median_counts() {
        let mut ground = ground(5);
        ground.set_wall(u64::from(NOW_S - 3_600));
        hear(&mut ground, &[NOW_S + 3, NOW_S, NOW_S + 90_000, NOW_S + 1, 5]);
        assert_eq!(ground.wall_s(), NOW_S + 1);
        let told = told(&mut ground);
        assert!(told.last().is_some_and(|off| (-3_610..=-3_590).contains(off)), "{told:?}");
        ground.set_wall(u64::from(NOW_S));
        assert_eq!(self::told(&mut ground), [0]);
    }

    #[test]
    fn two_peers_are_told_of_but_not_believed() {
        let mut ground = ground(2);
        ground.set_wall(u64::from(NOW_S));
        hear(&mut ground, &[NOW_S + 600, NOW_S + 600]);
        assert_eq!(told(&mut ground), [-600]);
        assert_eq!(ground.wall_s(), NOW_S);
    }

    #[test]
    fn peers_that_know_no_time_are_no_clocks() {
        let mut ground = ground(5);
        ground.set_wall(u64::from(NOW_S));
        hear(&mut ground, &[0; 5]);
        assert_eq!(ground.wall_s(), NOW_S);
        assert!(told(&mut ground).is_empty());
    }

    #[test]
    fn doubt_passes_and_changes_no_time() {
        let mut ground = ground(1);
        ground.set_wall(u64::from(NOW_S));
        ground.doubt_clock();
        assert_eq!((ground.expiry_s(60), ground.wall_s()), (0, NOW_S));
        ground.now = ground.now + DOUBT;
        assert_eq!(ground.expiry_s(60), ground.wall_s() + 60);
    }
}
