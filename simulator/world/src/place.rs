//! Where nodes stand and how far they are apart.
//!
//! Between regions: the average round trips that IBM Cloud publishes for its regions (IBM Cloud documentation, "Network
//! latency", inter-region table of 27 July to 25 August 2024; within a region its inter-zone table: 2 ms).
//!
//! Last mile: the FCC's Measuring Broadband America gives 24 ms (fibre), 32 ms (cable) and 49 ms (DSL) to the nearest
//! server of the provider in its first report (2011) and about half of that in its thirteenth (2024); Bajpai et al. (CCR
//! 47(5), 2017) find last miles stable over the day. Here: log-normal, median 20 ms a round trip, a tenth above 40 ms.
//!
//! Bandwidth: log-normal around the medians of the Speedtest Global Index for fixed lines (2024: 90 Mbit/s down,
//! 45 Mbit/s up), a tenth below a quarter of them.

use crate::dice::Dice;
use crate::nat::Nat;
use crate::time::MS;

/// How many regions there are.
pub const REGIONS: usize = 10;

/// Dallas, Toronto, Washington DC, Frankfurt, London, Madrid, Osaka, Sydney, Tokyo, São Paulo.
const ROUND_TRIP_MS: [[u16; REGIONS]; REGIONS] = [
    [2, 34, 31, 123, 113, 119, 150, 186, 143, 146],
    [34, 2, 19, 93, 82, 108, 168, 215, 162, 129],
    [31, 19, 2, 91, 75, 87, 172, 214, 164, 118],
    [123, 93, 91, 2, 13, 29, 232, 250, 233, 198],
    [113, 82, 75, 13, 2, 27, 244, 261, 243, 188],
    [119, 108, 87, 29, 27, 2, 257, 275, 258, 209],
    [150, 168, 172, 232, 244, 257, 2, 122, 9, 293],
    [186, 215, 214, 250, 261, 275, 122, 2, 115, 328],
    [143, 162, 164, 233, 243, 258, 9, 115, 2, 284],
    [146, 129, 118, 198, 188, 209, 293, 328, 284, 2],
];

/// Nodes of a hundred in each region: roughly the share of each continent's people who are online in these parts of
/// the world.
const SHARES: [u64; REGIONS] = [10, 6, 12, 16, 12, 10, 8, 6, 8, 12];

/// The least last mile, one way.
const ACCESS_LEAST_US: u64 = MS;

/// The least time between any two nodes, one way: what a window of parallel work may rest on. Two machines on one home
/// network take this long, and so do two with the least last mile in one region.
pub const LEAST_US: u64 = 3 * MS;

/// Where one node stands, and how it is connected.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Below [`REGIONS`].
    pub region: u8,
    /// What it is behind.
    pub nat: Nat,
    /// Nodes of one site share a home network and its NAT.
    pub site: u32,
    /// From the node to its region's backbone, one way, in microseconds.
    pub access_us: u32,
    /// Bytes a second.
    pub up_rate: u32,
    /// Bytes a second.
    pub down_rate: u32,
}

impl Place {
    /// A place by chance.
    pub fn draw(dice: &mut Dice, site: u32, nat: Nat) -> Self {
        let mut left = dice.below(SHARES.iter().sum());
        let mut region = 0;
        while left >= SHARES[region] {
            left -= SHARES[region];
            region += 1;
        }
        let access_us = (dice.log_normal(10.0, 0.55) * MS as f64) as u64;
        let mbit = |rate: f64| (rate.clamp(1.0, 1_000.0) * 125_000.0) as u32;
        Self {
            region: region as u8,
            nat,
            site,
            access_us: access_us.clamp(ACCESS_LEAST_US, 200 * MS) as u32,
            up_rate: mbit(dice.log_normal(45.0, 1.1)),
            down_rate: mbit(dice.log_normal(90.0, 1.1)),
        }
    }

    /// The signalling server's: in a data centre in Frankfurt.
    pub fn of_server() -> Self {
        let (nat, rate) = (Nat::Open, u32::MAX);
        Self { region: 3, nat, site: u32::MAX, access_us: MS as u32, up_rate: rate, down_rate: rate }
    }

    /// How long a packet takes from here to there without jitter, one way, in microseconds; at least [`LEAST_US`].
    pub fn one_way_us(&self, to: &Self) -> u64 {
        if self.site == to.site {
            return LEAST_US;
        }
        let backbone = u64::from(ROUND_TRIP_MS[usize::from(self.region)][usize::from(to.region)]) * MS / 2;
        backbone + u64::from(self.access_us) + u64::from(to.access_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_symmetric_within_what_was_measured() {
        for (one, row) in ROUND_TRIP_MS.iter().enumerate() {
            for (other, ms) in row.iter().enumerate() {
                assert_eq!(*ms, ROUND_TRIP_MS[other][one], "{one} {other}");
            }
        }
    }

    #[test]
    fn nobody_is_nearer_than_the_least_and_the_median_round_trip_is_a_continents() {
        let mut dice = Dice::new(1, 1);
        let places: Vec<Place> = (0..400).map(|site| Place::draw(&mut dice, site, Nat::Open)).collect();
        let mut trips: Vec<u64> = Vec::new();
        for one in &places {
            for other in &places {
                assert!(one.one_way_us(other) >= LEAST_US);
                trips.push(2 * one.one_way_us(other) / MS);
            }
        }
        trips.sort_unstable();
        let median = trips[trips.len() / 2];
        assert!((120..220).contains(&median), "median round trip {median} ms");
    }
}
