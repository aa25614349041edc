//! Places for programs that run at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Programs that run at once.
pub(super) const PROGRAMS_MAX: usize = 4;

/// Of these, so many for one peer: others find a place however long its programs take.
pub(super) const PROGRAMS_A_PEER: usize = 3;

pub(super) struct Places {
    all: Arc<Semaphore>,
    /// Only those who have a place, or wait for one.
    of_peers: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Dropping it gives it back.
pub(super) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_peer: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(PROGRAMS_MAX)), of_peers: Mutex::default() }
    }

    /// A place for this peer, once there is one; those who wait are served as they came.
    pub(super) async fn enter(&self, peer: &str) -> Option<Place> {
        let of_peer = self.of_peer(peer).acquire_owned().await.ok()?;
        let of_all = self.all.clone().acquire_owned().await.ok()?;
        Some(Place { _of_all: of_all, _of_peer: of_peer })
    }

    /// A place for this peer, if there is one now.
    pub(super) fn try_enter(&self, peer: &str) -> Option<Place> {
        let of_peer = self.of_peer(peer).try_acquire_owned().ok()?;
        let of_all = self.all.clone().try_acquire_owned().ok()?;
        Some(Place { _of_all: of_all, _of_peer: of_peer })
    }

    fn of_peer(&self, peer: &str) -> Arc<Semaphore> {
        let mut of_peers = self.of_peers.lock().unwrap_or_else(PoisonError::into_inner);
        of_peers.retain(|_, places| Arc::strong_count(places) > 1);
        let places = of_peers.entry(peer.to_owned());
        places.or_insert_with(|| Arc::new(Semaphore::new(PROGRAMS_A_PEER))).clone()
    }
}

#[cfg(test)]
mod tests {
    //! One peer leaves a place for others, and gets its own back.

    use super::*;

    #[tokio::test]
    async fn one_peer_never_has_all_places() {
        let places = Places::new();
        let held: Vec<Place> = (0..PROGRAMS_A_PEER).filter_map(|_| places.try_enter("one")).collect();
        assert_eq!(held.len(), PROGRAMS_A_PEER);
        assert!(places.try_enter("one").is_none());
        let other = places.enter("two").await;
        assert!(other.is_some() && places.try_enter("three").is_none());
        drop(held);
        assert!(places.try_enter("one").is_some());
        assert_eq!(places.of_peers.lock().expect("sound").len(), 2, "those that have none are forgotten");
    }
}
