//! Executors that let what they said be fetched in vain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tabmesh_engine::NodeId;
use tokio::sync::Semaphore;

/// Who had no output of what it said is not asked for another one for so long: each that it names would be waited for.
const QUIET: Duration = Duration::from_secs(60);

/// Executors that are known; with more those that nobody waits for are forgotten.
const KNOWN_MAX: usize = 256;

/// What is known of the executors of a job.
#[derive(Default)]
pub(super) struct Quiet(Mutex<HashMap<NodeId, Known>>);

struct Known {
    until: Option<Instant>,
    turn: Arc<Semaphore>,
}

impl Quiet {
    /// The one place for outputs of an executor.
    pub(super) fn turn_of(&self, executor: &NodeId) -> Arc<Semaphore> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX && !known.contains_key(executor) {
            known.retain(|_, one| Arc::strong_count(&one.turn) > 1);
        }
        let fresh = || Known { until: None, turn: Arc::new(Semaphore::new(1)) };
        known.entry(*executor).or_insert_with(fresh).turn.clone()
    }

    /// It had no output of what it said.
    pub(super) fn note(&self, executor: NodeId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = known.get_mut(&executor) {
            one.until = Some(Instant::now() + QUIET);
        }
    }

    /// Whether it is not asked just now.
    pub(super) fn is_it(&self, executor: &NodeId) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(executor).and_then(|one| one.until).is_some_and(|until| Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    //! Who lets outputs wait is not asked for more, and others are.

    use super::*;

    #[test]
    fn who_had_nothing_is_quiet_for_a_while_and_each_has_one_turn() {
        let quiet = Quiet::default();
        let [one, other] = [1, 2].map(|byte| NodeId([byte; 32]));
        let turn = quiet.turn_of(&one).try_acquire_owned();
        assert!(turn.is_ok() && quiet.turn_of(&one).try_acquire_owned().is_err());
        assert!(quiet.turn_of(&other).try_acquire_owned().is_ok());
        quiet.note(one);
        assert!(quiet.is_it(&one) && !quiet.is_it(&other));
    }

    #[test]
    fn those_that_nobody_waits_for_are_forgotten() {
        let quiet = Quiet::default();
        let id = |number: u16| NodeId(tabmesh_engine::sha256(&number.to_be_bytes()));
        let _turn = quiet.turn_of(&id(0)).try_acquire_owned();
        (1..2_000).for_each(|number| drop(quiet.turn_of(&id(number))));
        assert!(quiet.0.lock().expect("there").len() <= KNOWN_MAX);
        assert!(quiet.turn_of(&id(0)).try_acquire_owned().is_err());
    }
}
