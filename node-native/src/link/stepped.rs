//! What webrtc 0.21.1 runs on: small steps until the channel is open, and sockets that take a burst.
//!
//! It drives a connection in a way that is made for bulk, and loses time and messages while one is being made.
//!
//! **One datagram a turn.** The other end may send its first message right behind the last step of the SCTP handshake. webrtc hands datagrams
//! that arrived together to its core in one go and looks at the events they raised only afterwards; a message on a
//! channel agreed on beforehand then meets a channel that is not set up yet and is lost, acknowledged all the same.
//! Sockets that give one datagram a turn let the handshake's event be handled first.
//!
//! **A second turn after each datagram.** What events call for (the first DTLS flight, the first SCTP chunk) is sent
//! only in the next turn, and that comes with the next timer: 200 ms of waiting at two places. A timer that fires at
//! once after a datagram lets it go out.
//!
//! Once the channel is open, both are off.
//!
//! **Room for a burst.** SCTP sends up to a window at once, far more than a socket holds by default. What does not fit is
//! lost, and where it was the end of the window, nothing tells the sender for a second: bulk between two hosts that are
//! faster than their sockets would stand still most of the time.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use ::webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime, Transmit,
};
use socket2::SockRef;

use super::checks::Checks;

/// How soon the second turn comes.
const SECOND_TURN: Duration = Duration::from_micros(500);

/// Bytes of datagrams that a socket may hold until they are read, the kernel's own share among them. A host may allow
/// less (`net.core.rmem_max`); it is only taken while something waits.
const RECEIVE_BUFFER: usize = 2 * 1024 * 1024;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// webrtc's own runtime, but for its UDP sockets. One for each connection.
#[derive(Debug)]
pub(super) struct Stepped {
    inner: Arc<dyn Runtime>,
    is_open: Arc<AtomicBool>,
    /// Whether a datagram was given since the last timer began.
    is_stirred: Arc<AtomicBool>,
    checks: Arc<Checks>,
}

impl Stepped {
    /// Around `inner`; `is_open` ends the stepping, and `checks` says until then which checks go out.
    pub(super) fn new(inner: Arc<dyn Runtime>, is_open: Arc<AtomicBool>, checks: Checks) -> Self {
        Self { inner, is_open, is_stirred: Arc::default(), checks: Arc::new(checks) }
    }
}

impl Runtime for Stepped {
    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        self.inner.spawn(future)
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        if let Err(error) = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER) {
            tracing::debug!(%error, "a socket keeps its small buffer");
        }
        let inner = self.inner.wrap_udp_socket(socket)?;
        Ok(Arc::new(Socket {
            address: inner.local_addr()?,
            inner,
            checks: self.checks.clone(),
            is_open: self.is_open.clone(),
            is_stirred: self.is_stirred.clone(),
            has_given: AtomicBool::new(false),
        }))
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.inner.wrap_tcp_listener(listener)
    }

    fn connect_tcp(&self, remote: SocketAddr) -> Boxed<'_, io::Result<Arc<dyn AsyncTcpStream>>> {
        self.inner.connect_tcp(remote)
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        self.inner.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        let is_second = self.is_stirred.swap(false, Ordering::Relaxed);
        self.inner.sleep(if is_second { duration.min(SECOND_TURN) } else { duration })
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.inner.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.inner.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        self.inner.yield_now()
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }
}

#[derive(Debug)]
struct Socket {
    inner: Arc<dyn AsyncUdpSocket>,
    address: SocketAddr,
    checks: Arc<Checks>,
    is_open: Arc<AtomicBool>,
    is_stirred: Arc<AtomicBool>,
    has_given: AtomicBool,
}

impl AsyncUdpSocket for Socket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let is_open = self.is_open.load(Ordering::Relaxed);
        let (to, datagram) = (transmit.destination, transmit.contents);
        if !is_open && !self.checks.may_send(self.address, to, datagram, Instant::now()) {
            // As good as lost on the way.
            return Poll::Ready(Ok(datagram.len()));
        }
        self.inner.poll_send(cx, transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if self.is_open.load(Ordering::Relaxed) {
            return self.inner.poll_recv(cx, bufs, meta);
        }
        // webrtc asks for more right after it was given something, and goes on with its events when there is nothing.
        if self.has_given.swap(false, Ordering::Relaxed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let given = self.inner.poll_recv(cx, bufs, meta);
        if let Poll::Ready(Ok(count)) = given {
            for (buffer, meta) in bufs.iter().zip(meta.iter()).take(count) {
                self.checks.on_received(meta.addr, buffer.get(..meta.len).unwrap_or_default());
            }
        }
        if given.is_ready() {
            self.has_given.store(true, Ordering::Relaxed);
            self.is_stirred.store(true, Ordering::Relaxed);
        }
        given
    }

    fn max_gso_segments(&self) -> usize {
        self.inner.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.inner.max_gro_segments()
    }
}
