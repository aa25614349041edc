//! Streams between this node and others: bytes in order, both ways, each no faster than the other end reads.
//!
//! The module that makes them is `tabmesh-stream`, attached at its port. One task, the [`hub`], hears it for all; each stream has two
//! halves that may be used at once.

mod hub;
mod stream;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tabmesh_engine::{NodeId, Status};
use tabmesh_port::{Attachment, Module};
use tabmesh_stream::{STREAMS_MAX, port};
use tokio::sync::{mpsc, oneshot};

use crate::driver::{AttachError, Handle};
use crate::tap;
use hub::{Hub, Order};
pub use stream::{Reader, Stream, Writer};

/// Events that wait for the hub before other nodes are put off: twice what the windows of all streams hold in whole pieces. How much of one
/// stream may wait is the module's bound, and the reader's alone.
const EVENTS_MAX: usize = STREAMS_MAX * 32;

/// A stream that nobody has here any more, and whose other end has not written all, may do so for this long: what it says then may be that it
/// has. After this it ends.
const LINGER: Duration = Duration::from_secs(30);

/// The streams of one node. Clones are the same; once the last is dropped, and all streams, the module is detached.
#[derive(Clone, Debug)]
pub struct Streams {
    orders: mpsc::UnboundedSender<Order>,
}

impl Streams {
    /// Attaches the module to a node.
    ///
    /// # Errors
    ///
    /// [`AttachError::Taken`]: somebody else has. See [`AttachError`].
    pub async fn attach(handle: &Handle) -> Result<Self, AttachError> {
        Self::attach_made(handle, tabmesh_stream::Streams::new, LINGER).await
    }

    async fn attach_made<M: Module + Send + 'static>(
        handle: &Handle,
        make: impl FnOnce(Attachment) -> M + Send + 'static,
        linger: Duration,
    ) -> Result<Self, AttachError> {
        let (teller, events) = tap::channel(EVENTS_MAX);
        let attached = handle.attach_module(port(), 1, |attachment| teller.tap(make(attachment))).await?;
        let (orders, taken) = mpsc::unbounded_channel();
        tokio::spawn(Hub::new(attached, events, linger).run(taken));
        Ok(Self { orders })
    }

    /// Ends all streams with [`Status::Unavailable`], for all clones, and detaches the module; once this returns the port is free.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.orders.send(Order::Close { reply }).is_ok() {
            // It is dropped in the end.
            let _ = closed.await;
        }
    }

    /// Whether the module is gone: closed, failed, or its node stops. Nothing opens any more.
    pub fn is_over(&self) -> bool {
        self.orders.is_closed()
    }

    /// Opens a stream to a node that listens for this name, 1 to 64 bytes. Dropping the future gives it up.
    ///
    /// # Errors
    ///
    /// [`Status::NotFound`]: nobody listens for it there. [`Status::NotImplemented`]: the node takes no streams.
    /// [`Status::TooManyRequests`]: too many are open, here or there. [`Status::Unavailable`]: there is no way to it.
    pub async fn open(&self, peer: NodeId, name: &[u8]) -> Result<Stream, Status> {
        self.ask(|reply| Order::Open { peer, name: name.to_vec(), reply }).await
    }

    /// Waits for a stream that another node opens by this name. Of several who wait for one name whoever came first gets the
    /// first; while nobody waits, the name is not listened for. Dropping the future gives it up.
    ///
    /// # Errors
    ///
    /// [`Status::TooManyRequests`]: 32 names are listened for already. [`Status::BadRequest`]: the name is too long.
    pub async fn take(&self, name: &[u8]) -> Result<Stream, Status> {
        self.take_fairly(name, usize::MAX).await
    }

    /// The same, where one peer has at most so many streams of this name at a time: further ones of it end with
    /// [`Status::TooManyRequests`], and others still find somebody who waits.
    ///
    /// # Errors
    ///
    /// See [`Streams::take`].
    pub async fn take_fairly(&self, name: &[u8], a_peer: usize) -> Result<Stream, Status> {
        self.ask(|reply| Order::Take { name: name.to_vec(), a_peer, reply }).await
    }

    async fn ask(
        &self,
        order: impl FnOnce(oneshot::Sender<Result<Stream, Status>>) -> Order,
    ) -> Result<Stream, Status> {
        let (reply, answer) = oneshot::channel();
        // Whoever stops waiting leaves no name listened for.
        let _purge = Purge(&self.orders);
        self.orders.send(order(reply)).map_err(|_| Status::Unavailable)?;
        answer.await.unwrap_or(Err(Status::Unavailable))
    }
}

struct Purge<'a>(&'a mpsc::UnboundedSender<Order>);

impl Drop for Purge<'_> {
    fn drop(&mut self) {
        let _ = self.0.send(Order::Purge);
    }
}
