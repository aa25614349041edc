use super::*;
use crate::limits::{CREDIT, CREDIT_STEP, FRAMES_A_SECOND, FRAMES_MOST, PASSED_A_SECOND, QUEUE_BULK};
use crate::time::Duration;

fn begin(links: &mut Links) -> LinkId {
    links.begin(LinkKind::WebRtc, Some(&NodeId([1; 32])), true, Instant(0), Instant(1), &|_| false)
}

#[test]
fn numbers_of_living_links_are_never_given_twice() {
    let mut links = Links::default();
    let first = begin(&mut links);
    for _ in 0..70_000 {
        let next = begin(&mut links);
        assert_ne!(next, first);
        assert_eq!(links.remove(next).id, next);
    }
    assert_eq!(links.len(), 1);
}

#[test]
fn a_round_trip_estimate_follows_its_samples() {
    let mut rtt = Rtt::default();
    rtt.sample(Duration::from_ms(100));
    assert_eq!(rtt.smoothed_us(), 100_000);
    for _ in 0..64 {
        rtt.sample(Duration::from_ms(20));
    }
    assert!((20_000..21_000).contains(&rtt.smoothed_us()), "{rtt:?}");
    assert_eq!(rtt.patience(Duration::from_ms(500)), Duration::from_ms(500));
}

#[test]
fn bulk_stops_without_credit_and_goes_on_with_it() {
    let mut flow = Flow::new(Instant(0));
    let mut sent = 0;
    while flow.takes_bulk(16_384, true) {
        flow.sent(16_384, true);
        flow.drained(0);
        sent += 16_384;
    }
    assert_eq!(sent, CREDIT);
    flow.granted(CREDIT_STEP);
    assert!(flow.takes_bulk(16_384, true));
}

#[test]
fn bulk_waits_for_the_queue() {
    let mut flow = Flow::new(Instant(0));
    flow.sent(QUEUE_BULK as usize, false);
    assert!(!flow.takes_bulk(1, true));
    assert!(flow.takes_state());
    flow.drained(0);
    assert!(flow.takes_bulk(1, true));
}

#[test]
fn a_peer_that_sends_without_credit_is_found_out() {
    let mut flow = Flow::new(Instant(0));
    for _ in 0..CREDIT / 16_384 {
        assert!(flow.received(Instant(0), 16_384, true));
    }
    assert!(!flow.received(Instant(0), 16_384, true));
    assert!(flow.owes());
    assert_eq!(flow.grant(), CREDIT);
    assert!(flow.received(Instant(0), 16_384, true));
}

#[test]
fn a_flood_of_small_frames_is_found_out() {
    let mut flow = Flow::new(Instant(0));
    for _ in 0..FRAMES_MOST {
        assert!(flow.received(Instant(0), 5, false));
    }
    assert!(!flow.received(Instant(999_999), 5, false));
    assert!(flow.received(Instant(1_000_000), 5, false));
}

#[test]
fn a_steady_flood_is_found_out_within_seconds() {
    let mut flow = Flow::new(Instant(0));
    let found = (0..10 * 2 * FRAMES_A_SECOND).find(|count| {
        let now = Instant(u64::from(*count) * 1_000_000 / u64::from(2 * FRAMES_A_SECOND));
        !flow.received(now, 5, false)
    });
    assert!(found.is_some_and(|count| count / (2 * FRAMES_A_SECOND) < 5), "{found:?}");
}

#[test]
fn answers_to_bulk_are_no_flood_however_fast_the_link() {
    let mut flow = Flow::new(Instant(0));
    let a_second = 3 * u64::from(FRAMES_A_SECOND);
    for count in 0..10 * a_second {
        let now = Instant(count * 1_000_000 / a_second);
        flow.sent(32_768, true);
        flow.granted(32_768);
        flow.drained(0);
        assert!(flow.received(now, 80, false) && flow.received(now, 5, false), "{count}");
    }
}

#[test]
fn what_stood_still_for_seconds_and_comes_at_once_is_no_flood() {
    let mut flow = Flow::new(Instant(0));
    assert!((0..PASSED_A_SECOND).all(|_| flow.passes(Instant(0))));
    assert!(!flow.passes(Instant(999_999)));
    let waited = 7 * u32::from(PASSED_A_SECOND);
    assert!((0..waited).all(|_| flow.received(Instant(10_000_000), 80, false)));
}
