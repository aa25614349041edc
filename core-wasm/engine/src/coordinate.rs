//! Where a node stands among the others, so that round trips are known before anybody measures them.
//!
//! Vivaldi with two dimensions and a height (Dabek et al., "Vivaldi: A Decentralized Network Coordinate System", SIGCOMM 2004), in
//! integers. Coordinates are as their owners tell: a false one makes others choose a slower link, and no more than that.

use tabmesh_port::{Reader, Writer};

use crate::rng::Rng;

/// Microseconds of a unit of length.
const UNIT_US: u32 = 100;

/// No coordinate lies further out, so that squares fit: 1.6 s.
const EDGE: i32 = 16_383;

/// An error of 1.
const ONE: i32 = 256;

/// One in so many of a difference is made up for with each sample: Vivaldi's two constants.
const DAMPING: i32 = 4;

/// No sample moves a node further.
const STEP_MAX: i32 = 250;

/// The square root, rounded down. That of the library takes a table of half a kilobyte.
fn root(square: u32) -> u32 {
    let mut root = 0;
    for bit in (0..16).rev() {
        let more = root | 1 << bit;
        if more * more <= square {
            root = more;
        }
    }
    root
}

/// One of them: two dimensions and a height, in tenths of a millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coordinate {
    x: i16,
    y: i16,
    /// What every way to the node takes: its last mile.
    height: u16,
    /// How far round trips are off what follows from it, in parts of [`ONE`]; [`ONE`] or more says nothing.
    error: u16,
}

impl Default for Coordinate {
    fn default() -> Self {
        Self { x: 0, y: 0, height: 0, error: ONE as u16 }
    }
}

impl Coordinate {
    /// How many bytes it takes.
    pub const BYTES: usize = 8;

    /// Of its four words; `None` if it lies beyond all bounds.
    pub fn new([x, y, height, error]: [u16; 4]) -> Option<Self> {
        let is_within = |at: u16| at.wrapping_add(EDGE as u16) <= 2 * EDGE as u16;
        (is_within(x) && is_within(y) && height <= EDGE as u16 && error <= ONE as u16).then_some(Self {
            x: x as i16,
            y: y as i16,
            height,
            error,
        })
    }

    /// As [`Coordinate::new`] takes them.
    pub fn words(&self) -> [u16; 4] {
        [self.x as u16, self.y as u16, self.height, self.error]
    }

    /// The next eight bytes; `None` if it lies beyond all bounds.
    #[inline(never)]
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Self::new([reader.u16(), reader.u16(), reader.u16(), reader.u16()])
    }

    /// Appends its eight bytes.
    #[inline(never)]
    pub fn emit(&self, writer: &mut Writer) {
        self.words().iter().for_each(|word| _ = writer.u16(*word));
    }

    /// The round trip to `other` in microseconds; `None` while either hardly knows where it stands.
    pub(crate) fn rtt_us(&self, other: &Self) -> Option<u32> {
        let is_known = i32::from(self.error.max(other.error)) < ONE / 2;
        let (dx, dy) = self.to(other);
        is_known.then(|| self.length(other, dx, dy) as u32 * UNIT_US)
    }

    /// From there to here.
    fn to(&self, other: &Self) -> (i32, i32) {
        (i32::from(self.x) - i32::from(other.x), i32::from(self.y) - i32::from(other.y))
    }

    #[inline(never)]
    fn length(&self, other: &Self, dx: i32, dy: i32) -> i32 {
        root((dx * dx + dy * dy) as u32) as i32 + i32::from(self.height) + i32::from(other.height)
    }

    /// A round trip of `rtt_us` to a node at `other` was measured: moves a little to where that fits better.
    pub(crate) fn sample(&mut self, other: &Self, rtt_us: u32, rng: &mut Rng) {
        let rtt = (rtt_us / UNIT_US).clamp(1, EDGE as u32) as i32;
        let (mut dx, mut dy) = self.to(other);
        if dx == 0 && dy == 0 {
            // Both stand at the same place: apart, in any direction.
            (dx, dy) = (rng.below(200) as i32 - 100, rng.below(200) as i32 - 100);
        }
        let length = self.length(other, dx, dy).max(1);
        let error = i32::from(self.error);
        // Who knows well where it stands is hardly moved by one who does not.
        let weight = error * ONE / (error + i32::from(other.error)).max(1);
        let off = ((length - rtt).abs() * ONE / rtt).min(ONE);
        let share = |of: i32| of * weight / (ONE * DAMPING);
        self.error = (error + share(off - error)).clamp(1, ONE) as u16;
        let step = share(rtt - length).clamp(-STEP_MAX, STEP_MAX);
        let moved = |at: i16, by: i32| (i32::from(at) + step * by / length).clamp(-EDGE, EDGE) as i16;
        (self.x, self.y) = (moved(self.x, dx), moved(self.y, dy));
        let heights = i32::from(self.height) + i32::from(other.height);
        self.height = (i32::from(self.height) + step * heights / length).clamp(1, EDGE) as u16;
    }
}

#[cfg(test)]
mod tests {
    //! Round trips that a plane and last miles explain are foretold once some were measured.

    use alloc::vec::Vec;

    use super::*;

    /// The median error of all pairs in percent, and the coordinates, after each of `places` measured 240 round trips.
    fn settle(places: &[(i32, i32, u32)]) -> (u32, Vec<Coordinate>) {
        let mut rng = Rng::new(7);
        let mut all: Vec<Coordinate> = places.iter().map(|_| Coordinate::default()).collect();
        let rtt_us = |one: usize, other: usize| {
            let (a, b) = (places[one], places[other]);
            let (dx, dy) = (a.0 - b.0, a.1 - b.1);
            ((dx * dx + dy * dy).isqrt() as u32 + a.2 + b.2) * 1_000
        };
        for _ in 0..240 {
            for one in 0..places.len() {
                let other = rng.below(places.len() as u64) as usize;
                if one != other {
                    let at = all[other];
                    all[one].sample(&at, rtt_us(one, other), &mut rng);
                }
            }
        }
        let mut errors = Vec::new();
        for one in 0..places.len() {
            for other in 0..one {
                let told = all[one].rtt_us(&all[other]).expect("both know where they stand");
                errors.push(told.abs_diff(rtt_us(one, other)) * 100 / rtt_us(one, other));
            }
        }
        errors.sort_unstable();
        (errors[errors.len() / 2], all)
    }

    fn places() -> Vec<(i32, i32, u32)> {
        let mut rng = Rng::new(3);
        (0..40).map(|_| (rng.below(200) as i32, rng.below(120) as i32, 5 + rng.below(20) as u32)).collect()
    }

    #[test]
    fn round_trips_are_foretold() {
        let (error, _) = settle(&places());
        assert!(error <= 10, "the median error is {error} %");
    }

    #[test]
    fn who_has_measured_nothing_foretells_nothing() {
        let (_, all) = settle(&places());
        assert_eq!(Coordinate::default().rtt_us(&all[0]), None);
        assert_eq!(all[0].rtt_us(&Coordinate::default()), None);
    }

    #[test]
    fn one_sample_of_a_liar_moves_a_node_by_no_more_than_the_step() {
        let (_, all) = settle(&places());
        let liar = Coordinate { x: EDGE as i16, y: -EDGE as i16, height: EDGE as u16, error: 0 };
        let mut moved = all[0];
        moved.sample(&liar, 1, &mut Rng::new(1));
        let (dx, dy) = moved.to(&all[0]);
        assert!(dx.abs() <= STEP_MAX && dy.abs() <= STEP_MAX, "{dx} {dy}");
        assert!(moved.height.abs_diff(all[0].height) <= STEP_MAX as u16);
    }

    #[test]
    fn no_sample_leaves_the_bounds() {
        let ends = [-EDGE, 0, EDGE];
        let mut rng = Rng::new(5);
        for (x, y, height, error, rtt_us) in corners(&ends) {
            let mut one = Coordinate { x, y, height, error };
            let other = Coordinate { x: -x, y, height, error: 0 };
            one.sample(&other, rtt_us, &mut rng);
            assert_eq!(Coordinate::new(one.words()), Some(one));
        }
    }

    /// All corners.
    fn corners(ends: &[i32]) -> impl Iterator<Item = (i16, i16, u16, u16, u32)> + '_ {
        ends.iter().flat_map(move |x| {
            ends.iter().flat_map(move |y| {
                [0, EDGE as u16].into_iter().flat_map(move |height| {
                    [0, 1, ONE as u16].into_iter().flat_map(move |error| {
                        [0, 1, u32::MAX].map(|rtt_us| (*x as i16, *y as i16, height, error, rtt_us))
                    })
                })
            })
        })
    }
}
