//! What waits to be sent to one peer, put there by the connections of others.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tabmesh_engine::wire::signal::Refusal;
use tokio::sync::Notify;

/// A bounded queue with one reader: the peer's own connection.
///
/// Built on a lock and a `Notify`, because a channel allocates for its whole bound when it is made: a kilobyte for each
/// of thousands of peers who are almost always silent.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    wake: Notify,
    messages_max: usize,
    bytes_max: usize,
}

#[derive(Default, Debug)]
struct State {
    queue: VecDeque<Bytes>,
    bytes: usize,
    ended: Option<Refusal>,
}

/// What the reader finds.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Waiting {
    /// Send this.
    Message(Bytes),
    /// Say this and close.
    End(Refusal),
}

/// The queue is at one of its bounds; the message was not taken.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Full;

impl Outbox {
    /// An empty queue that takes at most `messages_max` messages of together `bytes_max` bytes.
    pub(crate) fn new(messages_max: usize, bytes_max: usize) -> Self {
        Self { state: Mutex::default(), wake: Notify::new(), messages_max, bytes_max }
    }

    /// Appends a message.
    ///
    /// # Errors
    ///
    /// [`Full`], and nothing changed.
    pub(crate) fn push(&self, message: Bytes) -> Result<(), Full> {
        let mut state = self.lock();
        if state.queue.len() >= self.messages_max || state.bytes + message.len() > self.bytes_max {
            return Err(Full);
        }
        state.bytes += message.len();
        state.queue.push_back(message);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Ends the connection of the reader, ahead of all that waits.
    pub(crate) fn end(&self, refusal: Refusal) {
        self.lock().ended = Some(refusal);
        self.wake.notify_one();
    }

    /// The next thing to do; waits for one. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&self) -> Waiting {
        loop {
            if let Some(waiting) = self.take() {
                return waiting;
            }
            self.wake.notified().await;
        }
    }

    fn take(&self) -> Option<Waiting> {
        let mut state = self.lock();
        if let Some(refusal) = state.ended {
            return Some(Waiting::End(refusal));
        }
        let message = state.queue.pop_front()?;
        state.bytes -= message.len();
        Some(Waiting::Message(message))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll(outbox: &Outbox) -> Option<Waiting> {
        match pin!(outbox.next()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(waiting) => Some(waiting),
            Poll::Pending => None,
        }
    }

    #[test]
    fn messages_come_out_in_the_order_they_went_in() {
        let outbox = Outbox::new(4, 100);
        assert_eq!(poll(&outbox), None);
        outbox.push(Bytes::from_static(b"one")).unwrap();
        outbox.push(Bytes::from_static(b"two")).unwrap();
        assert_eq!(poll(&outbox), Some(Waiting::Message(Bytes::from_static(b"one"))));
        assert_eq!(poll(&outbox), Some(Waiting::Message(Bytes::from_static(b"two"))));
        assert_eq!(poll(&outbox), None);
    }

    #[test]
    fn both_bounds_hold_and_a_read_makes_room() {
        let outbox = Outbox::new(2, 10);
        outbox.push(Bytes::from_static(&[0; 8])).unwrap();
        assert_eq!(outbox.push(Bytes::from_static(&[0; 3])), Err(Full));
        outbox.push(Bytes::from_static(&[0; 2])).unwrap();
        assert_eq!(outbox.push(Bytes::new()), Err(Full));
        assert!(poll(&outbox).is_some());
        outbox.push(Bytes::from_static(&[0; 8])).unwrap();
    }

    #[test]
    fn the_end_overtakes_what_waits_and_stays() {
        let outbox = Outbox::new(2, 10);
        outbox.push(Bytes::from_static(b"late")).unwrap();
        outbox.end(Refusal::Replaced);
        assert_eq!(poll(&outbox), Some(Waiting::End(Refusal::Replaced)));
        assert_eq!(poll(&outbox), Some(Waiting::End(Refusal::Replaced)));
    }
}
