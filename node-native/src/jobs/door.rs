//! The jobs of a node, attached once somebody wants them.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Mutex;

use super::{Ground, Jobs};
use crate::driver::{AttachError, Handle};
use crate::settings::{Offer, Settings};
use crate::task::engine::EngineError;
use crate::task::{EngineKind, Executor, HostLimits};

/// Why a node has no jobs, nor does any of others.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DoorError {
    /// Nothing runs tasks on this host.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no room for the module.
    #[error("the module for jobs is not attached: {0}")]
    Attach(#[from] AttachError),
}

/// Where the jobs of a node are had.
pub struct Door {
    handle: Handle,
    settings: Settings,
    jobs: Mutex<Option<Jobs>>,
}

impl Door {
    /// That of a node with these settings.
    #[must_use]
    pub fn new(handle: Handle, settings: Settings) -> Self {
        Self { handle, settings, jobs: Mutex::default() }
    }

    /// What tasks of others are given, where nothing else is said.
    pub fn offer(&self) -> Offer {
        self.settings.offer
    }

    /// The jobs; attached now, if they were not before.
    ///
    /// # Errors
    ///
    /// [`DoorError`].
    pub async fn jobs(&self) -> Result<Jobs, DoorError> {
        let mut jobs = self.jobs.lock().await;
        if let Some(jobs) = jobs.as_ref().filter(|jobs| !jobs.is_over()) {
            return Ok(jobs.clone());
        }
        let engine = EngineKind::default().build_with(self.settings.compiler.clone())?;
        let ground = Ground {
            // What a task may have of this host is its own limits, which were looked at before.
            runner: Arc::new(Executor::new(engine, HostLimits::default())),
            network: self.settings.network_tag(),
            data_dir: self.settings.data_dir.clone(),
        };
        Ok(jobs.insert(Jobs::attach(&self.handle, ground).await?).clone())
    }

    /// The jobs, if somebody wanted them before.
    pub async fn attached(&self) -> Option<Jobs> {
        self.jobs.lock().await.clone().filter(|jobs| !jobs.is_over())
    }

    /// Everything ends.
    pub async fn close(&self) {
        self.jobs.lock().await.take();
    }
}
