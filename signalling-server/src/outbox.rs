//! What waits to be sent to one peer, put there by the connections of others.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tabmesh_bounds::{Rate, TokenBucket};
use tabmesh_engine::wire::signal::Refusal;
use tokio::sync::Notify;

use crate::config::Limits;

/// A bounded queue with one reader: the peer's own connection. It also bounds how fast others may send to this peer,
/// whoever they are and however many.
///
/// Built on a lock and a `Notify`, because a channel allocates for its whole bound when it is made: a kilobyte for each
/// of thousands of peers who are almost always silent.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    wake: Notify,
    messages_max: usize,
    bytes_max: usize,
    rate: Rate,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<Bytes>,
    bytes: usize,
    bucket: TokenBucket,
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

/// The queue is at one of its bounds, or messages come faster than they may; this one was not taken.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Full;

impl Outbox {
    /// An empty queue.
    pub(crate) fn new(limits: &Limits) -> Self {
        let rate = limits.receive_rate;
        let bucket = TokenBucket::full(&rate, Instant::now());
        Self {
            state: Mutex::new(State { queue: VecDeque::new(), bytes: 0, bucket, ended: None }),
            wake: Notify::new(),
            messages_max: limits.queue_messages,
            bytes_max: limits.queue_bytes,
            rate,
        }
    }

    /// Appends a message.
    ///
    /// # Errors
    ///
    /// [`Full`], and nothing changed.
    pub(crate) fn push(&self, message: Bytes, now: Instant) -> Result<(), Full> {
        let mut state = self.lock();
        let has_room = state.queue.len() < self.messages_max && state.bytes + message.len() <= self.bytes_max;
        if !has_room || !state.bucket.take(&self.rate, now) {
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
    use std::time::Duration;

    use super::*;

    fn poll(outbox: &Outbox) -> Option<Waiting> {
        match pin!(outbox.next()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(waiting) => Some(waiting),
            Poll::Pending => None,
        }
    }

    fn outbox(queue_messages: usize, queue_bytes: usize, burst: u32) -> Outbox {
        let receive_rate = Rate { per_second: 1.0, burst };
        Outbox::new(&Limits { queue_messages, queue_bytes, receive_rate, ..Limits::default() })
    }

    fn push(outbox: &Outbox, message: &'static [u8]) -> Result<(), Full> {
        outbox.push(Bytes::from_static(message), Instant::now())
    }

    #[test]
    fn messages_come_out_in_the_order_they_went_in() {
        let outbox = outbox(4, 100, 100);
        assert_eq!(poll(&outbox), None);
        push(&outbox, b"one").unwrap();
        push(&outbox, b"two").unwrap();
        assert_eq!(poll(&outbox), Some(Waiting::Message(Bytes::from_static(b"one"))));
        assert_eq!(poll(&outbox), Some(Waiting::Message(Bytes::from_static(b"two"))));
        assert_eq!(poll(&outbox), None);
    }

    #[test]
    fn both_bounds_hold_and_a_read_makes_room() {
        let outbox = outbox(2, 10, 100);
        push(&outbox, &[0; 8]).unwrap();
        assert_eq!(push(&outbox, &[0; 3]), Err(Full));
        push(&outbox, &[0; 2]).unwrap();
        assert_eq!(push(&outbox, &[]), Err(Full));
        assert!(poll(&outbox).is_some());
        push(&outbox, &[0; 8]).unwrap();
    }

    #[test]
    fn more_than_the_rate_is_not_taken_however_fast_it_is_read() {
        let outbox = outbox(100, 1000, 2);
        let start = Instant::now();
        let mut taken = 0;
        for _ in 0..10 {
            taken += u32::from(outbox.push(Bytes::from_static(b"one"), start).is_ok());
            let _ = poll(&outbox);
        }
        assert_eq!(taken, 2);
        assert!(
            outbox.push(Bytes::new(), start + Duration::from_secs(1)).is_ok(),
            "a second later there is one more"
        );
        assert_eq!(outbox.push(Bytes::new(), start + Duration::from_secs(1)), Err(Full));
    }

    #[test]
    fn the_end_overtakes_what_waits_and_stays() {
        let outbox = outbox(2, 10, 100);
        push(&outbox, b"late").unwrap();
        outbox.end(Refusal::Replaced);
        assert_eq!(poll(&outbox), Some(Waiting::End(Refusal::Replaced)));
        assert_eq!(poll(&outbox), Some(Waiting::End(Refusal::Replaced)));
    }
}
