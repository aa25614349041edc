//! Goal: what voters sign never contradicts itself, up to so many liars and not one more. Method: voting on paper, in which the enemy chooses
//! everything but what honest voters sign. `SEEDS=10000` plays so many games of each.

mod paper;

use paper::{Broken, play};
use tabmesh_ledger::{Entry, Key, Safety, Says, Statement};

/// No journal is lost, and nobody comes or goes.
const STAY: (bool, u32) = (false, u32::MAX);

/// Journals are lost.
const LOSE: (bool, u32) = (true, u32::MAX);

/// The first block of the second view.
const NEXT_VIEW: u32 = 7;

/// Of so many voters: quorum and fast quorum, as the protocol says.
fn marks(voters: usize) -> (usize, usize) {
    let quorum = voters * 2 / 3 + 1;
    (quorum, quorum.max((3 * voters).div_ceil(4)))
}

fn seeds() -> core::ops::Range<u64> {
    0..std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(300)
}

/// More of them, for what is rarely found.
fn many() -> core::ops::Range<u64> {
    0..seeds().end * 4
}

fn rules() -> Safety {
    Safety::new(24)
}

#[test]
fn s1_s2_hold_below_their_bounds() {
    for voters in [4, 7, 8, 10, 16] {
        let (quorum, fast) = marks(voters);
        let liars = (2 * quorum - voters).min(fast + quorum - voters) - 1;
        let broken = play(seeds(), (voters, liars), (quorum, fast), rules, STAY);
        assert!(broken.is_empty(), "{voters} voters, {liars} liars: {broken:?}");
    }
}

#[test]
fn s1_fails_at_equality() {
    for voters in [4, 7] {
        let (quorum, fast) = marks(voters);
        let broken = play(many(), (voters, 2 * quorum - voters), (quorum, fast), rules, STAY);
        assert!(broken.contains_key(&Broken::TwoFinal), "{voters}: {broken:?}");
    }
}

#[test]
fn s2_fails_at_equality() {
    for voters in [4, 7] {
        let (quorum, fast) = marks(voters);
        let broken = play(many(), (voters, fast + quorum - voters), (quorum, fast), rules, STAY);
        assert!(broken.contains_key(&Broken::CertifiedReplaced), "{voters}: {broken:?}");
        let broken = play(many(), (voters, 2 * quorum - voters), (quorum, fast), rules, STAY);
        assert!(broken.contains_key(&Broken::SettledOmitted), "{voters}: {broken:?}");
    }
}

#[test]
fn s16_without_its_journal_a_voter_signs_nothing_more() {
    for voters in [4, 7] {
        let (quorum, fast) = marks(voters);
        let broken = play(seeds(), (voters, 2 * quorum - voters - 1), (quorum, fast), rules, LOSE);
        assert!(broken.is_empty(), "{voters}: {broken:?}");
    }
}

#[test]
fn s11_voters_who_come_and_go_where_a_view_begins_break_nothing() {
    for voters in [4, 7, 10] {
        let (quorum, fast) = marks(voters);
        let liars = (2 * quorum - voters).min(fast + quorum - voters) - 1;
        for loses in [false, true] {
            let broken = play(seeds(), (voters, liars), (quorum, fast), rules, (loses, NEXT_VIEW));
            assert!(broken.is_empty(), "{voters}: {broken:?}");
        }
    }
}

#[test]
fn s11_fails_where_they_come_and_go_within_a_view() {
    let (quorum, fast) = marks(4);
    let broken = play(many(), (4, 1), (quorum, fast), rules, (false, NEXT_VIEW - 1));
    assert!(broken.contains_key(&Broken::CertifiedReplaced), "{broken:?}");
}

/// Whether a voter that locked one operation, and was shown the certificate of its rival, locks that too.
fn locks_both(mut safety: Safety) -> bool {
    let (spot, [one, rival]) = ((Key([2; 32]), 7), [[1; 32], [2; 32]]);
    let sign = |safety: &mut Safety, says, subject| {
        let statement = Statement { says, view: 0, height: 0, round: 0, subject };
        safety.note(&Entry::Signs { statement, spot, shown: Vec::new() });
    };
    safety.note(&Entry::Opened { view: 0 });
    assert!(safety.may_lock(&spot, &one));
    sign(&mut safety, Says::Lock, one);
    assert!(safety.may_lock(&spot, &one) && !safety.may_lock(&spot, &rival));
    assert!(safety.may_acknowledge(&spot, &rival));
    sign(&mut safety, Says::Acknowledge, rival);
    safety.may_lock(&spot, &rival)
}

#[test]
fn s8_who_acknowledges_has_not_locked_two() {
    assert!(!locks_both(rules()));
}

/// Each rule is there for something: without it the same games break.
#[cfg(feature = "mutants")]
mod mutants {
    use super::*;
    use tabmesh_ledger::Rule;

    fn without(rule: Rule) -> Safety {
        let mut safety = rules();
        safety.switch_off(rule);
        safety
    }

    fn breaks(make: fn() -> Safety, what: (bool, u32)) -> Vec<Broken> {
        let mut all = Vec::new();
        for voters in [4, 7] {
            let (quorum, fast) = marks(voters);
            all.extend(
                play(seeds(), (voters, 2 * quorum - voters - 1), (quorum, fast), make, what).into_keys(),
            );
        }
        all
    }

    #[test]
    fn s1_needs_one_vote_a_round() {
        assert!(breaks(|| without(Rule::OneVote), STAY).contains(&Broken::TwoFinal));
    }

    #[test]
    fn s1_needs_the_decided_block() {
        assert!(breaks(|| without(Rule::Decided), STAY).contains(&Broken::TwoFinal));
    }

    #[test]
    fn s1_needs_no_finalisation_behind_a_later_vote() {
        assert!(breaks(|| without(Rule::LateFinal), STAY).contains(&Broken::TwoFinal));
    }

    #[test]
    fn s2_needs_one_lock_a_sequence_number() {
        assert!(breaks(|| without(Rule::OneLock), STAY).contains(&Broken::CertifiedReplaced));
    }

    #[test]
    fn s2_needs_no_block_against_a_lock() {
        assert!(breaks(|| without(Rule::AgainstLock), STAY).contains(&Broken::CertifiedReplaced));
    }

    #[test]
    fn s2_needs_no_block_without_what_was_acknowledged() {
        assert!(breaks(|| without(Rule::Omitted), STAY).contains(&Broken::SettledOmitted));
    }

    #[test]
    fn s2_needs_no_lock_behind_a_vote() {
        assert!(breaks(|| without(Rule::LockBehindVote), STAY).contains(&Broken::CertifiedReplaced));
    }

    #[test]
    fn s12_needs_no_acknowledgement_behind_a_vote() {
        assert!(breaks(|| without(Rule::AcknowledgeBehindVote), STAY).contains(&Broken::SettledOmitted));
    }

    #[test]
    fn s16_needs_a_whole_journal() {
        assert!(!breaks(|| without(Rule::LostJournal), LOSE).is_empty());
    }

    #[test]
    fn s8_needs_no_lock_of_what_was_acknowledged() {
        assert!(locks_both(without(Rule::Relock)));
    }
}
