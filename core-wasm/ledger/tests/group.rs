//! Goal: voters agree on blocks and settle operations at once, whatever the weather. Method: a town on a perfect port, and a checker that reads
//! stores and events.

mod town;

use tabmesh_world::perfect::Weather;
use town::{CREDIT, EPOCH, Plan, SECOND, Town, checker};

#[test]
fn voters_make_a_block_an_epoch() {
    for voters in [4, 7, 16] {
        let mut town = Town::new(Plan::new(1, voters, 0));
        town.run(14 * EPOCH);
        let heights: Vec<u32> = town.nodes().iter().map(|place| town.height(*place)).collect();
        assert!(heights.iter().all(|height| *height == 13), "{voters}: {heights:?}");
        assert_eq!(checker::check(&town), 13);
    }
}

#[test]
fn l1_certified_after_one_round_trip_and_settled_after_two() {
    for seed in 0..10 {
        let weather = Weather { delay_us_min: 20_000, delay_us_max: 20_000, ..Weather::FAIR };
        // A quarter is silent.
        let mut town = Town::new(Plan { weather, ..Plan::new(seed, 8, 2) });
        town.run(EPOCH + 2 * SECOND);
        let (from, to) = (town.persons[0], town.persons[1]);
        let pay = town.pay(from, to, 5 * CREDIT, 0);
        town.submit(from, &pay);
        let began = town.elapsed;
        town.run(SECOND);
        let certified = town.certified(from, pay.id()).expect("certified") - began;
        let settled = town.settled(from, pay.id()).expect("settled") - began;
        assert!(certified <= 50_000, "seed {seed}: {certified} us");
        assert!(settled <= 100_000, "seed {seed}: {settled} us");
        town.run(EPOCH + 5 * SECOND);
        let heights: Vec<u32> = town.nodes().iter().map(|place| town.height(*place)).collect();
        assert!(town.included(from, pay.id()), "seed {seed} {heights:?} {certified} {settled}");
        assert_eq!(town.balance(to, to), 1_005 * CREDIT);
        checker::check(&town);
    }
}
