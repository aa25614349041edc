//! What is published in topics is heard once, by everybody.

use super::{each, options, world};

pub(crate) const TOPIC: &str = r#"
about = "A topic of a hundred tabs."
nodes = 100
seconds = 90.0
[arrivals]
over_s = 3.0
[topic]
subscribers = 1.0
newcomers = 1.0
from_s = 15.0
publish_per_s = 1.0
publish_from_s = 40.0
publish_until_s = 69.0
bytes = 100
"#;

#[test]
fn what_is_published_reaches_every_subscriber_once() {
    for share in ["1.0", "0.3"] {
        each(&TOPIC.replace("subscribers = 1.0", &format!("subscribers = {share}")), |seed, report| {
            let topic = &report.topic;
            assert!(topic.messages > 10 && topic.pairs > 200, "seed {seed}: {topic:?}");
            assert_eq!(
                (topic.lost, topic.twice, topic.false_ones, topic.refused),
                (0.0, 0, 0, 0),
                "seed {seed}: {topic:?}"
            );
            assert!(topic.subscribers > 10.0 && topic.subscribers <= 99.0, "seed {seed}: {topic:?}");
            assert!(topic.copies >= 1.0, "everybody got one: {topic:?}");
            assert!(topic.ms.p50 > 10.0 && topic.ms.p50 <= topic.p98_ms, "seed {seed}: {topic:?}");
        });
    }
}

#[test]
fn newcomers_take_part_if_the_scenario_says_so() {
    let churn =
        "[sessions]\nlaw = \"exponential\"\nmedian_s = 60.0\nsilent_share = 0.5\nfrom_s = 20.0\n[topic]";
    let text = TOPIC.replace("[topic]", churn);
    let all = world(&text, options(1, 1)).topic;
    let first = world(&text.replace("newcomers = 1.0", "newcomers = 0.0"), options(1, 1)).topic;
    assert_eq!(first.subscriptions, 100);
    assert!(all.subscriptions > 130 && all.subscribers > first.subscribers + 10.0, "{all:?} {first:?}");
    assert!(all.lost < 0.01, "{all:?}");
}

#[test]
fn a_cut_loses_messages_and_the_checker_sees_it() {
    let cut = "[[actions]]\nat_s = 38.0\ndo = \"partition\"\nsides = [0.5, 0.5]\nserver_reaches_all = true\n[topic]";
    let lost = world(&TOPIC.replace("[topic]", cut), options(1, 1)).topic.lost;
    assert!((0.3..0.7).contains(&lost), "half of the subscribers are beyond the cut: {lost} lost");
}

#[test]
fn messages_under_real_signatures_are_heard() {
    let text = TOPIC.replace("nodes = 100", "nodes = 12").replace("about", "signing = \"p256\"\nabout");
    let topic = world(&text, options(1, 1)).topic;
    assert!(topic.pairs > 100 && topic.lost == 0.0, "{topic:?}");
}
