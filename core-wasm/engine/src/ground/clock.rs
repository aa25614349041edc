//! What time it is: the shell's wall clock, compared with those of the linked peers.
//!
//! Each pong tells the sender's wall clock. With three of them or more their median counts instead of the own clock, which the owner
//! is told of. Every check of freshness stays on, whatever the clock says.

use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::Ground;
use crate::io::LinkId;
use crate::io::kinds::output;
use crate::list::List;
use crate::time::{Duration, Instant};

/// So many clocks are compared; of further links none is asked.
const CLOCKS_MAX: usize = 15;

/// The median of so many counts instead of the own clock: two liars more than honest ones would be needed to move it.
const CLOCKS_MIN: usize = 3;

/// The owner is told of a difference above this.
const OFF_S: u32 = 30;

/// After a dial that nobody answered perhaps everybody takes this node's offers for late: for so long they are good for so much
/// longer.
const DOUBT: Duration = Duration::from_ms(60_000);
const DOUBT_S: u32 = 3_600;

/// Clocks, each as seconds since 1970 when the shell's monotonic clock began.
#[derive(Default)]
pub(crate) struct Clock {
    own: Option<NonZeroU32>,
    /// Of linked peers, at most [`CLOCKS_MAX`].
    peers: Vec<(LinkId, u32)>,
    /// The median of the peers', where there are enough of them.
    agreed: Option<NonZeroU32>,
    told_s: i32,
    doubtful_until: Instant,
}

fn seconds(now: Instant) -> u32 {
    (now.0 / 1_000_000) as u32
}

/// The lower median.
fn median(clocks: &[(LinkId, u32)]) -> Option<u32> {
    let below = |clock: u32| clocks.iter().filter(|(_, other)| *other < clock).count();
    let not_above = |clock: u32| clocks.iter().filter(|(_, other)| *other <= clock).count();
    let middle = clocks.len().saturating_sub(1) / 2;
    let mut each = clocks.iter().map(|(_, clock)| *clock);
    each.find(|clock| below(*clock) <= middle && middle < not_above(*clock))
}

impl Ground {
    /// The shell told what time it is.
    pub(crate) fn set_wall(&mut self, seconds_since_1970: u64) {
        self.clock.own = NonZeroU32::new((seconds_since_1970 as u32).saturating_sub(seconds(self.now)));
        self.clock.doubtful_until = self.now;
        self.compare_clocks();
    }

    /// Seconds since 1970 by this node's own clock; 0 if it has none.
    pub(crate) fn own_wall_s(&self) -> u32 {
        self.clock.own.map_or(0, |clock| clock.get().wrapping_add(seconds(self.now)))
    }

    /// A peer told what time it is, in seconds since 1970; 0 if it does not know.
    pub(crate) fn hear_clock(&mut self, id: LinkId, wall_s: u32) {
        let links = &self.links;
        self.clock.peers.keep(|(link, _)| *link != id && links.ready(*link).is_some());
        if wall_s != 0 && self.clock.peers.len() < CLOCKS_MAX {
            self.clock.peers.push((id, wall_s.saturating_sub(seconds(self.now))));
        }
        self.compare_clocks();
    }

    fn compare_clocks(&mut self) {
        let theirs = median(&self.clock.peers);
        let is_enough = self.clock.peers.len() >= CLOCKS_MIN;
        self.clock.agreed = theirs.filter(|_| is_enough).and_then(NonZeroU32::new);
        if let (Some(own), Some(theirs)) = (self.clock.own, theirs) {
            let off_s = own.get().wrapping_sub(theirs) as i32;
            let off_s = if off_s.unsigned_abs() > OFF_S { off_s } else { 0 };
            let is_news = (off_s == 0) != (self.clock.told_s == 0);
            if is_news || off_s.wrapping_sub(self.clock.told_s).unsigned_abs() > OFF_S {
                self.clock.told_s = off_s;
                self.put_plain(output::CLOCK, 0, off_s as u32, &[]);
            }
        }
    }

    /// Seconds since 1970, as far as known.
    pub(crate) fn wall_s(&self) -> Option<NonZeroU32> {
        let clock = self.clock.agreed.or(self.clock.own)?;
        NonZeroU32::new(clock.get().wrapping_add(seconds(self.now)))
    }

    /// Milliseconds since 1970, as far as known.
    pub(crate) fn wall_ms(&self) -> Option<u64> {
        let clock = self.clock.agreed.or(self.clock.own)?;
        Some(u64::from(clock.get()) * 1_000 + self.now.0 / 1_000)
    }

    /// Nobody answered a dial.
    pub(crate) fn doubt_clock(&mut self) {
        self.clock.doubtful_until = self.now + DOUBT;
    }

    /// How much longer than usual what this node signs is good for.
    pub(crate) fn doubt_s(&self) -> u32 {
        let is_doubtful = self.clock.agreed.is_none() && self.now < self.clock.doubtful_until;
        if is_doubtful { DOUBT_S } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    //! The median counts, the owner hears of a difference, and doubt passes.

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
        assert_eq!(ground.wall_s().map(NonZeroU32::get), Some(NOW_S + 1));
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
        assert_eq!(ground.wall_s().map(NonZeroU32::get), Some(NOW_S));
    }

    #[test]
    fn peers_that_know_no_time_are_no_clocks() {
        let mut ground = ground(5);
        ground.set_wall(u64::from(NOW_S));
        hear(&mut ground, &[0; 5]);
        assert_eq!(ground.wall_s().map(NonZeroU32::get), Some(NOW_S));
        assert!(told(&mut ground).is_empty());
    }

    #[test]
    fn doubt_passes_and_changes_no_time() {
        let mut ground = ground(1);
        ground.set_wall(u64::from(NOW_S));
        ground.doubt_clock();
        assert_eq!((ground.doubt_s(), ground.wall_s().map(NonZeroU32::get)), (DOUBT_S, Some(NOW_S)));
        ground.now = ground.now + DOUBT;
        assert_eq!(ground.doubt_s(), 0);
    }
}
