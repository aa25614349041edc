//! What all connections share: who is here, who may come, and when to stop.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tabmesh_bounds::{AddressLimits, AddressRefusal, AddressSeat, Addresses};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::directory::Directory;
use crate::metrics::{Gauges, Metrics};
use crate::refusal::Denial;

/// The shared state of one server.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) config: Config,
    /// Of the ledger that pages take part in.
    pub(crate) genesis: Option<bytes::Bytes>,
    pub(crate) metrics: Metrics,
    /// Cancelled when the server is to stop.
    pub(crate) drain: CancellationToken,
    /// The connections' tasks.
    pub(crate) sessions: TaskTracker,
    directory: Mutex<Directory>,
    addresses: Arc<Addresses>,
    seats: Arc<Semaphore>,
}

/// A place for one connection; dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Seat {
    _place: OwnedSemaphorePermit,
    _address: AddressSeat,
}

impl Hub {
    pub(crate) fn new(config: Config) -> Self {
        let limits = &config.limits;
        let addresses = AddressLimits {
            connections: limits.address_connections,
            rate: limits.address_rate,
            remembered: remembered(limits.connections),
        };
        Self {
            metrics: Metrics::default(),
            drain: CancellationToken::new(),
            sessions: TaskTracker::new(),
            directory: Mutex::default(),
            addresses: Addresses::new(addresses),
            seats: Arc::new(Semaphore::new(limits.connections)),
            genesis: None,
            config,
        }
    }

    /// A place for a connection from `address`.
    ///
    /// # Errors
    ///
    /// The server stops or is full, or the address is at a bound of its own.
    pub(crate) fn admit(&self, address: IpAddr) -> Result<Seat, Denial> {
        if self.drain.is_cancelled() {
            return Err(Denial::Draining);
        }
        let place = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| Denial::Full)?;
        let address = self.addresses.enter(address, Instant::now()).map_err(|refusal| match refusal {
            AddressRefusal::TooMany => Denial::AddressFull,
            AddressRefusal::TooFast => Denial::AddressTooFast,
        })?;
        Ok(Seat { _place: place, _address: address })
    }

    /// The directory, for as long as a look-up takes; never held across an await.
    pub(crate) fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The metrics page.
    pub(crate) fn metrics_page(&self) -> String {
        let (peers, networks) = {
            let directory = self.directory();
            (directory.peers(), directory.networks())
        };
        let connections_max = self.config.limits.connections;
        self.metrics.render(&Gauges {
            connections: connections_max - self.seats.available_permits(),
            connections_max,
            peers,
            networks,
            draining: self.drain.is_cancelled(),
        })
    }
}

/// How many addresses to remember beside `connections` at once: as many again, and not too few for a small server.
pub(crate) fn remembered(connections: usize) -> usize {
    (2 * connections).max(4096)
}
