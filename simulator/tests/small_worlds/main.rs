//! Goal: small worlds keep what the overlay promises, whatever the seed, and run the same on any number of threads.
//! Method: scenarios in text, so that what a test sets is what matters; the checkers of the simulator judge.

use tabmesh_simulator::{Follow, Options, Report, Scenario, run};

mod liars;
mod stores;
mod topics;

const SEEDS: u64 = 3;

fn options(seed: u64, threads: u32) -> Options {
    Options { seed, threads, follow: None }
}

fn world(text: &str, options: Options) -> Report {
    let scenario = Scenario::parse(text).expect("the test's scenario is good");
    let report = run(&scenario, options, &mut |_| {}).expect("the world runs");
    assert_eq!(report.broken, 0, "seed {}: {:?}", options.seed, report.first_broken);
    report
}

fn each(text: &str, check: impl Fn(u64, &Report)) {
    for seed in 1..=SEEDS {
        check(seed, &world(text, options(seed, 1)));
    }
}

const CALM: &str = r#"
about = "Eighty tabs, calm."
nodes = 80
seconds = 60.0
[arrivals]
over_s = 3.0
[lookups]
per_s = 10.0
from_s = 25.0
until_s = 55.0
"#;

#[test]
fn everybody_joins_and_lookups_find_the_true_closest_node() {
    each(CALM, |seed, report| {
        let joined = report.joined_all_s.unwrap_or(f64::INFINITY);
        assert!(joined < 21.0, "seed {seed}: everybody joined at {joined} s");
        let lookups = &report.lookups;
        assert!(lookups.judged > 200, "seed {seed}: {} lookups", lookups.judged);
        assert!(lookups.right > 0.999, "seed {seed}: {} right", lookups.right);
        assert!(lookups.ms.p50 > 50.0 && lookups.ms.p50 < 1_500.0, "seed {seed}: {} ms", lookups.ms.p50);
        assert!(report.engine_bytes_most < 65_536, "seed {seed}: {} bytes", report.engine_bytes_most);
    });
}

#[test]
fn a_world_runs_the_same_on_one_thread_and_on_two() {
    let text = r#"
about = "Everything at once."
nodes = 90
seconds = 50.0
[arrivals]
over_s = 2.0
[machines]
native_share = 0.05
addresses = 1
skew_ppm = 300
wall_error_s = 60
wrong_clocks = 0.1
wrong_by_s = [100, 900]
[network]
nat = true
one_nat_share = 0.2
loss = 0.02
[sessions]
law = "pareto"
median_s = 60.0
silent_share = 0.5
from_s = 10.0
[lookups]
per_s = 10.0
from_s = 15.0
until_s = 45.0
[blocks]
count = 40
bytes = 4000
put_from_s = 15.0
put_over_s = 10.0
gets_per_s = 5.0
gets_from_s = 26.0
gets_until_s = 45.0
[topic]
subscribers = 0.6
newcomers = 0.6
from_s = 5.0
publish_per_s = 2.0
publish_from_s = 22.0
publish_until_s = 30.0
bytes = 300
[liars]
share = 0.2
lies = ["drop", "misroute", "false-neighbours", "invent", "garbage", "slow-drip", "relay", "refuse", "bounce", "squat",
    "no-credit", "fill", "forge-topic"]
from_s = 20.0
[stores]
quota_bytes = 100000
small = 5
small_bytes = 8000
failing = 3
[[bursts]]
at_s = 24.0
publishers = 2
messages = 10
[[actions]]
at_s = 26.0
do = "exchange"
share = 0.1
silent = true
over_s = 1.0
[[actions]]
at_s = 20.0
do = "partition"
sides = [0.6, 0.4]
server_reaches_all = true
[[actions]]
at_s = 28.0
do = "heal"
[[actions]]
at_s = 30.0
do = "freeze"
share = 0.2
for_s = 8.0
"#;
    let one = world(text, options(7, 1));
    for threads in [1, 2, 3] {
        let other = world(text, options(7, threads));
        assert_eq!(other.trace_hash, one.trace_hash, "{threads} threads");
        assert_eq!(
            (other.events, other.lookups.judged),
            (one.events, one.lookups.judged),
            "{threads} threads"
        );
        assert_eq!(format!("{:?}", other.blocks), format!("{:?}", one.blocks), "{threads} threads");
        assert_eq!(format!("{:?}", other.topic), format!("{:?}", one.topic), "{threads} threads");
    }
    assert_ne!(world(text, options(8, 1)).trace_hash, one.trace_hash, "another seed is another world");
    assert!(
        one.lookups.judged > 100 && one.blocks.got > 20 && one.topic.delivered > 0.0,
        "things happened: {one:?}"
    );
}

#[test]
fn blocks_outlive_a_third_of_their_holders() {
    let text = r#"
about = "Forty of a hundred and twenty leave."
nodes = 120
seconds = 150.0
[arrivals]
over_s = 3.0
[blocks]
count = 150
bytes = 2000
put_from_s = 25.0
put_over_s = 15.0
gets_per_s = 3.0
gets_from_s = 100.0
gets_until_s = 140.0
[[actions]]
at_s = 60.0
do = "leave"
share = 0.33
silent = true
"#;
    each(text, |seed, report| {
        let blocks = &report.blocks;
        assert!(blocks.put_whole + blocks.put_partly >= 148, "seed {seed}: {blocks:?}");
        assert!(blocks.lost <= 1.0 / 149.0, "seed {seed}: {} of the blocks are lost", blocks.lost);
        assert!(blocks.got * 100 >= blocks.gets * 95, "seed {seed}: {} of {} got", blocks.got, blocks.gets);
    });
}

#[test]
fn native_peers_are_reached_by_their_addresses_without_a_server() {
    let text = r#"
about = "The signalling server never starts."
nodes = 40
seconds = 60.0
[arrivals]
over_s = 3.0
[machines]
native_share = 0.2
addresses = 3
[[actions]]
at_s = 0.0
do = "signalling"
up = false
"#;
    each(text, |seed, report| {
        assert!(report.joined_all_s.is_some_and(|at| at < 45.0), "seed {seed}: {:?}", report.joined_all_s);
        assert!(
            report.sockets >= 40 && report.envelopes_relayed == 0,
            "seed {seed}: {} sockets",
            report.sockets
        );
    });
}

#[test]
fn pairs_that_cannot_connect_are_told_apart_from_those_that_can() {
    let nats = CALM.replace("[arrivals]", "[network]\nnat = true\n[arrivals]");
    each(&nats, |seed, report| {
        assert!(report.links_apart > 0, "seed {seed}: NATs kept nobody apart");
        let tried = report.links_apart + report.links_opened;
        let apart = report.links_apart as f64 / tried as f64;
        assert!((0.05..0.5).contains(&apart), "seed {seed}: {apart} of the tries failed");
    });
    each(CALM, |seed, report| assert_eq!(report.links_apart, 0, "seed {seed}"));
}

#[test]
fn a_followed_lookup_is_told_from_question_to_answer() {
    let follow = |follow| world(CALM, Options { follow: Some(follow), ..options(1, 1) }).words;
    let lookup = follow(Follow::Lookup(5));
    assert!(lookup.iter().any(|line| line.contains("request") && line.contains("find")), "{lookup:?}");
    assert!(lookup.iter().any(|line| line.contains("reply") && line.contains("answer Ok")), "{lookup:?}");
    let node = follow(Follow::Node(3));
    assert!(node.iter().all(|line| line.contains("node 3 ")), "only the node that was asked for");
    assert!(node.iter().any(|line| line.contains("Joined")), "{} lines", node.len());
    assert_eq!(world(CALM, options(1, 1)).trace_hash, {
        let scenario = Scenario::parse(CALM).expect("it is good");
        let followed = Options { follow: Some(Follow::Node(3)), ..options(1, 1) };
        run(&scenario, followed, &mut |_| {}).expect("it runs").trace_hash
    });
}

#[test]
fn liars_that_drop_are_seen_by_the_checkers_and_lookups_stand() {
    let lying = |lie: &str| {
        let liars =
            format!("[liars]\nshare = 0.5\nlies = [\"{lie}\"]\nfrom_s = 10.0\n[lookups]\nof = \"nodes\"");
        world(&CALM.replace("[lookups]", &liars), options(2, 1))
    };
    let calm = world(CALM, options(2, 1));
    let dropped = lying("drop");
    assert!(
        dropped.lookups.ms.p90 > 2.0 * calm.lookups.ms.p90,
        "nobody waits for what half of the nodes drop"
    );
    assert!(dropped.lookups.right > 0.85, "{} right", dropped.lookups.right);
    let invented = lying("invent");
    assert!(invented.dials < 2 * calm.dials, "ids that half of the nodes invent are dialled");
    assert!(invented.lookups.right > 0.95, "{} right", invented.lookups.right);
}

#[test]
fn real_signatures_make_the_same_network() {
    let text = CALM.replace("nodes = 80", "nodes = 12").replace("about", "signing = \"p256\"\nabout");
    let report = world(&text, options(1, 1));
    assert!(report.joined_all_s.is_some(), "everybody joins");
    assert!(report.lookups.right > 0.999, "{:?}", report.lookups);
}
