//! What becomes of jobs, in words.

use tabmesh_tasks::{FailedWhy, StalledWhy};

/// Why a task has no result.
pub(super) fn failure(why: FailedWhy) -> &'static str {
    match why {
        FailedWhy::NoResult => "nobody came to a result, and neither did this node",
        FailedWhy::NoMargin => "executors do not agree on its result, and this node could not run it",
        FailedWhy::TooFew => "too few executors offer for this level, and this node could not run it",
        FailedWhy::TooLarge => "it is too large to be sent, and this node could not run it",
    }
}

/// Why a job does not go on. `is_for_some`: it names its executors.
pub(super) fn stalled(why: StalledWhy, is_for_some: bool) -> Option<&'static str> {
    Some(match why {
        StalledWhy::Not => return None,
        StalledWhy::NoOffers | StalledWhy::NoneFits if is_for_some => {
            "none of the executors that --only names takes its tasks just now: check their ids, start them with --offer true, and look with `tabmesh offer status` there"
        }
        StalledWhy::NoOffers => {
            "nobody who offers can be reached: start peers with --offer true, wait for some, or look with `tabmesh status` whether this node has links"
        }
        StalledWhy::NoneFits => {
            "none of those who were found takes its tasks just now: they offer no more, give less gas, memory or input, or rest for a minute; start peers with --offer true, or wait"
        }
        StalledWhy::Busy => "all who offer are busy; they are asked again",
        StalledWhy::TooFewOwners => {
            "fewer executors are there than this level compares, where those of one owner count as one: wait for others, or choose a lower level; what one of them answered this node runs itself after 20 s"
        }
        StalledWhy::Shell => "this node has yet to run or to send some of it",
    })
}

#[cfg(test)]
mod tests {
    //! Each says what to do, and of owners only where there may be none of them.

    use super::*;

    #[test]
    fn what_holds_a_job_up_is_said_of_those_who_may_have_it() {
        let all = [
            StalledWhy::NoOffers,
            StalledWhy::NoneFits,
            StalledWhy::Busy,
            StalledWhy::TooFewOwners,
            StalledWhy::Shell,
        ];
        for why in all {
            let [any, some] = [false, true].map(|is_for_some| stalled(why, is_for_some).expect("words"));
            let is_about_who = matches!(why, StalledWhy::NoOffers | StalledWhy::NoneFits);
            assert_eq!(some.contains("--only"), is_about_who, "{why:?}");
            assert!(!any.contains("--only"), "{why:?}");
        }
        assert_eq!(stalled(StalledWhy::Not, false), None);
        // Who withdrew an offer, and whose owners nobody set.
        assert!(stalled(StalledWhy::NoneFits, false).is_some_and(|said| said.contains("offer no more")));
        assert!(
            stalled(StalledWhy::TooFewOwners, false).is_some_and(|said| said.starts_with("fewer executors"))
        );
    }
}
