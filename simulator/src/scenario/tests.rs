//! Goal: a bad scenario is refused with a sentence that names what is wrong. Method: one line of a good one is changed.

use super::Scenario;

const GOOD: &str = r#"
about = "A small world."
nodes = 100
seconds = 120.0
[arrivals]
over_s = 5.0
[sessions]
law = "weibull"
median_s = 600.0
silent_share = 0.5
[lookups]
per_s = 5.0
from_s = 60.0
until_s = 110.0
[blocks]
count = 10
bytes = 1000
put_from_s = 60.0
put_over_s = 10.0
[topic]
subscribers = 0.5
newcomers = 0.25
from_s = 20.0
over_s = 2.0
publish_per_s = 3.0
publish_from_s = 50.0
publish_until_s = 90.0
bytes = 500
[[actions]]
at_s = 70.0
do = "partition"
sides = [0.5, 0.5]
server_reaches_all = false
"#;

fn complaint(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "the good scenario has no `{from}`");
    match Scenario::parse(&GOOD.replacen(from, to, 1)) {
        Ok(_) => panic!("`{to}` was taken"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn a_good_scenario_is_taken() {
    Scenario::parse(GOOD).expect("it is good");
}

#[test]
fn every_bad_value_is_refused_by_its_name() {
    for (from, to, words) in [
        ("nodes = 100", "nodes = 1", "nodes = 1"),
        ("nodes = 100", "nodes = -5", "nodes"),
        ("seconds = 120.0", "seconds = 0.0", "seconds = 0"),
        ("seconds = 120.0", "seconds = nan", "seconds = NaN"),
        ("over_s = 5.0", "over_s = 500.0", "arrivals.over_s = 500"),
        ("law = \"weibull\"", "law = \"normal\"", "normal"),
        ("median_s = 600.0", "median_s = 0.5", "sessions.median_s = 0.5"),
        ("silent_share = 0.5", "silent_share = 1.5", "sessions.silent_share = 1.5"),
        ("silent_share = 0.5", "silent_share = 0.5\nshape = 0.0", "sessions.shape = 0"),
        ("per_s = 5.0", "per_s = 0.0", "lookups.per_s = 0"),
        ("until_s = 110.0", "until_s = 130.0", "until 130 s"),
        ("bytes = 1000", "bytes = 20000", "blocks.bytes = 20000"),
        ("count = 10", "count = 0", "blocks.count = 0"),
        ("put_over_s = 10.0", "put_over_s = 1000.0", "blocks put"),
        ("subscribers = 0.5", "subscribers = -0.5", "topic.subscribers = -0.5"),
        ("subscribers = 0.5\nnewcomers = 0.25", "subscribers = 0.0", "nobody takes part"),
        ("newcomers = 0.25", "newcomers = 1.25", "topic.newcomers = 1.25"),
        ("from_s = 20.0", "from_s = nan", "topic.from_s = NaN"),
        ("over_s = 2.0", "over_s = -2.0", "topic.over_s = -2"),
        ("over_s = 2.0", "over_s = 16.0", "topic.publish_from_s = 50: subscribers need 15 s"),
        ("publish_until_s = 90.0", "publish_until_s = 40.0", "topic published"),
        ("publish_until_s = 90.0", "publish_until_s = 110.0", "the last message needs 20 s"),
        ("publish_per_s = 3.0", "publish_per_s = 0.0", "topic.publish_per_s = 0"),
        ("publish_per_s = 3.0", "publish_per_s = inf", "topic.publish_per_s = inf"),
        ("bytes = 500", "bytes = 7", "topic.bytes = 7"),
        ("bytes = 500", "bytes = 9000", "topic.bytes = 9000"),
        ("bytes = 500", "bytes = 500\nto = \"all\"", "to"),
        ("bytes = 500", "bytes = 500\ndue_s = 200.0", "topic.due_s = 200"),
        ("count = 10", "count = 10\ngivers = 101", "blocks.givers = 101"),
        ("at_s = 70.0", "at_s = 170.0", "an action at 170 s"),
        ("sides = [0.5, 0.5]", "sides = [0.5, 0.6]", "make 1.1"),
        ("sides = [0.5, 0.5]", "sides = [1.0]", "between 2 and 200 sides"),
        ("do = \"partition\"", "do = \"explode\"", "explode"),
        ("per_s = 5.0", "per_s = 5.0\nrate = 3", "rate"),
        ("about = \"A small world.\"", "abuot = \"A small world.\"", "abuot"),
    ] {
        let said = complaint(from, to);
        assert!(said.contains(words), "`{to}` was answered: {said}");
    }
}

#[test]
fn fields_that_do_not_fit_together_are_refused() {
    let with = |more: &str| match Scenario::parse(&format!("{GOOD}{more}")) {
        Ok(_) => panic!("`{more}` was taken"),
        Err(error) => format!("{error:#}"),
    };
    assert!(with("[machines]\naddresses = 2").contains("no native peers"));
    assert!(with("[machines]\nnative_share = 0.7\ndevice_share = 0.7").contains("1.4"));
    assert!(with("[liars]\nshare = 0.5\nlies = []").contains("at least one way"));
    assert!(
        with("[liars]\nshare = 0.5\nlies = [\"drop\"]\nnear_bits = 8").contains("only liars that eclipse")
    );
    assert!(with("[liars]\nshare = 1.0\nlies = [\"drop\"]").contains("nobody is left"));
    assert!(with("[network]\nloss = 0.5").contains("network.loss = 0.5"));
    assert!(with("[machines]\nwrong_clocks = 1.5").contains("machines.wrong_clocks = 1.5"));
    assert!(with("[machines]\nwrong_clocks = 0.5\nwrong_by_s = [9, 3]").contains("wrong_by_s = [9, 3]"));
    assert!(with("[stores]\nquota_bytes = 9\nsmall = 60\nfailing = 60").contains("there are 100 nodes"));
    assert!(with("[[bursts]]\nat_s = 30.0\npublishers = 1\nmessages = 1").contains("a burst at 30 s"));
    assert!(with("[[bursts]]\nat_s = 110.0\npublishers = 1\nmessages = 1").contains("what is due after it"));
    assert!(with("[[bursts]]\nat_s = 50.0\npublishers = 0\nmessages = 1").contains("0 publishers"));
    let liars = |lie: &str, more: &str| with(&format!("[liars]\nshare = 0.2\nlies = [\"{lie}\"]\n{more}"));
    assert!(liars("relay", "").contains("no native peers to stand between"));
    assert!(liars("drop", "from_s = 10.0\nuntil_s = 100.0").contains("liars lie"));
    assert!(
        with("[[actions]]\nat_s = 9.0\ndo = \"exchange\"\nshare = 0.6\nsilent = true\nover_s = -1.0")
            .contains("over_s")
    );
}

#[test]
fn a_world_that_does_not_fit_is_refused_before_it_begins() {
    let scenario = Scenario { nodes: 100_000, ..Scenario::parse(GOOD).expect("it is good") };
    assert!(scenario.memory_needed() > 2 << 30 && scenario.memory_needed() < 6_500_000_000);
    let said = scenario.check_memory(Some(1 << 30)).expect_err("a gigabyte is too little").to_string();
    assert!(said.contains("100000 nodes need about") && said.contains("--nodes"), "{said}");
    scenario.check_memory(Some(64 << 30)).expect("this is enough");
    scenario.check_memory(None).expect("nobody knows");
    let topic = scenario.topic.map(|topic| super::Topic { publish_per_s: 10_000.0, ..topic });
    let loud = Scenario { topic, ..scenario.clone() };
    assert!(loud.memory_needed() > scenario.memory_needed() + (100 << 30), "who heard what is remembered");
}

#[test]
fn every_scenario_of_the_repository_can_run() {
    let names = Scenario::names();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        Scenario::load(&name).unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
    let said = format!("{:#}", Scenario::load("nothing").expect_err("there is no such scenario"));
    assert!(said.contains("there is no scenario `nothing`") && said.contains("lookup"), "{said}");
}
