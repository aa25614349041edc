//! How long it takes until a link is there, and when its shell gives it up.
//!
//! What a WebRTC link costs before its first byte: gathering candidates (a round trip to a STUN server and what the
//! browser takes; envelopes carry all candidates at once), the two envelopes, then a round trip of ICE checks (RFC 8445
//! §7), two of DTLS 1.2 (RFC 6347 §4.2) and one of SCTP (RFC 9260 §5.1, data with COOKIE-ECHO), and the keys: 5 to 30 ms.

use crate::dice::Dice;
use crate::place::Place;
use crate::time::{MS, SECOND};

/// The shells give an opening link so long (`DIAL_MS` of the package).
pub const OPENING_US: u64 = 20 * SECOND;

/// The other ends of a dead machine's links learn of it after between so long and 5 s more: libwebrtc calls a path that
/// answers nothing failed after 15 s.
pub const SILENCE_US: u64 = 15 * SECOND;

/// TCP gives a connection up that gets no answer.
pub const NO_ANSWER_US: u64 = 10 * SECOND;

/// Ways from the answerer's end of a WebRTC link, once the offerer's first check has reached it, until its transport is through; the
/// offerer's is one later.
pub const WEBRTC_WAYS: u64 = 6;

/// Ways until a WebSocket knocks: a round trip for TCP, one for TLS 1.3, and the upgrade's way there (RFC 6455 §4).
pub const SOCKET_WAYS: u64 = 5;

/// How long a node gathers candidates: host candidates are there at once; the reflexive one takes a round trip to a server of the
/// region.
pub fn gathering_us(place: &Place, dice: &mut Dice) -> u64 {
    let round_trip = 2 * u64::from(place.access_us);
    10 * MS + round_trip + dice.below(60 * MS)
}

/// When the other end of a dead machine's link learns of it.
pub fn silence_us(dice: &mut Dice) -> u64 {
    SILENCE_US + dice.below(5 * SECOND)
}

/// When ICE gives up a path that fell silent (RFC 7675 §5.1: consent expires after 30 s; Chromium's last check is up to 5 s
/// old by then).
pub fn consent_us(dice: &mut Dice) -> u64 {
    25 * SECOND + dice.below(5 * SECOND)
}

/// How long both ends of a WebRTC link calculate.
pub fn keys_us(dice: &mut Dice) -> u64 {
    5 * MS + dice.below(25 * MS)
}
