//! What users have: stores that fill, bursts of messages, many who come and go at once.

use super::topics::TOPIC;
use super::{CALM, each, options, world};

const STORES: &str = r#"
about = "Ten tabs with stores of their own."
nodes = 10
seconds = 70.0
[arrivals]
over_s = 2.0
[stores]
quota_bytes = 4000000
[blocks]
count = 60
bytes = 4000
put_from_s = 30.0
put_over_s = 15.0
givers = 1
patient = true
"#;

#[test]
fn holders_are_counted_in_the_stores_and_a_full_store_is_seen() {
    let room = world(STORES, options(1, 1)).blocks;
    assert_eq!((room.puts, room.put_whole + room.put_partly), (60, 60), "{room:?}");
    assert!(room.held >= 7.0, "eight hold each, the giver perhaps among them: {room:?}");
    // Nobody but the giver takes more than ten blocks.
    let small =
        STORES.replace("quota_bytes = 4000000", "quota_bytes = 4000000\nsmall = 9\nsmall_bytes = 40000");
    let full = world(&small, options(1, 1)).blocks;
    assert!(full.held < room.held && full.put_failed + full.short > 0, "{full:?}");
    let broken = world(&STORES.replace("[blocks]", "failing = 9\n[blocks]"), options(1, 1)).blocks;
    assert_eq!(broken.held, 0.0, "no disk but the giver's works: {broken:?}");
}

#[test]
fn a_burst_is_published_one_after_another_and_heard() {
    let burst = "publish_per_s = 0.0\nbytes = 100\n[[bursts]]\nat_s = 40.0\npublishers = 2\nmessages = 20\n";
    let text = &TOPIC[..TOPIC.find("publish_per_s").expect("it publishes")];
    each(&format!("{text}{burst}").replace("nodes = 100", "nodes = 40"), |seed, report| {
        let topic = &report.topic;
        assert_eq!((topic.messages, topic.refused, topic.false_ones), (40, 0, 0), "seed {seed}: {topic:?}");
        assert_eq!((topic.lost, topic.twice), (0.0, 0), "seed {seed}: {topic:?}");
    });
}

#[test]
fn an_exchange_keeps_the_number_of_nodes_and_the_worst_span_shows_it() {
    let exchange =
        "[[actions]]\nat_s = 40.0\ndo = \"exchange\"\nshare = 0.6\nsilent = true\nover_s = 1.0\n[lookups]";
    let report = world(&CALM.replace("[lookups]", exchange), options(1, 1));
    assert!(report.lookups.right_worst < report.lookups.right, "{:?}", report.lookups);
    assert_eq!(report.join_ms.count, 80 + 48, "as many come as go");
    assert_eq!(world(CALM, options(1, 1)).lookups.right_worst, 1.0);
}
