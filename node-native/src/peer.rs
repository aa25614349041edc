//! One running node: everything put together, in this process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;
use thiserror::Error;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::control;
use crate::driver::{self, AttachError, Commander, Handle};
use crate::fresh;
use crate::identity::{Identity, IdentityError};
use crate::jobs::{Door, DoorError};
use crate::ledger::{Ground, Ledger, LedgerError};
use crate::module::{LoadError, Program};
use crate::server::{self, BindError, Doors};
use crate::settings::{NamedModule, Settings};
use crate::storage::{Storage, StorageError};

/// Why a node does not start. Every message says what to do.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data directory cannot be made or used.
    #[error("cannot use the data directory {}: {source}; check its permissions, or choose another with --data-dir", path.display())]
    DataDir {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another node runs in it.
    #[error("another node runs in {}; stop it, or choose another --data-dir", .0.display())]
    Locked(PathBuf),
    /// No identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No listener.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No control socket.
    #[error("cannot make the control socket {}: {source}; a shorter or other --data-dir may help", path.display())]
    Control {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address file cannot be written.
    #[error("cannot write {}: {source}; choose another --address-file", path.display())]
    AddressFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system has no thread to give.
    #[error("cannot start a thread: {0}; raise the limit on threads")]
    Thread(io::Error),
    /// A module is none.
    #[error("cannot load the module {:?} from {}: {source}", module.name, module.path.display())]
    Module {
        /// Which.
        module: NamedModule,
        /// Why.
        source: LoadError,
    },
    /// A module cannot be attached.
    #[error("cannot attach the module {:?} from {}: {source}", module.name, module.path.display())]
    Attach {
        /// Which.
        module: NamedModule,
        /// Why.
        source: AttachError,
    },
    /// Tasks of others cannot be run.
    #[error("this node cannot run tasks of others: {0}; start it without --offer")]
    Offer(#[from] DoorError),
    /// The ledger does not begin, or go on.
    #[error("this node does not take part in the ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// The operating system has no randomness.
    #[error("the operating system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// A running node. Call [`Peer::stop`] for a goodbye; a dropped one just ends.
pub struct Peer {
    handle: Handle,
    listen: Option<SocketAddr>,
    http: Option<SocketAddr>,
    driver: JoinHandle<()>,
    /// Listeners and the control socket: aborted when the node stops.
    doors: Vec<JoinHandle<()>>,
    control_socket: PathBuf,
    jobs: Arc<Door>,
    ledger: Option<Ledger>,
    /// Those that the settings name: detached when the node stops.
    modules: Vec<Commander>,
    /// Held for as long as the node runs.
    _lock: File,
}

impl Peer {
    /// Starts a node on the current tokio runtime, which must have its I/O and time drivers on.
    ///
    /// # Errors
    ///
    /// The first part that does not start; nothing is left running.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        let lock = lock_data_dir(&settings.data_dir)?;
        // Making a key of a high level takes long, and what else the runtime does goes on meanwhile.
        let asked = settings.clone();
        let identity = spawn_blocking(move || identity_of(&asked)).await;
        let identity = identity.map_err(|error| StartError::Thread(io::Error::other(error)))??;
        let programs = load(settings.modules.clone()).await?;
        let storage = Storage::open(&settings.data_dir, settings.quota, identity.id())?;
        let listener = match settings.listen {
            Some(address) => Some(server::bind(address).await?),
            None => None,
        };
        let observer = match settings.http {
            Some(address) => Some(server::bind(address).await?),
            None => None,
        };
        let control_socket = settings.control_socket();
        let control = control::server::bind(&control_socket)
            .map_err(|source| StartError::Control { path: control_socket.clone(), source })?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(StartError::Random)?;

        let listen = listener.as_ref().map(|(_, address)| *address);
        let http = observer.as_ref().map(|(_, address)| *address);
        if let (Some(path), Some(address)) = (&settings.address_file, listen.or(http)) {
            write_address(path, address)
                .map_err(|source| StartError::AddressFile { path: path.clone(), source })?;
        }

        let facts = control::server::Facts { network: settings.network.clone(), quota_bytes: settings.quota };
        let started = driver::start(settings, identity, storage, seed).map_err(StartError::Thread)?;
        let driver::Started { handle, incoming, task } = started;
        let jobs = Arc::new(Door::new(handle.clone(), settings.clone()));
        let mut peer = Self {
            handle: handle.clone(),
            listen,
            http,
            driver: task,
            doors: Vec::new(),
            control_socket,
            jobs: jobs.clone(),
            ledger: None,
            modules: Vec::with_capacity(programs.len()),
            _lock: lock,
        };
        // Before anybody can ask for them.
        for (module, program) in programs {
            match handle.attach_program(&module.name, &program).await {
                Ok(attached) => peer.modules.push(attached.commander),
                Err(source) => return Err(StartError::Attach { module, source }),
            }
        }
        if let Some(ledger) = &settings.ledger {
            let ground = Ground {
                settings: ledger.clone(),
                network: (settings.network.clone(), settings.network_tag()),
                data_dir: settings.data_dir.clone(),
            };
            peer.ledger = Some(Ledger::attach(&handle, ground).await?);
        }
        if settings.offers {
            jobs.jobs().await?.offer(settings.offer).await;
        }
        peer.doors.push(tokio::spawn(control::server::serve(
            control,
            handle.clone(),
            facts,
            jobs,
            peer.ledger.clone(),
        )));
        if let Some((listener, _)) = listener {
            let is_observed = observer.is_none();
            let served = Doors { mesh: Some(incoming), is_observed, handle: handle.clone() };
            peer.doors.push(tokio::spawn(server::serve(listener, served)));
        }
        if let Some((listener, _)) = observer {
            let served = Doors { mesh: None, is_observed: true, handle };
            peer.doors.push(tokio::spawn(server::serve(listener, served)));
        }
        Ok(peer)
    }

    /// The node as its other parts see it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Its jobs, and what it does for those of others.
    pub fn jobs(&self) -> &Door {
        &self.jobs
    }

    /// The ledger that it takes part in.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.ledger.as_ref()
    }

    /// Where WebSockets of peers are accepted.
    pub fn listen_address(&self) -> Option<SocketAddr> {
        self.listen
    }

    /// Where health and metrics are served, if not there.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Says goodbye to every peer and stops, within five seconds. What was acknowledged is on disk already.
    pub async fn stop(mut self) {
        self.close_doors();
        self.jobs.close().await;
        self.ledger.take();
        self.handle.leave().await;
        let _ = (&mut self.driver).await;
    }

    fn close_doors(&mut self) {
        if self.doors.is_empty() {
            return;
        }
        for door in self.doors.drain(..) {
            door.abort();
        }
        let _ = std::fs::remove_file(&self.control_socket);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.close_doors();
        self.driver.abort();
    }
}

/// Compiling takes long, and what else the runtime does goes on meanwhile.
async fn load(modules: Vec<NamedModule>) -> Result<Vec<(NamedModule, Arc<Program>)>, StartError> {
    let load = |module: NamedModule| match Program::load(&module.path) {
        Ok(program) => Ok((module, Arc::new(program))),
        Err(source) => Err(StartError::Module { module, source }),
    };
    let loaded = spawn_blocking(move || modules.into_iter().map(load).collect()).await;
    loaded.map_err(|error| StartError::Thread(io::Error::other(error)))?
}

/// The identity that `settings` ask for; made at the first start.
///
/// # Errors
///
/// See [`IdentityError`]; or the data directory cannot be made.
pub fn identity_of(settings: &Settings) -> Result<Identity, StartError> {
    make_data_dir(&settings.data_dir)?;
    Ok(match &settings.passphrase_file {
        Some(file) => Identity::from_passphrase_file(file, &settings.salt, settings.level)?,
        None => Identity::from_file(&settings.data_dir, settings.level)?,
    })
}

fn make_data_dir(path: &Path) -> Result<(), StartError> {
    let broken = |source| StartError::DataDir { path: path.to_owned(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(broken)?;
    let mode = std::fs::metadata(path).map_err(broken)?.permissions().mode();
    // Whoever may write to it may put another key there.
    if mode & 0o002 != 0 {
        let shared = io::Error::new(
            io::ErrorKind::PermissionDenied,
            "every user may write to it, and so take its key",
        );
        return Err(broken(shared));
    }
    Ok(())
}

/// Two nodes with one key would fight over one id; the lock goes away with the process, however it ends.
fn lock_data_dir(path: &Path) -> Result<File, StartError> {
    make_data_dir(path)?;
    let broken = |source| StartError::DataDir { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits() as i32);
    let lock = options.open(path.join("lock")).map_err(broken)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::Locked(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(broken(source)),
    }
}

/// Written beside and moved into place: who waits for the file never reads half of it.
fn write_address(path: &Path, address: SocketAddr) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".tmp");
    let mut file = fresh::create(Path::new(&unfinished), 0o666)?;
    writeln!(file, "{address}")?;
    std::fs::rename(unfinished, path)
}
