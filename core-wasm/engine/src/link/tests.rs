use super::*;
use crate::limits::{
    AHEAD_MS, CIRCUIT_HEAD, CREDIT, CREDIT_STEP, DRAINED_STEP, FRAME_MAX, FRAMES_A_SECOND, FRAMES_MOST,
    PASSED_A_SECOND, QUEUE_BULK,
};
use crate::time::Duration;
use crate::wire::frame::BULK_MIN;

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
        flow.drained(Instant(0), 0);
        sent += 16_384;
    }
    assert_eq!(sent, CREDIT);
    flow.granted(CREDIT_STEP);
    assert!(flow.takes_bulk(16_384, true));
}

#[test]
fn one_frame_may_go_on_any_link_and_more_waits_for_the_queue() {
    let mut flow = Flow::new(Instant(0));
    flow.sent(DRAINED_STEP as usize, false);
    assert!(flow.takes_bulk(FRAME_MAX, true));
    assert!(!flow.takes_bulk(FRAME_MAX + 16_640, true));
    assert!(flow.takes_bulk(FRAME_MAX + 16_640, false), "others' bulk");
    flow.sent(QUEUE_BULK as usize, false);
    assert!(!flow.takes_bulk(1, true));
    assert!(flow.takes_state());
    flow.drained(Instant(0), 0);
    assert!(flow.takes_bulk(1, true));
}

/// Sends frames of `length` as they find room on a link that carries so many bytes a second, for a second, and tells of each step that
/// has left: the most that waited, and how much left.
fn carry(flow: &mut Flow, from_ms: u64, rate: u64, length: usize) -> (u64, u64) {
    let (mut believed, mut most, mut left) = (flow.queued() as u64, 0, 0);
    let mut waits = believed;
    for ms in from_ms..from_ms + 1_000 {
        flow.granted(CREDIT);
        while flow.takes_bulk(length, true) {
            flow.sent(length, true);
            waits += length as u64;
            believed += length as u64;
            flow.granted(CREDIT);
        }
        most = most.max(waits);
        let leaves = waits.min(rate / 1_000);
        (waits, left) = (waits - leaves, left + leaves);
        if believed >= waits + u64::from(DRAINED_STEP) {
            believed = waits;
            flow.drained(Instant(ms * 1_000), waits as u32);
        }
    }
    (most, left)
}

#[test]
fn bulk_that_waits_leaves_within_the_time_it_may_take_and_the_link_is_always_busy() {
    let floor = (FRAME_MAX * 17 / 16 + CIRCUIT_HEAD) as u64 + u64::from(DRAINED_STEP);
    for rate in [125_000_u64, 1_250_000, 4_000_000, 6_000_000, 12_500_000, 125_000_000] {
        for length in [BULK_MIN + 1, 16_640, FRAME_MAX] {
            let mut flow = Flow::new(Instant(0));
            let (_, begun) = carry(&mut flow, 0, rate, length);
            let (most, left) = carry(&mut flow, 1_000, rate, length);
            let due = (rate * u64::from(AHEAD_MS) / 1_000 * 11 / 10).clamp(floor, u64::from(QUEUE_BULK));
            assert!(most <= due, "{rate} B/s, frames of {length}: {most} waited, {due} may");
            let carried = rate.min(u64::from(QUEUE_BULK) * 1_000);
            assert!(left >= carried * 9 / 10, "{rate} B/s, frames of {length}: {left} left");
            assert!(begun >= carried / 2, "{rate} B/s, frames of {length}: {begun} left in the first second");
        }
    }
}

#[test]
fn a_link_that_slows_down_is_sent_less_within_a_second() {
    let mut flow = Flow::new(Instant(0));
    carry(&mut flow, 0, 12_500_000, 16_640);
    carry(&mut flow, 1_000, 1_250_000, 16_640);
    let (most, left) = carry(&mut flow, 2_000, 1_250_000, 16_640);
    assert!(most <= FRAME_MAX as u64 + 2 * u64::from(DRAINED_STEP), "{most}");
    assert!(left > 1_125_000, "{left}");
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
        flow.drained(Instant(0), 0);
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
