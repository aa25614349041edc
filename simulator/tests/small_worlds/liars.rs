//! Liars that act, beside a twin of the same world in which nobody lies.

use tabmesh_simulator::Report;

use super::{CALM, options, world};

/// A fifth of forty tabs lies for a while.
fn attacked(lie: &str, more: &str) -> Report {
    let text = format!(
        "about = \"Lies.\"\nnodes = 40\nseconds = 125.0\n[arrivals]\nover_s = 3.0\n\
         [liars]\nshare = 0.2\nlies = [\"{lie}\"]\nfrom_s = 30.0\nuntil_s = 60.0\n\
         [lookups]\nper_s = 5.0\nfrom_s = 30.0\nuntil_s = 120.0\n{more}"
    );
    world(&text, options(1, 1))
}

#[test]
fn a_world_whose_liars_never_do_anything_is_its_own_twin() {
    let share = "[liars]\nshare = 0.3\nlies = [\"drop\"]\nfrom_s = 20.0\nuntil_s = 20.0\n[lookups]";
    let calm = CALM.replace("seconds = 60.0", "seconds = 90.0").replace("[lookups]", share);
    let twin = world(&calm, options(1, 1)).twin.expect("it has one");
    assert_eq!((twin.difference, twin.blamed_more, twin.traffic), (0.0, 0, 1.0), "{twin:?}");
}

#[test]
fn what_a_relay_without_a_key_says_in_others_names_is_counted() {
    let report = attacked("relay", "[machines]\nnative_share = 0.15\naddresses = 2");
    let calm = attacked("drop", "[machines]\nnative_share = 0.15\naddresses = 2");
    assert_eq!(calm.forged, 0);
    assert!(
        report.sockets > calm.sockets + 20,
        "liars open sockets: {} and {}",
        report.sockets,
        calm.sockets
    );
}

#[test]
fn junk_that_liars_put_takes_room() {
    let blocks = "[stores]\nquota_bytes = 160000\n[blocks]\ncount = 30\nbytes = 16000\nput_from_s = 60.0\nput_over_s = 20.0";
    let filled = attacked("fill", blocks);
    let calm = attacked("drop", blocks);
    let junk = |report: &Report| report.json().matches("\"junk_mean\": 0.0").count();
    assert!(junk(&filled) < junk(&calm), "no store holds junk");
}

/// The liars of X11 (docs/SECURITY.md), each in a small world; `cargo xtask sim liars-…` runs the same in larger ones.
#[test]
fn x11_whatever_a_fifth_does_nothing_is_forged_nobody_else_is_blamed_and_lookups_stand() {
    let blocks = "[blocks]\ncount = 20\nbytes = 16000\nput_from_s = 30.0\nput_over_s = 20.0\npatient = true";
    let topic = "[topic]\nsubscribers = 1.0\nfrom_s = 15.0\nover_s = 3.0\npublish_per_s = 1.0\npublish_from_s = 35.0\n\
                 publish_until_s = 70.0\nbytes = 100";
    for (lie, more) in [
        ("relay", "[machines]\nnative_share = 0.15\naddresses = 2"),
        ("refuse", ""),
        ("bounce", ""),
        ("squat", ""),
        ("no-credit", blocks),
        ("fill", blocks),
        ("forge-topic", topic),
    ] {
        let report = attacked(lie, more);
        let twin = report.twin.as_ref().expect("it has one");
        assert_eq!((report.forged, twin.blamed_more), (0, 0), "{lie}");
        assert!(report.lookups.right >= 0.99, "{lie}: {} right", report.lookups.right);
    }
}
